/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd_trial_talk.h"
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/escape.h"
#include "base/term.h"
#include "capture/recording.h"

const char *trial_talk_left(char *buf, size_t size, double s)
{
	if (s < 60)
		snprintf(buf, size, "%.0f s", fmax(s, 0));
	else if (s < 3600)
		snprintf(buf, size, "%.0f min %02.0f s", floor(s / 60), floor(fmod(s, 60)));
	else
		snprintf(buf, size, "%.0f h %02.0f min", floor(s / 3600),
			 floor(fmod(s, 3600) / 60));
	return buf;
}

static void clear_line(void *arg)
{
	const struct trial_work *w = arg;

	if (w->show)
		fprintf(stderr, "\r\033[K");
}

static void progress(void *arg, enum trial_phase phase)
{
	static const char *const words[] = { "starting", "warming up", "measuring", "stopping" };
	const struct trial_work *w = arg;
	const struct session *s = &w->session;
	char left[64];

	if (!w->show)
		return;
	clear_line(arg);
	fprintf(stderr, "%s %u of %zu%s  %s, %s  about %s left (%s)",
		s->trial.plan.alone ? "run" : "pair", s->pair->number, s->outcome.planned,
		s->pair->attempt > 1 ? " again" : "", w->arms[s->arm], words[phase],
		trial_talk_left(left, sizeof(left),
				session_left_s(s) - fmin(recording_now() - s->began, s->run_s)),
		w->hint);
	fflush(stderr);
}

static void tell_pair(void *arg, const struct trial_pair *p)
{
	const struct trial_work *w = arg;
	const struct session *s = &w->session;
	char left[64];

	if (w->quiet || (!p->discarded && w->show))
		return;
	clear_line(arg);
	fprintf(stderr, "%s %u of %zu", s->trial.plan.alone ? "run" : "pair", p->number,
		s->outcome.planned);
	for (int arm = trial_first_arm(&s->trial.plan); arm < TRIAL_ARMS && p->discarded; arm++) {
		const struct trial_noise *n = &p->arm[arm].noise;

		if (trial_disturbed(&s->trial.plan, n))
			fprintf(stderr, "%s %s: others took %.1f %%, stolen %.1f %% of a CPU",
				arm > trial_first_arm(&s->trial.plan) &&
						trial_disturbed(&s->trial.plan, &p->arm[0].noise) ?
					";" :
					" discarded;",
				w->arms[arm], n->foreign * 100, n->steal * 100);
	}
	fprintf(stderr, "%s; about %s left\n", p->discarded ? "" : " done",
		trial_talk_left(left, sizeof(left), session_left_s(s)));
}

/* The last lines of the log that says why a run failed. */
static void show_log(void *arg, const char *log)
{
	enum { BYTES = 1500, LINES = 8 };
	const struct session *s = &((const struct trial_work *)arg)->session;
	char text[BYTES + 1], safe[ESCAPE_FACTOR * BYTES + 1], *line;
	int fd = *log ? openat(s->folder, log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1, lines = 0;
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (fd < 0)
		return;
	n = pread(fd, text, BYTES, size > BYTES ? size - BYTES : 0);
	close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	for (line = text + n; line > text; line--)
		if (line[-1] == '\n' && ++lines == LINES)
			break;
	fprintf(stderr, "the last lines of %s/%s:\n", s->path, log);
	for (line = strtok(line, "\n"); line; line = strtok(NULL, "\n"))
		fprintf(stderr, "  | %s\n", escape_name(safe, sizeof(safe), line));
}

static void tell_extended(void *arg)
{
	const struct trial_work *w = arg;

	fprintf(stderr, "inconclusive after %u pairs: once more as many\n",
		w->session.trial.plan.pairs);
}

void trial_talk_clear(struct trial_work *w)
{
	clear_line(w);
}

void trial_talk(struct trial_work *w)
{
	w->show = term_is(stderr);
	w->hint = "Ctrl-C stops, --resume goes on";
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		w->arms[arm] = trial_arm_name(arm);
	w->session.talk = (struct session_talk){ progress,  clear_line,	   show_log,
						 tell_pair, tell_extended, w };
}
