// SPDX-License-Identifier: GPL-2.0-only
/* Rows about reading, writing, copying, and sending home. */
#include "rows.h"
#include "serve.h"

void row_read_hole(void)
{
	vm_address_t a = memory_allocate(PAGE);
	unsigned int entries = memory_info(SELF).entries;
	mach_msg_type_number_t count;
	pointer_t data;

	KERN_IS(vm_deallocate(SELF, a, PAGE), KERN_SUCCESS);
	/* the lowest room there is, where a buffer would go */
	KERN_IS(vm_read(SELF, a, PAGE, &data, &count), KERN_INVALID_ADDRESS);
	KERN_IS(vm_read(SELF, a + 0x800, 0x100, &data, &count),
		KERN_INVALID_ADDRESS);
	a = rows_hole(5);
	KERN_IS(vm_read(SELF, a, 2 * PAGE + 1, &data, &count),
		KERN_INVALID_ADDRESS);
	CHECK(memory_info(SELF).entries == entries + 1, "something is allocated");
}

void row_read_offset(void)
{
	static const vm_offset_t within[] = { 0, 1, 77, PAGE - 1 };
	vm_address_t a = memory_allocate(4 * PAGE);
	mach_msg_type_number_t count;
	pointer_t data;

	pattern_fill((void *)a, 0, 4 * PAGE, 5);
	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		KERN_IS(vm_read(SELF, a + within[i], 2 * PAGE, &data, &count),
			KERN_SUCCESS);
		CHECK(data % PAGE == within[i] && count == 2 * PAGE,
		      "%u bytes at %#lx", count, data);
		CHECK(pattern_is((void *)data, within[i], count, 5),
		      "wrong data");
		KERN_IS(vm_deallocate(SELF, data, count), KERN_SUCCESS);
	}
	CHECK(memory_info(SELF).entries == 1, "something is left");
}

void row_read_wraps(void)
{
	static const struct {
		vm_address_t address;
		vm_size_t size;
	} rows[] = {
		{ WRAPS, PAGE }, { WRAPS, 1 }, { -1, 1 }, { -1, 2 },
		{ WRAPS, 2 * PAGE },
	};
	vm_address_t a = memory_allocate(2 * PAGE);
	mach_msg_type_number_t count;
	pointer_t data;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const vm_address_t at = rows[i].address;
		const vm_size_t n = rows[i].size;
		const kern_return_t got[] = {
			vm_read(SELF, at, n, &data, &count),
			vm_write(SELF, at, a, n),
			vm_copy(SELF, at, n, a),
			vm_copy(SELF, a, n, at),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++)
			CHECK(got[k] == KERN_INVALID_ADDRESS, "row %zu, call %zu: %s",
			      i, k, mach_error_string(got[k]));
	}
	KERN_IS(vm_read(SELF, a, -1, &data, &count), KERN_INVALID_ADDRESS);
	KERN_IS(vm_copy(SELF, a, -1, a), KERN_INVALID_ADDRESS);
}

void row_read_large(void)
{
	vm_address_t a = memory_allocate(PAGE);
	mach_msg_type_number_t count;
	pointer_t data;

	KERN_IS(vm_read(SELF, a, 1UL << 32, &data, &count),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_read(SELF, a, 0, &data, &count), KERN_SUCCESS);
	CHECK(!data && !count, "something of nothing");
}

void row_read_write_only(void)
{
	vm_address_t a = memory_allocate(2 * PAGE);
	mach_msg_type_number_t count;
	pointer_t data;

	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_WRITE), KERN_SUCCESS);
	KERN_IS(vm_read(SELF, a, PAGE, &data, &count), KERN_PROTECTION_FAILURE);
	KERN_IS(vm_copy(SELF, a, PAGE, a + PAGE), KERN_PROTECTION_FAILURE);
	KERN_IS(vm_copy(SELF, a + PAGE, PAGE, a), KERN_SUCCESS);
	KERN_IS(vm_write(SELF, a, a + PAGE, PAGE), KERN_SUCCESS);
	CHECK_IS(memory_store(a), 0);
}

void row_write_checks(void)
{
	vm_address_t a = memory_allocate(8 * PAGE), b = rows_hole(5);

	memset((void *)a, 1, 3 * PAGE);
	KERN_IS(vm_protect(SELF, a + 7 * PAGE, PAGE, FALSE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_write(SELF, a + 5 * PAGE, a, 3 * PAGE),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_copy(SELF, a, 3 * PAGE, a + 5 * PAGE),
		KERN_PROTECTION_FAILURE);
	KERN_IS(vm_write(SELF, b, a, 3 * PAGE), KERN_INVALID_ADDRESS);
	KERN_IS(vm_copy(SELF, a, 3 * PAGE, b), KERN_INVALID_ADDRESS);
	CHECK(zeros((void *)(a + 5 * PAGE), 2 * PAGE) &&
	      zeros((void *)b, 2 * PAGE), "written before it failed");
}

void row_write_unaligned(void)
{
	vm_address_t a = memory_allocate(8 * PAGE);

	pattern_fill((void *)a, 0, 3 * PAGE, 5);
	KERN_IS(vm_write(SELF, a + 4 * PAGE + 3, a + 7, 2 * PAGE + 9),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)(a + 4 * PAGE + 3), 7, 2 * PAGE + 9, 5),
	      "wrong data");
}

static struct serve *served(vm_address_t *a, vm_prot_t protection)
{
	struct serve *v = serve_new(16 * PAGE, 4 * PAGE, 1);

