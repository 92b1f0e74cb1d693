/* SPDX-License-Identifier: MIT */
/* Processing of CPR's records by the system itself, counted per batch (domain.md section 9, S4 § 4). */
#ifndef ULE_LOOP_AUDIT_H
#define ULE_LOOP_AUDIT_H

#include "base/arena.h"
#include "records.h"

/* `count` records processed by `actor` at `at` (ms), which is the version too and so must rise from one to the next.
 * `member` is the instance.id where several are one actor, and may be NULL: two of them commit in one millisecond, and
 * their events must differ. *out borrows actor and cause; what is new in it lives in `arena`. */
void ule_audit_process(const char *actor, const char *member, int64_t at, int64_t count,
                       const struct ule_caused_by *cause, struct ule_arena *arena, struct ule_cpr_transaction *out);

#endif
