# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ngctl.bash - completion of ngctl(8) for bash: ngctl itself knows the commands and asks the graph.

# Behind a colon bash completes a new word: what is before it is not ours to repeat.
__ngctl_reply() {
	local cut=${1%"${1##*:}"} word
	case $COMP_WORDBREAKS in *:*) ;; *) cut= ;; esac
	COMPREPLY=()
	while IFS= read -r word; do
		COMPREPLY+=("${word#"$cut"}")
	done
	case ${#COMPREPLY[@]}:${COMPREPLY[0]-} in 1:*:) compopt -o nospace 2>/dev/null ;; esac
}

_ngctl() {
	local line=${COMP_LINE:0:COMP_POINT} options=() words=() last=
	case $line in *[[:blank:]]) ;; *) last=${line##*[[:blank:]]} line=${line%"$last"} ;; esac
	read -r -a words <<<"$line"
	words=("${words[@]:1}")
	while [ ${#words[@]} -gt 0 ]; do
		case ${words[0]} in
		-f | -n | -j)
			if [ ${#words[@]} -eq 1 ]; then
				[ "${words[0]}" != -f ] || compopt -o default
				return
			fi
			words=("${words[@]:2}")
			;;
		-*) words=("${words[@]:1}") ;;
		*) break ;;
		esac
	done
	if [ ${#words[@]} -eq 0 ] && [ "${last#-}" != "$last" ]; then
		options=(-d -f -n --json)
		mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$last")
		return
	fi
	__ngctl_reply "$last" < <("${NGCTL:-ngctl}" --complete "${words[*]}${words[*]:+ }$last" 2>/dev/null)
}

_nghook() {
	local line=${COMP_LINE:0:COMP_POINT} words=() last=
	case $line in *[[:blank:]]) ;; *) last=${line##*[[:blank:]]} line=${line%"$last"} ;; esac
	read -r -a words <<<"$line"
	words=("${words[@]:1}")
	while [ ${#words[@]} -gt 0 ]; do
		case ${words[0]} in
		-*m) words=("${words[@]:2}") ;;
		-*) words=("${words[@]:1}") ;;
		*) break ;;
		esac
	done
	if [ ${#words[@]} -eq 0 ] && [ "${last#-}" != "$last" ]; then
		mapfile -t COMPREPLY < <(compgen -W '-a -d -e -l -m -n -s -S' -- "$last")
		return
	fi
	case ${#words[@]} in
	0) __ngctl_reply "$last" < <("${NGCTL:-ngctl}" --complete "show $last" 2>/dev/null) ;;
	1) ;; # a new hook's name
	*) compopt -o default ;;
	esac
}
complete -F _ngctl ngctl
complete -F _nghook nghook
