/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TERM_H
#define LVT_TERM_H

#include <stdbool.h>
#include <stdio.h>

/* Whether the stream is a terminal. */
bool term_is(FILE *stream);

/*
 * Columns of the stream: the terminal's own width, else the variable COLUMNS, else 80; always
 * within 40..500.
 */
int term_columns(FILE *stream);

/* Whether colour may be used: a terminal, no NO_COLOR (set and not empty), and TERM not "dumb". */
bool term_colour(FILE *stream);

#endif
