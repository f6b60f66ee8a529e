/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LVT_LAB_FILL_H
#define LVT_LAB_FILL_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "lab/manifest.h"
#include "lab/settings.h"

/*
 * What stands in braces in a lab's values and texts:
 *
 *	{NAME}		a variable or a knob of the lab; port, seconds, seed; the path of a program
 *	{NAME*1.25}	a number times a constant
 *	{run:FIGURE}	of the learner's last baseline run, with its unit
 *	{check:FIGURE}	of the learner's runs in the last check
 *
 * Anything else in braces, such as C code, is text: no blanks may stand in them.
 */

/* Puts what a name means into buf. Returns 0; -ENOENT: no such name; or another -errno with *e filled. */
typedef int (*fill_value)(void *arg, const char *name, char *buf, size_t size, struct err *e);

/* The text with everything filled in, to be freed; or NULL with *e filled, which names what is unknown. */
char *fill_text(const char *text, fill_value value, void *arg, struct err *e);

/* What the names mean. Members that are NULL are unknown names. */
struct fill {
	const struct lab_manifest *lab;
	const json_t *vars;		     /* {NAME: WORD} */
	const struct lab_settings *settings; /* NULL: every knob has its default */
	const char *port, *seconds, *seed;
	const char *programs; /* the folder of the programs */
	/* FIGURE of "run" or "check": NAN = not measured. NULL: run: and check: are unknown. */
	double (*figure)(void *arg, bool check, const char *name);
	void *arg;
};

/* Fill a value or a text of the lab; to be freed. NULL with *e filled. */
char *fill(const struct fill *f, const char *text, struct err *e);

/*
 * The figures that a text names as {run:FIGURE} (or {check:FIGURE}), each as {NAME: null} of an object;
 * figures that are there already stay. Returns 0 or -ENOMEM.
 */
int fill_figures(const char *text, bool check, json_t *figures);

/*
 * A number of a lab as it is written: "5ms" "12 us" (in ns), "3%" (0.03), "1.5k" "2M", "0.8", each with "/s"
 * or without. NAN if it is none.
 */
double lab_number(const char *text);

/* Whether it has a unit of time. */
bool lab_number_is_time(const char *text);

#endif
