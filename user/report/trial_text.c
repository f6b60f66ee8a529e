// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/compare_parts.h"
#include "report/compare_words.h"
#include "report/page.h"
#include "report/trial.h"

enum { NAME = 12, VALUE = 10, RATIO = 8, INTERVAL = 18, LABEL = 14 };
enum { WIDE_INTERVAL = 60, WIDE_VERDICT = 76 };

static void cell(const struct page *p, const char *text, int width)
{
	char padded[128];

	fputs(pad_left(padded, sizeof(padded), text, width), p->out);
}

static void name_cell(const struct page *p, const char *text, int width)
{
	char padded[128];

	fputs(pad_right(padded, sizeof(padded), text, width), p->out);
}

static void heading(const struct page *p, const struct trial_report *r)
{
	double level = r->outcome->values[r->trial->plan.primary].effect.level;
	char interval[32] = "interval";

	if (level < 1)
		snprintf(interval, sizeof(interval), "%.1f %% interval", floor(level * 1000) / 10);
	page_style(p, STYLE_DIM);
	name_cell(p, "", NAME);
	cell(p, "before", VALUE);
	cell(p, "after", VALUE);
	cell(p, "ratio", RATIO);
	if (p->columns >= WIDE_INTERVAL)
		cell(p, interval, INTERVAL);
	if (p->columns >= WIDE_VERDICT)
		fputs("   verdict", p->out);
	page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void metric_row(const struct page *p, const struct trial_report *r, int m)
{
	const struct trial_value *v = &r->outcome->values[m];
	const struct effect *f = &v->effect;
	bool primary = m == (int)r->trial->plan.primary;
	char text[UNIT_LEN], low[UNIT_LEN], high[UNIT_LEN], inside[2 * UNIT_LEN + 8] = "-";

	if (primary)
		page_style(p, STYLE_BOLD);
	snprintf(inside, sizeof(inside), "%c %s", primary ? '*' : ' ',
		 compare_metric_name(trial_kind(m)));
	name_cell(p, inside, NAME);
	cell(p, fmt_metric(text, sizeof(text), trial_kind(m), v->before), VALUE);
	cell(p, fmt_metric(text, sizeof(text), trial_kind(m), v->after), VALUE);
	cell(p, fmt_ratio(text, sizeof(text), f->ratio), RATIO);
	snprintf(inside, sizeof(inside), "-");
	if (f->low > 0 || isfinite(f->high))
		snprintf(inside, sizeof(inside), "%s to %s", fmt_ratio(low, sizeof(low), f->low),
			 fmt_ratio(high, sizeof(high), f->high));
	if (p->columns >= WIDE_INTERVAL)
		cell(p, inside, INTERVAL);
	if (p->columns >= WIDE_VERDICT)
		fprintf(p->out, "   %s",
			v->resolved || primary ? verdict_name(f->verdict) : "not resolvable");
	if (primary)
		page_style(p, STYLE_PLAIN);
	fputc('\n', p->out);
}

static void print_metrics(const struct page *p, const struct trial_report *r)
{
	heading(p, r);
	for (int m = 0; m < trial_metrics(&r->trial->plan); m++) {
		if (m == TRIAL_KINDS)
			page_text(p, 2, "", STYLE_DIM,
				  "as the client saw it, from when a request was due");
		metric_row(p, r, m);
	}
}

/* Why a metric whose interval excludes 1 may be inconclusive all the same. */
static void say_adjusted(const struct page *p, const struct trial_report *r)
{
	for (int m = 0; m < trial_metrics(&r->trial->plan); m++) {
		const struct effect *f = &r->outcome->values[m].effect;

		if (m == (int)r->trial->plan.primary || f->verdict != VERDICT_INCONCLUSIVE ||
		    (f->low <= 1 && f->high >= 1) || f->p_adjusted <= 1 - r->outcome->level)
			continue;
		page_text(p, 4, "  ", STYLE_PLAIN,
			  "* is what the verdict is about; the others are adjusted for being "
			  "several (Holm): an interval without 1 is not enough for them");
		return;
	}
}

static void print_pairs(const struct page *p, const struct trial_report *r)
{
	const struct trial_plan *plan = &r->trial->plan;
	const struct trial_outcome *o = r->outcome;
	struct items l = { 0 };

	items_add(&l, "%zu of %zu pairs", o->kept, o->planned);
	items_add(&l, "%g s each run after %g s", plan->seconds, plan->warm_up_s);
	items_add(&l, "%zu discarded of at most %zu", o->discarded, trial_may_discard(o->planned));
	items_add(&l, "look %u of %u", o->design.look, o->design.looks);
	items_add(&l, "order by seed %llu", plan->seed);
	if (r->trial->resumed)
		items_add(&l, "resumed %u time%s", r->trial->resumed,
			  r->trial->resumed == 1 ? "" : "s");
	page_text(p, 2, "", STYLE_PLAIN, l.text);
}

static const char *why_unchecked(const struct trial_plan *p, enum gate g)
{
	if (p->own_load && g == GATE_SATURATED)
		return "not checked: a closed loop has no rate of its own";
	if (p->own_load && g == GATE_VIEWS)
		return "counts agree; times are not compared: too few requests for it, or --primary is no "
		       "latency";
	if (p->own_load && g == GATE_LATE)
		return "not checked: --primary is no latency, or nothing was answered";
	switch (g) {
	case GATE_SATURATED:
		return "not checked: the rate that the load should have is not known (--rate)";
	case GATE_UNRESOLVED:
		return "not checked: the trial ended early";
	default:
		return "not checked: what the client of --load-cmd measures is not known";
	}
}

static void print_gates(const struct page *p, const struct trial_report *r)
{
	const struct trial_outcome *o = r->outcome;
	char label[32], text[512];

	fputs("\ngates\n", p->out);
	for (int g = 0; g < NR_GATES; g++) {
		bool failed = o->failed & 1u << g, unchecked = o->unchecked & 1u << g;

		snprintf(label, sizeof(label), "%s %s", failed ? "!" : " ", gate_name(g));
		if (failed)
			snprintf(text, sizeof(text), "FAILED: %s", gate_meaning(g));
		else
			snprintf(text, sizeof(text), "%s",
				 !o->kept  ? "not checked: no pair was kept" :
				 unchecked ? why_unchecked(&r->trial->plan, g) :
					     "passed");
		page_text(p, LABEL, label, failed ? STYLE_WARNING : STYLE_DIM, text);
	}
}

/* The rule, and how near to it the runs were. */
static void say_noise(const struct trial_report *r, char text[512])
{
	static const char *const which[] = { "the worst run kept", "the worst one discarded" };
	const struct trial_plan *plan = &r->trial->plan;
	struct trial_noise worst[2] = { { NAN, NAN }, { NAN, NAN } };
	size_t len;

	for (size_t i = 0; i < r->trial->n; i++)
		for (int arm = 0; arm < TRIAL_ARMS; arm++) {
			const struct trial_pair *p = &r->trial->pairs[i];
			struct trial_noise *w = &worst[p->discarded];

			w->foreign = fmax(w->foreign, p->arm[arm].noise.foreign);
			w->steal = fmax(w->steal, p->arm[arm].noise.steal);
		}
	len = snprintf(text, 512,
		       "a pair is discarded when others take more than %g %% of a CPU, or the "
		       "hypervisor steals more than %g %%",
		       plan->max_foreign * 100, plan->max_steal * 100);
	for (int i = 0; i < 2; i++)
		if (!isnan(worst[i].foreign))
			len += snprintf(text + len, 512 - len, "%s %s had %.1f %% and %.1f %%",
					i && !isnan(worst[0].foreign) ? "," : ";", which[i],
					worst[i].foreign * 100, worst[i].steal * 100);
}

static void print_setting(const struct page *p, const struct trial_report *r)
{
	const struct trial_plan *plan = &r->trial->plan;
	char text[ESCAPE_FACTOR * 512 + 1], noise[512];

	fputs("\nhow\n", p->out);
	for (int arm = 0; arm < TRIAL_ARMS; arm++)
		page_text(p, LABEL, arm ? "  after" : "  before", STYLE_DIM,
			  escape_name(text, sizeof(text), plan->command[arm]));
	page_text(p, LABEL, "  load", STYLE_DIM,
		  escape_name(text, sizeof(text), plan->load[TRIAL_AFTER]));
	if (*plan->cpus[0])
		snprintf(text, sizeof(text), "service on CPU %s, load on CPU %s", plan->cpus[0],
			 plan->cpus[1]);
	else
		snprintf(text, sizeof(text), "nothing is pinned");
	page_text(p, LABEL, "  CPUs", STYLE_DIM, text);
	say_noise(r, noise);
	page_text(p, LABEL, "  disturbed", STYLE_DIM, noise);
	escape_name(text, sizeof(text) - 128, r->folder);
	strcat(text, "; 'lvt report' prints each .hlog in it");
	page_text(p, LABEL, "  runs", STYLE_DIM, text);
}

/* What makes the runs of the arms unlike each other, beside what is compared. */
static void print_warnings(const struct page *p, const struct comparison *c)
{
	char text[2 * ESCAPE_FACTOR * 128 + 256], before[ESCAPE_FACTOR * 128 + 1];
	char after[ESCAPE_FACTOR * 128 + 1], label[32];

	for (size_t i = 0; i < c->n_conditions; i++) {
		const struct compare_condition *n = &c->conditions[i];

		if (!n->warns)
			continue;
		escape_name(before, sizeof(before), n->before[0] ? n->before : "none");
		escape_name(after, sizeof(after), n->after[0] ? n->after : "none");
		snprintf(label, sizeof(label), "! %s", n->name);
		snprintf(text, sizeof(text), "before %s; after %s: %s", before, after, n->why);
		page_text(p, LABEL, label, STYLE_WARNING, text);
	}
}

static void print_moved(const struct page *p, const struct trial_report *r)
{
	const struct comparison *c = r->comparison;

	if (!c || !c->n_services)
		return;
	compare_anatomy_print(p, c, &c->services[0]);
	page_text(p, 4, "", STYLE_DIM, "means over the runs; the metrics above are their medians");
}

int trial_text(FILE *out, const struct trial_report *r, struct err *e)
{
	char words[TRIAL_WORDS_LEN], firmer[TRIAL_MAX_FIRMER][TRIAL_WORDS_LEN];
	size_t n = trial_firmer(r, firmer);
	char label[32];
	struct page p;

	page_open(&p, out);
	trial_sentence(r, words);
	snprintf(label, sizeof(label), "%s", verdict_name(r->outcome->verdict));
	page_text(&p, strlen(label) + 2, label,
		  r->outcome->verdict == VERDICT_REGRESSED ||
				  r->outcome->verdict == VERDICT_INVALID ?
			  STYLE_WARNING :
			  STYLE_BOLD,
		  words);
	print_pairs(&p, r);
	if (r->outcome->kept) {
		fputc('\n', out);
		print_metrics(&p, r);
		say_adjusted(&p, r);
		print_moved(&p, r);
	}
	print_gates(&p, r);
	print_setting(&p, r);
	if (r->comparison)
		print_warnings(&p, r->comparison);
	if (n)
		fprintf(out, "\n%s\n",
			r->outcome->verdict == VERDICT_INVALID ? "what to do" :
								 "what would make it firmer");
	for (size_t i = 0; i < n; i++)
		page_text(&p, 4, "  - ", STYLE_PLAIN, firmer[i]);
	errno = 0;
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the result: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}
