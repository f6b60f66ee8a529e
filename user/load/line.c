// SPDX-License-Identifier: BSD-2-Clause
#include "load/line.h"

#include <errno.h>
#include <stdlib.h>

const struct due *line_at(const struct line *l, size_t i)
{
	return i < l->n ? &l->ring[(l->head + i) & (l->room - 1)] : NULL;
}

int line_add(struct line *l, const struct due *d)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 1024;
		struct due *grown = malloc(room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		for (size_t i = 0; i < l->n; i++)
			grown[i] = *line_at(l, i);
		free(l->ring);
		l->ring = grown;
		l->room = room;
		l->head = 0;
	}
	l->ring[(l->head + l->n++) & (l->room - 1)] = *d;
	return 0;
}

struct due line_take(struct line *l)
{
	struct due d = l->ring[l->head];

	l->head = (l->head + 1) & (l->room - 1);
	l->n--;
	return d;
}

void line_free(struct line *l)
{
	free(l->ring);
	*l = (struct line){ 0 };
}
