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
