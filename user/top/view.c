// SPDX-License-Identifier: BSD-2-Clause
/* What keys do. */
#include "top/view.h"

#include <string.h>

void view_open(struct view *v, const char *traced, double interval)
{
	*v = (struct view){ .traced = traced, .interval = interval, .rows = 1 };
	v->list.sort = LIST_RATE;
}

int view_look(struct view *v, struct run *r, bool (*gone)(const struct run_service *s))
{
	int err = frame_look(&v->live, r, gone);

	if (!err && !v->frozen)
		frame_copy(&v->shown, &v->live);
	list_choose(&v->list, &v->shown);
	return err;
}

void view_close(struct view *v)
{
	frame_free(&v->live);
	frame_free(&v->shown);
}

/* ---- keys ---- */

static int selected(const struct view *v)
{
	int i = v->chosen ? list_find(&v->list, v->netns, v->port) : 0;

	return i < 0 ? 0 : i;
}

static void choose(struct view *v, int i)
{
	if (i >= v->list.n)
		i = v->list.n - 1;
	if (i < 0)
		i = 0;
	if (!v->list.n)
		return;
	v->chosen = true;
	v->netns = v->list.row[i]->netns;
	v->port = v->list.row[i]->port;
}

static void freeze(struct view *v)
{
	v->frozen = !v->frozen;
	if (!v->frozen)
		frame_copy(&v->shown, &v->live);
	list_choose(&v->list, &v->shown);
}

/* By how much a key moves; false: it is none of these. */
static bool moves(const struct view *v, int key, int *by)
{
	const int far = 1 << 20;

	switch (key) {
	case VIEW_UP:
	case 'k':
		*by = -1;
		return true;
	case VIEW_DOWN:
	case 'j':
		*by = 1;
		return true;
	case VIEW_PAGE_UP:
		*by = -v->rows;
		return true;
	case VIEW_PAGE_DOWN:
		*by = v->rows;
		return true;
	case VIEW_HOME:
		*by = -far;
		return true;
	case VIEW_END:
		*by = far;
		return true;
	default:
		return false;
	}
}

static void type(struct view *v, int key)
{
	char *filter = v->list.filter;
	size_t len = strlen(filter);

	if (key == VIEW_ENTER || key == VIEW_F4) {
		v->typing = false;
	} else if (key == VIEW_ESCAPE) {
		v->typing = false;
		*filter = '\0';
	} else if (key == VIEW_BACKSPACE) {
		while (len && (filter[--len] & 0xc0) == 0x80)
			;
		filter[len] = '\0';
	} else if (key >= ' ' && key < VIEW_ENTER && key != 0x7f &&
		   len + 1 < sizeof(v->list.filter)) {
		filter[len] = (char)key;
		filter[len + 1] = '\0';
	}
	list_choose(&v->list, &v->shown);
}

static void pick(struct view *v, int key)
{
	int by;

	if (moves(v, key, &by)) {
		v->menu_at += by;
		if (v->menu_at >= NR_LIST_COLUMNS)
			v->menu_at = NR_LIST_COLUMNS - 1;
		if (v->menu_at < 0)
			v->menu_at = 0;
	} else if (key == VIEW_ENTER) {
		if ((int)v->list.sort != v->menu_at)
			v->list.inverted = false;
		v->list.sort = v->menu_at;
		v->menu = false;
		list_choose(&v->list, &v->shown);
	} else if (key == VIEW_ESCAPE || key == 'q' || key == 's' || key == VIEW_F6) {
		v->menu = false;
	}
}

static void list_key(struct view *v, int key)
{
	int by;

	if (moves(v, key, &by)) {
		choose(v, selected(v) + by);
	} else if (key == VIEW_ENTER && v->list.n) {
		choose(v, selected(v));
		v->mode = VIEW_DETAIL;
		v->scroll = 0;
	} else if (key == '/' || key == VIEW_F4) {
		v->typing = true;
	} else if (key == VIEW_ESCAPE) {
		v->list.filter[0] = '\0';
		list_choose(&v->list, &v->shown);
	} else if (key == 's' || key == '>' || key == VIEW_F6) {
		v->menu = true;
		v->menu_at = v->list.sort;
	} else if (key == 'I') {
		v->list.inverted = !v->list.inverted;
		list_choose(&v->list, &v->shown);
	}
}

static void page_key(struct view *v, int key)
{
	int by, last = v->lines > v->rows ? v->lines - v->rows : 0;

	if (moves(v, key, &by)) {
		v->scroll += by;
		if (v->scroll > last)
			v->scroll = last;
		if (v->scroll < 0)
			v->scroll = 0;
	} else if (key == 'w' && v->mode == VIEW_DETAIL) {
		v->all = !v->all;
	}
}

static void back(struct view *v)
{
	v->mode = v->mode == VIEW_HELP ? v->behind : VIEW_LIST;
	v->scroll = 0;
}

bool view_key(struct view *v, int key)
{
	bool quit = key == 'q' || key == VIEW_F10;

	if (v->typing) {
		type(v, key);
	} else if (v->menu) {
		pick(v, key);
	} else if (key == VIEW_F10 || (quit && v->mode == VIEW_LIST)) {
		return false;
	} else if (key == ' ') {
		freeze(v);
	} else if (v->mode != VIEW_HELP && (key == VIEW_F1 || key == 'h' || key == '?')) {
		v->behind = v->mode;
		v->mode = VIEW_HELP;
		v->scroll = 0;
	} else if (v->mode == VIEW_LIST) {
		list_key(v, key);
	} else if (quit || key == VIEW_ESCAPE ||
		   (v->mode == VIEW_HELP && (key == VIEW_F1 || key == 'h' || key == '?'))) {
		back(v);
	} else {
		page_key(v, key);
	}
	return true;
}
