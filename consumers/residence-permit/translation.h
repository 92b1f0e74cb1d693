/* SPDX-License-Identifier: MIT */
/* udlst.residence-permit.v1 to the permit entity (design.md sections 2 and 4).
 *
 * Beyond the checks of core/check.h:
 *
 * permit_id, alien_number: ids; written like a person number, or the record's own, is ULE_CONTRADICTION.
 *
 * number, replaces_number: malformed is absent, counted (domain.md section 2). Both the same is ULE_CONTRADICTION. A
 * replaces_number without a number tells no swap, since nothing replaces it: cleared, counted (section 6).
 *
 * valid_until: before valid_from is ULE_CONTRADICTION; the same day is an empty period.
 *
 * A permit with neither number nor alien number stays with its entity until a later version names somebody.
 *
 * Cleared once checked, because no rule reads them (section 9, GDPR): birth_date, given_names, family_name; birth dates
 * and names are CPR's or an institution's (sections 2 and 4, A9). */
#ifndef ULE_RESIDENCE_PERMIT_TRANSLATION_H
#define ULE_RESIDENCE_PERMIT_TRANSLATION_H

#include "base/arena.h"
#include "base/error.h"
#include "records.h"

/* As ule_cpr_change_translate (cpr-change/translation.h). *entity: `permit:<id>`. */
enum ule_code ule_residence_permit_translate(struct ule_residence_permit_changed *record, const char *key, int64_t ts,
                                             struct ule_arena *arena, const char **entity, unsigned *ignored,
                                             struct ule_error *error) ULE_MUST_CHECK;

#endif
