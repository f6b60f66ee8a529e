// SPDX-License-Identifier: BSD-2-Clause
#include "lab/markdown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "lab/md_table.h"
#include "lab/md_text.h"

enum {
	DEPTH = 12,	    /* of lists and quotations; deeper ones are not indented further */
	LEAST_COLUMNS = 20, /* for text, however deep it is */
	CODE_INDENT = 4,
	LINKS = 4, /* inside each other, as with an image in a link */
};

/* A quotation or an item of a list: what stands before its lines. */
struct container {
	char first[16], rest[16];
	bool begun; /* the first one has been printed */
};

struct list {
	bool tight, numbered;
	unsigned int number; /* of its next item */
	char mark;
};

struct md {
	FILE *out;
	int columns;
	bool colour;
	struct container containers[DEPTH];
	int depth;
	struct list lists[DEPTH];
	int n_lists;
	bool gap;		  /* a blank line is due before what comes next */
	struct md_flow flow, *to; /* to: where text goes */
	struct md_table table;
	unsigned int style;
	size_t links[LINKS]; /* where the text of each began */
	int n_links;
};

/* ---- lines */

static int prefix_of(struct md *m, char *buf, size_t size, bool start)
{
	int depth = m->depth < DEPTH ? m->depth : DEPTH;
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < depth; i++) {
		struct container *c = &m->containers[i];

		len += snprintf(buf + len, size - len, "%s",
				start && !c->begun ? c->first : c->rest);
		c->begun |= start;
	}
	return utf8_width(buf);
}

/* How long it is without the blanks at its end. */
static size_t trimmed(const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		len--;
	return len;
}

/* The blank line that is due, after the bars of quotations. */
static void fill_gap(struct md *m)
{
	char prefix[DEPTH * 16 + 1];

	if (m->gap && !(m->n_lists && m->lists[(m->n_lists - 1) % DEPTH].tight)) {
		prefix_of(m, prefix, sizeof(prefix), false);
		fprintf(m->out, "%.*s\n", (int)trimmed(prefix), prefix);
	}
	m->gap = false;
}

static int room(const struct md *m, int prefix)
{
	return m->columns - prefix > LEAST_COLUMNS ? m->columns - prefix : LEAST_COLUMNS;
}

/* Print what was gathered as a paragraph; returns its widest line. */
static int flush(struct md *m)
{
	char prefix[DEPTH * 16 + 1];
	size_t from = 0, end;
	int widest = 0;

	if (!m->flow.n)
		return 0;
	fill_gap(m);
	while (from < m->flow.n) {
		int width = prefix_of(m, prefix, sizeof(prefix), true);
		size_t next = md_flow_line(&m->flow, from, room(m, width), false, &end);

		fputs(prefix, m->out);
		md_flow_put(&m->flow, from, end, m->out, m->colour);
		fputc('\n', m->out);
		width = md_flow_width(&m->flow, from, end);
		widest = width > widest ? width : widest;
		from = next;
	}
	md_flow_clear(&m->flow);
	m->gap = true;
	return widest;
}

static void rule(struct md *m, const char *line, int n)
{
	char prefix[DEPTH * 16 + 1];
	int width = prefix_of(m, prefix, sizeof(prefix), true);

	fputs(prefix, m->out);
	for (int i = 0; i < n && i < room(m, width); i++)
		fputs(line, m->out);
	fputc('\n', m->out);
	m->gap = true;
}

/* Not broken: if it does not fit, it is indented less. */
static void print_code(struct md *m)
{
	char prefix[DEPTH * 16 + 1];
	size_t from = 0, end;
	int indent;

	fill_gap(m);
	indent =
		m->columns - prefix_of(m, prefix, sizeof(prefix), false) - md_flow_widest(&m->flow);
	indent = indent < 0 ? 0 : indent < CODE_INDENT ? indent : CODE_INDENT;
	for (; from < m->flow.n; from = end + 1) {
		prefix_of(m, prefix, sizeof(prefix), true);
		for (end = from; end < m->flow.n && m->flow.text[end] != '\n'; end++)
			;
		fprintf(m->out, "%.*s%*s", (int)(end > from ? strlen(prefix) : trimmed(prefix)),
			prefix, end > from ? indent : 0, "");
		md_flow_put(&m->flow, from, end, m->out, m->colour);
		fputc('\n', m->out);
	}
	md_flow_clear(&m->flow);
	m->gap = true;
}

