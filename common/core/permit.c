/* SPDX-License-Identifier: MIT */
/* The entity permit:<id>: the newest ResidencePermitChanged. It counts for the number it names, without one for the
 * alien id; the alien id hears of both, since the permit says which number it has become (domain.md section 2); and the
 * number that it replaces hears that (section 6). */
#include "core/derive.h"

#include <string.h>

bool ule_permit_take(struct ule_derive *derive) {
    const struct ule_residence_permit_changed *now = derive->message->permit, *before = derive->state->permit;
    if (now == NULL)
        return true;
    if (before != NULL && ule_stamp_compare(now->changed_at, now->sequence, now->event_id, before->changed_at,
                                            before->sequence, before->event_id) <= 0)
        return false;
    derive->state->permit = derive->message->permit;
    if (now->number != NULL && now->replaces_number != NULL && strcmp(now->number, now->replaces_number) != 0) {
        struct ule_telling telling = {
            .from_number = now->replaces_number,
            .to_number = now->number,
            .trigger = ULE_TRIGGER_PERMIT,
            .explicit = true,
            .first_at = now->changed_at,
            .first_sequence = now->sequence,
            .last_at = now->changed_at,
            .last_sequence = now->sequence,
            .source = derive->entity,
        };
        ule_telling_add(derive, &derive->state->tellings, &telling);
    }
    return true;
}

static struct ule_permit_tell *permit_tell(struct ule_derive *derive, const char *receiver) {
    struct ule_tell *tell = ule_derive_tell(derive, receiver);
    if (tell->permit == NULL) {
        tell->permit = ule_derive_new(derive, &ule_permit_tell_record);
        tell->permit->permit = *derive->state->permit;
        ule_telling_select(derive->arena, &derive->state->tellings, receiver, &tell->permit->tellings);
    }
    return tell->permit;
}

void ule_permit_derive(struct ule_derive *derive) {
    const struct ule_residence_permit_changed *permit = derive->state->permit;
    if (permit == NULL)
        return;
    if (permit->number != NULL)
        permit_tell(derive, permit->number)->counts = true;
    if (permit->alien_number != NULL)
        permit_tell(derive, ule_arena_printf(derive->arena, "alien:%s", permit->alien_number))
            ->counts = permit->number == NULL;
    const struct ule_telling_array *tellings = &derive->state->tellings;
    for (size_t i = 0; i < tellings->count; i++) {
        permit_tell(derive, tellings->items[i].from_number);
        permit_tell(derive, tellings->items[i].to_number);
    }
}
