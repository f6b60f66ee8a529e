/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MD_FLOW_H
#define LVT_LAB_MD_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Text of a paragraph, a cell or a block of code with a style for each byte. What is added is made safe for
 * a terminal; "\n" in it starts a new line. All zero = empty.
 */
enum md_style {
	MD_STRONG = 1,
	MD_EM = 2,
	MD_CODE = 4,
	MD_LINK = 8,
	MD_DIM = 16,
	MD_DEL = 32,
};

struct md_flow {
	char *text;
	unsigned char *style;
	size_t n, size;
	bool failed; /* no memory */
};

void md_flow_add(struct md_flow *f, const char *bytes, size_t n, unsigned int style);
void md_flow_say(struct md_flow *f, const char *text, unsigned int style);
void md_flow_clear(struct md_flow *f); /* empty, with its memory */
void md_flow_free(struct md_flow *f);

/* Columns of its bytes from..end-1. */
int md_flow_width(const struct md_flow *f, size_t from, size_t end);

/* Columns of its widest line, and of its widest word. */
int md_flow_widest(const struct md_flow *f);
int md_flow_widest_word(const struct md_flow *f);

/*
 * The line that starts at from, of at most width columns: *end is where it ends, without blanks; returns
 * where the next one starts. A word that is too wide is cut if cut is set, else it stands alone.
 */
size_t md_flow_line(const struct md_flow *f, size_t from, int width, bool cut, size_t *end);

/* Print bytes from..end-1, with their styles; the terminal is plain before and after. */
void md_flow_put(const struct md_flow *f, size_t from, size_t end, FILE *out, bool colour);

#endif
