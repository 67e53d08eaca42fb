# SPDX-License-Identifier: BSD-2-Clause
# ngctl.fish - completion of ngctl(8) and nghook(8) for fish: ngctl itself knows the commands and asks the graph.
function __ngctl_complete
	set -l words (commandline -opc)[2..-1]
	while set -q words[1]
		switch $words[1]
			case -f -n -j
				set -e words[1]
				set -e words[1]
			case '-*'
				set -e words[1]
			case '*'
				break
		end
	end
	ngctl --complete (string join ' ' -- $words (commandline -ct)) 2>/dev/null
end
function __nghook_complete
	set -l words (commandline -opc)[2..-1]
	set -l now (commandline -ct)
	while set -q words[1]
		switch $words[1]
			case '-*m'
				set -e words[1]
				set -e words[1]
			case '-*'
				set -e words[1]
			case '*'
				break
		end
	end
	switch (count $words)
		case 0
			string match -q -- '-*' "$now"
			or ngctl --complete "show $now" 2>/dev/null
		case 1 # a new hook's name
		case '*'
			__fish_complete_path "$now"
	end
end
complete -c ngctl -f -a '(__ngctl_complete)'
complete -c ngctl -s d -d 'one debug level more'
complete -c ngctl -s f -r -F -d 'run the commands in a file'
complete -c ngctl -s n -x -d 'name of the node'
complete -c ngctl -l json -d 'print JSON'
complete -c nghook -f -a '(__nghook_complete)'
complete -c nghook -s a -d 'packets as text, too'
complete -c nghook -s d -d 'one debug level more'
complete -c nghook -s e -d 'run a program in place of copying'
complete -c nghook -s l -d 'what comes goes back, too'
complete -c nghook -s m -x -d 'send this message first'
complete -c nghook -s n -d 'read nothing from standard input'
complete -c nghook -s s -d 'write to standard input'
complete -c nghook -s S -d 'read from standard output'
