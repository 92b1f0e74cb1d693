/* SPDX-License-Identifier: MIT */
/* The production date of the last extract loaded, by task: a small text file, a line `<task> <yyyy-mm-dd>` each. */
#ifndef ULE_CPR_LAST_PRODUCTION_H
#define ULE_CPR_LAST_PRODUCTION_H

#include "cpr/person.h"

#define ULE_CPR_TASKS_MAX 32 /* one folder takes a handful of tasks; the bound keeps the file honest */

struct ule_cpr_last_production {
    struct {
        char task[7];
        int32_t produced;
    } tasks[ULE_CPR_TASKS_MAX];
    size_t count;
};

/* `directory` is a descriptor of the folder. No file is an empty list. */
enum ule_code ule_cpr_last_production_read(int directory, struct ule_cpr_last_production *last,
                                           struct ule_error *error) ULE_MUST_CHECK;
/* Replaces the file in one step. */
enum ule_code ule_cpr_last_production_write(int directory, const struct ule_cpr_last_production *last,
                                            struct ule_error *error) ULE_MUST_CHECK;
/* ULE_GAP unless the extract is the next of its task, or its first. */
enum ule_code ule_cpr_last_production_check(const struct ule_cpr_last_production *last,
                                            const struct ule_cpr_header *header,
                                            struct ule_error *error) ULE_MUST_CHECK;
/* Remembers that the extract was loaded. */
enum ule_code ule_cpr_last_production_set(struct ule_cpr_last_production *last, const struct ule_cpr_header *header,
                                          struct ule_error *error) ULE_MUST_CHECK;

#endif
