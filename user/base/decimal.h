/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_DECIMAL_H
#define LVT_DECIMAL_H

/*
 * Digits with at most one point (strtod() alone also takes "inf", "nan", "0x10" and "1e9"), then the
 * unit, which may be left out. NAN for anything else.
 */
double read_decimal(const char *text, const char *unit);

/* The same with "k" or "M" for thousands or millions. */
double read_scaled(const char *text);

/* A time with its unit, "5ms" or "5 ms", in ns; and a unit alone: ns, us, µs, ms or s. NAN for others. */
double read_ns(const char *text);
double unit_ns(const char *unit);

#endif
