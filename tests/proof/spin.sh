#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# spin.sh [SRC [BUILD]] - section.pml, exhaustively, and its seeded twins, each of which must give an error.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/../house/tap.sh"
command -v spin >/dev/null 2>&1 || {
	echo 'there is no spin here (Debian: spin)'
	exit 77
}

# model OPTION...: its verdict, on one line, to $tmp/verdict
model() {
	rm -rf -- "$tmp/pan" && mkdir "$tmp/pan" && cd "$tmp/pan" || exit 1
	if ! spin -a "$@" "$src/tests/proof/section.pml" >out 2>&1 || ! "$cc" -w -O0 -DSAFETY -o pan pan.c >>out 2>&1; then
		echo 'does not build' >"$tmp/verdict"
		return
	fi
	./pan -m10000 >out 2>&1
	awk '/^pan:[0-9].*(assertion violated|invalid end state|max search depth too small|out of memory|search aborted)/ { if (why == "") why = $0 }
		/errors: [0-9]+$/ { errors = $NF } / states, stored/ { states = $1 } /depth reached [0-9]/ { depth = $6 + 0 }
		END { sub(/^pan:[0-9]+: /, "", why); sub(/ +$/, "", why)
			print "errors " (errors == "" ? "?" : errors) ", " states " states, depth " depth (why == "" ? "" : ": " why) }' out >"$tmp/verdict"
}
holds() { # NAME OPTION...
	local name=$1
	shift
	model "$@"
	if grep -qE '^errors 0, [0-9]+ states, depth [0-9]+$' "$tmp/verdict"; then
		pass "$name: $(cat "$tmp/verdict")"
	else
		fail "$name: $(cat "$tmp/verdict")" <"$tmp/pan/out"
	fi
}
twin() { # NAME OPTION...
	local name=$1
	shift
	model "$@"
	if grep -qE '^errors [1-9].*assertion violated' "$tmp/verdict"; then
		pass "twin: $name: found: $(cat "$tmp/verdict")"
	else
		fail "twin: $name: NOT FOUND: $(cat "$tmp/verdict")" <"$tmp/pan/out"
	fi
}
holds 'a reader of three sections, three writers one after the other' -DREADERS=1 -DROUNDS=3 -DTURNS=3
holds 'two readers of a section, two writers one after the other' -DREADERS=2 -DROUNDS=1 -DTURNS=2
twin 'no membarrier' -DNOMB
twin 'the closer looks at the slots before the membarrier, not after it' -DEARLY
twin 'the gate is loaded before the slot is shown' -DSWAP
twin 'the closer looks at the first slot only' -DFLAT
done_testing
