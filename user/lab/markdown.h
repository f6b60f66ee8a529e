/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MARKDOWN_H
#define LVT_LAB_MARKDOWN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/*
 * Markdown (CommonMark with tables) for a terminal: text is wrapped to the columns, blocks of code are
 * indented and never broken, links are text with their address. Nothing in the text reaches the terminal
 * as a control sequence. A link to NAME.md is one to "lvt path NAME". Returns 0 or -errno with *e filled.
 */
int markdown_print(FILE *out, const char *text, int columns, bool colour, struct err *e);

/*
 * The same as HTML, a part of a page: headings from <h1> on. HTML in the text is shown, not used; addresses
 * are those of http and https, "#..." and NAME.md, which becomes #NAME.
 */
int markdown_html(FILE *out, const char *text, struct err *e);

/* How a text becomes a part of a page with others. */
struct markdown_part {
	const char *
		prefix; /* of the ids of its headings and of what links to them: "PREFIX-heading" */
	int deeper;	/* "# " is <h1> with 0, <h2> with 1, ...; at most <h4> */
	bool headless;	/* without its first "# " heading, whose place is taken */
};

int markdown_html_part(FILE *out, const char *text, const struct markdown_part *part,
		       struct err *e);

#endif
