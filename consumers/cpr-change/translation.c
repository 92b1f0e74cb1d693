/* SPDX-License-Identifier: MIT */
#include "cpr-change/translation.h"

#include "base/text.h"
#include "core/check.h"

#include <stdio.h>

/* 30, 50 and 60: the number is no longer good, and another may have taken its place (domain.md section 2). */
static bool void_status(enum ule_cpr_status status) {
    return status == ULE_CPR_STATUS_ANNULLED || status == ULE_CPR_STATUS_DELETED_DUPLICATE ||
           status == ULE_CPR_STATUS_NUMBER_CHANGED;
}

static void check_links(struct ule_check *check, struct ule_person_changed *record) {
    ule_check_reference(check, &record->current_number);
    if (ule_text_equal(record->current_number, record->number)) {
        if (record->status != ULE_CPR_STATUS_ANNULLED && void_status(record->status))
            ule_check_fail(check, ULE_CONTRADICTION, "current_number", "expected another number than `number`");
        record->current_number = NULL;
    } else if (!void_status(record->status)) {
        ule_check_ignore(check, &record->current_number);
    }
    size_t kept = 0;
    for (size_t i = 0; i < record->former_numbers.count; i++) {
        const char *former = record->former_numbers.items[i];
        ule_check_reference(check, &former);
        if (ule_text_equal(former, record->number))
            ule_check_ignore(check, &former);
        for (size_t j = 0; former && j < kept; j++) {
            if (ule_text_equal(former, record->former_numbers.items[j]))
                former = NULL;
        }
        if (former)
            record->former_numbers.items[kept++] = former;
    }
    record->former_numbers.count = kept;
}

static void check_parent(struct ule_check *check, const char *number, const char *which, struct ule_parent *parent) {
    if (!parent)
        return;
    char field[32];
    (void)snprintf(field, sizeof field, "%s.number", which);
    ule_check_reference(check, &parent->number);
    if (parent->number && ule_text_equal(parent->number, number)) {
        ule_check_fail(check, ULE_CONTRADICTION, field, "expected another number than the child's");
    }
    (void)snprintf(field, sizeof field, "%s.birth_date", which);
    ule_check_date(check, field, parent->birth_date);
    (void)snprintf(field, sizeof field, "%s.name", which);
    ule_check_text(check, field, &parent->name);
    (void)snprintf(field, sizeof field, "%s.since", which);
    ule_check_date(check, field, parent->since);
    parent->birth_date = ULE_DATE_NONE;
    parent->name = NULL;
    parent->since = ULE_DATE_NONE;
}

static void check_custody(struct ule_check *check, struct ule_person_changed *record) {
    if (record->custody.count > 2)
        ule_check_fail(check, ULE_CONTRADICTION, "custody", "expected at most two rows");
    for (size_t i = 0; i < record->custody.count; i++) {
        struct ule_custody_row *row = &record->custody.items[i];
        char field[40];
        (void)snprintf(field, sizeof field, "custody[%zu].number", i);
        ule_check_reference(check, &row->number);
        if (row->holder == ULE_CUSTODY_HOLDER_MOTHER || row->holder == ULE_CUSTODY_HOLDER_FATHER)
            ule_check_ignore(check, &row->number);
        if (row->number && ule_text_equal(row->number, record->number))
            ule_check_fail(check, ULE_CONTRADICTION, field, "expected another number than the child's");
        (void)snprintf(field, sizeof field, "custody[%zu].from", i);
        ule_check_date(check, field, row->from);
        (void)snprintf(field, sizeof field, "custody[%zu].until", i);
        ule_check_date(check, field, row->until);
    }
}

static void check_protection(struct ule_check *check, struct ule_protection *protection) {
    if (!protection)
        return;
    ule_check_date(check, "protection.from", protection->from);
    ule_check_date(check, "protection.until", protection->until);
    if (protection->until != ULE_DATE_NONE && protection->until < protection->from) {
        protection->until = ULE_DATE_NONE;
        check->ignored++;
    }
}

static void check_guardianship(struct ule_check *check, struct ule_guardianship *guardianship) {
    if (!guardianship)
        return;
    ule_check_date(check, "guardianship.from", guardianship->from);
    ule_check_date(check, "guardianship.until", guardianship->until);
    ule_check_text(check, "guardianship.guardian", &guardianship->guardian);
}

static void check_facts(struct ule_check *check, struct ule_person_changed *record) {
    ule_check_date(check, "status_since", record->status_since);
    ule_check_date(check, "birth_date", record->birth_date);
    if (record->birth_date > ule_date_of_time(record->changed_at)) {
        ule_check_fail(check, ULE_CONTRADICTION, "birth_date", "expected a date not after changed_at");
    }
    ule_check_text(check, "given_names", &record->given_names);
    ule_check_text(check, "family_name", &record->family_name);
    check_protection(check, record->protection);
    ule_check_register_code(check, "citizenship", record->citizenship);
    ule_check_register_code(check, "municipality", record->municipality);
    ule_check_register_code(check, "residence_country", record->residence_country);
    ule_check_date(check, "emigrated_on", record->emigrated_on);
    ule_check_date(check, "entered_on", record->entered_on);
    check_parent(check, record->number, "mother", record->mother);
    check_parent(check, record->number, "father", record->father);
    check_custody(check, record);
    check_guardianship(check, record->guardianship);
    ule_check_text(check, "cause", &record->cause);
    record->status_since = ULE_DATE_NONE;
    record->municipality = ULE_INT_NULL;
    record->guardianship = NULL;
    record->cause = NULL;
}

static void clear_facts(struct ule_person_changed *record) {
    record->former_numbers.count = 0;
    record->birth_date = ULE_DATE_NONE;
    record->given_names = NULL;
    record->family_name = NULL;
    record->protection = NULL;
    record->citizenship = ULE_INT_NULL;
    record->danish_passport = ULE_MAYBE_NULL;
    record->residence_country = ULE_INT_NULL;
    record->emigrated_on = ULE_DATE_NONE;
    record->entered_on = ULE_DATE_NONE;
    record->marital_status = ULE_MARITAL_STATUS_UNKNOWN;
    record->mother = NULL;
    record->father = NULL;
    record->custody.count = 0;
}

enum ule_code ule_cpr_change_translate(struct ule_person_changed *record, const char *key, int64_t ts,
                                       struct ule_arena *arena, const char **entity, unsigned *ignored,
                                       struct ule_error *error) {
    struct ule_check check = {.arena = arena, .error = error};
    ule_check_number(&check, "number", &record->number);
    ule_check_number_key(&check, key, record->number);
    ule_check_event(&check, record->event_id, record->changed_at, ts);
    check_links(&check, record);
    check_facts(&check, record);
    if (void_status(record->status) || record->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED)
        clear_facts(record);
    return ule_check_end(&check, record->number, entity, ignored);
}
