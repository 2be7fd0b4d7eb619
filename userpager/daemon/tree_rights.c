// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners and modes of a tree's objects: those of the files, as far as we may.
 *
 * Who may not give files away is the owner of all objects. A group that he is not in
 * becomes his own, and then has the rights of everybody.
 */
#include "log.h"
#include "tree_priv.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool have_chown(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[0].effective & 1U << CAP_CHOWN;
}

int tree_rights_init(struct tree *tree)
{
	int n = getgroups(0, NULL);

	tree->may_chown = have_chown();
	if (n < 0)
		n = 0;
	tree->groups = calloc(n + 1, sizeof(*tree->groups));
	if (!tree->groups)
		return ENOMEM;
	n = getgroups(n, tree->groups);
	tree->nr_groups = n < 0 ? 0 : n;
	tree->groups[tree->nr_groups++] = getegid();
	return 0;
}

static bool in_group(const struct tree *tree, gid_t gid)
{
	int i;

	for (i = 0; i < tree->nr_groups; i++) {
		if (tree->groups[i] == gid)
			return true;
	}
	return tree->may_chown;
}

bool tree_same_rights(const struct tree_facts *facts, const struct stat *st)
{
	return facts->mode == st->st_mode && facts->uid == st->st_uid &&
	       facts->gid == st->st_gid;
}

uid_t tree_owner(const struct tree *tree, const struct tree_facts *facts)
{
	if (tree->config->owner_given)
		return tree->config->owner;
	return tree->may_chown ? facts->uid : geteuid();
}

gid_t tree_group(const struct tree *tree, const struct tree_facts *facts)
{
	if (tree->config->group_given)
		return tree->config->group;
	return in_group(tree, facts->gid) ? facts->gid : getegid();
}

/* Who reads a directory must get into it. */
static mode_t given_mode(const struct tree *tree, bool directory)
{
	mode_t mode = tree->config->mode;

	return directory ? mode | (mode & 0444) >> 2 : mode;
}

mode_t tree_mode(const struct tree *tree, const struct tree_facts *facts)
{
	bool directory = S_ISDIR(facts->mode);
	mode_t mode = facts->mode & (directory ? 01777 : 0777);

	if (tree->config->mode)
		mode = given_mode(tree, directory);
	else if (tree_group(tree, facts) != facts->gid &&
		 !tree->config->group_given)
		mode = (mode & ~070) | (mode & 07) << 3;
	/* we make names in it ourselves */
	if (directory && !tree->may_chown)
		mode |= 0300;
	return mode;
}
