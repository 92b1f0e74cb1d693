/* SPDX-License-Identifier: MIT */
/* What was told of swaps, for the rules that look at it (told.c). */
#ifndef ULE_CORE_TOLD_H
#define ULE_CORE_TOLD_H

#include "core/person.h"

/* The telling that was first told first, or last told last; NULL when there is none. Implicit ones only if asked for.
 */
const struct ule_telling *ule_told_first(const struct ule_telling_array *tellings, bool implicit_too);
const struct ule_telling *ule_told_last(const struct ule_telling_array *tellings, bool implicit_too);
/* By a confirmation of a pair that nobody told before. */
bool ule_told_by_request(const struct ule_telling *telling);
/* By a record or institution whose word on a number does not count (section 2). */
bool ule_told_by_disputed(const struct ule_strings *disputed, const struct ule_telling *telling);
/* What was told from that number to this one has been taken back, as seen from here. */
bool ule_told_taken_back(const struct ule_pair *pair);
/* The current number that a record of CPR's names of a number that is no longer good, or NULL. */
const char *ule_told_current(const struct ule_person_changed *record);
/* The same of the newest record of this number. */
const char *ule_told_cpr_current(const struct ule_person *person);
/* What is remembered of a swap from this number, or NULL. */
struct ule_outgoing *ule_renumber_memory(struct ule_person *person, const char *to);

#endif
