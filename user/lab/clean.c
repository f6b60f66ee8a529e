/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/clean.h"
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "capture/process_tree.h"
#include "lab/journal.h"
#include "lab/system.h"

void clean_look(struct clean *c, const struct lab_manifest *lab)
{
	for (size_t i = 0; i < lab->n_sysctls; i++)
		if (journal_sysctl_value(lab->sysctls[i].name, c->sysctls[i],
					 sizeof(c->sysctls[i])))
			*c->sysctls[i] = '\0';
}

static void add(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	len += snprintf(text + len, size - len, "%s", len ? ", " : "");
	va_start(ap, fmt);
	if (len < size)
		vsnprintf(text + len, size - len, fmt, ap);
	va_end(ap);
}

/* Programs and maps of the kernel live as long as somebody has them open. */
static int bpf_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	char path[300], target[128];
	struct dirent *entry;
	ssize_t n;
	int found = 0;

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found += strstr(target, "bpf") && !strncmp(target, "anon_inode:", 11);
	}
	if (d)
		closedir(d);
	return found;
}

/* What the lab has changed on this host; nothing is asked while another lvt is at work, whose it may be. */
static void host_left(const struct clean *c, const struct lab_manifest *lab, char *text,
		      size_t size)
{
	char group[256], now[256];

	if (journal_in_use(JOURNAL_FOLDER))
		return;
	if (system_group(lab, group, sizeof(group)) && !access(group, F_OK))
		add(text, size, "the cgroup %s", group);
	for (size_t i = 0; i < lab->n_sysctls; i++)
		if (journal_sysctl_value(lab->sysctls[i].name, now, sizeof(now)) ||
		    strcmp(now, c->sysctls[i]) != 0)
			add(text, size, "the sysctl %s", lab->sysctls[i].name);
	if (!access(JOURNAL_FOLDER "/journal.json", F_OK))
		add(text, size, "%s", JOURNAL_FOLDER "/journal.json");
}

void clean_left(const struct clean *c, const struct lab_manifest *lab, const char *folder,
		char *text, size_t size)
{
	pid_t pids[16];
	size_t processes = tree_below(getpid(), pids, 16);
	int descriptors = bpf_descriptors();

	*text = '\0';
	if (processes)
		add(text, size, "%zu processes (pid %d)", processes, (int)pids[0]);
	if (descriptors)
		add(text, size, "%d BPF objects", descriptors);
	host_left(c, lab, text, size);
	if (*folder && !access(folder, F_OK))
		add(text, size, "%s", folder);
}
