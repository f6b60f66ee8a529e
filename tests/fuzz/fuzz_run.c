// SPDX-License-Identifier: BSD-2-Clause
/*
 * The run file's reader, the renderers on what it accepts, and its sum with itself, fed by libFuzzer. The
 * checksum would keep nearly every change from being looked at, so the reader here is built without it
 * (LVT_FUZZ_NO_CRC).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model/merge.h"
#include "report/formats.h"
#include "store/run_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_one(const uint8_t *data, size_t size, struct run *r)
{
	char warning[RUN_WARNING_LEN];
	struct err e = { 0 };
	FILE *in = fmemopen((void *)data, size, "r");
	int err = run_read_stream(in, "x", r, warning, &e);

	fclose(in);
	return err;
}

static void print_all(const struct run *r)
{
	static FILE *out;
	struct err e = { 0 };

	if (!out)
		out = fopen("/dev/null", "w");
	for (int format = FORMAT_TEXT; format <= FORMAT_TRACE; format++)
		report_print(out, format, r, &(struct text_options){ .slowest = 3 }, &e);
}

/* As if the second one were of another host. */
static void merge_with(struct run *r, const uint8_t *data, size_t size)
{
	struct run other = { 0 };
	struct err e = { 0 };

	if (!read_one(data, size, &other) && !run_become_part(r, "a", &e) &&
	    !run_become_part(&other, "b", &e)) {
		strcpy(other.host, "other");
		strcpy(other.parts[0].host, "other");
		if (!run_merge(r, &other, "b", &e))
			print_all(r);
	}
	run_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = { 0 };

	if (!size)
		return 0;
	if (!read_one(data, size, &r)) {
		print_all(&r);
		merge_with(&r, data, size);
	}
	run_free(&r);
	return 0;
}
