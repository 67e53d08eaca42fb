#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/fuzz/long.sh - build the fuzz targets for libFuzzer (clang, AddressSanitizer, UBSan) and run each for a while. See --help.
set -u
set -o pipefail
me=tests/fuzz/long.sh
src=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
# shellcheck source=tests/support/common.sh
. "$src/tests/support/common.sh"
{ : >&3; } 2>/dev/null || exec 3>&1

usage() {
	cat <<-'HELP'
	usage: tests/fuzz/long.sh [option ...]

	Runs each fuzz target from its kept corpus (tests/fuzz/corpus) for NGU_FUZZ_SECONDS seconds, 60 by default, and prints how many
	inputs it ran, how many edges of the library they covered, and what broke. An input that breaks something is kept; its
	path and the command that runs it again are printed. tests/run --long does this after its tests.

	  --filter=REGEX   only targets whose name (fuzz/NAME) matches
	  --merge          afterwards make the kept corpora anew, from themselves and what was found, as small as they get
	  --build          only build
	  --help

	Builds go to build/fuzz in the checkout, or to $NGU_BUILD_DIR/fuzz; what was found stays there for the next time.
	Exit status: 0 if nothing broke.
	HELP
}

filter=. merge='' only_build=''
for arg; do
	case $arg in
	--filter=?*) filter=${arg#*=} ;;
	--merge) merge=1 ;;
	--build) only_build=1 ;;
	--help | -h)
		usage
		exit 0
		;;
	*)
		printf '%s: %s: no such option; see %s --help\n' "$me" "$arg" "$me" >&2
		exit 2
		;;
	esac
done

seconds=${NGU_FUZZ_SECONDS:-60}
results=${NGU_RESULTS:-/dev/null} # tests/run's list of results
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
failed=0

# result WHAT TARGET REASON
result() {
	printf 'RESULT %s\tfuzz\tfuzz/%s\t-\tlibFuzzer, %s s\t%s\n' "$1" "$2" "$seconds" "$3" >>"$results"
	[ "$1" != fail ] || failed=$((failed + 1))
}

targets=()
while IFS= read -r name; do
	printf 'fuzz/%s\n' "$name" | grep -qE -- "$filter" && targets+=("$name")
