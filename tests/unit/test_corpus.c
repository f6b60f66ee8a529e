// SPDX-License-Identifier: BSD-2-Clause
/* What the fuzzer found to reach different code, once more: nothing of it may go wrong. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

/* As the fuzzer has it: without the checksum, which takes this file's place in the archive. */
#define LVT_FUZZ_NO_CRC
#include "../../user/store/read_interval.c"

#include "../fuzz/fuzz_run.c"

static void replay(const char *folder, const char *name)
{
	char path[300];
	struct stat st;
	uint8_t *data;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%.200s", folder, name);
	assert_int_equal(stat(path, &st), 0);
	if (S_ISDIR(st.st_mode))
		return;
	in = fopen(path, "r");
	assert_non_null(in);
	assert_int_equal(fstat(fileno(in), &st), 0);
	data = malloc(st.st_size); /* exactly so long, for the sanitizer */
	assert_non_null(data);
	assert_int_equal(fread(data, 1, st.st_size, in), st.st_size);
	fclose(in);
	LLVMFuzzerTestOneInput(data, st.st_size);
	free(data);
}

/* Folders are from the top of the tree, where tests are run. */
static void replay_all(const char *folder, int at_least)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	int n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		replay(folder, d->d_name);
		n++;
	}
	closedir(dir);
	assert_true(n >= at_least);
}

static void corpus(void **state)
{
	(void)state;
	replay_all("tests/fuzz/corpus", 20);
	replay_all("tests/data", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(corpus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
