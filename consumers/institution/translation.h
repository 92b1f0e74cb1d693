/* SPDX-License-Identifier: MIT */
/* institution.person-changed.v1 and institution.request.v1 to their entities (design.md sections 2 and 4).
 *
 * Beyond the checks of core/check.h, a record of a person:
 *
 * number: malformed is ULE_NUMBER_MALFORMED; empty or null is none (domain.md section 4, A2).
 *
 * replaces_number: malformed is ULE_NUMBER_MALFORMED, for it tells what a request's from_number tells. The same as
 * number is ULE_CONTRADICTION. Without a number it tells no swap: cleared, counted (section 6).
 *
 * local_person_id: an id of any form; some systems use the person number, and no output carries it.
 *
 * alien_number: an id; written like a person number, or the record's own, is ULE_CONTRADICTION.
 *
 * level: one of DT, 0-10, U1-U4, VU, Andet, else ULE_MALFORMED: it is an enum in all but type.
 *
 * contacts: number and replaces_number malformed are absent, counted (section 2); the entry stays, as one without a
 * number. A replaces_number that is the number, or without one: cleared, counted; one entry's slip is no reason to
 * lose a pupil. alien_number as above; country a code of four digits. An entry with the number of the record's own
 * person is left out, counted: nobody is their own contact.
 *
 * source_system is checked and kept: it names no person.
 *
 * A request:
 *
 * number, child_number, from_number: malformed is ULE_NUMBER_MALFORMED (section 2); the latter two may be empty.
 *
 * SUPPORT_*: child_number says where the institution's standing may come from too (section 6, Requests).
 *
 * CHILD_ENROLLED_BY_SCHOOL: child_number names the child (section 5, E2), number a parent. Without child_number, number
 * is the child and is written there. Only a record of that child at that school gives the request effect, so a parent
 * who is named alone gets nothing by it.
 *
 * REREGISTRATION_*: from_number if it speaks of one swap; the same as number is ULE_CONTRADICTION.
 *
 * LEAVERS_*: number is the institution_number, else ULE_CONTRADICTION (design.md section 4).
 *
 * Other numbers than these are checked and not passed on (section 9, GDPR). */
#ifndef ULE_INSTITUTION_TRANSLATION_H
#define ULE_INSTITUTION_TRANSLATION_H

#include "base/arena.h"
#include "base/error.h"
#include "records.h"

/* As ule_cpr_change_translate (cpr-change/translation.h). *entity: `local:<institution>/<local id>`. */
enum ule_code ule_institution_translate(struct ule_institution_person_changed *record, const char *key, int64_t ts,
                                        struct ule_arena *arena, const char **entity, unsigned *ignored,
                                        struct ule_error *error) ULE_MUST_CHECK;

/* *entity: `institution:<number>` for LEAVERS_*; for CHILD_ENROLLED_BY_SCHOOL the child's number, since it is the
 * child's account that changes and no tell would carry it there; else `<number>`. */
enum ule_code ule_institution_request_translate(struct ule_institution_request *record, const char *key, int64_t ts,
                                                struct ule_arena *arena, const char **entity, unsigned *ignored,
                                                struct ule_error *error) ULE_MUST_CHECK;

#endif
