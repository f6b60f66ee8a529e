/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ledger of accounts, with a thread for each connection. A request adds 1 to the balance of one account:
 * reads it, writes an entry to the journal (a wait of 1 ms for a disk that takes many at a time), and only
 * then, as the entry is safe, stores the new balance. A lock for each account keeps that together.
 */
#include "service.h"

enum { ACCOUNTS = 256, JOURNAL_US = 1000, REQUEST_US = 50 };

static long balances[ACCOUNTS], updates;
static pthread_mutex_t locks[ACCOUNTS]; /* zeros: free */

/* Two updates of one account must not overlap, or one of them is lost. */
static void add_to(unsigned int account, long amount)
{
	long balance;

	pthread_mutex_lock(&locks[account]);
	balance = balances[account];
	sleep_us(JOURNAL_US);
	balances[account] = balance + amount;
	pthread_mutex_unlock(&locks[account]);
}

static unsigned int account_of(const void *request, int length)
{
	uint64_t seed = crc32_of(request, length);

	return draw(&seed) % ACCOUNTS;
}

static void *serve_connection(void *arg)
{
	char request[PAYLOAD_MAX], reply[PREFIX + 64];
	int fd = (intptr_t)arg, length;

	while ((length = read_request(fd, request)) >= 0) {
		size_t size = make_answer(reply, request, length, 64);

		work_us(REQUEST_US);
		add_to(account_of(request, length), 1);
		__atomic_add_fetch(&updates, 1, __ATOMIC_RELAXED);
		if (!write_all(fd, reply, size))
			break;
	}
	close(fd);
	return NULL;
}

/* At the end: how many updates are in no balance? (Those that are not done yet are not counted.) */
static void *audit(void *arg)
{
	int end;

	sigwait(arg, &end);
	for (int i = 0; i < ACCOUNTS; i++)
		updates -= balances[i];
	printf("claim lost=%ld\n", updates > 0 ? updates : 0);
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	int listener = listen_on(option_number(argc, argv, "--port", 0), 128);
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	thread_start("audit", audit, &ends);
	for (;;)
		thread_start("worker", serve_connection, (void *)(intptr_t)accept_on(listener));
}
