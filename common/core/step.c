/* SPDX-License-Identifier: MIT */
#include "core/step.h"

#include "base/uuid.h"
#include "core/derive.h"

#include <string.h>

const char *const ule_note_names[ULE_NOTE_COUNT] = {"stale", "request-ignored", "subscription-alarm", "ring",
                                                    "cut-short"};

void *ule_derive_new(struct ule_derive *derive, const struct ule_record *record) {
    void *value = ule_arena_alloc(derive->arena, record->size);
    ule_record_init(record, value, derive->arena);
    return value;
}

void ule_derive_due(struct ule_derive *derive, int32_t date) {
    if (date != ULE_DATE_NONE && date > derive->today && (derive->due == ULE_DATE_NONE || date < derive->due))
        derive->due = date;
}

bool ule_derive_within(struct ule_derive *derive, int32_t from, int32_t until) {
    ule_derive_due(derive, from);
    ule_derive_due(derive, until);
    return ule_date_within(derive->today, from, until);
}

const char *ule_derive_person_key(struct ule_derive *derive) {
    if (derive->state->person_key == NULL) {
        char key[ULE_UUID_SIZE];
        ule_policy_person_key(derive->policy, derive->entity, key);
        derive->state->person_key = ule_arena_string(derive->arena, key);
    }
    return derive->state->person_key;
}

struct kind {
    const char *prefix;
    bool hears_itself; /* its take wants the tell before and after */
    bool (*take)(struct ule_derive *derive);
    void (*derive)(struct ule_derive *derive);
};
/* The last is every other address: a person. */
static const struct kind kinds[] = {
    {"credential:", false, ule_credential_take, ule_credential_derive},
    {"permit:", false, ule_permit_take, ule_permit_derive},
    {"local:", false, ule_local_take, ule_local_derive},
    {"institution:", true, ule_institution_take, ule_institution_derive},
    {"", false, ule_person_take, ule_person_derive},
};

static bool is_held(const struct ule_person_state *state, const char *event_id) {
    const char *own[] = {
        state->person ? state->person->event_id : NULL,         state->facts ? state->facts->event_id : NULL,
        state->permit ? state->permit->event_id : NULL,         state->local ? state->local->event_id : NULL,
        state->credential ? state->credential->event_id : NULL, state->active ? state->active->event_id : NULL,
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i] != NULL && strcmp(own[i], event_id) == 0)
            return true;
    for (size_t i = 0; i < state->requests.count; i++)
        if (strcmp(state->requests.items[i].event_id, event_id) == 0)
            return true;
    return false;
}

/* Where each source record that is held came from, for those who have to answer for a decision. */
static void keep_origin(struct ule_derive *derive) {
    const struct ule_inbox_message *message = derive->message;
    struct ule_origin_array *origins = &derive->state->origins;
    if (message->sender[0] != '\0' || message->tick != ULE_DATE_NONE)
        return;
    struct ule_origin *origin = NULL;
    for (size_t i = 0; i < origins->count && origin == NULL; i++)
        if (strcmp(origins->items[i].event_id, message->caused_by.event_id) == 0)
            origin = &origins->items[i];
    if (origin == NULL)
        origin = ULE_PUSH(derive->arena, origins);
    origin->event_id = message->caused_by.event_id;
    origin->topic = message->caused_by.topic;
    origin->partition = message->caused_by.partition;
    origin->offset = message->caused_by.offset;
    origin->at = message->at;
    size_t kept = 0;
    for (size_t i = 0; i < origins->count; i++)
        if (is_held(derive->state, origins->items[i].event_id))
            origins->items[kept++] = origins->items[i];
    origins->count = kept;
}

void ule_step(const char *entity, struct ule_person_state *state, const struct ule_inbox_message *message,
              int32_t today, const struct ule_policy *policy, struct ule_arena *arena, struct ule_effects *effects) {
    *effects = (struct ule_effects){0};
    const struct kind *kind = kinds;
    while (strncmp(entity, kind->prefix, strlen(kind->prefix)) != 0)
        kind++;
    struct ule_derive derive = {
        .entity = entity,
        .state = state,
        .message = message,
        .today = today,
        .policy = policy,
        .arena = arena,
        .due = ULE_DATE_NONE,
        .notes = effects->notes,
    };
    if (message->sender[0] != '\0' && !kind->hears_itself)
        ule_tell_hear(&derive);
    if (!kind->take(&derive)) {
        effects->notes[ULE_NOTE_STALE]++;
        return;
    }
    keep_origin(&derive);
    int64_t before = state->version, version = before > message->version ? before : message->version;
    state->version = version + 1 > message->at ? version + 1 : message->at;
    /* Why a root comes to its end: a tell is one hop further from it than what caused it, a step tells each entity once
     * at the most, and from here on nothing is told. What was heard is looked at again on the next day. */
    if (message->hops >= ULE_HOPS_MAX) {
        effects->notes[ULE_NOTE_CUT_SHORT]++;
        if (state->due == ULE_DATE_NONE || state->due > today + 1)
            state->due = today + 1;
        return;
    }
    kind->derive(&derive);
    ule_publish(&derive, effects);
    ule_tell_send(&derive, effects);
    state->due = derive.due;
    /* The clock orders what is said and what was heard: where neither happened it stands, and a Tick that changes
     * nothing leaves the very same state. */
    if (effects->tells_count == 0 && effects->outputs_count == 0 && message->version <= before)
        state->version = before;
}
