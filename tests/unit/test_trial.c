// SPDX-License-Identifier: BSD-2-Clause
/* A trial but for its runs: the coin, the rule on disturbed pairs, the state, the result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/trial.h"
#include "report/trial.h"
#include "store/trial_state.h"

static struct trial *new_trial(__u32 pairs, __u32 looks)
{
	struct trial *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->plan = (struct trial_plan){ .command = { "old \"x\"", "new \xff" },
				       .load = { "", "load {port}" },
				       .port = 80,
				       .pairs = pairs,
				       .looks = looks,
				       .seconds = 0.3,
				       .warm_up_s = 0.1,
				       .start_s = 30,
				       .primary = 2,
				       .delta = 0.02,
				       .rate = NAN,
				       .max_foreign = 0.05,
				       .max_steal = 0.01,
				       .seed = 42,
				       .cpus = { "1", "0,2-3" },
				       .host = "h",
				       .kernel = "k",
				       .started = "2026-11-24T10:00:00Z" };
	return t;
}

/* One more pair, whose after is `ratio` times its before. */
static struct trial_pair *add_pair(struct trial *t, double ratio, bool discarded)
{
	struct trial_pair *p = &t->pairs[t->n];

	*p = (struct trial_pair){ .number = trial_next_pair(t), .discarded = discarded };
	p->attempt = trial_attempts(t, p->number) + 1;
	p->after_first = trial_after_first(t->plan.seed, p->number, p->attempt);
	t->n++;
	for (int arm = 0; arm < TRIAL_ARMS; arm++) {
		struct trial_arm *a = &p->arm[arm];

		*a = (struct trial_arm){ .window_s = 0.3,
					 .requests = 30000,
					 .arrivals = 30001,
					 .port = 80,
					 .comm = "svc",
					 .noise = { 0.004, 0 } };
		for (int m = 0; m < TRIAL_METRICS; m++)
			a->value[m] = 1000.0 * (m + 1) * (arm ? ratio : 1) + p->number;
		for (int q = 0; q < TRIAL_QUANTILES; q++)
			a->beyond[q] = (const double[]){ 5000, 900, 90, 1.5 }[q];
	}
	return p;
}

static void the_coin(void **state)
{
	int heads = 0, changes = 0;

	(void)state;
	for (__u32 i = 1; i <= 1000; i++) {
		heads += trial_after_first(7, i, 1);
		changes += trial_after_first(7, i, 1) != trial_after_first(7, i + 1, 1);
		assert_int_equal(trial_after_first(7, i, 1), trial_after_first(7, i, 1));
		assert_int_equal(trial_load_seed(7, i, 1), trial_load_seed(7, i, 1));
		assert_true(trial_load_seed(7, i, 1) <= INT32_MAX);
		assert_int_not_equal(trial_load_seed(7, i, 1), trial_load_seed(7, i, 2));
	}
	/* 5 standard deviations */
	assert_true(heads > 420 && heads < 580);
	assert_true(changes > 420 && changes < 580);
	heads = 0;
	for (__u32 seed = 1; seed <= 1000; seed++)
		heads += trial_after_first(seed, 1, 1);
	assert_true(heads > 420 && heads < 580);
}

