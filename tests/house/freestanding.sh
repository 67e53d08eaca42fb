#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# freestanding.sh [SRC [BUILD]] - lib/core and lib/msg need no C library: each file compiles with -ffreestanding and no headers
# but the compiler's own and ours; the objects ask only for what the layers below have; and a program made of them runs.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

own=$("$cc" -print-file-name=include)
flags=(-std=gnu11 -O1 -ffreestanding -fno-stack-protector -fPIC -nostdinc -isystem "$own" -Wall -Wextra -Werror -Wno-unused-parameter
	-D_KERNEL -Iinclude/kern -Ilib -Iinclude)
compile() { # DIR FLAG...
	local out=$1 f
	shift
	mkdir -p "$out" || return 1
	for f in lib/core/*.c lib/msg/*.c; do
		"$cc" "${flags[@]}" "$@" -c "$f" -o "$out/$(basename -- "$f" .c).o" || return 1
	done
}
parse() { "$cc" "${flags[@]}" "$@" -fsyntax-only lib/core/*.c lib/msg/*.c; } # FLAG...
# What the objects in DIR want and neither they nor the layers below have, nor the compiler's own run time, nor the read
# section of the backend's library.
strangers() { # DIR BACKEND
	nm "$1"/*.o "$bld"/lib/libngp-{port,reclaim-"$2",kern-"$2"}.a | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' | LC_ALL=C sort -u >"$tmp/have"
	[ "$(grep -c '^ngu_' "$tmp/have")" -gt 100 ] || echo "no symbols found in $1 and $bld/lib"
	nm -u "$1"/*.o | awk '/ U / { print $2 }' | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$tmp/have" |
		grep -vxE '_GLOBAL_OFFSET_TABLE_|mem(cpy|move|set|cmp)|urcu_(memb|qsbr)_(read_lock|read_unlock|thread_online|thread_offline)'
}
for a in "$bld"/lib/libngp-kern-*.a; do
	backend=${a##*/libngp-kern-}
	backend=${backend%.a}
	define=-DNGU_RCL_$(printf '%s' "$backend" | tr 'a-z-' 'A-Z_')
	check "compiles: $backend" compile "$tmp/$backend" "$define"
	check "compiles: $backend, debug" parse "$define" -DNGU_DEBUG
	nothing "wants only the layers below: $backend" strangers "$tmp/$backend" "$backend"
done

# The same objects at work, over the lower layers as they were built. Error numbers differ between the two worlds.
runs() {
	local libs=("$bld"/lib/libngp-{nodes,port,reclaim-rwlock,kern-rwlock}.a) pcap=()
	if [ -e "$bld/lib/libngp-io.a" ]; then
		libs+=("$bld/lib/libngp-io.a")
		read -r -a pcap < <(pkg-config --libs libpcap)
	fi
	"$cc" -std=gnu11 -Iinclude docs/examples/first.c "$tmp"/rwlock/*.o -Wl,--whole-archive "${libs[@]}" -Wl,--no-whole-archive \
		${pcap[@]+"${pcap[@]}"} -pthread -o "$tmp/first" && "$tmp/first" >"$tmp/first.out" && cat "$tmp/first.out" &&
		printf '%s\n' 'b: 5 bytes' 'tap: 10 bytes' 'b: 10 bytes' | diff - "$tmp/first.out"
}
if [ -e "$bld/lib/libngp-kern-rwlock.a" ]; then
	check 'runs' runs
else
	skip 'runs' 'backend rwlock is not built'
fi
done_testing
