#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/planted/run.sh [--plant=NAME ...] [--rung=RUNG ...] - what tests/run --planted does: run each line of the table beside it
# with its bug in, and see that the report comes. Ends with "N caught, N missed"; exit status 0 if none was missed.
set -u
set -o pipefail
me='tests/run --planted'
src=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
# shellcheck source=tests/support/common.sh
. "$src/tests/support/common.sh"
exec 3>&1

table=$src/tests/planted/table
only='' rungs=''
for arg; do
	case $arg in
	--planted) ;;
	--plant=?*) only="$only ${arg#*=}" ;;
	--rung=?*) rungs="$rungs ${arg#*=}" ;;
	*) die "$arg: no such option with --planted; --plant=NAME and --rung=RUNG narrow it down" ;;
	esac
done
wanted() { # PLANT RUNG
	case " ${only:- $1} " in *" $1 "*) ;; *) return 1 ;; esac
	case " ${rungs:- $2} " in *" $2 "*) ;; *) return 1 ;; esac
}

lines=() builds=() targets_plain=() targets_asan=() targets_tsan=() targets_lab=()
while read -r plant rung kind program seconds report; do
	case $plant in '' | \#*) continue ;; esac
	wanted "$plant" "$rung" || continue
	lines+=("$plant $rung $kind $program $seconds $report")
	target=tests/${program%%:*}
	case $kind in
	plain) targets_plain+=("$target") ;;
	asan) targets_asan+=("$target") ;;
	tsan) targets_tsan+=("$target") ;;
	lab) targets_lab+=("$target") ;;
	-) continue ;;
	*) die "$table: $plant: no such build: $kind" ;;
	esac
	case " ${builds[*]-} " in *" $kind "*) ;; *) builds+=("$kind") ;; esac
done <"$table"
[ ${#lines[@]} -gt 0 ] || die "the table has no such line"
needs=(cc c++ meson ninja pkg-config liburcu ck cmocka libpcap)
case " ${builds[*]-} " in *san\ *) needs+=(sanitizers) ;; esac
require "${needs[@]}"
build_root
tmp=$(mktemp -d) || die 'cannot make a temporary directory'
cleanup() {
	[ -z "$work_pid" ] || kill "$work_pid" 2>/dev/null
	rm -rf -- "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# One build of a kind serves for all bugs: -Dplant=choose has NGU_PLANT in the environment say which one it is. Only what is run is built.
begin=$SECONDS
for kind in ${builds[@]+"${builds[@]}"}; do
	dir=$root/planted-$kind
	opts=(-Dplant=choose -Dall_backends=disabled -Dbench=false -Dman=false)
	if [ "$kind" = lab ]; then opts+=(-Dlab=enabled); else opts+=(-Dlab=disabled); fi
	case $kind in
	plain) targets=("${targets_plain[@]}") ;;
	lab) targets=("${targets_lab[@]}") ;;
	asan)
		targets=("${targets_asan[@]}")
		opts+=("-Db_sanitize=address,undefined" -Dc_args=-fno-sanitize-recover=undefined -Dng_debug=true)
		;;
	tsan)
		targets=("${targets_tsan[@]}" tests/tsan-probe)
		opts+=(-Db_sanitize=thread -Doptimization=1 -Ddebug=true)
		;;
	esac
	case $kind:${CC:-cc} in *san:*clang*) opts+=(-Db_lundef=false) ;; esac
	want=$(printf '%s\n' "$src" "${CC:-}" "${CFLAGS:-}" "${opts[@]}")
	if [ ! -f "$dir/build.ninja" ] || [ "$want" != "$(cat "$dir/ngu-options" 2>/dev/null)" ]; then
		rm -rf -- "$dir"
		slowly "configure planted-$kind" meson setup "$dir" "$src" "${opts[@]}" || die 'that failed'
		printf '%s\n' "$want" >"$dir/ngu-options"
	fi
	mapfile -t targets < <(printf '%s\n' "${targets[@]}" | sort -u)
	slowly "build planted-$kind" ninja -C "$dir" "${targets[@]}" || die 'that failed'
done
say "built in $((SECONDS - begin)) s"

# Sets wrap: what the programs of a build are run under.
run_under() {
	case $1 in
	asan) wrap=(env UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
		ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1) ;;
	tsan)
		wrap=(env "TSAN_OPTIONS=exitcode=66:halt_on_error=1:history_size=7:suppressions=\"$src/tests/tsan.supp\"")
		"${wrap[@]}" "$root/planted-tsan/tests/tsan-probe" >/dev/null 2>&1 || wrap+=(setarch -R)
		;;
	*) wrap=() ;;
	esac
}

now() { date +%s%N; }
# attempt PLANT KIND PROGRAM[:CASE] SECONDS REPORT: runs until the report comes, or SECONDS have passed. Sets spent (seconds), schedules
# (the lab prints them) and why.
attempt() {
	local plant=$1 kind=$2 exe=$3 limit=$4 report=$5 t0 t rc case='' args=()
	case $exe in *:*) case=${exe#*:} exe=${exe%%:*} ;; esac
	exe=$root/planted-$kind/tests/$exe
	run_under "$kind"
	if [ -n "$case" ]; then
		if [ "$kind" = lab ]; then wrap=(env "LT_ONLY=$case"); else args=("$case"); fi
	fi
	t0=$(now) spent='' schedules='' why=
	while :; do
		rc=0
		{ NGU_PLANT=$plant NGU_TORTURE_SECONDS=${NGU_TORTURE_SECONDS:-2} NGU_TORTURE_LIMIT=10 timeout -k 5 $((limit + 60)) \
			${wrap[@]+"${wrap[@]}"} "$exe" ${args[@]+"${args[@]}"} >"$tmp/out" 2>&1 </dev/null || rc=$?; } 2>/dev/null
		t=$(($(now) - t0))
		spent=$((t / 1000000000)).$(((t / 100000000) % 10))
		schedules=$(sed -nE 's/^lab: .*: ([0-9]+) schedules, .* until then.*/\1/p' "$tmp/out" | sed -n 1p)
		if [ $rc -ne 0 ]; then
			if grep -aqE -- "$report" "$tmp/out"; then return 0; fi
			why="ended with $rc and another report"
			return 1
		fi
		# The lab explores the same schedules again.
		if [ "$kind" = lab ] || [ $((t / 1000000000)) -ge "$limit" ]; then
			why="nothing seen"
			return 1
		fi
	done
}

caught=0 missed=0
for line in "${lines[@]}"; do
	read -r plant rung kind program seconds report <<<"$line"
	if [ "$kind" = - ]; then
		missed=$((missed + 1))
		printf '%-14s%-10s%18s  MISSED  (no rung sees it)\n' "$plant" - -
		continue
	fi
	if attempt "$plant" "$kind" "$program" "$seconds" "$report"; then
		caught=$((caught + 1)) verdict=CAUGHT
	else
		missed=$((missed + 1)) verdict="MISSED  ($why)"
	fi
	printf '%-14s%-10s%18s  %s\n' "$plant" "$rung" "${schedules:+$schedules schedules, }$spent s" "$verdict"
	case $verdict in MISSED*) tail -n 30 "$tmp/out" | sed 's/^/    | /' ;; esac
done
say "whole table in $((SECONDS - begin)) s"
printf '%d caught, %d missed\n' $caught $missed
[ $missed -eq 0 ]
