// SPDX-License-Identifier: BSD-2-Clause
#include "report/findings_view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "model/hist.h"

/*
 * A quantile's two-sided 95 % upper bound needs q^n <= 2.5 %: 368 samples for p99, 3,688 for p99.9.
 * A statement about the slowest 1 % rests on at least TAIL_REQUESTS of them.
 */
#define NEEDED_P99 368
#define NEEDED_P99_9 3688
#define TAIL_REQUESTS 10

#define TAIL_RATIO 2.0	   /* the p99 stands out from here, in medians */
#define TAIL_SHARE 0.4	   /* a stage explains a tail from here */
#define UNKNOWN_SHARE 0.01 /* unattributed time is tolerated up to here */
#define LITTLE_ERROR 0.05
#define LITTLE_SAMPLES 100

/* Add formatted text. Where it is cut, no part of a character stays. */
static void add_text(struct finding *f, const char *fmt, va_list ap)
{
	size_t len = strlen(f->text), at = 0, used;

	vsnprintf(f->text + len, sizeof(f->text) - len, fmt, ap);
	len = strlen(f->text);
	while (at < len && utf8_decode(f->text + at, len - at, &used) >= 0)
		at += used;
	f->text[at] = '\0';
}

void finding_set(struct finding *f, double weight, const char *id, const char *fmt, ...)
{
	va_list ap;

	memset(f, 0, sizeof(*f));
	f->weight = weight;
	snprintf(f->id, sizeof(f->id), "%s", id);
	va_start(ap, fmt);
	add_text(f, fmt, ap);
	va_end(ap);
}

void finding_say(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_text(f, fmt, ap);
	va_end(ap);
}

const char *fmt_quantity(char *buf, size_t size, double value)
{
	if (isnan(value))
		snprintf(buf, size, "-");
	else if (fabs(value) >= 99.95)
		fmt_count(buf, size, (uint64_t)llround(fabs(value)));
	else if (fabs(value) >= 0.9995)
		snprintf(buf, size, "%.*f", fabs(value) < 9.995 ? 2 : 1, value);
	else
		snprintf(buf, size, "%.3g", value);
	return buf;
}

static void evidence_add(struct finding *f, struct evidence e)
{
	if (f->n_evidence < MAX_EVIDENCE)
		f->evidence[f->n_evidence++] = e;
}

void finding_number(struct finding *f, const char *name, double number)
{
	evidence_add(f, (struct evidence){ .name = name, .number = number });
}

void finding_word(struct finding *f, const char *name, const char *word)
{
	struct evidence e = { .name = name, .number = NAN };

	snprintf(e.word, sizeof(e.word), "%s", word);
	evidence_add(f, e);
}

struct finding *view_next(struct view *v)
{
	return &v->found[v->n++];
}

const char *stage_clause(enum lvt_stage st)
{
	const char *what = stage_meaning(st), *colon = strstr(what, "socket: ");

	return colon ? colon + strlen("socket: ") : what;
}

static const char *last_part(enum lvt_stage st)
{
	const char *dot = strchr(stage_name(st), '.');

	return dot ? dot + 1 : stage_name(st);
}

static enum lvt_stage largest(const double stage[NR_STAGES])
{
	int best = 0;

	for (int st = 1; st < NR_STAGES; st++)
		if (stage[st] > stage[best])
			best = st;
	return best;
}

static void few_requests(struct view *v)
{
	__u64 n = v->latency.count;
	const char *at = n < NEEDED_P99 ? "p99" : "p99.9";
	__u64 needed = n < NEEDED_P99 ? NEEDED_P99 : NEEDED_P99_9;
	__u64 slower = n - hist_rank(n, n < NEEDED_P99 ? Q_P99 : Q_P99_9) + 1;
	char requests[UNIT_LEN], need[UNIT_LEN];
	struct finding *f;

	if (n >= NEEDED_P99_9)
		return;
	fmt_count(requests, sizeof(requests), n);
	fmt_count(need, sizeof(need), needed);
	f = view_next(v);
	finding_set(f, n < NEEDED_P99 ? 1.6 : 0.3, "few_requests",
		    "%s rests on the slowest %d of only %s request%s: it takes %s to place it with "
		    "95 %% confidence.",
		    at, (int)slower, requests, n == 1 ? "" : "s", need);
	finding_word(f, "quantile", at);
	finding_number(f, "rests_on", slower);
	finding_number(f, "requests", n);
	finding_number(f, "needed", needed);
}

