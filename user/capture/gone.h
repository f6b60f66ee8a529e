/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_GONE_H
#define LVT_GONE_H

#include "model/run.h"

/*
 * Whether all processes that served a service have ended. If that is not to be known (more processes than
 * are listed, or lvt is in a pid namespace of its own, where their ids mean nothing) it is taken to be
 * there.
 */
bool service_gone(const struct run_service *s);

#endif