static void the_rule(void **state)
{
	const struct trial_plan p = { .max_foreign = 0.05, .max_steal = 0.01 };
	const struct {
		struct trial_noise noise;
		bool disturbed;
	} rows[] = {
		{ { 0, 0 }, false },	{ { 0.05, 0.01 }, false }, { { 0.051, 0 }, true },
		{ { 0, 0.011 }, true }, { { NAN, 0 }, true },	   { { 0, NAN }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(trial_disturbed(&p, &rows[i].noise), rows[i].disturbed);
	assert_int_equal(trial_may_discard(3), 0);
	assert_int_equal(trial_may_discard(8), 2);
	assert_int_equal(trial_may_discard(16), 4);
}

static void the_files(void **state)
{
	char name[TRIAL_FILE_LEN];
	struct trial_pair p = { .number = 3, .attempt = 2 };

	(void)state;
	assert_string_equal(trial_file(name, &p, TRIAL_BEFORE), "pair-03-before");
	p.discarded = true;
	assert_string_equal(trial_file(name, &p, TRIAL_AFTER), "discarded-03-2-after");
}

static void same_trial(const struct trial *a, const struct trial *b)
{
	const struct trial_plan *x = &a->plan, *y = &b->plan;

	assert_string_equal(x->command[0], y->command[0]);
	assert_string_equal(x->command[1], y->command[1]);
	assert_string_equal(x->load[1], y->load[1]);
	assert_string_equal(x->cpus[1], y->cpus[1]);
	assert_int_equal(x->seed, y->seed);
	assert_int_equal(x->pairs, y->pairs);
	assert_true(x->delta == y->delta && x->seconds == y->seconds);
	assert_true(isnan(x->rate) == isnan(y->rate));
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		for (int arm = 0; arm < TRIAL_ARMS; arm++) {
			const struct trial_arm *p = &a->pairs[i].arm[arm],
					       *q = &b->pairs[i].arm[arm];

			assert_int_equal(a->pairs[i].number, b->pairs[i].number);
			assert_int_equal(a->pairs[i].attempt, b->pairs[i].attempt);
			assert_int_equal(a->pairs[i].discarded, b->pairs[i].discarded);
			assert_int_equal(a->pairs[i].after_first, b->pairs[i].after_first);
			assert_memory_equal(p->value, q->value, sizeof(p->value));
			assert_memory_equal(p->beyond, q->beyond, sizeof(p->beyond));
			assert_true(p->noise.foreign == q->noise.foreign &&
				    p->noise.steal == q->noise.steal);
			assert_int_equal(p->loss, q->loss);
			assert_int_equal(p->cut, q->cut);
			assert_string_equal(p->comm, q->comm);
		}
}

static void the_state(void **state)
{
	struct trial *t = new_trial(8, 2), *u = calloc(1, sizeof(*u));
	struct err e = { 0 };
	char folder[] = "/tmp/lvt-unit-XXXXXX", path[64];
	FILE *out;

	(void)state;
	add_pair(t, 1.1 / 3, false)->arm[1].cut = true;
	add_pair(t, 2, true)->arm[0].loss = 3;
	add_pair(t, 3, false);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(trial_save(t, folder, &e), 0);
	assert_int_equal(trial_load(u, folder, &e), 0);
	same_trial(t, u);
	snprintf(path, sizeof(path), "%s/trial.json", folder);
	for (int damage = 0; damage < 4; damage++) {
		static const char *const bad[] = { "{", "{}", "{\"schema\":\"lvt.trial-state/2\"}",
						   "{\"schema\":\"lvt.trial-state/1\",\"plan\":{},"
						   "\"pairs\":[]}" };

		out = fopen(path, "w");
		assert_non_null(out);
		fputs(bad[damage], out);
		fclose(out);
		assert_int_equal(trial_load(u, folder, &e), -EBADMSG);
		assert_non_null(strstr(e.message, "trial.json"));
	}
	unlink(path);
	assert_int_equal(trial_load(u, folder, &e), -ENOENT);
	rmdir(folder);
	free(t);
	free(u);
}

static enum verdict verdict_of(const struct trial *t, struct trial_outcome *o)
{
	struct err e = { 0 };

	assert_int_equal(trial_judge_all(t, o, &e), 0);
	return o->verdict;
}

static void the_course(void **state)
{
	struct trial *t = new_trial(8, 2);
	struct trial_outcome o;

	(void)state;
	assert_int_equal(verdict_of(t, &o), VERDICT_INVALID);
	assert_int_equal(o.next, TRIAL_NEXT_PAIR);
	assert_int_equal(trial_next_pair(t), 1);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(o.next, TRIAL_NEXT_PAIR);
		add_pair(t, i % 2 ? 1.5 : 1 / 1.5, false);
		verdict_of(t, &o);
	}
	/* inconclusive: once more as many, and a discarded one does not end it */
	assert_int_equal(o.verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(o.next, TRIAL_NEXT_PAIR);
	assert_int_equal(o.design.look, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_pair(t, 1, true)->attempt, i + 1);
	verdict_of(t, &o);
	assert_int_equal(o.planned, 16);
	assert_int_equal(o.next, TRIAL_NEXT_PAIR);
	for (int i = 0; i < 8; i++)
		add_pair(t, i % 2 ? 1.5 : 1 / 1.5, false);
	assert_int_equal(verdict_of(t, &o), VERDICT_INCONCLUSIVE);
	assert_int_equal(o.design.look, 2);
	assert_int_equal(o.next, TRIAL_DONE);
	free(t);
}

static void too_noisy(void **state)
{
	struct trial *t = new_trial(8, 1);
	struct trial_outcome o;

	(void)state;
	add_pair(t, 1, true);
	add_pair(t, 1, true);
	verdict_of(t, &o);
	assert_int_equal(o.next, TRIAL_NEXT_PAIR);
	add_pair(t, 1, false);
	add_pair(t, 1, true);
	assert_int_equal(verdict_of(t, &o), VERDICT_INVALID);
	assert_int_equal(o.next, TRIAL_TOO_NOISY);
	assert_int_equal(o.failed, 1u << GATE_DISCARDED);
	free(t);
}

static void the_verdicts(void **state)
{
	static const struct {
		double ratio;
		enum verdict verdict, throughput;
	} rows[] = { { 1.2, VERDICT_REGRESSED, VERDICT_IMPROVED },
		     { 0.8, VERDICT_IMPROVED, VERDICT_REGRESSED },
		     { 1.001, VERDICT_EQUIVALENT, VERDICT_EQUIVALENT } };
	struct trial_outcome o;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct trial *t = new_trial(8, 1);

		for (int k = 0; k < 8; k++)
			add_pair(t, rows[i].ratio, false);
		assert_int_equal(verdict_of(t, &o), rows[i].verdict);
		assert_int_equal(o.next, TRIAL_DONE);
		assert_int_equal(o.values[COMPARE_THROUGHPUT].effect.verdict, rows[i].throughput);
		/* 8 x 1.5 beyond the p99.9: enough; with less it is not judged */
		assert_true(o.values[COMPARE_P99_9].resolved);
		t->pairs[0].arm[0].beyond[3] = t->pairs[1].arm[0].beyond[3] = 0;
		verdict_of(t, &o);
		assert_false(o.values[COMPARE_P99_9].resolved);
		assert_true(isnan(o.values[COMPARE_P99_9].effect.p));
		assert_int_equal(o.verdict, rows[i].verdict);
		/* a loss makes all of it invalid; a rate that was not reached all but throughput */
		t->plan.rate = 200000;
		verdict_of(t, &o);
		assert_int_equal(o.verdict, VERDICT_INVALID);
		assert_int_equal(o.values[COMPARE_THROUGHPUT].effect.verdict, rows[i].throughput);
		t->pairs[3].arm[1].loss = 1;
		verdict_of(t, &o);
		assert_int_equal(o.failed & 1u << GATE_LOSS, 1u << GATE_LOSS);
		assert_int_equal(o.values[COMPARE_THROUGHPUT].effect.verdict, VERDICT_INVALID);
		free(t);
	}
}

static char *printed(const struct trial_report *r, bool json)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(json ? trial_json(out, r, &e) : trial_text(out, r, &e), 0);
	fclose(out);
	return text;
}

