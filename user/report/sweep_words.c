// SPDX-License-Identifier: BSD-2-Clause
#include "report/sweep_words.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/units.h"

#define FAIR_RHO 0.9   /* beyond, a run of seconds is too short for a mean */
#define HIDDEN_TIMES 2 /* a closed loop's p99 that is so much smaller is told */

struct list {
	const struct sweep_report *r;
	struct sweep_sentence *out;
	size_t n;
};

/* Begin a sentence, or go on with the last one if id is NULL. */
static void say(struct list *l, const char *id, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void say(struct list *l, const char *id, const char *label, const char *fmt, ...)
{
	struct sweep_sentence *s;
	size_t len;
	va_list ap;

	if (id && l->n < SWEEP_MAX_SENTENCES)
		l->out[l->n++] = (struct sweep_sentence){ .id = id, .label = label };
	s = &l->out[l->n - 1];
	len = strlen(s->text);
	va_start(ap, fmt);
	vsnprintf(s->text + len, sizeof(s->text) - len, fmt, ap);
	va_end(ap);
}

const char *sweep_asked_text(char *buf, const struct sweep *s, double at)
{
	if (s->mode == SWEEP_RATES || isnan(at))
		return fmt_rate(buf, UNIT_LEN, at);
	at = floor(at);
	snprintf(buf, UNIT_LEN, "%.0f connection%s", at, at == 1 ? "" : "s");
	return buf;
}

const char *sweep_objective_text(char buf[OBJECTIVE_LEN], const struct slo *slo)
{
	char name[SLO_NAME_LEN], ns[UNIT_LEN];

	slo_name(name, slo);
	if (isnan(slo->bound_ns))
		snprintf(buf, OBJECTIVE_LEN, "%s", name);
	else
		snprintf(buf, OBJECTIVE_LEN, "%s < %s", name,
			 fmt_ns(ns, sizeof(ns), slo->bound_ns));
	return buf;
}

const char *sweep_law_name(char *buf, const struct queue_law *law)
{
	snprintf(buf, UNIT_LEN, "M/G/%u", law->servers);
	return buf;
}

double sweep_utilisation(const struct sweep_report *r, size_t step)
{
	const struct sweep *s = r->sweep;
	double rho = r->analysis->at[step].rho;

	if (!isnan(rho))
		return fmin(rho, 1);
	return s->steps[step].kernel.cpu_share;
}

bool sweep_has_stages(const struct sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->steps[i].dropped && s->steps[i].kernel.mean > 0)
			return true;
	return false;
}

bool sweep_objective_apart(const struct sweep *s)
{
	return s->slo.metric != SLO_QUANTILE ||
	       (s->slo.millionths != 990000 && s->slo.millionths != 500000);
}

const char *sweep_time_text(char *buf, double ns)
{
	if (!isinf(ns))
		return fmt_ns(buf, UNIT_LEN, ns);
	snprintf(buf, UNIT_LEN, "failed");
	return buf;
}

const char *sweep_flight_text(char *buf, double n)
{
	if (isfinite(n))
		snprintf(buf, UNIT_LEN, "%.*f", n < 10 ? 2 : n < 100 ? 1 : 0, n);
	else
		snprintf(buf, UNIT_LEN, "-");
	return buf;
}

const char *sweep_apart_text(char *buf, double apart)
{
	snprintf(buf, UNIT_LEN, "%+.1f %%", round(apart * 1000) / 10 + 0.0);
	return buf;
}

/* ---- */

static void say_interval(struct list *l, const struct capacity *c)
{
	const struct sweep *s = l->r->sweep;
	const char *of = c->bounded ? "95 % interval" : "by the steps beside it";
	char low[UNIT_LEN], high[UNIT_LEN];

	sweep_asked_text(low, s, c->low);
	sweep_asked_text(high, s, c->high);
	if (c->low > 0 && isfinite(c->high))
		say(l, NULL, NULL, " (%s: %s to %s)", of, low, high);
	else if (c->low > 0)
		say(l, NULL, NULL, " (%s: %s or more)", of, low);
	else if (isfinite(c->high))
		say(l, NULL, NULL, " (%s: less than %s)", of, high);
	else
		say(l, NULL, NULL, " (%s: anywhere)", of);
	if (!c->bounded)
		say(l, NULL, NULL,
		    "; how far off a step is is not known: it had too few intervals");
}

