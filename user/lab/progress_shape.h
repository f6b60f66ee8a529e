/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_PROGRESS_SHAPE_H
#define LVT_LAB_PROGRESS_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Whether what progress.json holds has the types that lab/progress.h says: what else is in it is left as it
 * is. Who reads it need not look again.
 */
bool progress_shape_ok(const json_t *root);

#endif
