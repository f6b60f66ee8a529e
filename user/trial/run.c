/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "trial/run.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/folder.h"
#include "capture/keeper.h"
#include "capture/noise.h"
#include "capture/recording.h"
#include "base/cpus.h"
#include "trial/port.h"
#include "trial/window.h"

/* How long a load may take to tell what it sees. */
#define TRIAL_ANSWER_S 2.0

/* A run as it stands. */
struct now {
	const struct trial_job *job;
	struct trial_arm *out;
	char *log; /* the name of the log that tells why it failed */
	char name[TRIAL_FILE_LEN];
	struct keeper service, load, beside;
	struct recording rec;
	struct window window;
	cpu_set_t cpus[TRIAL_ARMS], counted; /* service, load; both */
	bool pinned;
	double edges_s; /* between the ends of the kernel's window and of the client's */
	double told;	/* when progress was */
};

static void tell(struct now *n, enum trial_phase phase)
{
	n->told = recording_now();
	if (n->job->progress)
		n->job->progress(n->job->arg, phase);
}

/* Wait until something happens, or until a time. -EINTR with *e: a signal came. */
static int wait_events(struct now *n, double until, enum trial_phase phase, struct err *e)
{
	struct pollfd p[3] = { { .fd = n->job->signals, .events = POLLIN },
			       { .fd = -1, .events = POLLIN },
			       { .fd = -1, .events = POLLIN } };
	double now = recording_now();

	if (now - n->told > 1)
		tell(n, phase);
	if (until > n->told + 1)
		until = n->told + 1;
	if (n->service.pid && !keeper_ended(&n->service))
		p[1].fd = n->service.news;
	if (n->load.pid && !keeper_ended(&n->load))
		p[2].fd = n->load.news;
	if (poll(p, 3, until > now ? (until - now) * 1e3 + 1 : 0) > 0 && p[0].revents)
		return err_set(e, -EINTR, "stopped by a signal");
	return 0;
}

/* ---- what is started ---- */

static void describe_status(char *buf, size_t size, const struct keeper *k)
{
	if (!k->ended)
		snprintf(buf, size, "it has gone");
	else if (WIFSIGNALED(k->status))
		snprintf(buf, size, "ended by signal %d", WTERMSIG(k->status));
	else
		snprintf(buf, size, "exit status %d", WEXITSTATUS(k->status));
}

/* An error that has its reason in a log. */
static int failed(struct now *n, const char *which)
{
	snprintf(n->log, TRIAL_LOG_LEN, "%s.%s.log", n->name, which);
	return -ECHILD;
}

static int start(struct now *n, struct keeper *k, const char *which, const char *command,
		 const cpu_set_t *cpus, struct err *e)
{
	const struct trial_plan *p = n->job->plan;
	const char *cgroup = k == &n->service ? p->cgroup[n->job->arm] : NULL;
	__u32 seed = trial_load_seed(p->seed, n->job->pair->number, n->job->pair->attempt);
	char line[2 * TRIAL_COMMAND_LEN], name[TRIAL_LOG_LEN], env[3][32];
	struct clients *clients = k == &n->load ? n->rec.clients : NULL;
	const char *all[] = { env[0], env[1], NULL, NULL, NULL };
	struct keeper_job job = { line, -1, n->pinned ? cpus : NULL, all, cgroup, 0 };
	int err, i = 2;

	if (n->out->port)
		all[i++] = env[2];
	if (clients) {
		all[i++] = clients_environment(clients);
		job.pass = clients_pass(clients);
	}

	snprintf(env[0], sizeof(env[0]), "LVT_SECONDS=%u", trial_load_seconds(p));
	snprintf(env[1], sizeof(env[1]), "LVT_SEED=%u", seed);
	snprintf(env[2], sizeof(env[2]), "LVT_PORT=%u", n->out->port);
	if (trial_command(line, sizeof(line), command, n->out->port, trial_load_seconds(p), seed))
		return err_set(e, -E2BIG, "the command is too long: %.60s...", command);
	snprintf(name, sizeof(name), "%s.%s.log", n->name, which);
	job.log = folder_file(n->job->folder, name, e);
	if (job.log < 0)
		return job.log;
	err = keeper_start(k, &job, e);
	close(job.log);
	return err;
}

static int service_gone(struct now *n, const char *when, struct err *e)
{
	char status[64];

	describe_status(status, sizeof(status), &n->service);
	err_set(e, -ECHILD, "the %s command ended %s (%s)", trial_arm_name(n->job->arm), when,
		status);
	return failed(n, "service");
}

/* It is there before the service, so that this one starts as it will run. */
static int start_beside(struct now *n, struct err *e)
{
	const char *command = n->job->plan->beside[n->job->arm];

	return *command ? start(n, &n->beside, "beside", command, &n->cpus[0], e) : 0;
}

