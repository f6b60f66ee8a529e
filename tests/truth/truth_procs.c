// SPDX-License-Identifier: BSD-2-Clause
/*
 * Several processes; a request takes --work US.
 *   prefork  --workers processes accept at one listener, and serve one connection after the other
 *   pass     one process accepts, and passes each connection to one of --workers processes
 */
#define _GNU_SOURCE
#include "truth_waits.h"

static int pass_pair[2], listener;

static void work(const struct truth_request *q)
{
	(void)q;
	spin(truth.work_ns);
}

/* A descriptor in a message of its own. */
union fd_message {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message(union fd_message *m, struct iovec *one)
{
	static char byte;

	*one = (struct iovec){ &byte, 1 };
	return (struct msghdr){
		.msg_iov = one, .msg_iovlen = 1, .msg_control = m, .msg_controllen = sizeof(*m)
	};
}

static void pass(int fd)
{
	union fd_message m = {};
	struct iovec one;
	struct msghdr h = message(&m, &one);

	m.head.cmsg_len = CMSG_LEN(sizeof(int));
	m.head.cmsg_level = SOL_SOCKET;
	m.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&m.head), &fd, sizeof(fd));
	if (sendmsg(pass_pair[0], &h, 0) != 1)
		die("sendmsg");
	close(fd);
}

static int take(void)
{
	union fd_message m = {};
	struct iovec one;
	struct msghdr h = message(&m, &one);
	int fd;

	if (recvmsg(pass_pair[1], &h, 0) != 1 || m.head.cmsg_type != SCM_RIGHTS)
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(&m.head), sizeof(fd));
	return fd;
}

static void worker(void)
{
	pin(truth.cpu);
	for (;;)
		serve_connection(mode_is("pass") ? take() : truth_accept(listener), work);
}

static void *serve(void *arg)
{
	listener = (intptr_t)arg;
	/* seqpacket: a message is taken by one worker, whole */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pass_pair))
		die("socketpair");
	for (int i = 0; i < truth.workers; i++)
		start_process("truth-worker", worker);
	while (mode_is("pass"))
		pass(truth_accept(listener));
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "service.cpu", OFF_READY, NULL };

	truth_init(argc, argv);
	return truth_serve(serve, names);
}
