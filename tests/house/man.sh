#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# man.sh [SRC [BUILD]] - the manual is whole: each function and macro that a program or a node type may call is named in a page of
# docs/man, each node type of the tree has a page of its own (or is named in one), each page is installed, and mandoc, if it
# is here, finds nothing to say about it.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
pages=docs/man

# What the pages name: .Nm and .Fn (first argument), and what stands in lists and text as .Fn, .Dv, .Nm, .Ic or .It with one of these.
named() {
	cat -- $pages/*.[0-9] | grep -E '^\.' | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | LC_ALL=C sort -u
}
named >"$tmp/named"

# Functions of headers: a name before "(" at the beginning of a declaration outside of function bodies, comments and macros.
functions() {
	awk '
		{ line = $0 }
		in_comment { if (!sub(/^.*\*\//, "", line)) next; in_comment = 0 }
		{ while (sub(/\/\*([^*]|\*[^\/])*\*\//, " ", line)); if (sub(/\/\*.*$/, "", line)) in_comment = 1 }
		continued || line ~ /^[[:space:]]*#/ { continued = line ~ /\\$/; next }
		line ~ /^(typedef|static|extern|struct|enum|union|#)/ && line !~ /^(struct|enum) [a-z_]+ \**[a-z]/ { next }
		line ~ /^[A-Za-z_]/ && match(line, /[A-Za-z_][A-Za-z0-9_]*\(/) {
			name = substr(line, RSTART, RLENGTH - 1)
			rest = line
			while (name ~ /^__attribute__$/ || name ~ /^[A-Z_]+$/) {
				rest = substr(rest, RSTART + RLENGTH)
				if (!match(rest, /[A-Za-z_][A-Za-z0-9_]*\(/)) { name = ""; break }
				name = substr(rest, RSTART, RLENGTH - 1)
			}
			if (name != "") print name
		}' "$@" | LC_ALL=C sort -u
}
# Macros with arguments, or any macro of a name like these.
macros() { sed -nE "s/^#define ($1)(\(.*|[[:space:]].*)?$/\1/p" "${@:2}" | LC_ALL=C sort -u; }

# Internal names: ngu__ and ngt__ are the library's own, ngu_k_ is what macros with kernel names call, _NG_ what NG_ does.
public() { grep -vE '^(ngu__|ngt__|ngu_k_|_NG)' || :; }

missing() { comm -23 - "$tmp/named"; }

embedder() { find include/ng -name '*.h' ! -name test.h -exec cat -- {} + >"$tmp/embedder.h" && functions "$tmp/embedder.h" | public; }
kit() { { functions include/ng/test.h; macros 'ngt_[a-z0-9_]+' include/ng/test.h; } | LC_ALL=C sort -u | public; }
kernel() { { functions include/netgraph/netgraph.h; macros '(NG|NGI|NETGRAPH)_[A-Z0-9_]+' include/netgraph/netgraph.h; } | LC_ALL=C sort -u | public; }
parser() { functions include/netgraph/ng_parse.h | public; }
messages() { { macros 'NG_(MK|COPY)[A-Z]+' include/netgraph/ng_message.h; sed -nE 's/^\t(NGM_[A-Z0-9_]+) =.*/\1/p' include/netgraph/ng_message.h; } | LC_ALL=C sort -u; }

# The lists are what they seem to be: each has a name that is known to be there.
some() { "$1" | grep -qx "$2" || echo "$2 was not found in the headers: this test looks at nothing"; }
for l in 'embedder ngu_msg' 'embedder ngu_apply_text' 'embedder ngu_graph_strict' 'kit ngt_graph' 'kernel ng_callout' 'kernel NG_FWD_ITEM_HOOK' 'messages NGM_MKPEER' 'parser ng_unparse'; do
	# shellcheck disable=SC2086
	nothing "found: $l" some $l
done
unnamed() { "$1" | missing; }
nothing 'include/ng: each function is in a page' unnamed embedder
nothing 'include/ng/test.h: each function and macro is in a page' unnamed kit
nothing 'netgraph.h: each function and macro is in a page' unnamed kernel
nothing 'ng_message.h: each macro and command is in a page' unnamed messages
nothing 'ng_parse.h: each function is in a page' unnamed parser

# Node types: each name a type registers.
types() { sed -nE 's/^#define NG_[A-Z0-9]+_NODE_TYPE "([^"]+)".*/\1/p' include/netgraph/*.h lib/nodes/*.c lib/io/*.c | LC_ALL=C sort -u; }
homeless() {
	local t
	types | while read -r t; do
		[ -e "$pages/ng_$t.4" ] || grep -qE "^\.Dq $t( |$)" $pages/*.[0-9] || echo "node type $t: no $pages/ng_$t.4"
	done
	for t in lib/nodes/ng_*.c lib/io/ng_*.c; do
		t=$(basename -- "$t" .c)
		[ -e "$pages/$t.4" ] || grep -qE "^\.Dq ${t#ng_}( |$)" $pages/*.[0-9] || echo "$t.c: no $pages/$t.4"
	done
}
nothing 'each node type has a page' homeless
# What a page of a node type has to have, in this order; and each hook and command of the type's header is in it.
sections() {
	local p want have
	want='NAME SYNOPSIS DESCRIPTION HOOKS CONTROL MESSAGES SHUTDOWN EXAMPLES SEE ALSO'
	for p in $pages/ng_*.4; do
		have=$(sed -n 's/^\.Sh //p' "$p" | grep -xE 'NAME|SYNOPSIS|DESCRIPTION|HOOKS|CONTROL MESSAGES|SHUTDOWN|EXAMPLES|SEE ALSO' | paste -s -d ' ' -)
		[ "$have" = "$want" ] || echo "$p: sections are: $have"
	done
}
nothing 'pages of node types have their sections' sections
commands() {
	local p h c
	for p in $pages/ng_*.4; do
		h=include/netgraph/$(basename -- "$p" .4).h
		[ -e "$h" ] || { echo "$p: no $h"; continue; }
		sed -nE 's/^\t(NGM_[A-Z0-9_]+) =.*/\1/p' "$h" | while read -r c; do
			grep -q "^\.It Dv $c\b" "$p" || echo "$p: $c is missing"
		done
		sed -nE 's/^#define NG_[A-Z0-9]+_HOOK_[A-Z0-9_]+ "([^"]+)".*/\1/p' "$h" | grep -v % | while read -r c; do
			grep -qE "^\.It ([A-Z][a-z] )?$c" "$p" || echo "$p: hook $c is missing"
		done
	done
}
nothing 'pages of node types name hooks and commands' commands
uninstalled() {
	local p
	for p in $pages/*.[0-9]; do
		grep -q "'$(basename -- "$p")'" $pages/meson.build || echo "$p is not in $pages/meson.build"
	done
}
nothing 'each page is installed' uninstalled
strangers() {
	# References: to pages of ours that are there, or to the system's.
	sed -nE 's/^\.Xr ((ng|libng)[A-Za-z0-9_-]*) ([0-9]).*/\1.\3/p' $pages/*.[0-9] | LC_ALL=C sort -u | while read -r p; do
		[ -e "$pages/$p" ] || grep -qE "^\.Nm ${p%.*}( ,)?$" $pages/*."${p##*.}" || echo "a page refers to $p"
	done
}
nothing 'references lead somewhere' strangers
if command -v mandoc >/dev/null 2>&1; then
	lint() { mandoc -Tlint -Wwarning $pages/*.[0-9] 2>&1; }
	nothing 'mandoc has nothing to say' lint
else
	skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
