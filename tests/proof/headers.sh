#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# headers.sh [SRC [BUILD]] - what is proved is what runs: the programs here and the library compile the same files, by path, and
# those look the same to both (no branches in them but the include guard).
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/../house/tap.sh"
cd -- "$src" || exit 1

# Which file a quoted include of DRIVER ends at, as a C preprocessor searches: beside the includer, then lib/.
proved=$(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([a-z]+\/[^"]+)".*/\1/p' tests/proof/*.cc tests/proof/*.h | LC_ALL=C sort -u)
want='core/gate.h
core/itemq.h
reclaim/method.h
reclaim/retireq.h
reclaim/section.h'
check 'the five protocol headers are what the programs include' test "$proved" = "$want"

copies() { find tests/proof \( -name gate.h -o -name itemq.h -o -name method.h -o -name retireq.h -o -name section.h -o -name port.h \); }
nothing 'no copy of them beside the programs' copies

# The same file as the library's objects were made from, and of the same content as the checkout's.
from() { # COMPILER FILE FLAG...: files of lib/ that it includes, with checksums
	local c=$1 f=$2
	shift 2
	$c -MM -MG "$@" "$f" | tr ' \\' '\n\n' | grep -E '/(gate|itemq|method|retireq|section)\.h$' | while read -r h; do
		printf '%s %s\n' "$(cksum <"$h")" "$(cd -- "$(dirname -- "$h")" && pwd -P)/${h##*/}"
	done
}
differ() {
	local f
	for f in tests/proof/*.cc; do from "${CXX:-c++}" "$f" -std=gnu++11 -w -Ilib; done 2>/dev/null | LC_ALL=C sort -u >"$tmp/proof"
	for f in lib/core/queue.c lib/core/serve.c lib/core/turn.c lib/reclaim/defer.c; do
		from "$cc" "$f" -std=gnu11 -D_KERNEL -DNGU_RCL_RWLOCK -Iinclude/kern -Ilib -Iinclude
	done | LC_ALL=C sort -u >"$tmp/lib"
	[ "$(wc -l <"$tmp/lib")" -eq 5 ] || echo "the library's sources do not include all five"
	diff "$tmp/proof" "$tmp/lib"
}
nothing 'byte for byte the files of the library' differ

branches() {
	local h
	for h in $want; do
		grep -nE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif|else)' "lib/$h" /dev/null | grep -vE '#ifndef NGU_[A-Z]+_H$'
		grep -nE 'atomic_|memory_order|__atomic|__sync|volatile' "lib/$h" /dev/null
	done
}
nothing 'no branches in them, and shared words through the NGU_* operations only' branches
done_testing
