// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pagers in the Hurd's form: a small file system in one process, with a pager of its
 * disk, and pagers of its files that read the disk by mapping it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hurd/pager.h>

#include "part.h"
#include "tap.h"
#include "task.h"

#define PAGE		4096UL
#define DISK_PAGES	64
#define FILE_PAGES	8
#define WAIT_MS		(8000 * tap_slow())

/* Block 0 has the blocks of each file, 0 for a hole; they lie apart. */
struct user_pager_info {
	struct pager *pager;
	bool disk;
	unsigned int number;
	vm_size_t size;
	int reads, writes, bulks, weak, cleared;
	int error;		/* what a read says */
	bool bulk;		/* two pages at once are taken */
	bool in_task;		/* pages come from vm_allocate() */
	bool use_other;		/* a read looks at @other's memory */
	volatile bool hold;	/* callbacks wait */
	volatile int running;
	int together;		/* how often there were two at once */
	error_t memcpy;
	mach_port_t right;
	char *map;
};

static uint8_t disk[DISK_PAGES][PAGE];
static struct user_pager_info disk_info = { .disk = true };
static struct user_pager_info files[2];
static struct port_bucket *disk_bucket, *file_bucket;
static struct pager_requests *disk_requests, *file_requests;

static uint32_t block_of(struct user_pager_info *upi, vm_offset_t page)
{
	const uint32_t *table = (const uint32_t *)disk_info.map;

	return table[upi->number * FILE_PAGES + page / PAGE];
}

static void enter(struct user_pager_info *upi)
{
	upi->together += __atomic_fetch_add(&upi->running, 1,
					    __ATOMIC_SEQ_CST) != 0;
	while (upi->hold)
		tap_pause_ms(1);
}

static error_t leave(struct user_pager_info *upi, error_t err)
{
	__atomic_fetch_sub(&upi->running, 1, __ATOMIC_SEQ_CST);
	return err;
}

