#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 600
# 'make install' puts everything where it is found, and 'make uninstall' leaves
# nothing. The checks follow one another: each needs those before it.
. "$(dirname "$0")/lib.sh"

release=$(uname -r)
module=$project/build/$release/machvm.ko
export MAKEFLAGS=	# not a part of a make that called

# With few modules depmod is quick, also where it is emulated.
few_modules()
{
	local modules=/lib/modules/$release
	mkdir -p "$work/modules/kernel"
	cp "$modules"/modules.{builtin,builtin.modinfo,order} "$work/modules"
	cp "$(modinfo -n loop)" "$work/modules/kernel"
	mount --bind "$work/modules" "$modules"
	depmod
}

# files_of TOP LIST: of those that LIST names what they are there, and contain
files_of()
{
	(cd "$1" && find -files0-from "$2" -maxdepth 0 \
		-type f -exec cksum -- {} + -o -printf '%y %p %l\n') 2>/dev/null |
		sort
}

# All that the machine has and its host has not, or has otherwise, but for what
# ldconfig and groupadd note down for themselves; and the modules.
own_files()
{
	local top=/run/machvm/top/upper
	(cd "$top" && find . -mindepth 1 -print0) >"$work/list"
	comm -23 <(files_of "$top" "$work/list") \
		<(files_of /run/machvm/host "$work/list") | grep -vE \
		' \./(var/cache/ldconfig(/.*)?|etc/ld\.so\.cache|etc/g(roup|shadow)-) ?$' ||
		true
	find "/lib/modules/$release" -type d
	find "/lib/modules/$release" -type f -exec cksum {} +
}

# With a build directory, whose 'make kernelrelease' is not the release.
put()
{
	own_files | sort >"$work/before"
	mkdir -p "$work/kdir/include/generated"
	echo "#define UTS_RELEASE \"$release\"" \
		>"$work/kdir/include/generated/utsrelease.h"
	printf 'kernelrelease:\n\t@echo 0.0.0\n' >"$work/kdir/Makefile"
	expect 0 make -C "$project" install KDIR="$work/kdir"
	[ "$(modinfo -n machvm)" = "/lib/modules/$release/updates/machvm.ko" ]
	getent group machvm
	# once more, as after an update
	expect 0 make -C "$project" install
}

loads()
{
	unload
	modprobe machvm
	wait_for 5 [ -c /dev/machvm ]
}

# What udev asks for is there, under the name that systemd has for the place.
unit()
{
	local unit
	unit=$(systemd-escape --path --suffix=mount "$nodes") ||
		skip 'no systemd-escape'
	grep -Fq "ENV{SYSTEMD_WANTS}+=\"$unit\"" \
		/usr/lib/udev/rules.d/60-machvm.rules
	grep -qx "Where=$nodes" "/usr/lib/systemd/system/$unit"
	mount -t "$(sed -n 's/^Type=//p' "/usr/lib/systemd/system/$unit")" \
		-o "$(sed -n 's/^Options=//p' "/usr/lib/systemd/system/$unit")" \
		"$(sed -n 's/^What=//p' "/usr/lib/systemd/system/$unit")" "$nodes"
	umount "$nodes"
}

