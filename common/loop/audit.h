/* SPDX-License-Identifier: MIT */
/* CprTransaction: who processed, looked up or sent again what CPR tells of whom (domain.md section 9, S4 § 4). */
#ifndef ULE_LOOP_AUDIT_H
#define ULE_LOOP_AUDIT_H

#include "base/arena.h"
#include "records.h"

/* An entry by `actor` at `at` (ms), without purpose, type, person, count and fields. `version` rises from one of an
 * actor's to the next. `member` is the instance.id where several are one actor, and may be NULL: two of them commit in
 * one millisecond, and their events must differ. *out borrows actor and cause; what is new in it lives in `arena`. */
void ule_audit_begin(const char *actor, const char *member, int64_t at, int64_t version,
                     const struct ule_caused_by *cause, struct ule_arena *arena, struct ule_cpr_transaction *out);
/* `count` records processed by the system itself, a batch; `at` is the version too. */
void ule_audit_process(const char *actor, const char *member, int64_t at, int64_t count,
                       const struct ule_caused_by *cause, struct ule_arena *arena, struct ule_cpr_transaction *out);

#endif
