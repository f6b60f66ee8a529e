// SPDX-License-Identifier: BSD-2-Clause
#include "report/client_text.h"

#include <stdio.h>

#include "base/units.h"
#include "report/client_view.h"
#include "report/text_service.h"

static void print_sentences(const struct page *p, const char *label, int style,
			    const struct finding *found, size_t n)
{
	for (size_t i = 0; i < n; i++)
		page_text(p, 4, label, style, found[i].text);
}

void client_print(const struct page *p, const struct run *r, const struct run_client *c)
{
	char name[CLIENT_NAME_LEN], request[CLIENT_REQUEST_LEN + 4], asked[CLIENT_REQUEST_LEN];
	struct finding found[MAX_WARNINGS > MAX_FINDINGS ? MAX_WARNINGS : MAX_FINDINGS];
	struct facts facts;
	struct dist d;
	size_t n;

	client_latency(c, &d);
	client_request(c, asked);
	snprintf(request, sizeof(request), "%s%s", asked[0] ? "· " : "", asked);
	title_print(p, client_name(c, name), request, d.count);
	if (client_answered(c))
		quantiles_print(p, &d);
	print_sentences(p, "  !", STYLE_WARNING, found, client_warnings(c, found));
	if (!client_answered(c))
		return;
	fputc('\n', p->out);
	client_facts(r, c, &facts);
	facts_print(p, &facts);
	n = client_findings(c, found);
	if (n)
		fputc('\n', p->out);
	print_sentences(p, "  →", STYLE_BOLD, found, n);
}
