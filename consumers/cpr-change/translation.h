/* SPDX-License-Identifier: MIT */
/* cpr.person-changed.v1 to the person entity: what CPR says of one person number (design.md sections 2 and 4).
 *
 * Beyond the checks of core/check.h:
 *
 * number: a person number of any class; what CPR has told of counts (domain.md section 2).
 *
 * current_number: malformed is absent, counted; so is one beside a status that does not lead on to it (section 6: only
 * ANNULLED, DELETED_DUPLICATE and NUMBER_CHANGED do). The own number is ULE_CONTRADICTION with DELETED_DUPLICATE and
 * NUMBER_CHANGED, which say that there is another; else it says nothing and is cleared.
 *
 * former_numbers: malformed ones and the own number are left out and counted; each stands once.
 *
 * birth_date: after the Copenhagen date of changed_at is ULE_CONTRADICTION.
 *
 * protection: an end before its start is taken as no end, counted. Protected for too long is the safe error (domain.md,
 * introduction). from = until is an empty period and stays one (section 2).
 *
 * mother, father: a malformed number is absent, counted, and the parent one without a number (section 3). The own
 * number is ULE_CONTRADICTION.
 *
 * custody: more than two rows are ULE_CONTRADICTION (section 3). MOTHER and FATHER rows mean whoever record 015 names:
 * a number there is dropped, counted. OTHER_1 and OTHER_2 without a number stay: they name nobody and are rows all the
 * same, so custody is registered. The own number is ULE_CONTRADICTION. A period that ends before it starts stays: it is
 * never in force.
 *
 * Countries are codes of four digits.
 *
 * Cleared once checked, because no rule reads them (section 9, GDPR): status_since, municipality, guardianship, cause,
 * and of the parents birth_date, name and since. With ANNULLED, DELETED_DUPLICATE, NUMBER_CHANGED and
 * SUBSCRIPTION_ENDED all facts (section 2: such records carry none). */
#ifndef ULE_CPR_CHANGE_TRANSLATION_H
#define ULE_CPR_CHANGE_TRANSLATION_H

#include "base/arena.h"
#include "base/error.h"
#include "records.h"

/* `record` is checked and changed in place (undefined after an error); what is new in it and *entity lives in `arena`
 * or in the record. key: of the source record, NULL is not checked. ts: its timestamp (ms), or ULE_TIME_NONE.
 * *entity: `<number>`. *ignored (may be NULL): numbers that were taken as absent. All failures are data errors. */
enum ule_code ule_cpr_change_translate(struct ule_person_changed *record, const char *key, int64_t ts,
                                       struct ule_arena *arena, const char **entity, unsigned *ignored,
                                       struct ule_error *error) ULE_MUST_CHECK;

#endif
