// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "load/worker.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "load/load.h"
#include "load/timers.h"
#include "load/worker_count.h"

enum { EVENTS = 128, CONNECT_AT_ONCE = 128 };

#define SECOND 1000000000ull

enum { BEFORE_WINDOW, IN_WINDOW, AFTER_WINDOW };

void worker_clock(struct worker *w)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	w->now = t.tv_sec * SECOND + t.tv_nsec;
}

static double cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---- requests that wait ---- */

static struct conn *take_free(struct worker *w)
{
	struct conn *c;

	while ((c = w->free_first)) {
		w->free_first = c->free_next;
		c->is_free = false;
		if (!c->has_request && (c->state == CONN_UP || w->plan->mix.close))
			return c;
	}
	return NULL;
}

/* Those who wait go out, as far as there are connections. */
static void serve_line(struct worker *w)
{
	while (w->line.n) {
		struct conn *c = take_free(w);
		struct due d;

		if (!c)
			return;
		d = line_take(&w->line);
		conn_ask(w, c, &d);
	}
}

void worker_none_is_up(struct worker *w)
{
	/* with a connection for each request each one tries for itself */
	while (w->line.n && !w->plan->mix.close) {
		struct due d = line_take(&w->line);

		worker_fail_waiting(w, &d, w->failure);
	}
}

/* ---- what connections tell ---- */

void worker_on_way(struct worker *w, struct conn *c)
{
	c->prev = w->last;
	c->next = NULL;
	if (w->last)
		w->last->next = c;
	else
		w->first = c;
	w->last = c;
}

static void off_way(struct worker *w, struct conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		w->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		w->last = c->prev;
	c->has_request = false;
}

void worker_sends(struct worker *w, struct conn *c)
{
	worker_clock(w);
	c->way.sent = w->now;
	if (!c->way.counted)
		return;
	w->tally.sent++;
	w->tally.bytes_out += c->out.size;
}

void worker_received(struct worker *w, struct conn *c, size_t bytes)
{
	if (c->way.counted)
		w->tally.bytes_in += bytes;
}

void worker_timer(struct worker *w, struct conn *c, __u64 at)
{
	timers_set(w->timers, &w->n_timers, c, at);
}

void worker_is_free(struct worker *w, struct conn *c)
{
	if (!w->plan->open || c->is_free)
		return;
	c->is_free = true;
	c->free_next = NULL;
	if (w->free_first)
		w->free_last->free_next = c;
	else
		w->free_first = c;
	w->free_last = c;
}

/* A closed loop asks again when it has thought. */
static void ask_again(struct worker *w, struct conn *c)
{
	double think = w->plan->think_s * 1e9;
	__u64 due = w->now + c->backoff;
	struct due d;

	if (think > 0 && w->plan->poisson)
		think *= arrivals_gap(&w->random);
	due += think;
	if (due >= w->clock.to || w->stopped)
		return;
	if (due > w->now) {
		worker_timer(w, c, due);
		return;
	}
	worker_notice(w, due, &d);
	conn_ask(w, c, &d);
}

/* What comes after a request. */
static void go_on(struct worker *w, struct conn *c)
{
	if (!w->plan->open) {
		ask_again(w, c);
	} else if (c->state == CONN_UP || w->plan->mix.close) {
		worker_is_free(w, c);
		serve_line(w);
	} else {
		worker_lost(w, c);
	}
}

void worker_lost(struct worker *w, struct conn *c)
{
	if (w->plan->mix.close || !w->plan->open)
		return;
	w->tally.reconnects++;
	if (c->backoff)
		worker_timer(w, c, w->now + c->backoff);
	else
		conn_connect(w, c);
}

void worker_answered(struct worker *w, struct conn *c)
{
	off_way(w, c);
	worker_finish(w, &c->way, -1);
	go_on(w, c);
}

void worker_failed(struct worker *w, struct conn *c, enum client_error why)
{
	off_way(w, c);
	worker_finish(w, &c->way, why);
	go_on(w, c);
}

