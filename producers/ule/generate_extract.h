/* SPDX-License-Identifier: MIT */
/* CPR extract files of made-up persons: one of the first day, then one a day on which CPR tells anything. The places of
 * the records are counted whether or not files are written: they are the `sequence` of what is read from them. */
#ifndef ULE_GENERATE_EXTRACT_H
#define ULE_GENERATE_EXTRACT_H

#include "records.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ULE_GENERATE_TASK "990001"

struct ule_generate_extract {
    const char *folder; /* NULL: nothing is written; borrowed */
    char path[4096];
    FILE *file;
    int32_t produced; /* ULE_DATE_NONE between two files */
    int32_t previous; /* ULE_DATE_NONE before the first */
    uint64_t position;
};

/* Adds a person to the file of that day, which begins with the first of them, and stamps it: event_id, changed_at and
 * sequence as `ule extract` will. Subscriptions that have ended go before all others of a day. */
enum ule_code ule_generate_extract_add(struct ule_generate_extract *extract, int32_t day,
                                       struct ule_person_changed *person, struct ule_arena *arena,
                                       struct ule_error *error) ULE_MUST_CHECK;
/* The day is over. */
enum ule_code ule_generate_extract_end(struct ule_generate_extract *extract, struct ule_error *error) ULE_MUST_CHECK;
/* Closes what a failure left open. */
void ule_generate_extract_close(struct ule_generate_extract *extract);

#endif
