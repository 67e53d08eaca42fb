#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# orders.sh [SRC [BUILD]] - each memory ordering has a partner: "ORDER tag (side)" stands on at least two sides in lib/, and
# docs/memory-model.md speaks of the tag.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

# A comment that begins with ORDER stands at a side; inside a sentence the word only points there.
grep -rnoE --include='*.[ch]' '(/\*|^[[:space:]]*\*)[[:space:]]*ORDER [a-z][a-z0-9-]*( \([^)]*\))?' lib include |
	sed 's/:[^:]*ORDER/:ORDER/' >"$tmp/tags"
nothing 'each side is named' grep -vE 'ORDER [^ ]+ \(' "$tmp/tags"
while read -r tag; do
	grep -E "ORDER $tag( |\$)" "$tmp/tags" >"$tmp/places"
	sides=$(sed 's/.*ORDER [^ ]* *//' "$tmp/places" | sort -u | wc -l)
	why=
	[ "$sides" -ge 2 ] || why="only one side in lib/; "
	grep -qsE "(^|[^a-z0-9-])$tag([^a-z0-9-]|\$)" docs/memory-model.md || why="${why}not in docs/memory-model.md"
	if [ -z "$why" ]; then
		pass "$tag"
	else
		fail "$tag" "$why
$(cat "$tmp/places")"
	fi
done < <(sed -E 's/.*ORDER ([a-z0-9-]+).*/\1/' "$tmp/tags" | LC_ALL=C sort -u)
done_testing
