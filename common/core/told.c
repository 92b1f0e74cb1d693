/* SPDX-License-Identifier: MIT */
/* What was told of swaps from and to this number, who may tell it, and which of it stands (domain.md section 6). */
#include "core/told.h"

#include <string.h>

struct ule_pair *ule_renumber_pair(struct ule_person *person, const char *number) {
    for (size_t i = 0; i < person->pairs.count; i++)
        if (strcmp(person->pairs.items[i].number, number) == 0)
            return &person->pairs.items[i];
    struct ule_pair *pair = ULE_PUSH(person->arena, &person->pairs);
    pair->number = number;
    pair->tell = ule_derive_new(person->derive, &ule_pair_tell_record);
    return pair;
}

static int first_of(const struct ule_telling *a, const struct ule_telling *b) {
    return ule_stamp_compare(a->first_at, a->first_sequence, "", b->first_at, b->first_sequence, "");
}

static int last_of(const struct ule_telling *a, const struct ule_telling *b) {
    return ule_stamp_compare(a->last_at, a->last_sequence, "", b->last_at, b->last_sequence, "");
}

bool ule_told_by_request(const struct ule_telling *telling) {
    return strncmp(telling->source, "request:", 8) == 0;
}

static void collect_telling(struct ule_person *person, const struct ule_telling *telling) {
    const char *self = person->derive->entity;
    struct ule_telling_array *into = NULL;
    if (strcmp(telling->from_number, self) == 0)
        into = &ule_renumber_pair(person, telling->to_number)->out;
    else if (strcmp(telling->to_number, self) == 0)
        into = &ule_renumber_pair(person, telling->from_number)->back;
    if (into != NULL)
        *ULE_PUSH(person->arena, into) = *telling;
}

/* What a request told either number both know, once its institution has standing on either side: "a swap once told
 * stays told". */
static void remember_requests(struct ule_person *person) {
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_pair_tell *heard = person->pairs.items[i].heard;
        for (size_t k = 0; heard != NULL && k < heard->tellings.count; k++) {
            struct ule_telling telling = heard->tellings.items[k];
            telling.standing |= ule_person_standing(&person->voices, telling.institution_number);
            if (telling.standing)
                ule_telling_add(person->derive, &person->state->tellings, &telling);
        }
    }
    struct ule_telling_array *own = &person->state->tellings;
    for (size_t i = 0; i < own->count; i++)
        if (ule_told_by_request(&own->items[i]))
            own->items[i].standing |= ule_person_standing(&person->voices, own->items[i].institution_number);
}

bool ule_told_by_disputed(const struct ule_strings *disputed, const struct ule_telling *telling) {
    for (size_t i = 0; i < disputed->count; i++) {
        size_t size = strlen(telling->source);
        if (strncmp(disputed->items[i], telling->source, size) == 0 &&
            strcmp(disputed->items[i] + size, telling->contact ? " contact" : "") == 0)
            return true;
    }
    if (ule_told_by_request(telling)) { /* no request about the number from their institution */
        const char *colon = strchr(telling->source, ':');
        for (size_t i = 0; i < disputed->count; i++) {
            const char *local = disputed->items[i] + strlen("local:");
            size_t size = strlen(colon + 1);
            if (strncmp(local, colon + 1, size) == 0 && local[size] == '/')
                return true;
        }
    }
    return false;
}

/* Drops what disputed records say, requests that only confirm what others told, and requests without standing. */
static void sift(struct ule_person *person, struct ule_pair *pair, struct ule_telling_array *tellings) {
    struct ule_telling_array kept = {0};
    for (size_t i = 0; i < tellings->count; i++) {
        const struct ule_telling *telling = &tellings->items[i];
        bool drop = ule_told_by_disputed(&person->disputed, telling) ||
                    (pair->heard != NULL && ule_told_by_disputed(&pair->heard->disputed, telling));
        if (ule_told_by_request(telling)) {
            drop |= !telling->standing;
            for (size_t k = 0; k < pair->out.count; k++)
                drop |= !ule_told_by_request(&pair->out.items[k]) && first_of(&pair->out.items[k], telling) <= 0;
            for (size_t k = 0; k < pair->back.count; k++)
                drop |= !ule_told_by_request(&pair->back.items[k]) && first_of(&pair->back.items[k], telling) <= 0;
        }
        if (!drop)
            *ULE_PUSH(person->arena, &kept) = *telling;
    }
    *tellings = kept;
}

