#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tables.sh [SRC [BUILD]] - the tables of README.md and docs/bench say what docs/bench/results.json says; and bench/tables does as it says.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

if [ -e docs/bench/results.json ]; then
	check 'the documents are not older than the numbers' bench/tables --check
else
	skip 'the documents are not older than the numbers' 'nothing measured yet: docs/bench/results.json'
fi

# A copy of its own, and two figures.
mkdir -p "$tmp/t/bench" "$tmp/t/docs/bench" && cp bench/tables "$tmp/t/bench/" || exit 1
printf 'before\n<!-- bench/tables readme -->\nold\n<!-- bench/tables end -->\nafter\n' >"$tmp/t/README.md"
printf 'a\n<!-- bench/tables machine -->\n<!-- bench/tables end -->\n<!-- bench/tables read -->\nold\n<!-- bench/tables end -->\nz\n' \
	>"$tmp/t/docs/bench/backends.md"
printf 'untouched\n' >"$tmp/t/docs/bench/scaling.md"
figure() { # CASE METRIC VALUE
	printf '{"bench":"ngbench","backend":"urcu-qsbr","case":"%s","threads":1,"metric":"%s","unit":"ns","value":%s,"low":1,"high":2,"rounds":1}\n' "$@"
}
{
	printf '{"bench":"machine","cpu":"A, B","cache":"1 KB","cpus":2,"arch":"x","system":"S 1","compiler":"gcc 1","date":"2000-01-02"}\n'
	figure hop16 ns_hop 11.456
	figure hop1 ns_hop 234.5
} >"$tmp/json"
cp "$tmp/t/README.md" "$tmp/readme"
"$tmp/t/bench/tables" "$tmp/json" >"$tmp/out" 2>&1
now=$?
b=$tmp/t/docs/bench/backends.md
check 'figures stand in their column and row' grep -qxF '| a hop of 16, ns | - | 11.5 | - | - |' "$b"
check 'and others where they belong' grep -qxF '| a packet and its one hop, ns | - | 234 | - | - |' "$b"
check 'the machine is there, commas and all' grep -qxF 'A, B, 2 CPUs, S 1, gcc 1, 2000-01-02' "$b"
check 'lines outside tables stay' [ "$(sed -n '1p;$p' "$b" | tr '\n' ' ')" = 'a z ' ]
nothing 'what a table was is gone' grep -x old "$b"
check 'README.md stays when a figure is missing' cmp "$tmp/readme" "$tmp/t/README.md"
check 'which it says' grep -qF 'README.md left as it was' "$tmp/out"
check 'and shows by its status' [ "$now" -eq 1 ]
"$tmp/t/bench/tables" --check "$tmp/json" >"$tmp/out" 2>&1
nothing '--check finds what was written as it should be' grep -F backends.md\ is "$tmp/out"
figure hop16 ns_hop 99 >>"$tmp/json"
"$tmp/t/bench/tables" --check "$tmp/json" >"$tmp/out" 2>&1
now=$?
check '--check tells when the numbers are newer' grep -qF 'docs/bench/backends.md is not what' "$tmp/out"
check 'and fails' [ "$now" -eq 1 ]
check '--check writes nothing' grep -qF '| 11.5 |' "$b"
done_testing
