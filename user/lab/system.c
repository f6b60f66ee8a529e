/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/system.h"
#include <errno.h>
#include <math.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the CPU controller is. */
struct controller {
	char mount[160];
	bool v2, enabled; /* v2: already given to the groups below the root */
};

static bool has_word(const char *file, const char *word)
{
	char text[1024] = "", *rest = text, *token;
	FILE *in = fopen(file, "re");

	if (!in)
		return false;
	if (!fgets(text, sizeof(text), in))
		*text = '\0';
	fclose(in);
	while ((token = strsep(&rest, " \n")))
		if (!strcmp(token, word))
			return true;
	return false;
}

static bool take(const struct mntent *m, struct controller *c)
{
	char file[256];

	if (strlen(m->mnt_dir) >= sizeof(c->mount))
		return false;
	strcpy(c->mount, m->mnt_dir);
	c->v2 = !strcmp(m->mnt_type, "cgroup2");
	if (!c->v2)
		return !strcmp(m->mnt_type, "cgroup") && hasmntopt(m, "cpu");
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", c->mount);
	c->enabled = has_word(file, "cpu");
	snprintf(file, sizeof(file), "%s/cgroup.controllers", c->mount);
	return has_word(file, "cpu");
}

static bool find(struct controller *c)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	bool found = false;

	while (mounts && !found && (m = getmntent(mounts)))
		found = take(m, c);
	if (mounts)
		endmntent(mounts);
	return found;
}

bool system_cgroup_cpu(bool *v2)
{
	struct controller c;
	bool found = find(&c);

	if (found && v2)
		*v2 = c.v2;
	return found;
}

bool system_group(const struct lab_manifest *lab, char *path, size_t size)
{
	struct controller c;

	if (!(lab->cgroup_quota_us > 0) || !find(&c))
		return false;
	return snprintf(path, size, "%s/lvt-lab-%.40s", c.mount, lab->id) < (int)size;
}

static int set(const char *group, const char *file, const char *value, struct err *e)
{
	char path[320];
	FILE *out;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	out = fopen(path, "we");
	if (!out || fputs(value, out) < 0)
		err = -errno;
	if (out && fclose(out) && !err)
		err = -errno;
	return err ? err_set(e, err, "cannot write '%s' to %s: %s", value, path, strerror(-err)) :
		     0;
}

static int limit(const char *group, bool v2, double quota, double period, struct err *e)
{
	char value[64];
	int err;

	if (v2) {
		snprintf(value, sizeof(value), "%.0f %.0f", quota, period);
		return set(group, "cpu.max", value, e);
	}
	snprintf(value, sizeof(value), "%.0f", period);
	err = set(group, "cpu.cfs_period_us", value, e);
	snprintf(value, sizeof(value), "%.0f", quota);
	return err ? err : set(group, "cpu.cfs_quota_us", value, e);
}

static int make_group(struct system_state *s, const struct lab_manifest *lab, struct err *e)
{
	double period = isnan(lab->cgroup_period_us) ? 100000 : lab->cgroup_period_us;
	char group[224], file[256];
	struct controller c;
	int err = 0;

	if (!find(&c)) {
		err_set(e, -ENOTSUP, "this host has no CPU controller for cgroups");
		return err_hint(e, "this lab cannot be done here");
	}
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", c.mount);
	if (c.v2 && !c.enabled)
		err = journal_file(&s->journal, file, "+cpu", "-cpu", e);
	if (!err && !system_group(lab, group, sizeof(group)))
		err = err_set(e, -ENAMETOOLONG, "the path of the cgroup is too long");
	if (!err)
		err = journal_cgroup(&s->journal, group, e);
	if (!err)
		err = limit(group, c.v2, lab->cgroup_quota_us, period, e);
	if (!err)
		snprintf(s->procs, sizeof(s->procs), "%s/cgroup.procs", group);
	return err;
}

int system_change(struct system_state *s, const struct fill *f, journal_tell tell, void *arg,
		  struct err *e)
{
	const struct lab_manifest *lab = f->lab;
	bool group = lab->cgroup_quota_us > 0;
	int err;

	*s = (struct system_state){ .journal = { .lock = -1 } };
	if (!lab->n_sysctls && !group)
		return 0;
	err = journal_open(&s->journal, JOURNAL_FOLDER, tell, arg, e);
	for (size_t i = 0; i < lab->n_sysctls && !err; i++) {
		char *value = fill(f, lab->sysctls[i].value, e);

		err = value ? journal_sysctl(&s->journal, lab->sysctls[i].name, value, e) : -EINVAL;
		free(value);
	}
	if (!err && group)
		err = make_group(s, lab, e);
	return err;
}

int system_restore(struct system_state *s, journal_tell tell, void *arg, struct err *e)
{
	int err = s->journal.changes ? journal_undo(&s->journal, tell, arg, e) : 0;

	journal_close(&s->journal);
	*s->procs = '\0';
	return err;
}
