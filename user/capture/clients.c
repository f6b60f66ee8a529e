/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "capture/clients.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/records.h"
#include "store/run_read.h"

/*
 * What one call takes at most: a sender cannot keep it here. A message has no more descriptors than
 * SCM_MAX_FD, which is 253.
 */
enum { MESSAGES_A_CALL = 256, FDS_A_MESSAGE = 253, MAX_KEPT = 64 };

struct sender {
	pid_t pid;
	int file;   /* its last message's, not yet looked into; -1 = none */
	bool final; /* that was its last message */
	bool known; /* view is there */
	struct run_client view;
};

struct clients {
	int own, pass; /* -1 = closed */
	char environment[32];
	struct sender senders[RUN_MAX_CLIENTS];
	size_t n;
	/*
	 * Files that are no memfd stay open until the end: to close one can take as long as its owner likes
	 * (a socket that lingers, a file system of his). Once there are MAX_KEPT, nothing is taken any more.
	 */
	int kept[MAX_KEPT + FDS_A_MESSAGE];
	size_t n_kept;
	__u64 refused;
	char why[256];
};

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

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void clients_forked(struct clients *c)
{
	close_fd(&c->pass);
}

void clients_close(struct clients *c)
{
	if (!c)
		return;
	close_fd(&c->own);
	close_fd(&c->pass);
	for (size_t i = 0; i < c->n; i++) {
		close_fd(&c->senders[i].file);
		client_free(&c->senders[i].view);
	}
	for (size_t i = 0; i < c->n_kept; i++)
		close(c->kept[i]);
	free(c);
}

__attribute__((format(printf, 3, 4))) static void refuse(struct clients *c, pid_t pid,
							 const char *fmt, ...)
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
		close_fd(&c->own); /* nobody can send any more */
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
		close_fd(&s->file);
		s->file = p->files[0];
		s->final = p->message.final;
		return;
	}
	if (wrong)
		refuse(c, p->pid, "%s", wrong);
	else
		refuse(c, p->pid, "more than %d loads", RUN_MAX_CLIENTS);
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

/* ---- views ---- */

static int read_view(int fd, struct run *r, struct err *e)
{
	char warning[RUN_WARNING_LEN], *text;
	struct stat st;
	FILE *in = NULL;
	int err = 0;

	if (fstat(fd, &st))
		return err_set(e, -errno, "cannot read it: %s", strerror(errno));
	text = malloc(st.st_size + 1);
	if (text && pread(fd, text, st.st_size, 0) == st.st_size && st.st_size)
		in = fmemopen(text, st.st_size, "r");
	if (in)
		err = run_read_stream(in, "its view", r, warning, e);
	else
		err = err_set(e, -EINVAL, "cannot read its view");
	if (in)
		fclose(in);
	free(text);
	if (!err && (r->n_clients != 1 || r->n_services))
		err = err_set(e, -EINVAL, "it sent a run that is not the view of one load");
	return err;
}

static bool cells_grew(const __u64 *from, const __u64 *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (to[i] < from[i])
			return false;
	return true;
}

/* Is it the same load, later? A file that has the one could not go on with anything else. */
static bool goes_on(struct run_client *from, struct run_client *to)
{
	json_t *a = client_pack(from), *b = client_pack(to);
	bool same = a && b && json_equal(a, b);

	json_decref(a);
	json_decref(b);
	for (int tag = 0; tag < NR_CLIENT_TAGS && same; tag++)
		same = cells_grew(client_tag_cells(from, tag), client_tag_cells(to, tag),
				  HIST_BUCKETS);
	return same && cells_grew(from->view.sum->anatomy[0], to->view.sum->anatomy[0],
				  ANATOMY_BUCKETS * NR_STAGES);
}

/* Look into what a sender sent last. */
static void look_into(struct clients *c, struct sender *s)
{
	struct run r = { 0 };
	struct err e = { 0 };

	if (read_view(s->file, &r, &e)) {
		refuse(c, s->pid, "%.200s", e.message);
	} else if (s->known && !goes_on(&s->view, &r.clients[0])) {
		refuse(c, s->pid, "its view does not go on from the one before");
	} else {
		client_free(&s->view);
		s->view = r.clients[0];
		s->known = true;
		r.n_clients = 0; /* what it owns is ours */
	}
	close_fd(&s->file);
	run_free(&r);
}

static int copy(struct run_client *to, const struct run_client *from)
{
	struct lvt_shard *sum;
	struct client_hist *times;

	if (client_init(to))
		return -ENOMEM;
	sum = to->view.sum;
	times = to->times;
	memcpy(sum, from->view.sum, sizeof(*sum));
	memcpy(times, from->times, NR_CLIENT_TIMES * sizeof(*times));
	*to = *from;
	to->view.sum = sum;
	to->times = times;
	return 0;
}

int clients_into(struct clients *c, struct run *r, struct err *e)
{
	if (!c || !c->n)
		return 0;
	r->clients = calloc(RUN_MAX_CLIENTS, sizeof(*r->clients));
	for (size_t i = 0; i < c->n && r->clients; i++) {
		struct sender *s = &c->senders[i];

		if (s->file >= 0)
			look_into(c, s);
		if (!s->known)
			continue;
		if (copy(&r->clients[r->n_clients], &s->view))
			return err_set(e, -ENOMEM, "no memory for the views of loads");
		r->n_clients++;
	}
	return r->clients ? 0 : err_set(e, -ENOMEM, "no memory for the views of loads");
}