	serve_start(v);
	KERN_IS(rows_map(a, v->fd, 0, 16 * PAGE, protection, VM_PROT_ALL),
		KERN_SUCCESS);
	return v;
}

void row_msync_zero(void)
{
	KERN_IS(vm_msync(SELF, 12345, 0, 3), KERN_SUCCESS);
	KERN_IS(vm_msync(SELF, -1, 0, VM_SYNC_CONTIGUOUS), KERN_SUCCESS);
}

void row_msync_flags(void)
{
	vm_address_t a;
	struct serve *v = served(&a, VM_PROT_DEFAULT);

	*(char *)a = 0x5a;
	KERN_IS(vm_msync(SELF, a, PAGE, 3), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_msync(SELF, a, PAGE, 0), KERN_SUCCESS);
	KERN_IS(vm_msync(SELF, a, PAGE, 1 << 20), KERN_SUCCESS);
	KERN_IS(vm_msync(SELF, a, PAGE, VM_SYNC_REUSABLEPAGES), KERN_SUCCESS);
	CHECK(pattern_is(v->store, 0, PAGE, 1), "sent");
	KERN_IS(vm_msync(SELF, a, PAGE, VM_SYNC_SYNCHRONOUS | 1 << 20),
		KERN_SUCCESS);
	CHECK(v->store[0] == 0x5a, "not sent");
}

void row_msync_invalidate(void)
{
	vm_address_t a, b;
	struct serve *v = served(&a, VM_PROT_DEFAULT);

	KERN_IS(rows_map(&b, v->fd, 0, 16 * PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_SUCCESS);
	memset((void *)a, 0xee, 2 * PAGE);
	KERN_IS(vm_msync(SELF, b, 16 * PAGE, VM_SYNC_INVALIDATE), KERN_SUCCESS);
	CHECK(*(uint8_t *)a == 0xee, "lost by who may only read");
	KERN_IS(vm_msync(SELF, a, PAGE, VM_SYNC_INVALIDATE), KERN_SUCCESS);
	CHECK(pattern_is((void *)a, 0, PAGE, 1), "not forgotten");
	CHECK(*(uint8_t *)(a + PAGE) == 0xee, "too much is forgotten");
	CHECK(pattern_is(v->store, 0, 2 * PAGE, 1), "sent");
	KERN_IS(vm_msync(SELF, a, 16 * PAGE,
			 VM_SYNC_INVALIDATE | VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
	CHECK(v->store[PAGE] == 0xee && *(uint8_t *)(a + PAGE) == 0xee,
	      "lost, not sent");
}

void row_msync_holes(void)
{
	vm_address_t a;
	struct serve *v = served(&a, VM_PROT_DEFAULT);

	memset((void *)a, 0xee, 16 * PAGE);
	KERN_IS(vm_deallocate(SELF, a + 4 * PAGE, PAGE), KERN_SUCCESS);
	KERN_IS(vm_msync(SELF, a - PAGE, 8 * PAGE, VM_SYNC_SYNCHRONOUS),
		KERN_SUCCESS);
	CHECK(v->store[5 * PAGE] == 0xee, "not sent behind the hole");
	KERN_IS(vm_msync(SELF, a, 16 * PAGE,
			 VM_SYNC_SYNCHRONOUS | VM_SYNC_CONTIGUOUS),
		KERN_INVALID_ADDRESS);
	CHECK(v->store[15 * PAGE] == 0xee, "not done to the end");
	KERN_IS(vm_msync(SELF, 0, PAGE, VM_SYNC_CONTIGUOUS),
		KERN_INVALID_ADDRESS);
	KERN_IS(vm_msync(SELF, a, 4 * PAGE,
			 VM_SYNC_SYNCHRONOUS | VM_SYNC_CONTIGUOUS),
		KERN_SUCCESS);
}

void row_msync_kill(void)
{
	vm_address_t a = rows_hole(9), b;
	struct serve *v = served(&b, VM_PROT_DEFAULT);

	memset((void *)a, 7, 4 * PAGE);
	memset((void *)(a + 5 * PAGE), 7, 4 * PAGE);
	KERN_IS(vm_msync(SELF, a + PAGE, 8 * PAGE, VM_SYNC_DEACTIVATE),
		KERN_SUCCESS);
	CHECK(*(char *)(a + PAGE) == 7, "forgotten");
	KERN_IS(vm_msync(SELF, a + PAGE, 8 * PAGE, VM_SYNC_KILLPAGES),
		KERN_SUCCESS);
	CHECK(*(char *)a == 7 && zeros((void *)(a + PAGE), 3 * PAGE),
	      "not forgotten");
	CHECK(*(char *)(a + 5 * PAGE) == 7, "forgotten behind the hole");
	memset((void *)b, 0xee, PAGE);
	KERN_IS(vm_msync(SELF, b, PAGE, VM_SYNC_KILLPAGES), KERN_SUCCESS);
	CHECK(*(uint8_t *)b == 0xee && pattern_is(v->store, 0, PAGE, 1),
	      "an object's page is lost, or sent");
}

void row_msync_wraps(void)
{
	KERN_IS(vm_msync(SELF, WRAPS, PAGE, VM_SYNC_SYNCHRONOUS),
		KERN_INVALID_ADDRESS);
	KERN_IS(vm_msync(SELF, WRAPS, 1, 0), KERN_INVALID_ADDRESS);
	KERN_IS(vm_msync(SELF, 0, -1, 0), KERN_INVALID_ADDRESS);
}
