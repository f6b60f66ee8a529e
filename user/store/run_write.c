// SPDX-License-Identifier: BSD-2-Clause
#include "store/run_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/out_file.h"
#include "model/window.h"
#include "store/hdr.h"
#include "store/records.h"
#include "store/write_parts.h"

struct run_file {
	struct out_file out;
	struct interval_out to;
	char *text; /* of the interval that is being written */
	size_t size;
	struct run last; /* as of the last interval */
	unsigned intervals;
	struct known {
		__u32 netns;
		__u16 port;
		char prefix[24];
		unsigned interval; /* in which it was written last */
	} known[LVT_MAX_SERVICES]; /* by id */
	int n_known;
	struct known_clients clients;
	bool failed;
};

/* A file without a place to write to. */
static int create(struct run_file **out, struct err *e)
{
	struct run_file *f = calloc(1, sizeof(*f));
	int err = 0;

	*out = NULL;
	if (!f)
		return err_set(e, -ENOMEM, "no memory for a run file");
	f->out.fd = f->out.folder = -1;
	f->to.hdr = hdr_open();
	f->to.cells = malloc(HIST_BUCKETS * sizeof(*f->to.cells));
	f->to.text = open_memstream(&f->text, &f->size);
	if (!f->to.hdr || !f->to.cells || !f->to.text)
		err = err_set(e, -ENOMEM, "no memory for a run file");
	if (err)
		run_file_free(f);
	else
		*out = f;
	return err;
}

int run_file_create(struct run_file **f, const char *path, struct err *e)
{
	int err = create(f, e);

	if (!err)
		err = out_file_open(&(*f)->out, path, e);
	if (err) {
		run_file_free(*f);
		*f = NULL;
	}
	return err;
}

int run_file_create_fd(struct run_file **f, int fd, struct err *e)
{
	int err = create(f, e);

	if (!err)
		out_file_use(&(*f)->out, fd);
	return err;
}

void run_file_discard(struct run_file *f)
{
	f->intervals = 0;
}

void run_file_free(struct run_file *f)
{
	if (!f)
		return;
	if (f->intervals)
		out_file_keep(&f->out);
	else
		out_file_drop(&f->out);
	if (f->to.text)
		fclose(f->to.text);
	free(f->text);
	free(f->to.cells);
	hdr_free(f->to.hdr);
	known_clients_free(&f->clients);
	run_free(&f->last);
	free(f);
}

static void put_head(struct run_file *f, const struct run *r)
{
	struct tm tm = { 0 };
	time_t start = 0;

	if (strptime(r->started, "%Y-%m-%dT%H:%M:%SZ", &tm))
		start = timegm(&tm);
	fprintf(f->to.text, "#[Histogram log format version 1.3]\n");
	fprintf(f->to.text, "#[StartTime: %lld.000 (seconds since epoch), %s]\n", (long long)start,
		start ? r->started : "not known");
	put_record(&f->to, "run", run_pack(r));
	fprintf(f->to.text, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
			    "\"Interval_Compressed_Histogram\"\n");
}

static bool is_taken(const struct run_file *f, const char *prefix)
{
	for (int i = 0; i < f->n_known; i++)
		if (!strcmp(f->known[i].prefix, prefix))
			return true;
	return false;
}

/* The prefix of a service's tags: of no service twice. Alone at its start it has none. */
static void choose_prefix(const struct run_file *f, const struct run *r, struct known *k)
{
	if (!f->n_known && r->n_services == 1)
		return;
	snprintf(k->prefix, sizeof(k->prefix), "%u/", k->port);
	if (is_taken(f, k->prefix))
		snprintf(k->prefix, sizeof(k->prefix), "%u@%u/", k->port, k->netns);
	if (is_taken(f, k->prefix)) /* in a merged run, by another name */
		snprintf(k->prefix, sizeof(k->prefix), "%u#%d/", k->port, f->n_known);
}

