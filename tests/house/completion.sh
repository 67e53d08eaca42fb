#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# completion.sh [SRC [BUILD]] - the completion of ngctl and nghook in bash, zsh and fish, each run for real: bash and zsh at a terminal, with keys typed;
# fish by its own `complete -C`. Behind them a daemon with a graph.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
for t in ngd ngctl nghook; do
	PATH=$bld/lib/tools/$t:$PATH
done
export PATH TERM=vt100 HOME="$tmp"
unset NETGRAPH NGCTL HISTFILE
ours=$src/lib/tools/completion
mkdir "$tmp/work" && cd "$tmp/work" || exit 1
: >script.ngctl

mkfifo "$tmp/ready"
ngd -s "$tmp/ng.sock" >"$tmp/ready" 2>&1 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; rm -rf -- "$tmp"' EXIT
exec 4<"$tmp/ready"
read -r _ <&4 # it listens when it says so
export NETGRAPH=unix:$tmp/ng.sock
ngctl -f - <<'END' || exit 1
mknode bridge br
mknode hub h
mknode hub bob
mknode hub
connect br: h: link0 a
connect br: bob: link1 b
END

# What is offered at the end of a line: LINE|WORDS, in order, each with what it replaces.
cat >"$tmp/offers" <<'END'
ngctl m|mknode mkpeer msg
ngctl show b|bob: br:
ngctl show br:l|br:link0 br:link1
ngctl rmhook br: |link0 link1
ngctl rmhook br: link|link0 link1
ngctl -d -n x --json help sh|show shutdown
ngctl mkpeer hu|hub
ngctl msg br: list|listhooks listnames listnodes listtypes
ngctl list --js|--json
ngctl -|--json -d -f -n
ngctl -n x --j|--json
ngctl -f s|script.ngctl
ngctl -d -f s|script.ngctl
ngctl -n |
ngctl frob |
nghook b|bob: br:
nghook -am hello b|bob: br:
nghook -|-S -a -d -e -l -m -n -s
nghook br: |
nghook -e br: x s|script.ngctl
END
# And what becomes of a line when TAB and an x are typed: a space comes behind a word, none behind a path that may go on.
cat >"$tmp/tabs" <<'END'
ngctl mkpe|ngctl mkpeer x
ngctl show h|ngctl show h:x
ngctl show h:|ngctl show h:a x
ngctl show br:|ngctl show br:linkx
ngctl show br:link0|ngctl show br:link0 x
ngctl mkno bri|ngctl mkno bridge x
ngctl frob y|ngctl frob yx
nghook h|nghook h:x
END

# As the words are written down: what is offered stands in the place of the line's last word, if anything is.
sed -E 's/[^ |]+\|(.)/|\1/; s/ ?\|/ /; s/ +$//' "$tmp/offers" >"$tmp/inserted"
cut -d '|' -f 2 "$tmp/tabs" >"$tmp/tabbed"

# typed KEYS FILE: each line of FILE up to its |, these keys, and ^A: its words are arguments of a command `record`.
typed() {
	local line
	while IFS= read -r line; do
		printf '%s%b\001record \n' "${line%%|*}" "$1"
	done <"$2"
	printf 'exit\n'
}
# A shell at a terminal reads those keys. What it has recorded must be this file.
at_terminal() { # COMMAND WANTED <KEYS
	: >"$tmp/record"
	timeout -k 5 300 script -qec "$1" /dev/null >"$tmp/screen" 2>&1
	diff "$2" "$tmp/record" || { [ "$(wc -l <"$2")" -eq "$(wc -l <"$tmp/record")" ] || tail -c 1000 "$tmp/screen" | cat -v; }
}
terminal=1
script -qec true /dev/null </dev/null >/dev/null 2>&1 || terminal=
shell() { # NAME COMMAND
	if ! command -v "$1" >/dev/null 2>&1; then
		skip "$1" "there is no $1 here: its completion was not run"
	elif [ -z "$terminal" ]; then
		skip "$1" 'no script(1) here that makes terminals: its completion was not run'
	else
		typed '\030*' "$tmp/offers" >"$tmp/keys"
		nothing "$1: what is offered" at_terminal "$2" "$tmp/inserted.$1" <"$tmp/keys"
		typed '\tx' "$tmp/tabs" >"$tmp/keys"
		nothing "$1: what becomes of the line" at_terminal "$2" "$tmp/tabbed" <"$tmp/keys"
	fi
}

# In both ^X* inserts all that is offered. In bash a colon ends a word: of several only the first still has what is before it.
cat >"$tmp/bashrc" <<END
. "$ours/ngctl.bash"
bind '"\\C-x*": insert-completions'
record() { echo "\$*" >>"$tmp/record"; }
END
sed 's/ br:link0 br:link1/ br:link0 link1/' "$tmp/inserted" >"$tmp/inserted.bash"
# (To zsh an unquoted [ is the beginning of a pattern, so only here.)
printf '%s\n' 'ngctl show [5|[5]:' 'nghook -a [5|[5]:' >>"$tmp/offers"
printf '%s\n' 'ngctl show [5]:' 'nghook -a [5]:' >>"$tmp/inserted.bash"
shell bash "bash --rcfile '$tmp/bashrc' -i"

sed -i.with '/\[5|/d' "$tmp/offers"
mkdir "$tmp/zsh"
cat >"$tmp/zsh/.zshrc" <<END
fpath=('$ours' \$fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:*' insert true
zle -C all-matches complete-word _generic
bindkey -e
bindkey '^X*' all-matches
record() { print -r -- "\$*" >>'$tmp/record' }
END
cp "$tmp/inserted" "$tmp/inserted.zsh"
shell zsh "ZDOTDIR='$tmp/zsh' zsh -d -i"

if command -v fish >/dev/null 2>&1; then
	mv "$tmp/offers.with" "$tmp/offers"
	# Options have descriptions behind a tab.
	fishes() {
		local line
		while IFS= read -r line; do
			# shellcheck disable=SC2016 # fish's variables
			fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$ours/ngctl.fish" "${line%%|*}" 2>&1 | cut -f 1 | LC_ALL=C sort -u | paste -s -d ' ' - >"$tmp/fish"
			printf '%s|%s\n' "${line%%|*}" "$(cat "$tmp/fish")"
		done <"$tmp/offers" | diff <(sed -E 's/ $//' "$tmp/offers") -
	}
	nothing 'fish: what is offered' fishes
else
	skip fish 'there is no fish here: its completion was not run'
fi
done_testing