static int check_beside(struct now *n, struct err *e)
{
	char status[64];

	if (!n->beside.pid || keeper_runs(&n->beside))
		return 0;
	describe_status(status, sizeof(status), &n->beside);
	err_set(e, -ECHILD, "the process beside the service ended before the run did (%s)", status);
	return failed(n, "beside");
}

static int start_service(struct now *n, struct err *e)
{
	const struct trial_plan *p = n->job->plan;
	const char *arm = trial_arm_name(n->job->arm);
	double end = recording_now() + p->start_s;
	int err = port_is_free(p->port, e);

	n->out->port = p->port;
	if (!err)
		err = start_beside(n, e);
	if (!err)
		err = start(n, &n->service, "service", p->command[n->job->arm], &n->cpus[0], e);
	while (!err) {
		err = port_find(n->service.pid, p->port, &n->out->port, e);
		if (err > 0)
			return 0;
		if (!err && !keeper_runs(&n->service))
			return service_gone(n, "before it listened", e);
		if (!err && recording_now() > end) {
			err_set(e, -ETIMEDOUT, "the %s command does not listen on %s after %g s",
				arm, p->port ? "its port" : "any TCP port", p->start_s);
			err_hint(e, "--start-timeout gives it more");
			failed(n, "service");
			return -ETIMEDOUT;
		}
		if (!err)
			err = wait_events(n, recording_now() + 0.01, TRIAL_STARTING, e);
	}
	return err;
}

/* ---- warm up, measure ---- */

static int warm_up(struct now *n, struct err *e)
{
	const struct tracer_options options = { .idle_s = TRACER_IDLE_MS / 1e3 };
	double begin = recording_now(), end = begin + n->job->plan->warm_up_s;
	struct filter_options by_port = { .ports = { .ports = { n->out->port }, .n = 1 } };
	struct filter f;
	char status[64];
	int err = n->job->plan->own_load ? clients_open(&n->rec.clients, e) : 0;

	if (!err)
		err = start(n, &n->load, "load", trial_load_of(n->job->plan, n->job->arm),
			    &n->cpus[1], e);
	if (!err && n->rec.clients)
		clients_forked(n->rec.clients);
	if (!err)
		err = filter_resolve(&f, &by_port, e);
	if (!err)
		err = recording_open(&n->rec, &f, &options, e);
	while (!err && !keeper_ended(&n->load) && recording_now() < end)
		err = wait_events(n, end, TRIAL_WARMING, e);
	if (err || !keeper_ended(&n->load))
		return err;
	describe_status(status, sizeof(status), &n->load);
	err_set(e, -ECHILD, "the load ended %.1f s after its start, before the window began (%s)",
		recording_now() - begin, status);
	err_hint(e, "it must go on for %u s; {seconds} in it says so",
		 trial_load_seconds(n->job->plan));
	return failed(n, "load");
}

/* Of all CPUs that count; lvt and what it started belong to the run. */
static void noise_now(const struct now *n, struct noise *noise)
{
	tracer_give_way(true);
	noise_read(noise, n->pinned ? &n->counted : NULL, getpid());
	tracer_give_way(false);
}

/* The load has ended within the window: was that all right? */
static int check_cut(struct now *n, double elapsed, struct err *e)
{
	double wanted = n->job->plan->seconds;
	char status[64];

	describe_status(status, sizeof(status), &n->load);
	n->out->cut = true;
	if (WIFEXITED(n->load.status) && !WEXITSTATUS(n->load.status) && elapsed >= wanted / 2)
		return 0;
	err_set(e, -ECHILD, "the load ended %.1f s into the window of %g s (%s)", elapsed, wanted,
		status);
	if (WIFEXITED(n->load.status) && !WEXITSTATUS(n->load.status))
		err_hint(e,
			 "it must last for at least half of it: give it more to do, or a shorter "
			 "--seconds");
	return failed(n, "load");
}

static int watch(struct now *n, double end, struct err *e)
{
	double due;
	int err = 0;

	while (!err && recording_now() < end && !keeper_ended(&n->load)) {
		due = fmin(recording_due(&n->rec), end);
		err = wait_events(n, due, TRIAL_MEASURING, e);
		if (!err && !keeper_runs(&n->service))
			return service_gone(n, "while it was measured", e);
		if (!err && recording_now() >= due && due < end)
			err = recording_work(&n->rec, recording_now(), e);
	}
	return err;
}

/* The load's view now, which the kernel's window begins or has ended with at `when`. */
static int ask_load(struct now *n, double when, struct err *e)
{
	double at;
	int err = clients_now(n->rec.clients, TRIAL_ANSWER_S, &at);

	if (!err)
		n->edges_s += at - when;
	if (!err || keeper_ended(&n->load))
		return 0; /* its last word is there, or is missed by window_result() */
	err_set(e, -ETIMEDOUT, "the load does not tell what it sees (%s)", strerror(-err));
	err_hint(e, "is its CPU overloaded? A lower rate, or --cpus, may help");
	failed(n, "load");
	return -ETIMEDOUT;
}

