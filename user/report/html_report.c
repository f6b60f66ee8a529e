// SPDX-License-Identifier: BSD-2-Clause
#include "report/html_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/client_view.h"
#include "report/html.h"
#include "report/html_part.h"
#include "report/html_parts.h"
#include "report/text_service.h"

/* What every page has around its services and clients, however many have a section. */
static int frame(struct html_part *head, struct html_part *foot, const struct run *r,
		 const struct html_live *live)
{
	char title[CLIENT_NAME_LEN + 8] = "lvt", name[CLIENT_NAME_LEN];
	int err = html_part_open(head);

	if (err)
		return err;
	if (r->n_services)
		snprintf(title, sizeof(title), "%s – lvt", service_name(&r->services[0], name));
	else if (r->n_clients)
		snprintf(title, sizeof(title), "%s – lvt", client_name(&r->clients[0], name));
	if (live)
		html_open_live(head->out, title, live);
	else
		html_open(head->out, title);
	html_head(head->out, r);
	err = html_part_close(head);
	if (!err)
		err = html_part_open(foot);
	if (err)
		return err;
	html_foot(foot->out, r);
	html_close(foot->out);
	return html_part_close(foot);
}

static int clients_with(struct html_part *p, const struct run *r, bool over_time)
{
	int err = html_part_open(p);

	if (err)
		return err;
	for (size_t i = 0; i < r->n_clients; i++)
		html_client(p->out, r, i, over_time);
	return html_part_close(p);
}

/* Their course over time is left out if they are so many that the services would lack room. */
static int clients(struct html_part *p, const struct run *r)
{
	int err = clients_with(p, r, true);

	if (err || p->size <= HTML_MOST_BYTES / 4)
		return err;
	html_part_drop(p);
	return clients_with(p, r, false);
}

static int services(struct html_part *p, const struct run *r, size_t shown)
{
	int err = html_part_open(p);

	if (err)
		return err;
	html_services(p->out, r, shown);
	return html_part_close(p);
}

/*
 * A service's section: with fewer single requests when it is more than its share of the room, then
 * without its course over time, and nothing (p->text == NULL) when it does not fit even so.
 */
static int section(struct html_part *p, const struct run *r, size_t number, size_t slowest,
		   size_t room)
{
	struct html_extras extras = { .slowest = slowest, .over_time = true };
	size_t fair = room / (r->n_services - number);
	int err;

	for (;; extras.slowest /= 2) {
		bool more = extras.slowest || extras.over_time;

		err = html_part_open(p);
		if (err)
			return err;
		html_service(p->out, r, &r->services[number], number, &extras);
		err = html_part_close(p);
		if (err || p->size <= (more ? fair : room))
			return err;
		html_part_drop(p);
		if (!more)
			return 0;
		extras.over_time = extras.slowest > 0;
	}
}

/* Fill the sections; *shown of them fit. */
static int sections(struct html_part *part, const struct run *r, size_t slowest, size_t room,
		    size_t *shown)
{
	int err = 0;

	for (*shown = 0; *shown < r->n_services && !err; ++*shown) {
		err = section(&part[*shown], r, *shown, slowest, room);
		if (!part[*shown].text)
			break;
		room -= part[*shown].size;
	}
	return err;
}

static int print(FILE *out, const struct run *r, size_t slowest, const struct html_live *live,
		 struct html_part *section)
{
	struct html_part head = { 0 }, foot = { 0 }, table = { 0 }, load = { 0 };
	size_t shown, used;
	int err = frame(&head, &foot, r, live);

	if (!err)
		err = services(&table, r, 0); /* its size: with links it is a little larger */
	if (!err)
		err = clients(&load, r);
	used = head.size + foot.size + table.size + load.size + 100 * r->n_services;
	if (!err)
		err = sections(section, r, slowest,
			       used < HTML_MOST_BYTES ? HTML_MOST_BYTES - used : 0, &shown);
	html_part_drop(&table);
	if (!err)
		err = services(&table, r, shown);
	if (!err) {
		fwrite(head.text, 1, head.size, out);
		fwrite(table.text, 1, table.size, out);
		for (size_t i = 0; i < shown; i++)
			fwrite(section[i].text, 1, section[i].size, out);
		fwrite(load.text, 1, load.size, out);
		fwrite(foot.text, 1, foot.size, out);
	}
	html_part_drop(&load);
	html_part_drop(&head);
	html_part_drop(&table);
	html_part_drop(&foot);
	return err;
}

static int report(FILE *out, const struct run *r, size_t slowest, const struct html_live *live,
		  struct err *e)
{
	struct html_part *section = calloc(r->n_services + 1, sizeof(*section));
	int err;

	errno = 0;
	err = section ? print(out, r, slowest ? slowest : HTML_SLOWEST, live, section) : -ENOMEM;
	for (size_t i = 0; section && i < r->n_services; i++)
		html_part_drop(&section[i]);
	free(section);
	if (err)
		return err_set(e, err, "no memory for the HTML report");
	if (fflush(out) || ferror(out))
		return err_set(e, errno ? -errno : -EIO, "cannot write the report: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}

int report_html(FILE *out, const struct run *r, size_t slowest, struct err *e)
{
	return report(out, r, slowest, NULL, e);
}

int report_html_live(FILE *out, const struct run *r, const struct html_live *live, struct err *e)
{
	return report(out, r, 0, live, e);
}
