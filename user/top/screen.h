/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_SCREEN_H
#define LVT_SCREEN_H

#include "base/err.h"
#include "top/grid.h"

/*
 * The terminal, by ncurses. While it is open, only it writes there. It is put back as it was by
 * screen_close(), and by a crash, too.
 */

/* Whether there is one that will do: 0, or -errno with *e filled (EXIT_USAGE). */
int screen_check(struct err *e);

/* The same, and take it. */
int screen_open(struct err *e);

/* The terminal's size has changed. */
void screen_resize(void);

void screen_size(int *rows, int *cols);

void screen_show(const struct grid *g);

/* The next key that was pressed, as view_key() takes it; -1 = none. */
int screen_key(void);

void screen_close(void); /* idempotent */

/* Whether the locale has UTF-8. */
bool screen_utf8(void);

#endif
