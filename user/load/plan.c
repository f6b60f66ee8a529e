// SPDX-License-Identifier: BSD-2-Clause
#define _GNU_SOURCE
#include "load/plan.h"

#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cpus.h"

const char *const load_arrivals[] = { "poisson", "constant", NULL };
const char *const load_protocols[] = { "http", "redis", "raw", NULL };

void load_options_default(struct load_options *o)
{
	*o = (struct load_options){ .connections = 50,
				    .threads = 1,
				    .duration_s = 10,
				    .timeout_s = 5,
				    .protocol = -1,
				    .spin_us = LOAD_SPIN_AUTO,
				    .request.keys = 10000 };
}

/* ---- the target ---- */

struct target {
	enum protocol_id protocol;
	char host[200]; /* without brackets */
	char service[8];
	char path[2048]; /* "" = none given */
};

static int no_target(const char *text, struct err *e)
{
	err_usage(e, "no target: '%s'", text);
	return err_hint(e, "give HOST:PORT, http://HOST[:PORT]/PATH or redis://HOST[:PORT]");
}

/* What speaks TLS cannot be loaded: say so before a socket does. */
static int find_protocol(const char **text, int asked, enum protocol_id *to, struct err *e)
{
	static const char *const tls[] = { "https://", "rediss://", NULL };

	for (int i = 0; tls[i]; i++)
		if (!strncmp(*text, tls[i], strlen(tls[i]))) {
			err_usage(e, "%s: TLS is not spoken", *text);
			return err_hint(e,
					"give the service's plain port, or one behind its proxy");
		}
	*to = asked < 0 ? PROTOCOL_HTTP : (enum protocol_id)asked;
	for (int i = 0; i < NR_PROTOCOLS; i++) {
		const char *scheme = protocol_of(i)->scheme;

		if (strncmp(*text, scheme, strlen(scheme)))
			continue;
		if (asked >= 0 && asked != i)
			return err_usage(e, "%s is not --protocol %s", *text,
					 load_protocols[asked]);
		*text += strlen(scheme);
		*to = i;
		return 0;
	}
	return 0;
}

static bool read_port(const char *text, char port[8])
{
	unsigned long n = strtoul(text, NULL, 10);

	snprintf(port, 8, "%s", text);
	return strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text) && n >= 1 &&
	       n <= UINT16_MAX;
}

static int target_parse(struct target *t, const char *text, int asked, struct err *e)
{
	const char *rest = text, *colon;
	char name[256];
	size_t len;
	int err;

	memset(t, 0, sizeof(*t));
	err = find_protocol(&rest, asked, &t->protocol, e);
	if (err)
		return err;
	len = strcspn(rest, "/?#");
	if (len >= sizeof(name) || (rest[len] && t->protocol != PROTOCOL_HTTP))
		return no_target(text, e);
	snprintf(t->path, sizeof(t->path), "%s%.*s", rest[len] == '?' ? "/" : "",
		 (int)strcspn(rest + len, "#"), rest + len);
	snprintf(name, sizeof(name), "%.*s", (int)len, rest);
	if (strchr(name, '@')) {
		err_usage(e, "no target: '%s' has a user name", text);
		return err_hint(e, "log in with --header 'Authorization: ...'");
	}
	colon = *name == '[' ? strchr(name, ']') : name;
	colon = colon ? strrchr(colon, ':') : NULL;
	if (colon && *name != '[' && strchr(name, ':') != colon) {
		err_usage(e, "no target: '%s'", text);
		return err_hint(e, "an IPv6 address stands in brackets: [::1]:80");
	}
	if (colon ? !read_port(colon + 1, t->service) : !protocol_of(t->protocol)->port)
		return no_target(text, e);
	if (!colon)
		snprintf(t->service, sizeof(t->service), "%u", protocol_of(t->protocol)->port);
	len = colon ? (size_t)(colon - name) : strlen(name);
	if (*name == '[' && (len < 3 || name[len - 1] != ']'))
		return no_target(text, e);
	snprintf(t->host, sizeof(t->host), "%.*s", (int)(*name == '[' ? len - 2 : len),
		 name + (*name == '['));
	return *t->host ? 0 : no_target(text, e);
}

/* Whoever is reached from the same address is here; nothing is sent to find out. */
static bool is_local(const struct sockaddr_storage *to, socklen_t len)
{
	struct sockaddr_storage from = { 0 };
	const struct sockaddr_in *a = (const void *)to, *b = (const void *)&from;
	const struct sockaddr_in6 *a6 = (const void *)to, *b6 = (const void *)&from;
	socklen_t size = sizeof(from);
	int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool local = false;

	if (fd < 0)
		return false;
	if (!connect(fd, (const struct sockaddr *)to, len) &&
	    !getsockname(fd, (struct sockaddr *)&from, &size))
		local = to->ss_family == AF_INET6 ?
				!memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) :
				a->sin_addr.s_addr == b->sin_addr.s_addr ||
					ntohl(a->sin_addr.s_addr) >> 24 == 127;
	close(fd);
	return local;
}

