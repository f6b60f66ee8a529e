/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_CLIENT_TEXT_H
#define LVT_CLIENT_TEXT_H

#include "model/client.h"
#include "report/page.h"

/* The section about a client in the text report; of `r` only its service is of interest. */
void client_print(const struct page *p, const struct run *r, const struct run_client *c);

#endif
