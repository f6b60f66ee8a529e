/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/trial.h"
#include <math.h>
#include <stdio.h>
#include "base/random.h"

const char *trial_arm_name(int arm)
{
	return arm == TRIAL_AFTER ? "after" : "before";
}

int trial_first_arm(const struct trial_plan *p)
{
	return p->alone ? TRIAL_AFTER : TRIAL_BEFORE;
}

int trial_arms(const struct trial_plan *p)
{
	return TRIAL_ARMS - trial_first_arm(p);
}

const char *trial_load_of(const struct trial_plan *p, int arm)
{
	return *p->load[arm] ? p->load[arm] : p->load[TRIAL_AFTER];
}

int trial_metrics(const struct trial_plan *p)
{
	return p->own_load ? TRIAL_METRICS : TRIAL_KINDS;
}

int trial_kind(int metric)
{
	return metric % TRIAL_KINDS;
}

bool trial_of_client(int metric)
{
	return metric >= TRIAL_KINDS;
}

static __u64 draw(__u64 seed, __u32 number, __u32 attempt, __u32 what)
{
	return random_mix(random_mix(random_mix(seed) ^ ((__u64)number << 32 | attempt)) ^ what);
}

bool trial_after_first(__u64 seed, __u32 number, __u32 attempt)
{
	return draw(seed, number, attempt, 0) >> 63;
}

__u32 trial_load_seed(__u64 seed, __u32 number, __u32 attempt)
{
	return draw(seed, number, attempt, 1) >> 33; /* fits a signed int of any load */
}

bool trial_disturbed(const struct trial_plan *p, const struct trial_noise *n)
{
	return !(n->foreign <= p->max_foreign) || !(n->steal <= p->max_steal);
}

size_t trial_discarded(const struct trial *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->pairs[i].discarded;
	return n;
}

size_t trial_kept(const struct trial *t)
{
	return t->n - trial_discarded(t);
}

size_t trial_may_discard(size_t planned)
{
	return planned / 4;
}

__u32 trial_attempts(const struct trial *t, __u32 number)
{
	__u32 n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->pairs[i].number == number;
	return n;
}

const char *trial_file(char buf[TRIAL_FILE_LEN], const struct trial_pair *p, int arm)
{
	if (p->discarded)
		snprintf(buf, TRIAL_FILE_LEN, "discarded-%02u-%u-%s", p->number, p->attempt,
			 trial_arm_name(arm));
	else
		snprintf(buf, TRIAL_FILE_LEN, "pair-%02u-%s", p->number, trial_arm_name(arm));
	return buf;
}
