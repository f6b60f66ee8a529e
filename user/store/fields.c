// SPDX-License-Identifier: BSD-2-Clause
#include "store/fields.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/hex.h"

json_t *u64_pack(__u64 n)
{
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_sprintf("%llu", n);
}

int u64_unpack(const json_t *v, __u64 *n)
{
	const char *text = json_string_value(v);
	char *end;

	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*n = json_integer_value(v);
		return 1;
	}
	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	*n = strtoull(text, &end, 10);
	return !*end && !errno;
}

json_t *text_pack(const char *text)
{
	json_t *as_it_is = json_string(text), *bytes;
	char *hex;

	if (as_it_is)
		return as_it_is;
	hex = malloc(2 * strlen(text) + 1);
	if (!hex)
		return NULL;
	hex_encode(hex, (const unsigned char *)text, strlen(text));
	bytes = json_pack("{s:s}", "hex", hex);
	free(hex);
	return bytes;
}

int text_unpack(const json_t *v, char *to, size_t size)
{
	const char *hex = json_string_value(json_object_get(v, "hex"));
	size_t n;

	memset(to, 0, size);
	if (json_is_string(v)) {
		n = json_string_length(v);
		if (n >= size)
			return 0;
		memcpy(to, json_string_value(v), n);
		return 1;
	}
	if (!hex || strlen(hex) / 2 >= size)
		return 0;
	return hex_decode((unsigned char *)to, strlen(hex) / 2, hex);
}

static json_t *peer_pack(const struct lvt_peer *p)
{
	char hex[2 * sizeof(p->addr) + 1];

	hex_encode(hex, p->addr, sizeof(p->addr));
	return json_pack("[i, s, i]", p->family, hex, p->port);
}

static bool peer_unpack(const json_t *v, struct lvt_peer *p)
{
	json_int_t family = json_integer_value(json_array_get(v, 0));
	json_int_t port = json_integer_value(json_array_get(v, 2));
	const char *hex = json_string_value(json_array_get(v, 1));

	if (!hex || !hex_decode(p->addr, sizeof(p->addr), hex))
		return false;
	p->family = family;
	p->port = port;
	return family > 0 && family <= UINT16_MAX && port >= 0 && port <= UINT16_MAX;
}

static json_t *table_pack(const struct field *f, const __u64 *from)
{
	json_t *all = json_object();

	for (int i = 0; i < f->count && all; i++) {
		if (from[i] && json_object_set_new(all, f->of(i), u64_pack(from[i]))) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static int index_of(const struct field *f, const char *name)
{
	for (int i = 0; i < f->count && name; i++)
		if (!strcmp(f->of(i), name))
			return i;
	return -1;
}

static bool table_unpack(const struct field *f, const json_t *v, __u64 *to)
{
	const char *name;
	json_t *value;

	memset(to, 0, f->count * sizeof(*to));
	json_object_foreach((json_t *)v, name, value) {
		int i = index_of(f, name);

		if (i < 0 || !u64_unpack(value, &to[i]))
			return false;
	}
	return json_is_object(v);
}

static __u64 number_at(const struct field *f, const void *p)
{
	switch (f->size) {
	case 1:
		return *(const __u8 *)p;
	case 2:
		return *(const __u16 *)p;
	case 4:
		return *(const __u32 *)p;
	default:
		return *(const __u64 *)p;
	}
}

static bool set_number(const struct field *f, void *p, __u64 n)
{
	switch (f->size) {
	case 1:
		*(__u8 *)p = n;
		break;
	case 2:
		*(__u16 *)p = n;
		break;
	case 4:
		*(__u32 *)p = n;
		break;
	default:
		*(__u64 *)p = n;
	}
	return number_at(f, p) == n;
}

/* Whether the member has its default. */
static bool is_default(const struct field *f, const void *p)
{
	switch (f->type) {
	case FIELD_DOUBLE:
		return !isfinite(*(const double *)p);
	case FIELD_MARK:
		return *(const __u64 *)p == UINT64_MAX;
	case FIELD_TEXT:
		return !*(const char *)p;
	case FIELD_PEER:
		return !((const struct lvt_peer *)p)->family;
	case FIELD_TABLE:
		for (int i = 0; i < f->count; i++)
			if (((const __u64 *)p)[i])
				return false;
		return true;
	case FIELD_NAME:
		return false;
	default:
		return !number_at(f, p);
	}
}

static json_t *pack(const struct field *f, const void *p)
{
	switch (f->type) {
	case FIELD_BOOL:
		return json_true();
	case FIELD_DOUBLE:
		return json_real(*(const double *)p);
	case FIELD_INVERSE:
		return u64_pack(~*(const __u64 *)p);
	case FIELD_TEXT:
		return text_pack(p);
	case FIELD_PEER:
		return peer_pack(p);
	case FIELD_NAME:
		return json_string(f->of(number_at(f, p)));
	case FIELD_TABLE:
		return table_pack(f, p);
	case FIELD_S64:
		return json_integer(*(const __s64 *)p);
	default:
		return u64_pack(number_at(f, p));
	}
}

json_t *fields_pack(const struct field *f, const void *from)
{
	json_t *o = json_object();

	for (; f->name && o; f++) {
		const void *p = (const char *)from + f->offset;

		if (!is_default(f, p) && json_object_set_new(o, f->name, pack(f, p))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static bool set_default(const struct field *f, void *p)
{
	memset(p, f->type == FIELD_MARK ? 0xff : 0, f->size);
	if (f->type == FIELD_DOUBLE)
		*(double *)p = NAN;
	return f->type != FIELD_NAME;
}

static bool unpack(const struct field *f, const json_t *v, void *p)
{
	__u64 n;
	int i;

	switch (f->type) {
	case FIELD_BOOL:
		*(bool *)p = json_is_true(v);
		return json_is_boolean(v);
	case FIELD_DOUBLE:
		*(double *)p = json_number_value(v);
		return json_is_number(v);
	case FIELD_TEXT:
		return text_unpack(v, p, f->size);
	case FIELD_PEER:
		return peer_unpack(v, p);
	case FIELD_NAME:
		i = index_of(f, json_string_value(v));
		return i >= 0 && set_number(f, p, i);
	case FIELD_TABLE:
		return table_unpack(f, v, p);
	case FIELD_S64:
		*(__s64 *)p = json_integer_value(v);
		return json_is_integer(v);
	case FIELD_INVERSE:
		return u64_unpack(v, &n) && set_number(f, p, ~n);
	case FIELD_INT:
		return u64_unpack(v, &n) && n <= INT32_MAX && set_number(f, p, n);
	default:
		return u64_unpack(v, &n) && set_number(f, p, n);
	}
}

const char *fields_unpack(const struct field *f, const json_t *o, void *to)
{
	for (; f->name; f++) {
		void *p = (char *)to + f->offset;
		const json_t *v = json_object_get(o, f->name);

		if (v ? !unpack(f, v, p) : !set_default(f, p))
			return f->name;
	}
	return NULL;
}
