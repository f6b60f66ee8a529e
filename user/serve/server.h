/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SERVER_H
#define LVT_SERVER_H

#include "base/err.h"
#include "serve/pages.h"

/*
 * The HTTP side: what may be asked, by whom, and for how long. Without threads: the caller waits for
 * server_fd() to be readable or until server_due(), and calls server_work(). Nothing that a client does
 * is an error of the server's.
 */
enum {
	SERVER_CONNECTIONS = 64,
	SERVER_SPARE = 8, /* when no more are left, those that only wait have SERVER_HURRY_S */
	SERVER_REQUEST_BYTES = 16384, /* request line and headers: 431 or 414 beyond */
	SERVER_REQUEST_S = 10,	      /* to send a request, or to idle in; */
	SERVER_ANSWER_PATIENCE = 3,   /* so many times that to take an answer */
};

#define SERVER_HURRY_S 0.1

struct server;

/*
 * Bind and listen; *a gets the port that was chosen. Returns 0, or -errno with *e filled: the port is in
 * use, no right to it, not an address of this host.
 */
int server_open(struct server **s, struct listen_address *a, struct err *e);

/* Answer from now on. */
int server_start(struct server *s, struct pages *p, struct err *e);

int server_fd(const struct server *s);
double server_due(const struct server *s, double now);
void server_work(struct server *s, double now);

/* NULL-safe. */
void server_close(struct server *s);

#endif
