/* SPDX-License-Identifier: BSD-2-Clause */
/* What loads have sent, looked into: clients.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "capture/clients_parts.h"
#include "model/window.h"
#include "store/records.h"
#include "store/run_read.h"

static int read_view(int fd, struct run *r, struct err *e)
{
	char warning[RUN_WARNING_LEN], *text;
	struct stat st;
	FILE *in = NULL;
	int err = 0;

	if (fstat(fd, &st))
		return err_set(e, -errno, "cannot read it: %s", strerror(errno));
	text = malloc(st.st_size + 1);
	if (text && pread(fd, text, st.st_size, 0) == st.st_size && st.st_size)
		in = fmemopen(text, st.st_size, "r");
	if (in)
		err = run_read_stream(in, "its view", r, warning, e);
	else
		err = err_set(e, -EINVAL, "cannot read its view");
	if (in)
		fclose(in);
	free(text);
	if (!err && (r->n_clients != 1 || r->n_services))
		err = err_set(e, -EINVAL, "it sent a run that is not the view of one load");
	return err;
}

static bool cells_grew(const __u64 *from, const __u64 *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (to[i] < from[i])
			return false;
	return true;
}

/* Is it the same load, later? A file that has the one could not go on with anything else. */
static bool goes_on(struct run_client *from, struct run_client *to)
{
	json_t *a = client_pack(from), *b = client_pack(to);
	bool same = a && b && json_equal(a, b);

	json_decref(a);
	json_decref(b);
	for (int tag = 0; tag < NR_CLIENT_TAGS && same; tag++)
		same = cells_grew(client_tag_cells(from, tag), client_tag_cells(to, tag),
				  HIST_BUCKETS);
	return same && cells_grew(from->view.sum->anatomy[0], to->view.sum->anatomy[0],
				  ANATOMY_BUCKETS * NR_STAGES);
}

/* Look into what a sender sent last. */
static void look_into(struct clients *c, struct sender *s)
{
	struct run r = { 0 };
	struct err e = { 0 };

	if (read_view(s->file, &r, &e)) {
		clients_refuse(c, s->pid, "%.200s", e.message);
	} else if (s->known && !goes_on(&s->view, &r.clients[0])) {
		clients_refuse(c, s->pid, "its view does not go on from the one before");
	} else {
		client_free(&s->view);
		s->view = r.clients[0];
		s->known = true;
		r.n_clients = 0; /* what it owns is ours */
	}
	clients_close_fd(&s->file);
	run_free(&r);
}

static int copy(struct run_client *to, const struct run_client *from)
{
	struct lvt_shard *sum;
	struct client_hist *times;

	if (client_init(to))
		return -ENOMEM;
	sum = to->view.sum;
	times = to->times;
	memcpy(sum, from->view.sum, sizeof(*sum));
	memcpy(times, from->times, NR_CLIENT_TIMES * sizeof(*times));
	*to = *from;
	to->view.sum = sum;
	to->times = times;
	return 0;
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for the views of loads");
}

int clients_begin(struct clients *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		struct sender *s = &c->senders[i];

		if (s->file >= 0)
			look_into(c, s);
		client_free(&s->base);
		s->begun = s->known;
		if (s->known && copy(&s->base, &s->view))
			return no_memory(e);
	}
	return 0;
}

int clients_into(struct clients *c, struct run *r, struct err *e)
{
	if (!c || !c->n)
		return 0;
	r->clients = calloc(RUN_MAX_CLIENTS, sizeof(*r->clients));
	for (size_t i = 0; i < c->n && r->clients; i++) {
		struct sender *s = &c->senders[i];

		if (s->file >= 0)
			look_into(c, s);
		if (!s->known)
			continue;
		if (copy(&r->clients[r->n_clients], &s->view))
			return no_memory(e);
		if (s->begun)
			client_window(&r->clients[r->n_clients], &s->base);
		r->n_clients++;
	}
	return r->clients ? 0 : no_memory(e);
}
