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

# in_private_dev NAME...: machpagerd where /dev has no more than these of ours.
in_private_dev()
{
	unshare --mount bash -c '
		mkdir "$0" && mount -t tmpfs dev "$0"
		for name in null '"$*"'; do
			cp -a "/dev/$name" "$0" || exit
		done
		mount --move "$0" /dev
		exec machpagerd --name hidden --file "$1"' \
		"$work/dev.$1" "$work/data" 9>&-
}

# A node that is made elsewhere cannot be opened: that is no success.
private_dev()
{
	store data 8192
	expect 4 in_private_dev zero
	said '/dev/machvm, though the module is loaded'
	said 'devtmpfs'
	expect 5 in_private_dev machvm
	said "$nodes/hidden"
	said 'devtmpfs'
	wait_for 5 [ ! -e "$nodes/hidden" ]
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
finish
