/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CMD_LOAD_LINE_H
#define LVT_CMD_LOAD_LINE_H

#include "base/err.h"
#include "model/trial.h"

/*
 * The shell's command that runs lvt itself as a trial's load, of words of lvt load: which leave out what is
 * the trial's, its duration, seed and output. Without a target it is 127.0.0.1:{port}; {port}, {seconds} and
 * {seed} are filled in at each run. Returns 0 or -EINVAL with *e filled.
 */
int load_line(char line[TRIAL_COMMAND_LEN], const char *text, __u32 port, struct err *e);

#endif
