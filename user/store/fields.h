/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_FIELDS_H
#define LVT_FIELDS_H

#include <jansson.h>
#include <stddef.h>

#include "abi.h"

/*
 * The members of a struct as members of a JSON object, by one table for both directions. A member
 * that has its default (0, "", NAN; no mark) is left out, and what is left out gets it: a run of an
 * older version, which did not have it, reads as one in which it is not known.
 */
enum field_type {
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_S64,
	FIELD_INT, /* 0 and up */
	FIELD_BOOL,
	FIELD_DOUBLE,  /* default NAN */
	FIELD_MARK,    /* a __u64 whose default is UINT64_MAX */
	FIELD_INVERSE, /* a __u64 kept as ~value; default: kept as 0 */
	FIELD_TEXT,    /* char[size]; bytes that are not UTF-8 stand as {"hex":"..."} */
	FIELD_PEER,    /* struct lvt_peer as [family, "address in hex", port] */
	FIELD_NAME,  /* an enum of `size` bytes by the name that of(i) has, i < count; no default */
	FIELD_TABLE, /* __u64[count] as an object by the names of(i); zeros left out */
};

struct field {
	const char *name; /* NULL ends the table */
	enum field_type type;
	size_t offset, size;
	const char *(*of)(int i);
	int count;
};

#define FIELD(kind, where, member, ...)                                                          \
	{                                                                                        \
		.name = #member, .type = FIELD_##kind, .offset = offsetof(struct where, member), \
		.size = sizeof(((struct where *)0)->member), ##__VA_ARGS__                       \
	}

/* A new object of the members of `from`; NULL without memory. */
json_t *fields_pack(const struct field *f, const void *from);

/* Set the members of `to` from an object. Returns NULL, or the name of a member that is wrong. */
const char *fields_unpack(const struct field *f, const json_t *o, void *to);

/* One text, as FIELD_TEXT. text_unpack() returns whether it was one that fits. */
json_t *text_pack(const char *text);
int text_unpack(const json_t *v, char *to, size_t size);

/* Numbers up to 2^64: beyond 2^63 as a string of digits. */
json_t *u64_pack(__u64 n);
int u64_unpack(const json_t *v, __u64 *n);

#endif
