# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# common.sh - what tests/run and bench/run share: find what is missing and install it, configure, build. Sourced by bash.
#
# The caller sets `src` (the checkout) and `me` (its own name). Talk goes to descriptor 3, which the caller opens.

say() { printf '%s\n' "$*" >&3; }
die() {
	printf '%s: %s\n' "${me:?}" "$*" >&2
	exit 1
}
# Quote for a shell, for commands that people may copy.
quoted() {
	local s
	printf -v s '%q ' "$@"
	printf '%s' "${s% }"
}

# ---- what is needed, how it is found, and what each system calls it ("-": comes with the system)
needs_table() {
	cat <<-'TABLE'
	# what      found by             apt-get         dnf                       pkg             pkgin
	cc          cmd:cc|gcc|clang     gcc,libc6-dev   gcc                       llvm            gcc12
	clang       cmd:clang            clang           clang,compiler-rt         llvm            clang
	c++         cmd:c++|g++|clang++  g++             gcc-c++                   llvm            gcc12
	sanitizers  probe:sanitizers     -               libasan,libubsan,libtsan  llvm            -
	meson       cmd:meson            meson           meson                     meson           meson
	ninja       cmd:ninja|ninja-build|samu ninja-build ninja-build             ninja           ninja-build
	pkg-config  cmd:pkg-config       pkg-config      pkgconf-pkg-config        pkgconf         pkgconf
	liburcu     pc:liburcu-memb      liburcu-dev     userspace-rcu-devel       liburcu         userspace-rcu
	ck          pc:ck                libck-dev       ck-devel                  concurrencykit  concurrencykit
	cmocka      pc:cmocka            libcmocka-dev   libcmocka-devel           cmocka          cmocka
	arm64-cc    cmd:aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu - -             -
	qemu-user   cmd:qemu-aarch64    qemu-user       -                         -               -
	libpcap     pc:libpcap           libpcap-dev     libpcap-devel             libpcap         libpcap
	nettle      pc:nettle            nettle-dev      nettle-devel              nettle          nettle
	zlib        pc:zlib              zlib1g-dev      zlib-devel                -               -
	libedit     pc:libedit           libedit-dev     libedit-devel             -               libedit
	gcov        probe:gcov           gcc             gcc                       -               -
	gcovr       cmd:gcovr            gcovr           gcovr                     -               -
	relacy      probe:relacy         relacy-dev      -                         -               -
	spin        cmd:spin             spin            -                         -               -
	valgrind    cmd:valgrind         valgrind        valgrind                  -               -
	zsh         cmd:zsh              zsh             zsh                       zsh             zsh
	fish        cmd:fish             fish            fish                      fish            fish
	mandoc      cmd:mandoc           mandoc          mandoc                    -               mandoc
	TABLE
}

probe_sanitizers() {
	local t rc=0
	t=$(mktemp -d) || return 1
	printf 'int main(void) { return 0; }\n' >"$t/a.c"
	${CC:-cc} -fsanitize=address,undefined "$t/a.c" -o "$t/a" 2>/dev/null &&
		${CC:-cc} -fsanitize=thread "$t/a.c" -o "$t/t" 2>/dev/null || rc=1
	rm -rf -- "$t"
	return $rc
}

probe_relacy() { printf '#include <relacy/relacy.hpp>\n' | ${CXX:-c++} -std=gnu++11 -w -E -x c++ - >/dev/null 2>&1; }

