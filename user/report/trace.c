// SPDX-License-Identifier: BSD-2-Clause
#include "report/trace.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/json_parts.h"
#include "report/text_service.h"
#include "report/trace_request.h"

/* No process has such a number (they end at 4,194,304): for a service that has none of its own. */
enum { OWN_PID = 10000000 };

/* A service's number as a process in the trace: its first process, unless that has another one. */
static __u32 track_pid(const struct run *r, size_t service)
{
	const struct run_service *s = &r->services[service];

	for (size_t i = 0; i < service && s->n_pids; i++)
		if (r->services[i].n_pids && r->services[i].pids[0] == s->pids[0])
			return OWN_PID + service;
	return s->n_pids ? s->pids[0] : OWN_PID + service;
}

/* A name for a process or a thread, and where it stands among them. */
static json_t *metadata(const char *kind, __u32 pid, __u32 tid, json_t *args)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", kind, "ph", "M", "pid",
			 json_count(pid), "tid", json_count(tid), "args", args);
}

static int add_service(json_t *events, const struct run_service *s, __u32 pid, size_t index,
		       __u32 *tid)
{
	char name[SERVICE_NAME_LEN], time[UNIT_LEN];
	int bad = 0;

	bad |= json_array_append_new(
		events, metadata("process_name", pid, 0,
				 json_pack("{s:o}", "name", json_name(service_name(s, name)))));
	bad |= json_array_append_new(events,
				     metadata("process_sort_index", pid, 0,
					      json_pack("{s:i}", "sort_index", (int)index)));
	for (size_t i = 0; i < s->n_slowest && !bad; i++) {
		const struct run_exemplar *x = &s->slowest[i];

		++*tid;
		fmt_ns(time, sizeof(time), x->latency);
		bad |= json_array_append_new(
			events,
			metadata("thread_name", pid, *tid,
				 json_pack("{s:o}", "name", json_sprintf("#%zu %s", i + 1, time))));
		bad |= json_array_append_new(events,
					     metadata("thread_sort_index", pid, *tid,
						      json_pack("{s:i}", "sort_index", (int)i)));
		bad |= trace_request(events, x, pid, *tid);
	}
	return bad;
}

static json_t *trace_events(const struct run *r)
{
	json_t *events = json_array();
	__u32 tid = 0;
	int bad = 0;

	for (size_t i = 0; i < r->n_services && !bad; i++)
		if (r->services[i].n_slowest)
			bad = add_service(events, &r->services[i], track_pid(r, i), i, &tid);
	return json_unless(bad, events);
}

int report_trace(FILE *out, const struct run *r, struct err *e)
{
	json_t *other = json_pack("{s:s, s:o, s:o, s:o, s:o}", "schema", "lvt.trace/1", "host",
				  json_known_name(r->host), "kernel", json_known_name(r->kernel),
				  "started", json_known_name(r->started), "duration_s",
				  json_number(r->duration_s));
	json_t *root = json_pack("{s:o, s:s, s:o}", "traceEvents", trace_events(r),
				 "displayTimeUnit", "ns", "otherData", other);

	if (!root)
		return err_set(e, -ENOMEM, "no memory for the trace");
	return json_print(root, out, "trace", e);
}
