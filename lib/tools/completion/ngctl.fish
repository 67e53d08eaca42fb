# SPDX-License-Identifier: BSD-2-Clause
# ngctl.fish - completion of ngctl(8) for fish: ngctl itself knows the commands and asks the graph.
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
complete -c ngctl -f -a '(__ngctl_complete)'
complete -c ngctl -s d -d 'one debug level more'
complete -c ngctl -s f -r -F -d 'run the commands in a file'
complete -c ngctl -s n -x -d 'name of the node'
complete -c ngctl -l json -d 'print JSON'
