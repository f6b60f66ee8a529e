// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/compare_internal.h"
#include "analysis/stats_internal.h"
#include "base/units.h"

#define DURATION_TOLERANCE 0.10
#define LOAD_TOLERANCE 0.05
#define CONNECTIONS_TOLERANCE 0.10

static void host(const struct run *r, char text[128])
{
	snprintf(text, 128, "%s", r->host);
}

static void kernel(const struct run *r, char text[128])
{
	snprintf(text, 128, "%s", r->kernel);
}

static void cpus(const struct run *r, char text[128])
{
	if (r->cpus > 0)
		snprintf(text, 128, "%d", r->cpus);
	else
		text[0] = '\0';
}

static void filter(const struct run *r, char text[128])
{
	snprintf(text, 128, "%.127s", r->latency_only ? "" : r->filter);
}

static void label(const struct run *r, char text[128])
{
	snprintf(text, 128, "%s", r->latency_only ? "" : r->label);
}

static void tool(const struct run *r, char text[128])
{
	strcpy(text, r->latency_only ? "another HdrHistogram tool" : "lvt");
}

static double duration(const struct run *r)
{
	return r->duration_s;
}

static double load_of(const struct run *r)
{
	double arrived = 0;

	for (size_t i = 0; i < r->n_services; i++)
		arrived += fmax(r->services[i].arrivals, service_requests(&r->services[i]));
	for (size_t i = 0; i < r->n_clients && !r->n_services; i++)
		arrived += r->clients[i].view.arrivals;
	return r->duration_s > 0 ? arrived / r->duration_s : NAN;
}

static double connections(const struct run *r)
{
	double n = 0;

	for (size_t i = 0; i < r->n_services; i++)
		n += r->services[i].sum->connections;
	return run_traced(r) ? n : NAN;
}

static const char *fmt_number(char *buf, size_t size, double v)
{
	return fmt_count(buf, size, v);
}

static bool any_foreign(const struct compare_side *side)
{
	for (size_t i = 0; i < side->n; i++)
		if (side->runs[i]->latency_only)
			return true;
	return false;
}

static bool all_traced(const struct compare_side *side)
{
	for (size_t i = 0; i < side->n; i++)
		if (!run_traced(side->runs[i]))
			return false;
	return true;
}

static const char *fmt_seconds(char *buf, size_t size, double s)
{
	return fmt_ns(buf, size, s * 1e9);
}

static struct compare_condition *condition_add(struct comparison *c, const char *name,
					       const char *why)
{
	struct compare_condition *n = &c->conditions[c->n_conditions++];

	n->name = name;
	n->why = why;
	return n;
}

/* The different texts of a side's runs: "a, b"; what does not fit is cut. Returns how many. */
static size_t side_texts(const struct compare_side *side, text_of *of, char out[128])
{
	char text[128], other[128];
	size_t different = 0, len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < side->n; i++) {
		bool seen = false;

		of(side->runs[i], text);
		for (size_t k = 0; k < i && !seen; k++) {
			of(side->runs[k], other);
			seen = !strcmp(text, other);
		}
		if (seen)
			continue;
		if (!text[0] && side->runs[i]->latency_only)
			strcpy(text, COMPARE_NOT_KNOWN);
		len += snprintf(out + len, 128 - len, "%s%s", different ? ", " : "", text);
		len = len > 127 ? 127 : len;
		different++;
	}
	return different;
}

/* Whether each run of one side has a like one on the other. */
static bool all_alike(const struct compare_side *a, const struct compare_side *b, text_of *of)
{
	char first[128], text[128];

	of(a->runs[0], first);
	for (size_t i = 0; i < a->n + b->n; i++) {
		of(i < a->n ? a->runs[i] : b->runs[i - a->n], text);
		if (strcmp(first, text))
			return false;
	}
	return true;
}

void condition_text(const struct compare_side *a, const struct compare_side *b,
		    struct comparison *c, const char *name, text_of *of, const char *why)
{
	struct compare_condition *n = condition_add(c, name, why);

	side_texts(a, of, n->before);
	side_texts(b, of, n->after);
	n->differs = !all_alike(a, b, of);
	n->warns = n->differs && why && !any_foreign(a) && !any_foreign(b);
}

static bool has_hook(const struct run *r, const struct run_hook *h)
{
	for (size_t i = 0; i < r->n_hooks; i++)
		if (!strcmp(r->hooks[i].role, h->role) && !strcmp(r->hooks[i].hook, h->hook))
			return true;
	return false;
}

static bool all_have_hook(const struct compare_side *side, const struct run_hook *h)
{
	for (size_t i = 0; i < side->n; i++)
		if (!has_hook(side->runs[i], h))
			return false;
	return true;
}

/* The hooks of a side that not all runs of both have; returns how many. */
static size_t odd_hooks(const struct compare_side *side, const struct compare_side *other,
			char out[128])
{
	size_t odd = 0, len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < side->n; i++)
		for (size_t k = 0; k < side->runs[i]->n_hooks; k++) {
			const struct run_hook *h = &side->runs[i]->hooks[k];
			bool seen = false;

			for (size_t e = 0; e < i && !seen; e++)
				seen = has_hook(side->runs[e], h);
			if (seen || (all_have_hook(side, h) && all_have_hook(other, h)))
				continue;
			len += snprintf(out + len, 128 - len, "%s%s %s", odd ? ", " : "", h->role,
					h->hook);
			len = len > 127 ? 127 : len;
			odd++;
		}
	return odd;
}

static void hooks_alike(const struct compare_side *side, char text[128])
{
	if (!all_traced(side))
		strcpy(text, COMPARE_NOT_KNOWN);
	else
		snprintf(text, 128, "the same %zu", side->runs[0]->n_hooks);
}

