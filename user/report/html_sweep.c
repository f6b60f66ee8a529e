// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/html_sweep_parts.h"
#include "report/sweep_svg.h"

static const char style_sheet[] =
#include "sweep.css.inc"
#include "sweep_page.css.inc"
	;

static void about(FILE *out, const struct sweep *s)
{
	char from[UNIT_LEN], to[UNIT_LEN], text[sizeof(s->kernel) + 64];

	html_fact(out, "Target", s->target);
	html_fact(out, "Request", s->request[0] ? s->request : "unknown");
	html_fact(out, "Service", s->service[0] ? s->service : "not traced");
	html_fact(out, "Host", s->host[0] ? s->host : "unknown");
	if (s->cpus > 0)
		snprintf(text, sizeof(text), "%s, %d CPU%s", s->kernel[0] ? s->kernel : "unknown",
			 s->cpus, s->cpus == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text), "%s", s->kernel[0] ? s->kernel : "unknown");
	html_fact(out, "Kernel", text);
	html_fact(out, "Started", s->started[0] ? s->started : "unknown");
	snprintf(text, sizeof(text), "%s%s%s", s->mode == SWEEP_RATES ? "open" : "closed",
		 s->arrivals[0] ? ", arrivals " : "", s->arrivals);
	html_fact(out, "Loop", text);
	snprintf(text, sizeof(text), "%zu, %s to %s", s->n, sweep_asked_text(from, s, s->from),
		 sweep_asked_text(to, s, s->to));
	html_fact(out, "Steps", text);
}

static void sentences(FILE *out, const struct sweep_report *r)
{
	struct sweep_sentence said[SWEEP_MAX_SENTENCES];
	size_t n = sweep_sentences(r, said);

	for (size_t i = 0; i < n; i++) {
		if (said[i].warns)
			fputs("<p class=\"warning\">", out);
		else
			fprintf(out, "<p class=\"finding\"><b class=\"label\">%s</b> ",
				said[i].label);
		html_text(out, said[i].text);
		fputs("</p>\n", out);
	}
}

/* One for a screen and one for a phone: letters keep their size, so the image has not the same parts. */
static int figures(FILE *out, const struct sweep_report *r)
{
	int err;

	fputs("<h2>Latency against throughput</h2>\n<svg class=\"patterns\" "
	      "aria-hidden=\"true\">",
	      out);
	svg_patterns(out);
	fputs("</svg>\n", out);
	err = svg_figure(out, r, SVG_WIDTH, "figure roomy");
	return err ? err : svg_figure(out, r, SVG_NARROW, "figure narrow");
}

static void definitions(FILE *out)
{
	static const struct {
		const char *name, *meaning;
	} terms[] = {
		{ "latency", "Of the client: from when a request was due, which does not depend on "
			     "the service, to its whole answer." },
		{ "asked, carried",
		  "The rate that was wanted, or the connections of a closed loop; the requests "
		  "answered rightly per second." },
		{ "capacity", "The highest rate that meets the objective, on the curve made "
			      "monotone; its interval comes from those of the quantiles." },
		{ "knee", "Where power, throughput by mean latency, is greatest (Kleinrock 1979), "
			  "and the steps that it lies between." },
		{ "saturated", "Fewer than 99 % of what was due was answered in the window." },
		{ "late generator", "A tenth of the p99 or more may be the load’s own lateness." },
		{ "busy", "How much of the servers was in use: by the law, else the CPU of the "
			  "service’s threads." },
		{ "prediction",
		  "Of queueing theory (M/G/c), with the service time that the kernel measured, so "
		  "that only the waiting is predicted." },
		{ "closed loop",
		  "What one that waits for each answer would have reported: it does not send "
		  "while it waits, and so does not see." },
	};

	fputs("<footer>\n<h3>How the numbers are defined</h3>\n<dl class=\"terms\">\n", out);
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		html_fact(out, terms[i].name, terms[i].meaning);
	fputs("</dl>\n</footer>\n", out);
}

int sweep_html(FILE *out, const struct sweep_report *r, struct err *e)
{
	const struct sweep *s = r->sweep;
	char title[sizeof(s->target) + 64];
	int err = 0;

	snprintf(title, sizeof(title), "%s, latency against throughput – lvt", s->target);
	html_open_styled(out, title, style_sheet);
	fputs("<header>\n<p class=\"brand\">lvt</p>\n<h1>", out);
	html_text(out, s->label[0] ? s->label : s->target);
	fputs("</h1>\n<dl class=\"facts\">\n", out);
	about(out, s);
	fputs("</dl>\n", out);
	sentences(out, r);
	fputs("</header>\n", out);
	if (s->n) {
		err = figures(out, r);
		html_sweep_tables(out, r);
	}
	definitions(out);
	html_close(out);
	if (err)
		return err_set(e, err, "no memory for the page");
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the report: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
