/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_READER_H
#define LVT_READER_H

#include <stdio.h>
#include <zlib.h>

#include "base/err.h"
#include "store/hdr.h"
#include "store/records.h"
#include "store/run_read.h"

/*
 * Inside of the reader: run_read.c (lines), read_interval.c and read_client.c (ours), read_foreign.c
 * (others').
 */
enum {
	READ_MAX_LINE = 16 << 20,
	READ_BLOCK = 64 << 10,
	READ_MAX_ADDS = 8 << 20,	/* cells of one interval */
	READ_MAX_ROWS = 16 << 10,	/* waits or exemplars of one interval */
	READ_MAX_WAITS = RUN_MAX_WAITS, /* rows of a service */
	READ_MAX_PEERS = LVT_MAX_OUTBOUND,
};

/* What an interval brings, until it is closed. */
struct add {
	__u64 *cell, n;
};

struct wait_add {
	int id;
	struct run_wait row; /* waits and ns are signed */
};

struct exemplar_add {
	int id;
	struct run_exemplar row;
};

struct peer_add {
	int id;
	size_t at;		 /* in the service's outbound */
	struct run_outbound row; /* without its histograms */
};

struct pending {
	struct add *adds;
	struct wait_add *waits;
	struct exemplar_add *slowest;
	struct peer_add *peers;
	size_t n_adds, n_waits, n_slowest, n_peers;
	size_t adds_room, waits_room, slowest_room, peers_room;
};

/* A service or client as the file declares it; its index is that in the run while reading. */
struct declared {
	char prefix[32];
	size_t n_outbound; /* rows in intervals that are closed */
};

struct reader {
	FILE *in;
	const char *name;
	struct run *run;
	struct err *e;
	/* the line at hand */
	char *line;
	size_t len, room;
	unsigned long number;
	bool whole; /* it ended with a newline */
	char *block;
	size_t at, have;
	uLong crc; /* of the lines since the last closing one, without the one at hand */

	struct hdr *hdr;
	struct hdr_cells *cells;
	bool ours, ended;
	int tag; /* that was last: they come in order */
	/* the last closing line, if it has not been looked into, and what there was when it came */
	struct {
		char *line; /* NULL-safe; to be freed */
		size_t len, room, n_services, n_clients;
		unsigned long number;
		bool waits;
	} closing;
	struct declared declared[LVT_MAX_SERVICES];
	struct declared clients[RUN_MAX_CLIENTS];
	struct pending pending;
	unsigned intervals;	     /* closed */
	int order[LVT_MAX_SERVICES]; /* ids, as the last closing line has them */
	int n_order;
	int client_order[RUN_MAX_CLIENTS];
	size_t n_client_order;
	double first_s, last_s, started_s; /* of a log of others; started_s 0 = not known */
	unsigned long histograms;
	double highest, highest_shown; /* of a log of others: value, and its column of maxima */
	const struct run_watch *watch; /* NULL = nobody */
};

/* A line "[Tag=T,]START,LENGTH,MAX,HISTOGRAM", cut up in place. */
struct histogram_line {
	const char *tag; /* NULL = none */
	double start, length, max;
	const char *text;
	size_t len;
};

/* Fill *e with "FILE:LINE: ..." and return -EBADMSG. */
int read_bad(struct reader *rd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int read_no_memory(struct reader *rd);

/* The histogram of a line goes to rd->cells. */
int read_histogram(struct reader *rd, const struct histogram_line *h);

/* An interval more is in the sum of a service. */
int read_watched(struct reader *rd, const struct run_service *s);

/* A service more, without anything; returns its index, or -errno. */
int read_new_service(struct reader *rd);

/* read_interval.c: a line of ours, and the end of the file */
int read_record(struct reader *rd);
int read_tagged(struct reader *rd, const struct histogram_line *h);
int read_anatomy(struct reader *rd, struct lvt_shard *sum, const json_t *o);

/*
 * read_columns.c: an anatomy line as it is written, without a JSON reader: they are a third of a file.
 * Returns 1 if it was one, 0 if it has another form (and nothing was done), or -errno.
 */
int read_columns(struct reader *rd);
int read_finish(struct reader *rd, char *warning);
void pending_free(struct pending *p);

/* read_client.c: its declaration, its part of a closing line */
int read_client(struct reader *rd, const json_t *o);
int read_client_states(struct reader *rd, const json_t *list, size_t n_clients);

/* read_order.c: at the end, what the last closing line has, as it has it; the rest goes */
int read_put_in_order(struct reader *rd);

/* read_foreign.c */
int foreign_histogram(struct reader *rd, const struct histogram_line *h);
void foreign_comment(struct reader *rd);
int foreign_finish(struct reader *rd, char *warning);

/* pending.c: keep for the closing line. Return 0 or -errno with *e filled. */
int pending_cells(struct reader *rd, __u64 *cells);
int pending_sum(void *rd, __u64 *cell, __u64 n);
int pending_wait(struct reader *rd, int id, const json_t *o);
int pending_slowest(struct reader *rd, int id, const json_t *o);
int pending_outbound(struct reader *rd, int id, const json_t *o);
int pending_apply(struct reader *rd);

#endif
