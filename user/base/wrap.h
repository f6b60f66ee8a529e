/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_WRAP_H
#define LVT_WRAP_H

#include <stdio.h>

/*
 * Print text, broken at spaces, in the columns indent..columns-1. column says where the cursor
 * stands (0 at the start of a line); if that is beyond indent, the text starts on the next line. A
 * word that is too wide stands alone on its line. Each "\n" in the text starts a new line. Ends
 * with a newline.
 */
void print_wrapped(FILE *out, const char *text, int column, int indent, int columns);

#endif
