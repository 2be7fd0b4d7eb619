// SPDX-License-Identifier: GPL-2.0-only
/* Pagers of users without privilege, until they are killed or told to end. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"
#include "tap.h"

static void service_run(struct service *s, struct test_pager *p, uid_t uid,
			void (*begin)(void), void (*end)(void))
{
	static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };
	char word;

	/* its end is the test's, whichever way */
	close(s->go[1]);
	CHECK_IS(RESULT(setresgid(uid, uid, uid)), 0);
	CHECK_IS(RESULT(setresuid(uid, uid, uid)), 0);
	pager_open(p, &by_ioctl);
	begin();
	CHECK_IS(RESULT(write(s->ready[1], "r", 1)), 1);
	CHECK_IS(RESULT(read(s->go[0], &word, 1)), 1);
	if (end)
		end();
	_exit(0);
}

void service_start(struct service *s, struct test_pager *p, uid_t uid,
		   void (*begin)(void), void (*end)(void))
{
	char word;

	CHECK_IS(RESULT(chmod(MACH_VM_DEVICE, 0666)), 0);
	CHECK(!pipe(s->ready) && !pipe(s->go), "pipe: %m");
	s->pid = fork();
	CHECK(s->pid >= 0, "fork: %m");
	if (!s->pid)
		service_run(s, p, uid, begin, end);
	close(s->ready[1]);
	CHECK_IS(RESULT(read(s->ready[0], &word, 1)), 1);
	close(s->ready[0]);
}

static int service_gone(struct service *s)
{
	int status;

	CHECK_IS(RESULT(waitpid(s->pid, &status, 0)), s->pid);
	close(s->go[0]);
	close(s->go[1]);
	return status;
}

void service_kill(struct service *s)
{
	CHECK_IS(RESULT(kill(s->pid, SIGKILL)), 0);
	service_gone(s);
}

void service_end(struct service *s)
{
	int status;

	CHECK_IS(RESULT(write(s->go[1], "g", 1)), 1);
	status = service_gone(s);
	CHECK(!status, "a service has failed: status %#x", status);
}
