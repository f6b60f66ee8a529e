// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "load/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load/worker.h"

/* How long to wait before the next try to connect: doubled each time. */
#define BACKOFF_MIN_NS 10000000ull
#define BACKOFF_MAX_NS 1000000000ull

static void watch(struct worker *w, struct conn *c, int op, __u32 events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	epoll_ctl(w->epoll, op, c->fd, &e);
}

/* The next answer starts; what was allocated stays. */
static void answer_reset(struct answer *a)
{
	char *hold = a->hold;
	size_t room = a->room;

	*a = (struct answer){ .hold = hold, .room = room };
}

void conn_close(struct worker *w, struct conn *c)
{
	if (c->state == CONN_DOWN)
		return;
	if (c->state == CONN_UP)
		w->up--;
	else
		w->connecting--;
	close(c->fd);
	c->fd = -1;
	c->state = CONN_DOWN;
	c->wants_out = false;
}

/* ---- connecting ---- */

static enum client_error why_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return CLIENT_ERROR_REFUSED;
	case ETIMEDOUT:
		return CLIENT_ERROR_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return CLIENT_ERROR_RESET;
	default:
		return CLIENT_ERROR_UNREACHABLE;
	}
}

static void back_off(struct conn *c)
{
	c->backoff = c->backoff ? 2 * c->backoff : BACKOFF_MIN_NS;
	if (c->backoff > BACKOFF_MAX_NS)
		c->backoff = BACKOFF_MAX_NS;
}

static void connect_failed(struct worker *w, struct conn *c, int error)
{
	conn_close(w, c);
	w->failure = why_of(error);
	back_off(c);
	if (c->has_request)
		worker_failed(w, c, w->failure);
	else
		worker_timer(w, c, w->now + c->backoff);
	if (!w->up)
		worker_none_is_up(w);
}

static void send_rest(struct worker *w, struct conn *c);

static void connected(struct worker *w, struct conn *c)
{
	w->connecting--;
	w->up++;
	c->state = CONN_UP;
	c->used = false;
	watch(w, c, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP);
	if (c->has_request)
		send_rest(w, c);
	else
		worker_is_free(w, c);
}

void conn_connect(struct worker *w, struct conn *c)
{
	const struct sockaddr *to = (const struct sockaddr *)&w->plan->address;
	int one = 1;

	w->connecting++;
	c->state = CONN_CONNECTING;
	c->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		connect_failed(w, c, errno);
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	watch(w, c, EPOLL_CTL_ADD, EPOLLOUT);
	if (!connect(c->fd, to, w->plan->address_len))
		connected(w, c);
	else if (errno != EINPROGRESS)
		connect_failed(w, c, errno);
}

/* ---- a request goes out ---- */

static void send_rest(struct worker *w, struct conn *c)
{
	struct outgoing *o = &c->out;
	ssize_t n;

	c->used = true;
	if (!o->done)
		worker_sends(w, c);
	n = send(c->fd, o->data + o->done, o->size - o->done, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		/* it may have answered before it closed: reading tells */
		if (errno != ECONNRESET && errno != EPIPE)
			conn_give_up(w, c, why_of(errno));
		return;
	}
	if (n > 0)
		o->done += n;
	if ((o->done < o->size) != c->wants_out) {
		c->wants_out = !c->wants_out;
		watch(w, c, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP | (c->wants_out ? EPOLLOUT : 0));
	}
}

void conn_ask(struct worker *w, struct conn *c, const struct due *d)
{
	const struct request_mix *m = &w->plan->mix;

	c->way = (struct on_way){ .due = d->due,
				  .noticed = d->noticed,
				  .sent = d->noticed,
				  .kind = d->kind,
				  .counted = d->counted,
				  .sample = d->sample };
	c->has_request = true;
	answer_reset(&c->answer);
	c->answer.request = &m->requests[d->kind];
	c->out.number = w->number++;
	worker_on_way(w, c);
	if (m->protocol->write(m, c->answer.request, &c->out, &w->random)) {
		w->error = -ENOMEM;
		return;
	}
	if (c->state == CONN_UP)
		send_rest(w, c);
	else if (c->state == CONN_DOWN)
		conn_connect(w, c);
}

/* ---- an answer comes in ---- */

void conn_give_up(struct worker *w, struct conn *c, enum client_error why)
{
	/* an open loop has its rate; a closed one would fail as fast as it can */
	if (!w->plan->open && !c->answer.got)
		back_off(c);
	conn_close(w, c);
	worker_failed(w, c, why);
}

/*
 * It was closed, or is not to be trusted any more; there is no request on it. If there never was one, the
 * next try would end as this one did: not at once.
 */
static void lost(struct worker *w, struct conn *c)
{
	if (!c->used)
		back_off(c);
	conn_close(w, c);
	worker_lost(w, c);
}

static void take(struct worker *w, struct conn *c, const char *data, size_t n)
{
	const struct request_mix *m = &w->plan->mix;
	size_t used = 0;
	bool whole = false;
	int ret;

	if (!c->has_request) {
		lost(w, c); /* an answer that nobody asked for */
		return;
	}
	c->backoff = 0;
	ret = m->protocol->read(m, &c->answer, &c->out, data, n, &used, &whole);
	worker_received(w, c, n);
	if (ret == ANSWER_MORE)
		return;
	if (used < n) { /* and more than an answer */
		if (ret == ANSWER_DONE)
			ret = ANSWER_FAILED(CLIENT_ERROR_MALFORMED);
		whole = false;
	}
	if (c->answer.closes || m->close || (ret != ANSWER_DONE && !whole))
		conn_close(w, c);
	if (ret == ANSWER_DONE)
		worker_answered(w, c);
	else
		worker_failed(w, c, -1 - ret);
}

static void ended(struct worker *w, struct conn *c)
{
	const struct request_mix *m = &w->plan->mix;
	int ret;

	if (!c->has_request) {
		lost(w, c);
		return;
	}
	ret = m->protocol->end(m, &c->answer);
	if (ret != ANSWER_DONE) {
		conn_give_up(w, c, -1 - ret);
		return;
	}
	conn_close(w, c);
	worker_answered(w, c);
}

static void receive(struct worker *w, struct conn *c)
{
	ssize_t n = recv(c->fd, w->buffer, WORKER_BUFFER, 0);

	worker_clock(w);
	if (n > 0) {
		take(w, c, w->buffer, n);
	} else if (!n) {
		ended(w, c);
	} else if (errno != EAGAIN && errno != EINTR) {
		if (c->has_request)
			conn_give_up(w, c, c->answer.got ? CLIENT_ERROR_CUT : why_of(errno));
		else
			lost(w, c);
	}
}

void conn_event(struct worker *w, struct conn *c, __u32 events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (c->state == CONN_CONNECTING) {
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error)
			connect_failed(w, c, error);
		else if (events & EPOLLOUT)
			connected(w, c);
		return;
	}
	if (c->state == CONN_UP && (events & ~(__u32)EPOLLOUT))
		receive(w, c);
	if (c->state == CONN_UP && c->wants_out && (events & EPOLLOUT))
		send_rest(w, c);
}
