// SPDX-License-Identifier: GPL-2.0-only
/*
 * A child makes a trace's calls for itself, and counts the lines of its
 * /proc/self/maps that come of them. Addresses are moved: what is far apart in the
 * trace (program and libraries) comes nearer, with a hole between.
 */
#include "kernel.h"
#include "runs.h"

#include <err.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAR		(1ULL << 36)
#define LOOKS_MAX	2000

/* Addresses of a trace that are moved by the same distance */
struct zone {
	u64 start;
	u64 end;
	u64 to;
};

static struct zone *zones;
static unsigned int n_zones;
static u64 window_start, window_end;
static struct runs mapped;
static int file;

static int by_start(const void *a, const void *b)
{
	const struct zone *one = a, *two = b;

	return one->start < two->start ? -1 : one->start > two->start;
}

/* Where the trace's calls are, what is less than FAR apart as one */
static void find_zones(const struct trace *trace)
{
	unsigned long i;
	struct zone *last;

	zones = calloc(trace->n + 1, sizeof(*zones));
	if (!zones)
		err(1, "memory for zones");
	for (i = 0; i < trace->n; i++)
		zones[i] = (struct zone){ trace->calls[i].start,
					  trace->calls[i].end, 0 };
	qsort(zones, trace->n, sizeof(*zones), by_start);
	last = zones;
	for (i = 1; i < trace->n; i++) {
		if (zones[i].start > last->end + FAR)
			*++last = zones[i];
		else if (zones[i].end > last->end)
			last->end = zones[i].end;
	}
	n_zones = last - zones + 1;
}

/* Memory of the C library must not come to lie there: it has the break. */
static void place_zones(void)
{
	u64 size = PAGE_SIZE;
	unsigned int i;
	char *window;

	mallopt(M_MMAP_MAX, 0);
	for (i = 0; i < n_zones; i++)
		size += zones[i].end - zones[i].start + PAGE_SIZE;
	window = mmap(NULL, size, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (window == MAP_FAILED)
		err(1, "mmap of a window");
	munmap(window, size);
	window_start = (uintptr_t)window;
	window_end = window_start + size;
	size = window_start + PAGE_SIZE;
	for (i = 0; i < n_zones; i++) {
		zones[i].to = size;
		size += zones[i].end - zones[i].start + PAGE_SIZE;
	}
}

static void *moved(u64 address)
{
	unsigned int i = 0;

	while (address >= zones[i].end)
		i++;
	return (void *)(address - zones[i].start + zones[i].to);
}

static int rights(u8 protection)
{
	return (protection & MACH_PROT_READ ? PROT_READ : 0) |
	       (protection & MACH_PROT_WRITE ? PROT_WRITE : 0) |
	       (protection & MACH_PROT_EXECUTE ? PROT_EXEC : 0);
}

/* All objects are parts of one file, far from each other. */
static bool do_map(const struct call *call, void *at, size_t size)
{
	int flags = MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	bool zero = call->what == WHAT_ZERO;

	flags |= call->what == WHAT_SHARE ? MAP_SHARED : MAP_PRIVATE;
	if (zero)
		flags |= MAP_ANONYMOUS;
	return mmap(at, size, rights(call->protection), flags, zero ? -1 : file,
		    zero ? 0 : ((off_t)call->object << 40) + call->offset) == at;
}

/* The first page of each part */
static void touch(const struct call *call)
{
	unsigned long i = runs_from(&mapped, call->start);

	for (; i < mapped.n && mapped.runs[i].start < call->end; i++) {
		const struct run *run = &mapped.runs[i];
		u8 protection = run->attributes.protection;
		volatile char *at = moved(run->start > call->start ?
					  run->start : call->start);

		if (protection & call->protection & MACH_PROT_WRITE)
			*at = 1;
		else if (protection & (MACH_PROT_READ | MACH_PROT_WRITE))
			(void)*at;
	}
}

static int advice(const struct call *call)
{
	if (call->op == CALL_INHERIT)
		return call->inheritance == MACH_INHERIT_NONE ? MADV_DONTFORK :
								MADV_DOFORK;
	return call->behavior == MACH_BEHAVIOR_RANDOM ? MADV_RANDOM :
	       call->behavior == MACH_BEHAVIOR_DEFAULT ? MADV_NORMAL :
							 MADV_SEQUENTIAL;
}

static bool do_call(const struct call *call)
{
	size_t size = call->end - call->start;
	void *at = moved(call->start);

	switch (call->op) {
	case CALL_MAP:
		return do_map(call, at, size);
	case CALL_DEALLOCATE:
		return !munmap(at, size);
	case CALL_PROTECT:
		return !mprotect(at, size, rights(call->protection));
	case CALL_WIRE:
		if (call->protection)
			return !mlock2(at, size, MLOCK_ONFAULT);
		/* the address sanitizer's munlock does nothing */
		return !syscall(SYS_munlock, at, size);
	case CALL_TOUCH:
		touch(call);
		return true;
	default:
		return !madvise(at, size, advice(call));
	}
}

static u32 count_vmas(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char *line = NULL;
	size_t room = 0;
	u32 n = 0;

	if (!maps)
		err(1, "/proc/self/maps");
	while (getline(&line, &room, maps) > 0) {
		u64 start = strtoull(line, NULL, 16);

		n += start >= window_start && start < window_end;
	}
	free(line);
	fclose(maps);
	return n;
}

static void child(const struct trace *trace, int to)
{
	unsigned long every = trace->n / LOOKS_MAX + 1, i;
	FILE *out = fdopen(to, "w");
	u32 n;

	find_zones(trace);
	place_zones();
	file = memfd_create("vmreplay", 0);
	if (!out || file < 0 || ftruncate(file, LLONG_MAX))
		err(1, "a file in memory");
	for (i = 0; i < trace->n; i++) {
		runs_apply(&mapped, &trace->calls[i]);
		if (!do_call(&trace->calls[i]))
			err(1, "Linux refuses call %lu", i);
		n = i % every && i + 1 < trace->n ? 0 : count_vmas();
		fwrite(&n, sizeof(n), 1, out);
	}
	if (fclose(out))
		err(1, "pipe");
	_exit(0);
}

/**
 * kernel_replay - Make a trace's calls to Linux, in a child
 * @trace: the calls
 * @count: gets the numbers; free @vmas
 *
 * Return: false, and the child has said why, if Linux refuses a call.
 */
bool kernel_replay(const struct trace *trace, struct kernel_count *count)
{
	int ends[2], status;
	pid_t pid;
	FILE *in;
	u32 n;
	unsigned long i;

	*count = (struct kernel_count){ };
	count->vmas = calloc(trace->n + 1, sizeof(*count->vmas));
	if (!count->vmas || pipe(ends))
		err(1, "pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(ends[0]);
		child(trace, ends[1]);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	for (i = 0; i < trace->n && fread(&n, sizeof(n), 1, in) == 1; i++) {
		count->vmas[i] = n;
		if (n > count->peak)
			count->peak = n;
		if (i + 1 == trace->n)
			count->end = n;
	}
	fclose(in);
	return waitpid(pid, &status, 0) == pid && !status;
}
