/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENTS_H
#define LVT_CLIENTS_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"
#include "model/client.h"

/*
 * The views of loads that run inside a recording: `lvt record -- lvt load ...`. The recording makes a
 * SOCK_SEQPACKET socket pair; the command gets one end, and its number in the environment. Each load
 * sends, now and then and at its end, a message with a sealed memfd that holds its whole run so far. Of
 * each process the last one counts.
 *
 *	clients_open(c, e);
 *	child.pass = clients_pass(c); ...	the child has it once it is forked
 *	clients_forked(c);
 *	clients_receive(c);			every now and then, so that no load has to wait
 *	clients_into(c, &run, e);		whenever a run is taken
 *	clients_close(c);
 *
 * What comes is from another user and is not trusted: whatever it is, it is taken whole or not at all, it
 * never blocks, and what is not taken is counted. A view that was taken stays: one that is not of the
 * same load, or in which something went down, is refused.
 */
#define CLIENTS_ENV "LVT_CLIENTS"

/* In both directions of time: a load of another version may send it. */
struct clients_message {
	__u32 magic; /* CLIENTS_MAGIC */
	__s32 pid;   /* the sender's, in its own namespace; the kernel's word for it counts */
	__u32 final; /* 1: the load's last one; the next one of this process is another load's */
	__u32 pad;
};

#define CLIENTS_MAGIC 0x3154564cu /* "LVT1" */
#define CLIENTS_MAX_BYTES (16 << 20)

struct clients; /* one for each recording */

int clients_open(struct clients **c, struct err *e);

/* The end that is for the command: its number, and NAME=NUMBER. Both are for the child alone. */
int clients_pass(const struct clients *c);
const char *clients_environment(const struct clients *c);

/* The command has it: from now on this process has only its own end. */
void clients_forked(struct clients *c);

/* Take what has come, without waiting. */
void clients_receive(struct clients *c);

/*
 * Put the views so far into a run, in the order in which they came first. Returns 0, or -ENOMEM with *e
 * filled. NULL-safe: adds nothing.
 */
int clients_into(struct clients *c, struct run *r, struct err *e);

/* How many messages were not taken; *why says it of the first one, as part of a line. NULL-safe: 0. */
__u64 clients_refused(const struct clients *c, const char **why);

/* How many loads have not sent their last message. NULL-safe: 0. */
size_t clients_unfinished(const struct clients *c);

void clients_close(struct clients *c); /* NULL-safe */

/*
 * For a window within a load, of which there is one:
 *
 *	clients_now(c, s, &at);		its view as of now, within s seconds; -ETIMEDOUT
 *	clients_begin(c, e);		from here on views are what came since
 *	clients_end(c);			nothing is taken any more
 *
 * `at` is when it came, on CLOCK_MONOTONIC: it was made since the call.
 */
int clients_now(struct clients *c, double s, double *at);
int clients_begin(struct clients *c, struct err *e);
void clients_end(struct clients *c);

/* ---- the load's side ---- */

/*
 * Is this process inside a recording that wants its view? The descriptor for clients_send(), or -1. It
 * and the variable are not handed on to what this process starts. Call it once, at the start.
 */
int clients_attach(void);

/*
 * When the descriptor is readable: 1: the recording wants the view now; 0: it does not; -EPIPE: it has
 * gone, and the descriptor is closed.
 */
int clients_asked(int fd);

/*
 * Send the view so far, of a run with one client. It never waits for long: -EAGAIN if the recording has
 * not taken the ones before, which is no loss unless it is the final one; for that it waits a second.
 * -EPIPE: the recording has gone. Returns 0 or -errno with *e filled (e may be NULL).
 */
int clients_send(int fd, const struct run *r, bool final, struct err *e);

#endif