static void the_result(void **state)
{
	struct trial *t = new_trial(8, 1);
	struct trial_outcome o;
	struct trial_report r = { t, &o, NULL, "runs" };
	char *text, *json;
	json_t *root, *gates;

	(void)state;
	for (int k = 0; k < 9; k++)
		add_pair(t, 1.2, k == 3);
	verdict_of(t, &o);
	text = printed(&r, false);
	assert_ptr_equal(strstr(text, "REGRESSED  p99 is 20.0 % higher"), text);
	assert_non_null(strstr(text, "not checked"));
	assert_non_null(strstr(text, "1 discarded of at most 2"));
	assert_non_null(strstr(text, "new \\xff"));
	json = printed(&r, true);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "lvt.trial/1");
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "REGRESSED");
	assert_int_equal(json_array_size(json_object_get(root, "pairs")), 9);
	assert_int_equal(json_object_size(json_object_get(root, "metrics")), TRIAL_KINDS);
	gates = json_object_get(root, "gates");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(gates, "views"), "state")),
		"not_checked");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(gates, "loss"), "state")),
		"passed");
	json_decref(root);
	free(text);
	free(json);
	free(t);
}

/* With lvt's own load: its metrics are judged, too, and it is held to what it saw. */
static struct trial *own_load(__u32 primary)
{
	struct trial *t = new_trial(8, 1);

