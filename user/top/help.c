// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>

#include "report/page.h"
#include "top/detail.h"

static const struct {
	const char *key, *text; /* key NULL: a heading */
} lines[] = {
	{ NULL, "Keys" },
	{ "↑ ↓ k j PgUp PgDn", "move, or scroll; Home and End: to the ends" },
	{ "Enter", "all about the service; Esc or q: back" },
	{ "/ F4", "show only services whose :port and name have this in it" },
	{ "s F6 >", "sort by another column; I: the other way round" },
	{ "Space", "freeze the picture, or go on; counting goes on meanwhile" },
	{ "w", "one service: waits and figures of the last window, or since the start" },
	{ "F1 h ?", "this help" },
	{ "q F10 Ctrl-C", "quit" },
	{ NULL, "Columns: of the last window (-i)" },
	{ "rate", "requests answered a second" },
	{ "p50 p99", "latency, from the first byte in the socket to the answer's last send" },
	{ "queue", "share of the latency that passes before requests are read" },
	{ "runq", "share in which a thread was ready, but had no CPU" },
	{ "inflight", "requests that have come and are not answered, on average" },
	{ "rate, p99 so far",
	  "a column a window, each service to its own scale; blank: no request" },
	{ "+ -", "the service came in the last 10 s; all its processes have ended" },
	{ NULL, "Bars: a shade for each stage" },
	{ "queue.*", "the request waits in the socket" },
	{ "service.cpu, .other", "its thread is on CPU, with it or with other requests" },
	{ "other service.*",
	  "its thread waits: for a CPU, disk, lock, another service, its client" },
	{ NULL, "The first line" },
	{ "loss", "requests that were lost or mistimed: with any, do not trust the rest" },
	{ "gaps", "parts of requests that could not be established: they are unattributed" },
	{ "untraced", "services beyond the 64 that can be traced at once" },
	{ "-", "not known, or of nothing" },
};

char *help_text(int columns)
{
	struct page p = { .columns = columns > 100 ? 100 : columns,
			  .colour = true,
			  .groups = true };
	char *text = NULL, label[64];
	size_t size;

	p.out = open_memstream(&text, &size);
	if (!p.out)
		return NULL;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].key) {
			snprintf(label, sizeof(label), "  %s", lines[i].key);
			page_text(&p, 23, label, STYLE_BOLD, lines[i].text);
			continue;
		}
		page_style(&p, STYLE_DIM);
		fprintf(p.out, "%s%s\n", i ? "\n" : "", lines[i].text);
		page_style(&p, STYLE_PLAIN);
	}
	if (fclose(p.out)) {
		free(text);
		return NULL;
	}
	return text;
}
