#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Who may become a pager, and who may open what one publishes.
. "$(dirname "$0")/lib.sh"

mode_of() { stat -c '%a %u:%g' "$1"; }

device()
{
	[ "$(stat -c '%u' /dev/machvm)" = 0 ]
	[ "$(stat -c '%a' /dev/machvm)" = 600 ] ||
		[ "$(stat -c '%a' /dev/machvm)" = 660 ]
	head -c 4096 /dev/urandom >"$work/data"
	chmod 666 "$work/data"
	expect 4 as_nobody machpagerd --name nobodys --file "$work/data"
	said /dev/machvm
	[ ! -e "$nodes/nobodys" ]
}

private()
{
	local file
	store data 8192
	file=$work/data
	pager data "$file"
	[ "$(mode_of "$nodes/data")" = '600 0:0' ]
	expect 1 as_nobody cat "$nodes/data"
	said 'Permission denied'
	expect 1 as_nobody dd if=/dev/zero of="$nodes/data" count=1 conv=notrunc
	said 'Permission denied'
	same "$nodes/data" "$file"
}

others_read()
{
	local file
	store data 8192
	file=$work/data
	pager data "$file" --mode 0644
	[ "$(mode_of "$nodes/data")" = '644 0:0' ]
	chmod 644 "$file"
	expect 0 as_nobody cmp "$nodes/data" "$file"
	expect 1 as_nobody dd if=/dev/zero of="$nodes/data" count=1 conv=notrunc
	said 'Permission denied'
}

owner()
{
	local file
	store data 8192
	file=$work/data
	pager data "$file" --mode 0640 --owner nobody --group 12
	[ "$(mode_of "$nodes/data")" = '640 65534:12' ]
	expect 0 as_nobody dd if=/dev/zero of="$nodes/data" bs=4k count=1 \
		conv=notrunc,fsync
	head -c 4096 /dev/zero | cmp -n 4096 - "$file"
	expect 1 setpriv --reuid=1 --regid=12 --clear-groups \
		dd if=/dev/zero of="$nodes/data" count=1 conv=notrunc
	expect 0 setpriv --reuid=1 --regid=12 --clear-groups cat "$nodes/data"
	expect 1 setpriv --reuid=1 --regid=1 --clear-groups cat "$nodes/data"
}

# Root gives the device to a user: he can serve his files, under his name.
user_pager()
{
	local mode
	head -c 8192 /dev/urandom >"$work/data"
	chmod 600 "$work/data"
	chown 65534:65534 "$work/data"
	mode=$(stat -c '%a' /dev/machvm)
	chmod 666 /dev/machvm
	as_nobody machpagerd --name users --file "$work/data" &&
		status=0 || status=$?
	chmod "$mode" /dev/machvm
	[ $status = 0 ] || fail "machpagerd: status $status"
	pgrep -u nobody machpagerd >"$work/users.pid"
	[ "$(mode_of "$nodes/users")" = '600 65534:65534' ]
	expect 0 as_nobody cmp "$nodes/users" "$work/data"
}

# A user's pager cannot serve what he may not read.
user_store()
{
	local mode
	store secret 8192
	chmod 600 "$work/secret"
	mode=$(stat -c '%a' /dev/machvm)
	chmod 666 /dev/machvm
	expect 3 as_nobody machpagerd --name users --file "$work/secret"
	chmod "$mode" /dev/machvm
	said "$work/secret"
	[ ! -e "$nodes/users" ]
}

# Root there is under a limit like anybody else, and his numbers are not ours.
user_namespace()
{
	store mine 65536
	(
		ulimit -l 4096
		unshare --user --map-root-user machpagerd --name mine --file "$work/mine" \
			--pidfile "$work/mine.pid" "$@" 9>&-
	)
	[ "$(mode_of "$nodes/mine")" = '600 0:0' ]
	same "$nodes/mine" "$work/mine"
	stop mine
}