static int resolve(struct load_plan *p, const struct target *t, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *found;
	char host[128] = "?", port[8] = "?";
	int ret = getaddrinfo(t->host, t->service, &hints, &found);

	if (ret == EAI_ADDRFAMILY ||
	    ret == EAI_NONAME) { /* an address of a family without a route */
		hints.ai_flags = 0;
		ret = getaddrinfo(t->host, t->service, &hints, &found);
	}
	if (ret) {
		err_set(e, -ENOENT, "cannot find the host '%s': %s", t->host,
			ret == EAI_SYSTEM ? strerror(errno) : gai_strerror(ret));
		return err_hint(e, "is the name right?");
	}
	memcpy(&p->address, found->ai_addr, found->ai_addrlen);
	p->address_len = found->ai_addrlen;
	getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	p->port = strtoul(port, NULL, 10);
	p->local = is_local(&p->address, p->address_len);
	snprintf(p->target, sizeof(p->target), found->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
		 host, port);
	freeaddrinfo(found);
	snprintf(p->host, sizeof(p->host), strchr(t->host, ':') ? "[%s]:%s" : "%s:%s", t->host,
		 t->service);
	return 0;
}

/* ---- how it comes ---- */

static int plan_profile(struct load_plan *p, const struct load_options *o, struct err *e)
{
	int given = (o->rate > 0) + !!o->profile + o->closed, err = 0;

	if (given != 1) {
		err_usage(e, given ? "one of --rate, --profile and --closed is enough" :
				     "how much load is not said");
		return err_hint(e, "give --rate R (requests/s, open loop), --profile SPEC, or "
				   "--closed (as fast as the answers come)");
	}
	if (o->think_s > 0 && !o->closed)
		return err_usage(e, "--think is of a closed loop: --closed");
	p->open = !o->closed;
	p->rate = NAN;
	if (o->profile)
		err = profile_parse(&p->profile, o->profile, o->duration_s, e);
	else if (profile_even(&p->profile, o->closed ? 1 : o->rate, o->duration_s))
		err = err_set(e, -ENOMEM, "no memory for a profile");
	if (err)
		return err;
	p->duration_s = p->profile.length;
	if (p->open)
		p->rate = p->profile.total / p->profile.length;
	snprintf(p->profile_text, sizeof(p->profile_text), "%s", o->profile ?: "");
	if (profile_warm_up(&p->profile, o->warm_up_s))
		return err_set(e, -ENOMEM, "no memory for a profile");
	if (p->open && p->rate * o->timeout_s > LOAD_MAX_WAITING) {
		err_usage(e, "%.0f requests/s and a time-out of %g s: too many could wait at once",
			  p->rate, o->timeout_s);
		return err_hint(e, "give a shorter --timeout");
	}
	return 0;
}

static int plan_seed(struct load_plan *p, const char *text, struct err *e)
{
	char *end;

	if (!text) {
		if (getrandom(&p->seed, sizeof(p->seed), 0) != sizeof(p->seed))
			return err_set(e, -EIO, "no random numbers for a seed");
		p->seed >>= 32; /* short enough to be typed */
		return 0;
	}
	errno = 0;
	p->seed = strtoull(text, &end, 10);
	if (strspn(text, "0123456789") != strlen(text) || errno || *end)
		return err_usage(e, "option '--seed': no number: '%s'", text);
	return 0;
}

static int plan_cpus(struct load_plan *p, const char *list, struct err *e)
{
	p->pinned = list;
	if (!list)
		return 0;
	if (!cpus_parse(&p->cpus, list)) {
		err_usage(e, "option '--cpus': no list of CPUs: '%s'", list);
		return err_hint(e, "give numbers and ranges: 0,2-3");
	}
	if (!cpus_allowed(&p->cpus))
		return err_usage(e, "option '--cpus': not all of %s may be used here", list);
	return 0;
}

/* The service needs a CPU, too: where there is but one, the load has to sleep. */
static void plan_spin(struct load_plan *p, uint32_t asked)
{
	p->spin_us = asked;
	if (asked == LOAD_SPIN_AUTO)
		p->spin_us = sysconf(_SC_NPROCESSORS_ONLN) > (long)p->threads ? LOAD_SPIN_US : 0;
}

/* What was asked, as people read it. */
static void describe(struct load_plan *p)
{
	const struct request_mix *m = &p->mix;
	size_t n = 0;

	for (size_t i = 0; i < m->n && n < sizeof(p->request); i++) {
		if (m->n > 1)
			n += snprintf(p->request + n, sizeof(p->request) - n, "%s%g × ",
				      i ? ", " : "", m->requests[i].weight);
		if (n < sizeof(p->request))
			n += snprintf(p->request + n, sizeof(p->request) - n, "%s",
				      m->requests[i].name);
	}
}

int load_plan_make(struct load_plan *p, const char *target, const struct load_options *o,
		   struct err *e)
{
	struct request_options request = o->request;
	struct target t;
	int err;

	memset(p, 0, sizeof(*p));
	p->poisson = o->arrivals == 0;
	p->threads = o->threads < o->connections ? o->threads : o->connections;
	plan_spin(p, o->spin_us);
	p->think_s = o->think_s;
	p->timeout_s = o->timeout_s;
	p->warm_up_s = o->warm_up_s;
	p->connections = o->connections;
	err = target_parse(&t, target, o->protocol, e);
	if (!err && *t.path && request.path)
		err = err_usage(e, "the path is given twice: in '%s' and as --path", target);
	if (!err && *t.path)
		request.path = t.path;
	if (!err)
		err = plan_profile(p, o, e);
	if (!err)
		err = plan_seed(p, o->seed, e);
	if (!err)
		err = plan_cpus(p, o->cpus, e);
	if (!err)
		err = resolve(p, &t, e);
	if (!err)
		err = request_mix_make(&p->mix, protocol_of(t.protocol), &request, p->host, e);
	if (err)
		load_plan_free(p);
	else
		describe(p);
	return err;
}

void load_plan_free(struct load_plan *p)
{
	profile_free(&p->profile);
	request_mix_free(&p->mix);
}
