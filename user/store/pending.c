// SPDX-License-Identifier: BSD-2-Clause
/* What the lines of an interval bring, kept until the interval is closed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader.h"

/* Room for one more of `size` bytes; at most max of them. */
static void *grow(void *old, size_t n, size_t *room, size_t size, size_t max)
{
	size_t more = *room ? 2 * *room : 64;
	void *p;

	if (n < *room)
		return old;
	if (n >= max)
		return NULL;
	p = realloc(old, more * size);
	if (p)
		*room = more;
	return p;
}

#define ROOM(rd, list, max)                                                                     \
	({                                                                                      \
		struct pending *p_ = &(rd)->pending;                                            \
		void *more_ =                                                                   \
			grow(p_->list, p_->n_##list, &p_->list##_room, sizeof(*p_->list), max); \
		if (more_)                                                                      \
			p_->list = more_;                                                       \
		more_ != NULL;                                                                  \
	})

static int too_many(struct reader *rd, const char *what)
{
	return read_bad(rd, "no memory for it, or more %s in one interval than can be", what);
}

/* Room for n more adds. */
static bool room_for(struct pending *p, size_t n)
{
	size_t room = p->adds_room ? p->adds_room : 1024;
	struct add *more;

	if (p->n_adds + n <= p->adds_room)
		return true;
	if (p->n_adds + n > READ_MAX_ADDS)
		return false;
	while (room < p->n_adds + n)
		room *= 2;
	more = realloc(p->adds, room * sizeof(*more));
	if (!more)
		return false;
	p->adds = more;
	p->adds_room = room;
	return true;
}

int pending_sum(void *arg, __u64 *cell, __u64 n)
{
	struct reader *rd = arg;

	if (!room_for(&rd->pending, 1))
		return -ENOMEM;
	rd->pending.adds[rd->pending.n_adds++] = (struct add){ cell, n };
	return 0;
}

int pending_cells(struct reader *rd, __u64 *cells)
{
	struct pending *p = &rd->pending;

	if (!room_for(p, rd->cells->n))
		return too_many(rd, "histograms");
	for (__u32 i = 0; i < rd->cells->n; i++)
		p->adds[p->n_adds++] =
			(struct add){ &cells[rd->cells->at[i].bucket], rd->cells->at[i].count };
	return 0;
}

int pending_wait(struct reader *rd, int id, const json_t *o)
{
	struct wait_add *w;
	const char *bad;

	if (!ROOM(rd, waits, READ_MAX_ROWS))
		return too_many(rd, "waits");
	w = &rd->pending.waits[rd->pending.n_waits++];
	*w = (struct wait_add){ .id = id };
	bad = fields_unpack(wait_fields, o, &w->row);
	return bad ? read_bad(rd, "a wait whose '%s' is wrong", bad) : 0;
}

int pending_slowest(struct reader *rd, int id, const json_t *o)
{
	struct exemplar_add *x;
	const char *bad;

	if (!ROOM(rd, slowest, READ_MAX_ROWS))
		return too_many(rd, "slowest requests");
	x = &rd->pending.slowest[rd->pending.n_slowest++];
	*x = (struct exemplar_add){ .id = id };
	bad = exemplar_unpack(o, &x->row);
	return bad ? read_bad(rd, "a slow request whose '%s' is wrong", bad) : 0;
}

/* The row of a peer in a service; a new one has no counts. */
static int outbound_row(struct reader *rd, struct run_service *s, const struct run_outbound *like)
{
	struct run_outbound *o;
	size_t i;

	for (i = 0; i < s->n_outbound; i++)
		if (run_peer_same(&s->outbound[i].peer, &like->peer))
			return i;
	if (i == READ_MAX_PEERS)
		return read_bad(rd, "more than %d peers", READ_MAX_PEERS);
	if (!s->outbound)
		s->outbound = calloc(READ_MAX_PEERS, sizeof(*s->outbound));
	if (!s->outbound)
		return read_no_memory(rd);
	o = &s->outbound[s->n_outbound++];
	o->peer = like->peer;
	o->first = calloc(HIST_BUCKETS, sizeof(*o->first));
	o->last = calloc(HIST_BUCKETS, sizeof(*o->last));
	return o->first && o->last ? (int)i : read_no_memory(rd);
}

static int outbound_cells(struct reader *rd, const json_t *o, const char *name, __u64 *cells)
{
	const json_t *v = json_object_get(o, name);
	struct histogram_line h = { .text = json_string_value(v), .len = json_string_length(v) };
	int err;

	if (!v)
		return 0;
	if (!h.text)
		return read_bad(rd, "a peer whose '%s' is wrong", name);
	err = read_histogram(rd, &h);
	return err ? err : pending_cells(rd, cells);
}

int pending_outbound(struct reader *rd, int id, const json_t *o)
{
	struct run_service *s = &rd->run->services[id];
	struct peer_add *p;
	const char *bad;
	int at, err;

	if (!ROOM(rd, peers, READ_MAX_ROWS))
		return too_many(rd, "peers");
	p = &rd->pending.peers[rd->pending.n_peers];
	*p = (struct peer_add){ .id = id };
	bad = fields_unpack(outbound_fields, o, &p->row);
	if (bad)
		return read_bad(rd, "a peer whose '%s' is wrong", bad);
	at = outbound_row(rd, s, &p->row);
	if (at < 0)
		return at;
	p->at = at;
	rd->pending.n_peers++;
	err = outbound_cells(rd, o, "first", s->outbound[at].first);
	return err ? err : outbound_cells(rd, o, "last", s->outbound[at].last);
}

/* ---- the interval is closed ---- */

static int apply_wait(struct reader *rd, const struct wait_add *w)
{
	struct run_service *s = &rd->run->services[w->id];
	struct run_wait *row = NULL, *more;
	__s64 waits, ns;

	for (size_t i = 0; i < s->n_waits && !row; i++)
		if (run_wait_same(&s->waits[i], &w->row))
			row = &s->waits[i];
	if (!row) {
		if (s->n_waits == READ_MAX_WAITS)
			return read_bad(rd, "more than %d different waits", READ_MAX_WAITS);
		if (!(s->n_waits & (s->n_waits - 1))) {
			more = realloc(s->waits, (2 * s->n_waits + 1) * sizeof(*more));
			if (!more)
				return read_no_memory(rd);
			s->waits = more;
		}
		row = &s->waits[s->n_waits++];
		*row = w->row;
		row->waits = row->ns = 0;
	}
	if (__builtin_add_overflow((__s64)row->waits, (__s64)w->row.waits, &waits) || waits < 0 ||
	    __builtin_add_overflow((__s64)row->ns, (__s64)w->row.ns, &ns) || ns < 0)
		return read_bad(rd, "a wait whose sum is negative or too large");
	row->waits = waits;
	row->ns = ns;
	return 0;
}

/* The slowest ones stay. */
static int apply_slowest(struct reader *rd, const struct exemplar_add *x)
{
	struct run_service *s = &rd->run->services[x->id];

	if (!s->slowest)
		s->slowest = calloc(RUN_MAX_SLOWEST + 1, sizeof(*s->slowest));
	if (!s->slowest)
		return read_no_memory(rd);
	s->slowest[s->n_slowest++] = x->row;
	qsort(s->slowest, s->n_slowest, sizeof(*s->slowest), run_exemplar_order);
	if (s->n_slowest > RUN_MAX_SLOWEST)
		s->n_slowest = RUN_MAX_SLOWEST;
	return 0;
}

static void apply_outbound(struct reader *rd, const struct peer_add *p)
{
	struct run_outbound *o = &rd->run->services[p->id].outbound[p->at];
	__u64 *first = o->first, *last = o->last;

	*o = p->row;
	o->first = first;
	o->last = last;
}

int pending_apply(struct reader *rd)
{
	struct pending *p = &rd->pending;
	int err = 0;
	size_t i;

	for (i = 0; i < p->n_adds; i++)
		if (__builtin_add_overflow(*p->adds[i].cell, p->adds[i].n, p->adds[i].cell) ||
		    *p->adds[i].cell >> 62)
			return read_bad(rd, "the counts add up to more than can be");
	for (i = 0; i < p->n_waits && !err; i++)
		err = apply_wait(rd, &p->waits[i]);
	for (i = 0; i < p->n_slowest && !err; i++)
		err = apply_slowest(rd, &p->slowest[i]);
	for (i = 0; i < p->n_peers && !err; i++)
		apply_outbound(rd, &p->peers[i]);
	for (i = 0; i < rd->run->n_services; i++)
		rd->declared[i].n_outbound = rd->run->services[i].n_outbound;
	p->n_adds = p->n_waits = p->n_slowest = p->n_peers = 0;
	return err;
}

void pending_free(struct pending *p)
{
	free(p->adds);
	free(p->waits);
	free(p->slowest);
	free(p->peers);
}
