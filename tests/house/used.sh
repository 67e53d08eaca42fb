#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# used.sh [SRC [BUILD]] - each function of the kernel shim that libng.so exports is called by a test, or by a node type of the tests.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"

nm -D --defined-only -- "$bld/lib/libng.so" 2>/dev/null | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | grep '^ngu_k_' | LC_ALL=C sort -u >"$tmp/there"
find "$bld/tests" -name '*.o' -exec nm -u -- {} + 2>/dev/null | awk '$1 == "U" { print $2 }' | LC_ALL=C sort -u >"$tmp/used"
unused() {
	[ "$(wc -l <"$tmp/there")" -gt 200 ] || echo "no functions found in $bld/lib/libng.so"
	LC_ALL=C comm -23 "$tmp/there" "$tmp/used"
}
# What node types need is not there for them.
libraries() { ! pkg-config --exists libpcap nettle zlib; }
if libraries; then
	skip 'all functions of the kernel shim are used' 'not all of libpcap, nettle and zlib are installed'
else
	nothing 'all functions of the kernel shim are used' unused
fi
done_testing
