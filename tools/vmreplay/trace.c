// SPDX-License-Identifier: GPL-2.0-only
/* Reading and writing traces. */
#include "trace.h"
#include "common/array.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const ops[CALL_OPS] = {
	[CALL_MAP] = "map",
	[CALL_DEALLOCATE] = "deallocate",
	[CALL_PROTECT] = "protect",
	[CALL_INHERIT] = "inherit",
	[CALL_BEHAVIOR] = "behavior",
	[CALL_WIRE] = "wire",
	[CALL_TOUCH] = "touch",
};

static const char *const kinds[WHAT_KINDS] = {
	[WHAT_ZERO] = "zero",
	[WHAT_SHARE] = "share",
	[WHAT_COPY] = "copy",
};

static const char *const inheritances[] = {
	[MACH_INHERIT_SHARE] = "share",
	[MACH_INHERIT_COPY] = "copy",
	[MACH_INHERIT_NONE] = "none",
};

static const char *const behaviors[] = {
	[MACH_BEHAVIOR_DEFAULT] = "default",
	[MACH_BEHAVIOR_RANDOM] = "random",
	[MACH_BEHAVIOR_SEQUENTIAL] = "sequential",
	[MACH_BEHAVIOR_REVERSE] = "reverse",
};

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

void trace_add(struct trace *trace, const struct call *call)
{
	trace->calls = array_grow(trace->calls, trace->n, &trace->room,
				  sizeof(*trace->calls));
	trace->calls[trace->n++] = *call;
}

void trace_copy(struct trace *to, const struct trace *from)
{
	unsigned long i;

	for (i = 0; i < from->n; i++)
		trace_add(to, &from->calls[i]);
}

void trace_free(struct trace *trace)
{
	free(trace->calls);
	*trace = (struct trace){ };
}

static const char *rights_text(unsigned int protection)
{
	static const char *const texts[] = { "---", "r--", "-w-", "rw-", "--x",
					     "r-x", "-wx", "rwx" };

	return texts[protection & MACH_PROT_ALL];
}

static void write_call(FILE *file, const struct call *call)
{
	fprintf(file, "%s %" PRIx64 " %" PRIx64, ops[call->op], call->start,
		call->end - call->start);
	switch (call->op) {
	case CALL_MAP:
		fprintf(file, " %s %s %s %s", rights_text(call->protection),
			rights_text(call->max_protection),
			inheritances[call->inheritance], kinds[call->what]);
		if (call->what != WHAT_ZERO)
			fprintf(file, " %" PRIu32 " %" PRIx64, call->object,
				call->offset);
		break;
	case CALL_PROTECT:
	case CALL_WIRE:
	case CALL_TOUCH:
		fprintf(file, " %s", rights_text(call->protection));
		break;
	case CALL_INHERIT:
		fprintf(file, " %s", inheritances[call->inheritance]);
		break;
	case CALL_BEHAVIOR:
		fprintf(file, " %s", behaviors[call->behavior]);
		break;
	default:
		break;
	}
	putc('\n', file);
}

void trace_write(FILE *file, const struct trace *trace)
{
	unsigned long i;

	for (i = 0; i < trace->n; i++)
		write_call(file, &trace->calls[i]);
	if (fflush(file) || ferror(file))
		err(1, "writing a trace");
}

/* The words of a line, one after the other; every error is the line's. */
struct words {
	const char *path;
	unsigned long line;
	char *rest;
};

static _Noreturn void bad_line(const struct words *words, const char *why)
{
	errx(1, "%s:%lu: %s", words->path, words->line, why);
}

static char *word(struct words *words)
{
	char *found = strsep(&words->rest, " ");

	if (!found || !*found)
		bad_line(words, "a word is missing");
	return found;
}

static u64 number(struct words *words, int base)
{
	char *text = word(words), *end;
	u64 value;

	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || *end || !isxdigit((unsigned char)*text))
		bad_line(words, "a number is wrong");
	return value;
}

