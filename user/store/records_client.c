// SPDX-License-Identifier: BSD-2-Clause
/* The records of clients. */
#include "model/client.h"
#include "store/records.h"

/* The sums of a client's times, which are what its histograms do not tell. */
struct time_sums {
	__u64 time_sum[NR_CLIENT_TIMES], time_max[NR_CLIENT_TIMES];
};

static const char *error_at(int i)
{
	return client_error_name(i);
}

static const char *time_at(int i)
{
	return client_time_name(i);
}

#define BY_TIME .of = time_at, .count = NR_CLIENT_TIMES

/* clang-format off */
static const struct field client_fields[] = {
	FIELD(TEXT, run_client, target),
	FIELD(TEXT, run_client, protocol),
	FIELD(TEXT, run_client, request),
	FIELD(TEXT, run_client, arrivals),
	FIELD(TEXT, run_client, profile),
	FIELD(BOOL, run_client, open),
	FIELD(BOOL, run_client, local),
	FIELD(U64, run_client, seed),
	FIELD(U32, run_client, connections),
	FIELD(U32, run_client, threads),
	FIELD(DOUBLE, run_client, think_s),
	FIELD(DOUBLE, run_client, timeout_s),
	FIELD(DOUBLE, run_client, warm_up_s),
	{ 0 },
};

static const struct field load_fields[] = {
	FIELD(DOUBLE, run_client, rate_intended),
	FIELD(DOUBLE, run_client, cpu_s),
	FIELD(U64, run_client, sent),
	FIELD(TABLE, run_client, errors, .of = error_at, .count = NR_CLIENT_ERRORS),
	FIELD(U64, run_client, completed),
	FIELD(U64, run_client, unfinished),
	FIELD(U64, run_client, reconnects),
	FIELD(U32, run_client, closed_connections),
	{ 0 },
};

static const struct field time_fields[] = {
	FIELD(TABLE, time_sums, time_sum, BY_TIME),
	FIELD(TABLE, time_sums, time_max, BY_TIME),
	{ 0 },
};
/* clang-format on */

/* The members of `more`, which is taken, in o as well; NULL-safe. */
static json_t *joined(json_t *o, json_t *more)
{
	if (json_object_update(o, more)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(more);
	return o;
}

json_t *client_pack(const struct run_client *c)
{
	return joined(fields_pack(client_fields, c), fields_pack(service_fields, &c->view));
}

const char *client_unpack(const json_t *o, struct run_client *c)
{
	const char *bad = fields_unpack(client_fields, o, c);

	return bad ? bad : fields_unpack(service_fields, o, &c->view);
}

json_t *load_pack(const struct run_client *c)
{
	struct time_sums sums;

	for (int t = 0; t < NR_CLIENT_TIMES; t++) {
		sums.time_sum[t] = c->times[t].sum;
		sums.time_max[t] = c->times[t].max;
	}
	return joined(joined(state_pack(&c->view), fields_pack(load_fields, c)),
		      fields_pack(time_fields, &sums));
}

const char *load_unpack(const json_t *o, struct run_client *c)
{
	struct time_sums sums;
	const char *bad = state_unpack(o, &c->view);

	if (!bad)
		bad = fields_unpack(load_fields, o, c);
	if (!bad)
		bad = fields_unpack(time_fields, o, &sums);
	for (int t = 0; t < NR_CLIENT_TIMES && !bad; t++) {
		c->times[t].sum = sums.time_sum[t];
		c->times[t].max = sums.time_max[t];
	}
	return bad;
}

const char *client_tag_name(int tag, char buf[TAG_LEN])
{
	return tag < NR_TAGS ? tag_name(tag, buf) : client_time_name(tag - NR_TAGS);
}

__u64 *client_tag_cells(struct run_client *c, int tag)
{
	return tag < NR_TAGS ? tag_cells(c->view.sum, tag) : c->times[tag - NR_TAGS].cells;
}
