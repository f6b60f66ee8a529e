/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FRAME_H
#define LVT_FRAME_H

#include "model/run.h"

/*
 * What there is to see at one moment: the last look at a trace and the one before, a row for each service
 * with the figures of the time between, and how they were before that. A number that is not known, such
 * as a quantile of no requests, is NAN.
 */
enum { TRACK_LEN = 120 };

struct sample {
	float rps, p99;
};

struct row {
	__u32 netns;
	__u16 port;
	bool foreign; /* of another network namespace than lvt's */
	bool came;    /* after the first look, and not long ago */
	bool gone;    /* all its processes have ended */
	char comm[LVT_COMM_LEN + 1];
	__u32 pid, n_pids;
	double came_at; /* s since the start */
	/* of the window: */
	double rps, p50, p99, queue, runq; /* ns; shares of its requests' time */
	double in_flight;
	__u64 requests;			/* since the start */
	struct sample track[TRACK_LEN]; /* the latest last */
	int n_track;
};

struct look;

struct frame {
	struct look *now, *before; /* NULL = none yet */
	struct row row[LVT_MAX_SERVICES];
	int n;
	double window_s; /* between the two */
};

enum {
	CAME_S = 10,   /* how long a service is new */
	RECENT_S = 60, /* of so long slow requests are kept */
};

/*
 * The next look; of *r nothing is left. gone() tells whether a service has no process any more; NULL =
 * none has gone. Returns 0, -ENOMEM or -EINVAL (not of the same trace).
 */
int frame_look(struct frame *f, struct run *r, bool (*gone)(const struct run_service *s));

/* The same, which stays as it is when *from goes on. */
void frame_copy(struct frame *to, const struct frame *from);

void frame_free(struct frame *f); /* also of one that is zeroed */

const struct run *frame_run(const struct frame *f); /* all since the start; NULL = no look yet */

/* A row's service since the start; NULL = it is not there. */
const struct run_service *frame_service(const struct frame *f, __u32 netns, __u16 port);

/* And in the window, as service_window(). -ENOENT: it is not there. */
int frame_window(const struct frame *f, __u32 netns, __u16 port, struct run_service *w);

/* Parts of requests that could not be established. */
__u64 frame_gaps(const struct run *r);

#endif
