/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_UNITS_H
#define LVT_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as people read them. Each function writes into the caller's buffer, of which UNIT_LEN
 * bytes are always enough, never writes past size, and returns the buffer, so that a call can stand
 * as an argument of printf. An unknown number (NAN) gives "-"; negative ones keep their sign.
 * The text may hold "µ" (two bytes, one column): pad with pad_left(), not with printf's width.
 */
enum { UNIT_LEN = 32 };

/*
 * A time given in ns, at most three significant digits: "812 ns" "4.2 µs" "61 µs" "1.9 ms" "20.1 s"
 * "16.7 min" "2.5 h". At most 8 columns, at most 7 below 1000 s.
 */
const char *fmt_ns(char *buf, size_t size, double ns);

/* A whole number with thousands separators: "612,345". */
const char *fmt_count(char *buf, size_t size, uint64_t n);

/* Events per second, three significant digits: "0.5 /s" "812 /s" "61.2 k/s" "1.25 M/s". */
const char *fmt_rate(char *buf, size_t size, double per_second);

/* Bytes, SI (1 kB = 1000 B): "812 B" "2.4 MB" "131 MB"; and the same per second: "2.4 MB/s". */
const char *fmt_bytes(char *buf, size_t size, double bytes);
const char *fmt_byte_rate(char *buf, size_t size, double bytes_per_second);

/* A share of 1: 0.43 is "43 %", 0.002 is "<1 %", 0 is "0 %". At most 5 columns within 0..1. */
const char *fmt_share(char *buf, size_t size, double share);

/* Columns that a UTF-8 string takes on a terminal; a byte that is not UTF-8 counts as one. */
size_t utf8_width(const char *s);

/*
 * Copy s into buf with spaces before it (pad_left: right-aligned) or after it (pad_right) until it
 * is width columns wide; longer text stays whole as far as the buffer holds it. Returns buf.
 */
const char *pad_left(char *buf, size_t size, const char *s, size_t width);
const char *pad_right(char *buf, size_t size, const char *s, size_t width);

#endif
