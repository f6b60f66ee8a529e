// SPDX-License-Identifier: BSD-2-Clause
/*
 * A service with three departments, a, b and c; --department says which one is open. Each takes a
 * request, waits for something else for its usual time (a disk, another service: here a timer), and
 * answers. One of them forgets some of its requests: it takes them and never answers.
 *
 * It keeps a ledger, as many services do, and prints a page of it twice a second: requests taken per
 * second, mean time of those that were answered, and how many are in the house. All of it is true.
 */
#include "service.h"

static const struct department {
	const char *name;
	double usual_us;
} departments[] = { { "a", 2000 }, { "b", 5000 }, { "c", 10000 } };

static const struct department *open_one;
static long one_of; /* every so many requests, one is forgotten; 0 = none */

static pthread_mutex_t desk = PTHREAD_MUTEX_INITIALIZER;
static struct {
	long taken, answered; /* since the page before */
	double time_ns;	      /* of those answered, in all */
	uint64_t page_at;
} page;
static long taken_ever, in_house;

/* Under the desk's lock. A page is written as a request comes in, so none is after the last request. */
static void turn_page(uint64_t now)
{
	double seconds = (now - page.page_at) / 1e9;

	if (page.page_at && seconds < 0.5)
		return;
	if (page.page_at && page.answered) {
		printf("claim taken_rate=%.0f time_ns=%.0f in_house=%ld\n", page.taken / seconds,
		       page.time_ns / page.answered, in_house);
		fflush(stdout);
	}
	memset(&page, 0, sizeof(page));
	page.page_at = now;
}

/* Returns whether the request is one of those that will be remembered. */
static bool take(uint64_t now)
{
	bool remembered;

	pthread_mutex_lock(&desk);
	turn_page(now);
	page.taken++;
	in_house++;
	remembered = !one_of || ++taken_ever % one_of;
	pthread_mutex_unlock(&desk);
	return remembered;
}

static void done(uint64_t since)
{
	pthread_mutex_lock(&desk);
	page.answered++;
	page.time_ns += now_ns() - since;
	in_house--;
	pthread_mutex_unlock(&desk);
}

static void *clerk(void *arg)
{
	char payload[PAYLOAD_MAX], answer[PREFIX + 64];
	int fd = (intptr_t)arg, length;

	while ((length = read_request(fd, payload)) >= 0) {
		uint64_t since = now_ns();

		if (!take(since))
			continue;
		sleep_us(open_one->usual_us);
		if (!write_all(fd, answer, make_answer(answer, payload, length, 64)))
			break;
		done(since);
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *name = option(argc, argv, "--department", "a");
	const char *leaky = option(argc, argv, "--leaky", "none");
	double per_thousand = option_number(argc, argv, "--per-thousand", 0);
	int listener = listen_on(option_number(argc, argv, "--port", 7010), 512);

	for (int i = 0; i < 3; i++)
		if (!strcmp(name, departments[i].name))
			open_one = &departments[i];
	if (!open_one) {
		fprintf(stderr, "there are the departments a, b and c, and no '%s'\n", name);
		return 2;
	}
	if (!strcmp(leaky, name) && per_thousand > 0)
		one_of = 1000 / per_thousand;
	for (;;)
		thread_start("clerk", clerk, (void *)(intptr_t)accept_on(listener));
}
