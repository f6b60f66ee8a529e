/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "analysis/sweep.h"
#include "base/decimal.h"
#include "base/folder.h"
#include "base/options.h"
#include "base/out_file.h"
#include "base/signals.h"
#include "base/term.h"
#include "base/units.h"
#include "cmd.h"
#include "report/sweep.h"
#include "store/run_write.h"
#include "trial/step.h"

struct config {
	struct load_options load;
	const char *rates, *connections; /* "A..B" */
	uint32_t steps, clients, servers;
	double seconds; /* 0 = what the tail needs */
	double warm_up_s;
	const char *slo, *out, *runs, *label;
	bool no_trace;
	int format;
};

static const char *const formats[] = { "text", "json", "svg", "html", NULL };
static int (*const printers[])(FILE *, const struct sweep_report *,
			       struct err *) = { sweep_text, sweep_json, sweep_svg, sweep_html };

static const struct option_row rows[] = {
	{ .name = "rates",
	  .type = OPT_STRING,
	  .arg = "A..B",
	  .offset = offsetof(struct config, rates),
	  .help = "open loop, from A to B requests/s (up to what the service can take)" },
	{ .name = "connections",
	  .type = OPT_STRING,
	  .arg = "A..B",
	  .offset = offsetof(struct config, connections),
	  .help = "instead: closed loop, from A to B connections" },
	{ .name = "steps",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 3,
	  .max = 60,
	  .offset = offsetof(struct config, steps),
	  .help = "steps from A to B (10); some more refine what is of interest" },
	{ .name = "slo",
	  .type = OPT_STRING,
	  .arg = "'p99<5ms'",
	  .offset = offsetof(struct config, slo),
	  .help = "find the highest rate that meets this: pNN, mean or max, below a time" },
	{ .name = "seconds",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, seconds),
	  .help = "measured at each step (3 to 60, by what the tail needs)" },
	{ .name = "warmup",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, warm_up_s),
	  .help = "before that, at each step (1)" },
	{ .name = "clients",
	  .letter = 'c',
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = LOAD_MAX_CONNECTIONS,
	  .offset = offsetof(struct config, clients),
	  .help = "connections of the open loop (100)" },
	{ .name = "servers",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = 4096,
	  .offset = offsetof(struct config, servers),
	  .help = "how many requests are served at once, for the law (found out)" },
	{ .name = "no-trace",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, no_trace),
	  .help = "the client's view alone, without stages; needs no rights" },
	LOAD_ROWS(struct config, load),
	{ .name = "runs",
	  .type = OPT_STRING,
	  .arg = "FOLDER",
	  .offset = offsetof(struct config, runs),
	  .help = "keep the run of each step there" },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct config, out),
	  .help = "write the report to FILE" },
	{ .name = "label",
	  .type = OPT_STRING,
	  .arg = "TEXT",
	  .offset = offsetof(struct config, label),
	  .help = "what the sweep is called in reports" },
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = formats,
	  .offset = offsetof(struct config, format),
	  .help = "kind of report (text)" },
	{ 0 },
};

static const struct options options = {
	.command = "sweep",
	.args = "TARGET [OPTION...]",
	.about =
		"The latency-throughput curve of a service: load it at one rate after the other, each "
		"with the kernel's view beside the client's; find the knee, the rate at which it "
		"saturates and the highest rate that meets an objective, and hold queueing theory "
		"against it. TARGET as of 'lvt load'; the service is to run on this host for stages.",
	.more = "Examples:\n"
		"  sudo lvt sweep redis://127.0.0.1 --slo 'p99<2ms'\n"
		"  sudo lvt sweep http://127.0.0.1/ --rates 500..20k --format svg -o c.svg\n"
		"  sudo lvt sweep 127.0.0.1:7000 --protocol raw --connections 1..64\n",
	.rows = rows,
	.operands = true,
};

struct session {
	struct config config;
	const char *target;
	struct sweep *sweep;
	bool trace, line;
	int signals, folder;
};

/* ---- what is asked ---- */

static int read_range(const char *text, const char *option, double *from, double *to, struct err *e)
{
	const char *dots = strstr(text, "..");
	char first[32] = "";

	*from = *to = NAN;
	if (dots && (size_t)(dots - text) < sizeof(first)) {
		snprintf(first, sizeof(first), "%.*s", (int)(dots - text), text);
		*from = read_scaled(first);
		*to = read_scaled(dots + 2);
	}
	if (*from > 0 && *to > *from && *to <= RATE_MAX)
		return 0;
	err_usage(e, "option '%s': no range: '%s'", option, text);
	return err_hint(e, "give FROM..TO, such as 100..20k");
}

