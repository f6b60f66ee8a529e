// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "load/load.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "load/worker.h"

struct load {
	const struct load_plan *plan;
	struct worker *workers;
	pthread_t *threads;
	unsigned n; /* threads that were started */
	int over;   /* eventfd */
	time_t started;

	pthread_mutex_t lock;
	pthread_cond_t news;
	unsigned ready, ended, shown;
	bool decided, goes; /* all are ready; and there is something to do */
	__u32 connected;
	struct load_clock clock;
	struct tally *taken; /* where workers add what they have, if that is asked */
	double taken_s;
	atomic_uint asked; /* goes up with each question */
	atomic_bool stop;
};

/* ---- its workers' side ---- */

bool load_ready(struct load *l, struct worker *w)
{
	const struct load_plan *p = l->plan;
	bool goes;

	pthread_mutex_lock(&l->lock);
	l->connected += w->up;
	if (++l->ready == p->threads) {
		l->decided = true;
		l->goes = (l->connected || p->mix.close) && !l->stop;
		worker_clock(w);
		l->clock.start = w->now + 1000000; /* until all have woken up */
		l->clock.from = l->clock.start + (__u64)(p->warm_up_s * 1e9);
		l->clock.to = l->clock.from + (__u64)(p->duration_s * 1e9);
		pthread_cond_broadcast(&l->news);
	}
	while (!l->decided)
		pthread_cond_wait(&l->news, &l->lock);
	w->clock = l->clock;
	goes = l->goes;
	pthread_mutex_unlock(&l->lock);
	return goes;
}

static void show(struct load *l, const struct worker *w)
{
	const struct load_clock *c = &w->clock;
	__u64 to = w->now < c->to ? w->now : c->to;

	tally_add(l->taken, &w->tally);
	if (to > c->from)
		l->taken_s = fmax(l->taken_s, (to - c->from) / 1e9);
}

bool load_asks(struct load *l, struct worker *w)
{
	unsigned asked = atomic_load_explicit(&l->asked, memory_order_relaxed);

	if (asked != w->answered) {
		pthread_mutex_lock(&l->lock);
		w->answered = asked;
		if (l->taken) {
			show(l, w);
			l->shown++;
			pthread_cond_broadcast(&l->news);
		}
		pthread_mutex_unlock(&l->lock);
	}
	return atomic_load_explicit(&l->stop, memory_order_relaxed);
}

/*
 * The load's own threads are to run when they want to: what is done beside them does not preempt them. (A
 * nice value would be inherited, and without rights they could not take it back.)
 */
static void go_first(bool first)
{
	int from = first ? SCHED_BATCH : SCHED_OTHER, to = first ? SCHED_OTHER : SCHED_BATCH;

	if (sched_getscheduler(0) == from) /* not if the user has chosen another one */
		sched_setscheduler(0, to, &(struct sched_param){ 0 });
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct load *l = w->load;
	__u64 one = 1;

	pthread_setname_np(pthread_self(), "lvt-load");
	prctl(PR_SET_TIMERSLACK, 1ul); /* ns; 50,000 by default */
	go_first(true);
	worker_connect(w);
	if (load_ready(l, w))
		worker_run(w);
	pthread_mutex_lock(&l->lock);
	if (l->taken && w->answered != l->asked) {
		show(l, w);
		l->shown++;
	}
	w->ended = true;
	l->ended++;
	if (l->ended == l->plan->threads && write(l->over, &one, sizeof(one)) < 0)
		l->over = -1;
	pthread_cond_broadcast(&l->news);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- its user's side ---- */

static void wake(struct load *l)
{
	__u64 one = 1;

	for (unsigned i = 0; i < l->n; i++)
		if (write(l->workers[i].wake, &one, sizeof(one)) < 0)
			continue; /* it is awake */
}

static int raise_files(const struct load_plan *p, struct err *e)
{
	rlim_t needed = p->connections + 64 + 4 * p->threads;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= needed)
		return 0;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed)
		limit.rlim_max = needed; /* root may */
	if (!setrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	err_set(e, -EMFILE, "%u connections are more than the limit of open files allows",
		p->connections);
	return err_hint(e, "raise it: ulimit -n %lu", (unsigned long)needed);
}

static int start_threads(struct load *l, struct err *e)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err = 0;

	pthread_attr_init(&attr);
	if (l->plan->pinned)
		pthread_attr_setaffinity_np(&attr, sizeof(l->plan->cpus), &l->plan->cpus);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the caller's thread */
	for (; !err && l->n < l->plan->threads; l->n += !err)
		err = pthread_create(&l->threads[l->n], &attr, run, &l->workers[l->n]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (!err)
		return 0;
	pthread_mutex_lock(&l->lock); /* those who wait for the others wait in vain */
	l->decided = true;
	l->stop = true;
	pthread_cond_broadcast(&l->news);
	pthread_mutex_unlock(&l->lock);
	return err_set(e, -err, "cannot start a thread: %s", strerror(err));
}

