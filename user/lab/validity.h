/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_VALIDITY_H
#define LVT_LAB_VALIDITY_H

#include "lab/measured.h"

/*
 * Whether the runs of a check are worth judging; if not, why, and what to do. As a trial's gates
 * (analysis/verdict.h), but for what labs are about:
 *
 *   saturation	is no fault: goodput is a leg of its own
 *   late	the load's lateness, at the quantile that the primary figure is, is half of the larger of both arms'
 *		primary figure or more. A trial allows a tenth, as it has no other witness; here the mechanism, which is the
 *		kernel's alone, has to hold as well, and lateness counts against a service that has become fast
 *   views	as many requests by the client as by the kernel, and no less time, where no more than 1 %
 *		failed; where more did, the kernel must have answered as many as the client got right
 */
bool validity_check(const struct measured *m, const char *primary, char *why, char *advice,
		    size_t size);

#endif
