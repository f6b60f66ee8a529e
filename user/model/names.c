// SPDX-License-Identifier: BSD-2-Clause
/* The names of stages and counters: each is written once, in the .def files. */
#include "model/run.h"

static const struct {
	const char *name, *meaning;
} stages[NR_STAGES] = {
#define STAGE(id, name, what) [STAGE_##id] = { name, what },
#include "stages.def"
#undef STAGE
};

static const struct {
	const char *name, *meaning;
	enum counter_kind kind;
} counters[NR_COUNTERS] = {
#define COUNTER(id, name, kind, what) [COUNTER_##id] = { name, what, COUNTER_KIND_##kind },
#include "counters.def"
#undef COUNTER
};

static const struct {
	const char *name, *meaning;
} nets[NR_NET] = {
#define NET(id, name, what) [NET_##id] = { name, what },
#include "net.def"
#undef NET
};

static const struct {
	const char *name;
	enum lvt_stage service;
} causes[NR_CAUSES] = {
#define CAUSE(id, name, queue, service, what) [CAUSE_##id] = { name, STAGE_##service },
#include "causes.def"
#undef CAUSE
};

const char *net_name(enum lvt_net n)
{
	return nets[n].name;
}

const char *net_meaning(enum lvt_net n)
{
	return nets[n].meaning;
}

const char *cause_name(enum lvt_cause c)
{
	return causes[c].name;
}

enum lvt_stage cause_service_stage(enum lvt_cause c)
{
	return causes[c].service;
}

const char *stage_name(enum lvt_stage s)
{
	return stages[s].name;
}

const char *stage_meaning(enum lvt_stage s)
{
	return stages[s].meaning;
}

const char *counter_name(enum lvt_counter c)
{
	return counters[c].name;
}

const char *counter_meaning(enum lvt_counter c)
{
	return counters[c].meaning;
}

enum counter_kind counter_kind(enum lvt_counter c)
{
	return counters[c].kind;
}
