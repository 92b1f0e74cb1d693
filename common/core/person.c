/* SPDX-License-Identifier: MIT */
/* The entity of a person: takes in what CPR says and what is asked, gathers what others tell, and lets the rules follow
 * in order. An alien id is a person without a number; so is a pupil's record with neither (`unnamed:`). */
#include "core/person.h"

#include "core/number.h"
#include "core/told.h"

#include <stdlib.h>
#include <string.h>

static bool has_facts(enum ule_cpr_status status) {
    return ule_class_counts(status);
}

/* Records of status 30, 50, 60 and SUBSCRIPTION_ENDED carry no facts: those stay as CPR last told them, and for
 * SUBSCRIPTION_ENDED the status too (domain.md section 2). */
static void take_person(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    struct ule_person_changed *now = derive->message->person, *before = state->person;
    if (has_facts(now->status)) {
        const struct ule_person_changed *known = state->facts != NULL ? state->facts : before;
        /* A marriage ends custody for good: a record that does not know of it takes nothing back. */
        if (known != NULL && now->marital_status == ULE_MARITAL_STATUS_UNKNOWN)
            now->marital_status = known->marital_status;
        state->facts = NULL;
        state->minimised = false;
        state->counted = true;
    } else if (before != NULL && has_facts(before->status) && state->facts == NULL) {
        state->facts = before;
    }
    if (now->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED) {
        derive->subscription_ended = true;
        if (before != NULL) {
            now->status = before->status;
            now->current_number = before->current_number;
        }
    }
    /* A repeat of where the number went is the same word, and the five days go on (section 6). */
    const char *current = ule_told_current(now), *was = before != NULL ? ule_told_current(before) : NULL;
    if (current == NULL || was == NULL || strcmp(current, was) != 0)
        state->current_at = ULE_TIME_NONE;
    else if (state->current_at == ULE_TIME_NONE)
        state->current_at = before->changed_at;
    state->person = now;
}

static void take_returned(struct ule_derive *derive, const struct ule_pair_tell *pair) {
    struct ule_person_state *state = derive->state;
    for (size_t i = 0; i < pair->returned.count; i++) {
        struct ule_account *account = NULL;
        for (size_t k = 0; k < state->accounts.count && account == NULL; k++)
            if (strcmp(state->accounts.items[k].user_key, pair->returned.items[i].user_key) == 0)
                account = &state->accounts.items[k];
        if (account == NULL) { /* lent on: it stays, or goes back to where it came from */
            account = ULE_PUSH(derive->arena, &state->accounts);
            *account = pair->returned.items[i];
        }
        account->away = false;
        account->loose_since = pair->returned.items[i].loose_since;
    }
    for (size_t i = 0; i < pair->returned_published.count; i++)
        ule_publish_adopt(derive, &state->published, &pair->returned_published.items[i]);
}

bool ule_person_take(struct ule_derive *derive) {
    const struct ule_inbox_message *message = derive->message;
    const struct ule_person_changed *now = message->person, *before = derive->state->person;
    if (now != NULL) {
        if (before != NULL && ule_stamp_compare(now->changed_at, now->sequence, now->event_id, before->changed_at,
                                                before->sequence, before->event_id) <= 0)
            return false;
        take_person(derive);
    }
    if (message->request != NULL)
        ule_request_take(derive);
    if (message->tell.bytes != NULL) {
        const struct ule_tell *tell = ule_tell_decode(derive->arena, &message->tell);
        if (tell->pair != NULL)
            take_returned(derive, tell->pair);
    }
    return true;
}

struct ule_voice *ule_person_voice(struct ule_person *person, const char *sender) {
    for (size_t i = 0; i < person->voices.count; i++)
        if (strcmp(person->voices.items[i].sender, sender) == 0)
            return &person->voices.items[i];
    return NULL;
}

bool ule_person_standing(const struct ule_voice_array *voices, const char *institution) {
    for (size_t i = 0; i < voices->count; i++) {
        const struct ule_tell *tell = voices->items[i].tell;
        if (tell->local != NULL && tell->local->counts && tell->local->record->active &&
            strcmp(tell->local->institution_number, institution) == 0)
            return true;
        if (tell->listing != NULL && ule_strings_have(&tell->listing->institutions, institution))
            return true;
    }
    return false;
}

int ule_record_order(const struct ule_institution_person_changed *a, const struct ule_institution_person_changed *b) {
    int order = strcmp(a->institution_number, b->institution_number);
    return order != 0 ? order : strcmp(a->local_person_id, b->local_person_id);
}

bool ule_level_of_optagelse(const struct ule_institution_person_changed *record) {
    return record->role == ULE_ROLE_STUDENT && record->level != NULL &&
           (strcmp(record->level, "8") == 0 || strcmp(record->level, "9") == 0 || strcmp(record->level, "10") == 0);
}

