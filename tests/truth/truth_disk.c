// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread serves one connection after the other. For each request it is busy for --work US, then
 * --times times in a file of its own in --dir:
 *   fsync, fdatasync   writes --bytes, and waits until they are on the disk
 *   direct             reads --bytes from the disk, past the page cache
 *   fault              touches a mapped page that is not in memory
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "truth_waits.h"

#define FILE_SIZE (32ul << 20)
#define STRIDE 16384 /* between pages that are touched, so that no readahead finds the next */

static int file;
static size_t at; /* where the next input or output begins */
static char *buffer, *mapped;
static uint64_t faults; /* that this thread was charged with */

static size_t next_place(size_t n)
{
	size_t place = at;

	at = at + 2 * n <= FILE_SIZE ? at + n : 0;
	return place;
}

static void write_and_sync(void)
{
	struct wait w;

	if (pwrite(file, buffer, truth.bytes, next_place(truth.bytes)) != (ssize_t)truth.bytes)
		die("pwrite");
	w = wait_begin();
	if (mode_is("fsync") ? fsync(file) : fdatasync(file))
		die("fsync");
	wait_end(0, w, 0);
}

static void read_direct(void)
{
	struct wait w = wait_begin();

	if (pread(file, buffer, truth.bytes, next_place(truth.bytes)) != (ssize_t)truth.bytes)
		die("pread");
	wait_end(0, w, 0);
}

static uint64_t major_faults(void)
{
	struct rusage r;

	getrusage(RUSAGE_THREAD, &r);
	return r.ru_majflt;
}

static void touch(void)
{
	struct wait w = wait_begin();

	(void)*(volatile char *)(mapped + next_place(STRIDE));
	wait_end(0, w, 0);
}

static void work(const struct truth_request *q)
{
	(void)q;
	spin(truth.work_ns);
	for (int i = 0; i < truth.times; i++) {
		if (mode_is("direct"))
			read_direct();
		else if (mode_is("fault"))
			touch();
		else
			write_and_sync();
	}
	truth_sums->fact[0] = major_faults() - faults;
}

static void *serve(void *arg)
{
	faults = major_faults();
	serve_one_by_one((intptr_t)arg, work);
	return NULL;
}

/* A file without a name; `bytes` of it are written. */
static void make_file(size_t bytes)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/lvt-truth-XXXXXX", truth.dir);
	file = mkstemp(name);
	if (file < 0)
		die(name);
	unlink(name);
	for (size_t done = 0; done < bytes; done += TRUTH_MAX_ANSWER)
		if (pwrite(file, truth_answer, TRUTH_MAX_ANSWER, done) != TRUTH_MAX_ANSWER)
			die("pwrite");
	if (fsync(file))
		die("fsync");
}

static void open_direct(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	file = open(name, O_RDONLY | O_DIRECT);
	if (file < 0)
		truth_skip("no O_DIRECT in this file system");
}

/* Map it, and have none of it in memory. */
static void map_file(void)
{
	static unsigned char there[FILE_SIZE / 4096];
	size_t pages = 0;

	mapped = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	if (mapped == MAP_FAILED || madvise(mapped, FILE_SIZE, MADV_RANDOM) ||
	    madvise(mapped, FILE_SIZE, MADV_DONTNEED) ||
	    posix_fadvise(file, 0, FILE_SIZE, POSIX_FADV_DONTNEED) ||
	    mincore(mapped, FILE_SIZE, there))
		die("map");
	for (size_t i = 0; i < FILE_SIZE / sysconf(_SC_PAGESIZE); i++)
		pages += there[i] & 1;
	if (pages)
		truth_skip("the page cache keeps what is to be dropped");
}

int main(int argc, char **argv)
{
	static const char *const disk = "service.disk";
	struct truth_wait *w = &truth_waits[0];

	truth_init(argc, argv);
	truth_facts[0] = "major_faults";
	*w = (struct truth_wait){ disk, mode_is("fsync") ? "fsync" : "fdatasync",
				  .wake_unknown = true };
	if (posix_memalign((void **)&buffer, 4096, truth.bytes))
		die("posix_memalign");
	memset(buffer, 'y', truth.bytes);
	make_file(FILE_SIZE);
	if (mode_is("direct")) {
		w->syscall = "pread64";
		open_direct();
	} else if (mode_is("fault")) {
		w->stage = "service.fault";
		w->syscall = "page fault";
		map_file();
	}
	return truth_serve(serve, one_by_one_stages());
}
