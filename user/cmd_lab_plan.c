/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd_lab_plan.h"
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "analysis/trial.h"
#include "cmd_load_line.h"
#include "cmd_trial_plan.h"

/* Below those that the kernel gives to connections (32768 and up, unless set otherwise). */
enum { PORT_FROM = 20000, PORT_COUNT = 10000, PAIRS = 6 };

static bool is_free(__u16 port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_ANY) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a));

	if (fd >= 0)
		close(fd);
	return good;
}

static int free_port(__u32 *port, struct err *e)
{
	__u32 random;

	for (int i = 0; i < 100; i++) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			random = i;
		*port = PORT_FROM + random % PORT_COUNT;
		if (is_free(*port))
			return 0;
	}
	return err_set(e, -EADDRINUSE, "no port of the loopback is free");
}

struct fill lab_arm_fill(const struct lab_manifest *lab, const json_t *vars,
			 const struct lab_arms *arms, int arm)
{
	return (struct fill){ .lab = lab,
			      .vars = vars,
			      .settings = arms->settings[arm],
			      .port = "{port}",
			      .seconds = "{seconds}",
			      .seed = "{seed}",
			      .programs = arms->programs[arm] };
}

/* The texts of one arm. */
struct arm {
	struct fill fill;
	const struct lab_manifest *lab;
	int text; /* whose texts it has */
	const struct lab_settings *learner;
};

/*
 * One of them, which before has from after if it has none of its own: then with the defaults. What its own
 * names is what the learner set: "--rate {rate*1.3}".
 */
static int put(char to[TRIAL_COMMAND_LEN], const struct arm *a, char *const texts[2],
	       const char *what, struct err *e)
{
	const char *text = *texts[a->text] ? texts[a->text] : texts[TRIAL_AFTER];
	struct fill with = a->fill;
	struct err why = { 0 };
	char *filled;
	size_t n;

	if (a->text == TRIAL_BEFORE && *texts[TRIAL_BEFORE])
		with.settings = a->learner;
	filled = fill(&with, text, &why);
	n = filled ? strlen(filled) : 0;
	if (filled && n < TRIAL_COMMAND_LEN)
		strcpy(to, filled);
	free(filled);
	if (!filled)
		return err_set(e, why.code, "%s/lab.ini, %s: %s", a->lab->folder, what,
			       why.message);
	return n < TRIAL_COMMAND_LEN ?
		       0 :
		       err_set(e, -E2BIG, "%s/lab.ini, %s: it is too long", a->lab->folder, what);
}

static int put_load(struct trial_plan *p, const struct arm *a, int arm, struct err *e)
{
	char words[TRIAL_COMMAND_LEN];
	struct err why = { 0 };
	int err;

	if (!p->own_load)
		return put(p->load[arm], a, a->lab->load_command, "load", e);
	err = put(words, a, a->lab->load, "load", e);
	if (err)
		return err;
	err = load_line(p->load[arm], words, p->port, &why);
	return err ? err_set(e, err, "%s/lab.ini, load: %s", a->lab->folder, why.message) : 0;
}

static int put_arm(struct trial_plan *p, const struct lab_manifest *lab, const json_t *vars,
		   const struct lab_arms *arms, int arm, struct err *e)
{
	struct arm a = { lab_arm_fill(lab, vars, arms, arm), lab, arms->alike ? TRIAL_AFTER : arm,
			 arms->settings[TRIAL_AFTER] };
	int err = put(p->command[arm], &a, lab->service, "service", e);

	if (!err)
		err = put(p->beside[arm], &a, lab->beside, "beside", e);
	return err ? err : put_load(p, &a, arm, e);
}

/* For the gates of a trial; what a lab checks is of its own. */
static __u32 primary(const struct lab_manifest *lab, const struct trial_plan *p)
{
	for (int m = 0; m < trial_metrics(p); m++)
		if (!strcmp(trial_metric_name(m), lab->primary))
			return m;
	return 0;
}

int lab_plan_make(struct trial_plan *p, const struct lab_manifest *lab, const json_t *vars,
		  const struct lab_arms *arms, const struct lab_wish *w, const char *cgroup,
		  struct err *e)
{
	int err;

	*p = (struct trial_plan){
		.alone = arms->alone,
		.own_load = !*lab->load_command[TRIAL_AFTER],
		.pairs = w->pairs		?:
				 lab->pairs > 0 ? lab->pairs :
						  PAIRS,
		.looks = 1,
		.seconds = w->seconds > 0   ? w->seconds :
			   lab->seconds > 0 ? lab->seconds :
					      2,
		.warm_up_s = w->warm_up > 0	? w->warm_up :
			     lab->warm_up_s > 0 ? lab->warm_up_s :
						  0.5,
		.start_s = 10,
		.delta = 0.02,
		.rate = NAN,
		.max_foreign = (w->max_foreign >= 0 ? w->max_foreign : LAB_MAX_FOREIGN) / 100,
		.max_steal = (w->max_steal >= 0 ? w->max_steal : LAB_MAX_STEAL) / 100,
		.seed = w->seed,
	};
	trial_plan_here(p);
	p->primary = primary(lab, p);
	err = free_port(&p->port, e);
	for (int arm = trial_first_arm(p); arm < TRIAL_ARMS && !err; arm++) {
		snprintf(p->cgroup[arm], sizeof(p->cgroup[arm]), "%s", cgroup);
		err = put_arm(p, lab, vars, arms, arm, e);
	}
	if (!err)
		err = trial_plan_pin(p, *lab->cpus ? lab->cpus : NULL, e);
	return err ? err : trial_plan_check(p, e);
}
