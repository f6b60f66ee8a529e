/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_CLEAN_H
#define LVT_LAB_CLEAN_H

#include "lab/manifest.h"

/* Is anything left of a lab that was run? */
struct clean {
	char sysctls[LAB_MAX_ITEMS][256]; /* their values before */
};

void clean_look(struct clean *c, const struct lab_manifest *lab);

/*
 * What is left, in words; "" = nothing: processes below this one, descriptors of the kernel's BPF objects, a
 * cgroup, sysctls with other values, the folder, a journal.
 */
void clean_left(const struct clean *c, const struct lab_manifest *lab, const char *folder,
		char *text, size_t size);

#endif
