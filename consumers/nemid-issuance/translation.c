/* SPDX-License-Identifier: MIT */
#include "nemid-issuance/translation.h"

#include "core/check.h"
#include "core/number.h"

#define NEMID_AGE 15
#define MITID_AGE 13

static bool under_age(const struct ule_credential_changed *record) {
    if (!record->number || record->status != ULE_CREDENTIAL_STATUS_ACTIVE)
        return false;
    int years = record->scheme == ULE_CREDENTIAL_SCHEME_NEMID ? NEMID_AGE : MITID_AGE;
    int32_t reached = ule_date_birthday(ule_number_birth_date(record->number), years);
    return reached != ULE_DATE_NONE && ule_date_of_time(record->changed_at) < reached;
}

enum ule_code ule_nemid_issuance_translate(struct ule_credential_changed *record, const char *key, int64_t ts,
                                           struct ule_arena *arena, const char **entity, unsigned *ignored,
                                           struct ule_error *error) {
    struct ule_check check = {.arena = arena, .error = error};
    ule_check_id(&check, "credential_id", record->credential_id);
    ule_check_key(&check, key, record->credential_id);
    ule_check_event(&check, record->event_id, record->changed_at, ts);
    ule_check_optional_number(&check, "number", &record->number);
    ule_check_no_number(&check, "credential_id", record->credential_id, record->number);
    ule_check_text(&check, "reason", &record->reason);
    record->reason = NULL;
    if (check.code == ULE_OK && under_age(record)) {
        ule_check_fail(&check, ULE_UNDER_AGE, "status",
                       "expected a holder of at least 15 years (NEMID) or 13 (MITID) of an ACTIVE credential");
    }
    const char *owner = check.code == ULE_OK ? ule_arena_printf(arena, "credential:%s", record->credential_id) : NULL;
    return ule_check_end(&check, owner, entity, ignored);
}
