#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# headers.sh [SRC [BUILD]] - each public header compiles alone: the embedder's in C11 and C++, the kernel's with _KERNEL,
# in gnu11 and, as kern_cflags of libng.pc have it, in C11. The kernel's also compile together, in any order; and what of the kernel libng has
# not is a compile error that names it.
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

# All of the kernel's in one source: sorted, backwards, and shuffled from seeds 1 to 10.
find kern -name '*.h' | sed 's,^kern/,,' | LC_ALL=C sort | while read -r h; do
	lib=$(sed -n 's/^#if !__has_include(\(<.*>\))$/\1/p' "kern/$h")
	[ -n "$lib" ] && ! printf '#include %s\n' "$lib" | "$cc" -fsyntax-only -x c - 2>/dev/null || echo "$h"
done >"$tmp/kern"
together() {
	awk -v seed="$1" '{ h[NR] = $0 }
		END { for (i = NR; i > 0; i--) {
			seed = (seed * 1103 + 12345) % 65521
			k = seed < 0 ? i : 1 + seed % i
			print "#include <" h[k] ">"; h[k] = h[i] }
		print "extern int unused_;" }' "$tmp/order" >"$tmp/together.c"
	"$cc" "${@:2}" -D_KERNEL -Ikern -I. "${warn[@]}" "$tmp/together.c"
}
cp "$tmp/kern" "$tmp/order"
for seed in 1 2 3 4 5 6 7 8 9 10; do
	check "kern together, shuffled by $seed" together $seed -std=gnu11
done
check 'kern c11 together, shuffled by 11' together 11 -std=c11 -D_DEFAULT_SOURCE
check 'kern together, debug' together 12 -std=gnu11 -DNGU_DEBUG -DKTR
sorted() { sed 's/.*/#include <&>/; $a extern int unused_;' "$1" >"$tmp/sorted.c" && "$cc" -std=gnu11 -D_KERNEL -Ikern -I. "${warn[@]}" "$tmp/sorted.c"; }
check 'kern together, sorted' sorted "$tmp/kern"
LC_ALL=C sort -r "$tmp/kern" >"$tmp/backwards"
check 'kern together, backwards' sorted "$tmp/backwards"

# "libng has no NAME": each use fails, one error each, and says so; the rest of the source has no other.
grep -rnE '^#define [a-zA-Z_0-9]+(\(.*\))? .*(NGU_LACKS\("|"libng has no )' kern | grep -v 'kern/sys/cdefs.h:' | sed -E 's/^kern\/([^:]*):[0-9]+:#define /\1 /' >"$tmp/lacks"
lacks() {
	local h def name params n
	while read -r h def; do
		name=${def%%[( ]*}
		params=${def#"$name"}
		case $params in
		'()'*) params='()' ;;
		\(*) # as many as it takes
			params=${params%%)*}
			n=$(printf '%s' "$params" | tr -cd , | wc -c)
			params="(1$(printf '%*s' "$n" '' | sed 's/ /, 1/g'))" ;;
		*) params= ;;
		esac
		case $def in
		*_Static_assert*) printf '#include <%s>\n%s%s;\n' "$h" "$name" "$params" ;;
		*) printf '#include <%s>\nint use(void);\nint use(void) { return (%s%s); }\n' "$h" "$name" "$params" ;;
		esac >"$tmp/use.c"
		"$cc" -std=gnu11 -D_KERNEL -Ikern -I. -fsyntax-only "$tmp/use.c" >"$tmp/use.out" 2>&1 && echo "$h: $name compiles"
		grep -q "libng has no ${name}" "$tmp/use.out" || { echo "$h: $name is not named:"; cat "$tmp/use.out"; }
		[ "$(grep -c 'error:' "$tmp/use.out")" -eq 1 ] || { echo "$h: $name: not one error:"; cat "$tmp/use.out"; }
	done <"$tmp/lacks"
	[ "$(wc -l <"$tmp/lacks")" -ge 50 ] || echo "only $(wc -l <"$tmp/lacks") found"
}
nothing 'what there is not is named' lacks
done_testing
