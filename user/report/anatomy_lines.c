// SPDX-License-Identifier: BSD-2-Clause
/* Which stages an anatomy shows, what each looks like, and how a bar is divided among them. */
#include "report/anatomy_lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/anatomy.h"
#include "report/stage_bar.h"

#define SMALL_SHARE 0.005
#define SMALL_NS 1000.0

const char *line_name(int line)
{
	return line == OTHER ? "other stages" : stage_name(line);
}

int line_style(const struct page *p, int line)
{
	static const int style[NR_LINES] = {
		[STAGE_QUEUE_ACCEPT] = 35,    [STAGE_QUEUE_BUSY] = 33,
		[STAGE_QUEUE_RUNQ] = 31,      [STAGE_QUEUE_WAKEUP] = 36,
		[STAGE_QUEUE_BLOCKED] = 34,   [STAGE_QUEUE_PICKUP] = 93,
		[STAGE_SERVICE_CPU] = 32,     [STAGE_SERVICE_OTHER] = 92,
		[STAGE_SERVICE_RUNQ] = 91,    [STAGE_SERVICE_WAKEUP] = 96,
		[STAGE_SERVICE_CLIENT] = 95,  [STAGE_SERVICE_DISK] = 94,
		[STAGE_SERVICE_LOCK] = 35,    [STAGE_SERVICE_NET] = 34,
		[STAGE_SERVICE_POOL] = 36,    [STAGE_SERVICE_SLEEP] = 97,
		[STAGE_SERVICE_FAULT] = 31,   [STAGE_SERVICE_BLOCKED] = 94,
		[STAGE_SERVICE_HANDOFF] = 37,
	};

	if (p->groups)
		return line == OTHER || line == STAGE_UNATTRIBUTED ? STYLE_DIM :
		       line <= STAGE_QUEUE_PICKUP		   ? STYLE_QUEUE :
		       line <= STAGE_SERVICE_OTHER		   ? STYLE_RUNNING :
								     STYLE_WAITING;
	return style[line] ? style[line] : 90;
}

int stage_style(const struct page *p, enum lvt_stage st)
{
	return line_style(p, st);
}

double line_share_of(const struct column *c, int line)
{
	return c->latency > 0 ? c->ns[line] / c->latency : 0;
}

/* The line's largest share of any column from one on. */
static double line_share(const struct lines *l, int line, int from)
{
	double most = 0;

	for (int i = from; i < l->n_columns; i++)
		most = fmax(most, line_share_of(&l->column[i], line));
	return most;
}

static bool is_small(const struct lines *l, int line)
{
	for (int i = 0; i < l->n_columns; i++)
		if (line_share_of(&l->column[i], line) >= SMALL_SHARE ||
		    l->column[i].ns[line] >= SMALL_NS)
			return false;
	return true;
}

/* Choose the lines: two or more small stages are folded; unattributed time never is. */
static void choose_lines(struct lines *l)
{
	int small = 0;

	for (int st = 0; st < NR_STAGES; st++) {
		l->shown[st] = line_share(l, st, 0) > 0;
		if (l->shown[st] && st != STAGE_UNATTRIBUTED)
			small += is_small(l, st);
	}
	if (small < 2)
		return;
	for (int st = 0; st < NR_STAGES; st++) {
		if (!l->shown[st] || st == STAGE_UNATTRIBUTED || !is_small(l, st))
			continue;
		l->shown[st] = false;
		for (int i = 0; i < l->n_columns; i++)
			l->column[i].ns[OTHER] += l->column[i].ns[st];
	}
	l->shown[OTHER] = true;
}

static void choose_keys(struct lines *l, bool colour)
{
	double most[NR_LINES];

	for (int line = 0; line < NR_LINES; line++)
		most[line] = l->shown[line] ? line_share(l, line, l->ranked) : 0;
	stage_keys(most, NR_LINES, colour, l->key);
}

void lines_add(struct lines *l, const struct run_service *s)
{
	struct anatomy_row rows[ANATOMY_ROWS];

	service_anatomy(s, rows);
	for (int i = 0; i < ANATOMY_ROWS; i++) {
		struct column *c = &l->column[l->n_columns++];

		*c = (struct column){ .at = rows[i].at,
				      .latency = rows[i].latency_ns,
				      .requests = rows[i].requests };
		memcpy(c->ns, rows[i].stage_ns, sizeof(rows[i].stage_ns));
	}
}

void lines_choose(struct lines *l, const struct page *p)
{
	choose_lines(l);
	if (p->keys && p->keys[0]) {
		memcpy(l->key, p->keys, sizeof(l->key));
		return;
	}
	choose_keys(l, p->colour && !p->groups);
	if (p->keys)
		memcpy(p->keys, l->key, sizeof(l->key));
}

void lines_bar(const struct page *p, const struct lines *l, const struct column *c, int width)
{
	double share[NR_LINES];
	int style[NR_LINES];

	if (!(c->latency > 0)) {
		fprintf(p->out, "%*s", width, "");
		return;
	}
	for (int line = 0; line < NR_LINES; line++) {
		share[line] = l->shown[line] ? line_share_of(c, line) : 0;
		style[line] = line_style(p, line);
	}
	stage_bar(p, share, NR_LINES, width, l->key, style);
}
