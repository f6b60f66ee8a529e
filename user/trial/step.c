// SPDX-License-Identifier: BSD-2-Clause
#include "trial/step.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "capture/noise.h"
#include "capture/recording.h"
#include "load/load.h"
#include "model/client.h"

/* To attach takes some 20 ms, and stops the CPUs for moments: it is to be over when the window opens. */
#define ATTACH_S 0.06

struct now {
	const struct step_job *job;
	struct recording rec;
	struct load *load;
	double next_look;
	struct noise noise[2];		      /* about when the window opens, and when it closes */
	enum { BEFORE, WITHIN, AFTER } trace; /* the window that the kernel counts in */
};

static int open_trace(struct now *n, struct err *e)
{
	const struct tracer_options options = { .idle_s = TRACER_IDLE_MS / 1e3 };
	struct filter_options by_port = { .ports = { .ports = { n->job->plan->port }, .n = 1 } };
	struct filter f;
	int err = filter_resolve(&f, &by_port, e);

	return err ? err : recording_open(&n->rec, &f, &options, e);
}

static int look(struct now *n, struct err *e)
{
	struct run r = { 0 };
	int err = load_run(n->load, &r, e);

	if (!err && r.duration_s > 0 && n->job->look(n->job->arg, &r.clients[0].view))
		err = err_set(e, -ENOMEM, "no memory for what the load has measured");
	run_free(&r);
	return err;
}

/* What is to be done by now; *next: when there is something again. */
static int work(struct now *n, double *next, struct err *e)
{
	double now = recording_now(), from, to;
	int err = 0;

	*next = now + 0.05;
	if (!load_window(n->load, &from, &to))
		return 0;
	if (n->trace == BEFORE && now >= from - ATTACH_S) {
		noise_read(&n->noise[0], NULL, getpid());
		if (n->job->trace)
			err = recording_start(&n->rec, e);
		n->trace = WITHIN;
	} else if (n->trace == WITHIN && now >= to) {
		if (n->job->trace)
			err = recording_stop(&n->rec, e);
		noise_read(&n->noise[1], NULL, getpid());
		n->trace = AFTER;
	} else if (n->job->trace && n->trace == WITHIN && now >= recording_due(&n->rec)) {
		err = recording_work(&n->rec, now, e);
	}
	if (!err && n->job->look && now > from && now < to && now >= n->next_look) {
		err = look(n, e);
		n->next_look = fmax(n->next_look + n->job->interval, now);
	}
	*next = n->trace == BEFORE ? from - ATTACH_S : to;
	if (n->job->trace && n->trace == WITHIN)
		*next = fmin(*next, recording_due(&n->rec));
	if (n->job->look && now < to)
		*next = fmin(*next, fmax(from, n->next_look));
	if (n->trace == AFTER)
		*next = now + 1;
	return err;
}

static int watch(struct now *n, struct err *e)
{
	struct pollfd p[2] = { { .fd = load_fd(n->load), .events = POLLIN },
			       { .fd = n->job->signals, .events = POLLIN } };
	struct signalfd_siginfo info;
	double next, now;
	int err;

	for (;;) {
		err = work(n, &next, e);
		if (err)
			return err;
		now = recording_now();
		if (poll(p, 2, next > now ? ceil((next - now) * 1e3) : 0) <= 0)
			continue;
		if (p[1].revents && read(n->job->signals, &info, sizeof(info)) > 0)
			return err_set(e, -EINTR, "stopped by a signal");
		if (p[0].revents)
			return load_result(n->load, e);
	}
}

/* Both views in one run. */
static int take(struct now *n, struct run *out, struct err *e)
{
	struct run client = { 0 };
	int err = 0;

	bool traced = n->job->trace && n->trace != BEFORE;

	if (traced && n->trace == WITHIN)
		err = recording_stop(&n->rec, e);
	if (!err && traced)
		err = recording_take(&n->rec, out, e);
	if (!err)
		err = load_run(n->load, &client, e);
	if (err)
		return err;
	if (!traced) {
		*out = client;
		return 0;
	}
	out->clients = client.clients;
	out->n_clients = client.n_clients;
	client.clients = NULL;
	client.n_clients = 0;
	run_free(&client);
	return 0;
}

/* The service's own time is not foreign; its threads' time on CPU is what the kernel side counted. */
static struct step_noise disturbance(const struct now *n, const struct run *r)
{
	struct trial_noise all = noise_between(&n->noise[0], &n->noise[1]);
	const struct run_service *s = client_service(r, &r->clients[0]);
	double service = s ? s->cpu_share : NAN;

	return (struct step_noise){ fmax(all.foreign - service, isnan(service) ? NAN : 0),
				    all.steal };
}

int step_run(const struct step_job *job, struct run *out, struct step_noise *noise, struct err *e)
{
	struct now n = { .job = job };
	int err = job->trace ? open_trace(&n, e) : 0;

	if (!err)
		err = load_start(&n.load, job->plan, e);
	if (!err)
		err = watch(&n, e);
	if (!err)
		err = take(&n, out, e);
	if (!err)
		*noise = disturbance(&n, out);
	noise_free(&n.noise[0]);
	noise_free(&n.noise[1]);
	load_free(n.load);
	recording_close(&n.rec);
	return err;
}
