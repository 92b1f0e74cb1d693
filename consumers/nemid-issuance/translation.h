/* SPDX-License-Identifier: MIT */
/* nemid.credential.v1 to the credential entity (design.md sections 2 and 4).
 *
 * Beyond the checks of core/check.h:
 *
 * credential_id: an id; written like a person number, or the record's own, is ULE_CONTRADICTION.
 *
 * number: malformed is ULE_NUMBER_MALFORMED; empty or null lets the credential wait in its entity.
 *
 * status: ACTIVE while the holder is below 15 (NemID) or 13 (MitID) on the Copenhagen date of changed_at, by the
 * number's own birth date, is ULE_UNDER_AGE (domain.md section 4, A4). A number that says no birth date says no age
 * either, and is let through. That NemID was closed by then is no data error (A6).
 *
 * Cleared once checked, because no rule reads it (section 9, GDPR): reason. */
#ifndef ULE_NEMID_ISSUANCE_TRANSLATION_H
#define ULE_NEMID_ISSUANCE_TRANSLATION_H

#include "base/arena.h"
#include "base/error.h"
#include "records.h"

/* As ule_cpr_change_translate (cpr-change/translation.h). *entity: `credential:<id>`. */
enum ule_code ule_nemid_issuance_translate(struct ule_credential_changed *record, const char *key, int64_t ts,
                                           struct ule_arena *arena, const char **entity, unsigned *ignored,
                                           struct ule_error *error) ULE_MUST_CHECK;

#endif
