/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PAGES_H
#define LVT_PAGES_H

#include "capture/loader.h"
#include "model/past.h"
#include "model/series.h"
#include "report/openmetrics.h"
#include "serve/request.h"

enum {
	PAGES_PAST_S = 5, /* between two snapshots that are kept as the beginnings of windows */
	PAGES_PASTS = WINDOW_MOST_S / PAGES_PAST_S + 2,
	PAGES_SLOWEST =
		20, /* of the slowest requests that are kept, so many are in the JSON report */
	PAGES_RECENT_S = 300, /* of so long the slowest requests are kept first */
};

/* Answers are of a snapshot that is so old at most, so that many who ask cost as much as one. */
#define PAGES_FRESH_S 0.5

/* What can be asked of a trace that goes on. */
struct pages {
	const struct tracer *tracer;
	__u16 own_port; /* lvt's own service is not one of those that are told of */
	struct openmetrics_memory memory;
	struct past past[PAGES_PASTS]; /* a ring */
	double past_at[PAGES_PASTS];
	size_t n_past; /* taken so far */
	double next_past;
	struct series *series; /* the course since the start, by these snapshots */
	struct run run;	       /* the last snapshot: since the start; of a window */
	double run_at;
	struct run window;
	double window_at;
	unsigned int window_s;
};

/* The content of an answer, allocated. */
struct answer {
	char *body;
	size_t size;
	double at; /* of the snapshot that it is of */
};

/* What is wanted: window 0 = since the start; openmetrics: see accepts_openmetrics(). */
struct page_wish {
	enum page_name name;
	bool openmetrics;
	unsigned int window;
};

/* When pages_work() has to be called next, on recording_now()'s clock. */
double pages_due(const struct pages *p);
int pages_work(struct pages *p, double now, struct err *e);

/* Make an answer. Returns 0, or -errno with *e filled; answer->body is the caller's to free. */
int pages_make(struct pages *p, const struct page_wish *w, double now, struct answer *answer,
	       struct err *e);

void pages_free(struct pages *p);

#endif
