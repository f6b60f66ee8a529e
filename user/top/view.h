/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_VIEW_H
#define LVT_VIEW_H

#include <stdio.h>

#include "top/frame.h"
#include "top/grid.h"
#include "top/list.h"

/*
 * What is on the screen, and what keys do to it; it knows no terminal.
 *
 *	view_look(&v, &run, gone);	the next look at the trace
 *	view_key(&v, key);		false: quit
 *	view_draw(&v, &grid);		of any size
 */
enum { VIEW_LEAST_COLUMNS = 60, VIEW_LEAST_ROWS = 10 };

/* Keys beside characters. */
enum {
	VIEW_ENTER = 0x100,
	VIEW_ESCAPE,
	VIEW_BACKSPACE,
	VIEW_UP,
	VIEW_DOWN,
	VIEW_PAGE_UP,
	VIEW_PAGE_DOWN,
	VIEW_HOME,
	VIEW_END,
	VIEW_F1,
	VIEW_F4 = VIEW_F1 + 3,
	VIEW_F6 = VIEW_F1 + 5,
	VIEW_F10 = VIEW_F1 + 9,
};

enum view_mode { VIEW_LIST, VIEW_DETAIL, VIEW_HELP };

struct view {
	const char *traced; /* the filter of the trace, "" = all services; the caller's */
	double interval;

	struct frame live, shown; /* not the same while frozen */
	bool frozen;
	struct list list;	     /* of shown */
	enum view_mode mode, behind; /* behind the help */
	bool chosen; /* a service was selected; until then it is the first one, whichever it is */
	__u32 netns;
	__u16 port;
	int first;   /* of the list, at the top of the screen */
	int scroll;  /* of a page, lines */
	bool all;    /* the detail's figures are since the start */
	bool typing; /* the filter */
	bool menu;   /* what to sort by */
	int menu_at;
	int rows, lines; /* as drawn last: of the list or page, and of a page in all */
};

void view_open(struct view *v, const char *traced, double interval);

/* As frame_look(). */
int view_look(struct view *v, struct run *r, bool (*gone)(const struct run_service *s));

/* Returns false if it was the key to quit. */
bool view_key(struct view *v, int key);

void view_draw(struct view *v, struct grid *g);

/*
 * One picture as plain lines, `columns` wide: when it is, the head, and all services. Returns 0 or
 * -ENOMEM.
 */
int view_print(const struct view *v, FILE *out, int columns, bool ascii, const char *stamp);

void view_close(struct view *v);

#endif
