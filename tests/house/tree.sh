#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tree.sh [SRC [BUILD]] - what each file of the tree owes: a licence line, a place in its folder's meson.build.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

unlicensed() {
	find lib include tests bench .ci meson.build meson_options.txt -type f \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.awk' -o -name 'meson*' -o -name run \) | LC_ALL=C sort |
		while read -r f; do
			head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f"
		done
}
nothing 'SPDX line in each source' unlicensed
unlisted() {
	local f
	for f in lib/*/*.c tests/unit/*.c tests/torture/*.c tests/nodes/*.c bench/*.c; do
		[ -e "$f" ] || continue
		grep -qE "'$(basename -- "$f" .c)(\.c)?'" "$(dirname -- "$f")/meson.build" || echo "$f is not in $(dirname -- "$f")/meson.build"
	done
}
nothing 'each source is built' unlisted
stdio() { grep -rnE --include='*.[ch]' '(^|[^a-z_])f?printf[[:space:]]*\(' lib/reclaim lib/core lib/msg lib/nodes 2>/dev/null | grep -vE '/\*|^\S+\s+\*'; }
nothing 'no printf in lib' stdio
done_testing