# All that the tree has are found, and two are read.
manuals()
{
	local page name
	while read -r page; do
		name=${page##*/}
		[[ $(man -w "${name##*.}" "${name%.*}") == /usr/local/* ]] ||
			fail "man does not find $name"
	done < <(find "$project"/{docs,tools,userpager} -name '*.[1-9]')
	man machvm >"$work/out"
	said 'Mach'
	man hurdpager >"$work/out"
	said 'libpager'
}

# By the line of the README, with what is installed only.
compiles()
{
	local pid
	"$project/tests/lint/readme-example" --line installed >"$work/line"
	[ -s "$work/line" ] || fail "README.md has no such line"
	mkdir "$work/hello"
	cp "$project/userpager/examples/hello.c" "$work/hello"
	(cd "$work/hello" && sh -e "$work/line")
	ldd "$work/hello/hello" | grep /usr/local/lib/libuserpager.so
	"$work/hello/hello" & pid=$!
	wait_for 10 [ -f "$nodes/hello" ]
	[ "$(dd if="$nodes/hello" bs=4096 skip=5 count=1 status=none |
		head -c 13)" = 'page at 20480' ]
	kill -TERM "$pid"
}

# Mach's headers lie apart: only who asks for them finds them.
compiles_mach()
{
	cp "$project/userpager/examples/mach-walk.c" "$work"
	expect 1 cc -fsyntax-only "$work/mach-walk.c"
	# shellcheck disable=SC2046
	cc -o "$work/walk" "$work/mach-walk.c" \
		$(pkg-config --cflags --libs machvm)
	expect 0 "$work/walk"
	said 'written by the program'
}

# A pager as for the Hurd, whose process maps its own object.
hurd_source()
{
	cat <<-'END'
	#include <hurd/pager.h>
	#include <string.h>
	#include <sys/mman.h>

	error_t pager_read_page(struct user_pager_info *upi, vm_offset_t page,
				vm_address_t *buf, int *write_lock)
	{
		void *to = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (to == MAP_FAILED)
			return EIO;
		strcpy(to, "from the pager");
		*buf = (vm_address_t)to;
		return 0;
	}

	error_t pager_write_page(struct user_pager_info *upi, vm_offset_t page,
				 vm_address_t buf)
	{
		return EIO;
	}

	error_t pager_unlock_page(struct user_pager_info *upi, vm_offset_t at)
	{
		return 0;
	}

	error_t pager_report_extent(struct user_pager_info *upi,
				    vm_address_t *offset, vm_size_t *size)
	{
		*offset = 0;
		*size = 4096;
		return 0;
	}

	void pager_clear_user_data(struct user_pager_info *upi) {}
	void pager_dropweak(struct user_pager_info *upi) {}

	int main(void)
	{
		struct port_bucket *bucket = ports_create_bucket();
		struct pager_requests *requests;
		struct pager *pager;
		char *map;

		if (!bucket || pager_start_workers(bucket, &requests))
			return 2;
		pager = pager_create(NULL, bucket, 0, MEMORY_OBJECT_COPY_NONE, 0);
		if (!pager)
			return 3;
		map = mmap(NULL, 4096, PROT_READ, MAP_SHARED,
			   pager_get_port(pager), 0);
		return map == MAP_FAILED || strcmp(map, "from the pager");
	}
	END
}

compiles_hurd()
{
	hurd_source >"$work/hurd.c"
	expect 1 cc -fsyntax-only "$work/hurd.c"
	# shellcheck disable=SC2046
	cc -o "$work/hurd" "$work/hurd.c" \
		$(pkg-config --cflags --libs hurdpager)
	expect 0 "$work/hurd"
}

serves()
{
	store data 256k
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	[ "$(command -v machpagerd)" = /usr/local/sbin/machpagerd ]
	pager data "$work/data"
	same "$nodes/data" "$work/data"
	machvmstat >/dev/null
	stop data
}

# completes LINE WORD: bash offers this for the last word of the line.
completes()
{
	local words COMPREPLY=()
	read -ra words <<<"$1"
	_machvm "${words[0]}" "${words[-1]}" "${words[-2]}"
	[[ " ${COMPREPLY[*]} " == *" $2 "* ]] ||
		fail "for '$1': ${COMPREPLY[*]}, no $2"
}

# Found by the program's name, and with all that its help has.
completions()
{
	local name
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	for name in machpagerd machvmstat vminfo vmreplay; do
		# shellcheck source=tools/completion/machvm.bash
		. "/usr/local/share/bash-completion/completions/$name.bash"
		complete -p "$name"
		completes "$name --h" --help
	done
	completes 'machpagerd --tr' --transport
	completes 'machpagerd --transport r' ring
	completes 'machpagerd --owner nob' nobody
	completes 'vminfo --js' --json
}

# Also not the directories, the group, and what depmod knew.
removed()
{
	expect 0 make -C "$project" uninstall
	said 'umount /dev/machobj; modprobe -r machvm'
	unload
	! modinfo -n machvm || fail "depmod still knows the module"
	! getent group machvm || fail "the group is still there"
	own_files | sort >"$work/after"
	diff "$work/before" "$work/after" || fail "this is left (>) or missing (<)"
	expect 2 make -C "$project" uninstall
	said 'nothing is installed'
	insmod "$module"
	mount_objects
}

# As packages are made: below a directory, without touching the machine.
packaged()
{
	own_files | sort >"$work/before"
	expect 0 make -C "$project" install DESTDIR="$work/root" PREFIX=/usr
	[ -x "$work/root/usr/sbin/machpagerd" ]
	grep -qx prefix=/usr "$work/root/usr/lib/pkgconfig/userpager.pc"
	! grep -r "$work" "$work/root" || fail "DESTDIR is in what is installed"
	expect 0 make -C "$project" uninstall DESTDIR="$work/root" PREFIX=/usr
	[ -z "$(ls -A "$work/root")" ] || fail "left: $(find "$work/root")"
	own_files | sort | diff "$work/before" -
}

# What is no kernel, or has no module, or is not installed: nothing is put.
refused()
{
	own_files | sort >"$work/before"
	mkdir -p "$work/none"
	expect 2 make -C "$project" install KDIR="$work/none"
	said 'no kernel build directory'
	expect 2 make -C "$project" install KVER=5.0.0-none
	said "run 'make"
	expect 1 setpriv --reuid=65534 --clear-groups "$project/scripts/install"
	said 'needs root'
	own_files | sort | diff "$work/before" -
}

few_modules
limit=$((3 * limit))	# it compiles, in an emulated machine
check install put
check modprobe loads
check unit unit
check manuals manuals
check pkg-config compiles
check pkg-config-mach compiles_mach
check pkg-config-hurd compiles_hurd
check serves serves
check completions completions
check uninstall removed
check packaged packaged
check refused refused
umount "/lib/modules/$release"
finish
