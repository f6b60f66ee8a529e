// SPDX-License-Identifier: BSD-2-Clause
#include "top/screen.h"
#include "base/term.h"
#include "top/view.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* last: it makes macros of common words */
#include <term.h>

static SCREEN *screen;

/* ---- a crash ---- */

static struct termios saved;
static char leave[256]; /* what puts the terminal back */
static size_t leave_len;

static void add_leave(const char *name)
{
	char capability[16];
	const char *text;

	strcpy(capability, name); /* its parameter is not const everywhere */
	text = tigetstr(capability);
	if (!text || text == (char *)-1 || leave_len + strlen(text) >= sizeof(leave))
		return;
	memcpy(leave + leave_len, text, strlen(text));
	leave_len += strlen(text);
}

/* Nothing here but what a signal handler may call. The default action comes after it. */
static void crash(int sig)
{
	ssize_t n = write(STDOUT_FILENO, leave, leave_len);

	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	raise(sig);
}

static void on_crash(void (*handler)(int))
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &act, NULL);
}

/* ---- life ---- */

/*
 * On the terminal's own background. With 256 colours: orange, blue and purple of a middle lightness, which
 * have a contrast of 3.8 or more with black and with white, and which the colour-blind tell apart.
 */
static void open_colours(void)
{
	bool many;

	start_color();
	use_default_colors();
	many = COLORS >= 256;
	init_pair(CELL_QUEUE >> 4, many ? 166 : COLOR_RED, -1);
	init_pair(CELL_RUNNING >> 4, many ? 32 : COLOR_BLUE, -1);
	init_pair(CELL_WAITING >> 4, many ? 133 : COLOR_MAGENTA, -1);
	init_pair(CELL_WARNING >> 4, many ? 166 : COLOR_RED, -1);
}

static bool colours;

int screen_check(struct err *e)
{
	const char *type = getenv("TERM") ?: "", *move = NULL;
	char cup[] = "cup";
	int known;

	if (!term_is(stdout) || !isatty(STDIN_FILENO)) {
		err_usage(e, "not on a terminal");
		return err_hint(e, "--batch prints instead");
	}
	if (*type && !setupterm(NULL, STDOUT_FILENO, &known))
		move = tigetstr(cup);
	if (move && move != (char *)-1)
		return 0;
	err_usage(e, "the terminal type '%s' is not known, or cannot move its cursor", type);
	return err_hint(e, "set TERM, or use --batch");
}

int screen_open(struct err *e)
{
	int err = screen_check(e);

	if (err)
		return err;
	tcgetattr(STDIN_FILENO, &saved);
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return err_set(e, -EIO, "cannot use the terminal");
	add_leave("sgr0");
	add_leave("cnorm");
	add_leave("rmkx");
	add_leave("rmcup");
	on_crash(crash);
	set_escdelay(25);
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	curs_set(0);
	colours = has_colors() && term_colour(stdout);
	if (colours)
		open_colours();
	return 0;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
	on_crash(SIG_DFL);
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

void screen_resize(void)
{
	struct winsize w;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row && w.ws_col)
		resizeterm(w.ws_row, w.ws_col);
	clearok(stdscr, TRUE);
}

void screen_size(int *rows, int *cols)
{
	getmaxyx(stdscr, *rows, *cols);
}

bool screen_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/* ---- what is shown ---- */

static attr_t attributes(int style)
{
	attr_t a = A_NORMAL;

	a |= style & CELL_BOLD ? A_BOLD : 0;
	a |= style & CELL_DIM ? A_DIM : 0;
	a |= style & CELL_REVERSE ? A_REVERSE : 0;
	a |= style & CELL_UNDERLINE ? A_UNDERLINE : 0;
	return a;
}

void screen_show(const struct grid *g)
{
	erase();
	for (int row = 0; row < g->rows; row++) {
		for (int col = 0; col < g->cols; col++) {
			const struct cell *c = &g->cell[row * g->cols + col];
			short pair = colours ? (c->style & CELL_COLOUR) >> 4 : 0;

			attr_set(attributes(c->style), pair, NULL);
			if (c->text[0])
				mvaddstr(row, col, c->text);
		}
	}
	attr_set(A_NORMAL, 0, NULL);
	refresh();
}

/* ---- keys ---- */

int screen_key(void)
{
	static const struct {
		int curses, view;
	} keys[] = {
		{ '\n', VIEW_ENTER },
		{ '\r', VIEW_ENTER },
		{ KEY_ENTER, VIEW_ENTER },
		{ 0x1b, VIEW_ESCAPE },
		{ '\b', VIEW_BACKSPACE },
		{ 0x7f, VIEW_BACKSPACE },
		{ KEY_BACKSPACE, VIEW_BACKSPACE },
		{ KEY_UP, VIEW_UP },
		{ KEY_DOWN, VIEW_DOWN },
		{ KEY_PPAGE, VIEW_PAGE_UP },
		{ KEY_NPAGE, VIEW_PAGE_DOWN },
		{ KEY_HOME, VIEW_HOME },
		{ KEY_END, VIEW_END },
		{ KEY_F(1), VIEW_F1 },
		{ KEY_F(4), VIEW_F4 },
		{ KEY_F(6), VIEW_F6 },
		{ KEY_F(10), VIEW_F10 },
	};
	int key;

	do {
		key = getch();
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (keys[i].curses == key)
				return keys[i].view;
	} while (key >= 0x100); /* one that means nothing here */
	return key == ERR ? -1 : key;
}
