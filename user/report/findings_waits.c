// SPDX-License-Identifier: BSD-2-Clause
/* Findings that name what requests waited for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/findings_view.h"
#include "report/why.h"

#define COMMON_SHARE 0.5     /* of a stage's waits, by time: one thing is named from here */
#define THROTTLED_SHARE 0.05 /* of the latency */

enum { COMMON_ROWS = 16 }; /* the largest rows of a stage are asked what they have in common */

/* What tells the waits of a stage apart. */
enum facet { FACET_CALL, FACET_PEER, FACET_WHO, FACET_TASK };

static enum facet facet_of(enum lvt_stage st)
{
	switch (st) {
	case STAGE_QUEUE_RUNQ:
	case STAGE_SERVICE_RUNQ:
		return FACET_TASK;
	case STAGE_SERVICE_NET:
		return FACET_PEER;
	case STAGE_SERVICE_LOCK:
	case STAGE_SERVICE_POOL:
		return FACET_WHO;
	default:
		return FACET_CALL;
	}
}

/* A row of `other` waits has none. */
static bool has_facet(const struct run_wait *w, enum facet f)
{
	if (f == FACET_PEER)
		return w->peer.family;
	return f == FACET_CALL ? w->syscall[0] : w->who[0];
}

static bool same_facet(const struct run_wait *a, const struct run_wait *b, enum facet f)
{
	if (!has_facet(b, f))
		return false;
	if (f == FACET_PEER)
		return !memcmp(&a->peer, &b->peer, sizeof(a->peer));
	if (f == FACET_CALL)
		return !strcmp(a->syscall, b->syscall);
	return !strcmp(a->who, b->who) && (f == FACET_WHO || a->pid == b->pid);
}

static bool is_of(const struct run_wait *w, enum lvt_stage a, enum lvt_stage b)
{
	return w->stage == a || w->stage == b;
}

/* The time in waits of these stages that are alike; like = NULL: all. */
static double time_of(const struct run_service *s, enum lvt_stage a, enum lvt_stage b,
		      const struct run_wait *like)
{
	double ns = 0;

	for (size_t i = 0; i < s->n_waits; i++)
		if (is_of(&s->waits[i], a, b) &&
		    (!like || same_facet(like, &s->waits[i], facet_of(a))))
			ns += s->waits[i].ns;
	return ns;
}

/* What most of the waits of these stages are for, and how much that is; NULL: no one thing. */
static const struct run_wait *common(const struct view *v, enum lvt_stage a, enum lvt_stage b,
				     double *share)
{
	double stages = (v->share[a] + (a == b ? 0 : v->share[b])) * service_latency_sum(v->s);
	double all = fmax(time_of(v->s, a, b, NULL), stages);
	int asked = 0;

	for (size_t i = 0; i < v->s->n_waits && asked < COMMON_ROWS; i++) {
		const struct run_wait *w = &v->s->waits[i];

		if (!is_of(w, a, b) || !has_facet(w, facet_of(a)))
			continue;
		asked++;
		*share = time_of(v->s, a, b, w) / all;
		if (*share >= COMMON_SHARE)
			return w;
	}
	return NULL;
}

static void say_peer(struct finding *f, const char *share, const struct run_wait *w)
{
	char peer[PEER_LEN], comm[ESCAPE_FACTOR * LVT_COMM_LEN + 1];

	fmt_peer(peer, sizeof(peer), &w->peer);
	finding_word(f, "peer", peer);
	escape_name(comm, sizeof(comm), w->peer_comm);
	finding_say(f, " In %s of such waits, by time, the peer is %s", share, peer);
	if (!comm[0]) {
		finding_say(f, ".");
		return;
	}
	finding_word(f, "peer_comm", w->peer_comm);
	if (w->peer_pid)
		finding_say(f, " (%s, pid %u).", comm, w->peer_pid);
	else
		finding_say(f, " (%s).", comm);
}

static void say_task(struct finding *f, const char *share, const struct run_wait *w)
{
	char comm[ESCAPE_FACTOR * LVT_COMM_LEN + 1];

	finding_word(f, "who", w->who);
	finding_number(f, "pid", w->pid);
	escape_name(comm, sizeof(comm), w->who);
	if (is_throttled(w->stage, w->who, w->pid))
		finding_say(f,
			    " In %s of such waits, by time, nobody ran instead: the thread's "
			    "cgroup was throttled.",
			    share);
	else if (w->pid)
		finding_say(f, " In %s of such waits, by time, `%s` (pid %u) ran instead.", share,
			    comm, w->pid);
	else
		finding_say(f, " In %s of such waits, by time, `%s` ran instead.", share, comm);
}

static void say_who(struct finding *f, const char *share, const struct run_wait *w)
{
	char comm[ESCAPE_FACTOR * LVT_COMM_LEN + 1];

	finding_word(f, "who", w->who);
	escape_name(comm, sizeof(comm), w->who);
	finding_say(f, " In %s of such waits, by time, `%s` %s.", share, comm,
		    w->stage == STAGE_SERVICE_LOCK ? "held the lock" : "ended it");
}

