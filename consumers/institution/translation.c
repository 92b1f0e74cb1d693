/* SPDX-License-Identifier: MIT */
#include "institution/translation.h"

#include "base/text.h"
#include "core/check.h"

#include <stdio.h>
#include <string.h>

static void check_level(struct ule_check *check, const char **level) {
    static const char *const levels[] = {"DT", "0", "1",  "2",  "3",  "4",  "5",  "6",  "7",
                                         "8",  "9", "10", "U1", "U2", "U3", "U4", "VU", "Andet"};
    ule_check_text(check, "level", level);
    if (!*level)
        return;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(*level, levels[i]) == 0)
            return;
    }
    ule_check_fail(check, ULE_MALFORMED, "level", "expected DT, 0 to 10, U1 to U4, VU or Andet");
}

/* False: the entry is left out. */
static bool check_contact(struct ule_check *check, size_t index, const char *number, struct ule_contact *contact) {
    char field[64];
    ule_check_reference(check, &contact->number);
    ule_check_reference(check, &contact->replaces_number);
    if (!contact->number || ule_text_equal(contact->replaces_number, contact->number)) {
        ule_check_ignore(check, &contact->replaces_number);
    }
    (void)snprintf(field, sizeof field, "contacts[%zu].alien_number", index);
    ule_check_optional_id(check, field, &contact->alien_number);
    ule_check_no_number(check, field, contact->alien_number, contact->number);
    (void)snprintf(field, sizeof field, "contacts[%zu].given_names", index);
    ule_check_text(check, field, &contact->given_names);
    (void)snprintf(field, sizeof field, "contacts[%zu].family_name", index);
    ule_check_text(check, field, &contact->family_name);
    (void)snprintf(field, sizeof field, "contacts[%zu].country", index);
    ule_check_register_code(check, field, contact->country);
    if (contact->number && ule_text_equal(contact->number, number)) {
        check->ignored++;
        return false;
    }
    return true;
}

enum ule_code ule_institution_translate(struct ule_institution_person_changed *record, const char *key, int64_t ts,
                                        struct ule_arena *arena, const char **entity, unsigned *ignored,
                                        struct ule_error *error) {
    struct ule_check check = {.arena = arena, .error = error};
    ule_check_institution(&check, "institution_number", record->institution_number);
    ule_check_id(&check, "local_person_id", record->local_person_id);
    const char *owner = "";
    if (check.code == ULE_OK) {
        owner = ule_arena_printf(arena, "local:%s/%s", record->institution_number, record->local_person_id);
    }
    ule_check_key(&check, key, owner + strlen(check.code == ULE_OK ? "local:" : ""));
    ule_check_event(&check, record->event_id, record->changed_at, ts);
    ule_check_optional_number(&check, "number", &record->number);
    ule_check_optional_id(&check, "alien_number", &record->alien_number);
    ule_check_no_number(&check, "alien_number", record->alien_number, record->number);
    ule_check_optional_number(&check, "replaces_number", &record->replaces_number);
    if (!record->number) {
        ule_check_ignore(&check, &record->replaces_number);
    } else if (ule_text_equal(record->replaces_number, record->number)) {
        ule_check_fail(&check, ULE_CONTRADICTION, "replaces_number", "expected another number than `number`");
    }
    check_level(&check, &record->level);
    ule_check_date(&check, "birth_date", record->birth_date);
    ule_check_text(&check, "given_names", &record->given_names);
    ule_check_text(&check, "family_name", &record->family_name);
    ule_check_text(&check, "alias_given_names", &record->alias_given_names);
    ule_check_text(&check, "alias_family_name", &record->alias_family_name);
    size_t kept = 0;
    for (size_t i = 0; i < record->contacts.count; i++) {
        struct ule_contact *contact = &record->contacts.items[i];
        if (check_contact(&check, i, record->number, contact))
            record->contacts.items[kept++] = *contact;
    }
    record->contacts.count = kept;
    const char *source_system = record->source_system;
    ule_check_text(&check, "source_system", &source_system);
    return ule_check_end(&check, owner, entity, ignored);
}

static const char *check_request(struct ule_check *check, struct ule_institution_request *record) {
    switch (record->kind) {
    case ULE_REQUEST_KIND_LEAVERS_APPROVED:
    case ULE_REQUEST_KIND_LEAVERS_REJECTED:
        if (!ule_text_equal(record->number, record->institution_number)) {
            ule_check_fail(check, ULE_CONTRADICTION, "number", "expected the institution_number in LEAVERS_*");
        }
        record->child_number = NULL;
        record->from_number = NULL;
        return check->code == ULE_OK ? ule_arena_printf(check->arena, "institution:%s", record->number) : NULL;
    case ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED:
    case ULE_REQUEST_KIND_REREGISTRATION_REJECTED:
        if (ule_text_equal(record->from_number, record->number)) {
            ule_check_fail(check, ULE_CONTRADICTION, "from_number", "expected another number than `number`");
        }
        record->child_number = NULL;
        return record->number;
    case ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL:
        if (!record->child_number)
            record->child_number = record->number;
        record->from_number = NULL;
        return record->child_number;
    default: record->from_number = NULL; return record->number;
    }
}

enum ule_code ule_institution_request_translate(struct ule_institution_request *record, const char *key, int64_t ts,
                                                struct ule_arena *arena, const char **entity, unsigned *ignored,
                                                struct ule_error *error) {
    struct ule_check check = {.arena = arena, .error = error};
    bool leavers = record->kind == ULE_REQUEST_KIND_LEAVERS_APPROVED ||
                   record->kind == ULE_REQUEST_KIND_LEAVERS_REJECTED;
    ule_check_institution(&check, "institution_number", record->institution_number);
    if (leavers) {
        ule_check_key(&check, key, record->number);
    } else {
        ule_check_number(&check, "number", &record->number);
        ule_check_number_key(&check, key, record->number);
    }
    ule_check_event(&check, record->event_id, record->changed_at, ts);
    ule_check_text(&check, "case_number", &record->case_number);
    ule_check_optional_number(&check, "child_number", &record->child_number);
    ule_check_optional_number(&check, "from_number", &record->from_number);
    const char *owner = check_request(&check, record);
    return ule_check_end(&check, owner, entity, ignored);
}
