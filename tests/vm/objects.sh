# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Where objects are seen. To be sourced, in the test machine only.

mount_objects()
{
	mkdir -p /dev/machobj &&
		mount -t machobj -o nosuid,nodev machobj /dev/machobj
}

# Wherever it is mounted; what cannot go at once goes with those who use it.
unmount_objects()
{
	local line place places=()
	while read -r line; do
		[[ $line == *' - machobj '* ]] || continue
		read -r _ _ _ _ place _ <<<"$line"
		places=("$place" "${places[@]}")
	done </proc/self/mountinfo
	for place in "${places[@]}"; do
		umount "$place" 2>/dev/null || umount -l "$place"
	done
}
