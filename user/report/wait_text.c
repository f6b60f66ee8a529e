// SPDX-License-Identifier: BSD-2-Clause
#include "report/wait_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/why.h"

struct wait_names names_of_wait(const struct run_wait *w)
{
	return (struct wait_names){ .stage = w->stage,
				    .syscall = w->syscall,
				    .who = w->who,
				    .peer_comm = w->peer_comm,
				    .peer = w->peer,
				    .peer_pid = w->peer_pid,
				    .pid = w->pid };
}

struct wait_names names_of_moment(const struct run_moment *m)
{
	return (struct wait_names){ .stage = m->stage,
				    .syscall = m->syscall,
				    .who = m->who,
				    .peer_comm = "",
				    .peer = m->peer,
				    .pid = m->pid };
}

/* A name of at most so many columns; a pid of 0 is none. */
static const char *task(char buf[TASK_LEN], const char *comm, __u32 pid, int room)
{
	size_t size = ESCAPE_FACTOR * LVT_COMM_LEN + 1, len;

	if (room < (int)size)
		size = room > 0 ? room + 1 : 1;
	escape_name(buf, size, comm);
	len = strlen(buf);
	if (pid)
		snprintf(buf + len, TASK_LEN - len, "%s(pid %u)", len ? " " : "", pid);
	return buf;
}

const char *task_text(char buf[TASK_LEN], const char *comm, __u32 pid)
{
	return task(buf, comm, pid, TASK_LEN);
}

static void add(char buf[WAIT_TEXT_LEN], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(char buf[WAIT_TEXT_LEN], const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + len, WAIT_TEXT_LEN - len, fmt, ap);
	va_end(ap);
}

static void runq_text(char buf[WAIT_TEXT_LEN], const struct wait_names *w, int room, bool pids)
{
	char name[TASK_LEN];

	if (is_throttled(w->stage, w->who, w->pid))
		add(buf, "nobody ran: its cgroup was throttled");
	else if (w->who[0] || w->pid)
		add(buf, "%s ran", task(name, w->who, pids || !w->who[0] ? w->pid : 0, room));
}

static void blocked_text(char buf[WAIT_TEXT_LEN], const struct wait_names *w, int room, bool pids)
{
	char name[TASK_LEN], call[sizeof(((struct run_wait *)0)->syscall)], peer[PEER_LEN];
	bool told = w->peer_comm[0] && !strcmp(w->peer_comm, w->who);

	add(buf, "%s", escape_name(call, sizeof(call), w->syscall));
	if (w->peer.family)
		add(buf, "%s%s", buf[0] ? ", " : "", fmt_peer(peer, sizeof(peer), &w->peer));
	task(name, w->peer_comm, pids ? w->peer_pid : 0, room);
	if (w->peer.family && name[0])
		add(buf, " %s", name);
	if (w->who[0] && !told)
		add(buf, "%s%s by %s", buf[0] ? ", " : "",
		    w->stage == STAGE_SERVICE_LOCK ? "held" : "woken", task(name, w->who, 0, room));
}

const char *wait_text(char buf[WAIT_TEXT_LEN], const struct wait_names *w, int room)
{
	for (int pids = 1; pids >= 0; pids--) {
		buf[0] = '\0';
		if (stage_is_runq(w->stage))
			runq_text(buf, w, room, pids);
		else
			blocked_text(buf, w, room, pids);
		if ((int)utf8_width(buf) <= room)
			break;
	}
	return buf;
}
