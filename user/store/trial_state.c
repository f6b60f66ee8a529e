/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/trial_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/out_file.h"
#include "store/fields.h"

#define TRIAL_STATE_SCHEMA "lvt.trial-state/1"
#define INDEXED(kind, where, text, member, i)                           \
	{                                                               \
		.name = text, .type = FIELD_##kind,                     \
		.offset = offsetof(struct where, member) +              \
			  (i) * sizeof(((struct where *)0)->member[0]), \
		.size = sizeof(((struct where *)0)->member[0])          \
	}

static const struct field plan_fields[] = {
	INDEXED(TEXT, trial_plan, "before", command, TRIAL_BEFORE),
	INDEXED(TEXT, trial_plan, "after", command, TRIAL_AFTER),
	INDEXED(TEXT, trial_plan, "load", load, TRIAL_AFTER),
	INDEXED(TEXT, trial_plan, "load_before", load, TRIAL_BEFORE),
	INDEXED(TEXT, trial_plan, "beside_before", beside, TRIAL_BEFORE),
	INDEXED(TEXT, trial_plan, "beside_after", beside, TRIAL_AFTER),
	INDEXED(TEXT, trial_plan, "cgroup_before", cgroup, TRIAL_BEFORE),
	INDEXED(TEXT, trial_plan, "cgroup_after", cgroup, TRIAL_AFTER),
	FIELD(BOOL, trial_plan, alone),
	FIELD(BOOL, trial_plan, own_load),
	FIELD(U32, trial_plan, port),
	FIELD(U32, trial_plan, pairs),
	FIELD(U32, trial_plan, looks),
	FIELD(DOUBLE, trial_plan, seconds),
	FIELD(DOUBLE, trial_plan, warm_up_s),
	FIELD(DOUBLE, trial_plan, start_s),
	FIELD(U32, trial_plan, primary),
	FIELD(DOUBLE, trial_plan, delta),
	FIELD(DOUBLE, trial_plan, rate),
	FIELD(DOUBLE, trial_plan, max_foreign),
	FIELD(DOUBLE, trial_plan, max_steal),
	FIELD(U64, trial_plan, seed),
	INDEXED(TEXT, trial_plan, "service_cpus", cpus, 0),
	INDEXED(TEXT, trial_plan, "load_cpus", cpus, 1),
	FIELD(TEXT, trial_plan, host),
	FIELD(TEXT, trial_plan, kernel),
	FIELD(TEXT, trial_plan, started),
	{ 0 },
};

static const struct field pair_fields[] = {
	FIELD(U32, trial_pair, number),
	FIELD(U32, trial_pair, attempt),
	FIELD(BOOL, trial_pair, after_first),
	FIELD(BOOL, trial_pair, discarded),
	{ 0 },
};

static const struct field arm_fields[] = {
	INDEXED(DOUBLE, trial_arm, "p50", value, 0),
	INDEXED(DOUBLE, trial_arm, "p90", value, 1),
	INDEXED(DOUBLE, trial_arm, "p99", value, 2),
	INDEXED(DOUBLE, trial_arm, "p99.9", value, 3),
	INDEXED(DOUBLE, trial_arm, "mean", value, 4),
	INDEXED(DOUBLE, trial_arm, "throughput", value, 5),
	INDEXED(DOUBLE, trial_arm, "client.p50", value, 6),
	INDEXED(DOUBLE, trial_arm, "client.p90", value, 7),
	INDEXED(DOUBLE, trial_arm, "client.p99", value, 8),
	INDEXED(DOUBLE, trial_arm, "client.p99.9", value, 9),
	INDEXED(DOUBLE, trial_arm, "client.mean", value, 10),
	INDEXED(DOUBLE, trial_arm, "client.throughput", value, 11),
	INDEXED(DOUBLE, trial_arm, "beyond_p50", beyond, 0),
	INDEXED(DOUBLE, trial_arm, "beyond_p90", beyond, 1),
	INDEXED(DOUBLE, trial_arm, "beyond_p99", beyond, 2),
	INDEXED(DOUBLE, trial_arm, "beyond_p99.9", beyond, 3),
	FIELD(DOUBLE, trial_arm, window_s),
	FIELD(U64, trial_arm, requests),
	FIELD(U64, trial_arm, arrivals),
	FIELD(U64, trial_arm, loss),
	FIELD(U32, trial_arm, port),
	FIELD(BOOL, trial_arm, cut),
	FIELD(DOUBLE, trial_arm, noise.foreign),
	FIELD(DOUBLE, trial_arm, noise.steal),
	FIELD(DOUBLE, trial_arm, client.requests),
	FIELD(DOUBLE, trial_arm, client.failed),
	FIELD(DOUBLE, trial_arm, client.due_rps),
	FIELD(DOUBLE, trial_arm, client.late_p99_ns),
	FIELD(DOUBLE, trial_arm, client.edges),
	FIELD(TEXT, trial_arm, comm),
	{ 0 },
};

/* ---- pack ---- */

