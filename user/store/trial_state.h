/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_TRIAL_STATE_H
#define LVT_TRIAL_STATE_H

#include <jansson.h>

#include "base/err.h"
#include "model/trial.h"

/*
 * trial.json in a trial's folder, schema "lvt.trial-state/1": the plan, and each pair that is done. It
 * is replaced as a whole after each pair, so that it is never half written.
 */
#define TRIAL_STATE_FILE "trial.json"

json_t *trial_pack(const struct trial *t);

/* Returns NULL or what is wrong. */
const char *trial_unpack(const json_t *root, struct trial *t);

/* 0 or -errno with *e filled. */
int trial_save(const struct trial *t, const char *folder, struct err *e);
int trial_load(struct trial *t, const char *folder, struct err *e);

#endif
