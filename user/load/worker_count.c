// SPDX-License-Identifier: BSD-2-Clause
#include "load/worker_count.h"

#include <math.h>

#include "model/hist.h"

#define SECOND 1000000000ull

/* How much of a request's time lies in the window. */
static double within(const struct worker *w, const struct on_way *q)
{
	__u64 from = q->due > w->clock.from ? q->due : w->clock.from;
	__u64 to = q->done < w->clock.to ? q->done : w->clock.to;

	return to > from ? to - from : 0;
}

void worker_finish(struct worker *w, struct on_way *q, int why)
{
	q->done = w->now;
	w->tally.in_flight_ns += within(w, q);
	w->users_busy -= q->sample;
	if (why < 0 && w->now >= w->clock.from && w->now < w->clock.to)
		w->tally.completed++;
	if (!q->counted)
		return;
	if (why < 0)
		tally_answered(&w->tally, q);
	else
		tally_failed(&w->tally, q, why);
}

void worker_fail_waiting(struct worker *w, const struct due *d, enum client_error why)
{
	struct on_way q = {
		.due = d->due, .kind = d->kind, .counted = d->counted, .sample = d->sample
	};

	worker_finish(w, &q, why);
}

void worker_notice(struct worker *w, __u64 due, struct due *d)
{
	const struct request_mix *m = &w->plan->mix;

	*d = (struct due){ .due = due, .noticed = w->now };
	d->kind = request_mix_draw(m, &w->random) - m->requests;
	d->counted = due >= w->clock.from && due < w->clock.to;
	d->sample = w->plan->open && w->users_busy < w->users;
	w->users_busy += d->sample;
	w->tally.due += d->counted;
	w->tally.kinds[d->kind].due += d->counted;
}

void worker_imagine_users(struct worker *w)
{
	const __u64 *cells = w->tally.times[CLIENT_ANSWER].cells;
	__u64 n = w->tally.answered;
	double busy = 0;

	if (n)
		busy = hist_middle(hist_bucket_at(cells, hist_rank(n, Q_P50))) / 1e9 *
		       w->plan->rate / w->plan->threads;
	w->users = busy > 1 ? ceil(busy) : 1;
	w->users_at = w->now + SECOND;
	w->tally.closed_connections = w->users;
}