static void say_call(struct finding *f, const char *share, const struct run_wait *w)
{
	char call[ESCAPE_FACTOR * sizeof(w->syscall)];

	finding_word(f, "syscall", w->syscall);
	finding_say(f, " In %s of such waits, by time, the call is %s.", share,
		    escape_name(call, sizeof(call), w->syscall));
}

/* What the reader was blocked on in queue.blocked, if it was not idle. */
static void name_reader_sleep(struct view *v, struct finding *f)
{
	double mean[NR_READER_SLEEPS], all = 0;
	char share[UNIT_LEN];

	service_reader_sleeps(v->s, mean);
	for (int i = 0; i < NR_READER_SLEEPS; i++)
		all += mean[i];
	for (int i = 0; i < NR_READER_SLEEPS; i++) {
		if (!reader_is_blocked(i) || i == READER_OTHER || !(mean[i] >= COMMON_SHARE * all))
			continue;
		fmt_share(share, sizeof(share), mean[i] / all);
		finding_say(f, " In %s of such waits, by time, the reader is blocked %s.", share,
			    reader_sleep_meaning(i));
		finding_word(f, "blocked_on", reader_sleep_name(i));
		finding_number(f, "share_of_waits", mean[i] / all);
		v->named[STAGE_QUEUE_BLOCKED] = true;
	}
}

void finding_name_waits(struct view *v, struct finding *f, enum lvt_stage a, enum lvt_stage b)
{
	const struct run_wait *w;
	char share[UNIT_LEN];
	double part;

	if (v->named[a] || v->named[b])
		return;
	if (a == STAGE_QUEUE_BLOCKED) {
		name_reader_sleep(v, f);
		return;
	}
	/* a fault has no call, and that it is one has been said */
	w = a == STAGE_SERVICE_FAULT ? NULL : common(v, a, b, &part);
	if (!w)
		return;
	v->named[a] = v->named[b] = true;
	v->throttled |= is_throttled(w->stage, w->who, w->pid);
	fmt_share(share, sizeof(share), part);
	switch (facet_of(a)) {
	case FACET_PEER:
		say_peer(f, share, w);
		break;
	case FACET_TASK:
		say_task(f, share, w);
		break;
	case FACET_WHO:
		say_who(f, share, w);
		break;
	case FACET_CALL:
		say_call(f, share, w);
		break;
	}
	finding_number(f, "share_of_waits", part);
}

/* A stage in which the request's thread is blocked, if it is much of the latency. */
static void waits_for(struct view *v, enum lvt_stage st)
{
	char share[UNIT_LEN], id[32];
	struct finding *f;

	if (!(v->share[st] >= LARGE_SHARE))
		return;
	v->told[st] = true;
	snprintf(id, sizeof(id), "waits_for_%s", strchr(stage_name(st), '.') + 1);
	f = view_next(v);
	finding_set(f, v->share[st], id, "%s of the latency is %s: %s.",
		    fmt_share(share, sizeof(share), v->share[st]), stage_name(st),
		    stage_clause(st));
	finding_word(f, "stage", stage_name(st));
	finding_number(f, "share", v->share[st]);
	finding_name_waits(v, f, st, st);
}

static void reader_blocked(struct view *v)
{
	double mean[NR_READER_SLEEPS], blocked = 0, share;
	char text[UNIT_LEN];
	struct finding *f;

	service_reader_sleeps(v->s, mean);
	for (int i = 0; i < NR_READER_SLEEPS; i++)
		blocked += reader_is_blocked(i) ? mean[i] : 0;
	share = blocked / v->latency.mean;
	if (!(share >= LARGE_SHARE))
		return;
	v->told[STAGE_QUEUE_BLOCKED] = true;
	f = view_next(v);
	finding_set(f, share, "reader_blocked",
		    "%s of the latency passes in the socket while the reader is itself blocked "
		    "(queue.blocked).",
		    fmt_share(text, sizeof(text), share));
	finding_word(f, "stage", stage_name(STAGE_QUEUE_BLOCKED));
	finding_number(f, "share", share);
	finding_name_waits(v, f, STAGE_QUEUE_BLOCKED, STAGE_QUEUE_BLOCKED);
}

static void throttled(struct view *v)
{
	double ns = 0, share;
	char text[UNIT_LEN];
	struct finding *f;

	for (size_t i = 0; i < v->s->n_waits; i++) {
		const struct run_wait *w = &v->s->waits[i];

		if (!w->other && is_throttled(w->stage, w->who, w->pid))
			ns += w->ns;
	}
	share = ns / service_latency_sum(v->s);
	if (v->throttled || !(share >= THROTTLED_SHARE))
		return;
	f = view_next(v);
	finding_set(f, 0.7 + share, "throttled",
		    "%s of the latency is throttling: a thread is ready and nobody has its CPU, as "
		    "its cgroup has used up its share (*.runq).",
		    fmt_share(text, sizeof(text), share));
	finding_number(f, "share", share);
}

void findings_of_waits(struct view *v)
{
	static const enum lvt_stage stages[] = {
		STAGE_SERVICE_DISK, STAGE_SERVICE_LOCK,	 STAGE_SERVICE_NET,
		STAGE_SERVICE_POOL, STAGE_SERVICE_SLEEP, STAGE_SERVICE_FAULT,
	};

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		waits_for(v, stages[i]);
	reader_blocked(v);
	throttled(v);
}
