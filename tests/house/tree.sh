#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tree.sh [SRC [BUILD]] - what each file of the tree owes: a licence line, a place in its folder's meson.build;
# and what README.md owes.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

unlicensed() {
	find lib include tests bench .ci meson.build meson_options.txt -type f \
		\( -name '*.[ch]' -o -name '*.cc' -o -name '*.pml' -o -name '*.sh' -o -name '*.awk' -o -name 'meson*' -o -name run \) | LC_ALL=C sort |
		while read -r f; do
			head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f"
		done
}
nothing 'SPDX line in each source' unlicensed
unlisted() {
	local f
	for f in lib/*/*.c lib/tools/*/*.c tests/unit/*.c tests/torture/*.c tests/nodes/*.c tests/conform/*.c tests/tools/*.c tests/proof/*.cc bench/*.c; do
		[ -e "$f" ] || continue
		grep -qE "'$(basename -- "${f%.c*}")(\.c)?'" "$(dirname -- "$f")/meson.build" || echo "$f is not in $(dirname -- "$f")/meson.build"
	done
}
nothing 'each source is built' unlisted
unscripted() {
	local f t
	for f in lib/nodes/ng_*.c lib/io/ng_*.c; do
		t=${f##*/ng_} t=${t%.c}
		[ -e "tests/script/$t.ngt" ] || echo "$f: no tests/script/$t.ngt"
	done
	for f in tests/script/*.ngt; do
		grep -q "'$(basename -- "${f%.ngt}")'" tests/script/meson.build || echo "$f is not in tests/script/meson.build"
	done
}
nothing 'each node type has a script' unscripted
stdio() { grep -rnE --include='*.[ch]' '(^|[^a-z_])f?printf[[:space:]]*\(' lib/reclaim lib/core lib/msg lib/nodes 2>/dev/null | grep -vE '/\*|^\S+\s+\*'; }
nothing 'no printf in lib' stdio
# What a release script fills in must be filled in.
placeholders() { find README.md bench/README.md docs -type f -exec grep -nE '@[A-Z_]+@' /dev/null {} +; }
nothing 'no @WORD@ in README.md and docs' placeholders
# The table of options in README.md: each option of meson_options.txt with its default, and no other.
options_file() {
	awk -v q="'" '/^option\(/ { split($0, w, q); name = w[2] }
		match($0, /value: [^,)]*/) { v = substr($0, RSTART + 7, RLENGTH - 7); gsub(q, "", v); print name, v }' meson_options.txt | LC_ALL=C sort
}
options_readme() {
	awk -F'|' '/^\| `-D/ { split($3, d, "`"); n = split($2, o, "`"); for (i = 2; i <= n; i += 2) {
		sub(/^-D/, "", o[i]); sub(/=$/, "", o[i]); print o[i], d[2] } }' README.md | LC_ALL=C sort
}
options_differ() { diff <(options_file) <(options_readme); }
nothing 'options in README.md as in meson_options.txt' options_differ
done_testing
