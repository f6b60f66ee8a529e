/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_COMPARE_PARTS_H
#define LVT_COMPARE_PARTS_H

#include <jansson.h>

#include "analysis/compare.h"
#include "report/page.h"

/* Parts of a comparison that a trial shows, too: where the time of a service's requests moved. */
void compare_anatomy_print(const struct page *p, const struct comparison *c,
			   const struct compare_service *s);
json_t *compare_anatomy_json(const struct compare_service *s);

#endif
