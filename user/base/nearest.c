/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include "base/nearest.h"

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: three rows of the usual table are enough for swaps. */
unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][NEAREST_MAX_LEN + 1];
	unsigned int *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > NEAREST_MAX_LEN || len_b > NEAREST_MAX_LEN)
		return UINT_MAX;
	for (size_t j = 0; j <= len_b; j++)
		above[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			row[j] = min2(min2(above[j], row[j - 1]) + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min2(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[len_b];
}

void nearest_start(struct nearest *n, const char *word)
{
	n->word = word;
	n->best = NULL;
	n->distance = UINT_MAX;
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word), limit = len < 3 ? 1 : len < 8 ? 2 : 3;
	unsigned int distance = edit_distance(n->word, candidate);

	/* A word cut short is as near as one typing error; of one letter it says nothing. */
	if (len >= 2 && !strncmp(n->word, candidate, len))
		distance = min2(distance, 1);
	if (distance > limit || distance >= len || distance >= n->distance)
		return;
	n->best = candidate;
	n->distance = distance;
}
