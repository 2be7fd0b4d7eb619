// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that changes a file, in any order, by several processes that have it open, on an
 * object whose size changes, against plain memory: what is read is what was written,
 * and zeros where nothing was.
 *
 * MACHVM_SEED chooses the operations, MACHVM_STEPS how many there are. The last ones
 * before a failure are printed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bystander.h"
#include "place.h"
#include "serve.h"
#include "tap.h"

#define ROOM		(64 * PAGE)
#define CLUSTER		(4 * PAGE)
#define AT_ONCE		(6 * PAGE)	/* most bytes of an operation, about */
#define STEPS		1000	/* of each test; and in a soak's round */
#define STEPS_SOAK	25000
#define WHOLE		512		/* steps from one look at all to the next */
#define OTHER_STEPS	12		/* most that another process takes at a time */
#define LOG_LINES	32
#define SECONDS		3000

static struct serve *v;
static uint8_t *model;		/* of ROOM bytes; beyond the size zeros */
static uint64_t size;
static int fd, direct, append;
static uint8_t *map, *buf;
static int ends[2];		/* a pipe */

static uint64_t seed, state;
static unsigned int step;
static char history[LOG_LINES][96];
static bool is_other;

/* What one process leaves to the next; in memory shared by all */
struct handed_over {
	uint64_t size, state;
	unsigned int step;
	char history[LOG_LINES][96];
};

static struct handed_over *handed;

__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	char *line = history[step % LOG_LINES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(history[0]), format, args);
	va_end(args);
}

static void print_history(void)
{
	unsigned int first = step < LOG_LINES ? 0 : step - LOG_LINES + 1;

	for (unsigned int i = first; i <= step; i++)
		tap_note("%u: %s", i, history[i % LOG_LINES]);
	tap_note("again with MACHVM_SEED=%" PRIu64 " MACHVM_STEPS=%u", seed,
		 step + 1);
}

#define MUST(cond, ...)							\
	do {								\
		if (!(cond)) {						\
			print_history();				\
			tap_fail_at(__FILE__, __LINE__, __VA_ARGS__);	\
		}							\
	} while (0)

#define MUST_BE(expr, want)						\
	do {								\
		long is_ = (expr), must_ = (want);			\
									\
		MUST(is_ == must_, "%s is %s, not %s", #expr,		\
		     tap_result(is_), tap_result(must_));		\
	} while (0)

/* xorshift64* */
static uint64_t below(uint64_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return n ? (state * 0x2545f4914f6cdd1dULL >> 16) % n : 0;
}

/* A place up to @most, often near a page's bounds or the end */
static uint64_t place(uint64_t most)
{
	uint64_t at = below(most + 1);

	switch (below(6)) {
	case 0:
		return at / PAGE * PAGE;
	case 1:
		return at / PAGE * PAGE + (at % PAGE ? 1 : 0);
	case 2:
		return size < most ? size : most;
	default:
		return at;
	}
}

static uint64_t length_to(uint64_t at, uint64_t end)
{
	uint64_t most = at < end ? end - at : 0;

	return below((most < AT_ONCE ? most : AT_ONCE) + 1);
}

/* Of 251 bytes that come again and again, so that no two pages are alike. */
static void fill(uint8_t *to, uint64_t length)
{
	uint64_t done = length < 251 ? length : 251;
	uint8_t first = 1 + below(255);

	for (uint64_t i = 0; i < done; i++)
		to[i] = first + i;
	for (uint64_t n; done < length; done += n) {
		n = length - done < done ? length - done : done;
		memcpy(to + done, to, n);
	}
}

static void compare(const uint8_t *got, uint64_t at, uint64_t length)
{
	if (!memcmp(got, model + at, length))
		return;
	for (uint64_t i = 0; i < length; i++)
		MUST(got[i] == model[at + i],
		     "byte 0x%" PRIx64 " of 0x%" PRIx64 " is %02x, not %02x",
		     at + i, size, got[i], model[at + i]);
	MUST(false, "what is read changes");
}