static vm_address_t new_page(struct user_pager_info *upi)
{
	vm_address_t page = 0;

	if (upi->in_task) {
		CHECK(!vm_allocate(mach_task_self(), &page, PAGE, 1),
		      "vm_allocate");
		return page;
	}
	return (vm_address_t)mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static const void *file_page(struct user_pager_info *upi, vm_offset_t page,
			     int *write_lock)
{
	static const uint8_t hole[PAGE];
	uint32_t block = block_of(upi, page);

	*write_lock = !block;
	return block ? disk_info.map + block * PAGE : (const void *)hole;
}

error_t pager_read_page(struct user_pager_info *upi, vm_offset_t page,
			vm_address_t *buf, int *write_lock)
{
	size_t size = 1;
	char byte;

	enter(upi);
	upi->reads++;
	*write_lock = 0;
	if (upi->error || page >= upi->size)
		return leave(upi, upi->error ?: EIO);
	if (upi->use_other)
		upi->memcpy = pager_memcpy(upi->pager, upi->right,
					   page + PAGE, &byte, &size,
					   VM_PROT_READ);
	*buf = new_page(upi);
	memcpy((void *)*buf, upi->disk ? disk[page / PAGE] :
	       file_page(upi, page, write_lock), PAGE);
	return leave(upi, 0);
}

static error_t put(struct user_pager_info *upi, vm_offset_t page,
		   const void *data)
{
	uint32_t block = upi->disk ? page / PAGE : block_of(upi, page);

	if (!upi->disk && !block)
		return ENOSPC;
	memcpy(upi->disk ? (void *)disk[block] : disk_info.map + block * PAGE,
	       data, PAGE);
	return 0;
}

error_t pager_write_page(struct user_pager_info *upi, vm_offset_t page,
			 vm_address_t buf)
{
	enter(upi);
	upi->writes++;
	return leave(upi, put(upi, page, (void *)buf));
}

error_t pager_write_pages(struct user_pager_info *upi, vm_offset_t offset,
			  vm_address_t data, vm_size_t length,
			  vm_size_t *written)
{
	if (!upi->bulk)
		return EOPNOTSUPP;
	CHECK(length >= 2 * PAGE, "%lu bytes at once", length);
	upi->bulks++;
	*written = 0;
	if (put(upi, offset, (void *)data) ||
	    put(upi, offset + PAGE, (void *)(data + PAGE)))
		return EIO;
	*written = 2 * PAGE;
	return 0;
}

error_t pager_unlock_page(struct user_pager_info *upi, vm_offset_t address)
{
	(void)upi;
	tap_fail("page %lu is unlocked", address);
	return 0;
}

error_t pager_report_extent(struct user_pager_info *upi, vm_address_t *offset,
			    vm_size_t *size)
{
	*offset = 0;
	*size = upi->size;
	return 0;
}

void pager_clear_user_data(struct user_pager_info *upi)
{
	upi->cleared++;
}

void pager_dropweak(struct user_pager_info *upi)
{
	if (!upi->weak)
		return;
	upi->weak = 0;
	ports_port_deref_weak(upi->pager);
}

static void map_it(struct user_pager_info *upi)
{
	upi->right = pager_get_port(upi->pager);
	CHECK(upi->right, "no right: %m");
	upi->map = mmap(NULL, DISK_PAGES * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED, upi->right, 0);
	CHECK(upi->map != MAP_FAILED, "mmap: %m");
}

/* Page @page of file @number, on the disk */
static uint8_t *block(unsigned int number, unsigned int page)
{
	return disk[((uint32_t *)disk)[number * FILE_PAGES + page]];
}

static void start_file(unsigned int number)
{
	struct user_pager_info *upi = &files[number];

	upi->number = number;
	upi->size = (FILE_PAGES - 1) * PAGE;
	upi->pager = pager_create(upi, file_bucket, 1,
				  MEMORY_OBJECT_COPY_DELAY, 0);
	CHECK(upi->pager, "no pager: %m");
	CHECK(pager_get_upi(upi->pager) == upi, "another structure");
	map_it(upi);
}

/* Each file has a hole at page 3, and room for one page more than its size. */
static void make_disk(void)
{
	uint32_t *table = (uint32_t *)disk;

	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int page = 0; page < FILE_PAGES; page++) {
			unsigned int at = i * FILE_PAGES + page;

			table[at] = page == 3 ? 0 : 1 + (at * 5) % 61;
			if (table[at])
				pattern_fill(disk[table[at]], page * PAGE,
					     PAGE, i + 1);
		}
}

static void start(void)
{
	make_disk();
	disk_bucket = ports_create_bucket();
	file_bucket = ports_create_bucket();
	CHECK(disk_bucket && file_bucket, "no bucket");
	CHECK_IS(pager_start_workers(disk_bucket, &disk_requests), 0);
	CHECK_IS(pager_start_workers(file_bucket, &file_requests), 0);
	disk_info.size = DISK_PAGES * PAGE;
	disk_info.pager = pager_create(&disk_info, disk_bucket, 1,
				       MEMORY_OBJECT_COPY_NONE, 1);
	CHECK(disk_info.pager, "no pager: %m");
	map_it(&disk_info);
	start_file(0);
	start_file(1);
}

static bool reads(struct user_pager_info *upi, unsigned int page)
{
	return pattern_is(upi->map + page * PAGE, page * PAGE, PAGE,
			  upi->number + 1);
}

static void test_read(void)
{
	start();
	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int page = 0; page < FILE_PAGES - 1; page++)
			CHECK(page == 3 ? zeros(files[i].map + 3 * PAGE, PAGE) :
			      reads(&files[i], page), "page %u of file %u",
			      page, i);
	tap_is("reads", files[0].reads, FILE_PAGES - 1);
	tap_is("disk-reads", disk_info.reads, 1 + 2 * (FILE_PAGES - 2));
	tap_is("again", pager_start_workers(file_bucket, &file_requests),
	       EBUSY);
}

