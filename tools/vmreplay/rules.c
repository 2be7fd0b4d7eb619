// SPDX-License-Identifier: GPL-2.0-only
/* The names of sets of rules, and names that add rules and take some away. */
#include "rules.h"

const struct rule_set rule_sets[RULE_SETS] = {
	{ "none", MACH_RULES_NONE },
	{ "backward", MACH_RULES_BACKWARD },
	{ "gnumach2023", MACH_RULES_GNUMACH2023 },
	{ "machvm", MACH_RULES_MACHVM | RULE_MIDDLE },
};

static const struct rule_set single_rules[] = {
	{ "prev", MACH_MERGE_ENTER_PREV },
	{ "next", MACH_MERGE_ENTER_NEXT },
	{ "front", MACH_MERGE_NULL_FRONT },
	{ "same", MACH_MERGE_SAME_OBJECT },
	{ "protect", MACH_MERGE_PROTECT },
	{ "inherit", MACH_MERGE_INHERIT },
	{ "deallocate", MACH_MERGE_DEALLOCATE },
	{ "wire", MACH_MERGE_WIRE },
	{ "attributes", MACH_MERGE_ATTRIBUTES },
	{ "pieces", MACH_MERGE_PIECES },
	{ "objects", MACH_MERGE_OBJECTS },
	{ "shared", MACH_MERGE_SHARED },
	{ "lazy", MACH_MERGE_LAZY_CLIP },
	{ "middle", RULE_MIDDLE },
};

/* The set of that name, which may not be all of the text */
static const struct rule_set *find(const struct rule_set *sets, unsigned int n,
				   const char *name, size_t length)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (strlen(sets[i].name) == length &&
		    !strncmp(sets[i].name, name, length))
			return &sets[i];
	return NULL;
}

/**
 * rules_parse - What a name of rules means: a set, with more rules or without some
 * @name: as "machvm-pieces" or "backward+protect+same"
 * @set: gets name and rules
 *
 * Return: whether it means anything.
 */
bool rules_parse(const char *name, struct rule_set *set)
{
	size_t length = strcspn(name, "+-");
	const struct rule_set *found = find(rule_sets, RULE_SETS, name, length);

	*set = (struct rule_set){ .name = name };
	if (found)
		set->rules = found->rules;
	for (name += length; found && *name; name += 1 + length) {
		length = strcspn(name + 1, "+-");
		found = find(single_rules,
			     sizeof(single_rules) / sizeof(*single_rules),
			     name + 1, length);
		if (found && *name == '+')
			set->rules |= found->rules;
		else if (found)
			set->rules &= ~found->rules;
	}
	return found;
}
