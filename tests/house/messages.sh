#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# messages.sh [SRC [BUILD]] - `ngctl types TYPE` and the type's manual page tell of the same messages, under the numbers of the type's header; each with
# the syntax of what it takes and answers. Whether that is what the parse tables say: tests/unit/test_describe.c.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
pages=docs/man
ngctl=$bld/lib/tools/ngctl/ngctl
unset NETGRAPH

"$ngctl" types --json 2>&1 | grep -oE '"type":"[^"]*"' | sed 's/"type":"\(.*\)"/\1/' | LC_ALL=C sort >"$tmp/types"
# "name cmd cookie" of each message. (An argument's braces begin new lines, too, which are none of these.)
told() { "$ngctl" types --json "$1" | tr '{' '\n' | sed -nE 's/^"command":"([^"]*)","cmd":(-?[0-9]+),"cookie":([0-9]+),"args":.*/\1 \2 \3/p' | LC_ALL=C sort; }
# The same from the page and the header, compiled.
written() { # PAGE HEADER
	{
		printf '#include <stdio.h>\n#include <netgraph/ng_message.h>\n#include <%s>\nint main(void) {\n' "$2"
		sed -nE 's/^\.It Dv (NGM_[A-Z0-9_]+) Pq Ic ([^ ]+)$/\1 \2/p' "$1" | while read -r macro name; do
			printf 'printf("%s %%d %%u\\n", (int)%s, (unsigned)%s);\n' "$name" "$macro" "$(sed -nE 's/^#define (NGM_[A-Z0-9_]+_COOKIE) .*/\1/p' "include/$2")"
		done
		printf 'return (0); }\n'
	} >"$tmp/page.c"
	"$cc" -Iinclude "$tmp/page.c" -o "$tmp/page" && "$tmp/page" | LC_ALL=C sort
}
both() {
	local t n=0
	while read -r t; do
		told "$t" >"$tmp/told"
		: >"$tmp/written"
		[ ! -e "$pages/ng_$t.4" ] || written "$pages/ng_$t.4" "netgraph/ng_$t.h" >"$tmp/written" 2>&1
		diff "$tmp/written" "$tmp/told" | sed -nE "s/^< (.*)/$t: in the page only: \1/p; s/^> (.*)/$t: not in the page: \1/p"
		n=$((n + $(wc -l <"$tmp/told")))
	done <"$tmp/types"
	[ "$n" -gt 100 ] || echo "only $n messages of all types: this test looks at nothing"
}
nothing 'pages and types have the same messages, with the same numbers' both
unknown() {
	local p t
	for p in $pages/ng_*.4; do
		t=${p##*/ng_} t=${t%.4}
		grep -qxF "$t" "$tmp/types" && continue
		case $t in bpf | pcap) grep -q NGU_HAVE_PCAP "$bld/build.ninja" || continue ;; esac
		echo "$p: there is no type $t"
	done
}
nothing 'each page has its type' unknown
generic() {
	sed -n '/^\.It Dv NGM_SHUTDOWN/,/^\.El/p' $pages/ng_message.9 | grep '^\.It' | grep -oE 'NGM_[A-Z0-9_]+' | sed 's/^NGM_//; s/_//g' | tr '[:upper:]' '[:lower:]' |
		LC_ALL=C sort >"$tmp/written"
	"$ngctl" help generic | sed -nE 's/^  ([a-z0-9]+)( .*)?$/\1/p' | LC_ALL=C sort >"$tmp/told"
	[ -s "$tmp/told" ] || echo 'ngctl help generic names none'
	# Shutting down takes and answers nothing: no table has it but that of the types' own.
	diff "$tmp/written" "$tmp/told"
}
nothing 'ng_message(9) and ngctl have the same generic messages' generic
# As text: a name, and what it takes; below, what it answers. Syntax is a value <...>, fields in braces, elements in brackets, nested.
syntax() {
	local t
	{ cat "$tmp/types" && echo generic; } | while read -r t; do
		"$ngctl" types "$t" | T=$t awk '
			function wrong(why) { print ENVIRON["T"] ": " why ": " $0 }
			# Reduce from the inside: values to V, fields and elements to V.
			function good(s, n) {
				gsub(/<[a-z]+[0-9]*( [0-9]+)?>/, "V", s)
				do {
					n = gsub(/\{ ([A-Za-z_][A-Za-z0-9_-]*=V )*\}/, "V", s)
					n += gsub(/\[ V \.\.\.( [0-9]+)? \]/, "V", s)
				} while (n > 0)
				return (s == "V")
			}
			NR == 1 { want = /understand no messages/ ? 0 : /understands? [0-9]+ messages/ ? number($0) : -1; next }
			function number(s) { sub(/.*understands? /, "", s); return (s + 0) }
			/^      answer: / { if (!good(substr($0, 15))) wrong("an answer of no syntax"); next }
			/^  [a-z0-9]+$/ { have++; next }
			/^  [a-z0-9]+ / { have++; s = $0; sub(/^  [a-z0-9]+ /, "", s); if (!good(s)) wrong("an argument of no syntax"); next }
			{ wrong("what is this") }
			END { if (have + 0 != want) { $0 = have + 0 " are listed"; wrong("it says " want " messages") } }'
	done
}
nothing 'each is printed with its syntax' syntax
done_testing
