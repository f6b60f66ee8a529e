/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/manifest_internal.h"

static const char *const yes_no[] = { "no", "yes", NULL };
static const char *const sides[] = { "latency", "throughput", NULL };
static const char *const arms[] = { "after", "before", NULL };
static const char *const kinds[] = { "client", "mechanism", "guard", "answer", NULL };

#define IN(member) offsetof(struct lab_manifest, member)
#define VAR(member) offsetof(struct lab_var, member)
#define KNOB(member) offsetof(struct lab_knob, member)
#define ASK(member) offsetof(struct lab_question, member)
#define LEG(member) offsetof(struct lab_leg, member)

/* Every key there is; labs/README.md explains them. */
/* clang-format off */
const struct manifest_key manifest_keys[] = {
	{ "lab", "id", MANIFEST_TEXT, IN(id), true, .right = "the folder's name, such as 070-nagle" },
	{ "lab", "title", MANIFEST_TEXT, IN(title), true, .right = "a few words" },
	{ "lab", "unit", MANIFEST_TEXT, IN(unit), true, .right = "the id of a unit of the path" },
	{ "lab", "minutes", MANIFEST_NUMBER, IN(minutes), true, 1, 600, .right = "1 to 600" },
	{ "lab", "core", MANIFEST_BOOL, IN(core), .choices = yes_no },
	{ "lab", "favours", MANIFEST_BOOL, IN(throughput), true, .choices = sides },
	{ "lab", "needs", MANIFEST_WORDS, IN(needs), .right = "ids of labs" },
	{ "lab", "requires", MANIFEST_WORDS, IN(requires), .right = "root, cpus:N, cgroup-cpu" },
	{ "lab", "serves", MANIFEST_TEXT, IN(serves), true, .right = "a sentence: which side this serves" },
	{ "lab", "pays", MANIFEST_TEXT, IN(pays), true, .right = "a sentence: what the other side pays" },

	{ "var", "pick", MANIFEST_WORDS, VAR(pick), true, .right = "words, of which one is drawn" },
	{ "var", "hidden", MANIFEST_BOOL, VAR(hidden), .choices = yes_no },

	{ "knob", "about", MANIFEST_TEXT, KNOB(about), true, .right = "a sentence" },
	{ "knob", "default", MANIFEST_TEXT, KNOB(otherwise), .required = false },
	{ "knob", "choices", MANIFEST_WORDS, KNOB(choices), .right = "the words to choose from" },
	{ "knob", "min", MANIFEST_NUMBER, KNOB(min), .max = 1e15, .right = "a number" },
	{ "knob", "max", MANIFEST_NUMBER, KNOB(max), .max = 1e15, .right = "a number" },

	{ "service", "sources", MANIFEST_WORDS, IN(sources), .right = "C files of the lab's folder" },
	{ "service", "command", MANIFEST_TEXT, IN(service[1]), true, .right = "{service} --port {port}" },
	{ "service", "before", MANIFEST_TEXT, IN(service[0]), .right = "{service} --port {port}" },
	{ "service", "edit", MANIFEST_TEXT, IN(edit), true, .right = "a source, or settings" },
	{ "service", "invariant", MANIFEST_TEXT, IN(invariant), true, .right = "a sentence: what a right answer is" },

	{ "beside", "command", MANIFEST_TEXT, IN(beside[1]), true, .right = "a command line" },
	{ "beside", "before", MANIFEST_TEXT, IN(beside[0]), .right = "a command line" },

	{ "load", "args", MANIFEST_TEXT, IN(load[1]), .right = "arguments of lvt load" },
	{ "load", "before", MANIFEST_TEXT, IN(load[0]), .right = "arguments of lvt load" },
	{ "load", "command", MANIFEST_TEXT, IN(load_command[1]), .right = "a shell command" },
	{ "load", "before_command", MANIFEST_TEXT, IN(load_command[0]), .right = "a shell command" },

	{ "trial", "arms", MANIFEST_INT, IN(arms), .min = 1, .max = 2, .right = "1 or 2" },
	/* the 95 % interval of an exact signed rank test needs 6 pairs */
	{ "trial", "pairs", MANIFEST_NUMBER, IN(pairs), .min = 6, .max = 40, .right = "6 to 40" },
	{ "trial", "seconds", MANIFEST_NUMBER, IN(seconds), .min = 0.2, .max = 60, .right = "0.2 to 60" },
	{ "trial", "warm_up", MANIFEST_NUMBER, IN(warm_up_s), .max = 30, .right = "0 to 30 seconds" },
	{ "trial", "cpus", MANIFEST_TEXT, IN(cpus), .right = "auto, none or SERVICE:LOAD" },
	{ "trial", "primary", MANIFEST_TEXT, IN(primary), .right = "a figure, such as client.p99" },

	{ "system", "cgroup_quota_us", MANIFEST_NUMBER, IN(cgroup_quota_us), .min = 1000, .max = 1e8, .right = "1000 to 1e8" },
	{ "system", "cgroup_period_us", MANIFEST_NUMBER, IN(cgroup_period_us), .min = 1000, .max = 1e6, .right = "1000 to 1000000" },

	{ "predict", "ask", MANIFEST_TEXT, ASK(ask), true, .right = "a question" },
	{ "predict", "unit", MANIFEST_TEXT, ASK(unit), true, .right = "ms, us, /s, %, requests or ratio" },
	{ "predict", "figure", MANIFEST_TEXT, ASK(figure), true, .right = "a figure, such as client.p99" },

	{ "leg", "kind", MANIFEST_CHOICE, LEG(kind), true, .choices = kinds },
	{ "leg", "about", MANIFEST_TEXT, LEG(about), true, .right = "a sentence for the learner" },
	{ "leg", "figure", MANIFEST_TEXT, LEG(figure), .right = "a figure, such as client.p99" },
	{ "leg", "arm", MANIFEST_BOOL, LEG(before), .choices = arms },
	{ "leg", "ratio_min", MANIFEST_TEXT, LEG(ratio_min), .right = "a ratio, such as 0.95" },
	{ "leg", "ratio_max", MANIFEST_TEXT, LEG(ratio_max), .right = "a ratio, such as 0.5" },
	{ "leg", "min", MANIFEST_TEXT, LEG(min), .right = "a number with its unit, such as 20ms" },
	{ "leg", "max", MANIFEST_TEXT, LEG(max), .right = "a number with its unit, such as 20ms" },
	{ "leg", "answer", MANIFEST_TEXT, LEG(answer), .right = "a knob of the lab" },
	{ "leg", "is", MANIFEST_TEXT, LEG(is), .right = "the word that is right" },
	{ "leg", "within", MANIFEST_TEXT, LEG(within), .right = "a tolerance, such as 20%" },
	{ 0 },
};

const struct manifest_section manifest_sections[] = {
	{ .name = "lab", .required = true },
	{ "var", IN(vars), sizeof(struct lab_var), IN(n_vars), .required = false },
	{ "knob", IN(knobs), sizeof(struct lab_knob), IN(n_knobs), .required = false },
	{ .name = "service", .required = true },
	{ .name = "beside" },
	{ .name = "load", .required = true },
	{ .name = "trial" },
	{ .name = "system" },
	{ "predict", IN(questions), sizeof(struct lab_question), IN(n_questions), true },
	{ "leg", IN(legs), sizeof(struct lab_leg), IN(n_legs), true },
	{ 0 },
};
/* clang-format on */

_Static_assert(sizeof(manifest_keys) / sizeof(manifest_keys[0]) <= MANIFEST_KEYS, "lines[]");
_Static_assert(sizeof(manifest_sections) / sizeof(manifest_sections[0]) <= MANIFEST_SECTIONS,
	       "section_lines[]");
