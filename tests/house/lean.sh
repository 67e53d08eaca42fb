#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# lean.sh [SRC [BUILD]] - the library with the least it can have: no libpcap, no libedit, no liburcu, no CK. It builds, and what it has not it says.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
unset NETGRAPH

build() {
	meson setup "$tmp/b" "$src" -Dwerror=true -Dpcap=disabled -Dedit=disabled -Dreclaim=rwlock -Dtests=false -Dbench=false -Dlab=disabled -Dman=false \
		-Doptimization=0 -Ddebug=false && ninja -C "$tmp/b" -j 2 lib/tools/ngctl/ngctl lib/tools/ngt/ngt
}
check 'it builds' build
[ $bad -eq 0 ] || done_testing
ngctl=$tmp/b/lib/tools/ngctl/ngctl
types() { "$@" types | awk 'NR > 3 { print $1 }' | LC_ALL=C sort; }
fewer() { diff <(types "$bld/lib/tools/ngctl/ngctl" | grep -vxE 'bpf|pcap') <(types "$ngctl"); }
nothing 'types bpf and pcap are not there, and all others are' fewer
says() { # TEXT COMMAND...
	local text=$1
	shift
	"$@" >"$tmp/says" 2>&1 </dev/null
	grep -qF -- "$text" "$tmp/says" || { echo "it does not say: $text" && cat "$tmp/says"; }
}
nothing 'ngctl capture says why not' says 'ngctl: capture: this ngctl was built without libpcap, which writes such files' \
	"$ngctl" capture h: in "$tmp/file"
check 'and makes no file' [ ! -e "$tmp/file" ]
nothing 'ngctl mkpeer says that there is no such type' says 'there is no node type "pcap"' "$ngctl" mkpeer pcap a b
linked() { ldd "$ngctl" "$tmp"/b/lib/libng.so "$tmp"/b/lib/libng-client.so | grep -E 'pcap|edit|urcu|libck'; }
nothing 'nothing needs the libraries' linked
check 'a script of node types runs' "$tmp/b/lib/tools/ngt/ngt" "$src/tests/script/bridge.ngt"
done_testing
