# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# hours.sh - tests/run --hours=N: the torture programs of the builds chosen, for N hours in all. Sourced by tests/run.
#
# Each program gets the same share of what is left, at most SLICE_MAX at a time, so that a long run goes round more than once. Within
# its slice a program makes many rounds, each with a seed of its own, and compares its memory between them (torture.h).
SLICE_MAX=900
SLICE_MIN=3

# Prints a line a minute while process $1 runs, with the last of what the program said.
watch_over() {
	local pid=$1 label=$2 out=$3 slice=$4 t0=$SECONDS next=60
	while kill -0 "$pid" 2>/dev/null; do
		if [ $((SECONDS - t0)) -ge $next ]; then
			say "    $label: $((SECONDS - t0)) of $slice s  $(grep '^# ' "$out" 2>/dev/null | tail -n 1 | cut -c 3-110)"
			next=$((next + 60))
		fi
		sleep 0.5
	done
	wait "$pid"
}

run_hours() {
	local kind programs left slice pass=0 i end line id suite backend limit rest words build
	programs=()
	for kind in "${kinds[@]:?}"; do
		build_kind "$kind" || continue
		while IFS= read -r line; do
			IFS=$'\t' read -r id suite rest <<<"$line"
			[ "$suite" = torture ] && printf '%s\n' "$id" | grep -qE -- "${filter:?}" && programs+=("$kind"$'\t'"$line")
		done <"${root:?}/$kind${CC:+-${CC##*/}}/tests/tests.list"
	done
	[ ${#programs[@]} -gt 0 ] || return 0
	end=$(awk -v h="${hours:?}" -v now="$SECONDS" 'BEGIN { printf "%d", now + h * 3600 }')
	say "torture: ${#programs[@]} programs, $((end - SECONDS)) s in all"
	while :; do
		pass=$((pass + 1))
		for ((i = 0; i < ${#programs[@]}; i++)); do
			left=$((end - SECONDS))
			slice=$((left / (${#programs[@]} - i)))
			[ $slice -le $SLICE_MAX ] || slice=$SLICE_MAX
			[ $slice -ge $SLICE_MIN ] || slice=$SLICE_MIN
			[ $left -ge $SLICE_MIN ] || [ $total -eq 0 ] || return 0
			IFS=$'\t' read -r build id suite backend limit rest <<<"${programs[$i]}"
			IFS=$'\t' read -r -a words <<<"$rest"
			run_env "$build" "$root/$build${CC:+-${CC##*/}}"
			total=$((total + 1))
			NGU_TORTURE_SECONDS=$slice run_one "$build" $total "$id" "$suite" "$backend" "$limit" "${words[@]}" &
			pids=($!)
			watch_over "${pids[0]}" "pass $pass, $id" "${tmp:?}/$total.out" "$slice"
			pids=()
			cat "$tmp/$total.res" >>"$tmp/results"
			# The last of each kind: what the ages came to, and where memory was at its highest.
			grep '^# ages' "$tmp/$total.out" | tail -n 1 | sed 's/^# /      /' >&3
			grep '^# memory' "$tmp/$total.out" | tail -n 1 | sed 's/^# /      /' >&3
			if grep -q '^RESULT fail' "$tmp/$total.res"; then
				say "stopped: $id failed in pass $pass, round: $(grep -o 'NGU_TORTURE_SEED=.*' "$tmp/$total.out" | tail -n 1)"
				return 0
			fi
			rm -f -- "$tmp/$total.out"
		done
	done
}
