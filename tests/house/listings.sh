#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# listings.sh [SRC [BUILD]] - each C listing of docs/testing.md stands word for word in a file of tests/docs, which the build
# compiles and tests/run runs. A listing is headed by a comment: <!-- tests/docs/NAME.c -->
# In manual pages it is a display (.Bd -literal) headed by .\" tests/docs/NAME.c
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
page=docs/testing.md

# One file a listing: $tmp/N.c, its source file in $tmp/N.of
awk -v dir="$tmp" '
	/^<!-- tests\/docs\/.*\.c -->$/ { of = $2 }
	/^```c$/ { n++; out = dir "/" n ".c"; print of > (dir "/" n ".of"); close(dir "/" n ".of"); printf "" > out; in_c = 1; of = ""; next }
	/^```/ && in_c { in_c = 0; close(out) }
	in_c { print > out }
	END { print n > (dir "/count") }
' "$page"
pages=$(cat "$tmp/count")
for man in docs/man/*.4; do
	[ -e "$man" ] || continue
	awk -v dir="$tmp" -v n="$(cat "$tmp/count")" '
		/^\.\\" tests\/docs\/.*\.c$/ { of = $2 }
		/^\.Bd -literal/ && of != "" { n++; out = dir "/" n ".c"; print of > (dir "/" n ".of"); printf "" > out; in_c = 1; of = ""; next }
		/^\.Ed/ { in_c = 0 }
		in_c { gsub(/\\&/, ""); gsub(/\\e/, "\\"); gsub(/\\-/, "-"); print > out }
		END { print n > (dir "/count") }
	' "$man"
done
n=0
while [ -e "$tmp/$((n + 1)).c" ]; do
	n=$((n + 1))
	of=$(cat "$tmp/$n.of")
	title="listing $n: $of"
	if [ -z "$of" ] || [ ! -e "$of" ]; then
		fail "$title" "listing $n does not say which file of tests/docs it is from"
	# Is it a run of whole lines of that file?
	elif awk 'NR == FNR { want[++w] = $0; next } { have[++h] = $0 }
		END { for (i = 0; i + w <= h; i++) { for (j = 1; j <= w && have[i + j] == want[j]; j++); if (j > w) exit 0 } exit 1 }' \
		"$tmp/$n.c" "$of"; then
		pass "$title"
	else
		fail "$title" "listing $n is not in $of as it stands"
	fi
done
if [ "$pages" -ge 5 ]; then pass 'there are listings'; else fail 'there are listings' "only $pages in $page"; fi
check 'the program without cmocka' "$bld/tests/docs/docs-plain"
done_testing
