/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd_trial_plan.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include "base/cpus.h"
#include "cmd_load_line.h"
#include "trial/run.h"

static const char *const formats[] = { "text", "json", NULL };
static const char *const metrics[] = {
	"p50",	      "p90",	      "p99",	     "p99.9",
	"mean",	      "throughput",   "client.p50",  "client.p90",
	"client.p99", "client.p99.9", "client.mean", "client.throughput",
	NULL,
};

#define WISH(member) offsetof(struct trial_options, wish.member)

static const struct option_row rows[] = {
	{ .name = "before",
	  .type = OPT_STRING,
	  .arg = "CMD",
	  .offset = WISH(command[TRIAL_BEFORE]),
	  .help = "shell command that starts the service as it was, and stays" },
	{ .name = "after",
	  .type = OPT_STRING,
	  .arg = "CMD",
	  .offset = WISH(command[TRIAL_AFTER]),
	  .help = "shell command that starts it as it is after the change" },
	{ .name = "load",
	  .type = OPT_STRING,
	  .arg = "ARGS",
	  .offset = WISH(load),
	  .help = "what 'lvt load' loads it with; without a target: 127.0.0.1 and its port" },
	{ .name = "load-cmd",
	  .type = OPT_STRING,
	  .arg = "CMD",
	  .offset = WISH(load_cmd),
	  .help = "or a shell command that does; {port}, {seconds} and {seed} are filled in" },
	{ .name = "port",
	  .letter = 'p',
	  .type = OPT_U32,
	  .arg = "PORT",
	  .min = 1,
	  .max = 65535,
	  .offset = WISH(port),
	  .help = "the service's port (the one that the command listens on)" },
	{ .name = "pairs",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = TRIAL_MAX_PAIRS,
	  .offset = WISH(pairs),
	  .help = "pairs of runs, one of each arm (8)" },
	{ .name = "looks",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = 2,
	  .offset = WISH(looks),
	  .help = "2: as many pairs again if the first are inconclusive; 1: never (2)" },
	{ .name = "seconds",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = WISH(seconds),
	  .help = "measured in each run (4)" },
	{ .name = "warm-up",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = WISH(warm_up),
	  .help = "of load before that, not measured (1)" },
	{ .name = "primary",
	  .type = OPT_CHOICE,
	  .arg = "METRIC",
	  .choices = metrics,
	  .offset = WISH(primary),
	  .help = "what the verdict is about: p50, p90, p99, p99.9, mean or throughput, with "
		  "--load also client.p50 and so on (p99)" },
	{ .name = "delta",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 99,
	  .offset = WISH(delta),
	  .help = "the least change that matters (2)" },
	{ .name = "rate",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = WISH(rate),
	  .help = "requests a second that the load is meant to send, to check that it does" },
	{ .name = "cpus",
	  .type = OPT_STRING,
	  .arg = "SERVICE:LOAD",
	  .offset = WISH(cpus),
	  .help = "pin them to these CPUs, such as 1:0 or 2-3:0-1; auto (default): one each; none" },
	{ .name = "max-foreign",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 1000000,
	  .offset = WISH(max_foreign),
	  .help = "of a CPU that others may use in a run, or its pair is discarded (5)" },
	{ .name = "max-steal",
	  .type = OPT_PERCENT,
	  .arg = "PERCENT",
	  .max = 1000000,
	  .offset = WISH(max_steal),
	  .help = "of a CPU that the hypervisor may steal, likewise (1)" },
	{ .name = "start-timeout",
	  .type = OPT_SECONDS,
	  .arg = "SECS",
	  .offset = WISH(start),
	  .help = "how long a service may take until it listens (30)" },
	{ .name = "seed",
	  .type = OPT_U32,
	  .arg = "N",
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = WISH(seed),
	  .help = "of the coin that decides the order, and of LVT_SEED (random)" },
	{ .name = "dir",
	  .type = OPT_STRING,
	  .arg = "FOLDER",
	  .offset = WISH(dir),
	  .help = "where the runs go (lvt-trial-DATE-TIME)" },
	{ .name = "resume",
	  .type = OPT_STRING,
	  .arg = "FOLDER",
	  .offset = offsetof(struct trial_options, resume),
	  .help = "go on with the trial in FOLDER, as it was planned" },
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = formats,
	  .offset = offsetof(struct trial_options, format),
	  .help = "kind of result (text)" },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct trial_options, out),
	  .help = "write the result to FILE" },
	{ 0 },
};