static void set_size(uint64_t to)
{
	if (to < size)
		memset(model + to, 0, size - to);
	size = to;
}

static void written(uint64_t at, uint64_t length)
{
	memcpy(model + at, buf, length);
	if (length && at + length > size)
		size = at + length;
}

static void op_cut(void)
{
	uint64_t to = place(ROOM);

	say("truncate 0x%" PRIx64 " to 0x%" PRIx64, size, to);
	MUST_BE(RESULT(ftruncate(below(2) ? fd : direct, to)), 0);
	set_size(to);
}

static void op_empty(void)
{
	say("open with O_TRUNC");
	MUST_BE(opened(RESULT(open(fd_path(fd), O_RDWR | O_TRUNC))), 0);
	set_size(0);
}

static void op_refused(void)
{
	uint64_t to = place(ROOM);

	say("truncate to 0x%" PRIx64 ", refused", to);
	v->fail_size = EDQUOT;
	if (to != size)
		MUST_BE(RESULT(ftruncate(fd, to)), -EDQUOT);
	v->fail_size = 0;
	say("write beyond 0x%x", (unsigned int)ROOM);
	MUST_BE(RESULT(pwrite(fd, buf, 1, ROOM + below(PAGE))), -ENOSPC);
}

static void op_write(void)
{
	uint64_t at = place(ROOM), length = length_to(at, ROOM);
	int which = below(3);
	long n;

	say("write 0x%" PRIx64 "+0x%" PRIx64 ", %d", at, length, which);
	fill(buf, length);
	if (which == 2)
		n = RESULT(pwritev2(fd, &(struct iovec){ buf, length }, 1, at,
				    RWF_DSYNC));
	else
		n = RESULT(pwrite(which ? direct : fd, buf, length, at));
	MUST_BE(n, length);
	written(at, length);
}

static void op_append(void)
{
	uint64_t length = length_to(size, ROOM), at = size;

	say("append 0x%" PRIx64 " to 0x%" PRIx64, length, size);
	fill(buf, length);
	MUST_BE(RESULT(write(append, buf, length)), length);
	written(at, length);
	MUST_BE(RESULT(lseek(append, 0, SEEK_CUR)) == (long)size || !length,
		true);
}

static void op_read(void)
{
	uint64_t at = place(ROOM), length = length_to(at, ROOM);
	uint64_t there = at < size ? size - at : 0, first = below(length + 1);
	struct iovec parts[] = {
		{ buf, first },
		{ buf + first, length - first },
	};
	int which = below(3);
	long n;

	if (there > length)
		there = length;
	say("read 0x%" PRIx64 "+0x%" PRIx64 ", %d", at, length, which);
	if (which == 2)
		n = RESULT(preadv(fd, parts, ARRAY_SIZE(parts), at));
	else
		n = RESULT(pread(which ? direct : fd, buf, length, at));
	MUST_BE(n, there);
	compare(buf, at, there);
}

static void op_store(void)
{
	uint64_t at = place(size), length = length_to(at, size);

	say("store 0x%" PRIx64 "+0x%" PRIx64, at, length);
	fill(buf, length);
	memcpy(map + at, buf, length);
	written(at, length);
}

static void op_load(void)
{
	uint64_t at = place(size), length = length_to(at, size);

	say("load 0x%" PRIx64 "+0x%" PRIx64, at, length);
	compare(map + at, at, length);
}

/* Into the rest of the last page, which must not show when the object grows. */
static void op_scribble(void)
{
	uint64_t rest = (PAGE - size % PAGE) % PAGE;

	say("store 0x%" PRIx64 " bytes behind the end", rest);
	memset(map + size, 0xee, rest);
}

static void op_private(void)
{
	uint64_t at = place(size), length = length_to(at, size);
	uint8_t *own = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
			    0);

	say("private 0x%" PRIx64 "+0x%" PRIx64, at, length);
	MUST(own != MAP_FAILED, "mmap: %m");
	compare(own + at, at, length);
	memset(own + at, 0xdd, length);
	munmap(own, ROOM);
}

