/* SPDX-License-Identifier: MIT */
#include "residence-permit/translation.h"

#include "base/text.h"
#include "core/check.h"

enum ule_code ule_residence_permit_translate(struct ule_residence_permit_changed *record, const char *key, int64_t ts,
                                             struct ule_arena *arena, const char **entity, unsigned *ignored,
                                             struct ule_error *error) {
    struct ule_check check = {.arena = arena, .error = error};
    ule_check_id(&check, "permit_id", record->permit_id);
    ule_check_key(&check, key, record->permit_id);
    ule_check_event(&check, record->event_id, record->changed_at, ts);
    ule_check_optional_id(&check, "alien_number", &record->alien_number);
    ule_check_reference(&check, &record->number);
    ule_check_no_number(&check, "permit_id", record->permit_id, record->number);
    ule_check_no_number(&check, "alien_number", record->alien_number, record->number);
    ule_check_reference(&check, &record->replaces_number);
    if (!record->number) {
        ule_check_ignore(&check, &record->replaces_number);
    } else if (ule_text_equal(record->replaces_number, record->number)) {
        ule_check_fail(&check, ULE_CONTRADICTION, "replaces_number", "expected another number than `number`");
    }
    ule_check_date(&check, "valid_from", record->valid_from);
    ule_check_date(&check, "valid_until", record->valid_until);
    if (record->valid_until != ULE_DATE_NONE && record->valid_until < record->valid_from) {
        ule_check_fail(&check, ULE_CONTRADICTION, "valid_until", "expected a date not before valid_from");
    }
    ule_check_date(&check, "birth_date", record->birth_date);
    ule_check_text(&check, "given_names", &record->given_names);
    ule_check_text(&check, "family_name", &record->family_name);
    record->birth_date = ULE_DATE_NONE;
    record->given_names = NULL;
    record->family_name = NULL;
    const char *owner = check.code == ULE_OK ? ule_arena_printf(arena, "permit:%s", record->permit_id) : NULL;
    return ule_check_end(&check, owner, entity, ignored);
}