/* The id of a service in this file; a new one is declared. -1: there are too many. */
static int service_id(struct run_file *f, const struct run *r, const struct run_service *s)
{
	struct known *k;
	json_t *o;
	int id;

	for (id = 0; id < f->n_known; id++)
		if (f->known[id].netns == s->netns && f->known[id].port == s->port &&
		    f->known[id].interval != f->intervals + 1) {
			f->known[id].interval = f->intervals + 1;
			return id;
		}
	if (id == LVT_MAX_SERVICES)
		return -1;
	k = &f->known[id];
	k->netns = s->netns;
	k->port = s->port;
	k->interval = f->intervals + 1;
	choose_prefix(f, r, k);
	f->n_known++;
	o = fields_pack(service_fields, s);
	json_object_set_new(o, "id", json_integer(id));
	json_object_set_new(o, "tag", json_string(k->prefix));
	put_record(&f->to, "service", o);
	return id;
}

static int put_services(struct run_file *f, const struct run *r, json_t *states, struct err *e)
{
	for (size_t i = 0; i < r->n_services; i++) {
		const struct run_service *s = &r->services[i];
		int id = service_id(f, r, s);
		json_t *o;

		if (id < 0)
			return err_set(e, -E2BIG, "more than %d services", LVT_MAX_SERVICES);
		f->to.id = id;
		f->to.prefix = f->known[id].prefix;
		if (put_service(&f->to, s, run_find(&f->last, s->netns, s->port)))
			return err_set(e, -EINVAL, "a count of service %u went down", s->port);
		o = state_pack(s);
		json_object_set_new(o, "id", json_integer(id));
		if (json_array_append_new(states, o))
			return err_set(e, -ENOMEM, "no memory for a run file");
	}
	return 0;
}

/* The closing line: its checksum is of all that stands before it and of what follows the checksum. */
static int put_close(struct run_file *f, json_t *o)
{
	char *json = record_text("interval", o);
	uLong crc;

	if (!json)
		return -ENOMEM;
	fflush(f->to.text);
	crc = crc32(0, (const Bytef *)f->text, f->size);
	crc = crc32(crc, (const Bytef *)json + 1, strlen(json + 1));
	crc = crc32(crc, (const Bytef *)RECORD_END, strlen(RECORD_END));
	fprintf(f->to.text, CRC_START "%08lx\",%s" RECORD_END, crc, json + 1);
	free(json);
	return 0;
}

static int put_interval(struct run_file *f, const struct run *r, bool end, struct err *e)
{
	json_t *o = progress_pack(r), *states = json_array(), *clients = json_array();
	int err;

	rewind(f->to.text);
	if (!f->intervals)
		put_head(f, r);
	f->to.from = f->intervals ? f->last.duration_s : 0;
	f->to.length = r->duration_s - f->to.from;
	err = put_services(f, r, states, e);
	if (!err)
		err = put_clients(&f->to, &f->clients, r, &f->last, f->intervals + 1, clients, e);
	if (err) {
		json_decref(o);
		json_decref(states);
		json_decref(clients);
		return err;
	}
	json_object_set_new(o, "n", json_integer(f->intervals + 1));
	json_object_set_new(o, "end", json_boolean(end));
	if (json_object_set_new(o, "services", states)) {
		json_decref(o);
		o = NULL;
	}
	if (json_array_size(clients) ? json_object_set(o, "clients", clients) : !clients) {
		json_decref(o);
		o = NULL;
	}
	json_decref(clients);
	if (put_close(f, o) || fflush(f->to.text) || ferror(f->to.text) || f->to.failed)
		return err_set(e, -ENOMEM, "no memory for a run file");
	err = out_file_write(&f->out, f->text, f->size, e);
	if (!err)
		f->intervals++;
	return err;
}

int run_file_interval(struct run_file *f, struct run *r, struct err *e)
{
	int err = f->failed ? -EIO : put_interval(f, r, false, e);

	if (err)
		f->failed = true;
	run_free(&f->last);
	f->last = *r;
	*r = (struct run){ 0 };
	return err;
}

int run_file_finish(struct run_file *f, const struct run *r, struct err *e)
{
	int err = f->failed ? -EIO : put_interval(f, r, true, e);

	if (err) {
		f->failed = true;
		return err;
	}
	return out_file_finish(&f->out, e);
}
