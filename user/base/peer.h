/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PEER_H
#define LVT_PEER_H

#include <stddef.h>

#include "abi.h"

/*
 * The other end of a socket as people write it: "127.0.0.1:5432" "[::1]:80" "unix", or "" for none.
 * An IPv6 address that stands for an IPv4 one (::ffff:a.b.c.d) comes out as that; a socket of
 * another family as "family N". PEER_LEN bytes are always enough. Returns buf.
 */
enum { PEER_LEN = 64 };

const char *fmt_peer(char *buf, size_t size, const struct lvt_peer *peer);

#endif
