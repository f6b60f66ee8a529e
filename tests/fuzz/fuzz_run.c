// SPDX-License-Identifier: BSD-2-Clause
/*
 * The run file's reader, and the renderers on what it accepts, fed by libFuzzer. The checksum would
 * keep nearly every change from being looked at, so the reader here is built without it
 * (LVT_FUZZ_NO_CRC).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/formats.h"
#include "store/run_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *out;
	char warning[RUN_WARNING_LEN];
	struct run r = { 0 };
	struct err e = { 0 };
	FILE *in;

	if (!size)
		return 0;
	if (!out)
		out = fopen("/dev/null", "w");
	in = fmemopen((void *)data, size, "r");
	if (!run_read_stream(in, "x", &r, warning, &e))
		for (int format = FORMAT_TEXT; format <= FORMAT_TRACE; format++)
			report_print(out, format, &r, &(struct text_options){ .slowest = 3 }, &e);
	run_free(&r);
	fclose(in);
	return 0;
}
