#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# headers.sh [SRC [BUILD]] - each public header compiles alone: the embedder's in C11 and C++, the kernel's with _KERNEL,
# in gnu11 and, as kern_cflags of libng.pc have it, in C11.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cxx=${CXX:-}
for c in c++ g++ clang++; do
	[ -n "$cxx" ] || ! command -v $c >/dev/null 2>&1 || cxx=$c
done
warn=(-Wall -Wextra -Werror -fsyntax-only)

# Included twice, so that a lacking guard shows.
alone() {
	local suffix=$1 header=$2
	shift 2
	printf '#include <%s>\n#include <%s>\nextern int unused_;\n' "$header" "$header" >"$tmp/alone.$suffix"
	"$@" "${warn[@]}" "$tmp/alone.$suffix"
}

cd -- "$src/include" || exit 1
while read -r h; do
	case $h in
	kern/*)
		name=${h#kern/}
		# What stands for another library needs it.
		lib=$(sed -n 's/^#if !__has_include(\(<.*>\))$/\1/p' "$h")
		if [ -n "$lib" ] && ! printf '#include %s\n' "$lib" | "$cc" -fsyntax-only -x c - 2>/dev/null; then
			skip "kern $name" "no $lib"
			continue
		fi
		check "kern $name" alone c "$name" "$cc" -std=gnu11 -D_KERNEL -Ikern -I.
		check "kern c11 $name" alone c "$name" "$cc" -std=c11 -D_KERNEL -D_DEFAULT_SOURCE -Ikern -I.
		;;
	netgraph/netgraph.h)
		check "kern $h" alone c "$h" "$cc" -std=gnu11 -D_KERNEL -Ikern -I.
		check "kern c11 $h" alone c "$h" "$cc" -std=c11 -D_KERNEL -D_DEFAULT_SOURCE -Ikern -I.
		;;
	*)
		check "c11 $h" alone c "$h" "$cc" -std=c11 -I.
		if [ -n "$cxx" ]; then
			check "c++ $h" alone cc "$h" "$cxx" -std=c++11 -I.
		else
			skip "c++ $h" 'no C++ compiler'
		fi
		case $h in netgraph/*) check "kern $h" alone c "$h" "$cc" -std=gnu11 -D_KERNEL -Ikern -I. ;; esac
		;;
	esac
done < <(find . -name '*.h' | sed 's,^\./,,' | LC_ALL=C sort)
done_testing
