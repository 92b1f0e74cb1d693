/* SPDX-License-Identifier: MIT */
/* Optagelse.dk (domain.md section 7): a verdict on every pupil of grades 8-10, an institution each, from the first time
 * it is one. */
#include "core/person.h"

#include <string.h>

/* The lowest record of grades 8-10 there, else any active one there; NULL when there is none. */
static const struct ule_institution_person_changed *record_at(const struct ule_person *person,
                                                              const char *institution) {
    const struct ule_institution_person_changed *found = NULL;
    for (size_t i = 0; i < person->records_count; i++) {
        const struct ule_institution_person_changed *record = person->records[i];
        if (strcmp(record->institution_number, institution) != 0)
            continue;
        if (ule_level_of_optagelse(record))
            return record;
        if (found == NULL)
            found = record;
    }
    return found;
}

/* The key under which this person's verdict stands there: after a swap the one that came with the account. */
static const char *key_at(struct ule_person *person, const char *institution) {
    const char *own = ule_arena_printf(person->arena, "%s/%s", ule_derive_person_key(person->derive), institution);
    const char *found = NULL;
    for (size_t i = 0; i < person->state->published.count; i++) {
        const struct ule_published *entry = &person->state->published.items[i];
        const char *slash = entry->topic == ULE_TOPIC_PUPIL ? strchr(entry->key, '/') : NULL;
        if (slash == NULL || entry->ended_on != ULE_DATE_NONE || strcmp(slash + 1, institution) != 0)
            continue;
        if (strcmp(entry->key, own) == 0)
            return own;
        if (found == NULL || strcmp(entry->key, found) < 0)
            found = entry->key;
    }
    return found != NULL ? found : own;
}

static void verdict_at(struct ule_person *person, const char *institution) {
    const char *key = key_at(person, institution);
    const struct ule_pupil_verdict *standing = ule_derive_standing(person->derive, ULE_TOPIC_PUPIL, key);
    const struct ule_institution_person_changed *record = record_at(person, institution);
    bool pupil = record != NULL && ule_level_of_optagelse(record);
    if (!pupil && standing == NULL)
        return;
    struct ule_pupil_verdict *value = ule_derive_new(person->derive, &ule_pupil_verdict_record);
    value->number = person->number;
    value->institution_number = institution;
    value->level = record != NULL && record->level != NULL ? record->level : standing != NULL ? standing->level : "";
    value->verdict = ULE_VERDICT_EXCLUDED;
    enum ule_cpr_status status = person->newest ? person->newest->status : ULE_CPR_STATUS_NULL;
    if (record == NULL || person->dead) {
        value->reason = ULE_VERDICT_REASON_LEFT;
    } else if (!pupil) {
        value->reason = ULE_VERDICT_REASON_LEVEL;
    } else if (person->number_class == ULE_NUMBER_CLASS_VERIFIED) {
        value->verdict = ULE_VERDICT_INCLUDED;
        value->reason = ULE_VERDICT_REASON_VERIFIED;
    } else if (status == ULE_CPR_STATUS_ANNULLED || status == ULE_CPR_STATUS_DELETED_DUPLICATE ||
               status == ULE_CPR_STATUS_NUMBER_CHANGED) {
        value->reason = ULE_VERDICT_REASON_ANNULLED;
    } else if (person->number_class == ULE_NUMBER_CLASS_REPLACEMENT) {
        value->reason = ULE_VERDICT_REASON_REPLACEMENT;
    } else {
        value->reason = ULE_VERDICT_REASON_UNVERIFIED;
    }
    ule_derive_output(person->derive, ULE_TOPIC_PUPIL, key, value);
}

void ule_pupil_derive(struct ule_person *person) {
    if (person->number == NULL || person->frozen)
        return; /* what stands under this number's key ends as LEFT: it moves with the swap */
    /* An account on its way back, an absorbed one too, brings its verdict with it: two numbers never speak under one
     * key. */
    for (size_t i = 0; i < person->state->accounts.count; i++)
        if (person->state->accounts.items[i].away)
            return;
    struct ule_strings institutions = {0};
    for (size_t i = 0; i < person->records_count; i++)
        ule_strings_add(person->arena, &institutions, person->records[i]->institution_number);
    for (size_t i = 0; i < person->state->published.count; i++) {
        const struct ule_published *entry = &person->state->published.items[i];
        const char *slash = entry->topic == ULE_TOPIC_PUPIL ? strchr(entry->key, '/') : NULL;
        if (slash != NULL)
            ule_strings_add(person->arena, &institutions, slash + 1);
    }
    for (size_t i = 0; i < institutions.count; i++)
        verdict_at(person, institutions.items[i]);
}