static void tail(struct view *v)
{
	double ratio = v->latency.p50 ? (double)v->latency.p99 / v->latency.p50 : NAN;
	char share[UNIT_LEN], id[32];
	struct anatomy_row slow;
	struct finding *f;
	enum lvt_stage st;
	double part;

	service_tail(v->s, 990000, &slow);
	if (!(ratio >= TAIL_RATIO) || slow.requests < TAIL_REQUESTS ||
	    v->latency.count < NEEDED_P99)
		return;
	st = largest(slow.stage_ns);
	part = slow.stage_ns[st] / slow.latency_ns;
	fmt_share(share, sizeof(share), part);
	f = view_next(v);
	if (part >= TAIL_SHARE) {
		snprintf(id, sizeof(id), "tail_is_%s", last_part(st));
		finding_set(f, 1 + part, id,
			    "The p99 is %.*f times the median; %s of the time of the slowest 1 %% "
			    "is %s: %s.",
			    ratio < 10, ratio, share, stage_name(st), stage_clause(st));
	} else {
		finding_set(f, 0.8, "tail_is_mixed",
			    "The p99 is %.*f times the median and has no single cause: the largest "
			    "is %s, %s of the time of the slowest 1 %%.",
			    ratio < 10, ratio, stage_name(st), share);
	}
	finding_number(f, "p99_over_p50", ratio);
	finding_word(f, "stage", stage_name(st));
	finding_number(f, "share", part);
	finding_number(f, "requests", slow.requests);
	if (part >= TAIL_SHARE)
		finding_name_waits(v, f, st, st);
}

static void queue_dominates(struct view *v)
{
	char share[UNIT_LEN];
	struct finding *f;
	double queue = 0;

	for (int st = 0; st < NR_STAGES; st++)
		if (!strncmp(stage_name(st), "queue.", strlen("queue.")))
			queue += v->share[st];
	if (!(queue > 0.5))
		return;
	f = view_next(v);
	finding_set(f, queue, "queue_dominates",
		    "Requests wait longer than they are served: %s of the latency passes before "
		    "they are read.",
		    fmt_share(share, sizeof(share), queue));
	finding_number(f, "queue_share", queue);
}

/* One cause that may be spread over a queue and a service stage. */
static void cause(struct view *v, const char *id, const char *fmt_text, enum lvt_stage a,
		  enum lvt_stage b)
{
	double share = v->share[a] + (a == b ? 0 : v->share[b]);
	char text[UNIT_LEN];
	struct finding *f;

	v->told[a] = v->told[b] = true;
	if (!(share >= LARGE_SHARE))
		return;
	f = view_next(v);
	fmt_share(text, sizeof(text), share);
	finding_set(f, share, id, "%s of the latency is %s", text, fmt_text);
	finding_number(f, "share", share);
	finding_word(f, "stage", stage_name(a));
	if (a != b)
		finding_word(f, "other_stage", stage_name(b));
	finding_name_waits(v, f, a, b);
}

static void causes(struct view *v)
{
	cause(v, "head_of_line",
	      "head-of-line blocking: requests wait while their reader is on CPU with other work "
	      "(queue.busy).",
	      STAGE_QUEUE_BUSY, STAGE_QUEUE_BUSY);
	cause(v, "cpu_contention",
	      "contention for CPU: a thread is ready but another task has its CPU (*.runq).",
	      STAGE_QUEUE_RUNQ, STAGE_SERVICE_RUNQ);
	cause(v, "wakeup_latency",
	      "wake-up latency: a thread waits for an idle CPU to wake (*.wakeup). More load makes "
	      "this smaller.",
	      STAGE_QUEUE_WAKEUP, STAGE_SERVICE_WAKEUP);
	cause(v, "client_holds_up",
	      "the client's: the rest of a request is awaited, or an answer is not taken "
	      "(service.client).",
	      STAGE_SERVICE_CLIENT, STAGE_SERVICE_CLIENT);
	cause(v, "handoff",
	      "the service's own queue, between the thread that reads and the one that answers "
	      "(service.handoff).",
	      STAGE_SERVICE_HANDOFF, STAGE_SERVICE_HANDOFF);
}

