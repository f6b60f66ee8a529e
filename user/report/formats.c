// SPDX-License-Identifier: BSD-2-Clause
#include "report/formats.h"

#include "report/html_report.h"
#include "report/json.h"
#include "report/openmetrics.h"
#include "report/trace.h"

const char *const report_formats[] = {
	[FORMAT_TEXT] = "text",	  [FORMAT_JSON] = "json",
	[FORMAT_HTML] = "html",	  [FORMAT_OPENMETRICS] = "openmetrics",
	[FORMAT_TRACE] = "trace", NULL
};

int report_print(FILE *out, enum report_format format, const struct run *r,
		 const struct text_options *text, struct err *e)
{
	switch (format) {
	case FORMAT_JSON:
		return report_json(out, r, e);
	case FORMAT_HTML:
		return report_html(out, r, text ? text->slowest : 0, e);
	case FORMAT_OPENMETRICS:
		return report_openmetrics(out, r, e);
	case FORMAT_TRACE:
		return report_trace(out, r, e);
	default:
		return report_text(out, r, text, e);
	}
}
