// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Linux's calls would be on a Mach map. Each process has a trace of its own;
 * a child's begins with its parent's.
 */
#include "convert.h"
#include "place.h"
#include "strace.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

/**
 * struct process - Who shares an address space
 * @number: of the process that made it
 * @program: what it runs
 * @trace: its calls
 * @runs: what is mapped, where it was recorded
 * @places: where that is in the trace
 * @brk: end of the heap, 0: not known yet
 * @files: identities of the objects, by number - 1
 * @n_files: how many
 */
struct process {
	pid_t number;
	char *program;
	struct trace trace;
	struct runs runs;
	struct place_map places;
	u64 brk;
	char **files;
	u32 n_files;
};

/* A process or thread, and its address space */
struct thread {
	pid_t pid;
	bool forking;	/* in a call that makes another; @shares: a thread */
	bool shares;
	struct process *process;
	struct thread *next;
};

static struct thread *threads;
static struct process **processes;
static unsigned int n_processes;
static bool upward;

static struct process *new_process(pid_t number)
{
	struct process *process = calloc(1, sizeof(*process));

	processes = realloc(processes,
			    (n_processes + 1) * sizeof(*processes));
	if (!process || !processes)
		err(1, "memory for a process");
	process->number = number;
	process->places.upward = upward;
	process->program = strdup("?");
	processes[n_processes++] = process;
	return process;
}

static struct process *copy_process(const struct process *parent, pid_t number)
{
	struct process *child = new_process(number);
	u32 i;

	free(child->program);
	child->program = strdup(parent->program);
	trace_copy(&child->trace, &parent->trace);
	runs_copy(&child->runs, &parent->runs);
	place_copy(&child->places, &parent->places);
	child->brk = parent->brk;
	child->files = calloc(parent->n_files + 1, sizeof(*child->files));
	if (!child->files)
		err(1, "memory for a process");
	for (i = 0; i < parent->n_files; i++)
		child->files[i] = strdup(parent->files[i]);
	child->n_files = parent->n_files;
	return child;
}

static struct thread *new_thread(pid_t pid, struct process *process)
{
	struct thread *thread = calloc(1, sizeof(*thread));

	if (!thread)
		err(1, "memory for a thread");
	*thread = (struct thread){ .pid = pid, .process = process,
				   .next = threads };
	threads = thread;
	return thread;
}

static void make_child(struct thread *parent, pid_t pid)
{
	parent->forking = false;
	new_thread(pid, parent->shares ? parent->process :
					 copy_process(parent->process, pid));
}

/* Who made a call; the first one of a child may come before its parent's ends. */
static struct thread *find_thread(pid_t pid)
{
	struct thread *thread, *parent = NULL;

	for (thread = threads; thread; thread = thread->next) {
		if (thread->pid == pid)
			return thread;
		if (thread->forking)
			parent = thread;
	}
	if (!parent)
		return new_thread(pid, new_process(pid));
	make_child(parent, pid);
	return threads;
}

static u64 number(const struct event *event, unsigned int i)
{
	return i < event->n ? strtoull(event->arguments[i], NULL, 0) : 0;
}

static bool has(const struct event *event, unsigned int i, const char *flag)
{
	return i < event->n && strstr(event->arguments[i], flag);
}

static u8 rights(const struct event *event, unsigned int i)
{
	return (has(event, i, "PROT_READ") ? MACH_PROT_READ : 0) |
	       (has(event, i, "PROT_WRITE") ? MACH_PROT_WRITE : 0) |
	       (has(event, i, "PROT_EXEC") ? MACH_PROT_EXECUTE : 0);
}

static void emit_placed(struct process *process, const struct call *call,
			bool anywhere)
{
	if (!runs_apply(&process->runs, call) ||
	    !place_call(&process->places, call, anywhere, &process->trace))
		errx(1, "lost track of what is mapped at %" PRIx64, call->start);
}

static void emit(struct process *process, const struct call *call)
{
	emit_placed(process, call, false);
}

/*
 * Make the call for each run in its range for which it means something; what
 * is not known to be mapped was so by the kernel, before the program began.
 */
static void emit_mapped(struct process *process, const struct call *call)
{
	struct call part = *call;
	u64 at = call->start;
	unsigned long i;

	while ((i = runs_from(&process->runs, at)) < process->runs.n) {
		const struct run *run = &process->runs.runs[i];
		bool wired = run->attributes.wired;

		part.start = run->start > at ? run->start : at;
		part.end = min(run->end, call->end);
		if (part.start >= part.end)
			break;
		at = part.end;
		if (call->op != CALL_WIRE || wired == !call->protection)
			emit(process, &part);
	}
}

/* Nobody knows what the program touches: all memory of its own, say. */
static void touch(struct process *process, u64 start, u64 end)
{
	struct call call = { .op = CALL_TOUCH, .start = start, .end = end };
	unsigned long i = runs_from(&process->runs, start);

	for (; i < process->runs.n && process->runs.runs[i].start < end; i++) {
		const struct attributes *is = &process->runs.runs[i].attributes;

		if (is->what == WHAT_ZERO && is->protection)
			call.protection |= MACH_PROT_READ;
		if (is->what != WHAT_SHARE)
			call.protection |= is->protection & MACH_PROT_WRITE;
	}
	if (call.protection & MACH_PROT_WRITE)
		call.protection = MACH_PROT_WRITE;
	if (call.protection)
		emit(process, &call);
}

