#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# steps.sh [SRC [BUILD]] - instructions a hop of the 16-hop chain, counted by callgrind, against docs/bench/steps.txt: at most 5 % more.
# steps.sh --update [BUILD] - write the figures of this compiler and kind of build anew.
#
# A figure is the difference of a run with 3000 packets and one with 1000, so what a program does before and after is not in it. It depends on
# compiler and assertions, hence a line for each; a compiler without a line is skipped and says so.
here=$(cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
update=
if [ "${1:-}" = --update ]; then
	update=1
	set -- "${here%/tests/house}" "${@:2}"
fi
# shellcheck source=tests/house/tap.sh
. "$here/tap.sh"

kept=$src/docs/bench/steps.txt
if ! command -v valgrind >/dev/null 2>&1; then
	skip steps 'no valgrind'
	done_testing
fi

# counted BACKEND PACKETS: instructions of the whole run; what the program itself said goes to $tmp/said
counted() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$tmp/log" "$bld/bench/ngbench-$1" "--case=steps-$2" \
		>"$tmp/said" 2>&1 || return 1
	sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$tmp/log"
}

for backend in urcu-memb urcu-qsbr ck-epoch rwlock; do
	name="steps $backend"
	if [ ! -x "$bld/bench/ngbench-$backend" ]; then
		skip "$name" 'this build has no benchmarks'
		continue
	fi
	few=$(counted "$backend" 1000) && many=$(counted "$backend" 3000) || few=''
	if [ -z "$few" ] || [ -z "$many" ]; then
		cat "$tmp/said" "$tmp/log" >"$tmp/all"
		fail "$name" <"$tmp/all"
		continue
	fi
	now=$(awk -v a="$few" -v b="$many" 'BEGIN { printf "%.1f", (b - a) / 2000 / 16 }')
	how=$(sed -n 's/^R	compiled	\([^	]*\)	.*/\1/p' "$tmp/said")
	if [ -n "$update" ]; then
		[ -f "$kept" ] || exit 1
		awk -F'\t' -v b="$backend" -v h="$how" '!($1 == b && $2 == h)' "$kept" >"$tmp/new" &&
			printf '%s\t%s\t%s\n' "$backend" "$how" "$now" >>"$tmp/new" && cat "$tmp/new" >"$kept" || exit 1
		printf '%s, %s: %s\n' "$backend" "$how" "$now"
		continue
	fi
	then=$(awk -F'\t' -v b="$backend" -v h="$how" '$1 == b && $2 == h { print $3 }' "$kept" 2>/dev/null)
	if [ -z "$then" ]; then
		skip "$name" "$now instructions a hop; docs/bench/steps.txt has no line for $how"
	elif awk -v n="$now" -v t="$then" 'BEGIN { exit !(n <= t * 1.05) }'; then
		pass "$name: $now instructions a hop, recorded $then"
		awk -v n="$now" -v t="$then" 'BEGIN { exit !(n < t * 0.95) }' &&
			echo "# fewer than recorded: tests/house/steps.sh --update BUILD keeps it so"
	else
		fail "$name" "$now instructions a hop, recorded $then ($how). If that is meant: tests/house/steps.sh --update BUILD"
	fi
done
[ -n "$update" ] || done_testing
