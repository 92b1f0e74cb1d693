/* SPDX-License-Identifier: MIT */
/* How many accounts and open cases stand in the topics, counted where they are published: each stands under a key of
 * one entity's state, so the sum over the states of a partition is what a reader of the topics would count for it.
 * Kept as the store changes and in the store's meta, in the same transaction: it is as of the same changelog offset,
 * after a crash, an abort or a restore too, and a start counts only what it builds from nothing. */
#ifndef ULE_LOOP_CENSUS_H
#define ULE_LOOP_CENSUS_H

#include "records.h"
#include "store/store.h"

enum { ULE_CENSUS_STATES = ULE_ACCOUNT_STATE_CLOSED + 1, ULE_CENSUS_KINDS = ULE_CASE_KIND_LEAVERS_HELD + 1 };

struct ule_census {
    int64_t accounts[ULE_CENSUS_STATES]; /* by enum ule_account_state */
    int64_t cases[ULE_CENSUS_KINDS];     /* open ones, by enum ule_case_kind */
};

/* What counts of a state's `published`, into `arena`: to be compared with when the state has changed in place. */
struct ule_published_array ule_census_keep(const struct ule_published_array *published, struct ule_arena *arena);
/* A state had published `before`, and now has `after`; either may be empty. */
void ule_census_change(struct ule_census *census, const struct ule_published_array *before,
                       const struct ule_published_array *after, struct ule_arena *arena);
void ule_census_add(struct ule_census *sum, const struct ule_census *part);

/* In the meta of a store. False where there is none that this version understands: the store must be counted anew. */
bool ule_census_load(struct ule_store *store, struct ule_census *census);
void ule_census_save(struct ule_store *store, const struct ule_census *census);

/* As metrics. */
void ule_census_show(const struct ule_census *census);

#endif