const char *ule_told_current(const struct ule_person_changed *record) {
    switch (record->status) {
    case ULE_CPR_STATUS_ANNULLED:
    case ULE_CPR_STATUS_DELETED_DUPLICATE:
    case ULE_CPR_STATUS_NUMBER_CHANGED: return record->current_number;
    default: return NULL;
    }
}

const char *ule_told_cpr_current(const struct ule_person *person) {
    return person->newest != NULL ? ule_told_current(person->newest) : NULL;
}

/* That number went on to `target`, and not by way of this one: what follows from where this number went cannot say
 * where it goes, or it would go there, the way would break, and it would go back, for ever. */
static bool leads_to(const struct ule_pair *pair, const char *self, const char *target) {
    for (size_t i = 0; i < pair->heard->chain.count && strcmp(pair->heard->chain.items[i], self) != 0; i++)
        if (strcmp(pair->heard->chain.items[i], target) == 0)
            return true;
    return false;
}

/* Where CPR says this number went: its own record's current number, or, where it has no such record, the number whose
 * record calls it a former one; of two that disagree the newer is right. A number further down a chain is meant by the
 * link that is there: pair by pair. */
static struct ule_pair *cpr_target(struct ule_person *person) {
    const char *current = ule_told_cpr_current(person);
    int64_t at = person->newest ? person->newest->changed_at : INT64_MIN;
    int64_t sequence = person->newest ? person->newest->sequence : 0;
    struct ule_pair *target = current != NULL ? ule_renumber_pair(person, current) : NULL;
    for (size_t i = 0; i < person->pairs.count; i++) {
        struct ule_pair *pair = &person->pairs.items[i];
        if (pair->heard == NULL || pair->heard->former_at == ULE_TIME_NONE)
            continue;
        if (ule_stamp_compare(pair->heard->former_at, pair->heard->former_sequence, "", at, sequence, "") > 0) {
            target = pair;
            at = pair->heard->former_at;
            sequence = pair->heard->former_sequence;
        }
    }
    for (size_t i = 0; target != NULL && !person->state->ring && i < person->pairs.count; i++) {
        struct ule_pair *pair = &person->pairs.items[i];
        bool linked = pair->heard != NULL && pair->heard->former_at != ULE_TIME_NONE;
        for (size_t k = 0; k < person->state->outgoing.count; k++)
            linked |= person->state->outgoing.items[k].completed &&
                      strcmp(person->state->outgoing.items[k].to_number, pair->number) == 0;
        if (linked && pair->heard != NULL && leads_to(pair, person->derive->entity, target->number))
            return pair;
    }
    return target;
}

const struct ule_telling *ule_told_first(const struct ule_telling_array *tellings, bool implicit_too) {
    const struct ule_telling *found = NULL;
    for (size_t i = 0; i < tellings->count; i++)
        if ((implicit_too || tellings->items[i].explicit) &&
            (found == NULL || first_of(&tellings->items[i], found) < 0))
            found = &tellings->items[i];
    return found;
}

const struct ule_telling *ule_told_last(const struct ule_telling_array *tellings, bool implicit_too) {
    const struct ule_telling *found = NULL;
    for (size_t i = 0; i < tellings->count; i++)
        if ((implicit_too || tellings->items[i].explicit) && (found == NULL || last_of(&tellings->items[i], found) > 0))
            found = &tellings->items[i];
    return found;
}

struct ule_outgoing *ule_renumber_memory(struct ule_person *person, const char *to) {
    for (size_t i = 0; i < person->state->outgoing.count; i++)
        if (strcmp(person->state->outgoing.items[i].to_number, to) == 0)
            return &person->state->outgoing.items[i];
    return NULL;
}

/* The first direction that a pair was told in is the swap; the other one undoes it; the first, told once more, is
 * judged anew. An implicit telling from a number that CPR knows has corrected a typing error and moves nothing; it
 * still undoes. */