static void deallocate(struct process *process, u64 start, u64 end)
{
	struct call call = { .op = CALL_DEALLOCATE, .start = start, .end = end };
	unsigned long i = runs_from(&process->runs, start);

	if (i < process->runs.n && process->runs.runs[i].start < end)
		emit(process, &call);
}

/* Unless it may lie @anywhere, it takes the place of what is there. */
static void map(struct process *process, struct call *call, bool anywhere)
{
	deallocate(process, call->start, call->end);
	call->op = CALL_MAP;
	call->max_protection = MACH_PROT_ALL;
	emit_placed(process, call, anywhere);
	touch(process, call->start, call->end);
}

static u32 name_file(struct process *process, const char *name)
{
	process->files = realloc(process->files, (process->n_files + 1) *
						 sizeof(*process->files));
	if (!process->files)
		err(1, "memory for a file");
	process->files[process->n_files++] = strdup(name);
	return process->n_files;
}

/*
 * The object of a descriptor: with -y the file's name says which; without, what
 * is mapped from its beginning is taken for another one than before.
 */
static u32 find_file(struct process *process, const char *descriptor,
		     u64 offset)
{
	const char *name = strchr(descriptor, '<');
	u32 i;

	if (!name && !offset)
		return name_file(process, descriptor);
	if (!name)
		name = descriptor;
	for (i = process->n_files; i; i--)
		if (!strcmp(process->files[i - 1], name))
			return i;
	return name_file(process, name);
}

static void do_mmap(struct process *process, const struct event *event)
{
	bool shared = has(event, 3, "MAP_SHARED");
	struct call call = {
		.start = event->result,
		.end = event->result + ALIGN(number(event, 1), PAGE_SIZE),
		.protection = rights(event, 2),
		.inheritance = shared ? MACH_INHERIT_SHARE : MACH_INHERIT_COPY,
	};

	if (!has(event, 3, "MAP_ANON")) {
		call.what = shared ? WHAT_SHARE : WHAT_COPY;
		call.offset = number(event, 5);
		call.object = find_file(process, event->n > 4 ?
					event->arguments[4] : "", call.offset);
	} else if (shared) {
		call.what = WHAT_SHARE;
		call.object = name_file(process, "shared memory");
	}
	map(process, &call, !number(event, 0));
}

static struct call range(const struct event *event, enum call_op op)
{
	u64 start = number(event, 0);

	return (struct call){
		.op = op,
		.start = ALIGN_DOWN(start, PAGE_SIZE),
		.end = ALIGN(start + number(event, 1), PAGE_SIZE),
	};
}

static void unmap(struct process *process, u64 start, u64 end)
{
	deallocate(process, start, end);
	place_forget(&process->places, start, end);
}

static void do_munmap(struct process *process, const struct event *event)
{
	struct call call = range(event, CALL_DEALLOCATE);

	unmap(process, call.start, call.end);
}

static void do_mprotect(struct process *process, const struct event *event)
{
	struct call call = range(event, CALL_PROTECT);

	call.protection = rights(event, 2);
	emit_mapped(process, &call);
	touch(process, call.start, call.end);
}

/* Mach has no mremap: map anew, or more of it behind; copy; deallocate. */
/* A part of what is mapped, to be mapped once more */
static struct call again(const struct run *run, u64 start)
{
	struct call call = {
		.protection = run->attributes.protection,
		.inheritance = run->attributes.inheritance,
		.what = run->attributes.what,
		.object = run->attributes.object,
	};

	if (call.what != WHAT_ZERO)
		call.offset = start - run->attributes.delta;
	return call;
}

/* Mach has no mremap: map anew, or more of it behind; copy; deallocate. */
static void do_mremap(struct process *process, const struct event *event)
{
	struct call old = range(event, CALL_DEALLOCATE), new;
	u64 end = event->result + ALIGN(number(event, 2), PAGE_SIZE);
	unsigned long i = runs_from(&process->runs, old.start);

	if (i == process->runs.n || process->runs.runs[i].start > old.start)
		return;
	if (event->result != old.start) {
		new = again(&process->runs.runs[i], old.start);
		new.start = event->result;
		new.end = end;
		map(process, &new, !has(event, 3, "MREMAP_FIXED"));
		if (!has(event, 3, "MREMAP_DONTUNMAP"))
			unmap(process, old.start, old.end);
	} else if (end > old.end) {
		new = again(&process->runs.runs[i], old.end);
		new.start = old.end;
		new.end = end;
		map(process, &new, false);
	} else if (end < old.end) {
		unmap(process, end, old.end);
	}
}

static void do_brk(struct process *process, const struct event *event)
{
	u64 old = ALIGN(process->brk, PAGE_SIZE);
	struct call call = {
		.start = old,
		.end = ALIGN(event->result, PAGE_SIZE),
		.protection = MACH_PROT_READ | MACH_PROT_WRITE,
		.inheritance = MACH_INHERIT_COPY,
	};

	process->brk = event->result;
	if (!old)
		return;
	if (call.end > old)
		map(process, &call, false);
	else if (call.end < old)
		unmap(process, call.end, old);
}

