// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/markdown.h"
#include "lab/md_text.h"
#include "report/html.h"

enum { MOST_LEVEL = 4, SLUG_LEN = 96, MAX_SLUGS = 128 };

struct md_page {
	FILE *out,
		*page; /* page: where all goes in the end; out: that, or a heading that is not whole */
	const struct markdown_part *part;
	char *heading; /* of a memory stream */
	size_t size;
	char slug[SLUG_LEN];
	char slugs[MAX_SLUGS][SLUG_LEN];
	size_t n_slugs;
	bool in_heading, skipped; /* skipped: the heading that the page has already */
	bool links[4];		  /* which of the open ones have a tag */
	int n_links;
	bool failed;
};

/* As html_text(), with the line ends and tabs of code as they are. */
static void put(struct md_page *m, const char *text, size_t n)
{
	char piece[256];

	while (n) {
		size_t len = 0;

		if (*text == '\n' || *text == '\t') {
			fputc(*text++, m->out);
			n--;
			continue;
		}
		while (len < n && len < sizeof(piece) - 1 && text[len] != '\n' && text[len] != '\t')
			len++;
		/* not within a character */
		if (len < n && len == sizeof(piece) - 1)
			while (len > 1 && (text[len] & 0xc0) == 0x80)
				len--;
		memcpy(piece, text, len);
		piece[len] = '\0';
		html_text(m->out, piece);
		text += len;
		n -= len;
	}
}

/* ---- headings: their id comes before their text */

static void enter_heading(struct md_page *m)
{
	m->heading = NULL;
	m->out = open_memstream(&m->heading, &m->size);
	if (!m->out) {
		m->failed = true;
		m->out = m->page;
		return;
	}
	m->slug[0] = '\0';
	m->in_heading = true;
}

/* The second of a name is NAME-2. */
static void make_unique(struct md_page *m)
{
	size_t same = 1, len = strlen(m->slug);

	for (size_t i = 0; i < m->n_slugs; i++)
		same += !strcmp(m->slugs[i], m->slug);
	if (m->n_slugs < MAX_SLUGS)
		strcpy(m->slugs[m->n_slugs++], m->slug);
	if (same > 1)
		snprintf(m->slug + len, sizeof(m->slug) - len, "-%zu", same);
}

static void leave_heading(struct md_page *m, int level)
{
	const struct markdown_part *p = m->part;

	if (!m->in_heading)
		return;
	m->in_heading = false;
	m->failed |= fclose(m->out) != 0;
	m->out = m->page;
	if (level == 1 && p->headless && !m->skipped) {
		m->skipped = true;
	} else if (m->heading && !m->failed) {
		level = level + p->deeper < MOST_LEVEL ? level + p->deeper : MOST_LEVEL;
		make_unique(m);
		fprintf(m->out, "<h%d id=\"", level);
		html_say(m->out, "%s%s%s", p->prefix, *p->prefix ? "-" : "", m->slug);
		fprintf(m->out, "\">%s</h%d>\n", m->heading, level);
	}
	free(m->heading);
	m->heading = NULL;
}

/* ---- blocks */

static const char *const open_tags[] = {
	[MD_BLOCK_QUOTE] = "<blockquote>\n",
	[MD_BLOCK_UL] = "<ul>\n",
	[MD_BLOCK_LI] = "<li>",
	[MD_BLOCK_HR] = "<hr>\n",
	[MD_BLOCK_CODE] = "<pre><code>",
	[MD_BLOCK_P] = "<p>",
	[MD_BLOCK_THEAD] = "<thead>",
	[MD_BLOCK_TBODY] = "<tbody>",
	[MD_BLOCK_TR] = "<tr>",
	[MD_BLOCK_TABLE] = "<div class=\"scroll\">\n<table>\n",
	[MD_BLOCK_TD] = NULL,
};