/* ---- the loop ---- */

static void timer_fires(struct worker *w, struct conn *c)
{
	__u64 due = c->timer;
	struct due d;

	worker_timer(w, c, 0);
	if (w->plan->open) {
		conn_connect(w, c);
		return;
	}
	if (due >= w->clock.to || w->stopped)
		return;
	worker_notice(w, due, &d);
	conn_ask(w, c, &d);
}

static void expire(struct worker *w)
{
	__u64 patience = w->plan->timeout_s * 1e9;

	while (w->first && w->first->way.due + patience <= w->now)
		conn_give_up(w, w->first, CLIENT_ERROR_TIMEOUT);
	while (w->line.n && line_at(&w->line, 0)->due + patience <= w->now) {
		struct due d = line_take(&w->line);

		worker_fail_waiting(w, &d, CLIENT_ERROR_TIMEOUT);
	}
}

static void open_and_close(struct worker *w)
{
	if (w->phase == BEFORE_WINDOW && w->now >= w->clock.from) {
		w->phase = IN_WINDOW;
		w->cpu_from = cpu_time();
	}
	if (w->phase == IN_WINDOW && w->now >= w->clock.to) {
		w->phase = AFTER_WINDOW;
		w->tally.cpu_s = cpu_time() - w->cpu_from;
	}
}

static void stop(struct worker *w)
{
	__u64 patience = w->plan->timeout_s * 1e9;

	w->stopped = true;
	w->next = UINT64_MAX;
	if (w->clock.to > w->now)
		w->clock.to = w->now > w->clock.from ? w->now : w->clock.from;
	w->end = w->now + (patience < SECOND ? patience : SECOND);
}

/* All that is due by now. */
static void arrive(struct worker *w)
{
	while (w->next <= w->now) {
		struct due d;

		worker_notice(w, w->next, &d);
		if (line_add(&w->line, &d)) {
			w->error = -ENOMEM;
			return;
		}
		w->next = arrivals_next(&w->arrivals);
		if (w->next != UINT64_MAX)
			w->next += w->clock.start;
	}
	serve_line(w);
}

static void turn(struct worker *w)
{
	open_and_close(w);
	arrive(w);
	while (w->n_timers && w->timers[0]->timer <= w->now)
		timer_fires(w, w->timers[0]);
	expire(w);
	if (w->plan->open && w->now >= w->users_at)
		worker_imagine_users(w);
}

static bool is_over(const struct worker *w)
{
	if (w->error || w->now >= w->end)
		return true;
	return w->now >= w->clock.to && w->next == UINT64_MAX && !w->line.n && !w->first;
}

