#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# shell.sh [SRC [BUILD]] - each shell script parses, is executable if it starts with #!, and pleases shellcheck.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
for f in tests/run bench/run bench/plot bench/tables .ci/run tests/support/*.sh tests/torture/*.sh tests/arm64/*.sh tests/house/*.sh tests/data/*.sh tests/proof/*.sh tests/fuzz/*.sh tests/planted/*.sh lib/tools/completion/*.bash; do
	[ -e "$f" ] || continue
	one() {
		bash -n "$f" || return 1
		case $f in */run) [ -x "$f" ] || { echo "not executable"; return 1; } ;; esac
		! command -v shellcheck >/dev/null 2>&1 || shellcheck -x -S warning "$f"
	}
	check "$f" one
done
done_testing
