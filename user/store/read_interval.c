// SPDX-License-Identifier: BSD-2-Clause
/* The lines of a run file of ours. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"
#include "store/run_read.h"

/* The id of the service (or client) that a record is of; n of them are declared. */
static int declared_id(struct reader *rd, const json_t *o, const char *what, size_t n)
{
	const json_t *v = json_object_get(o, what);
	json_int_t id = json_integer_value(v);

	if (!json_is_integer(v) || id < 0 || id >= (json_int_t)n)
		return read_bad(rd, "it is of a %s that was not declared", what);
	return id;
}

/* ---- histograms ---- */

/* The id of the one with the longest prefix, as long as *best at least; -1 = none. */
static int find_prefix(const struct declared *all, size_t n, const char *tag, size_t *best)
{
	int id = -1;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(all[i].prefix);

		if (len >= *best && !strncmp(tag, all[i].prefix, len)) {
			*best = len;
			id = i;
		}
	}
	return id;
}

/* Of n tags the one of this name; -1 = none. They come in order. */
static int find_tag(const struct reader *rd, const char *name, int n)
{
	char buf[TAG_LEN];

	for (int i = 0; i < n; i++)
		if (!strcmp(name, client_tag_name((rd->tag + i) % n, buf)))
			return (rd->tag + i) % n;
	return -1;
}

int read_tagged(struct reader *rd, const struct histogram_line *h)
{
	const char *name = h->tag ? h->tag : "";
	struct run *r = rd->run;
	size_t best = 0;
	int id, client, tag, err;

	id = h->tag ? find_prefix(rd->declared, r->n_services, name, &best) : -1;
	client = h->tag ? find_prefix(rd->clients, r->n_clients, name, &best) : -1;
	if (id < 0 && client < 0)
		return read_bad(rd, "a histogram of no service or client that was declared");
	tag = find_tag(rd, name + best, client >= 0 ? NR_CLIENT_TAGS : NR_TAGS);
	if (tag < 0)
		return read_bad(rd, "the tag '%.40s' is not known", name);
	rd->tag = tag;
	err = read_histogram(rd, h);
	if (err)
		return err;
	return pending_cells(rd, client >= 0 ? client_tag_cells(&r->clients[client], tag) :
					       tag_cells(r->services[id].sum, tag));
}

/* ---- the records that come once ---- */

static int read_run(struct reader *rd, const json_t *o)
{
	const char *schema = json_string_value(json_object_get(o, "schema"));
	const char *bad;

	if (rd->ours || rd->histograms)
		return read_bad(rd, "the run is declared here, which belongs to the top");
	if (!schema || strcmp(schema, RUN_SCHEMA))
		return read_bad(rd, "schema '%.40s', but this lvt reads " RUN_SCHEMA " only",
				schema ? schema : "");
	bad = run_unpack(o, rd->run);
	if (bad)
		return read_bad(rd, "the run's '%s' is wrong", bad);
	rd->run->bpf_ns_per_request = rd->run->events = NAN;
	rd->ours = true;
	return 0;
}

static int read_service(struct reader *rd, const json_t *o)
{
	const json_t *number = json_object_get(o, "id");
	const char *bad;
	int id = read_new_service(rd);

	if (id < 0)
		return id;
	if (!json_is_integer(number) || json_integer_value(number) != id)
		return read_bad(rd, "the services are not numbered as they come");
	if (!text_unpack(json_object_get(o, "tag"), rd->declared[id].prefix,
			 sizeof(rd->declared[id].prefix)))
		return read_bad(rd, "the service's 'tag' is wrong");
	for (int i = 0; i < id; i++)
		if (!strcmp(rd->declared[i].prefix, rd->declared[id].prefix))
			return read_bad(rd, "two services with one tag");
	bad = fields_unpack(service_fields, o, &rd->run->services[id]);
	return bad ? read_bad(rd, "the service's '%s' is wrong", bad) : 0;
}

/* ---- the closing line ---- */

static int read_states(struct reader *rd, const json_t *list, size_t n_services)
{
	bool seen[LVT_MAX_SERVICES] = { false };
	size_t n = json_array_size(list), i;

	if (!json_is_array(list) || n != n_services)
		return read_bad(rd, "the interval does not have all services");
	for (i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		json_int_t id = json_integer_value(json_object_get(o, "id"));
		const char *bad;

		if (id < 0 || (size_t)id >= n || seen[id])
			return read_bad(rd, "the interval does not have all services");
		seen[id] = true;
		rd->order[i] = id;
		bad = state_unpack(o, &rd->run->services[id]);
		if (bad)
			return read_bad(rd, "the service's '%s' is wrong", bad);
	}
	rd->n_order = n;
	return 0;
}

