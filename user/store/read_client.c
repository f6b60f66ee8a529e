// SPDX-License-Identifier: BSD-2-Clause
/* What a run file of ours has of clients. */
#include <stdlib.h>
#include <string.h>

#include "model/client.h"
#include "store/reader.h"

static int new_client(struct reader *rd)
{
	struct run *r = rd->run;

	if (!r->clients)
		r->clients = calloc(RUN_MAX_CLIENTS, sizeof(*r->clients));
	if (!r->clients)
		return read_no_memory(rd);
	if (r->n_clients == RUN_MAX_CLIENTS)
		return read_bad(rd, "more than %d clients", RUN_MAX_CLIENTS);
	if (client_init(&r->clients[r->n_clients]))
		return read_no_memory(rd);
	return r->n_clients++;
}

int read_client(struct reader *rd, const json_t *o)
{
	const json_t *number = json_object_get(o, "id");
	const char *bad;
	int id = new_client(rd);

	if (id < 0)
		return id;
	if (!json_is_integer(number) || json_integer_value(number) != id)
		return read_bad(rd, "the clients are not numbered as they come");
	if (!text_unpack(json_object_get(o, "tag"), rd->clients[id].prefix,
			 sizeof(rd->clients[id].prefix)))
		return read_bad(rd, "the client's 'tag' is wrong");
	for (int i = 0; i < id; i++)
		if (!strcmp(rd->clients[i].prefix, rd->clients[id].prefix))
			return read_bad(rd, "two clients with one tag");
	bad = client_unpack(o, &rd->run->clients[id]);
	return bad ? read_bad(rd, "the client's '%s' is wrong", bad) : 0;
}

int read_client_states(struct reader *rd, const json_t *list, size_t n_clients)
{
	bool seen[RUN_MAX_CLIENTS] = { false };
	size_t n = json_array_size(list), i;

	if ((list && !json_is_array(list)) || n != n_clients)
		return read_bad(rd, "the interval does not have all clients");
	for (i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i), *number = json_object_get(o, "id");
		json_int_t id = json_integer_value(number);
		const char *bad;

		if (!json_is_integer(number) || id < 0 || (size_t)id >= n || seen[id])
			return read_bad(rd, "the interval does not have all clients");
		seen[id] = true;
		rd->client_order[i] = id;
		bad = load_unpack(o, &rd->run->clients[id]);
		if (bad)
			return read_bad(rd, "the client's '%s' is wrong", bad);
	}
	rd->n_client_order = n;
	return 0;
}
