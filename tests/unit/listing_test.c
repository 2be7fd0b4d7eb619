// SPDX-License-Identifier: GPL-2.0-only
/* Tables of names beside an array of names, and what a name costs. */
#include "../../kmod/file/listing.h"
#include "property.h"

#include <stdio.h>

#define NAMES		700	/* that there are at all */
#define FEW_HASHES	13	/* so that many names share a bucket, or a hash */
#define COST_NAMES	100000
#define COST_MOST	64	/* bytes beside the name */

size_t mach_kern_bytes;
unsigned long mach_kern_allocations = ULONG_MAX;

void *mach_kern_alloc(size_t bytes)
{
	size_t *memory;

	if (!mach_kern_allocations)
		return NULL;
	mach_kern_allocations--;
	memory = calloc(1, bytes + 16);
	assert(memory);
	*memory = bytes;
	mach_kern_bytes += bytes;
	return memory + 2;
}

void mach_kern_free(void *memory)
{
	size_t *at = memory;

	if (!memory)
		return;
	at -= 2;
	mach_kern_bytes -= *at;
	free(at);
}

/*
 * What the table should know of name number i; number 0: it is not there. Its target is
 * that of the name that it had first.
 */
struct known {
	uint64_t number;
	uint64_t inode;
	uint64_t cookie;
	unsigned int target;
	unsigned int first;
};

static struct mach_listing table;
static struct known known[NAMES];
static unsigned long there;
static uint64_t last_number;

/* Names of 1 to 255 bytes, and each another one */
static unsigned int name_of(unsigned int i, char *name)
{
	unsigned int length = 3 + i * 31 % 253;

	memset(name, 'a' + i % 26, length);
	name[0] = 1 + i % 255;
	name[1] = 1 + i / 255;
	name[2] = i % 7 ? '\n' : 0xff;
	return length;
}

static uint32_t hash_of(unsigned int i)
{
	return i % 3 ? i * 2654435761u : i % FEW_HASHES;
}

static unsigned int target_of(unsigned int i)
{
	return i % 5 ? 0 : i * 37 % 4096;
}

static struct mach_listing_entry *find(const struct mach_listing *listing,
				       unsigned int i)
{
	char name[256];
	unsigned int length = name_of(i, name);

	return mach_listing_find(listing, hash_of(i), name, length);
}

static int add(struct mach_listing *listing, unsigned int i, uint64_t cookie)
{
	struct mach_listing_entry entry = {
		.cookie = cookie,
		.hash = hash_of(i),
		.target_length = target_of(i),
	};
	static char target[4096];
	char name[256];

	entry.name_length = name_of(i, name);
	memset(target, 'A' + i % 26, sizeof(target));
	return mach_listing_add(listing, &entry, name, target);
}

static bool right(unsigned int i, const struct mach_listing_entry *entry)
{
	char name[256];
	unsigned int n, length = name_of(i, name);
	const char *target = mach_listing_target(entry);

	if (entry->name_length != length || memcmp(entry->text, name, length) ||
	    entry->cookie != known[i].cookie ||
	    entry->number != known[i].number ||
	    mach_listing_inode(entry) != known[i].inode ||
	    entry->target_length != known[i].target)
		return property_fail("name %u is another one", i);
	for (n = 0; n < known[i].target; n++)
		if (target[n] != (char)('A' + known[i].first % 26))
			return property_fail("name %u: target", i);
	return true;
}

/* Which name is it, by what it says? */
static unsigned int which(const struct mach_listing_entry *entry)
{
	return (unsigned char)entry->text[0] - 1 +
	       255 * ((unsigned char)entry->text[1] - 1);
}

static bool compare(void)
{
	struct mach_listing_cursor at = {};
	struct mach_listing_entry *entry;
	unsigned long seen = 0;
	uint64_t before = 0;
	unsigned int i;

	if (table.n != there)
		return property_fail("%lu names, not %lu", table.n, there);
	if (table.bytes != mach_kern_bytes)
		return property_fail("%lu bytes, not %zu", table.bytes,
				     mach_kern_bytes);
	for (i = 0; i < NAMES; i++) {
		entry = find(&table, i);
		if (!entry != !known[i].number)
			return property_fail("name %u: %sfound", i,
					     entry ? "" : "not ");
		if (entry && !right(i, entry))
			return false;
	}
	while ((entry = mach_listing_next(&table, &at))) {
		if (entry->number <= before)
			return property_fail("numbers out of order");
		before = entry->number;
		if (!right(which(entry), entry))
			return false;
		seen++;
	}
	return seen == there || property_fail("%lu names seen", seen);
}

/* From a number on: the smallest that is not less, and then all others */
static bool from(void)
{
	uint64_t number = property_below(last_number + 3), best = 0;
	struct mach_listing_cursor at;
	struct mach_listing_entry *entry;
	unsigned long rest = 0;
	unsigned int i;

	for (i = 0; i < NAMES; i++)
		if (known[i].number >= number && known[i].number) {
			rest++;
			if (!best || known[i].number < best)
				best = known[i].number;
		}
	entry = mach_listing_from(&table, number, &at);
	if ((entry ? entry->number : 0) != best)
		return property_fail("from %lu: %lu, not %lu", number,
				     entry ? entry->number : 0, best);
	for (; entry; entry = mach_listing_next(&table, &at))
		rest--;
	return !rest || property_fail("from %lu: %ld are missing", number,
				      (long)rest);
}

