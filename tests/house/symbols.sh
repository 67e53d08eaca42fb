#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# symbols.sh [SRC [BUILD]] - SONAME and exported symbols of libng.so against the kept list, lib/libng.sym.
# symbols.sh --update [BUILD] - write that list anew from what is built.
here=$(cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
update=
if [ "${1:-}" = --update ]; then
	update=1
	set -- "${here%/tests/house}" "${@:2}"
fi
# shellcheck source=tests/house/tap.sh
. "$here/tap.sh"

so=$bld/lib/libng.so
kept=$src/lib/libng.sym
exported() { nm -D --defined-only -- "$so" | awk '{ print $NF }' | sed 's/@.*//' | LC_ALL=C sort -u; }

if [ ! -e "$so" ]; then
	[ -z "$update" ] || { echo "no $so: build first, or name the build directory: symbols.sh --update BUILD" >&2; exit 1; }
	fail soname "no $so"
	done_testing
fi
if [ -n "$update" ]; then
	exported >"$kept" || exit 1
	echo "wrote $kept: $(wc -l <"$kept" | tr -d ' ') symbols"
	exit 0
fi

soname=$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\].*/\1/p')
if [ "$soname" = libng.so.0 ]; then pass soname; else fail soname "SONAME is \"$soname\", not libng.so.0"; fi

exported >"$tmp/now"
if [ ! -f "$kept" ]; then
	fail symbols "no lib/libng.sym; write it with: tests/house/symbols.sh --update"
elif diff -u --label 'kept (lib/libng.sym)' --label 'exported by libng.so' "$kept" "$tmp/now" >"$tmp/diff"; then
	pass symbols
else
	echo 'The exported symbols changed. If that is meant: tests/house/symbols.sh --update' >>"$tmp/diff"
	fail symbols <"$tmp/diff"
fi
# A name that another library or program may have for itself does not belong in the list.
nothing prefixes grep -vE '^(ngu_|ng_)' "$tmp/now"
nothing internals grep -E '^ngu__' "$tmp/now"
done_testing
