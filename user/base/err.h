/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_ERR_H
#define LVT_ERR_H

/*
 * The one error path. A function that can fail takes a struct err, returns 0 or -errno, and on
 * failure has filled it: what failed and why, and what to do. Only main() prints it, once, as
 *   lvt: MESSAGE: HINT
 */
enum exit_code {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1, /* could not do it */
	EXIT_USAGE = 2,	 /* the command line is wrong */
	EXIT_NO = 3,	 /* a check or a comparison says no */
	EXIT_INCONCLUSIVE = 4,
	EXIT_UNFIT = 5, /* of a lab: this machine, or its state now, is not fit for it */
};

struct err {
	int code;	       /* -errno of the failure, 0 if none */
	enum exit_code status; /* what the process should exit with; EXIT_FAILED unless set */
	char message[512];     /* one line, no full stop, no newline */
	char hint[512];	       /* what to do; may be empty */
};

/* Fill e (which may be NULL) and return code, which is a negative errno. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Add what to do to an error just set; returns its code. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, for a wrong command line: status EXIT_USAGE, code -EINVAL. */
int err_usage(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
