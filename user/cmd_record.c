/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/escape.h"
#include "base/options.h"
#include "base/signals.h"
#include "base/term.h"
#include "base/units.h"
#include "capture/child.h"
#include "capture/listeners.h"
#include "capture/loader.h"
#include "capture/recording.h"
#include "capture/snapshot.h"
#include "cmd.h"
#include "model/series.h"
#include "report/formats.h"

struct config {
	struct filter_options filter;
	double duration; /* 0 = until Ctrl-C or the command's end */
	double interval;
	struct tracer_options trace;
	uint32_t slowest;
	int format;
	const char *out;
};

static const struct option_row rows[] = {
	FILTER_OPTION_ROWS(struct config, filter),
	{ .name = "duration",
	  .letter = 'd',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, duration),
	  .help = "stop after SECS, counted from attach" },
	{ .name = "interval",
	  .letter = 'i',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, interval),
	  .help = "length of the intervals in RUN, and between two progress lines (1)" },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "RUN",
	  .offset = offsetof(struct config, out),
	  .help = "write the run to this file, too, for 'lvt report' and others" },
	{ .name = "idle",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, trace.idle_s),
	  .help = "an answer is complete when its connection has been idle so long (0.45)" },
	{ .name = "rx-timestamps",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, trace.rx_timestamps),
	  .help = "measure net.rx; the kernel then stamps every packet of this host" },
	{ .name = "client",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, trace.client),
	  .help = "trace the requests that the services' processes send, too" },
	{ .name = "measure-overhead",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, trace.measure),
	  .help = "measure lvt's own run time in the kernel, which adds to it" },
	{ .name = "slowest",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = RUN_MAX_SLOWEST,
	  .offset = offsetof(struct config, slowest),
	  .help = "show the N slowest requests of each service, one by one" },
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = report_formats,
	  .offset = offsetof(struct config, format),
	  .help = "kind of report (text)" },
	{ 0 },
};

static const struct options options = {
	.command = "record",
	.args = "[OPTION...] [-- COMMAND ...]",
	.about =
		"Trace services and report where the time of their requests goes. Without a filter, "
		"every listening TCP service of the host; several conditions narrow each other. Stops "
		"after -d SECS, at Ctrl-C, or when COMMAND (run as the invoking user) ends.",
	.more = "Examples:\n"
		"  sudo lvt record -p 6379 -d 10\n"
		"  sudo lvt record --comm nginx -- wrk -d 5 http://127.0.0.1/\n"
		"  sudo lvt record -p 8080 --format json > run.json\n"
		"  sudo lvt record -p 8080 -d 60 -o before.hlog\n",
	.rows = rows,
	.after = "COMMAND",
};

/* ---- while it runs ---- */

struct session {
	const struct config *config;
	struct recording rec;
	struct series *series; /* for a page; NULL = none */
	struct child child;
	int signals;
	double next_line;
	__u64 answered; /* at the last progress line */
	bool line;	/* a progress line is on the terminal */
};

static void progress(struct session *s, double now)
{
	__u64 n = snapshot_answered(s->rec.tracer);
	char count[UNIT_LEN], rate[UNIT_LEN];

	fprintf(stderr, "\r\033[K%.0f s  %s requests  %s  (Ctrl-C stops and reports)",
		now - s->rec.start, fmt_count(count, sizeof(count), n),
		fmt_rate(rate, sizeof(rate), (n - s->answered) / s->config->interval));
	fflush(stderr);
	s->answered = n;
	s->line = true;
}

/* A signal came: is it time to stop? */
static bool stops(struct session *s)
{
	struct signalfd_siginfo info;
	int status;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGCHLD)
		return true;
	if (!child_ended(&s->child, &status))
		return false;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		fprintf(stderr, "lvt: the command exited with status %d\n", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		fprintf(stderr, "lvt: the command was ended by signal %d\n", WTERMSIG(status));
	return true;
}

static int watch(struct session *s, struct err *e)
{
	bool show = term_is(stderr);
	double end = s->config->duration ? s->rec.start + s->config->duration : 0, now, next;
	struct pollfd p = { .fd = s->signals, .events = POLLIN };
	int err = 0;

	s->next_line = s->rec.start + s->config->interval;
	for (;;) {
		now = recording_now();
		if (end && now >= end)
			break;
		next = recording_due(&s->rec);
		if (show && s->next_line < next)
			next = s->next_line;
		if (end && end < next)
			next = end;
		if (poll(&p, 1, next > now ? (next - now) * 1e3 + 1 : 0) > 0 && stops(s))
			break;
		now = recording_now();
		err = recording_work(&s->rec, now, e);
		if (err)
			break;
		if (show && now >= s->next_line) {
			progress(s, now);
			s->next_line = fmax(s->next_line + s->config->interval, now);
		}
	}
	if (s->line)
		fprintf(stderr, "\r\033[K");
	return err;
}

/* ---- the whole ---- */

