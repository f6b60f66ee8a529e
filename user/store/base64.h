/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_BASE64_H
#define LVT_BASE64_H

#include <stddef.h>

/* RFC 4648 base64, with padding and without line breaks. */

/* Characters that n bytes make, and the most bytes that n characters make. */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4)
#define BASE64_BYTES(n) ((n) / 4 * 3)

/* Writes BASE64_LEN(n) characters and a NUL. */
void base64_encode(char *text, const unsigned char *bytes, size_t n);

/*
 * Writes at most BASE64_BYTES(len) bytes; returns how many, or -1 for text that is not well formed:
 * a length that is no multiple of 4, another character, bits that padding cuts off and are not zero.
 */
long base64_decode(unsigned char *bytes, const char *text, size_t len);

#endif