static unsigned int choice(struct words *words, const char *const *texts,
			   unsigned int n)
{
	char *text = word(words);
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(texts[i], text))
			return i;
	errx(1, "%s:%lu: what is '%s'?", words->path, words->line, text);
}

static u8 rights(struct words *words)
{
	const char *text = word(words);
	unsigned int protection;

	for (protection = 0; protection <= MACH_PROT_ALL; protection++)
		if (!strcmp(rights_text(protection), text))
			return protection;
	bad_line(words, "rights are wrong");
}

static void parse_map(struct words *words, struct call *call)
{
	u64 size = call->end - call->start;

	call->protection = rights(words);
	call->max_protection = rights(words);
	if (call->protection & ~call->max_protection)
		bad_line(words, "more rights than the maximum");
	call->inheritance = choice(words, inheritances, COUNT(inheritances));
	call->what = choice(words, kinds, WHAT_KINDS);
	if (call->what == WHAT_ZERO)
		return;
	call->object = number(words, 10);
	call->offset = number(words, 16);
	if (!call->object || call->object > OBJECTS_MAX)
		bad_line(words, "no such object");
	if (call->offset % PAGE_SIZE || call->offset + size < size)
		bad_line(words, "no such offset");
}

static void parse_line(struct words *words, struct call *call)
{
	*call = (struct call){ .op = choice(words, ops, CALL_OPS) };
	call->start = number(words, 16);
	call->end = call->start + number(words, 16);
	if (call->start % PAGE_SIZE || call->end % PAGE_SIZE ||
	    call->end <= call->start || call->end > ADDRESS_END)
		bad_line(words, "no range of pages");
	switch (call->op) {
	case CALL_MAP:
		parse_map(words, call);
		break;
	case CALL_PROTECT:
	case CALL_WIRE:
	case CALL_TOUCH:
		call->protection = rights(words);
		break;
	case CALL_INHERIT:
		call->inheritance = choice(words, inheritances,
					   COUNT(inheritances));
		break;
	case CALL_BEHAVIOR:
		call->behavior = choice(words, behaviors, COUNT(behaviors));
		break;
	default:
		break;
	}
	if (words->rest)
		bad_line(words, "too many words");
}

/* Compressed ones are named so. */
static bool is_compressed(const char *path)
{
	size_t length = strlen(path);

	return length > 3 && !strcmp(path + length - 3, ".gz");
}

static FILE *open_compressed(const char *path)
{
	int ends[2];
	pid_t pid;

	if (access(path, R_OK))
		err(1, "%s", path);
	if (pipe(ends))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("gzip", "gzip", "-dc", "--", path, NULL);
		err(1, "gzip");
	}
	close(ends[1]);
	return fdopen(ends[0], "r");
}

/**
 * trace_open - Open a file to read, "-" being the standard input
 * @path: decompressed if it ends in .gz
 */
FILE *trace_open(const char *path)
{
	FILE *file;

	if (!strcmp(path, "-"))
		return stdin;
	file = is_compressed(path) ? open_compressed(path) : fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	return file;
}

/**
 * trace_close - End reading
 * @file: of trace_open()
 * @path: given to it
 */
void trace_close(FILE *file, const char *path)
{
	int status;

	if (ferror(file))
		err(1, "%s", path);
	if (file == stdin)
		return;
	fclose(file);
	if (is_compressed(path) && (wait(&status) < 0 || status))
		errx(1, "%s: gzip failed", path);
}

/**
 * trace_read - Read a trace, or end the program with what is wrong in it
 * @path: of the file
 * @trace: gets its calls
 */
void trace_read(const char *path, struct trace *trace)
{
	struct words words = { .path = path };
	FILE *file = trace_open(path);
	char *line = NULL;
	struct call call;
	size_t room = 0;

	while (getline(&line, &room, file) > 0) {
		words.line++;
		words.rest = line;
		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		parse_line(&words, &call);
		trace_add(trace, &call);
	}
	free(line);
	trace_close(file, path);
}
