/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/filter.h"
#include <bpf/btf.h>
#include <errno.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static void say(struct filter *f, const char *what, const char *value)
{
	size_t n = strlen(f->text);

	snprintf(f->text + n, sizeof(f->text) - n, "%s%s %s", n ? " " : "", what, value);
}

static void ports(struct filter *f, const struct port_list *l)
{
	char text[8 * LVT_MAX_PORTS] = "";
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		f->ports[i] = l->ports[i];
		n += snprintf(text + n, sizeof(text) - n, "%s%u", i ? "," : "", l->ports[i]);
	}
	f->n_ports = l->n;
	if (l->n)
		say(f, "-p", text);
}

static int pid(struct filter *f, __u32 want, struct err *e)
{
	char path[64], line[128], text[16];
	unsigned int tgid = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/status", want);
	in = fopen(path, "re");
	if (!in) {
		err_usage(e, "there is no process %u", want);
		return err_hint(e, "'pgrep -a NAME' finds the pid of a running service");
	}
	while (fgets(line, sizeof(line), in))
		if (sscanf(line, "Tgid: %u", &tgid) == 1)
			break;
	fclose(in);
	if (tgid && tgid != want) {
		err_usage(e, "%u is a thread, not a process", want);
		return err_hint(e, "use --pid %u, the process it belongs to", tgid);
	}
	f->pid = want;
	snprintf(text, sizeof(text), "%u", want);
	say(f, "--pid", text);
	return 0;
}

static int comm(struct filter *f, const char *name, struct err *e)
{
	if (strlen(name) >= LVT_COMM_LEN) {
		err_usage(e, "process name '%s' is longer than the %d bytes that the kernel keeps",
			  name, LVT_COMM_LEN - 1);
		return err_hint(e, "use --comm '%.*s'", LVT_COMM_LEN - 1, name);
	}
	memcpy(f->comm, name, strlen(name) + 1);
	say(f, "--comm", name);
	return 0;
}

/* The index of a version 1 controller in css_set.subsys, from the kernel's enum. */
static int subsys_index(const char *controller)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_enum *values;
	const struct btf_type *type;
	char name[64];
	int id, i, found = -1;

	if (!btf)
		return -1;
	snprintf(name, sizeof(name), "%s_cgrp_id", controller);
	id = btf__find_by_name_kind(btf, "cgroup_subsys_id", BTF_KIND_ENUM);
	if (id > 0) {
		type = btf__type_by_id(btf, id);
		values = btf_enum(type);
		for (i = 0; i < btf_vlen(type); i++)
			if (!strcmp(btf__name_by_offset(btf, values[i].name_off), name))
				found = values[i].val;
	}
	btf__free(btf);
	return found;
}

/* Which controllers does the version 1 hierarchy at `path` have? Tries them one by one. */
static int subsys_of(const char *path)
{
	char mount[512], options[512], real[4096], line[2048], *word, *save;
	size_t best = 0;
	int index = -1;
	FILE *in;

	if (!realpath(path, real))
		return -1;
	in = fopen("/proc/self/mounts", "re");
	if (!in)
		return -1;
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%*s %511s cgroup %511s", mount, options) != 2)
			continue;
		if (strlen(mount) < best || strncmp(real, mount, strlen(mount)))
			continue;
		best = strlen(mount);
		index = -1;
		for (word = strtok_r(options, ",", &save); word && index < 0;
		     word = strtok_r(NULL, ",", &save))
			index = subsys_index(word);
	}
	fclose(in);
	return index;
}

static int cgroup(struct filter *f, const char *path, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) || statfs(path, &fs)) {
		err_usage(e, "cannot use cgroup '%s': %s", path, strerror(errno));
		return err_hint(e, "give the directory of the cgroup, such as /sys/fs/cgroup/NAME");
	}
	f->cgroup_subsys = -1;
	if (fs.f_type == CGROUP_SUPER_MAGIC) {
		f->cgroup_subsys = subsys_of(path);
		if (f->cgroup_subsys < 0) {
			err_usage(e, "cgroup '%s' is in a hierarchy without a controller", path);
			return err_hint(
				e, "use its directory under a controller, or cgroup version 2");
		}
	} else if (fs.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(st.st_mode)) {
		err_usage(e, "'%s' is not a cgroup", path);
		return err_hint(e, "give the directory of the cgroup, such as /sys/fs/cgroup/NAME");
	}
	f->cgroup = st.st_ino;
	say(f, "--cgroup", path);
	return 0;
}

int filter_resolve(struct filter *f, const struct filter_options *o, struct err *e)
{
	int err = 0;

	memset(f, 0, sizeof(*f));
	f->cgroup_subsys = -1;
	ports(f, &o->ports);
	if (o->pid)
		err = pid(f, o->pid, e);
	if (!err && o->comm)
		err = comm(f, o->comm, e);
	if (!err && o->cgroup)
		err = cgroup(f, o->cgroup, e);
	return err;
}
