// SPDX-License-Identifier: GPL-2.0-only
/*
 * machpagerd - life in the background, and the pid file.
 */
#include "background.h"
#include "config.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int parent_pipe = -1;
static char *pidfile;
static int pidfile_fd = -1;

/* The child says nothing but "ready"; any other end is in its exit status. */
static _Noreturn void wait_for_child(pid_t child, int from_child)
{
	int status;
	ssize_t got;
	char byte;

	do {
		got = read(from_child, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(EXIT_OK);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	log_error("the pager was killed by signal %d before it was ready",
		  WTERMSIG(status));
	_exit(EXIT_RUNTIME);
}

void background_enter(void)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_error("cannot go into the background: %s", strerror(errno));
		exit(EXIT_RUNTIME);
	}
	child = fork();
	if (child < 0) {
		log_error("cannot go into the background: %s", strerror(errno));
		exit(EXIT_RUNTIME);
	}
	if (child) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	parent_pipe = ends[1];
	setsid();
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

void background_ready(void)
{
	ssize_t put;

	if (parent_pipe < 0)
		return;
	log_to_system();
	if (chdir("/") < 0)
		log_error("cannot leave the directory: %s", strerror(errno));
	leave_terminal();
	do {
		put = write(parent_pipe, "", 1);
	} while (put < 0 && errno == EINTR);
	close(parent_pipe);
	parent_pipe = -1;
}

static int pidfile_write(const char *path)
{
	if (flock(pidfile_fd, LOCK_EX | LOCK_NB) < 0) {
		log_error("%s: is held by another machpagerd that runs", path);
		return -1;
	}
	if (ftruncate(pidfile_fd, 0) < 0 ||
	    dprintf(pidfile_fd, "%d\n", getpid()) < 0) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	/* absolute, as we leave this directory */
	pidfile = realpath(path, NULL);
	return 0;
}

int pidfile_take(const char *path)
{
	pidfile_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (pidfile_fd < 0) {
		log_error("%s: the pid file cannot be made: %s", path,
			  strerror(errno));
		return -1;
	}
	if (!pidfile_write(path))
		return 0;
	close(pidfile_fd);
	pidfile_fd = -1;
	return -1;
}

void pidfile_drop(void)
{
	if (pidfile)
		unlink(pidfile);
	free(pidfile);
	pidfile = NULL;
}