static void print_table(struct md *m)
{
	char prefix[DEPTH * 16 + 1];
	int width;

	fill_gap(m);
	width = prefix_of(m, prefix, sizeof(prefix), true);
	md_table_print(&m->table, m->out, prefix, room(m, width), m->colour);
	m->flow.failed |= m->table.failed;
	for (size_t i = 0; i < m->table.n; i++)
		m->flow.failed |= m->table.cells[i].failed;
	md_table_free(&m->table);
	m->gap = true;
}

/* ---- blocks */

static void push(struct md *m, const char *first, const char *rest)
{
	struct container *c;

	if (m->depth++ >= DEPTH)
		return;
	c = &m->containers[m->depth - 1];
	snprintf(c->first, sizeof(c->first), "%s", first);
	snprintf(c->rest, sizeof(c->rest), "%s", rest);
	c->begun = false;
}

static void enter_list(struct md *m, struct list list)
{
	flush(m);
	fill_gap(m);
	if (m->n_lists < DEPTH)
		m->lists[m->n_lists] = list;
	m->n_lists++;
}

static void enter_item(struct md *m)
{
	struct list *l = &m->lists[(m->n_lists - 1) % DEPTH];
	char first[16] = "• ";

	fill_gap(m);
	if (l->numbered)
		snprintf(first, sizeof(first), "%u%c ", l->number++, l->mark);
	push(m, first, &"            "[12 - utf8_width(first) % 13]);
}

static void leave_item(struct md *m)
{
	char prefix[DEPTH * 16 + 1];

	flush(m);
	if (m->depth <= DEPTH && !m->containers[m->depth - 1].begun) { /* an empty one */
		prefix_of(m, prefix, sizeof(prefix), true);
		fprintf(m->out, "%.*s\n", (int)trimmed(prefix), prefix);
		m->gap = true;
	}
	m->depth--;
}

static void leave_heading(struct md *m, unsigned int level)
{
	int width = flush(m);

	if (level == 1)
		rule(m, "═", width);
	else if (level == 2)
		rule(m, "─", width);
}

static void enter_table(struct md *m, const MD_BLOCK_TABLE_DETAIL *d)
{
	flush(m);
	m->table = (struct md_table){ .columns = d->col_count };
	if (m->table.columns > MD_TABLE_MAX_COLUMNS)
		m->table.columns = MD_TABLE_MAX_COLUMNS;
}

static void enter_cell(struct md *m, const MD_BLOCK_TD_DETAIL *d)
{
	size_t column = m->table.n % (m->table.columns ? m->table.columns : 1);

	m->table.align[column] = d->align == MD_ALIGN_RIGHT  ? MD_ALIGNED_RIGHT :
				 d->align == MD_ALIGN_CENTER ? MD_ALIGNED_CENTRE :
							       MD_ALIGNED_LEFT;
	m->to = md_table_cell(&m->table);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct md *m = arg;

	if (type == MD_BLOCK_UL) {
		enter_list(m, (struct list){ .tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight });
	} else if (type == MD_BLOCK_OL) {
		MD_BLOCK_OL_DETAIL *d = detail;

		enter_list(m, (struct list){ d->is_tight, true, d->start, d->mark_delimiter });
	} else if (type == MD_BLOCK_LI) {
		enter_item(m);
	} else if (type == MD_BLOCK_QUOTE) {
		flush(m);
		fill_gap(m);
		push(m, "│ ", "│ ");
	} else if (type == MD_BLOCK_HR) {
		flush(m);
		fill_gap(m);
		rule(m, "─", m->columns);
	} else if (type == MD_BLOCK_H) {
		flush(m);
		m->style |= MD_STRONG;
	} else if (type == MD_BLOCK_CODE) {
		flush(m);
		m->style |= MD_CODE;
	} else if (type == MD_BLOCK_TABLE) {
		enter_table(m, detail);
	} else if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) {
		m->style = type == MD_BLOCK_TH ? MD_STRONG : 0;
		enter_cell(m, detail);
	} else if (type == MD_BLOCK_P) {
		flush(m);
	}
	return m->to && !m->flow.failed ? 0 : -1;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct md *m = arg;

	if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) {
		m->n_lists--;
		m->gap = true;
	} else if (type == MD_BLOCK_LI) {
		leave_item(m);
	} else if (type == MD_BLOCK_QUOTE) {
		flush(m);
		m->depth--;
		m->gap = true;
	} else if (type == MD_BLOCK_H) {
		leave_heading(m, ((MD_BLOCK_H_DETAIL *)detail)->level);
	} else if (type == MD_BLOCK_CODE) {
		print_code(m);
	} else if (type == MD_BLOCK_TABLE) {
		print_table(m);
	} else if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) {
		m->to = &m->flow;
	} else if (type == MD_BLOCK_P || type == MD_BLOCK_DOC) {
		flush(m);
	}
	if (type == MD_BLOCK_H || type == MD_BLOCK_CODE || type == MD_BLOCK_TH)
		m->style = 0;
	return m->flow.failed ? -1 : 0;
}