/* Up to @most names that are not there, by a table of their own */
static bool join(unsigned int most)
{
	struct mach_listing more = {};
	uint64_t cookie = property_random();
	unsigned int i, n, first = property_below(NAMES);
	uint64_t number = last_number + 1 + property_below(3);
	int err = 0, expected;

	for (n = 0; n < most && !err; n++) {
		i = (first + n * 7) % NAMES;
		if (known[i].number)
			continue;
		expected = find(&more, i) ? -EEXIST : 0;
		err = add(&more, i, cookie);
		if (err == -EEXIST && expected)
			err = 0;
		else if (err && (err != -ENOMEM || mach_kern_allocations))
			return property_fail("add: %d", err);
	}
	/* some change their mind */
	for (n = 0; n < most / 4; n++) {
		i = (first + n * 21) % NAMES;
		if (find(&more, i))
			mach_listing_remove(&more, find(&more, i));
	}
	err = err ?: mach_listing_provide(&table, &more);
	/* what is merged needs no room */
	i = (first + 7) % NAMES;
	if (!err && find(&more, i))
		mach_listing_remove(&more, find(&more, i));
	if (!err) {
		for (n = 0; n < NAMES; n++)
			if (find(&more, n)) {
				known[n].cookie = cookie;
				known[n].target = target_of(n);
				known[n].first = n;
			}
		there += more.n;
		last_number = number + more.n;
		mach_kern_allocations = 0;
		mach_listing_join(&table, &more, number);
		if (more.n || more.bytes)
			return property_fail("something is left");
		for (n = 0; n < NAMES; n++)
			if (!known[n].number && find(&table, n)) {
				known[n].number = find(&table, n)->number;
				known[n].inode = known[n].number;
			}
	}
	mach_kern_allocations = ULONG_MAX;
	mach_listing_clear(&more);
	return true;
}

static bool take_away(unsigned int most)
{
	unsigned int n, i;

	for (n = 0; n < most; n++) {
		i = property_below(NAMES);
		if (!known[i].number)
			continue;
		mach_listing_remove(&table, find(&table, i));
		known[i].number = 0;
		there--;
	}
	mach_listing_pack(&table);
	return true;
}

/* A name moves to the end as another one; how, is its user's. */
static int move(struct mach_listing *more, unsigned int from, unsigned int to)
{
	struct mach_listing_entry entry = {
		.number = known[from].inode,
		.cookie = known[from].cookie,
		.hash = hash_of(to),
		.target_length = known[from].target,
		.flags = MACH_LISTING_RENAMED,
	};
	static char target[4096];
	char name[256];

	entry.name_length = name_of(to, name);
	memset(target, 'A' + known[from].first % 26, sizeof(target));
	return mach_listing_add(more, &entry, name, target) ?:
	       mach_listing_provide(&table, more);
}

static bool renamed(unsigned int most)
{
	struct mach_listing more = {};
	unsigned int n, from, to;
	int err;

	for (n = 0; n < most; n++) {
		from = property_below(NAMES);
		to = property_below(NAMES);
		if (!known[from].number || known[to].number)
			continue;
		err = move(&more, from, to);
		if (err && (err != -ENOMEM || mach_kern_allocations))
			return property_fail("rename: %d", err);
		if (!err) {
			mach_kern_allocations = 0;
			mach_listing_remove(&table, find(&table, from));
			mach_listing_join(&table, &more, ++last_number);
			mach_listing_pack(&table);
			known[to] = known[from];
			known[to].number = last_number++;
			known[from].number = 0;
		}
		mach_kern_allocations = ULONG_MAX;
		mach_listing_clear(&more);
	}
	return true;
}

static bool turn(void)
{
	if (!property_below(8))
		mach_kern_allocations = property_below(6);
	switch (property_below(7)) {
	case 0:
		return join(1 + property_below(4)) && compare();
	case 1:
		return join(1 + property_below(2 * NAMES)) && compare();
	case 2:
	case 3:
		return take_away(1 + property_below(200)) && compare();
	case 4:
		if (property_below(20))
			return from();
		mach_listing_clear(&table);
		memset(known, 0, sizeof(known));
		there = 0;
		return compare();
	case 5:
		return renamed(1 + property_below(50)) && compare();
	}
	return from();
}

/* Names one after the other, as a pager may hand them in: at once, or by and by */
static bool cost(unsigned int at_once)
{
	struct mach_listing listing = {}, more = {};
	unsigned long text = 0, n = 0;
	double bytes;
	char name[256];

	while (n < COST_NAMES) {
		struct mach_listing_entry entry = {
			.hash = n * 2654435761u,
			.name_length = sprintf(name, "file-%0*lu",
					       (int)(1 + n % 20), n),
		};

		text += entry.name_length;
		if (mach_listing_add(&more, &entry, name, ""))
			return property_fail("no memory");
		if (++n % at_once)
			continue;
		if (mach_listing_provide(&listing, &more))
			return property_fail("no memory");
		mach_listing_join(&listing, &more, n + 1);
	}
	bytes = (double)(listing.bytes - text) / n;
	mach_listing_clear(&listing);
	mach_listing_clear(&more);
	if (bytes > COST_MOST)
		return property_fail("%.1f bytes beside a name, %u at once",
				     bytes, at_once);
	printf("# %.1f bytes beside a name of %.1f, %u at once\n", bytes,
	       (double)text / n, at_once);
	return true;
}

static bool costs(void)
{
	static const unsigned int at_once[] = { 1, 10, 200, COST_NAMES };
	unsigned int i;

	mach_kern_allocations = ULONG_MAX;
	mach_listing_clear(&table);
	memset(known, 0, sizeof(known));
	there = 0;
	for (i = 0; i < 4; i++)
		if (!cost(at_once[i]))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "listing", 4000, turn },
		{ "listing-cost", 1, costs },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
