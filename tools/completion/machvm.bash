# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What bash completes for machvm's programs, each of which finds this file by its
# own name. Options are those in the program's --help, so none is missing here.

# As bash calls it: the program, the word to complete, the one before it. Where
# nothing is found it completes names of files.
_machvm()
{
	local words=
	case $3 in
	--transport) words='auto ring ioctl' ;;
	--store) words='file zero pattern' ;;
	--dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		return ;;
	--owner) words=$(compgen -u) ;;
	--group) words=$(compgen -g) ;;
	*)
		[[ $2 != -* ]] || words=$("$1" --help 2>/dev/null |
			grep -oE -- '--[a-z][a-z-]+' | sort -u) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}

complete -o default -F _machvm machpagerd machvmstat vminfo vmreplay