# clang's counts are read by another gcov than gcc's.
probe_gcov() {
	local t rc=0
	t=$(mktemp -d) || return 1
	printf '#ifdef __clang__\n#error\n#endif\nint main(void) { return 0; }\n' >"$t/a.c"
	(cd -- "$t" && ${CC:-cc} --coverage a.c -o a 2>/dev/null && ./a && gcov ./*.gcda >/dev/null 2>&1 && [ -s a.c.gcov ]) || rc=1
	rm -rf -- "$t"
	return $rc
}

# by_hand TEXT: dies with a line for each missing thing: what it is, where it comes from, how it was looked for.
by_hand() {
	local thing how rest
	printf '%s: %s\n' "$me" "$1" >&2
	for thing in "${missing_things[@]}"; do
		read -r _ how rest < <(needs_table | grep "^$thing ")
		case $how in
		cmd:*) how=${how#cmd:} how="looked for in PATH: ${how//|/, }" ;;
		pc:*) how="pkg-config must find ${how#pc:}: pkg-config --exists ${how#pc:}; PKG_CONFIG_PATH is ${PKG_CONFIG_PATH:-not set}" ;;
		probe:relacy) how="${CXX:-c++} must find <relacy/relacy.hpp>" ;;
		probe:gcov) how="${CC:-cc} must be gcc, and gcov of the same version: CC=gcc tests/run --coverage" ;;
		probe:sanitizers) how="${CC:-cc} must link with -fsanitize=address,undefined and with -fsanitize=thread" ;;
		esac
		case $thing in
		cc) rest='gcc or clang' ;;
		c++) rest='g++ or clang++' ;;
		sanitizers) rest="the compiler's libasan, libubsan, libtsan" ;;
		meson) rest='https://mesonbuild.com' ;;
		ninja) rest='https://ninja-build.org' ;;
		pkg-config) rest='pkg-config or pkgconf' ;;
		liburcu) rest='liburcu (userspace-rcu), https://liburcu.org' ;;
		ck) rest='Concurrency Kit (libck), https://github.com/concurrencykit/ck' ;;
		cmocka) rest='https://cmocka.org' ;;
		libpcap) rest='https://www.tcpdump.org' ;;
		nettle) rest='https://www.lysator.liu.se/~nisse/nettle' ;;
		zlib) rest='https://zlib.net' ;;
		libedit) rest='https://thrysoee.dk/editline' ;;
		gcov) rest="gcc's gcov" ;;
		gcovr) rest='https://gcovr.com' ;;
		relacy) rest='Relacy Race Detector, https://github.com/dvyukov/relacy' ;;
		spin) rest='https://spinroot.com' ;;
		zsh) rest='https://www.zsh.org' ;;
		fish) rest='https://fishshell.com' ;;
		arm64-cc) rest='gcc for arm64 (aarch64-linux-gnu-gcc)' ;;
		qemu-user) rest='https://www.qemu.org, its user emulation' ;;
		*) rest=$thing ;;
		esac
		printf '    %s: %s (%s)\n' "$thing" "$rest" "$how" >&2
	done
	exit 1
}

# found HOW: is it there?
found() {
	local how=${1%%:*} what=${1#*:} w
	case $how in
	cmd)
		local IFS='|'
		for w in $what; do
			command -v "$w" >/dev/null 2>&1 && return 0
		done
		return 1
		;;
	pc) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$what" ;;
	probe) "probe_$what" ;;
	esac
}

# Sets missing_things and missing_packages for the things named, under package manager $manager.
look_for() {
	local what how apt dnf pkg pkgin pick names
	missing_things=() missing_packages=()
	while read -r what how apt dnf pkg pkgin; do
		case " $* " in *" $what "*) ;; *) continue ;; esac
		found "$how" && continue
		missing_things+=("$what")
		case $manager in
		apt-get) pick=$apt ;; dnf) pick=$dnf ;; pkg) pick=$pkg ;; pkgin) pick=$pkgin ;; *) pick=- ;;
		esac
		[ "$pick" != - ] || continue
		IFS=, read -r -a names <<<"$pick"
		missing_packages+=("${names[@]}")
	done < <(needs_table | grep -v '^#')
}

find_manager() {
	local m
	manager=
	for m in apt-get dnf pkgin pkg; do
		if command -v "$m" >/dev/null 2>&1; then
			manager=$m
			break
		fi
	done
}

# wish THING...: install what is missing, one by one; what cannot be had is named, and the tests that need it are skipped.
wish() {
	local thing
	find_manager
	for thing; do
		look_for "$thing"
		[ ${#missing_things[@]} -gt 0 ] || continue
		[ ${#missing_packages[@]} -gt 0 ] && (require "$thing") && continue
		say "no $thing here, and no package of ${manager:-a package manager} that brings it: the tests that need it are skipped"
	done
}

# require THING...: install what is missing, or say how and exit 1.
require() {
	local as_root=() cmd update=()
	find_manager
	look_for "$@"
	[ ${#missing_things[@]} -eq 0 ] && return 0
	say "missing: ${missing_things[*]}"
	[ -n "$manager" ] || by_hand 'no apt-get, dnf, pkg or pkgin here; install these by hand:'
	[ ${#missing_packages[@]} -gt 0 ] || by_hand "no package of $manager is known to bring these; install them by hand:"
	case $manager in
	apt-get)
		cmd=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing_packages[@]}")
		update=(apt-get update)
		;;
	dnf) cmd=(dnf install -y "${missing_packages[@]}") ;;
	pkg) cmd=(env ASSUME_ALWAYS_YES=yes pkg install -y "${missing_packages[@]}") ;;
	pkgin) cmd=(pkgin -y install "${missing_packages[@]}") ;;
	esac
	if [ "$(id -u)" -ne 0 ]; then
		if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
			as_root=(sudo -n)
		else
			printf '%s: not root, and no sudo without a password. ' "$me" >&2
			if command -v sudo >/dev/null 2>&1; then
				as_root=(sudo)
				printf 'Run this, then again %s:\n' "$me" >&2
			else
				printf 'Run this as root, then again %s:\n' "$me" >&2
			fi
			[ ${#update[@]} -eq 0 ] || printf '    %s && \\\n' "${as_root[*]:+${as_root[*]} }${update[*]}" >&2
			printf '    %s\n' "${as_root[*]:+${as_root[*]} }${cmd[*]}" >&2
			exit 1
		fi
	fi
	# Package lists: fetch them only when the packages cannot be found, or turned out to be gone from the server.
	if [ ${#update[@]} -gt 0 ] && ! apt-get install --simulate "${missing_packages[@]}" >/dev/null 2>&1; then
		say "about to run: ${as_root[*]:+${as_root[*]} }${update[*]}"
		slowly 'package lists' "${as_root[@]}" "${update[@]}" || die 'apt-get update failed'
		update=()
	fi
	say "about to run: ${as_root[*]:+${as_root[*]} }${cmd[*]}"
	if ! slowly "install ${missing_packages[*]}" "${as_root[@]}" "${cmd[@]}"; then
		[ ${#update[@]} -gt 0 ] || die 'that failed'
		say "that failed; about to run: ${as_root[*]:+${as_root[*]} }${update[*]}, then the same again"
		slowly 'package lists' "${as_root[@]}" "${update[@]}" || die 'apt-get update failed'
		slowly "install ${missing_packages[*]}" "${as_root[@]}" "${cmd[@]}" || die 'that failed'
	fi
	look_for "$@"
	[ ${#missing_things[@]} -eq 0 ] || by_hand 'still missing after the installation:'
}

# ---- long work: say what runs, how far it is every few seconds, and how long it took; the output goes to $work_log.
work_log=
work_pid=
slowly() {
	local label=$1 t0=$SECONDS next=5 rc=0 last
	shift
	work_log=$(mktemp) || die 'cannot make a temporary file'
	say "$label ..."
	"$@" >"$work_log" 2>&1 </dev/null &
	work_pid=$!
	while kill -0 "$work_pid" 2>/dev/null; do
		if [ $((SECONDS - t0)) -ge $next ]; then
			last=$(tail -n 1 "$work_log" | cut -c 1-90)
			say "  $label: $((SECONDS - t0)) s  $last"
			next=$((next + 5))
		fi
		sleep 0.1
	done
	wait "$work_pid" || rc=$?
	work_pid=
	if [ $rc -ne 0 ]; then
		say "$label: failed (exit $rc), end of its output:"
		tail -n 60 "$work_log" >&3
	elif [ $((SECONDS - t0)) -ge 2 ]; then
		say "  $label: done in $((SECONDS - t0)) s"
	fi
	rm -f -- "$work_log"
	return $rc
}

# ---- where builds go
build_root() {
	root=${NGU_BUILD_DIR:-$src/build}
	mkdir -p -- "$root" 2>/dev/null
	[ -w "$root" ] || die "cannot write to $root; set NGU_BUILD_DIR to a directory of your own"
	root=$(cd -- "$root" && pwd -P) || die "cannot enter $root"
}

# build NAME OPTION...: configure (again only if the options changed) and build $root/NAME. CC is taken from the environment.
build() {
	local name=$1 dir want
	shift
	dir=$root/$name
	want=$(printf '%s\n' "$src" "${CC:-}" "${CFLAGS:-}" "$@")
	if [ ! -f "$dir/build.ninja" ] || [ "$want" != "$(cat "$dir/ngu-options" 2>/dev/null)" ]; then
		rm -rf -- "$dir"
		slowly "configure $name" meson setup "$dir" "$src" "$@" || return 1
		printf '%s\n' "$want" >"$dir/ngu-options" || return 1
	fi
	slowly "build $name" meson compile -C "$dir" || return 1
}
