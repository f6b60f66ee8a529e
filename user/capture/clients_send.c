/* SPDX-License-Identifier: BSD-2-Clause */
/* The load's side of clients.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "capture/clients.h"
#include "store/run_write.h"

static bool socket_is(int fd, int option, int want)
{
	socklen_t len = sizeof(int);
	int is;

	return !getsockopt(fd, SOL_SOCKET, option, &is, &len) && is == want;
}

int clients_attach(void)
{
	const char *text = getenv(CLIENTS_ENV);
	char *end;
	long fd = -1;

	if (text && *text >= '0' && *text <= '9')
		fd = strtol(text, &end, 10);
	if (fd < 0 || *end || fd > 1 << 20 || !socket_is(fd, SO_DOMAIN, AF_UNIX) ||
	    !socket_is(fd, SO_TYPE, SOCK_SEQPACKET))
		fd = -1;
	if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC))
		fd = -1;
	unsetenv(CLIENTS_ENV);
	return fd;
}

int clients_asked(int fd)
{
	char byte;
	int asked = 0;
	ssize_t n;

	while ((n = recv(fd, &byte, 1, MSG_DONTWAIT)) > 0)
		asked = 1;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return asked;
	close(fd);
	return -EPIPE;
}

/* The run in a file that nobody can change any more. */
static int sealed(const struct run *r, struct err *e)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = memfd_create("lvt-client", MFD_CLOEXEC | MFD_ALLOW_SEALING), err;
	struct run_file *f = NULL;

	if (fd < 0)
		return err_set(e, -errno, "no memory for the client's view: %s", strerror(errno));
	err = run_file_create_fd(&f, fd, e);
	if (!err)
		err = run_file_finish(f, r, e);
	run_file_free(f);
	if (!err && fcntl(fd, F_ADD_SEALS, seals))
		err = err_set(e, -errno, "cannot seal the client's view: %s", strerror(errno));
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int pass(int fd, const struct clients_message *m, int file)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &file, sizeof(file));
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int clients_send(int fd, const struct run *r, bool final, struct err *e)
{
	struct clients_message m = { .magic = CLIENTS_MAGIC, .pid = getpid(), .final = final };
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	int file = sealed(r, e), err;

	if (file < 0)
		return file;
	err = pass(fd, &m, file);
	for (int i = 0; i < 10 && final && err == -EAGAIN; i++) {
		poll(&room, 1, 100);
		err = pass(fd, &m, file);
	}
	close(file);
	return err ? err_set(e, err, "cannot hand the client's view to the recording: %s",
			     strerror(-err)) :
		     0;
}
