/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RUN_WRITE_H
#define LVT_RUN_WRITE_H

#include "base/err.h"
#include "model/run.h"

/*
 * Writing a run file (store/records.h has its format), as the run goes:
 *
 *	run_file_create(&f, "run.hlog", e);
 *	run_file_interval(f, &snapshot, e);	every interval: all that was counted since the start
 *	run_file_finish(f, &r, e);		the whole run; the file gets its name
 *	run_file_free(f);
 *
 * The file stands under a temporary name until it is finished (see base/out_file.h); killed in
 * between, it can be read up to the last whole interval.
 */
struct run_file;

/* *f is NULL on failure. */
int run_file_create(struct run_file **f, const char *path, struct err *e);

/*
 * The same to an open descriptor, a memfd for one, from where it stands. It is the caller's and stays
 * open, whatever happens; there is no name to be given.
 */
int run_file_create_fd(struct run_file **f, int fd, struct err *e);

/*
 * Append what came since the last call: the lines of one interval, in one write. The run is taken
 * over and zeroed, on failure too; its cells must not be less than the last one's.
 */
int run_file_interval(struct run_file *f, struct run *r, struct err *e);

/* Append the rest and the end. After a failure of this or an earlier call the file stays as it is,
 * under its temporary name. */
int run_file_finish(struct run_file *f, const struct run *r, struct err *e);

/* The file is not wanted: run_file_free() will remove it, whatever it holds. */
void run_file_discard(struct run_file *f);

/* NULL-safe. What is not finished is removed if it holds no interval, otherwise it is kept. */
void run_file_free(struct run_file *f);

#endif