static const char *const close_tags[] = {
	[MD_BLOCK_QUOTE] = "</blockquote>\n",
	[MD_BLOCK_UL] = "</ul>\n",
	[MD_BLOCK_OL] = "</ol>\n",
	[MD_BLOCK_LI] = "</li>\n",
	[MD_BLOCK_CODE] = "</code></pre>\n",
	[MD_BLOCK_P] = "</p>\n",
	[MD_BLOCK_THEAD] = "</thead>\n",
	[MD_BLOCK_TBODY] = "</tbody>\n",
	[MD_BLOCK_TR] = "</tr>\n",
	[MD_BLOCK_TABLE] = "</table>\n</div>\n",
	[MD_BLOCK_TH] = "</th>",
	[MD_BLOCK_TD] = "</td>",
};

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct md_page *m = arg;

	if (type == MD_BLOCK_H) {
		enter_heading(m);
	} else if (type == MD_BLOCK_OL) {
		unsigned int start = ((MD_BLOCK_OL_DETAIL *)detail)->start;

		if (start == 1)
			fputs("<ol>\n", m->out);
		else
			fprintf(m->out, "<ol start=\"%u\">\n", start);
	} else if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) {
		MD_ALIGN align = ((MD_BLOCK_TD_DETAIL *)detail)->align;

		fprintf(m->out, "<%s%s>", type == MD_BLOCK_TH ? "th scope=\"col\"" : "td",
			align == MD_ALIGN_RIGHT	 ? " class=\"n\"" :
			align == MD_ALIGN_CENTER ? " class=\"c\"" :
						   "");
	} else if (type < sizeof(open_tags) / sizeof(open_tags[0]) && open_tags[type]) {
		fputs(open_tags[type], m->out);
	}
	return m->failed ? -1 : 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct md_page *m = arg;

	if (type == MD_BLOCK_H)
		leave_heading(m, ((MD_BLOCK_H_DETAIL *)detail)->level);
	else if (type < sizeof(close_tags) / sizeof(close_tags[0]) && close_tags[type])
		fputs(close_tags[type], m->out);
	return m->failed ? -1 : 0;
}

/* ---- what stands in them */

static const char *const span_tags[] = {
	[MD_SPAN_EM] = "em",
	[MD_SPAN_STRONG] = "strong",
	[MD_SPAN_CODE] = "code",
	[MD_SPAN_DEL] = "del",
};

/* An address that is not known to be harmless is none. */
static bool open_link(struct md_page *m, const MD_ATTRIBUTE *address)
{
	char *href = md_attribute(address), name[MD_NAME_LEN];
	enum md_link kind = href ? md_link(href, name) : MD_LINK_OTHER;
	const char *prefix = m->part->prefix;

	m->failed |= !href;
	if (kind == MD_LINK_WEB) {
		fputs("<a rel=\"noreferrer\" href=\"", m->out);
		html_text(m->out, href);
	} else if (kind == MD_LINK_HERE) {
		fputs("<a href=\"#", m->out);
		html_say(m->out, "%s%s%s", prefix, *prefix ? "-" : "", name);
	} else if (kind == MD_LINK_ARTICLE) {
		fputs("<a href=\"#", m->out);
		html_text(m->out, name);
	}
	if (kind != MD_LINK_OTHER)
		fputs("\">", m->out);
	free(href);
	return kind != MD_LINK_OTHER;
}

/* An image is not loaded: its text stands for it. Links cannot stand in each other. */
static int enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct md_page *m = arg;

	if (type == MD_SPAN_A && m->n_links < 4)
		m->links[m->n_links++] = open_link(m, &((MD_SPAN_A_DETAIL *)detail)->href);
	else if (type < sizeof(span_tags) / sizeof(span_tags[0]) && span_tags[type])
		fprintf(m->out, "<%s>", span_tags[type]);
	return m->failed ? -1 : 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct md_page *m = arg;

	(void)detail;
	if (type == MD_SPAN_A && m->n_links && m->links[--m->n_links])
		fputs("</a>", m->out);
	else if (type < sizeof(span_tags) / sizeof(span_tags[0]) && span_tags[type])
		fprintf(m->out, "</%s>", span_tags[type]);
	return m->failed ? -1 : 0;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *arg)
{
	struct md_page *m = arg;
	char buf[64];

	if (type == MD_TEXT_ENTITY) {
		size = md_entity(buf, sizeof(buf), text, size);
		text = buf;
	}
	if (m->in_heading && type != MD_TEXT_SOFTBR)
		md_slug(m->slug, sizeof(m->slug) - 8, text, size);
	if (type == MD_TEXT_BR)
		fputs("<br>\n", m->out);
	else if (type == MD_TEXT_SOFTBR)
		fputc('\n', m->out);
	else if (type != MD_TEXT_NULLCHAR)
		put(m, text, size);
	return 0;
}

int markdown_html_part(FILE *out, const char *text, const struct markdown_part *part, struct err *e)
{
	struct md_page *m = calloc(1, sizeof(*m));
	static const MD_PARSER parser = { .flags = MD_FORM,
					  .enter_block = enter_block,
					  .leave_block = leave_block,
					  .enter_span = enter_span,
					  .leave_span = leave_span,
					  .text = add_text };
	int err = -1;

	if (m) {
		m->out = m->page = out;
		m->part = part;
		err = md_parse(text, strlen(text), &parser, m);
	}
	if (m && m->out != m->page) { /* it was stopped in a heading */
		fclose(m->out);
		free(m->heading);
	}
	free(m);
	return err ? err_set(e, -ENOMEM, "no memory for a text") : 0;
}

int markdown_html(FILE *out, const char *text, struct err *e)
{
	return markdown_html_part(out, text, &(struct markdown_part){ .prefix = "" }, e);
}
