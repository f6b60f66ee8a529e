// SPDX-License-Identifier: BSD-2-Clause
#include "lab/md_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t encode(char *buf, unsigned long code)
{
	if (!code || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		code = 0xfffd;
	if (code < 0x80) {
		buf[0] = code;
		return 1;
	}
	if (code < 0x800) {
		buf[0] = 0xc0 | code >> 6;
		buf[1] = 0x80 | (code & 0x3f);
		return 2;
	}
	if (code < 0x10000) {
		buf[0] = 0xe0 | code >> 12;
		buf[1] = 0x80 | (code >> 6 & 0x3f);
		buf[2] = 0x80 | (code & 0x3f);
		return 3;
	}
	buf[0] = 0xf0 | code >> 18;
	buf[1] = 0x80 | (code >> 12 & 0x3f);
	buf[2] = 0x80 | (code >> 6 & 0x3f);
	buf[3] = 0x80 | (code & 0x3f);
	return 4;
}

size_t md_entity(char *buf, size_t size, const char *text, size_t n)
{
	static const struct {
		const char *name, *is;
	} names[] = {
		{ "&amp;", "&" },    { "&lt;", "<" },	 { "&gt;", ">" },
		{ "&quot;", "\"" },  { "&apos;", "'" },	 { "&nbsp;", "\xc2\xa0" },
		{ "&ndash;", "–" },  { "&mdash;", "—" }, { "&hellip;", "…" },
		{ "&times;", "×" },  { "&micro;", "µ" }, { "&le;", "≤" },
		{ "&ge;", "≥" },     { "&rarr;", "→" },	 { "&middot;", "·" },
		{ "&lambda;", "λ" }, { "&rho;", "ρ" },
	};
	char copy[16];

	if (n < sizeof(copy) && size >= 4) {
		memcpy(copy, text, n);
		copy[n] = '\0';
		if (copy[1] == '#' && tolower((unsigned char)copy[2]) == 'x')
			return encode(buf, strtoul(copy + 3, NULL, 16));
		if (copy[1] == '#')
			return encode(buf, strtoul(copy + 2, NULL, 10));
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(copy, names[i].name))
				return stpcpy(buf, names[i].is) - buf;
	}
	if (n > size)
		n = size;
	memcpy(buf, text, n);
	return n;
}

char *md_attribute(const MD_ATTRIBUTE *a)
{
	char *text = malloc(a->size + 1), *to = text;

	if (!text)
		return NULL;
	/* an entity is never shorter than the character that it stands for */
	for (int i = 0; a->size && a->substr_offsets[i] < a->size; i++) {
		const char *from = a->text + a->substr_offsets[i];
		size_t n = a->substr_offsets[i + 1] - a->substr_offsets[i];
		char buf[64];

		if (a->substr_types[i] == MD_TEXT_ENTITY && n <= sizeof(buf)) {
			n = md_entity(buf, sizeof(buf), from, n);
			memcpy(to, buf, n);
		} else if (a->substr_types[i] == MD_TEXT_NULLCHAR) {
			n = 0;
		} else {
			memcpy(to, from, n);
		}
		to += n;
	}
	*to = '\0';
	return text;
}

static bool is_name(const char *text, size_t n)
{
	if (!n || n >= MD_NAME_LEN)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	return true;
}

enum md_link md_link(const char *href, char name[MD_NAME_LEN])
{
	const char *dot = strstr(href, ".md");
	size_t n = strlen(href);

	if (!strncmp(href, "http://", 7) || !strncmp(href, "https://", 8))
		return MD_LINK_WEB;
	if (*href == '#' && is_name(href + 1, n - 1)) {
		memcpy(name, href + 1, n);
		return MD_LINK_HERE;
	}
	if (dot && is_name(href, dot - href) && (!dot[3] || dot[3] == '#')) {
		memcpy(name, href, dot - href);
		name[dot - href] = '\0';
		return MD_LINK_ARTICLE;
	}
	return MD_LINK_OTHER;
}

void md_slug(char *slug, size_t size, const char *text, size_t n)
{
	size_t len = strlen(slug);

	for (size_t i = 0; i < n && len + 1 < size; i++) {
		unsigned char c = text[i];

		if (isalnum(c) && c < 128)
			slug[len++] = tolower(c);
		else if (c == ' ' || c == '-')
			slug[len++] = '-';
	}
	slug[len] = '\0';
}
