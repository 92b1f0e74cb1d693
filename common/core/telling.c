/* SPDX-License-Identifier: MIT */
#include "core/derive.h"

#include <string.h>

int ule_stamp_compare(int64_t at, int64_t sequence, const char *event_id, int64_t other_at, int64_t other_sequence,
                      const char *other_event_id) {
    if (at != other_at)
        return at < other_at ? -1 : 1;
    if (sequence != other_sequence)
        return sequence < other_sequence ? -1 : 1;
    return strcmp(event_id, other_event_id);
}

/* A repeat only moves the last time. What was said in so many words is another telling than what follows from a number
 * that a record now carries: the one counts where the other does not, and each has its own times. */
void ule_telling_add(struct ule_derive *derive, struct ule_telling_array *tellings, const struct ule_telling *telling) {
    for (size_t i = 0; i < tellings->count; i++) {
        struct ule_telling *known = &tellings->items[i];
        if (strcmp(known->from_number, telling->from_number) != 0 ||
            strcmp(known->to_number, telling->to_number) != 0 || known->contact != telling->contact ||
            known->explicit != telling->explicit || strcmp(known->source, telling->source) != 0)
            continue;
        if (ule_stamp_compare(telling->last_at, telling->last_sequence, "", known->last_at, known->last_sequence, "") >
            0) {
            known->last_at = telling->last_at;
            known->last_sequence = telling->last_sequence;
        }
        if (ule_stamp_compare(telling->first_at, telling->first_sequence, "", known->first_at, known->first_sequence,
                              "") < 0) {
            known->first_at = telling->first_at;
            known->first_sequence = telling->first_sequence;
        }
        known->standing |= telling->standing;
        if (known->case_number == NULL)
            known->case_number = telling->case_number;
        return;
    }
    *ULE_PUSH(derive->arena, tellings) = *telling;
}

void ule_telling_select(struct ule_arena *arena, const struct ule_telling_array *tellings, const char *number,
                        struct ule_telling_array *out) {
    for (size_t i = 0; i < tellings->count; i++)
        if (strcmp(tellings->items[i].from_number, number) == 0 || strcmp(tellings->items[i].to_number, number) == 0)
            *ULE_PUSH(arena, out) = tellings->items[i];
}
