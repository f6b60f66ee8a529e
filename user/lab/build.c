/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/build.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/words.h"
#include "capture/keeper.h"

enum { LINE = 32 << 10 };

/* A shell's script to its end. Returns its exit status, or -errno with *e filled. */
static int run(const char *script, int signals, struct err *e)
{
	struct keeper_job job = { .command = script, .log = STDERR_FILENO };
	struct pollfd p[2] = { { .fd = signals, .events = POLLIN }, { .events = POLLIN } };
	struct keeper k;
	int err;

	fflush(stderr);
	err = keeper_start(&k, &job, e);
	if (err)
		return err;
	p[1].fd = k.news;
	while (!keeper_ended(&k) && !err) {
		poll(p, 2, 1000);
		if (p[0].revents)
			err = err_set(e, -EINTR, "stopped by a signal");
	}
	keeper_stop(&k);
	if (err)
		return err;
	return WIFEXITED(k.status) ? WEXITSTATUS(k.status) : 1;
}

/* Words of a script, quoted; NULL ends them. */
static int add(char *line, const char *plain, ...) __attribute__((sentinel));

static int add(char *line, const char *plain, ...)
{
	size_t len = strlen(line);
	const char *word;
	va_list ap;
	int err = 0;

	if (len + strlen(plain) + 2 >= LINE)
		return -E2BIG;
	if (len)
		line[len++] = ' ';
	strcpy(line + len, plain);
	va_start(ap, plain);
	while (!err && (word = va_arg(ap, const char *)))
		err = words_quote(line, LINE, word);
	va_end(ap);
	return err;
}

static int built(int status, const struct lab_manifest *lab, const char *folder, struct err *e)
{
	if (status <= 0)
		return status;
	err_set(e, -ENOEXEC, "%s does not build", lab->id);
	return err_hint(e, "the compiler says why, above; 'make -C %.300s' builds it alone",
			folder);
}

int build_shipped(const struct lab_manifest *lab, const char *common, const char *overlay,
		  const char *to, int signals, struct err *e)
{
	char line[LINE] = "set -e;";
	int bad = add(line, "rm -rf", to, NULL) || add(line, "; mkdir -p", to, NULL) ||
		  add(line, "; cd", lab->folder, NULL) || add(line, "; cp *.[ch]", to, NULL) ||
		  add(line, "; cd", common, NULL) || add(line, "; cp service.h Makefile", to, NULL);

	if (!bad && overlay)
		bad = add(line, "; cd", overlay, NULL) ||
		      add(line, "; for f in *.[ch]; do test ! -e \"$f\" || cp \"$f\"", to, NULL) ||
		      add(line, "; done", NULL);
	if (!bad)
		bad = add(line, "; exec make -s -C", to, NULL);
	if (bad)
		return err_set(e, -E2BIG, "the path %s is too long", to);
	return built(run(line, signals, e), lab, to, e);
}

int build_learner(const struct lab_manifest *lab, const char *folder, int signals, struct err *e)
{
	char line[LINE] = "";

	if (add(line, "exec make -s -C", folder, NULL))
		return err_set(e, -E2BIG, "the path %s is too long", folder);
	return built(run(line, signals, e), lab, folder, e);
}

int build_remove(const char *folder, struct err *e)
{
	char line[LINE] = "";
	int status = add(line, "exec rm -rf", folder, NULL) ? -E2BIG : run(line, -1, e);

	return status > 0 ? err_set(e, -EIO, "cannot remove %s", folder) : status;
}
