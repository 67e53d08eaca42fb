#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# porting.sh [SRC [BUILD]] - docs/porting.md is true: each file, function, test, scenario, proof and planted bug that it names exists,
# and each step of its series has scenarios that guard it. What the seam's functions become is freestanding.sh's.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
page=docs/porting.md

# What stands in `...`, one a line. Listings and the legend are none.
sed -e '/^```/,/^```/d' -e '/^`core\/x\.c:f` is/,/^$/d' "$page" | grep -oE '`[^`]+`' | tr -d '`' | LC_ALL=C sort -u >"$tmp/words"
words() { grep -xE -- "$1" "$tmp/words"; } # REGEX

layers='core|msg|kern|reclaim|port|nodes'
places() {
	local file name
	words "($layers)/[a-z0-9_]+\.[ch](:[a-z0-9_A-Z]+)?" | while IFS=: read -r file name; do
		if [ ! -f "lib/$file" ]; then
			echo "no lib/$file"
		elif [ -n "$name" ]; then
			# A function: at the start of a line, or behind its type.
			grep -qE "^([A-Za-z].*[ *])?$name\(" "lib/$file" || echo "no function $name in lib/$file"
		fi
	done
}
nothing 'files and functions' places
# Functions named without their file: somewhere in lib or the headers; those of the kernel have no ngu_.
functions() {
	local name
	words '(ngu_|ngu__)[a-z0-9_]+\(\)' | while read -r name; do
		name=${name%()}
		grep -rqwF -- "$name" lib include || echo "no $name()"
	done
	words '(NGU|NGF|NGM|HK)_[A-Z0-9_]+' | while read -r name; do
		grep -rqwF -- "$name" lib include || echo "no $name"
	done
}
nothing 'names of libng' functions
scenarios() {
	local file name
	words 'lab-[a-z]+:[a-z0-9-]+' | while IFS=: read -r file name; do
		file=tests/lab/test_${file#lab-}.c
		grep -qsF -- ".name = \"$name\"" "$file" || echo "no scenario $name in $file"
	done
}
nothing 'scenarios' scenarios
tests() {
	local file name f
	words 'test_[a-z_]+:[a-z0-9_]+' | while IFS=: read -r file name; do
		for f in tests/*/"$file".c; do
			case $f in tests/lab/*) continue ;; esac
			! grep -qsE "_test[a-z_]*\\(${name}[,)]" "$f" || continue 2
		done
		echo "no test $name in $file.c"
	done
}
nothing 'tests' tests
others() {
	local name
	words 'proof/[a-z]+' | while read -r name; do
		[ -f "tests/$name.cc" ] || echo "no tests/$name.cc"
	done
	words '-Dplant=[A-Za-z0-9_]+' | while read -r name; do
		[ "$name" = -Dplant=X ] || grep -qE "^	X\(${name#-Dplant=}," lib/port/plant.h || echo "no planted bug ${name#-Dplant=}"
	done
	words '(tests|docs|include|lib)/[A-Za-z0-9_./-]+' | while read -r name; do
		[ -e "$name" ] || echo "no $name"
	done
}
nothing 'proofs, planted bugs, paths' others

# Steps are numbered, say what they are good for, and have a scenario each.
steps() {
	awk '/^### / { if (s != "") print s, n, alone; s = ""; n = alone = 0 }
		/^### Step/ { s = $3; sub(":", "", s) }
		s != "" { n += gsub(/`lab-[a-z]+:[a-z0-9-]+`/, ""); alone += /\*Alone\*/ || /counters for each hook/ }
		END { if (s != "") print s, n, alone }' "$page" >"$tmp/steps"
	[ "$(wc -l <"$tmp/steps")" -ge 10 ] || echo "only $(wc -l <"$tmp/steps") steps"
	awk '$1 != NR { print "step " $1 " is number " NR } $2 == 0 { print "step " $1 " has no scenario" } $3 == 0 { print "step " $1 " is good for nothing alone" }' "$tmp/steps"
}
nothing 'each step is guarded' steps
# The looks above saw something.
check 'there are many of each' awk '/^(core|reclaim)\/.*:/ { f++ } /^lab-/ { l++ } /^test_/ { t++ } /^-Dplant=/ { p++ } END {
	print f + 0, l + 0, t + 0, p + 0; exit !(f > 40 && l > 50 && t > 20 && p > 20) }' "$tmp/words"
done_testing
