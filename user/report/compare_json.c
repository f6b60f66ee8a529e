// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "report/compare.h"
#include "report/compare_parts.h"
#include "report/compare_words.h"
#include "report/json_parts.h"

static json_t *word_or_null(const char *word)
{
	return word ? json_string(word) : json_null();
}

static json_t *both(json_t *before, json_t *after)
{
	return json_pack("{s:o, s:o}", "before", before, "after", after);
}

static json_t *value(const struct compare_value *v)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "before",
			 json_number(v->before), "after", json_number(v->after), "ratio",
			 json_number(v->ratio), "low", json_number(v->low), "high",
			 json_number(v->high), "level", json_number(v->level), "p",
			 json_number(v->p), "p_adjusted", json_number(v->p_adjusted), "detectable",
			 json_number(v->detectable), "beyond",
			 both(json_number(v->beyond[0]), json_number(v->beyond[1])), "saying",
			 compare_saying_word(v->saying), "gap",
			 word_or_null(compare_gap_word(v->gap)));
}

static json_t *metrics(const struct compare_service *s)
{
	json_t *all = json_object();
	int bad = 0;

	for (int m = 0; m < NR_COMPARE_METRICS && !bad; m++)
		bad = json_put(all, compare_metric_name(m), value(&s->values[m]));
	return json_unless(bad, all);
}

static json_t *stages(const struct compare_anatomy *a)
{
	json_t *all = json_object();
	int bad = 0;

	for (int i = 0; i < NR_STAGES && !bad; i++) {
		const struct compare_stage *st = &a->stages[i];

		bad = json_put(
			all, stage_name(st->stage),
			json_pack("{s:o, s:o, s:o, s:o}", "before_ns", json_number(st->before_ns),
				  "after_ns", json_number(st->after_ns), "change_ns",
				  json_number(st->change_ns), "share", json_number(st->share)));
	}
	return json_unless(bad, all);
}

json_t *compare_anatomy_json(const struct compare_service *s)
{
	json_t *all = json_array();
	int bad = 0;

	for (int i = 0; i < COMPARE_ANATOMIES && !bad && !s->client; i++) {
		const struct compare_anatomy *a = &s->anatomy[i];

		bad = json_array_append_new(
			all,
			json_pack("{s:s, s:o, s:o, s:o, s:o}", "at", a->at, "before_ns",
				  json_number(a->before_ns), "after_ns", json_number(a->after_ns),
				  "requests",
				  both(json_number(a->requests[0]), json_number(a->requests[1])),
				  "stages", stages(a)));
	}
	return json_unless(bad, all);
}

static json_t *percentiles(const struct compare_curve *curve)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < curve->n && !bad; i++) {
		const struct compare_point *p = &curve->points[i];

		if (compare_point_told(curve, i))
			bad = json_array_append_new(
				all,
				json_pack("{s:o, s:o, s:o, s:o}", "per",
					  i + 1 == curve->n ? json_null() : json_number(p->per),
					  "ns", json_number(p->ns), "low", json_number(p->low),
					  "high", json_number(p->high)));
	}
	return json_unless(bad, all);
}

static json_t *verdict(const struct comparison *c, const struct compare_service *s)
{
	char text[COMPARE_WORDS_LEN];

	compare_sentence(c, s, c->options.primary, text);
	return json_pack("{s:s, s:s, s:o}", "metric", compare_metric_name(c->options.primary),
			 "saying", compare_saying_word(s->values[c->options.primary].saying),
			 "text", json_name(text));
}

static json_t *service(const struct comparison *c, const struct compare_service *s)
{
	char name[COMPARE_WORDS_LEN];

	compare_service_name(s, name);
	return json_pack("{s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			 json_name(name), "client", (int)s->client, "match",
			 compare_match_word(s->match), "port",
			 both(json_count(s->port[0]), json_count(s->port[1])), "comm",
			 both(json_name(s->comm[0]), json_name(s->comm[1])), "runs",
			 both(json_count(s->runs[0]), json_count(s->runs[1])), "requests",
			 both(json_count(s->requests[0]), json_count(s->requests[1])), "verdict",
			 verdict(c, s), "metrics", metrics(s), "percentiles",
			 both(percentiles(&s->curves[0]), percentiles(&s->curves[1])), "anatomy",
			 compare_anatomy_json(s));
}

static json_t *services(const struct comparison *c)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < c->n_services && !bad; i++)
		bad = json_array_append_new(all, service(c, &c->services[i]));
	return json_unless(bad, all);
}

static json_t *conditions(const struct comparison *c)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < c->n_conditions && !bad; i++) {
		const struct compare_condition *n = &c->conditions[i];

		bad = json_array_append_new(all, json_pack("{s:s, s:o, s:o, s:b, s:b, s:o}", "name",
							   n->name, "before", json_name(n->before),
							   "after", json_name(n->after), "differs",
							   n->differs, "warns", n->warns, "why",
							   word_or_null(n->why)));
	}
	return json_unless(bad, all);
}

static json_t *left_over(const struct comparison *c, int side)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < c->n_unmatched[side] && !bad; i++)
		bad = json_array_append_new(all, json_name(c->unmatched[side][i]));
	return json_unless(bad, all);
}

static json_t *fail_if(const struct fail_check *checks, size_t n)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++)
		bad = json_array_append_new(all, json_pack("{s:o, s:s}", "text",
							   json_name(checks[i].text), "answer",
							   compare_answer_word(checks[i].answer)));
	return json_unless(bad, all);
}

static json_t *firmer(const struct comparison *c)
{
	char text[COMPARE_MAX_FIRMER][COMPARE_WORDS_LEN];
	size_t n = compare_firmer(c, text);
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++)
		bad = json_array_append_new(all, json_name(text[i]));
	return json_unless(bad, all);
}

int compare_json(FILE *out, const struct comparison *c, const struct fail_check *checks,
		 size_t n_checks, struct err *e)
{
	bool ranks = c->method == COMPARE_RANKS;
	json_t *root;

	root = json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "schema", "lvt.compare/1", "method", ranks ? "ranks" : "within-run",
			 "level", json_number(c->options.level), "delta",
			 json_number(c->options.delta), "primary",
			 compare_metric_name(c->options.primary), "runs",
			 both(json_count(c->runs[0]), json_count(c->runs[1])), "intervals",
			 ranks ? json_null() :
				 both(json_count(c->intervals[0]), json_count(c->intervals[1])),
			 "least_p", ranks ? json_number(c->least_p) : json_null(), "services",
			 services(c), "conditions", conditions(c), "unmatched",
			 both(left_over(c, 0), left_over(c, 1)), "fail_if",
			 fail_if(checks, n_checks), "firmer", firmer(c));
	if (!root)
		return err_set(e, -ENOMEM, "no memory for the JSON comparison");
	return json_print(root, out, "comparison", e);
}
