#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tutorial.sh [SRC [BUILD]] - docs/tutorial.md is true: each listing ```sh runs, all in one shell, and prints what the ```text behind it says.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
tools=$bld/lib/tools
for t in ngd ngctl nghook ngt; do
	PATH=$tools/$t:$PATH
done
export PATH
unset NETGRAPH

# One script of all listings; each prints into a file of its own, N.out, and what it should is N.want.
awk -v dir="$tmp" '
	/^```sh$/ { n++; in_sh = 1; print "# listing " n "\nexec > " dir "/" n ".out 2>&1"; printf "" > (dir "/" n ".want"); next }
	/^```text$/ { in_text = 1; next }
	/^```/ { in_sh = in_text = 0; next }
	in_sh { print }
	in_text { print > (dir "/" n ".want") }
	END { print "# end"; print n > (dir "/count") }
' "$src/docs/tutorial.md" >"$tmp/all.sh"
count=$(cat "$tmp/count")
mkdir "$tmp/work"
# The daemon says that it listens when it does; jobs say how they end; neither is a matter of the listing in which that happens.
(cd "$tmp/work" && timeout -k 5 60 bash -m "$tmp/all.sh") >"$tmp/shell" 2>&1
status=$?
if [ "$status" -eq 0 ]; then pass 'the listings run to the end'; else fail 'the listings run to the end' "status $status: $(tail -n 3 "$tmp"/*.out "$tmp/shell" 2>&1)"; fi
if [ "$count" -ge 8 ]; then pass 'there are listings'; else fail 'there are listings' "only $count"; fi
for ((n = 1; n <= count; n++)); do
	sort_if_first() { if [ "$n" -eq 1 ]; then LC_ALL=C sort; else cat; fi; } # who of the two is first is nobody's business
	[ -e "$tmp/$n.out" ] || : >"$tmp/$n.out"
	sed '/^\[[0-9]*\]/d' "$tmp/$n.out" | sort_if_first >"$tmp/$n.got"
	sort_if_first <"$tmp/$n.want" >"$tmp/$n.should"
	nothing "listing $n" diff "$tmp/$n.should" "$tmp/$n.got"
done

# The pictures are of these graphs: the same nodes and links as GraphViz draws now.
titles() { sed -n 's,.*<title>\(.*\)</title>.*,\1,p' "$1" | LC_ALL=C sort; }
for p in bridge tap; do
	if [ ! -s "$src/docs/tutorial/$p.svg" ]; then
		fail "picture $p" "no docs/tutorial/$p.svg"
	elif grep -q '>br:<' "$src/docs/tutorial/$p.svg" && grep -q '>bob:<' "$src/docs/tutorial/$p.svg" && grep -q '>alice:<' "$src/docs/tutorial/$p.svg"; then
		pass "picture $p"
	else
		fail "picture $p" "its nodes are not br, alice and bob: $(titles "$src/docs/tutorial/$p.svg" | tr '\n' ' ')"
	fi
done
done_testing
