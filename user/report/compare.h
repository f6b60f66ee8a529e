/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REPORT_COMPARE_H
#define LVT_REPORT_COMPARE_H

#include <stdio.h>

#include "analysis/compare.h"

/* An expression of --fail-if as the user wrote it, and what fail_if_comparison() said. */
struct fail_check {
	const char *text;
	enum compare_answer answer;
};

/*
 * Print a comparison for people: the verdict in words, then each service's quantiles, mean and
 * throughput, where its time moved, the conditions, and what would make it firmer. As wide as the
 * terminal. Returns 0, or -errno with *e filled; out is flushed.
 */
int compare_text(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, struct err *e);

/*
 * The same as one JSON object, schema "lvt.compare/1". Times are ns, ratios after / before. null:
 * not known, not applicable, for an upper bound none, for a quantile of a client that it failed.
 *
 *   schema, method "ranks" | "within-run", level, delta, primary, runs {before, after},
 *   intervals {before, after} (within-run), least_p (ranks)
 *   services [{ name, client (the view of a load), match, port, comm, runs, requests {before, after each},
 *     verdict { metric, saying, text },
 *     metrics { p50 .. throughput: { before, after, ratio, low, high, level, p, p_adjusted,
 *       detectable, beyond {before, after}, saying, gap } },
 *     percentiles { before, after: [{ per (all but one in so many; null: the slowest), ns, low, high }] },
 *     anatomy [{ at, before_ns, after_ns, requests, stages { NAME: { before_ns, after_ns,
 *       change_ns, share } } }] }]
 *   conditions [{ name, before, after, differs, warns, why }]
 *   unmatched { before [], after [] }, fail_if [{ text, answer }], firmer [text]
 *
 * saying: lower higher alike no_difference_seen undecided; gap: no_requests unresolved few_runs
 * no_intervals no_spread; answer: holds does_not_hold cannot_be_decided; match: port_and_name port
 * name.
 */
int compare_json(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, struct err *e);

/*
 * The same as one page of HTML5 that needs nothing else, of at most COMPARE_HTML_BYTES: the sections of
 * the services with the fewest requests are left out if there is no room, and the page says so.
 */
enum { COMPARE_HTML_BYTES = 500000 };
int compare_html(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, struct err *e);

#endif
