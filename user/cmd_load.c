/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/options.h"
#include "base/signals.h"
#include "base/term.h"
#include "base/units.h"
#include "capture/clients.h"
#include "capture/recording.h"
#include "cmd.h"
#include "cmd_load.h"
#include "load/load.h"
#include "report/load.h"
#include "store/run_write.h"

struct config {
	struct load_options load;
	double interval;
	const char *out, *label;
	int format;
};

static const char *const formats[] = { "text", "json", NULL };
enum { FORMAT_JSON_LOAD = 1 };

static const struct option_row rows[] = {
	{ .name = "rate",
	  .type = OPT_NUMBER,
	  .arg = "R",
	  .max = RATE_MAX,
	  .offset = offsetof(struct config, load.rate),
	  .help = "open loop: R requests/s, whatever the answers do" },
	{ .name = "profile",
	  .type = OPT_STRING,
	  .arg = "SPEC",
	  .offset = offsetof(struct config, load.profile),
	  .help = "open loop: 'step FROM TO BY SECS', 'ramp FROM TO SECS', 'burst BASE PEAK EVERY "
		  "LENGTH'" },
	{ .name = "closed",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, load.closed),
	  .help = "closed loop: each connection asks again when it has its answer" },
	{ .name = "think",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, load.think_s),
	  .help = "closed loop: after thinking so long, on average" },
	{ .name = "connections",
	  .letter = 'c',
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = LOAD_MAX_CONNECTIONS,
	  .offset = offsetof(struct config, load.connections),
	  .help = "connections (50)" },
	{ .name = "duration",
	  .letter = 'd',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, load.duration_s),
	  .help = "for how long requests are sent and counted (10)" },
	{ .name = "warmup",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, load.warm_up_s),
	  .help = "before that, send SECS long without counting (0)" },
	LOAD_ROWS(struct config, load),
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "RUN",
	  .offset = offsetof(struct config, out),
	  .help = "write the run to this file, too, for 'lvt report' and others" },
	{ .name = "interval",
	  .letter = 'i',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, interval),
	  .help = "length of the intervals in RUN, and between two progress lines (1)" },
	{ .name = "label",
	  .type = OPT_STRING,
	  .arg = "TEXT",
	  .offset = offsetof(struct config, label),
	  .help = "what the run is called in reports" },
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = formats,
	  .offset = offsetof(struct config, format),
	  .help = "kind of report (text)" },
	{ 0 },
};

static const struct options options = {
	.command = "load",
	.args = "TARGET [OPTION...]",
	.about =
		"Load a service and measure its answers. In an open loop requests are due by a clock of "
		"their own, and latency counts from then: a service that stalls is not spared. TARGET is "
		"HOST:PORT, http://HOST[:PORT]/PATH or redis://HOST[:PORT]. Needs no rights.",
	.more = "Examples:\n"
		"  lvt load http://127.0.0.1/ --rate 1000\n"
		"  lvt load redis://db --rate 20k --mix '9 GET {key}' --mix '1 SET {key} v'\n"
		"  lvt load http://127.0.0.1/ --closed -c 50 -d 30\n"
		"  sudo lvt record -p 6379 -- lvt load redis://127.0.0.1 --rate 5k\n",
	.rows = rows,
	.operands = true,
};

/* ---- while it runs ---- */

struct session {
	const struct config *config;
	struct load_plan plan;
	struct load *load;
	struct run_file *file;
	struct err file_err; /* why the file is not complete: the load goes on */
	int signals;
	int clients;	  /* a recording around it that wants to know; -1 = none */
	double next_look; /* s on recording_now()'s clock */
	bool line;	  /* a progress line is on the terminal */
};

static void progress(struct session *s, const struct run *r)
{
	const struct run_client *c = &r->clients[0];
	char count[UNIT_LEN], rate[UNIT_LEN];

	fprintf(stderr, "\r\033[K%.0f s  %s answers  %s", r->duration_s,
		fmt_count(count, sizeof(count), client_answered(c)),
		fmt_rate(rate, sizeof(rate), client_rps(c)));
	if (client_failed(c))
		fprintf(stderr, "  %s failed", fmt_count(count, sizeof(count), client_failed(c)));
	fprintf(stderr, "  (Ctrl-C stops and reports)");
	fflush(stderr);
	s->line = true;
}

/* What is counted so far, and whoever is around is told. */
static int take(struct session *s, struct run *r, bool final, struct err *e)
{
	int err = load_run(s->load, r, e);

	if (err)
		return err;
	if (s->config->label)
		snprintf(r->label, sizeof(r->label), "%s", s->config->label);
	/* the next one has what one did not bring; without a recording the load goes on */
	if (s->clients >= 0 && clients_send(s->clients, r, final, NULL) == -EPIPE) {
		close(s->clients);
		s->clients = -1;
	}
	return 0;
}

/* At an interval: to the file, too. */
static int look(struct session *s, struct err *e)
{
	struct run r = { 0 };
	int err = take(s, &r, false, e);

	if (err)
		return err;
	if (term_is(stderr))
		progress(s, &r);
	if (s->file && !s->file_err.code)
		run_file_interval(s->file, &r, &s->file_err);
	run_free(&r);
	return 0;
}

