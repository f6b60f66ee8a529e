/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * empty OBJECT HOOK... - attaches those programs of OBJECT (empty.bpf.o) that belong to the given
 * tracepoints, prints "attached" and the number of programs, and stays until SIGTERM, SIGINT or
 * the end of its stdin. Exit 1 with one line on stderr if anything fails, or if there is no program
 * for a hook.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#define SECTION "tp_btf/"

static int fail(const char *what, int err)
{
	fprintf(stderr, "empty: %s: %s\n", what, strerror(-err));
	return err;
}

static bool is_for(const struct bpf_program *prog, const char *hook)
{
	return !strcmp(bpf_program__section_name(prog) + strlen(SECTION), hook);
}

/* Load the programs of these hooks and no others. */
static int choose(struct bpf_object *obj, char **hooks)
{
	struct bpf_program *prog;
	bool found;

	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, false);
	for (; *hooks; hooks++) {
		found = false;
		bpf_object__for_each_program(prog, obj) {
			if (!is_for(prog, *hooks))
				continue;
			bpf_program__set_autoload(prog, true);
			found = true;
		}
		if (!found)
			return fail(*hooks, -ENOENT);
	}
	return 0;
}

/* The links are kept by the process until it ends. */
static int attach(struct bpf_object *obj)
{
	struct bpf_program *prog;
	int n = 0;

	bpf_object__for_each_program(prog, obj) {
		if (!bpf_program__autoload(prog))
			continue;
		if (!bpf_program__attach(prog))
			return fail(bpf_program__section_name(prog), -errno);
		n++;
	}
	printf("attached %d\n", n);
	fflush(stdout);
	return 0;
}

static int run(const char *path, char **hooks)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	int err;

	if (!obj)
		return fail(path, -errno);
	err = choose(obj, hooks);
	if (err)
		goto out;
	err = bpf_object__load(obj);
	if (err) {
		fail("load", err);
		goto out;
	}
	err = attach(obj);
	if (err)
		goto out;
	/* Ends when the parent ends, however it ends. */
	while (read(STDIN_FILENO, &(char){ 0 }, 1) > 0)
		;
out:
	bpf_object__close(obj);
	return err;
}

static void on_signal(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	/* Without SA_RESTART a signal ends the read. */
	const struct sigaction act = { .sa_handler = on_signal };

	if (argc < 3) {
		fprintf(stderr, "usage: empty OBJECT HOOK...\n");
		return 2;
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	return run(argv[1], argv + 2) ? 1 : 0;
}