static int prepare(struct session *s, struct err *e)
{
	struct config *c = &s->config;
	struct sweep *w = s->sweep;
	int err = 0;

	sweep_init(w);
	w->planned = c->steps;
	w->servers = c->servers;
	snprintf(w->label, sizeof(w->label), "%s", c->label ?: "");
	if (c->rates && c->connections)
		return err_usage(e, "a sweep is over --rates or over --connections");
	w->mode = c->connections ? SWEEP_CONNECTIONS : SWEEP_RATES;
	if (c->slo)
		err = slo_parse(c->slo, &w->slo, e);
	if (!err && c->rates)
		err = read_range(c->rates, "--rates", &w->from, &w->to, e);
	if (!err && c->connections)
		err = read_range(c->connections, "--connections", &w->from, &w->to, e);
	if (!err && c->connections &&
	    (w->from != floor(w->from) || w->to != floor(w->to) || w->to > LOAD_MAX_CONNECTIONS))
		err = err_usage(e, "option '--connections': whole numbers up to %d are wanted",
				LOAD_MAX_CONNECTIONS);
	return err;
}

/* ---- a step ---- */

/*
 * For how long: a quantile needs its tail. Ten exceedances that are independent are the least from which
 * something can be said; requests of one busy period are not, so ten times as many.
 */
static double seconds_for(const struct session *s, double rate)
{
	double tail = 1 - s->sweep->slo.millionths / 1e6;

	if (s->config.seconds > 0)
		return s->config.seconds;
	if (s->sweep->slo.metric != SLO_QUANTILE || tail < 0.001)
		tail = 0.001;
	return fmin(60, fmax(3, 100 / tail / rate));
}

static void say_step(struct session *s, double asked, double seconds)
{
	char what[UNIT_LEN];

	if (s->sweep->mode == SWEEP_RATES)
		fmt_rate(what, sizeof(what), asked);
	else
		snprintf(what, sizeof(what), "%.0f connections", asked);
	fprintf(stderr, "%sstep %zu of at most %zu: %s, %.3g s%s",
		term_is(stderr) ? "\r\033[K" : "", s->sweep->n + 1, sweep_most_steps(s->sweep),
		what, seconds, term_is(stderr) ? "" : "\n");
	s->line = term_is(stderr);
}

static int keep(struct session *s, const struct run *r, struct err *e)
{
	char path[4200];
	struct run_file *f;
	int err;

	if (!s->config.runs)
		return 0;
	snprintf(path, sizeof(path), "%s/step-%03zu.hlog", s->config.runs, s->sweep->n + 1);
	err = run_file_create(&f, path, e);
	if (!err)
		err = run_file_finish(f, r, e);
	if (err && f)
		run_file_discard(f);
	run_file_free(f);
	return err;
}

static bool is_disturbed(const struct step_noise *n)
{
	return n->foreign > SWEEP_FOREIGN || n->steal > SWEEP_STEAL;
}

static void fill(struct session *s, const struct run *r, struct sweep_watch *w,
		 const struct step_noise *noise)
{
	struct sweep_step *p = &s->sweep->steps[s->sweep->n++];
	const struct run_client *c = &r->clients[0];
	const struct run_service *service = client_service(r, c);
	struct occupancy o = { NAN, NAN };
	double busy = service ? service_busy_ns(service) : NAN;

	/* what the thread does around each request is the same for all: it moves the mean alone */
	if (service && service_occupancy(service, &o.mean_ns, &o.square_ns2) && busy > o.mean_ns) {
		o.square_ns2 += busy * busy - o.mean_ns * o.mean_ns;
		o.mean_ns = busy;
	}
	sweep_about(s->sweep, r, c);
	sweep_step_init(p);
	sweep_step_fill(p, &s->sweep->slo, r, c, w, isnan(o.mean_ns) ? NULL : &o);
	p->warm_up_s = s->config.warm_up_s;
	p->foreign = noise->foreign;
	p->steal = noise->steal;
	p->disturbed = is_disturbed(noise);
}

/* Measure at a rate, or with so many connections; *r is what it gave, and to be freed. */
static int measure(struct session *s, double asked, bool closed, double seconds,
		   struct sweep_watch *w, struct run *r, struct step_noise *noise, struct err *e)
{
	struct load_options o = s->config.load;
	struct load_plan plan;
	struct step_job job = { .plan = &plan,
				.trace = s->trace,
				.interval = fmax(0.02, seconds / 60),
				.look = w ? sweep_watch_add : NULL,
				.arg = w,
				.signals = s->signals };
	int err;