static void say_capacity(struct list *l)
{
	const struct capacity *c = &l->r->analysis->capacity;
	const struct sweep *s = l->r->sweep;
	char at[UNIT_LEN], objective[OBJECTIVE_LEN];

	if (isnan(s->slo.bound_ns))
		return;
	sweep_objective_text(objective, &s->slo);
	sweep_asked_text(at, s, c->at);
	switch (c->found) {
	case SWEEP_NOT_KNOWN:
		say(l, "capacity", "capacity", "No step measured whether %s holds", objective);
		break;
	case SWEEP_BELOW:
		say(l, "capacity", "capacity", "%s does not hold even at %s, the lowest step%s",
		    objective, at, c->by_saturation ? ", which is saturated" : "");
		break;
	case SWEEP_ABOVE:
		say(l, "capacity", "capacity",
		    "%s holds up to %s, the highest step: its end was "
		    "not reached",
		    objective, at);
		break;
	case SWEEP_FOUND:
		say(l, "capacity", "capacity", "%s holds up to %s", objective, at);
		say_interval(l, c);
		if (c->by_saturation)
			say(l, NULL, NULL, "; what ends it is saturation");
	}
	say(l, NULL, NULL, ".");
}

static void say_knee(struct list *l)
{
	const struct sweep_analysis *a = l->r->analysis;
	const struct knee *k = &a->knee;
	const struct sweep *s = l->r->sweep;
	char at[UNIT_LEN], low[UNIT_LEN], high[UNIT_LEN], mean[UNIT_LEN], share[UNIT_LEN];

	sweep_asked_text(at, s, k->at);
	sweep_asked_text(low, s, k->low);
	sweep_asked_text(high, s, k->high);
	if (k->found == SWEEP_NOT_KNOWN)
		say(l, "knee", "knee", "Where the knee is takes 3 steps to tell");
	else if (k->found == SWEEP_BELOW)
		say(l, "knee", "knee", "The knee is at or below %s, the lowest step", at);
	else if (k->found == SWEEP_ABOVE)
		say(l, "knee", "knee", "The knee is at or above %s, the highest step", at);
	else
		say(l, "knee", "knee",
		    "The knee is at %s, within %s to %s, with %s of the most that was carried and a "
		    "mean latency of %s",
		    at, low, high, fmt_share(share, sizeof(share), k->rate / a->saturation.rate),
		    fmt_ns(mean, sizeof(mean), k->mean));
	say(l, NULL, NULL, ": " KNEE_METHOD ".");
}

static void say_saturation(struct list *l)
{
	const struct saturation *x = &l->r->analysis->saturation;
	const struct sweep *s = l->r->sweep;
	char good[UNIT_LEN], bad[UNIT_LEN], most[UNIT_LEN];

	if (isnan(x->rate))
		return;
	fmt_rate(most, sizeof(most), x->rate);
	sweep_asked_text(good, s, x->good);
	sweep_asked_text(bad, s, x->bad);
	if (s->mode == SWEEP_CONNECTIONS)
		say(l, "saturation", "saturation", "The most that was carried is %s.", most);
	else if (!x->found)
		say(l, "saturation", "saturation",
		    "It kept up with every rate to %s: where it saturates was not reached.", good);
	else if (isnan(x->good))
		say(l, "saturation", "saturation",
		    "It did not keep up even with %s; the most that it carried is %s.", bad, most);
	else
		say(l, "saturation", "saturation",
		    "It kept up with %s and not with %s; the most that it carried is %s.", good,
		    bad, most);
}

static void say_law(struct list *l)
{
	const struct sweep_report *r = l->r;
	const struct queue_law *law = &r->analysis->law;
	double below = 0, above = 0;
	char name[UNIT_LEN];
	size_t n = 0;

	if (law->gap == LAW_CLOSED)
		return;
	if (law->gap) {
		say(l, "law", "prediction", "None: %s.", law_gap_meaning(law->gap));
		return;
	}
	for (size_t i = 0; i < r->sweep->n; i++) {
		const struct queue_point *at = &r->analysis->at[i];

		if (r->sweep->steps[i].dropped || !(at->rho <= FAIR_RHO) || isnan(at->apart))
			continue;
		below = fmin(below, at->apart);
		above = fmax(above, at->apart);
		n++;
	}
	say(l, "law", "prediction",
	    "%s, with the service and wake-up times that the kernel measured (C\u00b2 %.2f%s)",
	    sweep_law_name(name, law), law->variation,
	    law->servers_found ? "; servers by the work in progress at saturation" : "");
	if (n)
		say(l, NULL, NULL,
		    ": up to %.0f %% utilisation the mean latency is between %.0f %% below and %.0f "
		    "%% above what it predicts",
		    FAIR_RHO * 100, -below * 100, above * 100);
	say(l, NULL, NULL, ".");
}

static void say_usl(struct list *l)
{
	const struct usl *u = &l->r->analysis->usl;
	char rate[UNIT_LEN];

	if (l->r->sweep->mode != SWEEP_CONNECTIONS)
		return;
	if (!u->known) {
		say(l, "usl", "scaling", "The universal scalability law takes 4 steps to fit.");
		return;
	}
	say(l, "usl", "scaling",
	    "Universal scalability law (Gunther): %s of one connection, contention %.2g %%, "
	    "coherency %.2g %%, R\u00b2 %.3f",
	    fmt_rate(rate, sizeof(rate), u->l), u->s * 100, u->k * 100, u->r2);
	if (isfinite(u->peak_n))
		say(l, NULL, NULL, "; its peak is %s at %.0f connections",
		    fmt_rate(rate, sizeof(rate), u->peak_rate), u->peak_n);
	else if (isfinite(u->peak_rate))
		say(l, NULL, NULL, "; it has no peak and tends to %s",
		    fmt_rate(rate, sizeof(rate), u->peak_rate));
	say(l, NULL, NULL, ".");
}