static int by_record(const void *a, const void *b) {
    return ule_record_order(*(const struct ule_institution_person_changed *const *)a,
                            *(const struct ule_institution_person_changed *const *)b);
}

static void gather_voices(struct ule_person *person) {
    const struct ule_slot_array *heard = &person->state->heard;
    person->voices.items = ule_arena_array(person->arena, heard->count, sizeof *person->voices.items);
    for (size_t i = 0; i < heard->count; i++)
        person->voices.items[person->voices.count++] = (struct ule_voice){
            .sender = heard->items[i].sender, .tell = ule_tell_decode(person->arena, &heard->items[i].tell)};
}

static void gather_cpr(struct ule_person *person) {
    const struct ule_person_state *state = person->state;
    person->newest = state->person;
    if (person->newest != NULL && person->newest->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED)
        person->newest = NULL; /* ended before it told anything, or erased */
    person->kept = state->facts                                                  ? state->facts
                   : person->newest != NULL && has_facts(person->newest->status) ? person->newest
                                                                                 : NULL;
    person->facts = state->minimised ? NULL : person->kept;
}

/* Roles: active records that count for this number, its own and those of numbers that became it. */
static void gather_records(struct ule_person *person) {
    person->records = ule_arena_array(person->arena, person->voices.count, sizeof *person->records);
    person->records_count = 0;
    person->enrolled = person->student = false;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_local_tell *local = person->voices.items[i].tell->local;
        if (local == NULL || !local->counts || !local->record->active ||
            ule_strings_have(&person->disputed, person->voices.items[i].sender))
            continue;
        person->records[person->records_count++] = local->record;
        person->enrolled |= local->record->role == ULE_ROLE_STUDENT || local->record->role == ULE_ROLE_CHILD;
        person->student |= ule_level_of_optagelse(local->record);
    }
    if (person->records_count > 1)
        qsort(person->records, person->records_count, sizeof *person->records, by_record);
}

/* A child that names F tells R too once F has become R; when that is undone, R is no contact of it any more, whatever
 * arrives first. */
static bool is_named(const struct ule_person *person, const struct ule_listing *listing) {
    for (size_t i = 0; i < listing->named.count; i++)
        if (ule_strings_have(&person->became, listing->named.items[i]))
            return true;
    return false;
}

static void gather_listings(struct ule_person *person) {
    person->listed = person->living = person->legacy = person->foreign = false;
    person->private_tie = person->related = person->child_of_enrolled = false;
    for (size_t i = 0; i < person->voices.count; i++) {
        struct ule_listing *listing = person->voices.items[i].tell->listing;
        const struct ule_contact_view *view = person->voices.items[i].tell->view;
        person->child_of_enrolled |= view != NULL && view->enrolled;
        if (listing != NULL && !is_named(person, listing))
            person->voices.items[i].tell->listing = listing = NULL;
        if (listing == NULL || !listing->enrolled)
            continue;
        bool living = listing->authority == ULE_AUTHORITY_CUSTODY ||
                      listing->authority == ULE_AUTHORITY_CUSTODY_ASSERTED ||
                      (listing->authority == ULE_AUTHORITY_RELATION && listing->listed);
        person->listed |= listing->listed;
        person->related |= listing->related;
        person->living |= living;
        person->legacy |= living && listing->legacy;
        person->foreign |= living && listing->foreign;
        person->private_tie |= listing->private;
    }
}

void ule_person_work_out(struct ule_derive *derive, struct ule_person *person) {
    *person = (struct ule_person){.derive = derive, .state = derive->state, .arena = derive->arena};
    if (strncmp(derive->entity, "alien:", 6) != 0 && strncmp(derive->entity, "unnamed:", 8) != 0)
        person->number = derive->entity;
    gather_voices(person);
    gather_cpr(person);
    ule_strings_add(person->arena, &person->became, derive->entity);
    ule_dispute_derive(person);
    ule_class_derive(person);
    ule_renumber_collect(person);
    ule_loan_derive(person);
    gather_records(person);
    gather_listings(person);
    ule_class_derive(person); /* again: the birth date may come with a record that was borrowed */
    ule_request_support(person);
    ule_credential_best(person);
    ule_custody_derive(person);
    ule_renumber_derive(person);
    ule_account_derive(person);
    ule_relation_derive(person);
    ule_relation_publish(person);
    ule_account_publish(person);
    ule_pupil_derive(person);
    ule_person_cases(person);
    ule_subscription_derive(person);
}

void ule_person_derive(struct ule_derive *derive) {
    struct ule_person person;
    ule_person_work_out(derive, &person);
}
