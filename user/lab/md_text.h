/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_MD_TEXT_H
#define LVT_LAB_MD_TEXT_H

#include <md4c.h>
#include <stddef.h>

/* What the terminal's and the page's form of Markdown have in common. */
enum {
	MD_FORM = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML |
		  MD_FLAG_PERMISSIVEURLAUTOLINKS,
	MD_NAME_LEN = 64,
};

/* "&amp;" or "&#233;" as UTF-8; one that is not known as it is. Returns how many bytes. */
size_t md_entity(char *buf, size_t size, const char *text, size_t n);

/* An address, with its entities as text; to be freed. NULL without memory. */
char *md_attribute(const MD_ATTRIBUTE *a);

/* Where a link leads. */
enum md_link {
	MD_LINK_OTHER,	 /* nowhere that is known here */
	MD_LINK_WEB,	 /* http or https */
	MD_LINK_HERE,	 /* "#name": a heading of this text; name is what follows the "#" */
	MD_LINK_ARTICLE, /* "name.md", with "#..." or without */
};

enum md_link md_link(const char *href, char name[MD_NAME_LEN]);

/* Append a heading's text to its id: letters and digits in lower case, "-" for blanks, nothing else. */
void md_slug(char *slug, size_t size, const char *text, size_t n);

#endif
