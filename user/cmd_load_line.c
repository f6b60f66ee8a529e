/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd_load_line.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/words.h"
#include "cmd_load.h"
#include "trial/run.h"

enum { MAX_WORDS = 200 };

static int put_words(char *line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words_quote(line, TRIAL_COMMAND_LEN, words[i]))
			return -E2BIG;
	return 0;
}

/* Are they words of lvt load that leave to the trial what is the trial's? */
static int check_words(const char *text, __u32 port, struct load_words *w, struct err *e)
{
	char filled[2 * TRIAL_COMMAND_LEN], target[32], *words[MAX_WORDS + 2] = { "load" };
	int n, err;

	if (trial_command(filled, sizeof(filled), text, port ?: 1, 1, 1))
		return err_usage(e, "it is too long");
	snprintf(target, sizeof(target), "127.0.0.1:%u", port ?: 1);
	n = words_split(filled, words + 1, MAX_WORDS);
	if (n < 0)
		return err_usage(e, n == -EINVAL ? "a quote is not closed" : "too many words");
	words[n + 1] = NULL;
	err = load_words_check(n + 1, words, target, w, e);
	if (!err && (w->duration || w->warm_up))
		return err_usage(e, "how long it lasts is the trial's: --seconds, --warm-up");
	if (!err && w->seed)
		return err_usage(e, "its seed is the trial's: --seed");
	if (!err && w->output)
		return err_usage(e, "what it reports goes into the trial's runs");
	return err;
}

int load_line(char line[TRIAL_COMMAND_LEN], const char *text, __u32 port, struct err *e)
{
	char copied[TRIAL_COMMAND_LEN], self[4096] = "", *words[MAX_WORDS];
	struct load_words w;
	int n, err;

	if (strlen(text) >= sizeof(copied))
		return err_usage(e, "it is too long");
	err = check_words(text, port, &w, e);
	if (err)
		return err;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return err_set(e, -errno, "cannot find lvt itself: %s", strerror(errno));
	strcpy(copied, text);
	n = words_split(copied, words, MAX_WORDS);
	strcpy(line, "exec");
	if (put_words(line, (const char *[]){ self, "load" }, 2) ||
	    put_words(line, (const char **)words, n) ||
	    (!w.target && put_words(line, (const char *[]){ "127.0.0.1:{port}" }, 1)) ||
	    put_words(line, (const char *[]){ "--seed", "{seed}", "-d", "{seconds}" }, 4))
		return err_usage(e, "it is too long");
	return 0;
}
