#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# freestanding.sh [SRC [BUILD]] - lib/core and lib/msg need no C library, and neither does what they stand on: each file compiles with
# -ffreestanding and no headers but a few of the compiler's own and ours; linked with -nostdlib they ask only for lib/port and what
# one backend's file gives, each of which docs/porting.md names; and a program made of them runs.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

# What the compilers take: the one that builds, and of gcc and clang the other one, if it is there.
if "$cc" --version 2>/dev/null | grep -q clang; then other=gcc; else other=clang; fi
flags=(-std=gnu11 -O0 -ffreestanding -fno-stack-protector -fPIC -nostdinc -Wall -Wextra -Werror -Wno-unused-parameter
	-D_KERNEL -Iinclude/kern -Ilib -Iinclude)
with() { # COMPILER ARG...
	local c=$1
	shift
	"$c" "${flags[@]}" -isystem "$("$c" -print-file-name=include)" "$@"
}
compile() { # DIR FILE... -- FLAG...
	local out=$1 f files=()
	shift
	while [ "$1" != -- ]; do files+=("$1") && shift; done
	shift
	mkdir -p "$out" || return 1
	for f in "${files[@]}"; do
		with "$cc" "$@" -c "$f" -o "$out/$(basename -- "$(dirname -- "$f")")_$(basename -- "$f").o" || return 1
	done
}
parse() { with "$@" -fsyntax-only lib/core/*.c lib/msg/*.c; } # COMPILER FLAG...
wanted() { nm -u "$@" | awk '/ U / { print $2 }' | LC_ALL=C sort -u; }
had() { nm -A "$@" 2>/dev/null | awk 'NF >= 3 && $(NF - 1) ~ /^[A-Z]$/ && $(NF - 1) != "U" { print $NF }' | LC_ALL=C sort -u; }
# The run time's own (tables, thread-local words, atomics), what any compiler may call by itself, and the read section of the backend's library.
given='_GLOBAL_OFFSET_TABLE_|__tls_get_addr|__aarch64_[a-z0-9_]+|mem(cpy|move|set|cmp)|urcu_(memb|qsbr)_(read_lock|read_unlock|thread_online|thread_offline)'

# What the objects in DIR want and neither they nor the layers below have.
strangers() { # DIR BACKEND
	had "$1"/*.o "$bld"/lib/libngp-{port,reclaim-"$2",kern-"$2"}.a >"$tmp/have"
	[ "$(grep -c '^ngu_' "$tmp/have")" -gt 100 ] || echo "no symbols found in $1 and $bld/lib"
	wanted "$1"/*.o | LC_ALL=C comm -23 - "$tmp/have" | grep -vxE "$given"
}

# The sources of lib/kern and lib/reclaim without which the objects in DIR and those in DIR.below do not work; the backend's own is not
# one of them. The build's archives say who has what.
below() { # DIR BACKEND
	(cd -- "$bld/lib" && nm -A "libngp-kern-$2.a" "libngp-reclaim-$2.a") 2>/dev/null | awk 'NF >= 3 && $(NF - 1) ~ /^[A-Z]$/ && $(NF - 1) != "U" {
		sub(/:[^:]*$/, "", $1); sub(/.*[\/:]/, "", $1); print $NF, $1 }' | LC_ALL=C sort -u >"$tmp/has"
	wanted "$1"/*.o | LC_ALL=C join - "$tmp/has" | awk '{ print $2 }' | sort -u |
		sed -E 's,^(kern|reclaim)_(.*)\.o$,lib/\1/\2,' | grep -vE '^lib/reclaim/(urcu_memb|urcu_qsbr|ck_epoch|rwlock)\.c$'
}
stack() { # DIR BACKEND DEFINE: everything between libng's top and lib/port, as one object without a C library
	local all=$1.all had='' now
	local -a files
	mkdir -p "$all" && cp "$1"/*.o "$all" || return 1
	while now=$(below "$all" "$2") && [ "$now" != "$had" ]; do
		mapfile -t files <<<"$now"
		compile "$all" "${files[@]}" -- "$3" || return 1
		had=$now
	done
	case $had in *lib/kern/*lib/reclaim/defer.c*) ;; *) echo "what is below was not found: $had" && return 1 ;; esac
	"$cc" -nostdlib -r -o "$all/all" "$all"/*.o
}
# What is left is lib/port's, or what reclaim.h says that a backend gives.
outside() { # DIR
	wanted "$1.all/all" | grep -vxE "$given|ngu__port_.*|ngu__mtx_.*|ngu__strlcpy|ngu__rcl_(sync|thread_init|thread_fini)|ngu__ck_(begin|end)|ngu__topo.*"
	wanted "$1.all/all" | grep -c '^ngu__port_' | grep -xE '[0-9]' # so few: the object is not what it seems
}

seen=()
for a in "$bld"/lib/libngp-kern-*.a; do
	backend=${a##*/libngp-kern-}
	backend=${backend%.a}
	define=-DNGU_RCL_$(printf '%s' "$backend" | tr 'a-z-' 'A-Z_')
	check "compiles: $backend" compile "$tmp/$backend" lib/core/*.c lib/msg/*.c -- "$define"
	check "compiles: $backend, debug" parse "$cc" "$define" -DNGU_DEBUG
	if command -v "$other" >/dev/null 2>&1; then
		check "compiles: $backend, $other" parse "$other" "$define"
	else
		skip "compiles: $backend, $other" "no $other"
	fi
	nothing "wants only the layers below: $backend" strangers "$tmp/$backend" "$backend"
	check "without a C library down to the port: $backend" stack "$tmp/$backend" "$backend" "$define"
	nothing "wants only the port and the backend: $backend" outside "$tmp/$backend"
	seen+=("$tmp/$backend.all/all")
done
# Each of these functions has a place there.
undocumented() {
	local s
	[ ${#seen[@]} -gt 0 ] || echo 'nothing was compiled'
	for s in $(wanted "${seen[@]}" | grep -vE '^(ngu__topo|_GLOBAL|__)'); do
		grep -qwF -- "$s" docs/porting.md || echo "docs/porting.md does not say what becomes of $s"
	done
}
nothing 'porting.md says what becomes of each' undocumented
check 'compiles: lab' parse "$cc" -DNGU_RCL_LAB -DNGU_LAB

# The headers that were read. Of the compiler's own a few: those that a kernel has, too.
headers() {
	with "$cc" -DNGU_RCL_URCU_MEMB -M lib/core/*.c lib/msg/*.c | tr -s ' \\' '\n\n' | grep '\.h$' | sort -u >"$tmp/read"
	grep -q '^lib/core/core\.h$' "$tmp/read" || echo 'no headers were found'
	grep -vE '^(include/(kern|netgraph|ng)|lib/(core|msg|kern|reclaim|port))/|/std(arg|atomic|bool|def|int|int-gcc|noreturn)\.h$|/__stddef_[a-z_]*\.h$' "$tmp/read"
}
nothing 'reads only ours, and the compiler'"'"'s std*.h' headers
# ... and the test sees it when a file asks for more.
accepted() {
	local h
	for h in errno.h pthread.h stdio.h stdlib.h string.h time.h unistd.h sys/mman.h urcu/urcu-memb.h ck_epoch.h; do
		{ printf '#include <%s>\n' "$h" && cat lib/core/path.c; } | with "$cc" -DNGU_RCL_RWLOCK -fsyntax-only -x c - 2>/dev/null &&
			echo "<$h> is found"
	done
}
nothing 'refuses the C library' accepted

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
