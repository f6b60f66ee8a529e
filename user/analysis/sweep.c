// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/sweep.h"

#include <math.h>

void sweep_analyse(const struct sweep *s, struct sweep_analysis *a)
{
	sweep_saturation(s, &a->saturation);
	sweep_knee(s, &a->knee);
	a->capacity = (struct capacity){ .at = NAN, .low = NAN, .high = NAN };
	if (!isnan(s->slo.bound_ns))
		sweep_capacity(s, s->slo.bound_ns, &a->capacity);
	sweep_law(s, &a->law);
	for (size_t i = 0; i < s->n; i++)
		sweep_law_at(&s->steps[i], &a->law, &a->at[i]);
	sweep_usl(s, &a->usl);
	sweep_balance(s, &a->balance);
}