static json_t *pack_pair(const struct trial_pair *p, int first)
{
	json_t *o = fields_pack(pair_fields, p);
	int bad = !o;

	for (int arm = first; arm < TRIAL_ARMS && !bad; arm++)
		bad = json_object_set_new(o, trial_arm_name(arm),
					  fields_pack(arm_fields, &p->arm[arm]));
	if (bad)
		json_decref(o);
	return bad ? NULL : o;
}

json_t *trial_pack(const struct trial *t)
{
	json_t *pairs = json_array();
	int bad = !pairs;

	for (size_t i = 0; i < t->n && !bad; i++)
		bad = json_array_append_new(pairs,
					    pack_pair(&t->pairs[i], trial_first_arm(&t->plan)));
	if (bad) {
		json_decref(pairs);
		return NULL;
	}
	return json_pack("{s:s, s:i, s:o, s:o}", "schema", TRIAL_STATE_SCHEMA, "resumed",
			 (int)t->resumed, "plan", fields_pack(plan_fields, &t->plan), "pairs",
			 pairs);
}

/* ---- unpack ---- */

static const char *check_plan(const struct trial_plan *p)
{
	if ((!*p->command[TRIAL_BEFORE] && !p->alone) || !*p->command[TRIAL_AFTER] ||
	    !*p->load[TRIAL_AFTER])
		return "a command";
	if (p->pairs < 1 || p->pairs > TRIAL_MAX_PAIRS)
		return "pairs";
	if (p->looks < 1 || p->looks > 2)
		return "looks";
	if (!(p->seconds > 0) || !(p->warm_up_s >= 0) || !(p->start_s > 0))
		return "a time";
	if (p->primary >= (__u32)trial_metrics(p) || !(p->delta >= 0 && p->delta < 1))
		return "primary or delta";
	if (!(p->max_foreign >= 0) || !(p->max_steal >= 0) || p->port > 65535)
		return "a threshold or the port";
	return NULL;
}

static const char *unpack_pair(const json_t *o, struct trial_pair *p, int first)
{
	const char *wrong = fields_unpack(pair_fields, o, p);

	for (int arm = first; arm < TRIAL_ARMS && !wrong; arm++) {
		const json_t *run = json_object_get(o, trial_arm_name(arm));

		wrong = json_is_object(run) ? fields_unpack(arm_fields, run, &p->arm[arm]) :
					      trial_arm_name(arm);
	}
	if (!wrong && (!p->number || p->number > 2 * TRIAL_MAX_PAIRS || !p->attempt))
		wrong = "number";
	return wrong;
}

const char *trial_unpack(const json_t *root, struct trial *t)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *plan = json_object_get(root, "plan"), *pairs = json_object_get(root, "pairs");
	const char *wrong;
	json_t *o;
	size_t i;

	*t = (struct trial){};
	if (!schema || strcmp(schema, TRIAL_STATE_SCHEMA))
		return "schema";
	if (!json_is_object(plan) || !json_is_array(pairs) ||
	    json_array_size(pairs) > TRIAL_MAX_ATTEMPTS)
		return "plan or pairs";
	wrong = fields_unpack(plan_fields, plan, &t->plan);
	if (!wrong)
		wrong = check_plan(&t->plan);
	json_array_foreach(pairs, i, o)
		if (!wrong) {
			wrong = unpack_pair(o, &t->pairs[i], trial_first_arm(&t->plan));
			t->n++;
		}
	t->resumed = json_integer_value(json_object_get(root, "resumed"));
	return wrong;
}

/* ---- the file ---- */

int trial_save(const struct trial *t, const char *folder, struct err *e)
{
	json_t *root = trial_pack(t);
	char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
	struct out_file out;
	char path[4200];
	int err;

	json_decref(root);
	if (!text)
		return err_set(e, -ENOMEM, "no memory for the state of the trial");
	snprintf(path, sizeof(path), "%s/%s", folder, TRIAL_STATE_FILE);
	err = out_file_open(&out, path, e);
	if (!err)
		err = out_file_write(&out, text, strlen(text), e);
	if (err)
		out_file_drop(&out);
	else
		err = out_file_finish(&out, e);
	free(text);
	return err;
}

int trial_load(struct trial *t, const char *folder, struct err *e)
{
	const char *wrong;
	json_error_t bad;
	char path[4200];
	json_t *root;

	snprintf(path, sizeof(path), "%s/%s", folder, TRIAL_STATE_FILE);
	errno = 0;
	root = json_load_file(path, 0, &bad);
	if (!root && errno) {
		err_set(e, -errno, "cannot read %s: %s", path, strerror(errno));
		return err_hint(e, "give the folder of a trial that was interrupted");
	}
	if (!root)
		return err_set(e, -EBADMSG, "%s:%d: %s", path, bad.line, bad.text);
	wrong = trial_unpack(root, t);
	json_decref(root);
	if (wrong)
		return err_set(e, -EBADMSG, "%s is not the state of a trial: bad %s", path, wrong);
	return 0;
}
