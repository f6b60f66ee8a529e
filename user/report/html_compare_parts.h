/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_COMPARE_PARTS_H
#define LVT_HTML_COMPARE_PARTS_H

#include <stdio.h>

#include "analysis/compare.h"

/* The parts of the page of a comparison: html_compare.c puts them together. */

/* Both sides' latency by percentile, with its table. */
void html_compare_curves(FILE *out, const struct comparison *c, const struct compare_service *s);

/* The ratios as points with their intervals around 1; and the table of them. */
void html_compare_ratios(FILE *out, const struct comparison *c, const struct compare_service *s);
void html_compare_values(FILE *out, const struct comparison *c, const struct compare_service *s);

/* Throughput beside latency, before and after. */
void html_compare_beside(FILE *out, const struct compare_service *s);

/* What the stages' parts changed by, near p50 and p99; nothing for the view of a client. */
void html_compare_moved(FILE *out, const struct comparison *c, const struct compare_service *s);

/* Under what the runs were made, side by side. */
void html_compare_conditions(FILE *out, const struct comparison *c);

#endif