# in_private_dev NAME COMMAND...: where /dev has no more than null and this of ours.
in_private_dev()
{
	local name=$1
	shift
	unshare --mount bash -c '
		mkdir -p "$0" && mount -t tmpfs dev "$0"
		cp -a "/dev/null" "/dev/$1" "$0" || exit 99
		mount --move "$0" /dev
		shift
		exec "$@"' "$work/dev" "$name" "$@" 9>&-
}

# As in a container: the device is not there, or nothing is mounted.
private_dev()
{
	store data 8192
	chmod 644 "$work/data"
	expect 4 in_private_dev zero machpagerd --name hidden --file "$work/data"
	said '/dev/machvm, though the module is loaded'
	said 'devtmpfs'
	# who may mount does
	# shellcheck disable=SC2016 # expanded in there
	expect 0 in_private_dev machvm bash -c '
		machpagerd --name shown --file "$0" --pidfile "$1" &&
		cmp /dev/machobj/shown "$0" && rm /dev/machobj/shown' \
		"$work/data" "$work/shown.pid"
	[ ! -e "$nodes/shown" ]
	kill "$(<"$work/shown.pid")"
	wait_for 5 [ ! -e "$work/shown.pid" ]
	# and who may not is told how
	expect 5 in_private_dev machvm setpriv --bounding-set -sys_admin \
		--inh-caps -sys_admin \
		machpagerd --name hidden --file "$work/data"
	said 'mount -t machobj -o nosuid,nodev machobj /dev/machobj'
	wait_for 5 [ ! -e "$nodes/hidden" ]
}

# A bind mount is all that a container needs.
bound()
{
	store data 64k
	pager data "$work/data"
	mkdir "$work/there"
	# shellcheck disable=SC2016 # expanded in there
	expect 0 unshare --mount bash -c 'mount --bind /dev/machobj "$0" &&
		umount /dev/machobj && cmp "$0/data" "$1" &&
		[ ! -e /dev/machobj/data ]' "$work/there" "$work/data"
	# root of a user namespace may do it, and not mount
	# shellcheck disable=SC2016 # expanded in there
	expect 0 unshare --user --map-root-user --mount bash -c '
		mount --bind /dev/machobj "$0" && cmp "$0/data" "$1" &&
		! mount -t machobj machobj "$0"' "$work/there" "$work/data"
	same "$nodes/data" "$work/data"
}

mount_options()
{
	[ "$(stat -f -c %t "$nodes")" = 4d616368 ]
	[ "$(stat -c %a "$nodes")" = 1777 ]
	grep -q ' /dev/machobj machobj .*nosuid,nodev' /proc/mounts
}

# unlink by the owner is unpublishing; the directory is sticky.
removing()
{
	store data 8192
	pager data "$work/data" --mode 0666 --owner nobody
	expect 1 setpriv --reuid=1 --regid=1 --clear-groups rm -f "$nodes/data"
	said 'Operation not permitted'
	same "$nodes/data" "$work/data"
	exec 5<"$nodes/data"
	expect 0 as_nobody rm "$nodes/data"
	[ ! -e "$nodes/data" ]
	# who has it open goes on
	cmp - "$work/data" <&5
	[ "$(stat -L -c %h /dev/fd/5)" = 0 ]
	exec 5<&-
	# the name is free
	store other 8192
	machpagerd --name data --file "$work/other" \
		--pidfile "$work/other.pid" 9>&-
	same "$nodes/data" "$work/other"
}

# The owner changes modes, and groups to his own; not owners.
changing()
{
	local one=(setpriv '--reuid=1' '--regid=1' --clear-groups)
	store data 8192
	pager data "$work/data" --owner nobody --group 65534
	expect 1 "${one[@]}" cat "$nodes/data"
	expect 1 "${one[@]}" chmod 666 "$nodes/data"
	said 'Operation not permitted'
	expect 0 as_nobody chmod 644 "$nodes/data"
	[ "$(mode_of "$nodes/data")" = '644 65534:65534' ]
	expect 0 "${one[@]}" cat "$nodes/data"
	expect 1 as_nobody chgrp 12 "$nodes/data"
	expect 0 setpriv --reuid=65534 --regid=65534 --groups=12 \
		chgrp 12 "$nodes/data"
	expect 1 as_nobody chown 1 "$nodes/data"
	[ "$(mode_of "$nodes/data")" = '644 65534:12' ]
	expect 0 as_nobody touch -d '2001-02-03 04:05:06 UTC' "$nodes/data"
	[ "$(TZ=UTC0 stat -c %y "$nodes/data")" = \
		'2001-02-03 04:05:06.000000000 +0000' ]
	# nobody makes one that runs as another
	expect 1 chmod u+s "$nodes/data"
	expect 1 chmod g+s "$nodes/data"
	[ "$(mode_of "$nodes/data")" = '644 65534:12' ]
	expect 0 chown 0:0 "$nodes/data"
	[ "$(mode_of "$nodes/data")" = '644 0:0' ]
}

