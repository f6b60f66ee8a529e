/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_FORMATS_H
#define LVT_COMPARE_FORMATS_H

#include "report/compare.h"

/* The forms of a comparison, by name for an option --format (NULL ends them). */
enum compare_format { COMPARE_FORMAT_TEXT, COMPARE_FORMAT_JSON, COMPARE_FORMAT_HTML };
extern const char *const compare_formats[];

/* Print a comparison in one of them. Returns 0, or -errno with *e filled; out is flushed. */
int compare_print(FILE *out, enum compare_format format, const struct comparison *c,
		  const struct fail_check *checks, size_t n_checks, struct err *e);

#endif