static void op_splice_out(void)
{
	uint64_t at = place(size), length = length_to(at, size);
	loff_t from = at;

	say("splice from 0x%" PRIx64 "+0x%" PRIx64, at, length);
	while (length) {
		long n = RESULT(splice(fd, &from, ends[1], NULL, length, 0));

		MUST(n > 0, "splice: %s", tap_result(n));
		MUST_BE(RESULT(read(ends[0], buf, n)), n);
		compare(buf, at, n);
		at += n;
		length -= n;
	}
}

static void op_splice_in(void)
{
	uint64_t at = place(ROOM), length = length_to(at, ROOM), done = 0;
	loff_t to = at;

	say("splice to 0x%" PRIx64 "+0x%" PRIx64, at, length);
	fill(buf, length);
	MUST_BE(RESULT(write(ends[1], buf, length)), length);
	while (done < length) {
		long n = RESULT(splice(ends[0], NULL, fd, &to, length - done,
				       SPLICE_F_MOVE));

		MUST(n > 0, "splice: %s", tap_result(n));
		done += n;
	}
	written(at, length);
}

/* A range that is there, and a place for it up to @end that does not overlap it */
static uint64_t range_to_copy(uint64_t *from, uint64_t *to, uint64_t end)
{
	uint64_t length;

	*from = place(size);
	length = length_to(*from, size);
	*to = place(end - length);
	if (*to < *from + length && *from < *to + length)
		length = *to < *from ? *from - *to : *to - *from;
	memcpy(buf, model + *from, length);
	return length;
}

static void op_copy_range(void)
{
	uint64_t from, to, length = range_to_copy(&from, &to, ROOM);
	loff_t source = from, target = to;
	bool send = below(2);

	say("%s 0x%" PRIx64 "+0x%" PRIx64 " to 0x%" PRIx64,
	    send ? "send" : "copy", from, length, to);
	MUST_BE(RESULT(lseek(direct, to, SEEK_SET)), to);
	for (uint64_t done = 0; done < length;) {
		long n = send ?
			RESULT(sendfile(direct, fd, &source, length - done)) :
			RESULT(copy_file_range(fd, &source, direct, &target,
					       length - done, 0));

		MUST(n > 0, "copy: %s", tap_result(n));
		done += n;
	}
	written(to, length);
}

/* From a mapping of it, whose pages may have to be brought meanwhile */
static void op_write_mapped(void)
{
	uint64_t from, to, length = range_to_copy(&from, &to, ROOM);

	say("write mapped 0x%" PRIx64 "+0x%" PRIx64 " to 0x%" PRIx64, from,
	    length, to);
	MUST_BE(RESULT(pwrite(below(2) ? fd : direct, map + from, length, to)),
		length);
	written(to, length);
}

static void op_read_mapped(void)
{
	uint64_t from, to, length = range_to_copy(&from, &to, size);

	say("read 0x%" PRIx64 "+0x%" PRIx64 " to 0x%" PRIx64 " mapped", from,
	    length, to);
	MUST_BE(RESULT(pread(below(2) ? fd : direct, map + to, length, from)),
		length);
	written(to, length);
}

/* It brings the pages; Linux locks none in an area such as this. */
static void op_lock(void)
{
	uint64_t at = below(size / PAGE + 1) * PAGE, length = length_to(at, size);

	say("mlock 0x%" PRIx64 "+0x%" PRIx64, at, length);
	MUST_BE(RESULT(mlock(map + at, length)), 0);
}

static void op_allocate(void)
{
	uint64_t at = place(ROOM - 1), length = 1 + length_to(at, ROOM - 1);
	int mode = below(2) ? FALLOC_FL_KEEP_SIZE : 0;

	say("allocate 0x%" PRIx64 "+0x%" PRIx64 ", mode %d", at, length, mode);
	MUST_BE(RESULT(fallocate(fd, mode, at, length)), 0);
	if (!mode && at + length > size)
		set_size(at + length);
}

static void check_stored(uint64_t at, uint64_t end)
{
	for (uint64_t i = at; i < end; i++)
		MUST(v->store[i] == model[i],
		     "byte 0x%" PRIx64 " of 0x%" PRIx64 " is stored as %02x, not %02x",
		     i, size, v->store[i], model[i]);
}