done < <(sed -n "s/.*'fuzz_\([a-z]*\)': \['.*/\1/p" "$src/tests/fuzz/meson.build")
[ ${#targets[@]} -gt 0 ] || exit 0

require cc clang meson ninja pkg-config liburcu
build_root
cc=${NGU_FUZZ_CC:-clang}
dir=$root/fuzz
tmp=$(mktemp -d) || die 'cannot make a temporary directory'
pids=()
cleanup() {
	local p
	for p in ${pids[@]+"${pids[@]}"} $work_pid; do kill "$p" 2>/dev/null; done
	rm -rf -- "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n > 1u << 30; }\n' >"$tmp/a.c"
if ! "$cc" -fsanitize=fuzzer,address,undefined "$tmp/a.c" -o "$tmp/a" >"$tmp/log" 2>&1; then
	say "fuzz: $cc cannot link with -fsanitize=fuzzer (Debian: libclang-rt-dev of its version)"
	for name in "${targets[@]}"; do result skip "$name" "$cc has no libFuzzer"; done
	exit 0
fi

# ---- the library, then each target
flags=(-g -O1 -std=gnu11 -fno-strict-aliasing '-fsanitize=fuzzer,address,undefined' -fno-sanitize-recover=undefined
	-DNGU_DEBUG -DNGU_RCL_URCU_MEMB "-DNGU_SRCDIR=\"$src\"")
if ! CC=$cc build fuzz -Dtests=false -Dbench=false -Dman=false -Dall_backends=disabled -Dng_debug=true -Db_lundef=false \
	-Db_sanitize=address,undefined '-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined' -Doptimization=1 -Ddebug=true; then
	for name in "${targets[@]}"; do result fail "$name" 'does not build'; done
	exit 1
fi
# make_target NAME: $dir/fuzz-NAME
make_target() {
	local o=$dir/fuzz-objects f world libs
	mkdir -p -- "$o" || return 1
	for f in support model model_list; do
		"$cc" "${flags[@]}" -I"$src/include" -I"$src/tests" -c "$src/tests/fuzz/$f.c" -o "$o/$1-$f.o" || return 1
	done
	world=()
	grep -q "'fuzz_$1': \['core'" "$src/tests/fuzz/meson.build" && world=(-D_KERNEL -I"$src/include/kern")
	"$cc" "${flags[@]}" ${world[@]+"${world[@]}"} -I"$src/lib" -I"$src/include" -I"$src/tests" -c "$src/tests/fuzz/fuzz_$1.c" \
		-o "$o/$1.o" || return 1
	read -r -a libs < <(sed -n 's/^Libs.private: //p' "$dir/lib/libng.pc")
	"$cc" "${flags[@]}" "$o/$1.o" "$o/$1-support.o" "$o/$1-model.o" "$o/$1-model_list.o" -Wl,--whole-archive "$dir/lib/libng.a" -Wl,--no-whole-archive \
		"$dir/lib/libng-test.a" "${libs[@]}" -o "$dir/fuzz-$1"
}
built=()
for name in "${targets[@]}"; do
	if [ "$name" = pcap ] && ! pkg-config --exists libpcap; then
		result skip pcap 'built without libpcap'
	elif slowly "build fuzz/$name" make_target "$name"; then
		built+=("$name")
	else
		result fail "$name" 'does not build'
	fi
done
[ -z "$only_build" ] || exit $((failed != 0))

# ---- runs
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# run_target NAME: output to $tmp/NAME.log, exit status to $tmp/NAME.rc
run_target() {
	local corpus=$dir/fuzz-corpus/$1 kept=$src/tests/fuzz/corpus/$1 dict=() rc=0
	mkdir -p -- "$corpus" "$dir/fuzz-broken" || return
	[ ! -f "$src/tests/fuzz/fuzz_$1.dict" ] || dict=("-dict=$src/tests/fuzz/fuzz_$1.dict")
	"$dir/fuzz-$1" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096 -max_len=1500 -print_final_stats=1 \
		-artifact_prefix="$dir/fuzz-broken/$1-" ${dict[@]+"${dict[@]}"} "$corpus" "$kept" >"$tmp/$1.log" 2>&1 || rc=$?
	printf '%d\n' $rc >"$tmp/$1.rc"
}
report() {
	local rc runs edges features kept input
	rc=$(cat "$tmp/$1.rc" 2>/dev/null || echo 1)
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/$1.log" | tail -n 1)
	read -r edges features < <(sed -n 's/^#[0-9].* cov: \([0-9]*\) ft: \([0-9]*\).*/\1 \2/p' "$tmp/$1.log" | tail -n 1)
	kept=$(find "$src/tests/fuzz/corpus/$1" -type f 2>/dev/null | wc -l)
	input=$(sed -n 's/.*Test unit written to //p' "$tmp/$1.log" | tail -n 1)
	say "  [fuzz] $1: ${runs:-0} inputs in $seconds s from $((kept)) kept ones, ${edges:-0} edges, ${features:-0} features, $([ "$rc" = 0 ] && echo nothing broke || echo BROKEN)"
	if [ "$rc" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
		result pass "$1" ''
		return
	fi
	result fail "$1" "exit $rc"
	{
		printf '| FAILED [fuzz] fuzz/%s\n' "$1"
		grep -av -e '^#[0-9]' -e '# Uses' -e NEW_FUNC "$tmp/$1.log" | sed -n '1,80s/^/|     /p'
		[ -z "$input" ] || printf '|   the input: %s\n|   again: %s\n' "$input" "$(quoted "$dir/fuzz-$1" "$input")"
	} >"$tmp/text"
	if [ "$results" = /dev/null ]; then cut -c 3- "$tmp/text" >&3; else cat "$tmp/text" >>"$results"; fi
}
say "fuzz: ${built[*]-nothing}, $seconds s each"
waiting=()
for name in ${built[@]+"${built[@]}"}; do
	if [ ${#pids[@]} -ge "$jobs" ]; then
		wait "${pids[0]}"
		report "${waiting[0]}"
		pids=("${pids[@]:1}") waiting=("${waiting[@]:1}")
	fi
	run_target "$name" &
	pids+=($!)
	waiting+=("$name")
done
for name in ${waiting[@]+"${waiting[@]}"}; do
	wait "${pids[0]}"
	report "$name"
	pids=("${pids[@]:1}")
done

# ---- corpora: a small set of inputs that reaches every edge that all of them reach, called by their contents. What once broke
# something stands in found/ and stays.
if [ -n "$merge" ]; then
	for name in ${built[@]+"${built[@]}"}; do
		kept=$src/tests/fuzz/corpus/$name
		mkdir -p -- "$tmp/$name" "$tmp/$name.all" "$kept" "$dir/fuzz-corpus/$name"
		# The second one finds fewer inputs, but takes long where there are many.
		"$dir/fuzz-$name" -merge=1 -max_len=1500 -use_counters=0 "$tmp/$name.all" "$kept" "$dir/fuzz-corpus/$name" >"$tmp/$name.log" 2>&1 &&
			"$dir/fuzz-$name" -set_cover_merge=1 -max_len=1500 -use_counters=0 "$tmp/$name" "$tmp/$name.all" >"$tmp/$name.log" 2>&1 ||
			die "merge of $name failed: $(tail -n 1 "$tmp/$name.log")"
		find "$kept" -maxdepth 1 -type f -exec rm -f {} +
		cp -- "$tmp/$name"/* "$kept" || die "cannot write to $kept"
		say "  [fuzz] $name: $(find "$kept" -type f | wc -l) inputs kept, $(cat "$kept"/* 2>/dev/null | wc -c) bytes"
	done
fi
exit $((failed != 0))
