// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/html.h"
#include "report/html_chart.h"

#define SEEN_SHARE 0.003 /* of a bar: below it is not a pixel wide on a phone */

const char *chart_stage_class(char buf[STAGE_CLASS_LEN], enum lvt_stage st)
{
	snprintf(buf, STAGE_CLASS_LEN, "s-%s", stage_name(st));
	for (char *c = buf; *c; c++)
		if (*c == '.')
			*c = '-';
	return buf;
}

void chart_stage(FILE *out, enum lvt_stage st)
{
	char class[STAGE_CLASS_LEN];

	fprintf(out, "<span class=\"stage\"><i class=\"key %s\"></i>%s</span>",
		chart_stage_class(class, st), stage_name(st));
}

static void slice(FILE *out, const char *class, const char *name, double ns, double latency)
{
	char time[UNIT_LEN], share[UNIT_LEN];

	fmt_ns(time, sizeof(time), ns);
	fmt_share(share, sizeof(share), ns / latency);
	fprintf(out, "<span class=\"slice %s\" style=\"width:%.3f%%\" title=\"", class,
		100 * ns / latency);
	html_say(out, "%s: %s, %s", name, time, share);
	fprintf(out, "\"><b><span>%s </span>", name);
	html_text(out, share); /* it may be "<1 %" */
	fputs("</b></span>", out);
}

void chart_stages(FILE *out, const double ns[NR_STAGES], double latency, double length)
{
	char class[STAGE_CLASS_LEN];
	double rest = 0;

	if (!(latency > 0))
		return;
	fprintf(out, "<span class=\"bar\" aria-hidden=\"true\" style=\"width:%.3f%%\">",
		100 * length);
	for (int st = 0; st < NR_STAGES; st++) {
		if (ns[st] < SEEN_SHARE * latency)
			rest += ns[st];
		else
			slice(out, chart_stage_class(class, st), stage_name(st), ns[st], latency);
	}
	if (rest > 0)
		slice(out, "s-rest", "other stages", rest, latency);
	fputs("</span>", out);
}

void chart_legend(FILE *out, const struct anatomy_row *rows, size_t n)
{
	fputs("<ul class=\"legend\">", out);
	for (int st = 0; st < NR_STAGES; st++) {
		bool seen = false;

		for (size_t i = 0; i < n; i++)
			seen |= rows[i].stage_ns[st] >= SEEN_SHARE * rows[i].latency_ns;
		if (!seen)
			continue;
		fputs("<li title=\"", out);
		html_text(out, stage_meaning(st));
		fputs("\">", out);
		chart_stage(out, st);
		fputs("</li>", out);
	}
	fputs("</ul>\n", out);
}

double chart_step(double span, int at_most)
{
	static const double factors[] = { 1, 2, 5, 10 };
	double least = span / at_most, power = pow(10, floor(log10(least)));

	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
		if (factors[i] * power >= least * (1 - 1e-9))
			return factors[i] * power;
	return 10 * power;
}

double chart_log_edge(double ns, bool up)
{
	static const double factors[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(fmax(ns, 1))));
	double edge = power;

	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		double f = factors[i] * power;

		if (up && f >= ns)
			return log10(f);
		if (!up && f <= ns)
			edge = f;
	}
	return log10(up ? 10 * power : edge);
}

const char *chart_tick(char *buf, double ns)
{
	char *zero;

	fmt_ns(buf, UNIT_LEN, ns);
	zero = strstr(buf, ".0 ");
	if (zero)
		memmove(zero, zero + 2, strlen(zero + 2) + 1);
	return buf;
}

const char *chart_rate_tick(char *buf, double per_second)
{
	char *end, *from;

	fmt_rate(buf, UNIT_LEN, per_second);
	end = strchr(buf, ' ');
	if (!end || !memchr(buf, '.', end - buf))
		return buf;
	for (from = end; from[-1] == '0'; from--)
		;
	from -= from[-1] == '.';
	memmove(from, end, strlen(end) + 1);
	return buf;
}