static void op_fsync(void)
{
	say("fsync");
	MUST_BE(RESULT(below(2) ? fsync(fd) : fdatasync(direct)), 0);
	if (memcmp(v->store, model, ROOM))
		check_stored(0, ROOM);
	MUST_BE(v->size, size);
}

static void op_msync(void)
{
	uint64_t at = below(ROOM / PAGE) * PAGE, length = length_to(at, ROOM);
	int how = below(2) ? MS_SYNC : MS_ASYNC;

	say("msync 0x%" PRIx64 "+0x%" PRIx64 ", %d", at, length, how);
	MUST_BE(RESULT(msync(map + at, length, how)), 0);
	if (how == MS_SYNC)
		check_stored(at, at + length < size ? at + length : size);
}

/* What the pager does beside each of its answers from now on */
static void op_harass(void)
{
	static const uint32_t how[] = {
		MACH_LOCK_CLEAN, MACH_LOCK_CLEAN | MACH_LOCK_FLUSH,
	};

	v->harass = below(5) ? 0 : how[below(ARRAY_SIZE(how))];
	say("lock requests 0x%x", v->harass);
}

/* The pager is woken by a request, so that it looks what it is to do. */
static void pager_does(const volatile bool *undone)
{
	long end = tap_now_ms() + WAIT_MS;

	while (*undone) {
		MUST(tap_now_ms() < end, "the pager does not do it");
		MUST_BE(RESULT(fsync(fd)), 0);
	}
}

static void op_evict(void)
{
	long end = tap_now_ms() + WAIT_MS;

	say("the pager has all pages cleaned and flushed");
	v->lock = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH;
	while (v->lock) {
		MUST(tap_now_ms() < end, "the pager does not do it");
		MUST_BE(RESULT(fsync(fd)), 0);
	}
}

static void op_resize(void)
{
	uint64_t to = place(ROOM);

	say("the pager resizes 0x%" PRIx64 " to 0x%" PRIx64, size, to);
	v->resize_to = to;
	v->resize = true;
	pager_does(&v->resize);
	set_size(to);
}

static void op_advise(void)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_PAGEOUT, MADV_RANDOM,
		MADV_NORMAL,
	};
	int which = advice[below(ARRAY_SIZE(advice))];

	say("madvise %d", which);
	MUST_BE(RESULT(madvise(map, ROOM, which)), 0);
}

static void map_all(void)
{
	map = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(map != MAP_FAILED, "mmap: %m");
}

static int reopen(int flags)
{
	int new = open(fd_path(v->fd), flags);

	MUST(new >= 0, "open: %m");
	return new;
}

static void open_all(void)
{
	fd = reopen(O_RDWR);
	direct = reopen(O_RDWR | O_DIRECT);
	append = reopen(O_WRONLY | O_APPEND);
	map_all();
}

static void close_all(void)
{
	munmap(map, ROOM);
	close(append);
	close(direct);
	close(fd);
}

static void op_reopen(void)
{
	say("close, and open again");
	close_all();
	open_all();
}

static void op_stat(void)
{
	struct stat st;

	say("stat");
	MUST_BE(RESULT(fstat(fd, &st)), 0);
	MUST_BE(st.st_size, size);
	MUST_BE(st.st_blocks, (size + 511) / 512);
	MUST_BE(RESULT(lseek(fd, 0, SEEK_END)), size);
	MUST_BE(object_info(fd).object_size, size);
}

static void op_other(void);

static const struct {
	void (*run)(void);
	unsigned int weight;
} deeds[] = {
	{ op_cut, 100 }, { op_empty, 3 }, { op_refused, 6 }, { op_write, 120 },
	{ op_append, 60 }, { op_read, 120 }, { op_store, 120 },
	{ op_load, 120 }, { op_scribble, 40 }, { op_private, 20 },
	{ op_splice_out, 30 }, { op_splice_in, 30 }, { op_copy_range, 20 },
	{ op_allocate, 30 }, { op_fsync, 20 }, { op_msync, 20 },
	{ op_harass, 5 }, { op_evict, 5 }, { op_resize, 20 },
	{ op_advise, 20 }, { op_reopen, 3 }, { op_stat, 20 },
	{ op_write_mapped, 20 }, { op_read_mapped, 20 }, { op_lock, 5 },
	{ op_other, 4 },
};