static void test_sync(void)
{
	struct user_pager_info *f = &files[0];

	start();
	f->map[0] = 'a';
	f->map[5 * PAGE] = 'b';
	pager_sync(f->pager, 1);
	tap_is("writes", f->writes, 2);
	pager_sync(disk_info.pager, 1);
	tap_is("on-disk", block(0, 0)[0], 'a');
	tap_is("on-disk-too", block(0, 5)[0], 'b');
	tap_is("stays", f->map[0] == 'a' && f->reads == 2, 1);
	f->map[0] = 'c';
	pager_flush(f->pager, 1);
	tap_is("flushed", f->map[0], 'a');
	tap_is("read-again", f->reads, 3);
	f->map[0] = 'd';
	pager_return(f->pager, 1);
	tap_is("returned", f->writes, 3);
	tap_is("gone", f->map[0] == 'd' && f->reads == 4, 1);
	f->map[0] = 'e';
	pager_sync(f->pager, 0);
	CHECK_WAIT(f->writes == 4, WAIT_MS, "it is not written");
}

/* Ranges that are not of whole pages, or not all in the object */
static void test_ranges(void)
{
	struct user_pager_info *f = &files[0];

	start();
	f->map[0] = 'x';
	f->map[PAGE] = 'x';
	f->map[2 * PAGE] = 'x';
	pager_sync_some(f->pager, PAGE + 0x800, 1, 1);
	tap_is("one", f->writes, 1);
	pager_flush_some(f->pager, 0, PAGE + 1, 1);
	tap_is("two-flushed", f->map[0] != 'x' && f->map[PAGE] == 'x', 1);
	tap_is("rest-stays", f->map[2 * PAGE], 'x');
	pager_return_some(f->pager, 2 * PAGE + 1, ~0UL, 1);
	tap_is("to-the-end", f->writes, 2);
	pager_sync_some(f->pager, ~0UL - PAGE, PAGE, 1);
	pager_sync_some(f->pager, 0, 0, 1);
	tap_is("nothing", f->writes, 2);
}

static void test_errors(void)
{
	struct user_pager_info *f = &files[0];

	start();
	tap_is("none", pager_get_error(f->pager, 0), 0);
	f->error = ENOSPC;
	tap_is("load", task_touch(f->map, false), TAP_SIGNAL(SIGBUS));
	tap_is("enospc", pager_get_error(f->pager, 17), ENOSPC);
	f->error = EDQUOT;
	tap_is("load-1", task_touch(f->map + PAGE, false), TAP_SIGNAL(SIGBUS));
	tap_is("edquot", pager_get_error(f->pager, PAGE), EDQUOT);
	f->error = ENOMEM;
	tap_is("load-2", task_touch(f->map + PAGE, true), TAP_SIGNAL(SIGBUS));
	tap_is("other", pager_get_error(f->pager, PAGE), EIO);
	f->error = 0;
	tap_is("heals", task_touch(f->map + PAGE, false), 0);
	tap_is("forgotten", pager_get_error(f->pager, PAGE), 0);
	tap_is("kept", pager_get_error(f->pager, 0), ENOSPC);
	tap_is("behind", task_touch(f->map + f->size, false),
	       TAP_SIGNAL(SIGBUS));
	f->size += PAGE;
	tap_is("grown", reads(f, FILE_PAGES - 1), 1);
	/* a hole has no block to write to: the page stays, and is tried again */
	f->map[3 * PAGE] = 'x';
	pager_sync(f->pager, 1);
	tap_is("refused", f->writes, 1);
	tap_is("not-lost", f->map[3 * PAGE], 'x');
	pager_sync(f->pager, 1);
	tap_is("tried-again", f->writes, 2);
}

static sigjmp_buf failed;
static siginfo_t signalled;

static void caught(int number, siginfo_t *info, void *context)
{
	(void)context;
	signalled = *info;
	siglongjmp(failed, number);
}

