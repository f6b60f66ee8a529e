/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_RANDOM_H
#define LVT_RANDOM_H

#include <linux/types.h>

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 */
static inline __u64 random_mix(__u64 x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* The next number of a sequence; the state starts as its seed. */
static inline __u64 random_next(__u64 *state)
{
	__u64 out = random_mix(*state);

	*state += 0x9e3779b97f4a7c15ull;
	return out;
}

/* Evenly in [0, 1). */
static inline double random_unit(__u64 *state)
{
	return (random_next(state) >> 11) * 0x1p-53;
}

#endif
