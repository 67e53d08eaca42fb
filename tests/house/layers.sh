#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# layers.sh [SRC [BUILD]] - who may include, call and know what. tools -> client -> serve -> msg -> core -> kern -> reclaim -> port.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

# includes DIR...: file:line:name for <name>, file:line:"name for "name"
includes() {
	local d
	for d; do
		[ ! -d "$d" ] || grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' "$d"
	done | sed -nE 's/^([^:]+:[0-9]+:)[[:space:]]*#[[:space:]]*include[[:space:]]*(<|")([^>"]+).*/\1\2\3/p' | sed 's/:</:/'
}

# "..." in each layer names its own or a lower one.
lower=
for layer in port reclaim kern core msg serve client tools; do
	lower=$lower${lower:+|}$layer
	[ -d lib/$layer ] || continue
	up() {
		includes "lib/$layer" | grep ':"' | while IFS=: read -r f n name; do
			name=${name#\"}
			case $name in
			*/*) printf '%s\n' "$name" | grep -qE "^($lower)/" || echo "$f:$n: \"$name\" is above lib/$layer" ;;
			*) [ -e "$(dirname -- "$f")/$name" ] || echo "$f:$n: \"$name\" is not beside it" ;;
			esac
		done
	}
	nothing "$layer looks down" up
done

# Programs of the project are programs as any other: they get to the library by its public headers. (ngt runs commands of ngctl.)
tools() { includes lib/tools | grep -v ':"tools/' | grep -E ':"[^"]*/|:(kern|sys/param\.h|netgraph/netgraph\.h|netgraph/ng_parse\.h)'; }
nothing 'tools include public headers only' tools

# The race lab stands beside port and reclaim: what is above them does not know it.
lab() {
	includes lib/lab | grep ':"' | grep -vE ':"(lab|port|reclaim)/'
	includes lib/port lib/reclaim lib/kern lib/core lib/msg lib/nodes lib/io | grep -E ':"lab/|:ng/lab\.h'
}
nothing 'the lab is beside port and reclaim' lab

# <...> that is neither a public header nor a compiler's own
foreign() {
	includes "$@" | grep -v ':"' | while IFS=: read -r f n name; do
		case $name in
		stdatomic.h | stdint.h | stddef.h | stdbool.h | stdarg.h) continue ;;
		esac
		[ -e "include/$name" ] || [ -e "include/kern/$name" ] || echo "$f:$n: <$name>"
	done
}
nothing 'core includes no system header' foreign lib/core lib/msg
public_only() {
	# Sources listed in io_host_src see the host's headers; the list in lib/io/meson.build is the exemption.
	local host
	host=$(sed -n '/io_host_src/,/^)/p' lib/io/meson.build | sed -n "s/.*'\(.*\)'.*/\1/p" | paste -s -d '|' -)
	includes lib/nodes lib/io | grep ':"' | while IFS=: read -r f n name; do
		name=${name#\"}
		[ -e "$(dirname -- "$f")/$name" ] || echo "$f:$n: \"$name\""
	done
	foreign lib/nodes lib/io | grep -vE "^lib/io/(${host:-none}):"
}
nothing 'nodes and io include public headers only' public_only
public_clean() { includes include | grep -E ':"'; }
nothing 'public headers include public headers only' public_clean

os_ifdefs() {
	grep -rnE --include='*.[ch]' \
		'^[[:space:]]*#.*(__linux__|__linux|__gnu_linux__|__FreeBSD__|__NetBSD__|__OpenBSD__|__DragonFly__|__APPLE__|_WIN32)' \
		lib include | grep -v '^lib/port/'
}
nothing 'OS branches only in lib/port' os_ifdefs
rcl_headers() {
	includes lib include tests bench | grep -E ':"?(urcu|urcu-[a-z]*\.h|ck_[a-z_]*\.h|ck/|urcu\.h)' | grep -v '^lib/reclaim/'
}
nothing 'urcu and ck only in lib/reclaim' rcl_headers

# What a thread keeps is in its record, for the lab runs several threads in one. `ticks` says why it is not.
thread_locals() {
	grep -rnE --include='*.[ch]' '_Thread_local|(^|[^_[:alnum:]])__thread\b|NGU_TLS\b' lib/kern lib/core lib/msg lib/nodes lib/io |
		grep -v '^lib/kern/libkern.c:[0-9]*:_Thread_local _Atomic int ngu_k_ticks_now\[3\];$'
}
nothing 'what a thread keeps is in its record' thread_locals

# A node type that names a limit of C's integers has the header.
limits() {
	local f
	for f in lib/nodes/*.c lib/io/*.c; do
		grep -qE '\b(U?(CHAR|SHRT|INT|LONG|LLONG)|S?SIZE|SCHAR)_(MAX|MIN)\b' "$f" || continue
		grep -qE '^#include <(sys/)?limits\.h>' "$f" || echo "$f"
	done
}
nothing 'limits come from <sys/limits.h>' limits

# What the objects of core ask the linker for, which no macro can hide.
libc_calls() {
	local a
	for a in "$bld"/lib/libngp-core-*.a; do
		[ -e "$a" ] || continue
		nm -u "$a" 2>/dev/null | awk '/ U / { print $NF }' | LC_ALL=C sort -u | grep -xE \
			'(__)?(malloc|calloc|realloc|reallocarray|free|posix_memalign|aligned_alloc|strdup|strndup|pthread_.*|thrd_.*|mtx_.*|v?f?printf|v?s?n?printf|v?snprintf|fopen|fwrite|fputs|puts|putchar|exit|abort|open|read|write|close|mmap|syscall|usleep|nanosleep|clock_gettime|stdout|stderr)(_chk)?' |
			sed "s,^,$(basename -- "$a"): ,"
	done
}
nothing 'core calls no libc malloc, stdio, pthread' libc_calls
done_testing