	t->plan.own_load = true;
	t->plan.primary = primary;
	for (int k = 0; k < 8; k++) {
		struct trial_pair *p = add_pair(t, 1.2, false);

		for (int arm = 0; arm < TRIAL_ARMS; arm++) {
			struct trial_arm *a = &p->arm[arm];

			for (int m = TRIAL_KINDS; m < TRIAL_METRICS; m++)
				a->value[m] = 3000.0 * (m - 5) * (arm ? 0.5 : 1) + k;
			a->value[TRIAL_KINDS + COMPARE_THROUGHPUT] = 100000;
			a->client = (struct trial_client){ .requests = 30010,
							   .due_rps = 100010,
							   .late_p99_ns = 100,
							   .edges = 20 };
		}
	}
	return t;
}

static void a_load_of_its_own(void **state)
{
	enum { CLIENT_P99 = TRIAL_KINDS + COMPARE_P99 };
	struct trial *t = own_load(CLIENT_P99), *again = calloc(1, sizeof(*again));
	struct trial_outcome o;
	struct trial_report r = { t, &o, NULL, "runs" };
	char *text, *json;
	json_t *root, *client;

	(void)state;
	assert_int_equal(verdict_of(t, &o), VERDICT_IMPROVED);
	assert_int_equal(o.failed | o.unchecked, 0);
	assert_int_equal(o.values[COMPARE_P99].effect.verdict, VERDICT_REGRESSED);
	assert_int_equal(o.values[TRIAL_KINDS + COMPARE_P50].effect.verdict, VERDICT_IMPROVED);
	text = printed(&r, false);
	assert_non_null(strstr(text, "IMPROVED  client.p99 is 50"));
	assert_non_null(strstr(text, "as the client saw it"));
	json = printed(&r, true);
	root = json_loads(json, 0, NULL);
	assert_int_equal(json_object_size(json_object_get(root, "metrics")), TRIAL_METRICS);
	assert_string_equal(json_string_value(json_object_get(root, "primary")), "client.p99");
	client = json_object_get(json_object_get(json_array_get(json_object_get(root, "pairs"), 0),
						 "before"),
				 "client");
	assert_true(json_number_value(json_object_get(client, "requests")) == 30010);
	json_decref(root);
	free(text);
	free(json);
	/* its state, and back */
	root = trial_pack(t);
	assert_null(trial_unpack(root, again));
	assert_true(again->plan.own_load && again->plan.primary == CLIENT_P99);
	assert_memory_equal(again->pairs[3].arm[1].value, t->pairs[3].arm[1].value,
			    sizeof(t->pairs[3].arm[1].value));
	assert_memory_equal(&again->pairs[3].arm[1].client, &t->pairs[3].arm[1].client,
			    sizeof(t->pairs[3].arm[1].client));
	json_object_del(json_object_get(root, "plan"),
			"own_load"); /* then there is no such metric */
	assert_non_null(trial_unpack(root, again));
	json_decref(root);
	free(again);
	free(t);
}

