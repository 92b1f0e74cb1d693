/* SPDX-License-Identifier: MIT */
/* Numbers that are said to have been replaced by each other, round about, tell each other without end. Most rings are
 * seen in the path of a loan (loan.c); one whose links change while the path goes round is not. Its tells lie further
 * and further from their root, so that is what betrays it: the number that they have reached completes no swap to it
 * from then on (CONFLICT, reason CHAIN), and the others of the ring are a chain that ends before it. */
#include "core/person.h"

#include <string.h>

static bool is_lent_to(const struct ule_person *person) {
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_pair_tell *heard = person->pairs.items[i].heard;
        if (heard != NULL && heard->loan != NULL && !heard->loan->alias)
            return true;
    }
    return false;
}

/* A record or request about this number, or of who tells of its swaps: the ring may be none any more. */
static bool is_news(struct ule_person *person) {
    const struct ule_inbox_message *message = person->derive->message;
    if (message->hops == 0)
        return message->person != NULL || message->request != NULL;
    if (message->hops > 1 || strcmp(message->caused_by.topic, "tick") == 0)
        return false;
    const struct ule_voice *voice = ule_person_voice(person, message->sender);
    return voice == NULL || voice->tell->local != NULL || voice->tell->permit != NULL || voice->tell->pair != NULL;
}

void ule_ring_derive(struct ule_person *person) {
    int32_t hops = person->derive->message->hops;
    person->state->ring &= !is_news(person);
    if (hops == 0 || hops % ULE_HOPS_RING != 0 || person->state->ring || !is_lent_to(person))
        return;
    person->state->ring = true;
    person->derive->notes[ULE_NOTE_RING]++;
}