# Names come from pagers alone; no program leaves a plain file, or moves one.
only_pagers()
{
	store data 8192
	pager data "$work/data"
	expect 1 touch "$nodes/new"
	said 'Permission denied'
	expect 1 cp "$work/data" "$nodes/new"
	said 'Permission denied'
	expect 1 mkdir "$nodes/new"
	said 'Operation not permitted'
	expect 1 mv "$nodes/data" "$nodes/new"
	said 'Operation not permitted'
	expect 1 ln "$nodes/data" "$nodes/new"
	said 'Operation not permitted'
	expect 1 ln -s data "$nodes/new"
	said 'Operation not permitted'
	expect 1 mkfifo "$nodes/new"
	said 'Operation not permitted'
	[ ! -e "$nodes/new" ] && [ ! -L "$nodes/new" ]
	same "$nodes/data" "$work/data"
}

# walked DIRECTORY: what programs that walk a tree say of it; sizes of directories
# are each file system's own.
walked()
{
	cd "$1"
	find . -printf '%y %m %n %U:%G %p\n' | sort
	find . -type f -printf '%s %p\n' | sort
	LC_ALL=C ls -lR --time-style=+ | sed -n '/^-/p'
	grep -r 500 . | sort
	tar -cf - . | tar -tf - | sort
}

# A tree of objects, each of a pager of its own, is walked as any other.
directories()
{
	local name names=(src/a src/deep/b src/deep/c 'doc/with space' $'doc/new\nline')
	mkdir -p "$work/plain/src/deep" "$work/plain/doc"
	for name in "${names[@]}"; do
		seq -f "%.0f of $name" 1000 >"$work/plain/$name"
		pager "tree/$name" "$work/plain/$name" --mode 0644
	done
	(walked "$work/plain") >"$work/one"
	(walked "$nodes/tree") >"$work/two"
	cmp "$work/one" "$work/two" || fail "$(diff "$work/one" "$work/two")"
	expect 0 diff -r "$work/plain" "$nodes/tree"
	mkdir "$work/got"
	tar -C "$nodes/tree" -cf - . | tar -C "$work/got" -xf -
	expect 0 diff -r "$work/plain" "$work/got"
	# each directory goes with the last name in it, however that goes
	rm "$nodes/tree/src/a"
	crash tree/src/deep/b
	stop tree/src/deep/c
	wait_for 5 [ ! -e "$nodes/tree/src" ]
	stop 'tree/doc/with space'
	[ -e "$nodes/tree/doc" ]
	expect 0 as_nobody ls "$nodes/tree/doc"
	exec 5<"$nodes/tree/doc/new"$'\n'line
	expect 0 vminfo --users
	said '/dev/machobj/tree/doc/new\012line'
	exec 5<&-
	crash $'tree/doc/new\nline'
	wait_for 5 [ ! -e "$nodes/tree" ]
	expect 2 machpagerd --name ../data --file "$work/plain/src/a"
	said "names of 1 to 255 bytes"
}

also device device
also private private
check others-read others_read
also owner owner
also user-pager user_pager
also user-store user_store
also user-namespace user_namespace --transport ioctl
also user-namespace-ring user_namespace --transport ring
also private-dev private_dev
also bound bound
also mount-options mount_options
check removing removing
also changing changing
also only-pagers only_pagers
check directories directories
finish
