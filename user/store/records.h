/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RECORDS_H
#define LVT_RECORDS_H

#include "model/client.h"
#include "model/run.h"
#include "store/fields.h"

/*
 * The run file, schema "lvt.run/1": an HdrHistogram interval log (format 1.3) with what that has no
 * place for in lines "#[lvt {json}]". One JSON object a line, of one member that says what it is
 * (but for the CRC):
 *
 *	run       first of all: what is known at the start; of a merged run its parts
 *	service   before its first histogram: its id in this file, its tags' prefix ("" or "6379/")
 *	client    the same of the view of a load (model/client.h): "client/", of a second one "client#2/"
 *	anatomy   service or client, and by stage the interval's sums of its anatomy buckets (base64 of words as in
 *	          hdr.h)
 *	wait      service, and a row of waits: by how much it has grown in the interval (or shrunk)
 *	slowest   service, and one more of the slowest requests
 *	outbound  service, and a peer: the interval's histograms, and its sums so far
 *	interval  closes an interval: what the run, its services and clients have come to so far. Of the last
 *	          one `end` is true
 *
 * What has cells is stored as differences, which add up; everything else as it is so far, and the last
 * one counts: a reader need not look into the others, whose number and checksum are right. An interval
 * counts when its closing line is there: `crc` in it is the CRC-32 of all bytes
 * since the line that closed the one before, with those after the "crc" member itself. Numbers are of
 * the units of struct run; stages and counters go by name.
 */
#define RUN_SCHEMA "lvt.run/1"
#define RECORD_START "#[lvt "
#define RECORD_END "]\n"

/* The closing line begins so, then come 8 digits, `",` and the rest. */
#define CRC_START RECORD_START "{\"crc\":\""
#define CRC_LEN 8

/* Tables for fields_pack() and fields_unpack(). */
extern const struct field run_fields[];	     /* struct run: known at the start */
extern const struct field part_fields[];     /* struct run_part */
extern const struct field progress_fields[]; /* struct run: so far */
extern const struct field service_fields[];  /* struct run_service: what names it */
extern const struct field state_fields[];    /* struct run_service: so far */
extern const struct field sum_fields[];	     /* struct lvt_shard: so far, but for its cells */
extern const struct field wait_fields[];     /* struct run_wait; waits and ns as signed numbers */
extern const struct field exemplar_fields[]; /* struct run_exemplar, but for its waits */
extern const struct field moment_fields[];   /* struct run_moment */
extern const struct field outbound_fields[]; /* struct run_outbound, but for its cells */

/* What tables alone cannot say. The unpackers return NULL or the name of what is wrong. */
json_t *run_pack(const struct run *r);
const char *run_unpack(const json_t *o, struct run *r);
json_t *progress_pack(const struct run *r); /* without the services */
const char *progress_unpack(const json_t *o, struct run *r);
json_t *state_pack(const struct run_service *s);
const char *state_unpack(const json_t *o, struct run_service *s);
json_t *exemplar_pack(const struct run_exemplar *x);
const char *exemplar_unpack(const json_t *o, struct run_exemplar *x);

/*
 * records_client.c: what a client is, which stays as it is; and its part of an interval. Of its view: its
 * histograms, sums and counts, as there are no waits, slowest requests or peers.
 */
json_t *client_pack(const struct run_client *c);
const char *client_unpack(const json_t *o, struct run_client *c);
json_t *load_pack(const struct run_client *c);
const char *load_unpack(const json_t *o, struct run_client *c);

/* The words of a tag: "latency", "queue.busy" ..., "net.rx" ...; and where it is counted. */
enum { NR_TAGS = 1 + NR_STAGES + NR_NET, TAG_LEN = 64 };
const char *tag_name(int tag, char buf[TAG_LEN]);
__u64 *tag_cells(struct lvt_shard *sum, int tag);

/* A client has these, and those of its times: "late", "connection", "answer", "closed". */
enum { NR_CLIENT_TAGS = NR_TAGS + NR_CLIENT_TIMES };
const char *client_tag_name(int tag, char buf[TAG_LEN]);
__u64 *client_tag_cells(struct run_client *c, int tag);

#endif
