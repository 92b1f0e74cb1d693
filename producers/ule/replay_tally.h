/* SPDX-License-Identifier: MIT */
/* What a replay counts, and the table of it that a caseworker reads. Accounts, contacts, cases and re-registrations are
 * counted by their last value; which that is stands in the store, so that memory does not grow with the population and
 * a replay that goes on counts on. */
#ifndef ULE_REPLAY_TALLY_H
#define ULE_REPLAY_TALLY_H

#include "core/step.h"
#include "store/store.h"

#include <stdio.h>

struct ule_count {
    char name[64]; /* "<group>/<kind>" */
    int64_t value;
};

/* Zero-initialised counts nothing yet. */
struct ule_tally {
    struct ule_count *counts;
    size_t count;
};

void ule_tally_close(struct ule_tally *tally);
void ule_tally_add(struct ule_tally *tally, const char *group, const char *kind, int64_t more);
/* Counts an output, and moves what it is about from its last value's kind to this one's. */
void ule_tally_output(struct ule_tally *tally, struct ule_store *store, const struct ule_output *output);
void ule_tally_load(struct ule_tally *tally, struct ule_store *store);
void ule_tally_save(const struct ule_tally *tally, struct ule_store *store);
void ule_tally_print(const struct ule_tally *tally, int32_t today, FILE *file);
/* Of a recorded inbox: what was read and what was published. */
void ule_tally_print_inbox(const struct ule_tally *tally, int32_t today, FILE *file);

#endif
