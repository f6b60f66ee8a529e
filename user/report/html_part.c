// SPDX-License-Identifier: BSD-2-Clause
#include "report/html_part.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int html_part_open(struct html_part *p)
{
	*p = (struct html_part){ 0 };
	p->out = open_memstream(&p->text, &p->size);
	return p->out ? 0 : -ENOMEM;
}

int html_part_close(struct html_part *p)
{
	bool bad = ferror(p->out);

	return fclose(p->out) || bad ? -ENOMEM : 0;
}

void html_part_drop(struct html_part *p)
{
	free(p->text);
	*p = (struct html_part){ 0 };
}
