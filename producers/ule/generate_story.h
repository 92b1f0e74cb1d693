/* SPDX-License-Identifier: MIT */
/* What happens in a family, one change after another: a function of (seed, family, how many before). Told with an
 * output it is written too; without one the family only becomes what it is afterwards. */
#ifndef ULE_GENERATE_STORY_H
#define ULE_GENERATE_STORY_H

#include "ule/generate_output.h"

enum ule_generate_kind {
    ULE_GENERATE_SENT_AGAIN, /* a record with nothing new in it; also what takes the place of what cannot be */
    ULE_GENERATE_MOVED_SCHOOL,
    ULE_GENERATE_LEFT,
    ULE_GENERATE_STARTED,
    ULE_GENERATE_DIVORCED,
    ULE_GENERATE_CUSTODY_CHANGED,
    ULE_GENERATE_DIED,
    ULE_GENERATE_MOVED_ABROAD, /* or back */
    ULE_GENERATE_PROTECTED,    /* or no longer */
    ULE_GENERATE_CREDENTIAL_CHANGED,
    ULE_GENERATE_BORN,
    ULE_GENERATE_NUMBER_CHANGED, /* by CPR, or back */
    ULE_GENERATE_SUPPORTED,      /* a support login granted or withdrawn */
    ULE_GENERATE_ENROLLED_BY_SCHOOL,
    ULE_GENERATE_SUBSCRIPTION_ENDED,
    ULE_GENERATE_MARRIED,
    ULE_GENERATE_ACCESS_CHANGED,
    ULE_GENERATE_DISAPPEARED,
    ULE_GENERATE_ANNULLED,
    ULE_GENERATE_PERMIT_CHANGED,
    ULE_GENERATE_LEVEL_CHANGED, /* to one outside the grades, or back */
    ULE_GENERATE_GOT_NUMBERS,   /* a family from abroad */
    ULE_GENERATE_SWAP_TOLD,
    ULE_GENERATE_SWAP_UNDONE,
    ULE_GENERATE_SWAP_REJECTED,
    ULE_GENERATE_SWAP_CONFIRMED,
    ULE_GENERATE_CPR_TOLD, /* of the number a swap waited for */
    ULE_GENERATE_DOUBLE_DELETED,
    ULE_GENERATE_KINDS,
};
const char *ule_generate_kind_name(enum ule_generate_kind kind);

/* The family as it is before `turn`. */
void ule_generate_family_before(const struct ule_generate_world *world, uint64_t index, uint64_t turn,
                                struct ule_generate_family *family);
/* Its change at `turn`; `out` may be NULL. */
enum ule_generate_kind ule_generate_change(const struct ule_generate_world *world, struct ule_generate_family *family,
                                           uint64_t turn, struct ule_generate_output *out);
/* False: the change is no SUBSCRIPTION_ENDED; true: it has to be tried. */
bool ule_generate_may_end_subscription(const struct ule_generate_world *world, uint64_t turn);

#endif
