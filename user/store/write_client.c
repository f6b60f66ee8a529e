// SPDX-License-Identifier: BSD-2-Clause
/* The lines of clients. */
#include <errno.h>
#include <string.h>

#include "model/client.h"
#include "store/write_parts.h"

/* Its declaration, once; the tag of the first one is "client/". */
static void declare(struct interval_out *to, size_t id, const char *prefix, const json_t *is)
{
	json_t *o = json_copy((json_t *)is);

	json_object_set_new(o, "id", json_integer(id));
	json_object_set_new(o, "tag", json_string(prefix));
	put_record(to, "client", o);
}

/* The id of a client in this file: the first one that is declared alike and not yet in this interval. */
static int client_id(struct known_clients *known, const struct run_client *c, unsigned interval,
		     bool *new)
{
	json_t *is = client_pack(c);
	size_t id;

	for (id = 0; id < known->n && is; id++)
		if (known->of[id].interval != interval && json_equal(known->of[id].is, is))
			break;
	*new = id == known->n;
	if (!is || id == RUN_MAX_CLIENTS) {
		json_decref(is);
		return -1;
	}
	if (*new)
		known->of[known->n++].is = is;
	else
		json_decref(is);
	return id;
}

static int put_client(struct interval_out *to, const struct run_client *c,
		      const struct run_client *last)
{
	char buf[TAG_LEN];
	int err = 0;

	for (int tag = 0; tag < NR_CLIENT_TAGS && !err; tag++)
		err = put_histogram(to, client_tag_name(tag, buf),
				    client_tag_cells((struct run_client *)c, tag),
				    last ? client_tag_cells((struct run_client *)last, tag) : NULL,
				    !tag);
	return err ? err : put_anatomy(to, "client", &c->view, last ? &last->view : NULL);
}

int put_clients(struct interval_out *to, struct known_clients *known, const struct run *r,
		const struct run *last, unsigned interval, json_t *states, struct err *e)
{
	char prefix[CLIENT_PREFIX_LEN];

	for (size_t i = 0; i < r->n_clients; i++) {
		const struct run_client *c = &r->clients[i], *was = NULL;
		bool new;
		int id = client_id(known, c, interval, &new);
		json_t *o;

		if (id < 0)
			return err_set(e, -E2BIG, "more than %d clients", RUN_MAX_CLIENTS);
		strcpy(prefix, "client/");
		if (id)
			snprintf(prefix, sizeof(prefix), "client#%d/", id + 1);
		if (new)
			declare(to, id, prefix, known->of[id].is);
		else if (known->of[id].at < last->n_clients)
			was = &last->clients[known->of[id].at];
		known->of[id].interval = interval;
		known->of[id].at = i;
		to->id = id;
		to->prefix = prefix;
		if (put_client(to, c, was))
			return err_set(e, -EINVAL, "a count of the client of %s went down",
				       c->target);
		o = load_pack(c);
		json_object_set_new(o, "id", json_integer(id));
		if (json_array_append_new(states, o))
			return err_set(e, -ENOMEM, "no memory for a run file");
	}
	return 0;
}

void known_clients_free(struct known_clients *known)
{
	for (size_t i = 0; i < known->n; i++)
		json_decref(known->of[i].is);
	known->n = 0;
}
