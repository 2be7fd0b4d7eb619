// SPDX-License-Identifier: GPL-2.0-only
/* Rules for arguments, at their bounds and with random values. */
#include "../../kmod/base/check.h"
#include "property.h"

/* The models compute in 128 bits, or look at one character at a time. */

static bool size_check(void)
{
	uint32_t size = property_edge(), first = property_edge();
	uint32_t most = property_edge();
	int expected = size < first ? -EINVAL : size <= most ? 0 : -E2BIG;
	int got = mach_size_check(size, first, most);

	if (got == expected)
		return true;
	return property_fail("%u of %u to %u: %d, not %d", size, first, most,
			     got, expected);
}

#define ROOM	32

/* Byte by byte: what is to become of a structure of this size */
static int settle_model(uint8_t *bytes, uint32_t size, uint32_t first,
			uint32_t known, uint32_t most)
{
	uint32_t i;

	if (size < first)
		return -EINVAL;
	if (size > most)
		return -E2BIG;
	for (i = known; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	for (i = size; i < known; i++)
		bytes[i] = 0;
	return 0;
}

static bool size_settle(void)
{
	uint8_t got[ROOM] __attribute__((aligned(4)));
	uint8_t expected[ROOM] __attribute__((aligned(4)));
	uint32_t most = 8 + property_below(ROOM - 8 + 1);
	uint32_t known = 4 + property_below(most - 4 + 1);
	uint32_t first = 4 + property_below(known - 4 + 1);
	uint32_t size = property_below(ROOM + 4), i;
	int err, want;

	for (i = 0; i < ROOM; i++)
		got[i] = i < known || !property_below(8);
	memcpy(got, &size, sizeof(size));
	memcpy(expected, got, ROOM);
	want = settle_model(expected, size, first, known, most);
	err = mach_size_settle(got, first, known, most);
	if (err == want && (err || !memcmp(got, expected, ROOM)))
		return true;
	return property_fail("%u of %u to %u of %u: %d, not %d", size, first,
			     known, most, err, want);
}

static bool range_fits(void)
{
	uint64_t offset = property_edge(), length = property_edge();
	uint64_t limit = property_edge();
	bool expected = (__uint128_t)offset + length <= limit;

	if (mach_range_fits(offset, length, limit) == expected)
		return true;
	return property_fail("%#llx+%#llx in %#llx: not %d",
			     (unsigned long long)offset,
			     (unsigned long long)length,
			     (unsigned long long)limit, expected);
}

static bool range_aligned(void)
{
	uint64_t size = 1 + property_below(64 * PAGE_SIZE);
	uint64_t offset = property_below(size + 1);
	uint64_t length = property_below(size - offset + 1);
	bool expected;

	if (property_below(2))
		offset -= offset % PAGE_SIZE;
	if (property_below(2))
		length = size - offset;
	expected = offset % PAGE_SIZE == 0 &&
		   (length % PAGE_SIZE == 0 || offset + length == size);
	if (mach_range_aligned(offset, length, size) == expected)
		return true;
	return property_fail("%#llx+%#llx of %#llx: not %d",
			     (unsigned long long)offset,
			     (unsigned long long)length,
			     (unsigned long long)size, expected);
}

static bool cluster(void)
{
	uint32_t bytes = property_below(2) ? property_edge() :
			 1U << property_below(32);
	bool expected = false;
	uint32_t good;

	for (good = PAGE_SIZE; good <= MACH_CLUSTER_MAX; good *= 2)
		expected |= bytes == good;
	if (mach_cluster_valid(bytes) == expected)
		return true;
	return property_fail("%u: not %d", bytes, expected);
}

static char random_letter(void)
{
	static const char special[] = "/ !@[`{:,\x0a\x7f\x80\xff\0.";

	if (property_below(3))
		return 'a' + property_below(26);
	return special[property_below(sizeof(special) - 1)];
}

/* By the letter: bytes since the last slash, and what they were */
static int path_model(const char *path, size_t length)
{
	size_t begin = 0, n;

	if (length > 4095)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < length; i++)
		if (!path[i])
			return -EINVAL;
	for (size_t i = 0; i <= length; i++) {
		if (i < length && path[i] != '/')
			continue;
		n = i - begin;
		if (!n || (n == 1 && path[begin] == '.') ||
		    (n == 2 && path[begin] == '.' && path[begin + 1] == '.'))
			return -EINVAL;
		if (n > 255)
			return -ENAMETOOLONG;
		begin = i + 1;
	}
	return 0;
}

static bool path(void)
{
	static char text[4200];
	size_t length = property_below(property_below(64) ? 6 :
				       property_below(64) ? 600 : sizeof(text));
	unsigned int often = 1 + property_below(200);
	int expected, got;

	for (size_t i = 0; i < length; i++)
		text[i] = property_below(often) ? 'a' : random_letter();
	expected = path_model(text, length);
	got = mach_path_check(text, length);
	if (got == expected)
		return true;
	return property_fail("%zu bytes, '%.64s': %d, not %d", length, text,
			     got, expected);
}

static bool part_model(const struct mach_part *part)
{
	bool copy = part->kind == MACH_PART_COPY;
	bool file = part->kind == MACH_PART_FILE;
	bool error = part->kind == MACH_PART_ERROR;

	if (part->kind < 1 || part->kind > 5 || part->reserved)
		return false;
	if (part->fd && !file)
		return false;
	if (error)
		return part->source >= 1 && part->source <= 133 &&
		       part->source != 4 && part->source != 11;
	if (file)
		return (__uint128_t)part->source + part->length <=
		       INT64_MAX;
	return copy || part->source == 0;
}

static bool part(void)
{
	struct mach_part part = {
		.kind = property_below(8),
		.fd = property_below(2) ? 0 : (int)property_edge(),
		.length = property_edge(),
		.source = property_below(2) ? 0 : property_edge(),
		.reserved = property_below(8) ? 0 : property_edge(),
	};
	bool expected = part_model(&part);

	if (mach_part_valid(&part) == expected)
		return true;
	return property_fail("kind %u fd %d length %#llx source %#llx: not %d",
			     part.kind, part.fd,
			     (unsigned long long)part.length,
			     (unsigned long long)part.source, expected);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "size-check", 1000000, size_check },
		{ "size-settle", 1000000, size_settle },
		{ "range-fits", 1000000, range_fits },
		{ "range-aligned", 1000000, range_aligned },
		{ "cluster-valid", 1000000, cluster },
		{ "path-check", 1000000, path },
		{ "part-valid", 1000000, part },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
