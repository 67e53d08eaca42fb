# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# tap.sh - for the house tests: where we are, and TAP. Sourced by bash; $1 = source directory, $2 = build directory.
set -u
src=${1:-$(cd -- "$(dirname -- "$0")/../.." && pwd -P)}
# shellcheck disable=SC2034 # both are used by those who source this
{
	bld=${2:-${NGU_BUILD_DIR:-$src/build}/plain}
	cc=${CC:-cc}
}
# Whoever changes folders still finds them.
case $src in /*) ;; *) src=$PWD/$src ;; esac
case $bld in /*) ;; *) bld=$PWD/$bld ;; esac
cases=0 bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf -- "$tmp"' EXIT

pass() {
	cases=$((cases + 1))
	printf 'ok %d - %s\n' $cases "$1"
}
# fail NAME [TEXT]: TEXT is what people read; without it, standard input is (from a file: a pipe's end counts for itself only).
fail() {
	cases=$((cases + 1)) bad=$((bad + 1))
	printf 'not ok %d - %s\n' $cases "$1"
	if [ $# -gt 1 ]; then printf '%s\n' "$2"; else cat; fi | sed 's/^/# /'
}
skip() {
	cases=$((cases + 1))
	printf 'ok %d - %s # SKIP %s\n' $cases "$1" "$2"
}
# check NAME COMMAND...: passes if it succeeds; its output is shown if it does not.
check() {
	local name=$1
	shift
	if "$@" >"$tmp/check.out" 2>&1; then pass "$name"; else fail "$name" <"$tmp/check.out"; fi
}
# nothing NAME COMMAND...: passes if it prints nothing.
nothing() {
	local name=$1
	shift
	"$@" >"$tmp/check.out" 2>&1
	if [ -s "$tmp/check.out" ]; then fail "$name" <"$tmp/check.out"; else pass "$name"; fi
}
done_testing() {
	printf '1..%d\n' $cases
	[ $bad -eq 0 ]
	exit
}