/* The largest stage, if it is most of the latency and no other rule speaks of it. */
static void mostly(struct view *v)
{
	enum lvt_stage st = largest(v->share);
	char share[UNIT_LEN], id[32];
	struct finding *f;

	if (v->told[st] || st == STAGE_UNATTRIBUTED || !(v->share[st] >= 0.5))
		return;
	snprintf(id, sizeof(id), "mostly_%s", last_part(st));
	fmt_share(share, sizeof(share), v->share[st]);
	f = view_next(v);
	finding_set(f, v->share[st], id, "%s of the latency is %s: %s.", share, stage_name(st),
		    stage_clause(st));
	finding_word(f, "stage", stage_name(st));
	finding_number(f, "share", v->share[st]);
	finding_name_waits(v, f, st, st);
}

static void unattributed(struct view *v)
{
	double part = v->share[STAGE_UNATTRIBUTED];
	char share[UNIT_LEN];
	struct finding *f;

	if (!(part > UNKNOWN_SHARE))
		return;
	f = view_next(v);
	finding_set(
		f, part > 0.1 ? 3 : 0.2 + part, "unattributed",
		"%s of the latency could not be attributed to a stage: the shares of the others "
		"are too small by up to that.",
		fmt_share(share, sizeof(share), part));
	finding_number(f, "share", part);
}

/*
 * Samples of a queue of mean L vary about as a Poisson count does, so their mean is off by some
 * sqrt(L / samples), and by more as neighbouring samples are alike: a difference within six of these
 * proves nothing.
 */
static void little(struct view *v)
{
	char apart[UNIT_LEN], sampled[UNIT_LEN], predicted[UNIT_LEN];
	struct littles_law l;
	struct finding *f;
	double noise;

	service_littles_law(v->s, &l);
	if (!(l.relative_error > LITTLE_ERROR) || v->s->in_flight_samples < LITTLE_SAMPLES)
		return;
	noise = 6 * sqrt(l.predicted / v->s->in_flight_samples);
	if (fabs(l.sampled - l.predicted) <= noise)
		return;
	f = view_next(v);
	finding_set(f, 0.3 + fmin(l.relative_error, 1), "littles_law_off",
		    "Little's law is off by %s: %s requests in flight were sampled, %s follow "
		    "from rate and latency%s.",
		    fmt_share(apart, sizeof(apart), l.relative_error),
		    fmt_quantity(sampled, sizeof(sampled), l.sampled),
		    fmt_quantity(predicted, sizeof(predicted), l.predicted),
		    l.sampled > l.predicted ?
			    ": some were in flight without an answer in the window" :
			    "");
	finding_number(f, "in_flight_sampled", l.sampled);
	finding_number(f, "in_flight_predicted", l.predicted);
	finding_number(f, "relative_error", l.relative_error);
}

static int by_weight(const void *a, const void *b)
{
	double x = ((const struct finding *)a)->weight, y = ((const struct finding *)b)->weight;

	return x > y ? -1 : x < y;
}

size_t service_findings(const struct run_service *s, struct finding found[MAX_FINDINGS])
{
	struct finding candidates[MAX_CANDIDATES];
	struct view v = { .s = s, .found = candidates };
	struct dist d;

	service_latency(s, &v.latency);
	if (!v.latency.count)
		return 0;
	for (int st = 0; st < NR_STAGES; st++) {
		service_stage(s, st, &d);
		v.share[st] = d.share;
	}
	few_requests(&v);
	tail(&v);
	queue_dominates(&v);
	causes(&v);
	findings_of_waits(&v);
	mostly(&v);
	unattributed(&v);
	little(&v);
	findings_of_net(&v);
	qsort(candidates, v.n, sizeof(candidates[0]), by_weight);
	if (v.n > MAX_FINDINGS)
		v.n = MAX_FINDINGS;
	memcpy(found, candidates, v.n * sizeof(candidates[0]));
	return v.n;
}
