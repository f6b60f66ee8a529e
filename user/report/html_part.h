/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_HTML_PART_H
#define LVT_HTML_PART_H

#include <stddef.h>
#include <stdio.h>

/* A part of a page that is kept until it is known that it fits. { 0 } has nothing. */
struct html_part {
	char *text;
	size_t size;
	FILE *out; /* between open and close */
};

/* Each returns 0 or -ENOMEM; after close text and size are there, whole if it is 0. */
int html_part_open(struct html_part *p);
int html_part_close(struct html_part *p);
void html_part_drop(struct html_part *p);

#endif
