/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LISTENERS_H
#define LVT_LISTENERS_H

#include <stddef.h>

/*
 * What listens on TCP in this network namespace, for a message: "6379 redis-server, 80 nginx", or
 * "nothing". Cut with "..." if it does not fit.
 */
void listeners_describe(char *buf, size_t size);

#endif
