/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/peer.h"

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

const char *fmt_peer(char *buf, size_t size, const struct lvt_peer *peer)
{
	bool v6 = peer->family == AF_INET6;
	const __u8 *addr = peer->addr;
	char text[INET6_ADDRSTRLEN];

	if (v6 && !memcmp(addr, mapped, sizeof(mapped))) {
		addr += sizeof(mapped);
		v6 = false;
	}
	if (peer->family == AF_UNSPEC)
		snprintf(buf, size, "%s", "");
	else if (peer->family == AF_UNIX)
		snprintf(buf, size, "unix");
	else if (peer->family != AF_INET && peer->family != AF_INET6)
		snprintf(buf, size, "family %u", peer->family);
	else
		snprintf(buf, size, v6 ? "[%s]:%u" : "%s:%u",
			 inet_ntop(v6 ? AF_INET6 : AF_INET, addr, text, sizeof(text)), peer->port);
	return buf;
}