/* What the run, its services and clients have come to; of these there were so many then. */
static int read_progress(struct reader *rd, const json_t *o, size_t n_services, size_t n_clients)
{
	int err;
	const char *bad = progress_unpack(o, rd->run);

	if (bad)
		return read_bad(rd, "the run's '%s' is wrong", bad);
	err = read_states(rd, json_object_get(o, "services"), n_services);
	return err ? err : read_client_states(rd, json_object_get(o, "clients"), n_clients);
}

/* What the lines before a closing one brought goes to the sums. */
static int add_up(struct reader *rd)
{
	int err = pending_apply(rd);

	for (size_t i = 0; i < rd->run->n_services && !err; i++)
		err = read_watched(rd, &rd->run->services[i]);
	for (size_t i = 0; i < rd->run->n_clients && !err; i++)
		err = read_watched(rd, &rd->run->clients[i].view);
	rd->intervals++;
	return err;
}

static int read_close(struct reader *rd, const json_t *o)
{
	int err;

	if (json_integer_value(json_object_get(o, "n")) != rd->intervals + 1ll)
		return read_bad(rd, "an interval is missing before this one");
	err = read_progress(rd, o, rd->run->n_services, rd->run->n_clients);
	if (!err)
		err = add_up(rd);
	rd->ended = json_is_true(json_object_get(o, "end"));
	rd->closing.waits = false;
	return err;
}

/*
 * A closing line with more to come: of these the last one counts, so it is kept until it is known
 * whether this is it. Its number must be right; what else is in it the checksum vouches for. Returns
 * whether it was one, in the form that is written: the interval's own members stand before "n".
 */
static bool put_off(struct reader *rd)
{
	static const char more[] = ",\"end\":false,";
	const char *start = rd->line + strlen(CRC_START) + CRC_LEN + 2;
	char *n = strstr(rd->line, ",\"n\":"), *end, *line = rd->closing.line;
	size_t room = rd->closing.room;

	if (strncmp(start, "\"interval\":{", 12) || !n ||
	    strtoul(n + 5, &end, 10) != rd->intervals + 1ul || strncmp(end, more, strlen(more)))
		return false;
	rd->closing.line = rd->line;
	rd->closing.room = rd->room;
	rd->closing.len = rd->len;
	rd->closing.number = rd->number;
	rd->closing.n_services = rd->run->n_services;
	rd->closing.n_clients = rd->run->n_clients;
	rd->closing.waits = true;
	rd->line = line;
	rd->room = room;
	rd->len = 0;
	return true;
}

/* Whether the lines since the last closing one are as they were written. */
static bool crc_is_right(struct reader *rd)
{
	const char *digits = rd->line + strlen(CRC_START), *rest = digits + CRC_LEN + 2;
	char expected[CRC_LEN + 1];
	uLong crc;

	if (rd->line + rd->len <= rest || rest[-2] != '"' || rest[-1] != ',')
		return false;
	crc = crc32(rd->crc, (const Bytef *)rest, rd->line + rd->len - rest);
	snprintf(expected, sizeof(expected), "%08lx", crc);
	rd->crc = 0;
#ifdef LVT_FUZZ_NO_CRC
	return true;
#endif
	return !strncmp(digits, expected, CRC_LEN);
}

/* ---- all records ---- */

static int read_service_anatomy(struct reader *rd, int id, const json_t *o)
{
	return read_anatomy(rd, rd->run->services[id].sum, o);
}

static int read_client_anatomy(struct reader *rd, const json_t *o)
{
	int id = declared_id(rd, o, "client", rd->run->n_clients);

	return id < 0 ? id : read_anatomy(rd, rd->run->clients[id].view.sum, o);
}

static int read_of_service(struct reader *rd, const char *what, const json_t *o)
{
	static const struct {
		const char *what;
		int (*read)(struct reader *rd, int id, const json_t *o);
	} kinds[] = { { "anatomy", read_service_anatomy },
		      { "wait", pending_wait },
		      { "slowest", pending_slowest },
		      { "outbound", pending_outbound } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int id;

		if (strcmp(what, kinds[i].what))
			continue;
		id = declared_id(rd, o, "service", rd->run->n_services);
		return id < 0 ? id : kinds[i].read(rd, id, o);
	}
	return read_bad(rd, "'%.40s' is not known", what);
}