static __u64 earlier(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 wake_at(const struct worker *w)
{
	__u64 patience = w->plan->timeout_s * 1e9, at = earlier(w->next, w->end);

	if (w->n_timers)
		at = earlier(at, w->timers[0]->timer);
	if (w->first)
		at = earlier(at, w->first->way.due + patience);
	if (w->line.n)
		at = earlier(at, line_at(&w->line, 0)->due + patience);
	if (w->phase != AFTER_WINDOW)
		at = earlier(at, w->phase == IN_WINDOW ? w->clock.to : w->clock.from);
	return at;
}

static void wait_events(struct worker *w, __u64 until)
{
	/* a sleep ends some 20 to 60 us late, as the CPU has to wake up: the last bit is awake */
	__u64 left = until > w->now ? until - w->now : 0, spin = w->plan->spin_us * 1000ull, value;
	struct epoll_event events[EVENTS];
	struct timespec t;
	int n;

	left = left > spin ? left - spin : 0;
	t = (struct timespec){ left / SECOND, left % SECOND };
	n = epoll_pwait2(w->epoll, events, EVENTS, &t, NULL);
	worker_clock(w);
	for (int i = 0; i < n && !w->error; i++) {
		if (events[i].data.ptr)
			conn_event(w, events[i].data.ptr, events[i].events);
		else if (read(w->wake, &value, sizeof(value)) < 0)
			continue;
		if (w->next <= w->now)
			arrive(w);
	}
}

void worker_connect(struct worker *w)
{
	__u32 started = 0;
	__u64 until;

	worker_clock(w);
	until = w->now + (__u64)(w->plan->timeout_s * 1e9);
	while (!w->plan->mix.close) {
		while (started < w->n_conns && w->connecting < CONNECT_AT_ONCE)
			conn_connect(w, &w->conns[started++]);
		if ((started == w->n_conns && !w->connecting) || w->now >= until)
			return;
		if (load_asks(w->load, w))
			return;
		wait_events(w, until);
	}
}

static void start(struct worker *w)
{
	const struct load_plan *p = w->plan;

	w->next = w->end = UINT64_MAX;
	w->users = 1;
	w->users_at = w->clock.from + SECOND;
	w->tally.closed_connections = 1;
	if (p->open) {
		arrivals_start(&w->arrivals, &p->profile, p->poisson, p->seed, w->index,
			       p->threads);
		w->next = arrivals_next(&w->arrivals);
		if (w->next != UINT64_MAX)
			w->next += w->clock.start;
	}
	for (__u32 i = 0; i < w->n_conns; i++) {
		if (p->open && p->mix.close)
			worker_is_free(w, &w->conns[i]);
		else if (!p->open) /* not all at once, if they think */
			worker_timer(w, &w->conns[i],
				     w->clock.start +
					     (__u64)(p->think_s * 1e9 * random_unit(&w->random)));
	}
}

/* What is left is not in the numbers, and said to be so. */
static void leave(struct worker *w)
{
	for (struct conn *c = w->first; c; c = c->next)
		w->tally.unfinished += c->way.counted;
	for (size_t i = 0; i < w->line.n; i++)
		w->tally.unfinished += line_at(&w->line, i)->counted;
}

void worker_run(struct worker *w)
{
	start(w);
	for (;;) {
		worker_clock(w);
		turn(w);
		if (load_asks(w->load, w) && !w->stopped)
			stop(w);
		if (is_over(w))
			break;
		wait_events(w, wake_at(w));
	}
	leave(w);
}

/* ---- its life ---- */

int worker_init(struct worker *w, struct load *l, const struct load_plan *p, unsigned index,
		struct err *e)
{
	struct epoll_event wake = { .events = EPOLLIN };

	w->plan = p;
	w->load = l;
	w->index = index;
	w->failure = -1;
	w->next = w->end = UINT64_MAX;
	w->random = random_mix(p->seed + 1 + index);
	w->number = (__u64)index << 48;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll < 0 || w->wake < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->wake, &wake))
		return err_set(e, -errno, "cannot watch connections: %s", strerror(errno));
	w->n_conns = p->connections / p->threads + (index < p->connections % p->threads);
	w->conns = calloc(w->n_conns, sizeof(*w->conns));
	w->timers = calloc(w->n_conns, sizeof(*w->timers));
	w->buffer = malloc(WORKER_BUFFER);
	if (!w->conns || !w->timers || !w->buffer || tally_init(&w->tally, p->mix.n))
		return err_set(e, -ENOMEM, "no memory for %u connections", w->n_conns);
	for (__u32 i = 0; i < w->n_conns; i++)
		w->conns[i].fd = -1;
	return 0;
}

void worker_free(struct worker *w)
{
	for (__u32 i = 0; w->conns && i < w->n_conns; i++) {
		conn_close(w, &w->conns[i]);
		free(w->conns[i].out.buffer);
		free(w->conns[i].answer.hold);
	}
	if (w->epoll > 0)
		close(w->epoll);
	if (w->wake > 0)
		close(w->wake);
	free(w->conns);
	free(w->timers);
	line_free(&w->line);
	free(w->buffer);
	tally_free(&w->tally);
}