static void do_madvise(struct process *process, const struct event *event)
{
	static const struct {
		const char *advice;
		enum call_op op;
		u8 value;
	} meanings[] = {
		{ "MADV_NORMAL", CALL_BEHAVIOR, MACH_BEHAVIOR_DEFAULT },
		{ "MADV_RANDOM", CALL_BEHAVIOR, MACH_BEHAVIOR_RANDOM },
		{ "MADV_SEQUENTIAL", CALL_BEHAVIOR, MACH_BEHAVIOR_SEQUENTIAL },
		{ "MADV_DONTFORK", CALL_INHERIT, MACH_INHERIT_NONE },
		{ "MADV_DOFORK", CALL_INHERIT, MACH_INHERIT_COPY },
	};
	unsigned int i;

	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		struct call call = range(event, meanings[i].op);

		if (!has(event, 2, meanings[i].advice))
			continue;
		call.behavior = meanings[i].value;
		call.inheritance = meanings[i].value;
		emit_mapped(process, &call);
	}
}

static void do_mlock(struct process *process, const struct event *event)
{
	struct call call = range(event, CALL_WIRE);

	call.protection = MACH_PROT_READ | MACH_PROT_WRITE;
	emit_mapped(process, &call);
}

static void do_munlock(struct process *process, const struct event *event)
{
	struct call call = range(event, CALL_WIRE);

	emit_mapped(process, &call);
}

static char *unquoted(const char *text)
{
	const char *start = text + (*text == '"');

	return strndup(start, strcspn(start, "\""));
}

/* A new image: nothing of the old one is left. */
static void do_execve(struct process *process, const struct event *event)
{
	trace_free(&process->trace);
	runs_clear(&process->runs);
	place_clear(&process->places);
	process->brk = 0;
	while (process->n_files)
		free(process->files[--process->n_files]);
	free(process->program);
	process->program = unquoted(event->n ? event->arguments[0] : "?");
}

static bool is_fork(const char *name)
{
	return !strcmp(name, "clone") || !strcmp(name, "clone3") ||
	       !strcmp(name, "fork") || !strcmp(name, "vfork");
}

/* With CLONE_VM and without CLONE_VFORK it is a thread. */
static void do_fork(struct thread *thread, const struct event *event)
{
	unsigned int i;
	bool shares = false, waits = false;

	for (i = 0; i < event->n; i++) {
		shares |= has(event, i, "CLONE_VM");
		waits |= has(event, i, "CLONE_VFORK");
	}
	thread->shares = shares && !waits;
	if (event->begun) {
		thread->forking = true;
		return;
	}
	thread->forking = !event->failed;
	if (!event->failed)
		find_thread(event->result);
	thread->forking = false;
}

static void do_call(struct process *process, const struct event *event)
{
	static const struct {
		const char *name;
		void (*act)(struct process *process, const struct event *event);
	} actions[] = {
		{ "mmap", do_mmap }, { "mmap2", do_mmap },
		{ "munmap", do_munmap }, { "mprotect", do_mprotect },
		{ "pkey_mprotect", do_mprotect }, { "mremap", do_mremap },
		{ "brk", do_brk }, { "madvise", do_madvise },
		{ "mlock", do_mlock }, { "mlock2", do_mlock },
		{ "munlock", do_munlock }, { "execve", do_execve },
	};
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, event->name))
			actions[i].act(process, event);
}

static void read_all(const char *path)
{
	struct strace *strace = strace_open(path);
	struct thread *thread;
	struct event event;

	while (strace_next(strace, &event)) {
		thread = find_thread(event.pid);
		if (is_fork(event.name))
			do_fork(thread, &event);
		else if (!event.begun && !event.failed)
			do_call(thread->process, &event);
	}
	strace_close(strace);
}

/* Does the program's path end so? */
static bool runs_program(const struct process *process, const char *name)
{
	size_t length = strlen(name), has = strlen(process->program);

	return has >= length && !strcmp(process->program + has - length, name);
}

static struct process *choose(long pid, const char *program)
{
	struct process *best = NULL;
	unsigned int i;

	for (i = 0; i < n_processes; i++) {
		struct process *process = processes[i];

		if (pid && process->number != pid)
			continue;
		if (program && !runs_program(process, program))
			continue;
		if (!best || process->trace.n > best->trace.n)
			best = process;
	}
	return best;
}

/**
 * convert - Print the trace of a process
 * @path: what strace wrote, "-" for the standard input
 * @wanted: which process
 *
 * Of those that suit, the one with the most calls.
 */
void convert(const char *path, const struct wanted *wanted)
{
	struct process *process;

	upward = wanted->upward;
	read_all(path);
	process = choose(wanted->pid, wanted->program);
	if (!process || !process->trace.n)
		errx(1, "%s: no such process, or no calls", path);
	printf("# %s\n", process->program);
	trace_write(stdout, &process->trace);
}
