# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests in the machine that have passed with the same programs, modules, scripts,
# kernel and packages need not run again. 'tests/run' reads this.

earlier=${MACHVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/machvm}/passed
earlier_days=30	# so long a result counts
declare -A earlier_files=()	# by kernel and test: where its result lies

# What the tests of all kernels have in common, but for what was built.
earlier_shared=(Makefile include scripts systemd tools udev userpager tests/e2e/lib.sh
	tests/earlier.sh tests/run tests/vm)

# earlier_base KERNEL: what its tests have in common
earlier_base()
{
	local release image
	release=$(scripts/kernel release "$1")
	image=$(scripts/kernel image "$1")
	{
		find "${earlier_shared[@]}" build/bin build/lib \
			"build/$release"/*.ko -type f -print0 |
			sort -z | xargs -0 sha256sum
		sha256sum "$image/vmlinuz"
		dpkg-query -W 2>/dev/null
		[ ! -w /dev/kvm ] || echo kvm
	} | sha256sum
}

# earlier_own NAME: the files that are this test's alone
earlier_own()
{
	case $1 in
	uapi/* | mach/*) echo "build/tests/$1" ;;
	kunit/*) echo "$1" ;;
	# it installs all that there is
	e2e/*-install.sh) find . -type f ! -path './build/*' ! -path './.git/*' |
		sort ;;
	*) echo "tests/$1" ;;
	esac
}

# earlier_file NAME BASE: where its result lies
earlier_file()
{
	local key
	key=$({
		echo "$1 $2"
		earlier_own "$1" | tr '\n' '\0' | xargs -0 sha256sum
	} | sha256sum)
	echo "$earlier/${key%% *}"
}

# earlier_begin KERNEL NAME...: before any of them runs, and anything is edited.
earlier_begin()
{
	local base kernel=$1 name
	shift
	base=$(earlier_base "$kernel")
	for name; do
		earlier_files[$kernel $name]=$(earlier_file "$name" "$base")
	done
}

# Is there a place for results? What is too old goes.
earlier_prepare()
{
	mkdir -p "$earlier" 2>/dev/null && [ -w "$earlier" ] || return
	find "$earlier" -type f -mtime "+$earlier_days" -delete
}

# earlier_look KERNEL NAME: prints the lines that count, if it has passed.
earlier_look()
{
	[ -s "${earlier_files[$1 $2]}" ] && cat "${earlier_files[$1 $2]}"
}

# earlier_keep KERNEL LOG NAME...: of a run in which nothing failed, unless what was
# tested has changed meanwhile.
earlier_keep()
{
	local base file kernel=$1 log=$2 name new
	shift 2
	base=$(earlier_base "$kernel")
	for name; do
		file=${earlier_files[$kernel $name]}
		[ "$file" = "$(earlier_file "$name" "$base")" ] || continue
		# all of it, or nothing; $BASHPID would be another in a redirection
		new=$file.$BASHPID
		if awk -v start="# start $name" -v end="# end $name" '
			$0 == start { on = 1; next }
			$0 == end { on = 0 }
			on && /^(ok|skip) /' "$log" >"$new"
		then
			mv "$new" "$file"
		else
			rm -f "$new"
		fi
	done
}
