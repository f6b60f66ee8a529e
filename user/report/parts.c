// SPDX-License-Identifier: BSD-2-Clause
#include "report/parts.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "report/json_parts.h"
#include "report/text_service.h"

void parts_head(struct items *l, const struct run *r)
{
	char time[UNIT_LEN], runs[UNIT_LEN], hosts[UNIT_LEN];
	size_t n = run_hosts(r);

	if (n > 1)
		items_add(l, "%s runs of %s hosts", fmt_count(runs, sizeof(runs), r->n_parts),
			  fmt_count(hosts, sizeof(hosts), n));
	else if (r->n_parts > 1)
		items_add(l, "%s runs", fmt_count(runs, sizeof(runs), r->n_parts));
	fmt_ns(time, sizeof(time), r->duration_s * 1e9);
	items_add(l, r->n_parts > 1 ? "%s in all" : "%s", time);
}

void parts_print(const struct page *p, const struct run *r)
{
	char file[ESCAPE_FACTOR * sizeof(r->parts->file) + 1];
	char name[ESCAPE_FACTOR * sizeof(r->parts->host) + 1], text[UNIT_LEN];

	for (size_t i = 0; i < r->n_parts; i++) {
		const struct run_part *part = &r->parts[i];
		struct items l = { 0 };

		items_add(&l, "%s", escape_name(file, sizeof(file), part->file));
		if (part->host[0])
			items_add(&l, "%s", escape_name(name, sizeof(name), part->host));
		if (part->started[0])
			items_add(&l, "%s", escape_name(name, sizeof(name), part->started));
		items_add(&l, "%s", fmt_ns(text, sizeof(text), part->duration_s * 1e9));
		items_add(&l, "%s request%s", fmt_count(text, sizeof(text), part->requests),
			  part->requests == 1 ? "" : "s");
		if (part->loss == UINT64_MAX)
			items_add(&l, "loss not known");
		else
			items_add(&l, "loss %s", fmt_count(text, sizeof(text), part->loss));
		page_text(p, LABEL_INDENT, i ? "" : "  parts", STYLE_DIM, l.text);
	}
}

json_t *json_run_parts(const struct run *r)
{
	json_t *all = json_array();
	int bad = 0;

	for (size_t i = 0; i < r->n_parts && !bad; i++) {
		const struct run_part *p = &r->parts[i];
		json_t *part = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "file",
					 json_name(p->file), "host", json_known_name(p->host),
					 "started", json_known_name(p->started), "duration_s",
					 json_number(p->duration_s), "requests",
					 json_count(p->requests), "loss",
					 json_known(p->loss, p->loss != UINT64_MAX));

		bad = json_array_append_new(all, part);
	}
	return json_unless(bad, all);
}
