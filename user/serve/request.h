/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_REQUEST_H
#define LVT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

/* What comes from outside, understood: the address to listen on, and the parts of an HTTP request. */
struct listen_address {
	struct sockaddr_storage addr;
	socklen_t len;
	bool loopback;
	char text[64]; /* "127.0.0.1:9464", "[::1]:9464" */
};

/*
 * "127.0.0.1:9464", "[::1]:9464", "localhost:9464", or the port alone, on 127.0.0.1. Port 0 is any free
 * one. No other names: what they stand for is not known before it is too late. Returns 0 or -EINVAL with
 * *e filled (EXIT_USAGE).
 */
int listen_parse(struct listen_address *a, const char *text, struct err *e);

/* Its text and loopback from its addr. */
void listen_describe(struct listen_address *a);

enum page_name { PAGE_NONE, PAGE_LIVE, PAGE_SCRIPT, PAGE_METRICS, PAGE_REPORT, PAGE_HEALTH };

/* Exactly one of the paths; nothing is decoded. */
enum page_name page_find(const char *path);

/*
 * Whether a Host header names this server beyond doubt: an IP address or "localhost", with any port
 * (there may be a tunnel between). A name that a site has pointed to the loopback (DNS rebinding) is
 * neither.
 */
bool host_is_plain(const char *host);

/*
 * Whether a client wants OpenMetrics rather than Prometheus' older text format: it accepts it, by name,
 * and does not prefer text/plain. accept NULL = no such header. RFC 9110, 12.5.1; of a type that is listed
 * several times, as Prometheus does with versions, the highest weight counts.
 */
bool accepts_openmetrics(const char *accept);

/* ?window=SECS: 1..WINDOW_MOST_S whole seconds into *seconds; false for anything else. */
enum { WINDOW_MOST_S = 60 };
bool window_parse(const char *text, unsigned int *seconds);

#endif
