/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LOAD_H
#define LVT_LOAD_H

#include "load/plan.h"
#include "load/tally.h"
#include "model/run.h"

/*
 * A load: threads of their own that send what a plan says and measure the answers.
 *
 *	load_start(&l, &plan, e);		connects, then the requests start by themselves
 *	... poll(load_fd(l)) ...		readable when it is over
 *	load_take(l, &tally, &window_s);	meanwhile or afterwards: what is counted so far
 *	load_result(l, e);			afterwards: 0, or why it came to nothing
 *	load_free(l);
 */
struct load;
struct worker;

/*
 * The plan has to stay as long as the load. Returns 0 or -errno with *e filled; *l is NULL then. Raises
 * the process' limit of open files if it has to.
 */
int load_start(struct load **l, const struct load_plan *p, struct err *e);

int load_fd(const struct load *l);

/* End it early: nothing new is sent, what is on its way has a second. */
void load_stop(struct load *l);

enum load_phase { LOAD_CONNECTING, LOAD_WARMING, LOAD_MEASURING, LOAD_DRAINING, LOAD_OVER };

enum load_phase load_phase(struct load *l);

/* When the window opens and closes, s on CLOCK_MONOTONIC. false: not known yet, or there will be none. */
bool load_window(struct load *l, double *from, double *to);

/* How many connections were made before the start, of those that were to be. */
__u32 load_connected(const struct load *l);

/*
 * All that is counted so far is added to *t (tally_init() with plan->mix.n), and how long the window has
 * been open goes to *window_s; 0 before it opens.
 */
void load_take(struct load *l, struct tally *t, double *window_s);

/* The same as a run with one client and no service; *r is to be zero. 0 or -ENOMEM. */
int load_run(struct load *l, struct run *r, struct err *e);

/* Once it is over: 0, or -errno with *e filled: no connection could be made, or a thread had to stop. */
int load_result(struct load *l, struct err *e);

void load_free(struct load *l); /* stops it, too; NULL-safe */

/* ---- for its workers ---- */

/* All is connected: wait for the others. Returns false if there is to be no load. */
bool load_ready(struct load *l, struct worker *w);

/* Look whether something is wanted; whether it is to stop. */
bool load_asks(struct load *l, struct worker *w);

#endif
