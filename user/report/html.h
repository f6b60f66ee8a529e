/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_H
#define LVT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/run.h"
#include "report/page.h"

/*
 * Pages of HTML5 in one file: no script, nothing from the network, well-formed as XML is but for
 * void elements. Markup goes to the stream as it is; all other text through html_text() or
 * html_say(), which make it valid UTF-8 and safe wherever it stands, in an attribute too.
 */
void html_text(FILE *out, const char *text);
void html_say(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line of items, which may be wrapped anywhere but before a dot and between a number and its unit. */
void html_items(FILE *out, const struct items *l);

/* The colours of a style sheet: variables, in light, dark and print, and --c of each stage's class. */
void html_palette(FILE *out);

/* All up to <main>, with the style sheet; and the end. */
void html_open(FILE *out, const char *title);
void html_open_styled(FILE *out, const char *title, const char *style_sheet); /* and one more */
void html_close(FILE *out);

/*
 * The top of a page that its own server keeps up to date: with a script of that server (the only one that
 * its policy lets run), and a bar with links to its views. The script finds #state and #pause in it.
 */
struct html_view {
	const char *name, *href; /* href: safe as it is */
};

struct html_live {
	const char *script;
	const struct html_view *views; /* ends with a NULL name */
	const struct html_view *view;  /* of them, the one that this is */
};

void html_open_live(FILE *out, const char *title, const struct html_live *live);

/*
 * Tables are filled cell by cell; a row ends by itself after its last column. The first column heads
 * its rows.
 */
struct html_column {
	const char *name;
	bool number; /* right-aligned, digits of one width */
	bool wide;   /* left out where there is no room for all columns */
};

struct html_table {
	FILE *out;
	const struct html_column *column;
	size_t n, at;
};

void html_table_open(struct html_table *t, FILE *out, const char *caption,
		     const struct html_column *column, size_t n);
void html_table_close(struct html_table *t);

void html_cell(struct html_table *t, const char *text);
void html_cell_ns(struct html_table *t, double ns); /* NAN: unknown, as in all of these */
void html_cell_count(struct html_table *t, __u64 n);
void html_cell_share(struct html_table *t, double share);
void html_cell_unknown(struct html_table *t);
void html_cell_stage(struct html_table *t, enum lvt_stage st); /* its name and colour */

/* For cells of another content: the tag that opens one, and the one that closes it. */
void html_cell_begin(struct html_table *t);
void html_cell_end(struct html_table *t);

/* <details> with a summary; it is closed with </details>. */
void html_details(FILE *out, const char *summary);

#endif
