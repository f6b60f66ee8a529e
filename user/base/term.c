/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/term.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN 40
#define COLUMNS_MAX 500

bool term_is(FILE *stream)
{
	int fd = stream ? fileno(stream) : -1;

	return fd >= 0 && isatty(fd);
}

int term_columns(FILE *stream)
{
	struct winsize size = { 0 };
	const char *env = getenv("COLUMNS");
	long columns = 0;

	if (term_is(stream) && !ioctl(fileno(stream), TIOCGWINSZ, &size))
		columns = size.ws_col;
	if (columns <= 0 && env)
		columns = strtol(env, NULL, 10);
	if (columns <= 0)
		columns = COLUMNS_DEFAULT;
	if (columns < COLUMNS_MIN)
		return COLUMNS_MIN;
	return columns > COLUMNS_MAX ? COLUMNS_MAX : (int)columns;
}

bool term_colour(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	if (!term || !strcmp(term, "dumb"))
		return false;
	return term_is(stream);
}