static int read_object(struct reader *rd, const json_t *root)
{
	const json_t *o = json_object_get(root, "interval");
	void *member = json_object_iter((json_t *)root);

	if (json_object_get(root, "crc") || o) /* but a closing line begins with it */
		return read_bad(rd, "not a record of lvt");
	if (!member || json_object_size(root) != 1)
		return read_bad(rd, "not a record of lvt");
	o = json_object_iter_value(member);
	if (!strcmp(json_object_iter_key(member), "run"))
		return read_run(rd, o);
	if (!rd->ours)
		return read_bad(rd, "a record of lvt, but no run was declared");
	if (!strcmp(json_object_iter_key(member), "service"))
		return read_service(rd, o);
	if (!strcmp(json_object_iter_key(member), "client"))
		return read_client(rd, o);
	if (!strcmp(json_object_iter_key(member), "anatomy") && json_object_get(o, "client"))
		return read_client_anatomy(rd, o);
	return read_of_service(rd, json_object_iter_key(member), o);
}

/* The JSON of a line of ours. */
static int load(struct reader *rd, const char *line, size_t len, json_t **root)
{
	size_t start = strlen(RECORD_START), end = strlen(RECORD_END);
	json_error_t error;

	*root = json_loadb(line + start, len - start - end, JSON_REJECT_DUPLICATES, &error);
	return *root ? 0 : read_bad(rd, "not JSON: %s", error.text);
}

static int read_closing_line(struct reader *rd)
{
	const json_t *o;
	json_t *root;
	int err;

	if (!rd->ours)
		return read_bad(rd, "an interval, but no run was declared");
	if (!crc_is_right(rd))
		return read_bad(rd, "the checksum is wrong: lines since the interval before were "
				    "changed or lost");
	if (!(rd->watch && rd->watch->states) && put_off(rd))
		return add_up(rd);
	err = load(rd, rd->line, rd->len, &root);
	if (err)
		return err;
	o = json_object_get(root, "interval");
	err = o && json_object_size(root) == 2 ? read_close(rd, o) :
						 read_bad(rd, "not a record of lvt");
	json_decref(root);
	return err;
}

/* The end of the file: if the last closing line was put off, it is looked into after all. */
static int read_put_off(struct reader *rd)
{
	unsigned long number = rd->number;
	json_t *root;
	int err;

	if (!rd->closing.waits)
		return 0;
	rd->number = rd->closing.number;
	err = load(rd, rd->closing.line, rd->closing.len, &root);
	if (err)
		return err;
	err = read_progress(rd, json_object_get(root, "interval"), rd->closing.n_services,
			    rd->closing.n_clients);
	json_decref(root);
	rd->number = number;
	return err;
}

int read_record(struct reader *rd)
{
	size_t start = strlen(RECORD_START), end = strlen(RECORD_END);
	json_t *root;
	int err;

	if (!rd->whole)
		return read_bad(rd, "the line is cut in the middle");
	if (rd->len < start + end || strcmp(rd->line + rd->len - end, RECORD_END))
		return read_bad(rd, "a record of lvt that does not end with ']'");
	if (!strncmp(rd->line, CRC_START, strlen(CRC_START)))
		return read_closing_line(rd);
	rd->crc = crc32(rd->crc, (const Bytef *)rd->line, rd->len);
	err = read_columns(rd);
	if (err)
		return err < 0 ? err : 0;
	err = load(rd, rd->line, rd->len, &root);
	if (err)
		return err;
	err = read_object(rd, root);
	json_decref(root);
	return err;
}

int read_finish(struct reader *rd, char *warning)
{
	int err = read_put_off(rd);

	if (err)
		return err;
	if (!rd->intervals) {
		read_bad(rd, "the file ends before the first interval is whole");
		return -EBADMSG;
	}
	if (!rd->ended)
		snprintf(warning, RUN_WARNING_LEN,
			 "%s:%lu: the run was interrupted: it is read up to its last whole "
			 "interval, which ends at %.3f s",
			 rd->name, rd->number, rd->run->duration_s);
	return read_put_in_order(rd);
}