/* What a file system does that looks at its disk: a failed read is a jump. */
static void test_exception(void)
{
	const struct sigaction action = {
		.sa_sigaction = caught, .sa_flags = SA_SIGINFO,
	};
	struct user_pager_info *f = &files[0];
	volatile char *at;
	int number;

	start();
	at = f->map + 2 * PAGE + 77;
	f->error = ENOSPC;
	CHECK(!sigaction(SIGBUS, &action, NULL), "sigaction: %m");
	number = sigsetjmp(failed, 1);
	if (!number)
		CHECK(*at != *at, "there is something");
	tap_is("signal", number, SIGBUS);
	tap_is("address", (char *)signalled.si_addr == at, 1);
	tap_is("code", signalled.si_code, BUS_ADRERR);
	tap_is("error", pager_get_error(f->pager, 2 * PAGE), ENOSPC);
	f->error = 0;
	tap_is("again", reads(f, 2), 1);
}

static void test_memcpy(void)
{
	struct user_pager_info *f = &files[0];
	char buf[3 * PAGE];
	size_t size = PAGE + 100;

	start();
	tap_is("read", pager_memcpy(f->pager, f->right, 50, buf, &size,
				    VM_PROT_READ), 0);
	tap_is("size", size, PAGE + 100);
	tap_is("contents", !memcmp(buf, f->map + 50, size), 1);
	memset(buf, 'm', sizeof(buf));
	size = 2 * PAGE;
	tap_is("write", pager_memcpy(f->pager, f->right, 2 * PAGE - 7, buf,
				     &size, VM_PROT_READ | VM_PROT_WRITE), 0);
	tap_is("written", !memcmp(buf, f->map + 2 * PAGE - 7, size), 1);
	size = 3 * PAGE;
	tap_is("behind", pager_memcpy(f->pager, f->right, f->size - PAGE - 1,
				      buf, &size, VM_PROT_READ), EIO);
	tap_is("before", size, PAGE + 1);
	f->error = ENOSPC;
	size = 2 * PAGE;
	pager_return(f->pager, 1);
	tap_is("error", pager_memcpy(f->pager, f->right, 0, buf, &size,
				     VM_PROT_READ), ENOSPC);
	tap_is("nothing", size, 0);
	f->error = 0;
	size = 1;
	tap_is("memory", pager_memcpy(f->pager, f->right, 0, NULL, &size,
				      VM_PROT_READ), EFAULT);
	/* from a function of the pager: it would wait for itself */
	f->use_other = true;
	tap_is("load", task_touch(f->map + 5 * PAGE, false), 0);
	tap_is("itself", f->memcpy, EDEADLK);
}

static void *touch(void *arg)
{
	return (void *)(long)*(volatile char *)arg;
}

static void begin(pthread_t *thread, char *at)
{
	CHECK(!pthread_create(thread, NULL, touch, at), "no thread");
}

/* One pager's requests one at a time, and another's beside. */
static void test_order(void)
{
	pthread_t threads[FILE_PAGES - 1], other;

	start();
	files[0].hold = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		begin(&threads[i], files[0].map + i * PAGE);
	CHECK_WAIT(files[0].running, WAIT_MS, "nothing comes");
	begin(&other, files[1].map);
	pthread_join(other, NULL);
	tap_is("other", files[1].reads, 1);
	tap_is("one", files[0].reads + files[0].running, 1);
	files[0].hold = false;
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	tap_is("all", files[0].reads, FILE_PAGES - 1);
	tap_is("together", files[0].together, 0);
}

static volatile bool inhibited;

static void *inhibit(void *arg)
{
	pager_inhibit_workers(file_requests);
	inhibited = true;
	return arg;
}

