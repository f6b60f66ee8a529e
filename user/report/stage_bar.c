// SPDX-License-Identifier: BSD-2-Clause
#include "report/stage_bar.h"

void stage_keys(const double *most, int n, bool colour, const char **key)
{
	static const char *const shades[] = { "█", "▓", "▒", "░", "▞" };
	const int n_shades = sizeof(shades) / sizeof(shades[0]);

	for (int i = 0; i < n; i++) {
		int larger = 0;

		for (int other = 0; other < n; other++)
			larger += most[other] > most[i] || (most[other] == most[i] && other < i);
		key[i] = colour ? shades[0] : larger < n_shades ? shades[larger] : "·";
	}
}

/* Cut width cells among the parts by largest remainder, so that a bar is exactly that long. */
static void cut(const double *share, int n, int width, int cells[STAGE_BAR_MAX])
{
	double rest[STAGE_BAR_MAX];
	int left = width;

	for (int i = 0; i < n; i++) {
		double exact = share[i] * width;

		cells[i] = (int)(exact + 1e-9);
		rest[i] = exact - cells[i];
		left -= cells[i];
	}
	while (left-- > 0) {
		int most = 0;

		for (int i = 1; i < n; i++)
			if (rest[i] > rest[most])
				most = i;
		cells[most]++;
		rest[most] = -1;
	}
}

void stage_bar(const struct page *p, const double *share, int n, int width, const char *const *key,
	       const int *style)
{
	int cells[STAGE_BAR_MAX];

	cut(share, n, width, cells);
	for (int i = 0; i < n; i++) {
		if (!cells[i])
			continue;
		page_style(p, style[i]);
		page_repeat(p, key[i], cells[i]);
		page_style(p, STYLE_PLAIN);
	}
}
