/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WAIT_TEXT_H
#define LVT_WAIT_TEXT_H

#include "base/escape.h"
#include "base/peer.h"
#include "model/run.h"

/* A wait in words, for people: names are escaped. */
enum {
	TASK_LEN = ESCAPE_FACTOR * LVT_COMM_LEN + 20,
	WAIT_TEXT_LEN = 3 * TASK_LEN + ESCAPE_FACTOR * 32 + PEER_LEN + 64,
};

/* What is known of a wait, of many (struct run_wait) or of one (struct run_moment). */
struct wait_names {
	enum lvt_stage stage;
	const char *syscall, *who, *peer_comm;
	struct lvt_peer peer;
	__u32 peer_pid, pid;
};

struct wait_names names_of_wait(const struct run_wait *w);
struct wait_names names_of_moment(const struct run_moment *m);

/* "postgres (pid 812)", "(pid 812)" or "": a process, as far as it is known. */
const char *task_text(char buf[TASK_LEN], const char *comm, __u32 pid);

/*
 * What was waited for: "recvfrom, 127.0.0.1:5432 postgres (pid 812)", "futex, held by worker-3",
 * "stress-ng-cpu (pid 900) ran"; "" if nothing is known. Process ids are left out where it would
 * not fit into `room` columns. No word in it is wider than that, but for an address.
 */
const char *wait_text(char buf[WAIT_TEXT_LEN], const struct wait_names *w, int room);

#endif
