# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # tests/run has set $root
#
# Tests that have passed with the same sources, kernel and packages need not run
# again. 'tests/run' reads this; it has $root and counts.

earlier=${MACHVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/machvm}/passed
earlier_days=30	# so long a result is kept

# What any test in the machine may depend on.
earlier_shared=(Makefile include kmod kunit scripts tools userpager tests/Makefile
	tests/lib tests/run tests/earlier.sh tests/vm tests/mach/Makefile
	tests/uapi/Makefile)

# Sets $earlier_base: what all tests on this kernel have in common.
earlier_begin()
{
	earlier_base=$({
		find "${earlier_shared[@]}" -type f -print0 | sort -z |
			xargs -0 sha256sum
		"$root/scripts/kernel" release "$1"
		sha256sum <"$("$root/scripts/kernel" image "$1")"/vmlinuz
		cc --version
		dpkg-query -W 2>/dev/null
	} | sha256sum)
}

# own NAME: the files that are this test's alone.
earlier_own()
{
	case $1 in
	uapi/*) echo "tests/$1.c" ;;
	mach/*) find tests/mach -type f | sort ;;
	e2e/*) echo "tests/$1"; echo tests/e2e/lib.sh ;;
	esac
}

earlier_file()
{
	local key
	key=$({
		echo "$1 $2 $earlier_base"
		earlier_own "$2" | xargs -r sha256sum
	} | sha256sum)
	echo "$earlier/${key%% *}"
}

# earlier_look WHERE NAME: prints the lines that count, if it has passed.
earlier_look()
{
	cat "$(earlier_file "$1" "$2")" 2>/dev/null
}

# earlier_keep WHERE NAME LOG: of a run in which nothing failed.
earlier_keep()
{
	local file
	file=$(earlier_file "$1" "$2")
	mkdir -p "$earlier"
	awk -v start="# start $2" -v end="# end $2" '$0 == start { on = 1; next }
		$0 == end { on = 0 } on && /^(ok|skip) /' "$3" >"$file.$BASHPID"
	mv "$file.$BASHPID" "$file"
}

earlier_prune()
{
	find "$earlier" -type f -mtime +"$earlier_days" -delete 2>/dev/null
}
