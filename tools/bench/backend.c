// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - the pager process: starting it, and telling it to flush.
 *
 * The child sends the object's descriptor when it is ready, then does what each
 * byte says that it gets, and answers with one byte. End of file ends it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "backend.h"

#define COMMAND_FLUSH	'f'
#define ANSWER_DONE	'd'
#define ANSWER_FAILED	'e'

union fd_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void fd_message(struct msghdr *message, struct iovec *iov,
		       union fd_control *control, char *byte)
{
	memset(message, 0, sizeof(*message));
	memset(control, 0, sizeof(*control));
	iov->iov_base = byte;
	iov->iov_len = 1;
	message->msg_iov = iov;
	message->msg_iovlen = 1;
	message->msg_control = control;
	message->msg_controllen = sizeof(*control);
}

static int send_fd(int socket, int fd)
{
	union fd_control control;
	struct msghdr message;
	struct cmsghdr *header;
	char byte = ANSWER_DONE;
	struct iovec iov;

	fd_message(&message, &iov, &control, &byte);
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_fd(int socket)
{
	union fd_control control;
	struct msghdr message;
	struct cmsghdr *header;
	struct iovec iov;
	char byte;
	int fd;

	fd_message(&message, &iov, &control, &byte);
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void __attribute__((noreturn))
pager_main(int control, const struct bench_pager_config *config,
	   const struct bench_backend *backend)
{
	char command, answer;
	int object;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	object = backend->start(config);
	if (object < 0 || send_fd(control, object))
		exit(1);
	close(object);
	while (read(control, &command, 1) == 1) {
		answer = command == COMMAND_FLUSH && !backend->flush() ?
			 ANSWER_DONE : ANSWER_FAILED;
		if (write(control, &answer, 1) != 1)
			exit(1);
	}
	exit(0);
}

/* Start a pager and get its object; 0 or -1. */
int bench_pager_start(struct bench_pager *pager,
		      const struct bench_pager_config *config,
		      const struct bench_backend *backend)
{
	int sockets[2];

	pager->object = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return bench_fail("machvm: socketpair: %s", strerror(errno));
	pager->pid = fork();
	if (pager->pid < 0)
		return bench_fail("machvm: fork: %s", strerror(errno));
	if (!pager->pid) {
		close(sockets[0]);
		pager_main(sockets[1], config, backend);
	}
	close(sockets[1]);
	pager->control = sockets[0];
	pager->object = receive_fd(pager->control);
	if (pager->object >= 0)
		return 0;
	bench_pager_stop(pager);
	return bench_fail("machvm: the pager did not start");
}

/* Have the kernel forget the object's pages; 0 or -1. */
int bench_pager_flush(struct bench_pager *pager)
{
	char byte = COMMAND_FLUSH;

	if (write(pager->control, &byte, 1) == 1 &&
	    read(pager->control, &byte, 1) == 1 && byte == ANSWER_DONE)
		return 0;
	return bench_fail("machvm: the pager could not flush");
}

/* End the pager; its process is gone when this returns. */
void bench_pager_stop(struct bench_pager *pager)
{
	if (pager->object >= 0)
		close(pager->object);
	close(pager->control);
	waitpid(pager->pid, NULL, 0);
}
