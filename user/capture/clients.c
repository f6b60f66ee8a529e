/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "capture/clients_parts.h"

/* What one call takes at most: a sender cannot keep it here. */
enum { MESSAGES_A_CALL = 256 };

int clients_open(struct clients **out, struct err *e)
{
	struct clients *c = calloc(1, sizeof(*c));
	int pair[2], yes = 1;

	*out = NULL;
	if (!c)
		return err_set(e, -ENOMEM, "no memory for the views of loads");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		free(c);
		return err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
	}
	/* each message then tells who sent it, which also tells an empty one from the end */
	setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes));
	c->own = pair[0];
	c->pass = pair[1];
	snprintf(c->environment, sizeof(c->environment), CLIENTS_ENV "=%d", c->pass);
	*out = c;
	return 0;
}

int clients_pass(const struct clients *c)
{
	return c->pass;
}

const char *clients_environment(const struct clients *c)
{
	return c->environment;
}

void clients_forked(struct clients *c)
{
	clients_close_fd(&c->pass);
}

void clients_close(struct clients *c)
{
	if (!c)
		return;
	clients_close_fd(&c->own);
	clients_close_fd(&c->pass);
	for (size_t i = 0; i < c->n; i++) {
		clients_close_fd(&c->senders[i].file);
		client_free(&c->senders[i].view);
		client_free(&c->senders[i].base);
	}
	for (size_t i = 0; i < c->n_kept; i++)
		close(c->kept[i]);
	free(c);
}

void clients_refuse(struct clients *c, pid_t pid, const char *fmt, ...)
{
	int at;
	va_list ap;

	if (c->refused++)
		return;
	at = snprintf(c->why, sizeof(c->why), "process %d: ", pid);
	va_start(ap, fmt);
	vsnprintf(c->why + at, sizeof(c->why) - at, fmt, ap);
	va_end(ap);
}

__u64 clients_refused(const struct clients *c, const char **why)
{
	*why = c ? c->why : "";
	return c ? c->refused : 0;
}

size_t clients_unfinished(const struct clients *c)
{
	size_t n = 0;

	for (size_t i = 0; c && i < c->n; i++)
		n += !c->senders[i].final;
	return n;
}

/* ---- messages ---- */

struct parcel {
	struct clients_message message;
	ssize_t len; /* of the message */
	pid_t pid;
	int files[FDS_A_MESSAGE];
	size_t n_files;
	bool cut; /* it had more than there is room for; what did not fit is closed already */
};

static void unpack(struct parcel *p, struct msghdr *msg)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		size_t len = h->cmsg_len - CMSG_LEN(0);
		struct ucred who;

		if (h->cmsg_level != SOL_SOCKET)
			continue;
		if (h->cmsg_type == SCM_RIGHTS) {
			p->n_files = len / sizeof(int);
			memcpy(p->files, CMSG_DATA(h), p->n_files * sizeof(int));
		} else if (h->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&who, CMSG_DATA(h), sizeof(who));
			p->pid = who.pid;
		}
	}
}

/* One message; false: there is none. */
static bool receive(struct clients *c, struct parcel *p)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int)) +
			   CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { &p->message, sizeof(p->message) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	*p = (struct parcel){ 0 };
	do
		p->len = recvmsg(c->own, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (p->len < 0 && errno == EINTR);
	if (p->len < 0 && errno == EAGAIN)
		return false;
	if (p->len < 0 || (!p->len && !msg.msg_controllen)) {
		clients_close_fd(&c->own); /* nobody can send any more */
		return false;
	}
	p->cut = msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC);
	unpack(p, &msg);
	return true;
}

/* A load that has sent its last message is over: the next one of the process is another load's. */
static struct sender *sender_of(struct clients *c, pid_t pid)
{
	struct sender *s;

	for (size_t i = 0; i < c->n; i++)
		if (c->senders[i].pid == pid && !c->senders[i].final)
			return &c->senders[i];
	if (c->n == RUN_MAX_CLIENTS)
		return NULL;
	s = &c->senders[c->n++];
	*s = (struct sender){ .pid = pid, .file = -1 };
	return s;
}

/* Anything else has no seals; to ask for them does not ask the file's owner. */
static bool is_memfd(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

/* NULL, or what is wrong with a file that was sent. Sealed it cannot change while it is read. */
static const char *file_is_wrong(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int has = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (has < 0 || fstat(fd, &st))
		return "it sent no memfd";
	if ((has & seals) != seals)
		return "its memfd is not sealed";
	if (st.st_size > CLIENTS_MAX_BYTES)
		return "its run is larger than 16 MB";
	return NULL;
}

static const char *parcel_is_wrong(const struct parcel *p)
{
	if (p->cut || p->len != sizeof(p->message) || p->message.magic != CLIENTS_MAGIC)
		return "it sent something else than a view";
	if (p->n_files != 1)
		return "it sent not one file, but another number";
	return file_is_wrong(p->files[0]);
}

static void take(struct clients *c, struct parcel *p)
{
	const char *wrong = parcel_is_wrong(p);
	struct sender *s = wrong ? NULL : sender_of(c, p->pid);

	if (s) {
		clients_close_fd(&s->file);
		s->file = p->files[0];
		s->final = p->message.final;
		c->taken++;
		return;
	}
	if (wrong)
		clients_refuse(c, p->pid, "%s", wrong);
	else
		clients_refuse(c, p->pid, "more than %d loads", RUN_MAX_CLIENTS);
	for (size_t i = 0; i < p->n_files; i++)
		if (is_memfd(p->files[i]))
			close(p->files[i]);
		else
			c->kept[c->n_kept++] = p->files[i];
}

void clients_receive(struct clients *c)
{
	struct parcel p;

	for (int i = 0; c && c->own >= 0 && c->n_kept < MAX_KEPT && i < MESSAGES_A_CALL; i++) {
		if (!receive(c, &p))
			break;
		take(c, &p);
	}
}

/* ---- a window within a load ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int clients_now(struct clients *c, double s, double *at)
{
	struct pollfd p = { .fd = c->own, .events = POLLIN };
	double end = now() + s;
	__u64 before;

	clients_receive(c); /* what was made before */
	before = c->taken;
	if (send(c->own, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		return -errno;
	while (c->taken == before && c->own >= 0) {
		double left = end - now();

		if (left <= 0)
			return -ETIMEDOUT;
		poll(&p, 1, left * 1e3 + 1);
		clients_receive(c);
	}
	*at = now();
	return c->taken > before ? 0 : -EPIPE;
}

void clients_end(struct clients *c)
{
	clients_close_fd(&c->own);
}