/* The recording wants to know it now, or it has gone. */
static int answer(struct session *s, struct err *e)
{
	struct run r = { 0 };
	int asked = clients_asked(s->clients), err = 0;

	if (asked < 0)
		s->clients = -1;
	if (asked > 0)
		err = take(s, &r, false, e);
	run_free(&r);
	return err;
}

/* Intervals are of the window: they start with it. Returns ms until the next one ends. */
static int next_look(struct session *s)
{
	double now = recording_now(), from, to;

	if (!load_window(s->load, &from, &to) || now > to)
		return 200; /* when it is over, its descriptor says so */
	if (s->next_look < from)
		s->next_look = from + s->config->interval;
	return s->next_look > now ? ceil((s->next_look - now) * 1e3) : 0;
}

static int watch(struct session *s, struct err *e)
{
	struct pollfd p[3] = { { .fd = load_fd(s->load), .events = POLLIN },
			       { .fd = s->signals, .events = POLLIN },
			       { .events = POLLIN } };
	struct signalfd_siginfo info;
	int err = 0;

	while (!err) {
		p[2].fd = s->clients;
		poll(p, 3, next_look(s));
		if (p[0].revents)
			break;
		if (p[1].revents && read(s->signals, &info, sizeof(info)) > 0)
			load_stop(s->load);
		if (p[2].revents)
			err = answer(s, e);
		if (!err && !next_look(s)) {
			err = look(s, e);
			s->next_look += s->config->interval;
		}
	}
	if (s->line)
		fprintf(stderr, "\r\033[K");
	return err;
}

/* ---- the whole ---- */

static int report(struct session *s, struct err *e)
{
	struct run r = { 0 };
	struct load_report l = { .run = &r, .plan = &s->plan };
	int err = take(s, &r, true, e);
	double window_s;

	if (err)
		return err;
	l.connected = load_connected(s->load);
	err = tally_init(&l.tally, s->plan.mix.n);
	if (!err)
		load_take(s->load, &l.tally, &window_s);
	if (!err && s->file && !s->file_err.code)
		run_file_finish(s->file, &r, &s->file_err);
	/* around it is a recording that reports this view beside its own */
	if (!err && s->clients >= 0 && s->config->format != FORMAT_JSON_LOAD && l.tally.n_kinds < 2)
		fprintf(stderr, "lvt: the load's report is a part of the recording's\n");
	else if (!err)
		err = (s->config->format == FORMAT_JSON_LOAD ? load_report_json :
							       load_report_text)(stdout, &l, e);
	if (!err && !client_answered(&r.clients[0]))
		err = EXIT_FAILED;
	tally_free(&l.tally);
	run_free(&r);
	if (err >= 0 && s->file_err.code) {
		*e = s->file_err;
		err = e->code;
	}
	return err;
}

static int load(struct session *s, struct err *e)
{
	int err = load_start(&s->load, &s->plan, e);

	if (!err)
		err = watch(s, e);
	if (!err)
		err = load_result(s->load, e);
	if (!err)
		err = report(s, e);
	return err;
}

int load_words_check(int argc, char **argv, const char *target, struct load_words *w, struct err *e)
{
	struct config config = { .format = -1 };
	struct load_plan plan = { 0 };
	struct operands rest;
	int err;

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return err_usage(e, "lvt load --help says what there is");
	load_options_default(&config.load);
	config.load.duration_s = config.load.warm_up_s = -1;
	err = options_parse(&options, &config, argc, argv, &rest, e);
	if (err)
		return err;
	if (rest.n_words > 1)
		return err_usage(e, "load takes one target");
	*w = (struct load_words){ .target = rest.n_words,
				  .duration = config.load.duration_s >= 0,
				  .seed = config.load.seed,
				  .warm_up = config.load.warm_up_s >= 0,
				  .output = config.out || config.format >= 0 };
	config.load.duration_s = 1;
	config.load.warm_up_s = 0;
	err = load_plan_make(&plan, w->target ? rest.words[0] : target, &config.load, e);
	load_plan_free(&plan);
	return err;
}

int cmd_load(int argc, char **argv, struct err *e)
{
	struct config config = { .interval = 1 };
	struct session s = { .config = &config, .clients = clients_attach() };
	struct operands rest;
	int err;

	load_options_default(&config.load);
	err = options_parse(&options, &config, argc, argv, &rest, e);
	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	if (rest.n_words != 1) {
		err_usage(e, rest.n_words ? "load takes one target" : "no target given");
		return err_hint(e, "lvt load HOST:PORT --rate R");
	}
	err = load_plan_make(&s.plan, rest.words[0], &config.load, e);
	if (err)
		return err;
	s.signals = signals_open(0, e);
	if (s.signals < 0)
		err = s.signals;
	if (!err && config.out)
		err = run_file_create(&s.file, config.out, e);
	if (!err)
		err = load(&s, e);
	load_free(s.load);
	run_file_free(s.file);
	load_plan_free(&s.plan);
	if (s.signals >= 0)
		close(s.signals);
	return err;
}