int load_start(struct load **out, const struct load_plan *p, struct err *e)
{
	struct load *l = calloc(1, sizeof(*l));
	int err;

	*out = NULL;
	if (!l)
		return err_set(e, -ENOMEM, "no memory for a load");
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->news, NULL);
	l->plan = p;
	l->started = time(NULL);
	l->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->workers = calloc(p->threads, sizeof(*l->workers));
	l->threads = calloc(p->threads, sizeof(*l->threads));
	err = l->over < 0 || !l->workers || !l->threads ?
		      err_set(e, -ENOMEM, "no memory for a load") :
		      raise_files(p, e);
	for (unsigned i = 0; !err && i < p->threads; i++)
		err = worker_init(&l->workers[i], l, p, i, e);
	go_first(false);
	if (!err)
		err = start_threads(l, e);
	if (err)
		load_free(l);
	else
		*out = l;
	return err;
}

int load_fd(const struct load *l)
{
	return l->over;
}

void load_stop(struct load *l)
{
	l->stop = true;
	wake(l);
}

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

enum load_phase load_phase(struct load *l)
{
	enum load_phase phase = LOAD_CONNECTING;
	__u64 now = now_ns();

	pthread_mutex_lock(&l->lock);
	if (l->ended == l->plan->threads)
		phase = LOAD_OVER;
	else if (l->decided)
		phase = now < l->clock.from ? LOAD_WARMING :
			now < l->clock.to   ? LOAD_MEASURING :
					      LOAD_DRAINING;
	pthread_mutex_unlock(&l->lock);
	return phase;
}

bool load_window(struct load *l, double *from, double *to)
{
	bool known;

	pthread_mutex_lock(&l->lock);
	known = l->decided && l->goes;
	*from = l->clock.from / 1e9;
	*to = l->clock.to / 1e9;
	pthread_mutex_unlock(&l->lock);
	return known;
}

__u32 load_connected(const struct load *l)
{
	return l->connected;
}

void load_take(struct load *l, struct tally *t, double *window_s)
{
	pthread_mutex_lock(&l->lock);
	l->taken = t;
	l->taken_s = 0;
	l->shown = 0;
	l->asked++;
	for (unsigned i = 0; i < l->n; i++) {
		if (!l->workers[i].ended)
			continue;
		show(l, &l->workers[i]);
		l->shown++;
	}
	wake(l);
	while (l->shown < l->n)
		pthread_cond_wait(&l->news, &l->lock);
	l->taken = NULL;
	*window_s = l->taken_s;
	pthread_mutex_unlock(&l->lock);
}

static void describe_host(const struct load *l, struct run *r)
{
	struct utsname u;
	struct tm tm;

	gmtime_r(&l->started, &tm);
	strftime(r->started, sizeof(r->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
	r->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (uname(&u))
		return;
	snprintf(r->host, sizeof(r->host), "%s", u.nodename);
	snprintf(r->kernel, sizeof(r->kernel), "%.60s %.60s", u.sysname, u.release);
}

int load_run(struct load *l, struct run *r, struct err *e)
{
	struct tally all;
	double window_s;
	int err = tally_init(&all, l->plan->mix.n);

	if (!err)
		r->clients = calloc(1, sizeof(*r->clients));
	if (err || !r->clients) {
		tally_free(&all);
		return err_set(e, -ENOMEM, "no memory for what the load has measured");
	}
	load_take(l, &all, &window_s);
	describe_host(l, r);
	r->duration_s = window_s;
	r->bpf_ns_per_request = r->events = r->loader_cpu_s = NAN;
	err = tally_client(&all, l->plan, window_s, &r->clients[0]);
	r->n_clients = !err;
	tally_free(&all);
	return err ? err_set(e, err, "no memory for what the load has measured") : 0;
}

int load_result(struct load *l, struct err *e)
{
	const struct load_plan *p = l->plan;

	for (unsigned i = 0; i < l->n; i++)
		if (l->workers[i].error)
			return err_set(e, l->workers[i].error, "the load had to stop: %s",
				       strerror(-l->workers[i].error));
	if (l->goes || l->stop)
		return 0;
	for (unsigned i = 0; i < l->n; i++) {
		if (l->workers[i].failure < 0)
			continue;
		err_set(e, -ECONNREFUSED, "cannot connect to %s: %s", p->target,
			client_error_meaning(l->workers[i].failure));
		return err_hint(e, "does the service run, and is it this port?");
	}
	err_set(e, -ETIMEDOUT, "cannot connect to %s: no answer within %g s", p->target,
		p->timeout_s);
	return err_hint(e, "is it the right host, and no firewall between?");
}

void load_free(struct load *l)
{
	if (!l)
		return;
	l->stop = true;
	if (l->workers && l->n)
		wake(l);
	for (unsigned i = 0; i < l->n; i++)
		pthread_join(l->threads[i], NULL);
	for (unsigned i = 0; l->workers && i < l->plan->threads; i++)
		worker_free(&l->workers[i]);
	if (l->over >= 0)
		close(l->over);
	free(l->workers);
	free(l->threads);
	pthread_cond_destroy(&l->news);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