/* Say what is traced, or that nothing is and what could be. */
static void announce(const struct session *s)
{
	const char *filter = s->rec.tracer->filter.text;
	__u32 n = tracer_services(s->rec.tracer);
	char list[400];

	if (n) {
		fprintf(stderr, "tracing %u service%s%s%s\n", n, n == 1 ? "" : "s",
			*filter ? " of " : "", filter);
		return;
	}
	listeners_describe(list, sizeof(list));
	fprintf(stderr, "tracing; no service yet%s%s (what listens now: %s)\n",
		*filter ? " that matches " : "", filter, list);
}

static int nothing_matched(const struct tracer *t, struct err *e)
{
	char list[300];

	listeners_describe(list, sizeof(list));
	err_set(e, -ENOENT, "no service matched%s%s", *t->filter.text ? " " : "", t->filter.text);
	return err_hint(e, "what listens: %s", list);
}

/* What is not in the report though a load meant it to be. */
static void tell_clients(const struct session *s)
{
	size_t unfinished = clients_unfinished(s->rec.clients);
	char safe[ESCAPE_FACTOR * 256 + 1];
	const char *why;
	__u64 refused = clients_refused(s->rec.clients, &why);

	if (refused)
		fprintf(stderr,
			"lvt: warning: %llu message%s of the command's loads %s not taken: %s%s\n",
			refused, refused == 1 ? "" : "s", refused == 1 ? "was" : "were",
			escape_name(safe, sizeof(safe), why), refused == 1 ? "" : ", ...");
	if (unfinished)
		fprintf(stderr,
			"lvt: warning: %zu load%s did not come to an end: what it saw last is missing\n",
			unfinished, unfinished == 1 ? "" : "s");
}

/* Without memory the page has no course. */
static void look(void *arg, struct run *r)
{
	struct session *s = arg;

	if (s->series && series_look(s->series, r)) {
		series_free(s->series);
		s->series = NULL;
	}
}

/* The report comes also if the file could not be written: the error is told after it. */
static int report(struct session *s, struct err *e)
{
	struct text_options text = { .slowest = s->config->slowest };
	struct run r = {};
	int err = recording_take(&s->rec, &r, e);

	tell_clients(s);
	if (!err && s->series && series_bind(s->series, &r))
		err = err_set(e, -ENOMEM, "no memory for the report");
	if (!err)
		err = report_print(stdout, s->config->format, &r, &text, e);
	run_free(&r);
	if (!err && s->rec.file_err.code) {
		*e = s->rec.file_err;
		err = e->code;
	}
	return err;
}

static int record(struct session *s, const struct filter *f, struct err *e)
{
	int err = recording_open(&s->rec, f, &s->config->trace, e), stopped;
	struct err ignored = {};

	if (!err)
		err = recording_start(&s->rec, e);
	if (err)
		return err;
	announce(s);
	if (s->child.pid)
		err = child_start(&s->child, e);
	if (err)
		return err;
	err = watch(s, e);
	/* an error while it ran costs the rest of the run, not what is measured */
	stopped = recording_stop(&s->rec, err ? NULL : e);
	child_stop(&s->child);
	if (stopped)
		return err ? err : stopped;
	if (!tracer_services(s->rec.tracer)) {
		if (s->rec.file)
			run_file_discard(s->rec.file);
		return err ? err : nothing_matched(s->rec.tracer, e);
	}
	stopped = report(s, err ? &ignored : e);
	return err ? err : stopped;
}

/* The command, and a way for its loads to tell what they see. */
static int prepare(struct session *s, char *const *argv, struct err *e)
{
	int err = clients_open(&s->rec.clients, e);

	if (err)
		return err;
	s->child.pass = clients_pass(s->rec.clients);
	s->child.pass_as = clients_environment(s->rec.clients);
	err = child_prepare(&s->child, argv, e);
	clients_forked(s->rec.clients);
	return err;
}

int cmd_record(int argc, char **argv, struct err *e)
{
	struct config config = { .interval = 1, .trace.idle_s = TRACER_IDLE_MS / 1e3 };
	struct session s = { .config = &config };
	struct operands rest;
	struct filter f;
	int err = options_parse(&options, &config, argc, argv, &rest, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = filter_resolve(&f, &config.filter, e);
	if (err)
		return err;
	s.rec.interval = config.interval;
	if (config.format == FORMAT_HTML) {
		s.series = series_new();
		s.rec.look = look;
		s.rec.arg = &s;
	}
	if (config.out)
		err = run_file_create(&s.rec.file, config.out, e);
	if (err)
		return err;
	s.signals = signals_open(SIGCHLD, e);
	if (s.signals < 0)
		err = s.signals;
	if (!err && rest.n_after)
		err = prepare(&s, rest.after, e);
	if (!err)
		err = record(&s, &f, e);
	child_stop(&s.child);
	recording_close(&s.rec);
	clients_close(s.rec.clients);
	run_file_free(s.rec.file);
	series_free(s.series);
	if (s.signals >= 0)
		close(s.signals);
	return err;
}