/* There are many: only those that differ are named. */
static void add_hooks(const struct compare_side *a, const struct compare_side *b,
		      struct comparison *c)
{
	struct compare_condition *n =
		condition_add(c, "hooks", "other hooks see other moments of a request");
	size_t before = odd_hooks(a, b, n->before), after = odd_hooks(b, a, n->after);

	n->differs = before || after;
	n->warns = n->differs && all_traced(a) && all_traced(b);
	if (!before)
		hooks_alike(a, n->before);
	if (!after)
		hooks_alike(b, n->after);
}

/* NAN if it is not known of all runs. */
static double side_median(const struct compare_side *side, number_of *of)
{
	double v[STATS_MAX_N];

	for (size_t i = 0; i < side->n; i++)
		v[i] = of(side->runs[i]);
	if (any_nan(v, side->n))
		return NAN;
	sort_doubles(v, side->n);
	return sorted_median(v, side->n);
}

static void number_text(char text[128], double v, formatter *fmt)
{
	if (isnan(v))
		strcpy(text, COMPARE_NOT_KNOWN);
	else
		fmt(text, 128, v);
}

void condition_number(const struct compare_side *a, const struct compare_side *b,
		      struct comparison *c, const char *name, number_of *of, double tolerance,
		      formatter *fmt, const char *why)
{
	struct compare_condition *n = condition_add(c, name, why);
	double before = side_median(a, of), after = side_median(b, of);

	number_text(n->before, before, fmt);
	number_text(n->after, after, fmt);
	n->differs = !(fabs(after - before) <= tolerance * fmax(fabs(before), fabs(after)));
	n->warns = n->differs && !isnan(before) && !isnan(after);
}

/* The requests that were lost, of all runs of a side; NAN = not known. */
static double side_loss(const struct compare_side *side, char out[128])
{
	double lost = 0;

	for (size_t i = 0; i < side->n; i++)
		lost += run_loss(side->runs[i]);
	fmt_count(out, 128, lost);
	if (!all_traced(side)) {
		strcpy(out, COMPARE_NOT_KNOWN);
		return NAN;
	}
	return lost;
}

/* One loss is a warning even when both sides have it. */
static void add_loss(const struct compare_side *a, const struct compare_side *b,
		     struct comparison *c)
{
	struct compare_condition *n = condition_add(
		c, "loss", "lost requests are not a random choice of all: quantiles may be off");
	double before = side_loss(a, n->before), after = side_loss(b, n->after);

	n->differs = before != after;
	n->warns = before > 0 || after > 0;
}

/* Copies of a file are the same run, too. */
static bool same_run(const struct run *a, const struct run *b)
{
	if (strcmp(a->started, b->started) || strcmp(a->host, b->host) ||
	    a->duration_s != b->duration_s || a->n_services != b->n_services)
		return false;
	for (size_t i = 0; i < a->n_services; i++)
		if (memcmp(a->services[i].sum->latency, b->services[i].sum->latency,
			   sizeof(a->services[i].sum->latency)))
			return false;
	for (size_t i = 0; i < a->n_clients && i < b->n_clients; i++)
		if (memcmp(a->clients[i].view.sum->latency, b->clients[i].view.sum->latency,
			   sizeof(a->clients[i].view.sum->latency)))
			return false;
	return a->n_clients == b->n_clients;
}

static size_t repeated(const struct compare_side *a, const struct compare_side *b)
{
	size_t n = 0;

	for (size_t i = 1; i < a->n + b->n; i++) {
		const struct run *r = i < a->n ? a->runs[i] : b->runs[i - a->n];
		bool seen = false;

		for (size_t k = 0; k < i && !seen; k++)
			seen = same_run(r, k < a->n ? a->runs[k] : b->runs[k - a->n]);
		n += seen;
	}
	return n;
}

/* A run against itself is no evidence that two differ, or that they are alike. */
static void add_runs(const struct compare_side *a, const struct compare_side *b,
		     struct comparison *c)
{
	struct compare_condition *n = condition_add(
		c, "runs", "a run is given more than once: its copies say nothing new");

	fmt_count(n->before, sizeof(n->before), a->n);
	fmt_count(n->after, sizeof(n->after), b->n);
	n->differs = a->n != b->n;
	n->warns = repeated(a, b) > 0;
}

/* One warning for all that is not known of others' logs. */
static void add_tool(const struct compare_side *a, const struct compare_side *b,
		     struct comparison *c)
{
	if (!any_foreign(a) && !any_foreign(b))
		return;
	condition_text(a, b, c, "made by", tool,
		       "under what, what was lost, and where the time went is not known");
	c->conditions[c->n_conditions - 1].warns = true;
}

void compare_conditions(const struct compare_side *a, const struct compare_side *b,
			struct comparison *c)
{
	add_runs(a, b, c);
	add_tool(a, b, c);
	condition_text(a, b, c, "label", label, NULL);
	condition_text(a, b, c, "host", host, "another host is another machine");
	condition_text(a, b, c, "kernel", kernel, "another kernel schedules and sends differently");
	condition_text(a, b, c, "CPUs", cpus, "CPUs decide how long a thread that is ready waits");
	add_hooks(a, b, c);
	condition_text(a, b, c, "filter", filter, "other services may have been traced");
	condition_number(a, b, c, "duration", duration, DURATION_TOLERANCE, fmt_seconds,
			 "a shorter run sees less of the tail");
	condition_number(a, b, c, "load", load_of, LOAD_TOLERANCE, fmt_rate,
			 "latency depends on load: compare at the same rate");
	condition_number(a, b, c, "connections", connections, CONNECTIONS_TOLERANCE, fmt_number,
			 "more connections wait for each other: compare with as many");
	compare_clients(a, b, c);
	add_loss(a, b, c);
}
