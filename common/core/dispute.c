/* SPDX-License-Identifier: MIT */
/* A replacement number is not a person: two schools may make up the same one. Who named it first has it; whoever
 * disagrees with the first on birth date or name is disputed (domain.md section 2). */
#include "base/text.h"
#include "core/case.h"
#include "core/number.h"
#include "core/person.h"

#include <string.h>

static bool earlier(const struct ule_claim *a, const struct ule_claim *b) {
    int order = ule_stamp_compare(a->at, a->sequence, a->source, b->at, b->sequence, b->source);
    return order != 0 ? order < 0 : !a->contact && b->contact;
}

static bool same_source(const struct ule_claim *a, const struct ule_claim *b) {
    return a->contact == b->contact && strcmp(a->source, b->source) == 0;
}

bool ule_dispute_disagree(struct ule_arena *arena, const struct ule_claim *a, const struct ule_claim *b) {
    if (a->birth_date != ULE_DATE_NONE && b->birth_date != ULE_DATE_NONE && a->birth_date != b->birth_date)
        return true;
    if (a->given_names != NULL && b->given_names != NULL &&
        strcmp(ule_text_first_folded(arena, a->given_names), ule_text_first_folded(arena, b->given_names)) != 0)
        return true;
    return a->family_name != NULL && b->family_name != NULL &&
           strcmp(ule_text_last_folded(arena, a->family_name), ule_text_last_folded(arena, b->family_name)) != 0;
}

void ule_dispute_derive(struct ule_person *person) {
    if (person->number == NULL || !ule_number_is_replacement(person->number))
        return;
    /* The first keeps its place after it has moved on or left; while it speaks, what it says now is what counts. */
    struct ule_claim *first = person->state->first_claim;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_local_tell *local = person->voices.items[i].tell->local;
        for (size_t k = 0; local != NULL && k < local->claims.count; k++) {
            struct ule_claim *claim = &local->claims.items[k];
            if (first == NULL || earlier(claim, first) || (claim->current && same_source(claim, first)))
                first = claim;
        }
    }
    person->state->first_claim = first;
    if (first == NULL)
        return;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_voice *voice = &person->voices.items[i];
        const struct ule_local_tell *local = voice->tell->local;
        for (size_t k = 0; local != NULL && k < local->claims.count; k++) {
            const struct ule_claim *claim = &local->claims.items[k];
            struct ule_tell *tell = ule_derive_tell(person->derive, voice->sender);
            if (claim->contact)
                tell->judged_contact = true;
            else
                tell->judged = true;
            person->dispute_open |= claim->torn;
            if (same_source(claim, first) || !ule_dispute_disagree(person->arena, claim, first))
                continue;
            ule_strings_add(person->arena, &person->disputed,
                            claim->contact ? ule_arena_printf(person->arena, "%s contact", voice->sender)
                                           : voice->sender);
            person->dispute_open |= claim->current;
            if (claim->current)
                ule_strings_add(person->arena, &person->disputing, local->institution_number);
            if (claim->contact)
                tell->disputed_contact = true;
            else
                tell->disputed = true;
        }
    }
}
