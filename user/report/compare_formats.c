// SPDX-License-Identifier: BSD-2-Clause
#include "report/compare_formats.h"

const char *const compare_formats[] = { [COMPARE_FORMAT_TEXT] = "text",
					[COMPARE_FORMAT_JSON] = "json",
					[COMPARE_FORMAT_HTML] = "html",
					NULL };

int compare_print(FILE *out, enum compare_format format, const struct comparison *c,
		  const struct fail_check *checks, size_t n_checks, struct err *e)
{
	switch (format) {
	case COMPARE_FORMAT_JSON:
		return compare_json(out, c, checks, n_checks, e);
	case COMPARE_FORMAT_HTML:
		return compare_html(out, c, checks, n_checks, e);
	default:
		return compare_text(out, c, checks, n_checks, e);
	}
}