static void say_balance(struct list *l)
{
	const struct balance *b = &l->r->analysis->balance;
	const struct balance_point *p = &b->latency;
	const struct sweep *s = l->r->sweep;
	char at[UNIT_LEN], p99[UNIT_LEN], lowest[UNIT_LEN], share[UNIT_LEN], p50[UNIT_LEN];

	sweep_asked_text(lowest, s, b->unloaded_at);
	if (p->known)
		say(l, "latency_first", "latency",
		    "For latency first, run at %s%s: up to there the p99 is at most twice that at %s "
		    "(%s). It gives up %s of the throughput.",
		    sweep_asked_text(at, s, p->at), p->at_end ? ", the highest step, or more" : "",
		    lowest, fmt_ns(p99, sizeof(p99), b->unloaded_p99),
		    fmt_share(share, sizeof(share), fmax(0, 1 - p->rate_share)));
	p = &b->throughput;
	if (p->known)
		say(l, "throughput_first", "throughput",
		    "For throughput first, run at %s, %s of the most that was carried: the p99 is "
		    "%s, %.*f times that at %s, and the p50 %s.",
		    sweep_asked_text(at, s, p->at), fmt_share(share, sizeof(share), p->rate_share),
		    fmt_ns(p99, sizeof(p99), p->p99), p->times < 10, p->times, lowest,
		    fmt_ns(p50, sizeof(p50), p->p50));
}

/* What a closed loop would have hidden most. */
static void say_hidden(struct list *l)
{
	const struct sweep *s = l->r->sweep;
	const struct sweep_step *most = NULL;
	char at[UNIT_LEN], closed[UNIT_LEN], open[UNIT_LEN];

	for (size_t i = 0; i < s->n; i++) {
		const struct sweep_step *p = &s->steps[i];

		if (!p->dropped && p->closed_p99 > 0 && isfinite(p->p99) &&
		    (!most || p->p99 / p->closed_p99 > most->p99 / most->closed_p99))
			most = p;
	}
	if (!most || most->p99 < HIDDEN_TIMES * most->closed_p99)
		return;
	say(l, "closed_loop", "closed loop",
	    "At %s a closed loop would have reported a p99 of %s instead of %s, as it does not send "
	    "while it waits.",
	    sweep_asked_text(at, s, most->rate_intended),
	    fmt_ns(closed, sizeof(closed), most->closed_p99),
	    fmt_ns(open, sizeof(open), most->p99));
}

static void say_faults(struct list *l)
{
	const struct sweep *s = l->r->sweep;
	size_t late = 0, dropped = 0, disturbed = 0;

	for (size_t i = 0; i < s->n; i++) {
		dropped += s->steps[i].dropped;
		late += !s->steps[i].dropped && s->steps[i].late;
		disturbed += s->steps[i].disturbed;
	}
	if (s->repeated) {
		say(l, "repeated", "!",
		    "%u step%s measured again, as others took more than %.0f %% of a CPU meanwhile, "
		    "or the hypervisor more than %.0f %%.",
		    s->repeated, s->repeated == 1 ? " was" : "s were", SWEEP_FOREIGN * 100,
		    SWEEP_STEAL * 100);
		l->out[l->n - 1].warns = true;
	}
	if (disturbed) {
		say(l, "disturbed", "!",
		    "%zu of %zu steps were disturbed like that, the second time too: their numbers are "
		    "partly of these others.",
		    disturbed, s->n);
		l->out[l->n - 1].warns = true;
	}
	if (late) {
		say(l, "late", "!",
		    "In %zu of %zu steps the generator itself was late by a tenth of the p99 or more: "
		    "the service is faster than that. Give the load a CPU of its own, or more "
		    "threads.",
		    late, s->n);
		l->out[l->n - 1].warns = true;
	}
	if (dropped) {
		say(l, "dropped", "!", "%zu step%s left out: nothing came of %s.", dropped,
		    dropped == 1 ? " is" : "s are", dropped == 1 ? "it" : "them");
		l->out[l->n - 1].warns = true;
	}
}

size_t sweep_sentences(const struct sweep_report *r, struct sweep_sentence out[SWEEP_MAX_SENTENCES])
{
	struct list l = { .r = r, .out = out };

	say_capacity(&l);
	say_knee(&l);
	say_saturation(&l);
	say_usl(&l);
	say_balance(&l);
	say_law(&l);
	say_hidden(&l);
	say_faults(&l);
	return l.n;
}
