/* SPDX-License-Identifier: MIT */
/* What institutions ask about a person: support logins (A5) and enrolment by the school (E2). Requests about a swap are
 * judged with it (loan.c). A request is kept whoever sends it; it has effect while its institution has an active record
 * or a listing of the person (domain.md section 6, Requests). */
#include "core/person.h"

#include "base/text.h"

#include <string.h>

static bool is_support(enum ule_request_kind kind) {
    return kind == ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED || kind == ULE_REQUEST_KIND_SUPPORT_LOGIN_WITHDRAWN;
}

/* One record each (design.md section 4, InstitutionRequest), and of each institution one: what is without effect, as a
 * strange one's is, takes nothing away. */
static bool same_record(const struct ule_institution_request *a, const struct ule_institution_request *b) {
    if (strcmp(a->institution_number, b->institution_number) != 0 || strcmp(a->number, b->number) != 0)
        return false;
    if (is_support(a->kind) || is_support(b->kind))
        return is_support(a->kind) && is_support(b->kind);
    if (a->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL || b->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL)
        return a->kind == b->kind && ule_text_equal(a->child_number, b->child_number);
    return ule_text_equal(a->from_number, b->from_number);
}

void ule_request_take(struct ule_derive *derive) {
    const struct ule_institution_request *now = derive->message->request;
    struct ule_institution_request_array *requests = &derive->state->requests;
    for (size_t i = 0; i < requests->count; i++) {
        struct ule_institution_request *known = &requests->items[i];
        if (!same_record(known, now))
            continue;
        if (ule_stamp_compare(now->changed_at, now->sequence, now->event_id, known->changed_at, known->sequence,
                              known->event_id) <= 0) {
            derive->notes[ULE_NOTE_STALE]++;
            return;
        }
        *known = *now;
        goto told;
    }
    *ULE_PUSH(derive->arena, requests) = *now;
told:
    /* A confirmation of a pair that nobody told before tells it (section 6): whether it was the first is seen by its
     * stamp when the swap is judged. */
    if (now->kind == ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED && now->from_number != NULL) {
        struct ule_telling telling = {
            .from_number = now->from_number,
            .to_number = now->number,
            .trigger = ULE_TRIGGER_INSTITUTION,
            .explicit = true,
            .first_at = now->changed_at,
            .first_sequence = now->sequence,
            .last_at = now->changed_at,
            .last_sequence = now->sequence,
            .source = ule_arena_printf(derive->arena, "request:%s", now->institution_number),
            .institution_number = now->institution_number,
            .case_number = now->case_number,
        };
        ule_telling_add(derive, &derive->state->tellings, &telling);
    }
}

/* An active record or a listing of the person, or of the child that the request names, also by an earlier number. */
static bool has_standing(struct ule_person *person, const struct ule_institution_request *request) {
    if (ule_strings_have(&person->disputing, request->institution_number))
        return false; /* it may mean another person (section 2) */
    if (ule_person_standing(&person->voices, request->institution_number))
        return true;
    for (size_t i = 0; request->child_number != NULL && i < person->voices.count; i++) {
        const struct ule_listing *child = person->voices.items[i].tell->listing;
        if (child != NULL &&
            (strcmp(person->voices.items[i].sender, request->child_number) == 0 ||
             ule_strings_have(&child->earlier, request->child_number)) &&
            ule_strings_have(&child->enrolled_at, request->institution_number))
            return true;
    }
    return false;
}

/* A later word of the same institution on the same person, under this number or one that became it. */
static bool is_overtaken(const struct ule_person *person, const struct ule_institution_request *request) {
    for (size_t i = 0; i < person->requests.count; i++) {
        const struct ule_institution_request *other = &person->requests.items[i];
        if (is_support(other->kind) && strcmp(other->institution_number, request->institution_number) == 0 &&
            ule_stamp_compare(other->changed_at, other->sequence, other->event_id, request->changed_at,
                              request->sequence, request->event_id) > 0)
            return true;
    }
    return false;
}

void ule_request_support(struct ule_person *person) {
    for (size_t i = 0; i < person->requests.count; i++) {
        const struct ule_institution_request *request = &person->requests.items[i];
        if (!is_support(request->kind) || is_overtaken(person, request))
            continue;
        if (!has_standing(person, request)) {
            person->derive->notes[ULE_NOTE_REQUEST_IGNORED]++;
            continue;
        }
        if (request->kind == ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED)
            person->support = true;
        else
            person->support_withdrawn = true;
    }
}

const char *ule_request_enrolled_by(struct ule_person *person) {
    const struct ule_institution_request *newest = NULL;
    for (size_t i = 0; i < person->requests.count; i++) {
        const struct ule_institution_request *request = &person->requests.items[i];
        if (request->kind != ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL)
            continue;
        bool has_record = false;
        for (size_t k = 0; k < person->records_count; k++)
            has_record |= strcmp(person->records[k]->institution_number, request->institution_number) == 0;
        if (has_record && !ule_strings_have(&person->disputing, request->institution_number) &&
            (newest == NULL || ule_stamp_compare(request->changed_at, request->sequence, request->event_id,
                                                 newest->changed_at, newest->sequence, newest->event_id) > 0))
            newest = request;
    }
    return newest ? newest->institution_number : NULL;
}