static const struct options options = {
	.command = "trial",
	.args = "--before CMD --after CMD --load ARGS [OPTION...]",
	.about = "Compare two versions of a service by an experiment: pairs of runs, one of each, "
		 "in an order that a coin decides, each with the service started anew and loaded. "
		 "Exit status: 0 improved or equivalent, 3 regressed, 4 inconclusive, 1 invalid or "
		 "failed.",
	.more = "Examples:\n"
		"  sudo lvt trial -p 7000 --before 'redis-server --port 7000' \\\n"
		"      --after 'redis-server --port 7000 --io-threads 2' \\\n"
		"      --load '--protocol redis --rate 20k'\n"
		"  sudo lvt trial --before ./old --after ./new \\\n"
		"      --load-cmd 'wrk -d {seconds}s http://127.0.0.1:{port}/' --primary mean\n"
		"  sudo lvt trial --resume lvt-trial-20261124-101500\n",
	.rows = rows,
};

/* Nothing wished for. The percentages are what the parser gives as examples. */
static void unset(struct trial_wish *w, double delta, double foreign, double steal)
{
	memset(w, 0, sizeof(*w));
	w->delta = delta;
	w->max_foreign = foreign;
	w->max_steal = steal;
	w->primary = -1;
}

/* Whether anything was, the defaults by name included: then it is there with other defaults, too. */
static bool wished(int argc, char **argv)
{
	struct trial_options again;
	struct trial_wish none;

	memset(&again, 0, sizeof(again));
	unset(&again.wish, -1, -1, -1);
	unset(&none, -1, -1, -1);
	return options_parse(&options, &again, argc, argv, NULL, NULL) ||
	       memcmp(&none, &again.wish, sizeof(none));
}

static int check(const struct trial_options *o, bool more, struct err *e)
{
	const char *missing = !o->wish.command[TRIAL_BEFORE]	 ? "--before" :
			      !o->wish.command[TRIAL_AFTER]	 ? "--after" :
			      !o->wish.load && !o->wish.load_cmd ? "--load" :
								   NULL;
	const char *client = o->wish.primary >= TRIAL_KINDS ? metrics[o->wish.primary] : NULL;

	if (o->resume && more) {
		err_usage(e, "--resume goes on as planned: it takes no other options");
		return err_hint(e, "lvt trial --resume %s [--format FORMAT] [-o FILE]", o->resume);
	}
	if (o->resume)
		return 0;
	if (missing) {
		err_usage(e, "no %s given", missing);
		return err_hint(e, "lvt trial --before CMD --after CMD --load ARGS");
	}
	if (o->wish.load && o->wish.load_cmd)
		return err_usage(e, "--load and --load-cmd: one load, not two");
	if (o->wish.load && o->wish.rate)
		return err_usage(e, "--rate is for --load-cmd: --load has its own");
	if (o->wish.load_cmd && client) {
		err_usage(e, "--primary %s: what the client of --load-cmd sees is not known",
			  client);
		return err_hint(e, "--load has a client that tells");
	}
	return 0;
}

int trial_options_parse(struct trial_options *o, int argc, char **argv, struct err *e)
{
	int err;

	memset(o, 0, sizeof(*o));
	unset(&o->wish, 2, 5, 1);
	err = options_parse(&options, o, argc, argv, NULL, e);
	return err ? err : check(o, wished(argc, argv), e);
}

int trial_plan_pin(struct trial_plan *p, const char *cpus, struct err *e)
{
	const char *colon = cpus ? strchr(cpus, ':') : NULL;
	cpu_set_t set;

	if (!cpus || !strcmp(cpus, "auto")) {
		cpus_choose(p->cpus[0], p->cpus[1], sizeof(p->cpus[0]));
		return 0;
	}
	if (!strcmp(cpus, "none"))
		return 0;
	if (colon && colon - cpus < (long)sizeof(p->cpus[0]) &&
	    strlen(colon + 1) < sizeof(p->cpus[1])) {
		memcpy(p->cpus[0], cpus, colon - cpus);
		strcpy(p->cpus[1], colon + 1);
	}
	for (int i = 0; i < 2; i++)
		if (!cpus_parse(&set, p->cpus[i])) {
			err_usage(e, "option '--cpus': bad list of CPUs '%s'", cpus);
			return err_hint(e,
					"give auto, none, or SERVICE:LOAD, such as 1:0 or 2-3:0");
		}
	return 0;
}

