/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/err.h"

static void fill(struct err *e, int code, enum exit_code status, const char *fmt, va_list ap)
{
	if (!e)
		return;
	e->code = code;
	e->status = status;
	e->hint[0] = '\0';
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, code, EXIT_FAILED, fmt, ap);
	va_end(ap);
	return code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return e->code;
}

int err_usage(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, -EINVAL, EXIT_USAGE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}
