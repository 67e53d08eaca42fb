#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# lab.sh [SRC [BUILD]] - the race lab leaves no trace in the normal library: no symbol of it, and the code of lib/core and
# lib/reclaim is byte for byte what it would be without the words the sources have for the lab.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1

symbols() {
	nm "$bld/lib/libng.so" | awk '{ print $NF }' | grep -E '^(ngu__lab|ngu_lab|lab_|__tsan|Annotate)'
}
nothing 'libng.so knows nothing of the lab' symbols

# The same sources, with every word for the lab taken out by hand.
without() {
	cp -R lib include "$tmp/" || return 1
	local f n=0
	while IFS= read -r f; do
		n=$((n + $(grep -cE 'NGU_(INSIDE|KEPT|SPINS|TLS|TLS_INITIAL)\b' "$tmp/$f")))
		sed -E -i.orig -e 's/^([[:space:]]*)NGU_(INSIDE|KEPT)\(.*\);$/\1;/' -e 's/NGU_SPINS\(([^()]*)\)/(\1)/' \
			-e 's/NGU_TLS_INITIAL/__attribute__((__tls_model__("initial-exec")))/' -e 's/NGU_TLS/_Thread_local/' "$tmp/$f"
	done < <(cd "$tmp" && find lib/core lib/reclaim lib/kern lib/port -name '*.[ch]' ! -name port.h)
	echo "$n words"
	[ "$n" -gt 10 ]
}
check 'the words for the lab can be taken out' without

code() { # ROOT FILE [FLAG]
	"$cc" -std=gnu11 -O2 -D_KERNEL -DNGU_RCL_URCU_MEMB -fno-strict-aliasing -fPIC -I"$1/include/kern" -I"$1/lib" -I"$1/include" ${3+"$3"} \
		-c "$1/$2" -o "$tmp/o.o" && objcopy -O binary --only-section='.text*' "$tmp/o.o" "$tmp/o.bin" && cksum <"$tmp/o.bin"
}
same() { # FILE
	local a b
	a=$(code . "$1") && b=$(code "$tmp" "$1") && [ -s "$tmp/o.bin" ] && [ "$a" = "$b" ]
}
if command -v objcopy >/dev/null 2>&1; then
	for f in lib/core/deliver.c lib/core/turn.c lib/core/apply.c lib/core/queue.c lib/core/serve.c lib/reclaim/thread.c; do
		check "$f: the same code" same "$f"
	done
	# The comparison can tell: a lab build's code differs.
	differs() {
		local a b
		a=$(code . lib/core/deliver.c -DNGU_LAB) && b=$(code "$tmp" lib/core/deliver.c) && [ "$a" != "$b" ]
	}
	check "the comparison can tell" differs
else
	skip 'the same code' 'there is no objcopy'
fi
done_testing
