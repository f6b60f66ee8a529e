/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TOP_FILL_H
#define LVT_TOP_FILL_H

#include <math.h>

#include "top/view.h"
#include "why_fill.h"

/* Hand-made looks at a trace, for the tests of lvt top. */

/* n services with so many requests each since the start, the first ones of 4 ms, the next of 8 ms ... */
static inline struct run look_at(double seconds, size_t n, const int *requests)
{
	struct run r;

	fill_run(&r, n);
	r.duration_s = seconds;
	for (size_t i = 0; i < n; i++) {
		struct run_service *s = &r.services[i];

		s->window_s = seconds;
		for (int k = 0; k < requests[i]; k++)
			fill(s->sum, i % 2 ? STAGE_SERVICE_CPU : STAGE_QUEUE_RUNQ,
			     (1000000ull << i), i % 2 ? STAGE_SERVICE_CPU : STAGE_QUEUE_BUSY,
			     (1000000ull << i), STAGE_SERVICE_NET, (2000000ull << i), -1);
		s->in_flight = 2;
		s->in_flight_samples = seconds * 1000;
	}
	if (n > 1)
		strcpy(r.services[1].comm, "nginx");
	if (n > 2)
		strcpy(r.services[2].comm, "\033[31mred");
	return r;
}

static inline bool second_is_gone(const struct run_service *s)
{
	return s->port == 6380;
}

static inline void looked(struct view *v, double seconds, size_t n, const int *requests)
{
	struct run r = look_at(seconds, n, requests);

	assert_int_equal(view_look(v, &r, NULL), 0);
	assert_null(r.services);
}

static inline bool near(double a, double b)
{
	return fabs(a - b) <= 0.01 * fabs(b);
}

static inline void in_order(const struct list *l, const char *ports)
{
	char got[100] = "";

	for (int i = 0; i < l->n; i++)
		sprintf(got + strlen(got), "%s%u", i ? " " : "", l->row[i]->port);
	assert_string_equal(got, ports);
}

#endif
