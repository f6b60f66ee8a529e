/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_PAGE_H
#define LVT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the text report is written on: a stream with a width, and with or without colour. */
enum {
	PAGE_MAX_COLUMNS = 120, /* wider lines are hard to follow */
	PAGE_LEAST_INDENT = 4,
};

struct page {
	FILE *out;
	int columns;
	bool colour;
	/* what stages look like in the bars, the same all over the page: chosen by its first one; room for
	 * NR_STAGES + 1; NULL = each anatomy chooses */
	const char **keys;
	bool groups; /* few colours, for groups of stages, which their shades tell apart */
};

/* Codes of the terminal's own 16 colours, so that they suit the reader's theme. */
enum style {
	STYLE_PLAIN = 0,
	STYLE_BOLD = 1,
	STYLE_DIM = 2,
	STYLE_WARNING = 33,
	STYLE_QUEUE = 33, /* the groups */
	STYLE_RUNNING = 34,
	STYLE_WAITING = 35,
};

void page_open(struct page *p, FILE *out);

/* Switch to a style (an SGR code) or, with STYLE_PLAIN, back; nothing without colour. */
void page_style(const struct page *p, int style);

/* n times the same UTF-8 text. */
void page_repeat(const struct page *p, const char *text, int n);

/*
 * A label of a style, then text wrapped beside it, each further line under the first one's text
 * (at column indent). A number is never parted from the word after it. Text with a word that is too
 * wide for its column stands below the label, further to the left.
 */
void page_text(const struct page *p, int indent, const char *label, int style, const char *text);

/* A line made of items: "a · b · c". Items are kept whole when it is wrapped. */
struct items {
	char text[1024];
	size_t len;
};

void items_add(struct items *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
