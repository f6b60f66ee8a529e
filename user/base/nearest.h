/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_NEAREST_H
#define LVT_NEAREST_H

/*
 * The candidate that a mistyped word most likely means. Start with the word, try each candidate,
 * then ask. Of equally near ones the first tried wins.
 */
struct nearest {
	const char *word;
	const char *best; /* NULL while no candidate is near enough to be worth naming */
	unsigned int distance;
};

void nearest_start(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);

/*
 * Edits between two words: inserted, deleted, replaced or swapped neighbouring characters. Words
 * over NEAREST_MAX_LEN are UINT_MAX away from everything.
 */
#define NEAREST_MAX_LEN 40
unsigned int edit_distance(const char *a, const char *b);

#endif
