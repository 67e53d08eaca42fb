#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# plant.sh [SRC [BUILD]] - the planted bugs (lib/port/plant.h): each is there, small, known everywhere under one name, and a bug only
# where it was asked for: without -Dplant the objects are those of sources that have none.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

grep -oE 'X\([A-Za-z0-9_]+, "' lib/port/plant.h | sed -E 's/X\(([^,]*),.*/\1/' | LC_ALL=C sort >"$tmp/names"
check 'there is a list' test "$(wc -l <"$tmp/names")" -ge 23
grep -rnoE --include='*.[ch]' 'NGU_PLANT\([A-Za-z0-9_]+\)' lib | grep -v '^lib/port/plant.h' >"$tmp/uses"
sed -E 's/.*NGU_PLANT\((.*)\)/\1/' "$tmp/uses" | LC_ALL=C sort -u >"$tmp/used"
nothing 'each is in the sources' diff "$tmp/names" "$tmp/used"
options() {
	sed -n "/^option('plant'/,/^$/p" meson_options.txt | sed -n '/choices/,/\]/p' | grep -oE "'[A-Za-z0-9_]+'" | tr -d "'" |
		grep -vxE 'none|choose' | LC_ALL=C sort
}
nothing 'meson_options.txt has them' diff "$tmp/names" <(options)
nothing 'tests/planted/table has them' diff "$tmp/names" <(awk '!/^#/ && NF { print $1 }' tests/planted/table | LC_ALL=C sort -u)
# A line that mentions it stands for one line changed.
large() {
	local name n files
	while read -r name; do
		n=$(grep -F "NGU_PLANT($name)" "$tmp/uses" | cut -d : -f 1,2 | sort -u | wc -l)
		files=$(grep -F "NGU_PLANT($name)" "$tmp/uses" | cut -d : -f 1 | sort -u | wc -l)
		[ "$n" -le 3 ] && [ "$files" -eq 1 ] || echo "$name: $n lines in $files files"
	done <"$tmp/names"
}
nothing 'three lines in one file' large

# Sources without the bugs, beside those that have them.
mkdir -p "$tmp/with" "$tmp/without" "$tmp/o"
cp -r lib include "$tmp/with" && cp -r lib include "$tmp/without" || exit 1
cut -d : -f 1 "$tmp/uses" | sort -u | while read -r f; do
	sed -E -i 's/NGU_PLANT\(([A-Za-z0-9_]+)\)/0/g' "$tmp/without/$f"
done
object() { # TREE SOURCE OUT FLAG...
	local tree=$1 f=$2 out=$3
	shift 3
	(cd -- "$tmp/$tree" && "$cc" -std=gnu11 -fPIC -fno-strict-aliasing -D_KERNEL -DNGU_RCL_RWLOCK -Iinclude/kern -Ilib -Iinclude "$@" \
		-c "$f" -o "$out")
}
# A header's bug shows in a source that includes it.
sources() { cut -d : -f 1 "$tmp/uses" | sort -u | sed 's,^lib/reclaim/reclaim.h$,lib/core/deliver.c,' | sort -u; }
host() { case $1 in lib/reclaim/* | lib/port/*) return 0 ;; *) return 1 ;; esac; }
# Without optimisation: what is the same there was the same before any optimiser saw it.
traces() {
	local f flags
	for f in $(sources); do
		flags=(-O0)
		! host "$f" || flags+=(-U_KERNEL -iquote include)
		object with "$f" "$tmp/o/a.o" "${flags[@]}" && object without "$f" "$tmp/o/b.o" "${flags[@]}" || return
		cmp -s "$tmp/o/a.o" "$tmp/o/b.o" || echo "$f: not the same object"
	done
}
nothing 'no trace in a normal build' traces
dead() {
	local name f last=
	while IFS=: read -r f name; do
		[ "$f" != lib/reclaim/reclaim.h ] || f=lib/core/deliver.c
		if [ "$f" != "$last" ]; then
			object with "$f" "$tmp/o/a.o" -O1 && object with "$f" "$tmp/o/c.o" -O1 -DNGU_PLANT_CHOOSE || return
			last=$f
		fi
		object with "$f" "$tmp/o/b.o" -O1 "-DNGU_PLANT_$name" || return
		! cmp -s "$tmp/o/a.o" "$tmp/o/b.o" || echo "$name: $f is the same with it"
	done < <(sed -E 's/:.*NGU_PLANT\((.*)\)/:\1/' "$tmp/uses" | LC_ALL=C sort -u)
}
nothing 'each changes an object' dead
symbols() {
	nm "$bld"/lib/libngp-*.a 2>/dev/null | grep -E ' (ngu__plant|ngu_k_node_ref)$' | sort -u >"$tmp/symbols"
	grep -q ngu_k_node_ref "$tmp/symbols" || echo "no symbols found in $bld/lib"
	grep ngu__plant "$tmp/symbols"
}
nothing 'the library has no switch' symbols
done_testing
