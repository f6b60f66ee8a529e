// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <string.h>

#include "analysis/sweep.h"
#include "base/decimal.h"
#include "model/hist.h"

static int refuse(const char *text, const char *why, struct err *e)
{
	err_usage(e, "'%s' is not an objective: %s", text, why);
	return err_hint(e, "write METRIC<TIME, such as 'p99<5ms', 'p99.9<20ms' or 'mean<800us'");
}

static bool parse_metric(const char *name, struct slo *slo)
{
	double percent;

	if (!strcmp(name, "mean") || !strcmp(name, "max")) {
		slo->metric = *(name + 1) == 'e' ? SLO_MEAN : SLO_MAX;
		slo->millionths = Q_MAX;
		return true;
	}
	percent = *name == 'p' ? read_decimal(name + 1, "") : NAN;
	slo->metric = SLO_QUANTILE;
	slo->millionths = percent > 0 && percent < 100 ? lround(percent * 1e4) : 0;
	return slo->millionths > 0 && slo->millionths < Q_MAX;
}

int slo_parse(const char *text, struct slo *slo, struct err *e)
{
	const char *at = text + strspn(text, " \t");
	size_t len = strcspn(at, "<>= \t");
	char name[SLO_NAME_LEN] = "";

	if (len < sizeof(name))
		memcpy(name, at, len);
	if (!parse_metric(name, slo))
		return refuse(text, "it must start with pNN (p50, p99.9), mean or max", e);
	at += len + strspn(at + len, " \t");
	if (*at != '<')
		return refuse(text, "a < is missing", e);
	at += at[1] == '=' ? 2 : 1;
	slo->bound_ns = read_ns(at + strspn(at, " \t"));
	if (isnan(slo->bound_ns))
		return refuse(text, "a time with its unit must follow: ns, us, ms or s", e);
	return slo->bound_ns > 0 ? 0 : refuse(text, "the time must be above 0", e);
}