static void one_step(void)
{
	unsigned int all = 0, which;

	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		all += deeds[i].weight;
	which = below(all);
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (which < deeds[i].weight) {
			deeds[i].run();
			return;
		}
		which -= deeds[i].weight;
	}
}

static void hand_over(void)
{
	handed->size = size;
	handed->state = state;
	handed->step = step;
	memcpy(handed->history, history, sizeof(history));
}

static void take_over(void)
{
	size = handed->size;
	state = handed->state;
	step = handed->step;
	memcpy(history, handed->history, sizeof(history));
}

/* It has what it was born with, and opens it anew. */
static void be_other(unsigned int steps)
{
	is_other = true;
	open_all();
	while (steps--) {
		step++;
		one_step();
	}
	hand_over();
	_exit(0);
}

/* Another process takes the next steps. */
static void op_other(void)
{
	unsigned int steps = 1 + below(OTHER_STEPS);
	int status;
	pid_t pid;

	say("%u steps by another process", steps);
	if (is_other)
		return;
	pid = fork();
	MUST(pid >= 0, "fork: %m");
	if (!pid)
		be_other(steps);
	MUST_BE(RESULT(waitpid(pid, &status, 0)), pid);
	/* it has said what was wrong */
	if (status)
		tap_fail("another process: status %d", status);
	take_over();
}

static void check_whole(void)
{
	MUST_BE(RESULT(pread(fd, buf, ROOM, 0)), size);
	compare(buf, 0, size);
	compare(map, 0, size);
}

static unsigned int steps_wanted(void)
{
	const char *given = getenv("MACHVM_STEPS");

	if (given)
		return strtoul(given, NULL, 0);
	return getenv("MACHVM_SOAK") ? STEPS_SOAK : STEPS / tap_slow();
}

static void begin(void)
{
	const char *given = getenv("MACHVM_SEED");

	seed = given ? strtoull(given, NULL, 0) : 20261130;
	state = (seed + tap_variant) * 0x9e3779b97f4a7c15ULL | 1;
	buf = shared_alloc(ROOM);
	model = shared_alloc(ROOM);
	handed = shared_alloc(sizeof(*handed));
	size = 5 * PAGE + 77;
	v = serve_resizable(size, ROOM, CLUSTER, 1);
	memcpy(model, v->store, ROOM);
	serve_start(v);
	MUST(!pipe(ends), "pipe: %m");
	open_all();
}

/* @bystander: a process that is to end before the pager, or 0 */
static void take_steps(pid_t bystander)
{
	unsigned int steps = steps_wanted(), whole = WHOLE;
	long start = tap_now_ms();

	tap_note("MACHVM_SEED=%" PRIu64 ", %u steps", seed, steps);
	for (step = 0; step < steps; step++) {
		one_step();
		if (step < whole)
			continue;
		check_whole();
		whole = step + WHOLE;
	}
	check_whole();
	op_fsync();
	if (bystander)
		bystander_stop(bystander);
	close_all();
	serve_stop(v);
	tap_note("%u steps, %ld ms", step, tap_now_ms() - start);
}

static void test_model(void)
{
	begin();
	take_steps(0);
}

/* While somebody else brings, maps and holds its pages */
static void test_beside(void)
{
	begin();
	take_steps(bystander_start(v->fd, ROOM, seed));
}

static const struct tap_test tests[] = {
	{ "model-ring", test_model, BY_RING, SECONDS },
	{ "model-ioctl", test_model, BY_IOCTL, SECONDS },
	{ "beside-ring", test_beside, BY_RING, SECONDS },
	{ "beside-ioctl", test_beside, BY_IOCTL, SECONDS },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
