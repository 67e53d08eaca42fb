#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tutorial.sh [SRC [BUILD]] - docs/tutorial.md is true: each listing ```sh runs, all in one shell, and prints what the ```text behind it says; each
# picture is of the graph that there is at its place: the same nodes, hooks and links. NGU_DRAW=1 draws the pictures anew (needs GraphViz).
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
	match($0, /^!\[.*\]\(tutorial\/[a-z]+\.svg\)$/) { p = $0; sub(/.*\(tutorial\//, "", p); sub(/\.svg\)/, "", p); print "ngctl dot >" dir "/" p ".dot"; print p > (dir "/pictures"); next }
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

# Nodes with what is written in them, hooks, edges: of GraphViz's source, and of what it drew. ngctl's own node has a number in its name, that of its process.
of_dot() {
	sed -nE -e 's/ngctl[0-9]+:/ngctl:/' -e 's/^\t+"([^".]+)" \[ label = "\{(.*)\|\{(.*)\|(.*)\}\}" \];$/node \1: \2 \3 \4/p' \
		-e 's/^\t+"([^"]+\.[^"]+)" \[ label = "(.*)" \];$/hook \1: \2/p' -e 's/^\t+"([^"]+)" -- "([^"]+)";$/edge \1 \2/p' "$1" | LC_ALL=C sort
}
of_svg() {
	awk '
		/^<g id="[^"]*" class="/ { what = $0; sub(/.*class="/, "", what); sub(/".*/, "", what); title = text = "" }
		/^<title>/ { title = $0; gsub(/<[^>]*>/, "", title); gsub(/&#45;/, "-", title) }
		/^<text / { t = $0; gsub(/<[^>]*>/, "", t); text = text " " t }
		/^<\/g>/ && what == "node" { print (title ~ /\./ ? "hook " : "node ") title ":" text }
		/^<\/g>/ && what == "edge" { sub(/--/, " ", title); print "edge " title }
		/^<\/g>/ { what = "" }' "$1" | LC_ALL=C sort
}
if [ -n "${NGU_DRAW:-}" ]; then
	while read -r p; do
		sed -E 's/ngctl[0-9]+:/ngctl:/' "$tmp/$p.dot" | dot -Tsvg >"$src/docs/tutorial/$p.svg" || fail "drawing $p" 'dot(1) of GraphViz did not draw it'
	done <"$tmp/pictures"
fi
while read -r p; do
	if [ ! -s "$src/docs/tutorial/$p.svg" ] || [ ! -s "$tmp/$p.dot" ]; then
		fail "picture $p" "no docs/tutorial/$p.svg, or no graph at its place"
	elif [ "$(of_dot "$tmp/$p.dot" | grep -c '^edge')" -lt 4 ]; then
		fail "picture $p" "what ngctl dot says has no edges: $(cat "$tmp/$p.dot")"
	else
		nothing "picture $p" diff <(of_dot "$tmp/$p.dot") <(of_svg "$src/docs/tutorial/$p.svg")
	fi
done <"$tmp/pictures"
nothing 'each picture is in the text' diff <(LC_ALL=C sort "$tmp/pictures") <(cd "$src/docs/tutorial" && printf '%s\n' *.svg | sed 's/\.svg$//')
done_testing