static int begin_view(struct now *n, struct err *e)
{
	int err;

	if (!n->rec.clients)
		return 0;
	err = ask_load(n, n->rec.start, e);
	return err ? err : clients_begin(n->rec.clients, e);
}

static int end_view(struct now *n, double stopped, struct err *e)
{
	int err;

	if (!n->rec.clients)
		return 0;
	err = ask_load(n, stopped, e);
	/* what it sends when it is ended is of more than the window */
	clients_end(n->rec.clients);
	return err;
}

static int measure(struct now *n, struct err *e)
{
	struct noise from, to = {};
	double end, stopped;
	int err;

	/* before and after: to look at all processes takes its time */
	noise_now(n, &from);
	err = recording_start(&n->rec, e);
	end = n->rec.start + n->job->plan->seconds;
	if (!err)
		err = begin_view(n, e);
	if (!err)
		err = watch(n, end, e);
	stopped = recording_now();
	if (!err)
		err = recording_stop(&n->rec, e);
	if (!err)
		err = check_beside(n, e);
	if (!err)
		err = end_view(n, stopped, e);
	if (!err && stopped < end)
		err = check_cut(n, stopped - n->rec.start, e);
	if (!err) {
		noise_now(n, &to);
		n->out->noise = noise_between(&from, &to);
	}
	noise_free(&from);
	noise_free(&to);
	return err;
}

/* ---- the whole ---- */

static int take(struct now *n, struct err *e)
{
	struct run run = {};
	int err = recording_take(&n->rec, &run, e);

	if (!err && n->rec.clients && !run.n_clients)
		err = err_set(e, -ENODATA, "the load did not tell what it saw");
	if (!err)
		err = window_result(&n->window, &run, n->edges_s, n->out, e);
	if (err)
		failed(n, "load");
	if (!err && n->rec.file_err.code) {
		*e = n->rec.file_err;
		err = e->code;
	}
	run_free(&run);
	return err;
}

static int whole(struct now *n, struct err *e)
{
	char path[4200];
	int err;

	tell(n, TRIAL_STARTING);
	err = start_service(n, e);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%s.hlog", n->job->path, n->name);
	err = run_file_create(&n->rec.file, path, e);
	tell(n, TRIAL_WARMING);
	if (!err)
		err = warm_up(n, e);
	tell(n, TRIAL_MEASURING);
	if (!err)
		err = measure(n, e);
	keeper_stop(&n->load);
	if (!err)
		err = take(n, e);
	if (err && n->rec.file)
		run_file_discard(n->rec.file);
	return err;
}

__u32 trial_load_seconds(const struct trial_plan *p)
{
	return ceil(p->warm_up_s + p->seconds) + 2;
}

int trial_command(char *to, size_t size, const char *command, __u32 port, __u32 seconds, __u32 seed)
{
	const struct {
		const char *name;
		__u32 value;
	} fill[] = { { "{port}", port }, { "{seconds}", seconds }, { "{seed}", seed } };
	size_t n = 0;

	while (*command) {
		size_t i = 0, len;

		while (i < 3 && strncmp(command, fill[i].name, strlen(fill[i].name)))
			i++;
		if (i == 3 || (!i && !port)) {
			if (n + 1 >= size)
				return -E2BIG;
			to[n++] = *command++;
			continue;
		}
		len = snprintf(to + n, size - n, "%u", fill[i].value);
		if (len >= size - n)
			return -E2BIG;
		n += len;
		command += strlen(fill[i].name);
	}
	to[n] = '\0';
	return 0;
}

int trial_run(const struct trial_job *job, struct trial_arm *out, char log[TRIAL_LOG_LEN],
	      struct err *e)
{
	struct now n = { .job = job, .out = out, .log = log };
	int err;

	*out = (struct trial_arm){};
	*log = '\0';
	trial_file(n.name, job->pair, job->arm);
	n.pinned = *job->plan->cpus[0];
	if (n.pinned) {
		cpus_parse(&n.cpus[0], job->plan->cpus[0]);
		cpus_parse(&n.cpus[1], job->plan->cpus[1]);
		CPU_OR(&n.counted, &n.cpus[0], &n.cpus[1]);
	}
	if (n.pinned)
		cpus_stay_off(&n.cpus[0], &n.cpus[1]);
	else
		cpus_take_back(); /* a trial before may have been another one */
	window_open(&n.window, &n.rec, job->plan->seconds);
	err = whole(&n, e);
	tell(&n, TRIAL_STOPPING);
	keeper_stop(&n.load);
	if (!keeper_stop(&n.beside) && !err)
		err = err_set(e, -EBUSY, "the process beside the service cannot be ended");
	if (!keeper_stop(&n.service) && !err)
		err = err_set(e, -EBUSY, "the %s command cannot be ended",
			      trial_arm_name(job->arm));
	recording_close(&n.rec);
	clients_close(n.rec.clients);
	run_file_free(n.rec.file);
	window_close(&n.window);
	return err;
}