static void test_inhibit(void)
{
	pthread_t before, later, thread;

	start();
	files[0].hold = true;
	begin(&before, files[0].map);
	CHECK_WAIT(files[0].running, WAIT_MS, "nothing comes");
	CHECK(!pthread_create(&thread, NULL, inhibit, NULL), "no thread");
	tap_pause_ms(50);
	tap_is("waits", inhibited, 0);
	files[0].hold = false;
	pthread_join(before, NULL);
	pthread_join(thread, NULL);
	begin(&later, files[1].map);
	tap_pause_ms(100);
	tap_is("later", files[1].reads, 0);
	/* the other bucket goes on */
	tap_is("disk", task_touch(disk_info.map + 40 * PAGE, false), 0);
	pager_resume_workers(file_requests);
	pthread_join(later, NULL);
	tap_is("resumed", files[1].reads, 1);
}

static void test_bulk(void)
{
	struct user_pager_info *f = &files[1];

	start();
	f->bulk = true;
	for (unsigned int page = 0; page < 3; page++)
		f->map[page * PAGE] = 'k';
	pager_sync(f->pager, 1);
	tap_is("bulks", f->bulks, 1);
	tap_is("rest", f->writes, 1);
	f->map[0] = 'l';
	pager_sync(f->pager, 1);
	tap_is("single", f->bulks == 1 && f->writes == 2, 1);
	pager_sync(disk_info.pager, 1);
	tap_is("taken", block(1, 0)[0] == 'l' && block(1, 2)[0] == 'k', 1);
}

static int visited;

static error_t visit(void *port)
{
	CHECK(pager_get_upi(port) == &files[0] ||
	      pager_get_upi(port) == &files[1], "another port");
	return ++visited == 3 ? EINTR : 0;
}

static void *create_late(void *arg)
{
	return pager_create(arg, file_bucket, 0, MEMORY_OBJECT_COPY_NONE, 0);
}

static void test_ports(void)
{
	struct user_pager_info late = { .number = 1 };
	pthread_t thread;
	void *pager;

	start();
	tap_is("count", ports_count_bucket(file_bucket), 2);
	CHECK(!pthread_create(&thread, NULL, create_late, &late), "no thread");
	tap_pause_ms(50);
	tap_is("closed", ports_count_bucket(file_bucket), 2);
	tap_is("iterate", ports_bucket_iterate(file_bucket, visit), 0);
	tap_is("visited", visited, 2);
	ports_enable_bucket(file_bucket);
	pthread_join(thread, &pager);
	tap_is("enabled", ports_count_bucket(file_bucket), 3);
	ports_enable_bucket(file_bucket);
	/* a pager without object goes with its last reference */
	ports_port_ref(pager);
	ports_port_deref(pager);
	tap_is("referenced", late.cleared, 0);
	ports_port_deref(pager);
	tap_is("cleared", late.cleared, 1);
	/* one with users goes with the last of these */
	ports_port_deref(files[0].pager);
	tap_is("used", reads(&files[0], 0) && !files[0].cleared, 1);
	munmap(files[0].map, DISK_PAGES * PAGE);
	close(files[0].right);
	CHECK_WAIT(files[0].cleared, WAIT_MS, "it stays");
	tap_is("left", ports_count_bucket(file_bucket), 1);
}

static void test_shutdown(void)
{
	struct user_pager_info *f = &files[0];

	start();
	ports_port_ref_weak(f->pager);
	f->weak = 1;
	f->map[0] = 's';
	pager_shutdown(f->pager);
	tap_is("written", f->writes, 1);
	tap_is("fault", task_touch(f->map, false), TAP_SIGNAL(SIGBUS));
	tap_is("port", pager_get_port(f->pager), MACH_PORT_NULL);
	pager_sync(f->pager, 1);
	pager_shutdown(f->pager);
	tap_is("stays", f->weak == 1 && !f->cleared, 1);
	ports_port_deref(f->pager);
	CHECK_WAIT(f->cleared, WAIT_MS, "it stays");
	tap_is("weak", f->weak, 0);
}

