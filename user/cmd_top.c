/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "base/options.h"
#include "base/signals.h"
#include "base/term.h"
#include "capture/gone.h"
#include "capture/recording.h"
#include "capture/snapshot.h"
#include "cmd.h"
#include "top/detail.h"
#include "top/screen.h"
#include "top/view.h"

struct config {
	struct filter_options filter;
	double interval;
	bool batch;
	uint32_t count;
	int sort;
};

static const struct option_row rows[] = {
	FILTER_OPTION_ROWS(struct config, filter),
	{ .name = "interval",
	  .letter = 'i',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, interval),
	  .help = "time between two pictures, of which each has the requests (1)" },
	{ .name = "sort",
	  .letter = 's',
	  .type = OPT_CHOICE,
	  .choices = list_columns,
	  .offset = offsetof(struct config, sort),
	  .help = "the column to sort by at first (rate)" },
	{ .name = "batch",
	  .letter = 'b',
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, batch),
	  .help = "print each picture as plain text, for files and pipes" },
	{ .name = "count",
	  .letter = 'n',
	  .type = OPT_U32,
	  .arg = "COUNT",
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct config, count),
	  .help = "with --batch: stop after so many pictures" },
	{ 0 },
};

static const struct options options = {
	.command = "top",
	.args = "[OPTION...]",
	.about =
		"Watch services live: what they serve, how long requests take, where the time goes. Without "
		"a filter, every listening TCP service of the host; several conditions narrow each other. "
		"F1 shows the keys.",
	.more = "Examples:\n"
		"  sudo lvt top\n"
		"  sudo lvt top -p 80,443 -i 0.5\n"
		"  sudo lvt top --batch -n 10 --sort p99 > services.txt\n",
	.rows = rows,
};

struct session {
	const struct config *config;
	struct recording rec;
	struct view view;
	struct err err; /* of a look */
	int signals;
	bool ascii, quit;
	uint32_t printed;
};

/* ---- pictures ---- */

static int draw(struct session *s, struct err *e)
{
	struct grid g;
	int rows_, cols;

	screen_size(&rows_, &cols);
	if (grid_open(&g, rows_, cols, s->ascii))
		return err_set(e, -ENOMEM, "no memory for a picture");
	view_draw(&s->view, &g);
	screen_show(&g);
	grid_free(&g);
	return 0;
}

static int print(struct session *s, struct err *e)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (view_print(&s->view, stdout, term_columns(stdout), s->ascii, stamp))
		return err_set(e, -ENOMEM, "no memory for a picture");
	if (fflush(stdout))
		return err_set(e, -errno, "cannot write the output: %s", strerror(errno));
	s->printed++;
	s->quit = s->config->count && s->printed == s->config->count;
	return 0;
}

static int show(struct session *s, struct err *e)
{
	return s->config->batch ? print(s, e) : draw(s, e);
}

static void look(void *arg, struct run *r)
{
	struct session *s = arg;
	int err;

	if (s->err.code)
		return;
	err = view_look(&s->view, r, service_gone);
	if (err)
		err_set(&s->err, err, "cannot make a picture: %s",
			err == -ENOMEM ? "no memory" : "a count has gone down");
	else if (!s->config->batch || s->view.live.before)
		show(s, &s->err);
}

/* ---- while it runs ---- */

/* Returns whether the picture has changed. */
static bool on_signal(struct session *s)
{
	struct signalfd_siginfo info;
	bool resized = false;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH)
			s->quit = true;
		else if (!s->config->batch)
			resized = true;
	}
	if (resized)
		screen_resize();
	return resized;
}

static bool on_keys(struct session *s)
{
	bool any = false;
	int key;

	while (!s->quit && (key = screen_key()) >= 0) {
		any = true;
		s->quit = !view_key(&s->view, key);
	}
	return any;
}

static int watch(struct session *s, struct err *e)
{
	struct pollfd p[2] = { { .fd = s->signals, .events = POLLIN },
			       { .fd = s->config->batch ? -1 : STDIN_FILENO, .events = POLLIN } };
	int err = 0;

	while (!s->quit && !err) {
		double now = recording_now(), due = recording_due(&s->rec);
		bool changed = false;

		if (poll(p, 2, due > now ? (int)((due - now) * 1e3) + 1 : 0) > 0) {
			if (p[0].revents)
				changed |= on_signal(s);
			if (p[1].revents & POLLIN)
				changed |= on_keys(s);
			else if (p[1].revents)
				s->quit = true; /* the terminal has gone */
		}
		if (changed && !s->quit)
			err = draw(s, e);
		if (!err && !s->quit)
			err = recording_work(&s->rec, recording_now(), e);
		if (!err && s->rec.file_err.code)
			s->err = s->rec.file_err;
		if (!err && s->err.code) {
			*e = s->err;
			err = e->code;
		}
	}
	return err;
}

/* ---- the whole ---- */

static int top(struct session *s, const struct filter *f, struct err *e)
{
	struct tracer_options trace = { .idle_s = TRACER_IDLE_MS / 1e3,
					.slowest = SLOWEST * 5 / 4 + 1, /* a fifth may be old */
					.recent_s = RECENT_S };
	struct run run = {};
	int err = recording_open(&s->rec, f, &trace, e);

	if (!err)
		err = recording_start(&s->rec, e);
	if (!err && !s->config->batch)
		err = screen_open(e);
	if (err)
		return err;
	/* what there is is shown at once, its figures after an interval */
	err = snapshot_take(s->rec.tracer, &run, e);
	if (!err) {
		look(s, &run);
		err = watch(s, e);
	}
	run_free(&run);
	screen_close();
	return err;
}

static int check(const struct config *c, struct err *e)
{
	if (c->count && !c->batch) {
		err_usage(e, "option '-n' is for --batch");
		return err_hint(e, "'lvt top --batch -n %u'", c->count);
	}
	return c->batch ? 0 : screen_check(e);
}

int cmd_top(int argc, char **argv, struct err *e)
{
	struct config config = { .interval = 1, .sort = LIST_RATE };
	struct session s = { .config = &config };
	struct filter f;
	int err = options_parse(&options, &config, argc, argv, NULL, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	err = check(&config, e);
	if (!err)
		err = filter_resolve(&f, &config.filter, e);
	if (err)
		return err;
	setlocale(LC_CTYPE, "");
	s.ascii = !screen_utf8();
	s.rec.interval = config.interval;
	s.rec.look = look;
	s.rec.arg = &s;
	view_open(&s.view, f.text, config.interval);
	s.view.list.sort = config.sort;
	s.signals = signals_open(SIGWINCH, e);
	if (s.signals < 0)
		err = s.signals;
	if (!err)
		err = top(&s, &f, e);
	recording_close(&s.rec);
	view_close(&s.view);
	if (s.signals >= 0)
		close(s.signals);
	return err;
}
