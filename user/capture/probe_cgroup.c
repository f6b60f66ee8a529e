/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "capture/probe.h"

/* Version 1 writes "no limit" as the largest page-aligned signed number. */
#define V1_NO_LIMIT ((uint64_t)INT64_MAX - 65536)

/* The peak for one service on 2 CPUs is 19 MB: 12 of its own (the kernel's types), 7 in the kernel. */
#define MEMORY_LEAST (24u << 20)

/* A mount and lvt's own cgroup in it, for the memory controller. */
struct memory_group {
	const char *mount, *limit, *used; /* folder; names of the files in it */
	char path[PATH_MAX];
};

/* The last line of a file with one number ("max" = no limit); false if it cannot be read. */
static bool read_number(const struct memory_group *g, const char *name, uint64_t *n)
{
	char file[3 * PATH_MAX], word[32];
	FILE *f;
	int got;

	snprintf(file, sizeof(file), "%s%s/%s", g->mount, g->path, name);
	f = fopen(file, "re");
	if (!f)
		return false;
	got = fscanf(f, "%31s", word);
	fclose(f);
	if (got != 1)
		return false;
	*n = strcmp(word, "max") ? strtoull(word, NULL, 10) : PROBE_NO_LIMIT;
	return true;
}

/* /proc/self/cgroup has lines "ID:controllers:/path"; version 2 is "0::/path". */
static bool own_path(char *path, size_t size, const char *controller)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *names = strchr(line, ':');
		char *at = names ? strchr(++names, ':') : NULL;

		if (!at)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		if (strcmp(names, controller))
			continue;
		snprintf(path, size, "%s", at);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

/*
 * The tightest limit from lvt's own cgroup up to the mount: a parent's limit holds for its children.
 * From inside a container the path may lead out of the mount; then nothing is read.
 */
static void read_limits(struct probe *p, struct memory_group *g)
{
	uint64_t limit, used;
	char *slash;

	do {
		if (read_number(g, g->limit, &limit) && limit < V1_NO_LIMIT &&
		    limit < p->memory_limit && read_number(g, g->used, &used)) {
			p->memory_limit = limit;
			p->memory_used = used;
		}
		slash = strrchr(g->path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
}

static void note_mount(struct probe *p, const struct mntent *m, char *memory, size_t size)
{
	if (!strcmp(m->mnt_type, "cgroup2") && !*p->cgroup2)
		snprintf(p->cgroup2, sizeof(p->cgroup2), "%s", m->mnt_dir);
	if (strcmp(m->mnt_type, "cgroup"))
		return;
	p->n_cgroup1++;
	if (hasmntopt(m, "memory") && !*memory)
		snprintf(memory, size, "%s", m->mnt_dir);
	if (!*p->cgroup1 || !strcmp(memory, m->mnt_dir))
		snprintf(p->cgroup1, sizeof(p->cgroup1), "%s", m->mnt_dir);
}

int probe_memory(struct err *e)
{
	struct probe p = { 0 };

	probe_cgroups(&p);
	if (p.memory_limit >= MEMORY_LEAST)
		return 0;
	err_set(e, -ENOMEM,
		"the memory limit of this cgroup, %llu kB, is below the %u MB that lvt needs",
		(unsigned long long)p.memory_limit / 1024, MEMORY_LEAST >> 20);
	return err_hint(e, "raise it, or run lvt in another cgroup");
}

void probe_cgroups(struct probe *p)
{
	struct memory_group g = { 0 };
	char memory[256] = ""; /* mount of version 1's memory controller */
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;

	p->memory_limit = PROBE_NO_LIMIT;
	while (f && (m = getmntent(f)))
		note_mount(p, m, memory, sizeof(memory));
	if (f)
		endmntent(f);
	if (*memory) {
		g.mount = memory;
		g.limit = "memory.limit_in_bytes";
		g.used = "memory.usage_in_bytes";
		if (own_path(g.path, sizeof(g.path), "memory"))
			read_limits(p, &g);
	} else if (*p->cgroup2) {
		g.mount = p->cgroup2;
		g.limit = "memory.max";
		g.used = "memory.current";
		if (own_path(g.path, sizeof(g.path), ""))
			read_limits(p, &g);
	}
}