static void here(char host[65], char kernel[128])
{
	struct utsname u;

	if (uname(&u))
		return;
	snprintf(host, 65, "%.64s", u.nodename);
	snprintf(kernel, 128, "%.60s %.60s", u.sysname, u.release);
}

static int copy(char to[TRIAL_COMMAND_LEN], const char *from, const char *name, struct err *e)
{
	if (strlen(from) >= TRIAL_COMMAND_LEN) {
		err_usage(e, "option '%s': the command is too long", name);
		return err_hint(e, "at most %d bytes: put it into a script", TRIAL_COMMAND_LEN - 1);
	}
	strcpy(to, from);
	return 0;
}

/* The shell's command that runs lvt itself as the load. */
static int own_load(struct trial_plan *p, const char *text, struct err *e)
{
	char copied[TRIAL_COMMAND_LEN] = "";
	struct err why = { 0 };

	if (copy(copied, text, "--load", e))
		return -EINVAL;
	p->own_load = true;
	if (!load_line(p->load[TRIAL_AFTER], copied, p->port, &why))
		return 0;
	err_usage(e, "option '--load': %s", why.message);
	return *why.hint ? err_hint(e, "%s", why.hint) : -EINVAL;
}

void trial_plan_here(struct trial_plan *p)
{
	time_t now = time(NULL);
	__u32 random = 0;
	struct tm tm;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = now;
	p->seed = p->seed ?: random % 1000000 + 1; /* short: people type it */
	gmtime_r(&now, &tm);
	strftime(p->started, sizeof(p->started), "%Y-%m-%dT%H:%M:%SZ", &tm);
	here(p->host, p->kernel);
}

int trial_plan_make(struct trial_plan *p, const struct trial_wish *w, struct err *e)
{
	int err;

	*p = (struct trial_plan){
		.seed = w->seed,
		.port = w->port,
		.pairs = w->pairs ?: 8,
		.looks = w->looks ?: 2,
		.seconds = w->seconds > 0 ? w->seconds : 4,
		.warm_up_s = w->warm_up > 0 ? w->warm_up : 1,
		.start_s = w->start > 0 ? w->start : 30,
		.primary = w->primary >= 0 ? w->primary : 2,
		.delta = w->delta / 100,
		.rate = w->rate ? w->rate : NAN,
		.max_foreign = w->max_foreign / 100,
		.max_steal = w->max_steal / 100,
	};
	trial_plan_here(p);
	err = copy(p->command[TRIAL_BEFORE], w->command[TRIAL_BEFORE], "--before", e);
	if (!err)
		err = copy(p->command[TRIAL_AFTER], w->command[TRIAL_AFTER], "--after", e);
	if (!err)
		err = w->load ? own_load(p, w->load, e) :
				copy(p->load[TRIAL_AFTER], w->load_cmd, "--load-cmd", e);
	if (!err)
		err = trial_plan_pin(p, w->cpus, e);
	return err ? err : trial_plan_check(p, e);
}

int trial_plan_check(const struct trial_plan *p, struct err *e)
{
	char host[65] = "", kernel[128] = "";
	cpu_set_t set;

	here(host, kernel);
	if (strcmp(host, p->host) || strcmp(kernel, p->kernel)) {
		err_set(e, -EXDEV, "the trial was begun on %s with %s; this is %s with %s", p->host,
			p->kernel, host, kernel);
		return err_hint(e, "its runs cannot be compared with runs from here: begin a new "
				   "one");
	}
	for (int i = 0; i < 2 && *p->cpus[0]; i++)
		if (!cpus_parse(&set, p->cpus[i]) || !cpus_allowed(&set)) {
			err_set(e, -EINVAL, "lvt may not use all of the CPUs %s", p->cpus[i]);
			e->status = EXIT_USAGE;
			return err_hint(e, "'nproc' and 'taskset -p $$' say which there are");
		}
	return 0;
}
