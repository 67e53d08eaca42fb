#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# listings.sh [SRC [BUILD]] - each C listing of docs/testing.md and docs/lab.md stands word for word in a file of tests/docs, which the build
# compiles and tests/run runs. A listing is headed by a comment: <!-- tests/docs/NAME.c -->
# In manual pages it is a display (.Bd -literal) headed by .\" tests/docs/NAME.c
# In README.md and docs/node-author.md a listing is a file of docs/examples from end to end; its first line names it.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

# One file a listing: $tmp/N.c, its source file in $tmp/N.of
awk -v dir="$tmp" '
	/^<!-- tests\/docs\/.*\.c -->$/ { of = $2 }
	/^```c$/ { n++; out = dir "/" n ".c"; print of > (dir "/" n ".of"); close(dir "/" n ".of"); printf "" > out; in_c = 1; of = ""; next }
	/^```/ && in_c { in_c = 0; close(out) }
	in_c { print > out }
	END { print n > (dir "/count") }
' docs/testing.md docs/lab.md
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
if [ "$pages" -ge 10 ]; then pass 'there are listings'; else fail 'there are listings' "only $pages"; fi
check 'the program without cmocka' "$bld/tests/docs/docs-plain"

whole=0
for page in README.md docs/node-author.md; do
	rm -f "$tmp"/w.*
	awk -v dir="$tmp" '/^```c$/ { out = dir "/w." ++n; next } /^```/ { if (out != "") close(out); out = "" } out != "" { print > out }' "$page"
	for f in "$tmp"/w.*; do
		[ -e "$f" ] || continue
		of=$(sed -n '1s,^/\* \(docs/examples/[a-z_]*\.c\) \*/$,\1,p' "$f")
		if [ -n "$of" ] && [ -e "$of" ]; then
			nothing "$page: $of" diff "$f" "$of"
		else
			fail "$page: listing" "the listing that begins with \"$(head -n 1 "$f")\" does not name its file in docs/examples"
		fi
		whole=$((whole + 1))
	done
done
if [ "$whole" -ge 4 ]; then pass 'there are whole listings'; else fail 'there are whole listings' "only $whole"; fi
# What they print is what is said there.
nothing 'output in README.md' diff <(awk '/^\$ \.\/first$/ { on = 1; next } /^```/ { on = 0 } on' README.md) <("$bld/docs/examples/first")
nothing 'output in text.c' diff <(sed -nE 's|.*/\* (error 0, .*) \*/$|\1|p' docs/examples/text.c) <("$bld/docs/examples/text")
# What the lab says of the first two versions of its page's node type, as far as it does not depend on the compiler.
if [ -x "$bld/tests/docs/docs-lab-quota-1" ]; then
	lab_says() {
		grep -oE '^lab: quota: FAILED: .{40}' docs/lab.md >"$tmp/want"
		for n in 1 2; do "$bld/tests/docs/docs-lab-quota-$n" 2>&1 | grep -oE '^lab: quota: FAILED: .{40}'; done | diff "$tmp/want" -
	}
	nothing 'failures in docs/lab.md' lab_says
else
	skip 'failures in docs/lab.md' 'this build has no race lab'
fi
check 'test_cut' "$bld/docs/examples/test_cut"
done_testing