	o.closed = closed;
	o.rate = closed ? 0 : asked;
	o.connections = closed ? asked : s->config.clients;
	o.duration_s = seconds;
	o.warm_up_s = s->config.warm_up_s;
	err = load_plan_make(&plan, s->target, &o, e);
	if (err)
		return err;
	err = step_run(&job, r, noise, e);
	load_plan_free(&plan);
	return err;
}

/* Once, or twice if others disturbed it: then the second time counts, whatever it was like. */
static int step(struct session *s, double asked, struct err *e)
{
	bool closed = s->sweep->mode == SWEEP_CONNECTIONS, again = false;
	double seconds = seconds_for(s, closed ? 1e4 : asked);
	struct sweep_watch *w;
	struct step_noise noise;
	struct run r = { 0 };
	int err;

	do {
		run_free(&r);
		w = sweep_watch_new();
		say_step(s, asked, seconds);
		err = w ? measure(s, asked, closed, seconds, w, &r, &noise, e) :
			  err_set(e, -ENOMEM, "no memory for a step");
		again = !err && !again && is_disturbed(&noise);
		s->sweep->repeated += again;
		if (!err && !again)
			err = keep(s, &r, e);
		if (!err && !again)
			fill(s, &r, w, &noise);
		sweep_watch_free(w);
	} while (again);
	run_free(&r);
	return err;
}

/* ---- the whole ---- */

/* Without --rates: from a twentieth of what a closed loop gets through it to twice that. */
static int find_range(struct session *s, struct err *e)
{
	struct step_noise noise;
	struct run r = { 0 };
	double most = NAN;
	bool trace = s->trace;
	int err;

	fprintf(stderr, "how much can it take? %u connections, closed loop, 2 s\n",
		s->config.clients);
	s->trace = false;
	err = measure(s, s->config.clients, true, 2, NULL, &r, &noise, e);
	s->trace = trace;
	if (!err)
		most = client_rps(&r.clients[0]);
	run_free(&r);
	if (!err && !(most > 0)) {
		err_set(e, -EIO, "%s gave no right answer", s->target);
		return err_hint(e, "'lvt load %s --closed' says why", s->target);
	}
	s->sweep->from = most / 20;
	s->sweep->to = most * 2;
	return err;
}

static int run_steps(struct session *s, struct err *e)
{
	double asked;
	int err = 0;

	if (s->sweep->mode == SWEEP_RATES && !s->config.rates)
		err = find_range(s, e);
	while (!err && sweep_next_rate(s->sweep, &asked))
		err = step(s, asked, e);
	if (s->line)
		fprintf(stderr, "\r\033[K");
	if (err != -EINTR || !s->sweep->n)
		return err;
	fprintf(stderr, "lvt: stopped early: the report is of %zu step%s\n", s->sweep->n,
		s->sweep->n == 1 ? "" : "s");
	return 0;
}

static int print(FILE *out, const void *arg, struct err *e)
{
	const struct session *s = arg;
	struct sweep_analysis *a = calloc(1, sizeof(*a));
	struct sweep_report r = { s->sweep, a };
	int err;

	if (!a)
		return err_set(e, -ENOMEM, "no memory for the report");
	sweep_analyse(s->sweep, a);
	err = printers[s->config.format](out, &r, e);
	free(a);
	return err;
}

/* A sweep takes minutes: what cannot be written at its end is told before it. */
static int can_write(const char *path, struct err *e)
{
	struct out_file o;
	int err = out_file_open(&o, path, e);

	out_file_drop(&o);
	return err;
}

int cmd_sweep(int argc, char **argv, struct err *e)
{
	struct session s = { .config = { .steps = 10, .clients = 100, .warm_up_s = 1 } };
	struct operands rest;
	int err;

	load_options_default(&s.config.load);
	err = options_parse(&options, &s.config, argc, argv, &rest, e);
	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	if (rest.n_words != 1) {
		err_usage(e, rest.n_words ? "sweep takes one target" : "no target given");
		return err_hint(e, "lvt sweep HOST:PORT --rates FROM..TO");
	}
	s.target = rest.words[0];
	s.trace = !s.config.no_trace;
	s.sweep = malloc(sizeof(*s.sweep));
	if (!s.sweep)
		return err_set(e, -ENOMEM, "no memory for a sweep");
	err = prepare(&s, e);
	if (!err && s.config.runs)
		err = folder_make(s.config.runs, e);
	if (!err && s.config.out)
		err = can_write(s.config.out, e);
	s.signals = -1;
	if (!err)
		s.signals = signals_open(0, e);
	if (!err && s.signals < 0)
		err = s.signals;
	if (!err)
		err = run_steps(&s, e);
	if (!err)
		err = out_file_print(s.config.out, print, &s, e);
	if (s.signals >= 0)
		close(s.signals);
	free(s.sweep);
	return err;
}