static void test_weak(void)
{
	struct user_pager_info *f = &files[0];

	start();
	ports_port_ref_weak(f->pager);
	ports_port_deref(f->pager);
	tap_is("weak-alone", !f->cleared && reads(f, 0), 1);
	ports_port_ref(f->pager);
	close(pager_get_port(f->pager));
	ports_port_deref(f->pager);
	munmap(f->map, DISK_PAGES * PAGE);
	close(f->right);
	ports_port_deref_weak(f->pager);
	CHECK_WAIT(f->cleared, WAIT_MS, "it stays");
}

static void test_offer(void)
{
	struct user_pager_info *f = &files[0];
	static char page[PAGE];

	start();
	memset(page, 'o', PAGE);
	pager_offer_page(f->pager, 0, 0, 2 * PAGE, (vm_address_t)page);
	tap_is("offered", f->map[2 * PAGE] == 'o' && !f->reads, 1);
	tap_is("load", task_touch(f->map, false), 0);
	pager_offer_page(f->pager, 1, 1, 0, (vm_address_t)page);
	tap_is("there", reads(f, 0), 1);
	pager_offer_page(f->pager, 0, 0, ~0UL & ~(PAGE - 1),
			 (vm_address_t)page);
	pager_change_attributes(f->pager, 0, MEMORY_OBJECT_COPY_NONE, 1);
	tap_is("goes-on", reads(f, 1), 1);
}

static void test_alloc(void)
{
	struct user_pager_info *upi;
	struct pager *pager;
	vm_address_t at = 0;
	mach_port_t ro;

	start();
	pager = pager_create_alloc(sizeof(*upi), file_bucket, 0,
				   MEMORY_OBJECT_COPY_NONE, 0);
	CHECK(pager, "no pager: %m");
	upi = pager_get_upi(pager);
	tap_is("cleared", upi->size || upi->reads, 0);
	upi->pager = pager;
	upi->number = 1;
	upi->size = FILE_PAGES * PAGE;
	upi->in_task = true;
	map_it(upi);
	tap_is("read", reads(upi, 1), 1);
	ro = pager_create_ro_port(pager);
	CHECK(ro, "no right: %m");
	CHECK_IS(vm_map(mach_task_self(), &at, PAGE, 0, 1, ro, PAGE, 0,
			VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE), 0);
	tap_is("ro-read", *(char *)at == upi->map[PAGE], 1);
	tap_is("ro-write", vm_protect(mach_task_self(), at, PAGE, 0,
				      VM_PROT_READ | VM_PROT_WRITE),
	       KERN_PROTECTION_FAILURE);
}

/* The library gives back what pager_read_page() has allocated. */
static void test_buffers(void)
{
	vm_address_t first = 0, second = 0;

	start();
	files[0].in_task = true;
	CHECK(!vm_allocate(mach_task_self(), &first, PAGE, 1), "vm_allocate");
	for (unsigned int page = 0; page < 3; page++)
		CHECK(reads(&files[0], page), "page %u", page);
	pager_inhibit_workers(file_requests);
	CHECK(!vm_allocate(mach_task_self(), &second, PAGE, 1), "vm_allocate");
	tap_is("in-task", second, first + PAGE);
}

static const struct tap_test tests[] = {
	{ .name = "read", .run = test_read },
	{ .name = "sync", .run = test_sync },
	{ .name = "ranges", .run = test_ranges },
	{ .name = "errors", .run = test_errors },
	{ .name = "exception", .run = test_exception },
	{ .name = "memcpy", .run = test_memcpy },
	{ .name = "order", .run = test_order },
	{ .name = "inhibit", .run = test_inhibit },
	{ .name = "bulk", .run = test_bulk },
	{ .name = "ports", .run = test_ports },
	{ .name = "weak", .run = test_weak },
	{ .name = "shutdown", .run = test_shutdown },
	{ .name = "offer", .run = test_offer },
	{ .name = "alloc", .run = test_alloc },
	{ .name = "buffers", .run = test_buffers },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