static bool told_by_others(struct ule_person *person, const struct ule_pair *pair) {
    bool they_count = pair->heard != NULL && pair->heard->counted;
    const struct ule_telling *out = ule_told_first(&pair->out, !person->state->counted);
    const struct ule_telling *back = ule_told_first(&pair->back, !they_count);
    if (out == NULL)
        return false;
    if (back != NULL) {
        int order = first_of(out, back);
        if (order > 0 || (order == 0 && strcmp(person->derive->entity, pair->number) > 0))
            return false;
    }
    const struct ule_telling *against = ule_told_last(&pair->back, true),
                             *again = ule_told_last(&pair->out, !person->state->counted);
    if (against != NULL && last_of(again, against) <= 0)
        return false;
    const struct ule_outgoing *memory = ule_renumber_memory(person, pair->number);
    return memory == NULL || !memory->reversed ||
           ule_stamp_compare(again->last_at, again->last_sequence, "", memory->reversed_at, memory->reversed_sequence,
                             "") > 0;
}

/* The same seen from the other side: what was told from that number to this one has been taken back. F hears it too and
 * will say so; until then R publishes nothing of what it borrowed. */
bool ule_told_taken_back(const struct ule_pair *pair) {
    const struct ule_telling *against = ule_told_last(&pair->out, true), *told = ule_told_last(&pair->back, true);
    return against != NULL && told != NULL && last_of(against, told) >= 0;
}

/* An alien id becomes the number that a permit carries with it, of two permits the newest; else a record's. */
static const char *alias_of(struct ule_person *person) {
    const struct ule_residence_permit_changed *newest = NULL;
    const char *alias = NULL;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_tell *tell = person->voices.items[i].tell;
        if (tell->permit != NULL && tell->permit->permit.number != NULL &&
            (newest == NULL || ule_stamp_compare(tell->permit->permit.changed_at, tell->permit->permit.sequence,
                                                 tell->permit->permit.event_id, newest->changed_at, newest->sequence,
                                                 newest->event_id) > 0))
            newest = &tell->permit->permit;
        if (tell->local != NULL && tell->local->alias != NULL && alias == NULL)
            alias = tell->local->alias; /* heard is in the order of (institution, local id) */
    }
    return newest != NULL ? newest->number : alias;
}

void ule_renumber_collect(struct ule_person *person) {
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_tell *tell = person->voices.items[i].tell;
        if (tell->pair == NULL)
            continue;
        ule_renumber_pair(person, person->voices.items[i].sender)->heard = tell->pair;
    }
    ule_ring_derive(person);
    remember_requests(person);
    for (size_t i = 0; i < person->state->outgoing.count; i++)
        ule_renumber_pair(person, person->state->outgoing.items[i].to_number);
    if (person->number == NULL) {
        const char *alias = alias_of(person);
        if (alias != NULL)
            ule_renumber_pair(person, alias)->cpr_out = true;
    }
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_tell *tell = person->voices.items[i].tell;
        for (size_t k = 0; tell->local != NULL && k < tell->local->tellings.count; k++)
            collect_telling(person, &tell->local->tellings.items[k]);
        for (size_t k = 0; tell->permit != NULL && k < tell->permit->tellings.count; k++)
            collect_telling(person, &tell->permit->tellings.items[k]);
    }
    for (size_t i = 0; i < person->state->tellings.count; i++)
        collect_telling(person, &person->state->tellings.items[i]);
    if (person->number != NULL && person->kept != NULL)
        for (size_t i = 0; i < person->kept->former_numbers.count; i++)
            ule_renumber_pair(person, person->kept->former_numbers.items[i])->wanted = true;
    struct ule_pair *target = person->number != NULL ? cpr_target(person) : NULL;
    if (target != NULL)
        target->cpr_out = true;

    for (size_t i = 0; i < person->pairs.count; i++) {
        struct ule_pair *pair = &person->pairs.items[i];
        pair->wanted |= pair->out.count > 0 || pair->back.count > 0;
        sift(person, pair, &pair->out);
        sift(person, pair, &pair->back);
        bool they_say = pair->heard != NULL && pair->heard->cpr_to != NULL &&
                        strcmp(pair->heard->cpr_to, person->derive->entity) == 0;
        pair->in_force = pair->cpr_out || (target == NULL && !they_say && told_by_others(person, pair));
        pair->wanted |= pair->cpr_out || (pair->heard != NULL &&
                                          (they_say || pair->heard->loan != NULL || pair->heard->tellings.count > 0 ||
                                           pair->heard->former_at != ULE_TIME_NONE));
    }
}
