// SPDX-License-Identifier: GPL-2.0-only
/* Lines of strace: split into calls, and unfinished ones joined with their rest. */
#include "strace.h"
#include "trace.h"

#include <err.h>
#include <stdlib.h>

/* A call that another process's line has interrupted */
struct unfinished {
	pid_t pid;
	char *text;
	struct unfinished *next;
};

struct strace {
	const char *path;
	FILE *file;
	char *line;
	size_t room;
	char *whole;	/* of a call in two lines */
	struct unfinished *unfinished;
};

struct strace *strace_open(const char *path)
{
	struct strace *strace = calloc(1, sizeof(*strace));

	if (!strace)
		err(1, "memory");
	strace->path = path;
	strace->file = trace_open(path);
	return strace;
}

void strace_close(struct strace *strace)
{
	struct unfinished *at;

	trace_close(strace->file, strace->path);
	while ((at = strace->unfinished)) {
		strace->unfinished = at->next;
		free(at->text);
		free(at);
	}
	free(strace->whole);
	free(strace->line);
	free(strace);
}

/* "PID " as in a file, "[pid PID] " as on a terminal, or nothing without -f */
static char *take_pid(char *text, pid_t *pid)
{
	char *end;

	*pid = 0;
	if (!strncmp(text, "[pid", 4))
		text += 4;
	*pid = strtol(text, &end, 10);
	if (end == text)
		return text;
	return end + strspn(end, "] ");
}

static void keep(struct strace *strace, pid_t pid, const char *text)
{
	struct unfinished *new = malloc(sizeof(*new));

	if (!new)
		err(1, "memory");
	*new = (struct unfinished){ pid, strdup(text), strace->unfinished };
	strace->unfinished = new;
}

/* The rest of a call; NULL if its beginning is not there. */
static char *put_together(struct strace *strace, pid_t pid, const char *rest)
{
	struct unfinished **link = &strace->unfinished, *found;

	while (*link && (*link)->pid != pid)
		link = &(*link)->next;
	found = *link;
	if (!found)
		return NULL;
	*link = found->next;
	free(strace->whole);
	if (asprintf(&strace->whole, "%s%s", found->text, rest) < 0)
		err(1, "memory");
	free(found->text);
	free(found);
	return strace->whole;
}

/* The comma or bracket that ends an argument */
static char *argument_end(char *at)
{
	int depth = 0;
	bool quoted = false;

	for (; *at; at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (strchr("([{<", *at))
			depth++;
		else if (depth && strchr(")]}>", *at))
			depth--;
		else if (!depth && (*at == ',' || *at == ')'))
			break;
	}
	return at;
}

static char *take_arguments(struct event *event, char *at)
{
	char *end;

	event->n = 0;
	while (*at && *at != ')') {
		end = argument_end(at);
		if (event->n < ARGUMENTS_MAX)
			event->arguments[event->n++] = at;
		if (!*end)
			return end;
		if (*end == ')') {
			*end = 0;
			return end + 1;
		}
		*end = 0;
		at = end + 1 + strspn(end + 1, " ");
	}
	return at + (*at == ')');
}

static void take_result(struct event *event, char *at)
{
	char *end;

	at += strspn(at, " ");
	event->failed = true;
	if (*at++ != '=')
		return;
	at += strspn(at, " ");
	event->result = strtoull(at, &end, 0);
	event->failed = end == at || *at == '-';
}

static bool take_call(struct event *event, char *text)
{
	char *open = strchr(text, '(');

	if (!open || !isalpha((unsigned char)*text))
		return false;
	*open = 0;
	event->name = text;
	take_result(event, take_arguments(event, open + 1));
	return true;
}

/* One line; false if it is no call: a signal, an exit. */
static bool take_line(struct strace *strace, struct event *event)
{
	static const char cut[] = " <unfinished ...>";
	char *text = take_pid(strace->line, &event->pid);
	char *found;

	event->begun = false;
	if (*text == '<') {
		found = strchr(text, '>');
		text = found ? put_together(strace, event->pid, found + 1) :
			       NULL;
		return text && take_call(event, text);
	}
	found = strstr(text, cut);
	if (found && !found[strlen(cut)]) {
		*found = 0;
		keep(strace, event->pid, text);
		event->begun = true;
	}
	return take_call(event, text);
}

/**
 * strace_next - The next system call
 * @strace: of strace_open()
 * @event: gets it; its texts last until the next call of this
 *
 * Return: false at the end.
 */
bool strace_next(struct strace *strace, struct event *event)
{
	while (getline(&strace->line, &strace->room, strace->file) > 0) {
		strace->line[strcspn(strace->line, "\n")] = 0;
		if (take_line(strace, event))
			return true;
	}
	return false;
}
