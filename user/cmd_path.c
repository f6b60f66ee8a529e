/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/options.h"
#include "base/out_file.h"
#include "base/term.h"
#include "cmd.h"
#include "lab/path_print.h"
#include "report/page.h"

struct config {
	bool checklist;
	const char *html;
	int format;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct option_row rows[] = {
	{ .name = "checklist",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct config, checklist),
	  .help = "the completion checklist: what is done and what is missing" },
	{ .name = "html",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct config, html),
	  .help = "write the whole course as one page, with your own figures" },
	{ .name = "format",
	  .type = OPT_CHOICE,
	  .choices = formats,
	  .offset = offsetof(struct config, format),
	  .help = "form of the path (text)" },
	{ 0 },
};

static const struct options options = {
	.command = "path",
	.args = "[UNIT] [OPTION...]",
	.about =
		"The course Latency vs Throughput: its phases, units and labs, what is done, what is "
		"locked and by what, and what is next. With UNIT, a unit, a resource or a walk-through "
		"by its number, its name or the begin of it: read its article.",
	.more = "Examples:\n"
		"  lvt path                      the whole path, and where you are\n"
		"  lvt path 1.1                  read the first unit's article\n"
		"  lvt path advanced             the same by the begin of a name\n"
		"  lvt path --checklist\n"
		"  lvt path --html course.html\n",
	.rows = rows,
	.operands = true,
};

struct session {
	struct config config;
	struct catalogue labs;
	struct path path;
	struct progress progress;
	struct path_state state;
};

static int print_html(FILE *out, const void *arg, struct err *e)
{
	return path_html(out, arg, e);
}

static int show(struct session *s, struct err *e)
{
	if (s->config.html)
		return out_file_print(s->config.html, print_html, &s->state, e);
	if (s->config.format)
		return path_json(stdout, &s->state, e);
	return s->config.checklist ? path_checklist(stdout, &s->state, e) :
				     path_text(stdout, &s->state, e);
}

/* ---- an article */

static const char *pager(void)
{
	const char *name = getenv("PAGER");

	return name && *name ? name : "less -R";
}

/* Through the pager, which a shell starts, as PAGER may have options. -ENOENT: there is none. */
static int page_out(const char *text, size_t size)
{
	int status, fds[2];
	pid_t pid;
	FILE *to;

	if (pipe(fds))
		return -errno;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		dup2(fds[0], STDIN_FILENO);
		close(fds[0]);
		close(fds[1]);
		setenv("LESS", "FRX", 0);
		execl("/bin/sh", "sh", "-c", pager(), NULL);
		_exit(127);
	}
	close(fds[0]);
	to = pid > 0 ? fdopen(fds[1], "w") : NULL;
	if (!to) {
		close(fds[1]);
		return -ENOENT;
	}
	signal(SIGINT, SIG_IGN); /* it is for the pager */
	fwrite(text, 1, size, to);
	fclose(to); /* a reader that has seen enough is no failure */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : 0;
}

static int mark_read(const char *name, struct err *e)
{
	struct progress p;
	int err = progress_open(&p, true, e);

	if (err)
		return err;
	if (progress_mark_read(&p, name))
		err = err_set(e, -ENOMEM, "no memory");
	if (!err)
		err = progress_save(&p, e);
	progress_close(&p);
	return err;
}

static int read_article(struct session *s, const char *name, struct err *e)
{
	const struct path_item *item = path_find(&s->path, name, e);
	bool terminal = term_is(stdout);
	struct err note = { 0 };
	char *text = NULL;
	struct page page;
	size_t size;
	FILE *out;
	int err;

	if (!item)
		return -EINVAL;
	page_open(&page, stdout);
	out = open_memstream(&text, &size);
	if (!out)
		return err_set(e, -ENOMEM, "no memory");
	err = path_print_article(out, &s->state, item, page.columns, page.colour, e);
	if (fclose(out) && !err)
		err = err_set(e, -ENOMEM, "no memory");
	if (!err && (!terminal || page_out(text, size) == -ENOENT))
		fwrite(text, 1, size, stdout);
	free(text);
	if (!err && mark_read(item->name, &note)) {
		char warning[2 * sizeof(note.message)];

		snprintf(warning, sizeof(warning), "not marked as read: %s", note.message);
		command_warn(warning);
	}
	return err;
}

/* ---- */

static int check_use(const struct config *c, const struct operands *rest, struct err *e)
{
	int asked = c->checklist + (c->html != NULL) + (c->format != 0);

	if (rest->n_words > 1) {
		err_usage(e, "path takes one unit, not '%s'", rest->words[1]);
		return err_hint(e, "lvt path UNIT");
	}
	if (asked > 1 || (asked && rest->n_words)) {
		err_usage(e, "only one of UNIT, --checklist, --html and --format can be had");
		return err_hint(e, "lvt path [UNIT], or one of the options");
	}
	return 0;
}

static int open_session(struct session *s, struct err *e)
{
	char said[sizeof(s->progress.damaged) + 80];
	int err = catalogue_open(&s->labs, e);

	if (!err)
		err = path_read(&s->path, s->labs.folder, e);
	if (!err)
		err = progress_open(&s->progress, false, e);
	if (!err && *s->progress.damaged) {
		snprintf(said, sizeof(said),
			 "the progress was damaged, and starts anew; kept as %s",
			 s->progress.damaged);
		command_warn(said);
	}
	return err ? err : path_state_find(&s->state, &s->path, &s->labs, &s->progress, e);
}

int cmd_path(int argc, char **argv, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));
	struct operands rest;
	int err;

	if (!s)
		return err_set(e, -ENOMEM, "no memory");
	s->progress.lock = -1;
	err = options_parse(&options, &s->config, argc, argv, &rest, e);
	if (err == OPTIONS_HELP) {
		free(s);
		return EXIT_GOOD;
	}
	if (!err)
		err = check_use(&s->config, &rest, e);
	if (!err)
		err = open_session(s, e);
	if (!err)
		err = rest.n_words ? read_article(s, rest.words[0], e) : show(s, e);
	path_state_free(&s->state);
	progress_close(&s->progress);
	path_free(&s->path);
	catalogue_close(&s->labs);
	free(s);
	return err;
}
