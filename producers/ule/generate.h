/* SPDX-License-Identifier: MIT */
/* `ule generate`: a made-up population and what changes in it. Nothing of it is kept: a family is a pure function of
 * (seed, its index, how many of its changes have been), so that memory does not grow with the number of persons. Every
 * day has the same number of changes; the families take turns in an order that can be computed both ways, which is why
 * nobody has to remember whose turn it is. */
#ifndef ULE_GENERATE_H
#define ULE_GENERATE_H

#include "recording/recording.h"

#include <stdbool.h>
#include <stdint.h>

#define ULE_GENERATE_PERSONS_MAX 3200000 /* beyond it there are not numbers enough (generate_number.h) */

struct ule_generate_options {
    const char *to;
    uint64_t persons, days, seed;
    uint64_t changes; /* a day */
    int32_t start;    /* the day of the initial state; the first changes are on the next */
    bool extract;     /* the CPR part as extract files, too */
    enum ule_format format;
};

/* Writes the recording and prints the summary. Errors go to stderr. Returns an exit code. */
int ule_generate_run(const struct ule_generate_options *options);

#endif
