#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# conformance.sh [SRC [BUILD]] - docs/conformance.md is whole and true: what each row names exists, each public name of the node
# author's headers is mentioned, and no section has fewer rules than it had.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
page=docs/conformance.md

# section TAB rule TAB where TAB test, for each row but the heads.
awk -F' *[|] *' -v OFS='\t' '/^## / { sec = $2 = ""; split($0, w, " "); sec = w[2] }
	/^[|]/ && !/^[|]---/ && $2 != "rule" && $2 != "weak point" { print sec, $2, $3, $4, NF }' "$page" >"$tmp/rows"
parser() { [ -f lib/msg/parse.c ] && [ -f tests/unit/test_parse.c ]; } # it may come later
if ! parser; then
	grep -vE 'msg/(parse|ascii)' "$tmp/rows" >"$tmp/rows.now"
	mv "$tmp/rows.now" "$tmp/rows"
fi
nothing 'three columns in each row' awk -F'\t' '$5 != 5 || $2 == "" || $3 == "" || $4 == "" { print $1 ": " $2 }' "$tmp/rows"
nothing 'each rule once' sh -c "cut -f1,2 '$tmp/rows' | LC_ALL=C sort | uniq -d"

# A name in a file of lib, or of one of the header folders.
places() {
	local sec rule where test rest file name f found
	while IFS=$'\t' read -r sec rule where test rest; do
		for w in ${where//\`/}; do
			file=${w%%:*} name=${w#*:} found=
			for f in "lib/$file" "include/netgraph/$file" "include/$file" "$file"; do
				[ -f "$f" ] || continue
				case $f in tests/lab/*) continue ;; esac # scenarios; some files are called as those of unit/
				found=1
				grep -qwF -- "$name" "$f" || echo "$sec: no $name in $f ($rule)"
				break
			done
			[ -n "$found" ] || echo "$sec: no file $file ($rule)"
		done
	done <"$tmp/rows"
}
nothing 'where a rule is kept' places
# A test function that is defined and run.
tests() {
	local sec rule where test rest file name f found
	while IFS=$'\t' read -r sec rule where test rest; do
		for w in ${test//\`/}; do
			file=${w%%:*} name=${w#*:} found=
			for f in tests/*/"$file".c; do
				[ -f "$f" ] || continue
				case $f in tests/lab/*) continue ;; esac # scenarios; some files are called as those of unit/
				found=1
				grep -q "^$name(" "$f" || echo "$sec: no test $name in $f ($rule)"
				grep -qE "_test[a-z_]*\\(${name}[,)]" "$f" || echo "$sec: $name is not run by $f ($rule)"
			done
			[ -n "$found" ] || echo "$sec: no $file.c in tests ($rule)"
		done
	done <"$tmp/rows"
}
nothing 'what shows it' tests

# Public names: macros (but the raw forms, the guards and libng's own), functions, commands, structures.
public() {
	local h=include/netgraph
	sed -nE 's/^#define ((NG|NGM|NGF|NGI|NGQF|NGIOC|HK|ND|ng)[A-Za-z_0-9]*).*/\1/p' $h/netgraph.h $h/ng_message.h
	sed -nE 's/^[A-Za-z].*[ *](ng_[a-z0-9A-Z_]+)\(.*\);$/\1/p' $h/netgraph.h
	sed -nE 's/^\t(NGM_[A-Z0-9_]+) = .*/\1/p' $h/ng_message.h
	sed -nE 's/^struct ([a-z_]+) \{$/\1/p' $h/ng_message.h
	! parser || sed -nE 's/.*[ *](ng_(un)?parse[a-z0-9_]*|ng_get_[a-z_]*|ng_encode_string)(\(|;| \*|\[).*/\1/p' $h/ng_parse.h
}
unmentioned() {
	local n
	public | LC_ALL=C sort -u | while read -r n; do
		case $n in NGU* | ngu*) continue ;; esac
		grep -qwF -- "$n" "$page" || echo "$n"
	done
}
nothing 'each public name is mentioned' unmentioned
check 'there are public names' test "$(public | wc -l)" -gt 200

# No section shrinks. Raise a figure when its section grows; it may only fall when a rule turned out to be none.
shrunk() {
	local sec least n
	while read -r sec least; do
		[ "$sec" != 15 ] || parser || continue
		n=$(awk -F'\t' -v s="$sec" '$1 == s' "$tmp/rows" | wc -l)
		[ "$n" -ge "$least" ] || echo "section $sec: $n rules, there were $least"
	done <<-'END'
		1 9
		2 12
		3 24
		4 6
		5 13
		6 10
		7 9
		8 17
		9 33
		10 22
		11 12
		12 9
		13 14
		14 30
		15 19
		16 15
		17 19
		18 17
		19 36
	END
}
nothing 'no section got shorter' shrunk
done_testing
