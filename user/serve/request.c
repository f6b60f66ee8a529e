// SPDX-License-Identifier: BSD-2-Clause
#include "serve/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool port_parse(const char *text, unsigned int *port)
{
	*port = 0;
	if (!*text || strlen(text) > 5)
		return false;
	for (; isdigit((unsigned char)*text); text++)
		*port = *port * 10 + *text - '0';
	return !*text && *port <= 65535;
}

/* Divide "HOST:PORT", "[HOST]:PORT" or "HOST" (*port NULL) in place. */
static bool divide(char *text, char **host, char **port)
{
	char *end;

	*host = text;
	*port = NULL;
	if (*text == '[') {
		*host = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*end = '\0';
		*port = end[1] ? end + 2 : NULL;
		return strchr(*host, ':') != NULL;
	}
	end = strchr(text, ':');
	if (end) {
		*end = '\0';
		*port = end + 1;
	}
	return !*port || !strchr(*port, ':');
}

/* ---- where to listen ---- */

void listen_describe(struct listen_address *a)
{
	const struct sockaddr_in *v4 = (const void *)&a->addr;
	const struct sockaddr_in6 *v6 = (const void *)&a->addr;
	char host[INET6_ADDRSTRLEN] = "";

	if (a->addr.ss_family == AF_INET6) {
		a->loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(a->text, sizeof(a->text), "[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		a->loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(a->text, sizeof(a->text), "%s:%u", host, ntohs(v4->sin_port));
	}
}

int listen_parse(struct listen_address *a, const char *text, struct err *e)
{
	struct sockaddr_in *v4 = (void *)&a->addr;
	struct sockaddr_in6 *v6 = (void *)&a->addr;
	char copy[64], *host = NULL, *port = NULL;
	unsigned int number = 0;
	bool good = strlen(text) < sizeof(copy);

	*a = (struct listen_address){ 0 };
	snprintf(copy, sizeof(copy), "%s", text);
	if (good && port_parse(copy, &number))
		host = "127.0.0.1";
	else
		good = good && divide(copy, &host, &port) && port && port_parse(port, &number);
	if (good && !strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (good && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(number);
		a->len = sizeof(*v4);
	} else if (good && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(number);
		a->len = sizeof(*v6);
	} else {
		err_usage(e, "option '--listen': bad address '%s'", text);
		return err_hint(e,
				"an IP address and a port, such as 127.0.0.1:9464 or [::1]:9464");
	}
	listen_describe(a);
	return 0;
}

/* ---- requests ---- */

enum page_name page_find(const char *path)
{
	static const char *const paths[] = {
		[PAGE_LIVE] = "/",	     [PAGE_SCRIPT] = "/live.js",
		[PAGE_METRICS] = "/metrics", [PAGE_REPORT] = "/api/report",
		[PAGE_HEALTH] = "/healthz",
	};

	for (size_t i = PAGE_NONE + 1; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!strcmp(path, paths[i]))
			return i;
	return PAGE_NONE;
}

bool host_is_plain(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	char copy[64], *host, *port;
	unsigned int number;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	if (!divide(copy, &host, &port) || (port && !port_parse(port, &number)))
		return false;
	return !strcasecmp(host, "localhost") || inet_pton(AF_INET, host, address) == 1 ||
	       (host > copy && inet_pton(AF_INET6, host, address) == 1);
}

static const char *skip(const char *c)
{
	return c + strspn(c, " \t");
}

/* The weight of an item of the list, 0..1000: of "type;a=b;q=0.5" 500. */
static int weight(const char *item, size_t len)
{
	const char *end = item + len, *c = item;
	int thousandths = 1000;

	while ((c = memchr(c, ';', end - c))) {
		c = skip(c + 1);
		if (end - c < 3 || tolower((unsigned char)c[0]) != 'q' || c[1] != '=')
			continue;
		thousandths = c[2] == '1' ? 1000 : 0;
		if (c[2] != '0' || end - c < 5 || c[3] != '.')
			break;
		for (int i = 0, unit = 100; i < 3 && c + 4 + i < end; i++, unit /= 10) {
			if (!isdigit((unsigned char)c[4 + i]))
				break;
			thousandths += (c[4 + i] - '0') * unit;
		}
		break;
	}
	return thousandths;
}

/* The highest weight of a type in the list, 0 if it is not there. */
static int weight_of(const char *accept, const char *type)
{
	size_t len = strlen(type), item;
	int most = 0;

	for (const char *c = skip(accept); *c; c = skip(c)) {
		int w;

		item = strcspn(c, ",");
		if (item >= len && !strncasecmp(c, type, len) &&
		    (item == len || strchr("; \t", c[len]))) {
			w = weight(c, item);
			most = w > most ? w : most;
		}
		c += item + (c[item] == ',');
	}
	return most;
}

bool accepts_openmetrics(const char *accept)
{
	int wanted = accept ? weight_of(accept, "application/openmetrics-text") : 0;

	return wanted && wanted >= weight_of(accept, "text/plain");
}

bool window_parse(const char *text, unsigned int *seconds)
{
	*seconds = 0;
	if (!text || !*text || strlen(text) > 2)
		return false;
	for (; isdigit((unsigned char)*text); text++)
		*seconds = *seconds * 10 + *text - '0';
	return !*text && *seconds >= 1 && *seconds <= WINDOW_MOST_S;
}
