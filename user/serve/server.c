// SPDX-License-Identifier: BSD-2-Clause
#include "serve/server.h"

#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/recording.h"

/* A connection, in the order in which they were last heard of. */
struct client {
	struct client *next, **link; /* link: what points to it */
	int fd;
	bool busy;    /* its request is whole; it takes the answer */
	double since; /* when that began, or the last answer ended */
};

/* Answers are shared: see PAGES_FRESH_S. */
struct kept {
	struct page_wish wish;
	double at;
	struct MHD_Response *response;
};

struct server {
	struct listen_address address;
	int listening;
	struct MHD_Daemon *daemon;
	struct pages *pages;
	struct client *clients;
	unsigned int n_clients;
	struct kept kept[8];
	size_t next_kept;
	double now; /* of the work at hand */
	unsigned int request_s;
};

/* ---- connections ---- */

static void unlink_client(struct client *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

/* To the end: the first is the one that was not heard of for the longest time. */
static void append_client(struct server *s, struct client *c)
{
	struct client **link = &s->clients;

	while (*link)
		link = &(*link)->next;
	c->next = NULL;
	c->link = link;
	*link = c;
}

/* The library notices, and ends it. */
static void cut(struct client *c)
{
	if (c->fd >= 0)
		shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
}

static bool crowded(const struct server *s)
{
	return s->n_clients + SERVER_SPARE > SERVER_CONNECTIONS;
}

/* Before it is full, who only waits makes room: a client that has a request sends it at once. */
static void cut_slow(struct server *s)
{
	double request = crowded(s) ? SERVER_HURRY_S : s->request_s;

	for (struct client *c = s->clients; c; c = c->next)
		if (s->now - c->since > (c->busy ? SERVER_ANSWER_PATIENCE * s->request_s : request))
			cut(c);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct server *s = arg;
	struct client *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c = calloc(1, sizeof(*c));
		*context = c;
		if (!c)
			return;
		c->fd = info ? info->connect_fd : -1;
		c->since = s->now;
		append_client(s, c);
		s->n_clients++;
	} else if (c) {
		unlink_client(c);
		s->n_clients--;
		free(c);
		*context = NULL;
	}
}

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void set_busy(struct server *s, struct MHD_Connection *connection, bool busy)
{
	struct client *c = client_of(connection);

	if (!c)
		return;
	c->busy = busy;
	c->since = s->now;
	unlink_client(c);
	append_client(s, c);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode how)
{
	(void)how;
	*context = NULL;
	set_busy(arg, connection, false);
}

/* ---- answers ---- */

static void add_headers(struct MHD_Response *r, const char *type)
{
	static const char policy[] =
		"default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
		"script-src 'self'; connect-src 'self'; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'";

	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Content-Security-Policy", policy);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cache-Control", "no-store");
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *why)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(why), (void *)why, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result ret;

	if (!r)
		return MHD_NO;
	add_headers(r, "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	ret = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return ret;
}

static const char *type_of(const struct page_wish *w)
{
	switch (w->name) {
	case PAGE_LIVE:
		return "text/html; charset=utf-8";
	case PAGE_SCRIPT:
		return "text/javascript; charset=utf-8";
	case PAGE_REPORT:
		return "application/json";
	case PAGE_METRICS:
		return w->openmetrics ?
			       "application/openmetrics-text; version=1.0.0; charset=utf-8" :
			       "text/plain; version=0.0.4; charset=utf-8";
	default:
		return "text/plain; charset=utf-8";
	}
}

/* *at: of what moment. */
static struct MHD_Response *make(struct server *s, const struct page_wish *w, double *at)
{
	struct answer a = { 0 };
	struct MHD_Response *r;
	struct err e = { 0 };

	if (pages_make(s->pages, w, s->now, &a, &e))
		return NULL;
	*at = a.at;
	r = MHD_create_response_from_buffer(a.size, a.body, MHD_RESPMEM_MUST_FREE);
	if (!r) {
		free(a.body);
		return NULL;
	}
	add_headers(r, type_of(w));
	if (w->name == PAGE_METRICS)
		MHD_add_response_header(r, "Vary", "Accept");
	return r;
}

static bool same(const struct page_wish *a, const struct page_wish *b)
{
	return a->name == b->name && a->openmetrics == b->openmetrics && a->window == b->window;
}

/* The same answer again, if it is fresh. */
static struct MHD_Response *find(struct server *s, const struct page_wish *w)
{
	struct kept *k;