static void what_its_load_must_not(void **state)
{
	struct trial_outcome o;
	struct trial *t;

	(void)state;
	for (int i = 0; i < 7; i++) {
		const __u32 gate[] = { GATE_LATE, GATE_VIEWS, GATE_VIEWS, GATE_SATURATED };
		struct trial_arm *a;

		t = own_load(COMPARE_P99);
		a = &t->pairs[5].arm[1];
		if (i == 0)
			a->client.late_p99_ns = 0.11 * a->value[TRIAL_KINDS + COMPARE_P99];
		else if (i == 1)
			a->client.requests = 31000;
		else if (i == 2)
			a->value[TRIAL_KINDS + COMPARE_P99] = a->value[COMPARE_P99] / 1.1;
		else if (i == 3)
			a->client.due_rps = 102000;
		else if (i == 4)
			a->client.due_rps = NAN; /* a closed loop */
		else if (i == 5)
			a->value[TRIAL_KINDS + COMPARE_P99] = INFINITY; /* requests that failed */
		else
			a->client.requests = 30315; /* 1.04 %, of which the edges are 0.07 */
		verdict_of(t, &o);
		assert_int_equal(o.failed, i < 4 ? 1u << gate[i] : 0);
		assert_int_equal(o.unchecked, i == 4 ? 1u << GATE_SATURATED : 0);
		assert_int_equal(o.verdict == VERDICT_INVALID, i < 4);
		free(t);
	}
}

/* Runs of one arm: the state is smaller, medians and gates are there, a verdict is not. */
static void one_arm(void **state)
{
	struct trial *t = new_trial(3, 1), *again = calloc(1, sizeof(*again));
	struct trial_outcome o;
	struct err e = { 0 };
	json_t *root;

	(void)state;
	t->plan.alone = true;
	*t->plan.command[TRIAL_BEFORE] = '\0';
	strcpy(t->plan.beside[TRIAL_AFTER], "hog");
	strcpy(t->plan.cgroup[TRIAL_AFTER], "/c/cgroup.procs");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(trial_judge_all(t, &o, &e), 0);
		assert_int_equal(o.next, TRIAL_NEXT_PAIR);
		add_pair(t, 1, false);
		memset(&t->pairs[t->n - 1].arm[TRIAL_BEFORE], 0, sizeof(struct trial_arm));
	}
	assert_int_equal(trial_judge_all(t, &o, &e), 0);
	assert_int_equal(o.next, TRIAL_DONE);
	assert_int_equal(o.verdict, VERDICT_INVALID);
	assert_int_equal(o.failed, 0);
	assert_true(isnan(o.values[0].before) && o.values[0].after == 1002);
	assert_true(o.values[2].resolved && !o.values[3].resolved);
	root = trial_pack(t);
	assert_null(json_object_get(json_array_get(json_object_get(root, "pairs"), 0), "before"));
	assert_null(trial_unpack(root, again));
	assert_true(again->plan.alone && again->n == 3);
	assert_string_equal(again->plan.beside[TRIAL_AFTER], "hog");
	assert_string_equal(again->plan.cgroup[TRIAL_AFTER], "/c/cgroup.procs");
	assert_string_equal(trial_load_of(&again->plan, TRIAL_BEFORE), "load {port}");
	t->pairs[1].arm[TRIAL_AFTER].loss = 1;
	assert_int_equal(trial_judge_all(t, &o, &e), 0);
	assert_int_equal(o.failed, 1 << GATE_LOSS);
	json_decref(root);
	free(again);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_coin),	     cmocka_unit_test(the_rule),
		cmocka_unit_test(the_files),	     cmocka_unit_test(the_state),
		cmocka_unit_test(the_course),	     cmocka_unit_test(too_noisy),
		cmocka_unit_test(the_verdicts),	     cmocka_unit_test(the_result),
		cmocka_unit_test(a_load_of_its_own), cmocka_unit_test(what_its_load_must_not),
		cmocka_unit_test(one_arm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
