/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include "base/options.h"
#include "base/signals.h"
#include "capture/listeners.h"
#include "capture/recording.h"
#include "cmd.h"
#include "serve/confine.h"
#include "serve/server.h"

#define DEFAULT_LISTEN "127.0.0.1:9464"

struct config {
	struct filter_options filter;
	double duration; /* 0 = until Ctrl-C */
	const char *listen;
	struct tracer_options trace;
};

static const struct option_row rows[] = {
	FILTER_OPTION_ROWS(struct config, filter),
	{ .name = "listen",
	  .type = OPT_STRING,
	  .arg = "ADDRESS:PORT",
	  .offset = offsetof(struct config, listen),
	  .help = "where to answer (" DEFAULT_LISTEN
		  "); other hosts can only reach another address" },
	{ .name = "duration",
	  .letter = 'd',
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, duration),
	  .help = "stop after SECS, counted from attach" },
	{ .name = "idle",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = offsetof(struct config, trace.idle_s),
	  .help = "an answer is complete when its connection has been idle so long (0.45)" },
	{ 0 },
};

static const struct options options = {
	.command = "serve",
	.args = "[OPTION...]",
	.about =
		"Trace services until Ctrl-C and answer over HTTP: / is a live page, /metrics is for "
		"Prometheus (OpenMetrics), /api/report is the JSON report, both pages with "
		"?window=SECS for the last seconds; /healthz. Without a filter, every listening TCP "
		"service of the host. Whoever can reach the address can read it: it is the loopback "
		"unless --listen says otherwise.",
	.more = "Examples:\n"
		"  sudo lvt serve                        then open http://" DEFAULT_LISTEN "/\n"
		"  sudo lvt serve -p 6379\n"
		"  curl -s http://" DEFAULT_LISTEN
		"/api/report?window=10 | jq .services[0].latency_ns\n",
	.rows = rows,
};

struct session {
	const struct config *config;
	struct listen_address address;
	struct recording rec;
	struct pages pages;
	struct server *server;
	int signals;
};

/* Services that there are now, without our own; *foreign: one is in another network namespace. */
static __u32 count_services(const struct session *s, bool *foreign)
{
	const struct tracer *t = s->rec.tracer;
	struct lvt_service info;
	__u32 n = 0;

	*foreign = false;
	for (__u32 id = 0; id < tracer_services(t); id++) {
		if (tracer_service(t, id, &info))
			continue;
		*foreign |= info.netns != t->netns;
		n += info.tgid != (__u32)getpid();
	}
	return n;
}

static void announce(const struct session *s, __u32 n)
{
	const char *filter = s->rec.tracer->filter.text;
	char list[400];

	if (!s->address.loopback)
		fprintf(stderr,
			"lvt: warning: whoever can reach %s can read what is measured: names of "
			"processes, addresses of clients and peers. There is no password and no "
			"encryption.\n",
			s->address.text);
	if (n) {
		fprintf(stderr, "tracing %u service%s%s%s; http://%s/ (Ctrl-C stops)\n", n,
			n == 1 ? "" : "s", *filter ? " of " : "", filter, s->address.text);
		return;
	}
	listeners_describe(list, sizeof(list));
	fprintf(stderr, "tracing; no service yet%s%s (what listens now: %s); http://%s/\n",
		*filter ? " that matches " : "", filter, list, s->address.text);
}

static int loop(struct session *s, struct err *e)
{
	double end = s->config->duration ? s->rec.start + s->config->duration : INFINITY;
	struct pollfd wait[] = { { .fd = s->signals, .events = POLLIN },
				 { .fd = server_fd(s->server), .events = POLLIN } };
	double now, next;
	int err;

	for (;;) {
		now = recording_now();
		if (now >= end)
			return 0;
		next = fmin(fmin(recording_due(&s->rec), pages_due(&s->pages)),
			    fmin(server_due(s->server, now), end));
		poll(wait, 2, next > now ? (int)((next - now) * 1e3) + 1 : 0);
		if (wait[0].revents)
			return 0;
		now = recording_now();
		server_work(s->server, now);
		err = recording_work(&s->rec, now, e);
		if (!err)
			err = pages_work(&s->pages, now, e);
		if (err)
			return err;
	}
}

static int serve(struct session *s, const struct filter *f, struct err *e)
{
	bool foreign;
	__u32 n;
	int err = recording_open(&s->rec, f, &s->config->trace, e);

	if (!err)
		err = recording_start(&s->rec, e);
	if (err)
		return err;
	s->pages.tracer = s->rec.tracer;
	s->pages.own_port = ntohs(((struct sockaddr_in *)&s->address.addr)->sin_port);
	n = count_services(s, &foreign);
	announce(s, n);
	err = server_start(s->server, &s->pages, e);
	if (!err)
		err = confine(foreign, e);
	return err ? err : loop(s, e);
}

int cmd_serve(int argc, char **argv, struct err *e)
{
	struct config config = { .listen = DEFAULT_LISTEN,
				 .trace = { .idle_s = TRACER_IDLE_MS / 1e3,
					    .recent_s = PAGES_RECENT_S } };
	static struct session s; /* pages are large */
	struct filter f;
	int err = options_parse(&options, &config, argc, argv, NULL, e);

	if (err)
		return err == OPTIONS_HELP ? EXIT_GOOD : err;
	s.config = &config;
	/* or what a snapshot took would be kept, and zeroed page by page for the next one */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	err = listen_parse(&s.address, config.listen, e);
	if (!err)
		err = filter_resolve(&f, &config.filter, e);
	if (err)
		return err;
	s.rec.interval = INFINITY; /* pages take their own snapshots */
	s.signals = signals_open(0, e);
	err = s.signals < 0 ? s.signals : server_open(&s.server, &s.address, e);
	if (!err)
		err = serve(&s, &f, e);
	server_close(s.server);
	pages_free(&s.pages);
	recording_close(&s.rec);
	if (s.signals >= 0)
		close(s.signals);
	return err;
}
