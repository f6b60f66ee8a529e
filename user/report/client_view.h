/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENT_VIEW_H
#define LVT_CLIENT_VIEW_H

#include "base/escape.h"
#include "model/client.h"
#include "report/facts.h"
#include "report/findings.h"

/* What every report says of a client (a load's view of a service): see findings.h. */
enum { CLIENT_NAME_LEN = ESCAPE_FACTOR * 256 + 16, CLIENT_REQUEST_LEN = ESCAPE_FACTOR * 180 + 8 };

/* "client of 127.0.0.1:6379", and "redis GET k": escaped, into buf. */
const char *client_name(const struct run_client *c, char buf[CLIENT_NAME_LEN]);
const char *client_request(const struct run_client *c, char buf[CLIENT_REQUEST_LEN]);

/* A quantile as fmt_ns() has it, or "failed". */
const char *fmt_quantile(char *buf, size_t size, __u64 ns);

/*
 * What its latency is made of, how much of the answer was in the service, what the load was, what it did
 * beside. It must have answers.
 */
void client_facts(const struct run *r, const struct run_client *c, struct facts *f);

/*
 * What must be known before its numbers are read: no requests, failures, a load that was late, a service
 * that did not keep up, connections that ran out. Returns how many, at most MAX_WARNINGS.
 */
size_t client_warnings(const struct run_client *c, struct finding found[MAX_WARNINGS]);

/* What stands out: what a closed loop would not have seen. At most MAX_FINDINGS. */
size_t client_findings(const struct run_client *c, struct finding found[MAX_FINDINGS]);

#endif
