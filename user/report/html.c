// SPDX-License-Identifier: BSD-2-Clause
#include "report/html.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/escape.h"

static const char palette[] =
#include "palette.css.inc"
	;

static const char style_sheet[] =
#include "html.css.inc"
	;

static const char *entity(const char *c, size_t used)
{
	if (used != 1)
		return NULL;
	switch (*c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

void html_text(FILE *out, const char *text)
{
	size_t left = strlen(text), used;
	char safe[4 * ESCAPE_FACTOR + 1];

	for (; left; text += used, left -= used) {
		const char *name;

		utf8_decode(text, left, &used);
		name = entity(text, used);
		fputs(name ? name : escape_bytes(safe, sizeof(safe), text, used), out);
	}
}

void html_say(FILE *out, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	html_text(out, text);
}

void html_items(FILE *out, const struct items *l)
{
	static const char no_break[] = "\u00a0", dot[] = "·";
	char text[sizeof(l->text)], *to = text;

	for (const char *c = l->text; *c;) {
		bool kept = (to > text && isdigit((unsigned char)to[-1])) ||
			    (!strncmp(c, no_break, strlen(no_break)) &&
			     !strncmp(c + strlen(no_break), dot, strlen(dot)));

		if (!kept && !strncmp(c, no_break, strlen(no_break))) {
			*to++ = ' ';
			c += strlen(no_break);
		} else {
			*to++ = *c++;
		}
	}
	*to = '\0';
	html_text(out, text);
}

void html_palette(FILE *out)
{
	fputs(palette, out);
}

/* The policy is a second lock: nothing is loaded and no script runs, whatever stands in the page. */
static void open_head(FILE *out, const char *title, const char *policy, const char *more_style)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; img-src data:%s\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"lvt\">\n"
		"<link rel=\"icon\" href=\"data:,\">\n<title>",
		policy);
	html_text(out, title);
	fputs("</title>\n<style>\n", out);
	html_palette(out);
	fprintf(out, "%s%s</style>\n", style_sheet, more_style);
}

void html_open(FILE *out, const char *title)
{
	html_open_styled(out, title, "");
}

void html_open_styled(FILE *out, const char *title, const char *more)
{
	open_head(out, title, "", more);
	fputs("</head>\n<body>\n<main>\n", out);
}

void html_open_live(FILE *out, const char *title, const struct html_live *live)
{
	open_head(out, title, "; script-src 'self'; connect-src 'self'", "");
	fprintf(out, "<script defer src=\"%s\"></script>\n</head>\n<body>\n<div class=\"live\">",
		live->script);
	fputs("<span id=\"state\">as of loading this page</span>"
	      "<button id=\"pause\" type=\"button\" hidden>Pause</button><span class=\"views\">",
	      out);
	for (const struct html_view *v = live->views; v->name; v++) {
		fprintf(out, "<a href=\"%s\"%s>", v->href,
			v == live->view ? " aria-current=\"page\"" : "");
		html_text(out, v->name);
		fputs("</a>", out);
	}
	fputs("</span></div>\n<main>\n", out);
}

void html_close(FILE *out)
{
	fputs("</main>\n</body>\n</html>\n", out);
}

void html_details(FILE *out, const char *summary)
{
	fputs("<details><summary>", out);
	html_text(out, summary);
	fputs("</summary>\n", out);
}
