/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TEXT_SERVICE_H
#define LVT_TEXT_SERVICE_H

#include "base/escape.h"
#include "model/run.h"
#include "report/facts.h"
#include "report/findings.h"
#include "report/page.h"

/* The parts of the text report that are about services. */
enum {
	SERVICE_NAME_LEN = 8 + ESCAPE_FACTOR * LVT_COMM_LEN + 1,
	PROCESSES_LEN = 192,
	LABEL_INDENT = 14, /* where the text beside a label begins */
};

/* ":6379 redis-server", escaped, into buf. */
const char *service_name(const struct run_service *s, char buf[SERVICE_NAME_LEN]);

/*
 * "(pid 812)" or "(3 processes: 812 813 814)", and the network namespace if it is another one, into
 * buf.
 */
const char *service_processes(const struct run_service *s, char buf[PROCESSES_LEN]);

/* The share of the latency that passes before requests are read (queue.*). */
double service_queue_share(const struct run_service *s);

/* Whether a warning is said in the first lines; with several services some stand with theirs. */
bool warning_is_urgent(const struct run *r, const struct finding *f);

/* Parts of a section: its title, "NAME WHAT --- N requests"; a line of quantiles; lines of facts. */
void title_print(const struct page *p, const char *name, const char *what, __u64 n);
void quantiles_print(const struct page *p, const struct dist *d);
void facts_print(const struct page *p, const struct facts *f);

/* The table of all services, a line each, in the run's order. */
void services_print(const struct page *p, const struct run *r);

/*
 * All about one service, with so many of its slowest requests; a service without requests gets a
 * line that says so.
 */
void service_print(const struct page *p, const struct run *r, const struct run_service *s,
		   size_t slowest);

#endif
