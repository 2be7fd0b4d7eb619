// SPDX-License-Identifier: LGPL-2.1-or-later
/* A first pager: /dev/machobj/hello, whose every page names its own offset. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <userpager/pager.h>

static int hello_read(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	char *buf = pager_buffer(req);

	if (!buf)
		return ENOMEM;
	memset(buf, '.', want->length);
	for (size_t at = 0; at < want->length; at += 4096) {
		sprintf(buf + at, "page at %lld", want->offset + at);
		buf[at + 4095] = '\n';
	}
	return pager_supply(req, want->offset, want->length, buf);
}

int main(void)
{
	static const struct pager_ops ops = { .read = hello_read };
	struct pager_attributes attributes = { 4 << 20, .read_only = true };
	struct pager_session *session;
	struct pager *pager;
	int err = pager_open(NULL, &session);

	if (!err)
		err = pager_mount();
	if (!err)
		err = pager_create(session, &ops, NULL, &attributes, &pager);
	if (!err)
		err = pager_publish(pager, "hello", getuid(), getgid(), 0444);
	if (!err)
		err = pager_run(session);
	if (err)
		fprintf(stderr, "hello: %s\n", pager_strerror(err));
	return err != 0;
}
