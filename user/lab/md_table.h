/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MD_TABLE_H
#define LVT_LAB_MD_TABLE_H

#include "lab/md_flow.h"

/* A table that is filled cell by cell; its first row heads it. All zero but columns = empty. */
enum { MD_TABLE_MAX_COLUMNS = 128 };

enum md_align { MD_ALIGNED_LEFT, MD_ALIGNED_CENTRE, MD_ALIGNED_RIGHT };

struct md_table {
	size_t columns;
	enum md_align align[MD_TABLE_MAX_COLUMNS];
	struct md_flow *cells;
	size_t n, size;
	bool failed; /* no memory */
};

/* The next cell, to be filled; NULL without memory. */
struct md_flow *md_table_cell(struct md_table *t);

/* Print it in so many columns, each line after the prefix. */
void md_table_print(const struct md_table *t, FILE *out, const char *prefix, int columns,
		    bool colour);
void md_table_free(struct md_table *t);

#endif
