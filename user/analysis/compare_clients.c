// SPDX-License-Identifier: BSD-2-Clause
/* Under what loads the runs were made. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/compare_internal.h"
#include "base/units.h"

#define RATE_TOLERANCE 0.05

/* Of several clients the texts stand one after the other; what does not fit is cut. */
static void join(char text[128], const char *one)
{
	size_t len = strlen(text);

	snprintf(text + len, 128 - len, "%s%s", len ? " + " : "", one);
}

static void requests(const struct run *r, char text[128])
{
	char one[sizeof(r->clients->protocol) + sizeof(r->clients->request) + 1];

	text[0] = '\0';
	for (size_t i = 0; i < r->n_clients; i++) {
		const struct run_client *c = &r->clients[i];

		snprintf(one, sizeof(one), "%s %s", c->protocol, c->request);
		join(text, one);
	}
}

static void loops(const struct run *r, char text[128])
{
	char think[UNIT_LEN], one[sizeof(r->clients->profile) + 96];

	text[0] = '\0';
	for (size_t i = 0; i < r->n_clients; i++) {
		const struct run_client *c = &r->clients[i];
		int n = snprintf(one, sizeof(one), "%s", c->open ? "open" : "closed");

		if (c->open && c->arrivals[0])
			n += snprintf(one + n, sizeof(one) - n, ", %s", c->arrivals);
		if (!c->open && c->think_s > 0)
			n += snprintf(one + n, sizeof(one) - n, ", thinks %s",
				      fmt_ns(think, sizeof(think), c->think_s * 1e9));
		if (c->profile[0])
			snprintf(one + n, sizeof(one) - n, ", %s", c->profile);
		join(text, one);
	}
}

/* Requests per second of all open loops; a closed one intends none. */
static double intended(const struct run *r)
{
	double sum = NAN;

	for (size_t i = 0; i < r->n_clients; i++)
		if (!isnan(r->clients[i].rate_intended))
			sum = (isnan(sum) ? 0 : sum) + r->clients[i].rate_intended;
	return sum;
}

static double connections(const struct run *r)
{
	double sum = 0;

	for (size_t i = 0; i < r->n_clients; i++)
		sum += r->clients[i].connections ? r->clients[i].connections : NAN;
	return r->n_clients ? sum : NAN;
}

static const char *fmt_connections(char *buf, size_t size, double v)
{
	char count[UNIT_LEN];

	snprintf(buf, size, "%s connection%s", fmt_count(count, sizeof(count), v),
		 v == 1 ? "" : "s");
	return buf;
}

static bool any(const struct compare_side *side, bool open_loop)
{
	for (size_t i = 0; i < side->n; i++)
		if (open_loop ? !isnan(intended(side->runs[i])) : side->runs[i]->n_clients > 0)
			return true;
	return false;
}

void compare_clients(const struct compare_side *a, const struct compare_side *b,
		     struct comparison *c)
{
	if (!any(a, false) && !any(b, false))
		return;
	condition_text(a, b, c, "requests", requests, "other requests take other times");
	condition_text(a, b, c, "loop", loops,
		       "a closed loop does not see what it does not send, and bursts wait for each "
		       "other");
	if (any(a, true) || any(b, true))
		condition_number(a, b, c, "rate wanted", intended, RATE_TOLERANCE, fmt_rate,
				 "latency depends on load: compare at the same rate");
	condition_number(a, b, c, "client", connections, 0, fmt_connections,
			 "so many requests can be in the service at a time");
}