	for (size_t i = 0; i < sizeof(s->kept) / sizeof(s->kept[0]); i++) {
		k = &s->kept[i];
		if (k->response && same(&k->wish, w) && s->now - k->at < PAGES_FRESH_S)
			return k->response;
	}
	k = &s->kept[s->next_kept++ % (sizeof(s->kept) / sizeof(s->kept[0]))];
	if (k->response)
		MHD_destroy_response(k->response);
	*k = (struct kept){ .wish = *w };
	k->response = make(s, w, &k->at);
	return k->response;
}

static enum MHD_Result answer(struct server *s, struct MHD_Connection *connection, const char *path)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
	const char *window =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "window");
	struct page_wish w = { .name = page_find(path) };
	struct MHD_Response *r;

	if (w.name == PAGE_NONE)
		return refuse(connection, MHD_HTTP_NOT_FOUND,
			      "there is /, /metrics, /api/report, /healthz\n");
	if ((w.name == PAGE_LIVE || w.name == PAGE_REPORT) && window &&
	    !window_parse(window, &w.window))
		return refuse(connection, MHD_HTTP_BAD_REQUEST,
			      "window: 1 to 60 seconds, such as ?window=10\n");
	w.openmetrics = w.name == PAGE_METRICS && accepts_openmetrics(accept);
	r = find(s, &w);
	if (!r)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "no snapshot could be taken\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, r);
}

static bool host_is_allowed(const struct server *s, struct MHD_Connection *connection)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");

	/* HTTP/1.0 may come without; browsers do not */
	return !s->address.loopback || !host || host_is_plain(host);
}

/* Called first when the headers are there, then when the whole request is. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **context)
{
	static char begun;
	struct server *s = arg;

	(void)version;
	(void)upload;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!*context) {
		*context = &begun;
		if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length") ||
		    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding"))
			return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE,
				      "no content is taken\n");
		return MHD_YES;
	}
	if (*upload_size)
		return MHD_NO;
	set_busy(s, connection, true);
	if (!host_is_allowed(s, connection))
		return refuse(connection, MHD_HTTP_MISDIRECTED_REQUEST,
			      "ask for it by its address or as localhost\n");
	return answer(s, connection, path);
}

/* Paths are compared as they come. */
static size_t no_unescape(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

/* ---- life ---- */

static int cannot_listen(const struct listen_address *a, int err, struct err *e)
{
	err_set(e, err, "cannot listen on %s: %s", a->text, strerror(-err));
	if (err == -EADDRINUSE)
		return err_hint(e, "something listens there already: choose another port with "
				   "--listen");
	if (err == -EADDRNOTAVAIL)
		return err_hint(e, "no address of this host");
	return err;
}

int server_open(struct server **out, struct listen_address *a, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));
	int on = 1;

	*out = s;
	if (!s)
		return err_set(e, -ENOMEM, "no memory");
	s->request_s = getenv("LVT_HASTE") ? 1 : SERVER_REQUEST_S; /* the tests do not wait */
	s->listening = socket(a->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listening < 0)
		return cannot_listen(a, -errno, e);
	setsockopt(s->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->addr.ss_family == AF_INET6)
		setsockopt(s->listening, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(s->listening, (struct sockaddr *)&a->addr, a->len) || listen(s->listening, 1024))
		return cannot_listen(a, -errno, e);
	getsockname(s->listening, (struct sockaddr *)&a->addr, &a->len);
	listen_describe(a);
	s->address = *a;
	return 0;
}

int server_start(struct server *s, struct pages *p, struct err *e)
{
	s->pages = p;
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, s->listening,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)SERVER_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_REQUEST_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, s->request_s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL, MHD_OPTION_END);
	return s->daemon ? 0 : err_set(e, -EIO, "cannot start the HTTP server");
}

int server_fd(const struct server *s)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

double server_due(const struct server *s, double now)
{
	/* a look for slow ones */
	double due = !s->clients ? INFINITY : now + (crowded(s) ? SERVER_HURRY_S / 2 : 0.5);
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (MHD_get_timeout(s->daemon, &wait_ms) == MHD_YES)
		due = fmin(due, now + wait_ms / 1e3);
	return due;
}

void server_work(struct server *s, double now)
{
	s->now = now;
	MHD_run(s->daemon);
	cut_slow(s);
}

void server_close(struct server *s)
{
	if (!s)
		return;
	if (s->daemon) {
		MHD_stop_daemon(s->daemon); /* and closes the socket */
	} else if (s->listening > 0) {
		close(s->listening);
	}
	for (size_t i = 0; i < sizeof(s->kept) / sizeof(s->kept[0]); i++)
		if (s->kept[i].response)
			MHD_destroy_response(s->kept[i].response);
	free(s);
}