/* ---- what stands in them */

/* Without colours, as it is written. */
static const struct {
	unsigned int style;
	const char *mark;
} spans[] = {
	[MD_SPAN_EM] = { MD_EM, "*" },	   [MD_SPAN_STRONG] = { MD_STRONG, "**" },
	[MD_SPAN_A] = { MD_LINK, "" },	   [MD_SPAN_IMG] = { MD_LINK, "" },
	[MD_SPAN_CODE] = { MD_CODE, "`" }, [MD_SPAN_DEL] = { MD_DEL, "~~" },
};

static void leave_link(struct md *m, const MD_ATTRIBUTE *address)
{
	size_t start = m->links[--m->n_links % LINKS];
	char name[MD_NAME_LEN], *href = md_attribute(address);
	enum md_link kind = href ? md_link(href, name) : MD_LINK_OTHER;
	bool same = href && start <= m->to->n && m->to->n - start == strlen(href) &&
		    !memcmp(m->to->text + start, href, strlen(href));

	if (!href) {
		m->flow.failed = true;
	} else if (kind == MD_LINK_ARTICLE) {
		md_flow_say(m->to, " (lvt path ", 0);
		md_flow_say(m->to, name, 0);
		md_flow_say(m->to, ")", 0);
	} else if (kind != MD_LINK_HERE && !same) {
		md_flow_say(m->to, " (", 0);
		md_flow_say(m->to, href, MD_LINK);
		md_flow_say(m->to, ")", 0);
	}
	free(href);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct md *m = arg;

	(void)detail;
	if (!m->colour)
		md_flow_say(m->to, spans[type].mark, 0);
	m->style |= spans[type].style;
	if (type == MD_SPAN_A || type == MD_SPAN_IMG)
		m->links[m->n_links++ % LINKS] = m->to->n;
	return m->to->failed ? -1 : 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct md *m = arg;

	m->style &= ~spans[type].style;
	if (!m->colour)
		md_flow_say(m->to, spans[type].mark, 0);
	if (type == MD_SPAN_A)
		leave_link(m, &((MD_SPAN_A_DETAIL *)detail)->href);
	if (type == MD_SPAN_IMG)
		leave_link(m, &((MD_SPAN_IMG_DETAIL *)detail)->src);
	return m->to->failed ? -1 : 0;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *arg)
{
	struct md *m = arg;
	char buf[64];

	if (type == MD_TEXT_BR)
		md_flow_say(m->to, "\n", 0);
	else if (type == MD_TEXT_SOFTBR)
		md_flow_say(m->to, " ", m->style);
	else if (type == MD_TEXT_ENTITY)
		md_flow_add(m->to, buf, md_entity(buf, sizeof(buf), text, size), m->style);
	else if (type != MD_TEXT_NULLCHAR)
		md_flow_add(m->to, text, size, m->style);
	return m->to->failed ? -1 : 0;
}

int markdown_print(FILE *out, const char *text, int columns, bool colour, struct err *e)
{
	struct md m = { .out = out, .columns = columns, .colour = colour, .to = &m.flow };
	static const MD_PARSER parser = { .flags = MD_FORM,
					  .enter_block = enter_block,
					  .leave_block = leave_block,
					  .enter_span = enter_span,
					  .leave_span = leave_span,
					  .text = add_text };
	int err = md_parse(text, strlen(text), &parser, &m);

	md_table_free(&m.table);
	md_flow_free(&m.flow);
	return err ? err_set(e, -ENOMEM, "no memory for a text") : 0;
}
