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

#endif
