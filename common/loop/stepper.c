/* SPDX-License-Identifier: MIT */
#include "loop/stepper.h"

#include <stdlib.h>
#include <string.h>

struct ule_stepper {
    const struct ule_policy *policy;
    struct ule_stepper_sink sink;
    struct ule_arena *arena;
    struct ule_state_codec *codec;
    struct ule_buffer stored, state, slot;
    struct ule_stepper_counts counts;
    struct ule_census *census; /* NULL: nobody wants to know */
    struct ule_stepper_limits limits;
};

struct ule_stepper *ule_stepper_new(const struct ule_policy *policy, const struct ule_stepper_sink *sink) {
    struct ule_stepper *stepper = calloc(1, sizeof *stepper);
    if (!stepper)
        abort();
    stepper->policy = policy;
    stepper->sink = *sink;
    stepper->arena = ule_arena_new();
    stepper->codec = ule_state_codec_new();
    return stepper;
}

void ule_stepper_free(struct ule_stepper *stepper) {
    if (!stepper)
        return;
    ule_buffer_close(&stepper->stored);
    ule_buffer_close(&stepper->state);
    ule_buffer_close(&stepper->slot);
    ule_state_codec_free(stepper->codec);
    ule_arena_free(stepper->arena);
    free(stepper);
}

void ule_stepper_count_in(struct ule_stepper *stepper, struct ule_census *census) {
    stepper->census = census;
}

void ule_stepper_limit(struct ule_stepper *stepper, const struct ule_stepper_limits *limits) {
    stepper->limits = *limits;
}

/* The record that holds what `sender` told an entity that hears thousands. No id has a control character in it. */
static const char *slot_name(struct ule_stepper *stepper, const struct ule_inbox_message *message) {
    return ule_arena_printf(stepper->arena, "%s%c%s", message->entity, ULE_SLOT_SEPARATOR, message->sender);
}

static enum ule_code load_slot(struct ule_stepper *stepper, struct ule_store *store,
                               const struct ule_inbox_message *message, struct ule_person_state *state,
                               struct ule_error *error) {
    if (message->sender[0] == '\0')
        return ULE_OK;
    struct ule_person_state slot;
    enum ule_code code = ule_state_read(stepper->codec, store, slot_name(stepper, message), stepper->arena,
                                        &stepper->slot, &slot, NULL, error);
    if (code == ULE_OK)
        state->heard = slot.heard;
    return code;
}

/* Out of the state, into a record of its own. */
static void split_slot(struct ule_stepper *stepper, struct ule_person_state *state, struct ule_person_state *slot) {
    ule_record_init(&ule_person_state_record, slot, stepper->arena);
    slot->heard = state->heard;
    state->heard.count = 0;
}

static void save_slot(struct ule_stepper *stepper, struct ule_store *store, const struct ule_inbox_message *message,
                      const struct ule_person_state *slot) {
    if (slot->heard.count == 0) {
        ule_store_delete(store, slot_name(stepper, message));
        return;
    }
    ule_state_write(stepper->codec, slot, &stepper->slot);
    ule_store_put(store, slot_name(stepper, message), stepper->slot.bytes, stepper->slot.size, ULE_DATE_NONE);
}

/* False when nothing has changed: a repeat, or a tell that changes nothing; most of a sweep is of this kind. */
static bool save(struct ule_stepper *stepper, struct ule_store *store, const char *entity,
                 const struct ule_person_state *state) {
    if (stepper->stored.size == stepper->state.size &&
        memcmp(stepper->stored.bytes, stepper->state.bytes, stepper->state.size) == 0)
        return false;
    ule_store_put(store, entity, stepper->state.bytes, stepper->state.size, state->due);
    return true;
}

/* What an entity has published is part of its state, so few states have to be looked at closely. */
static enum ule_code check_size(struct ule_stepper *stepper, const struct ule_effects *effects,
                                struct ule_error *error) {
    const struct ule_stepper_limits *limits = &stepper->limits;
    if (limits->state && stepper->state.size > limits->state)
        return ule_fail(error, ULE_TOO_LARGE, "with it the state of this entity would be larger than %zu bytes",
                        limits->state);
    if (!limits->output || stepper->state.size <= limits->output)
        return ULE_OK;
    for (size_t i = 0; i < effects->outputs_count; i++) {
        if (limits->output_size(stepper->sink.context, &effects->outputs[i]) > limits->output)
            return ule_fail(error, ULE_TOO_LARGE, "with it an output of this entity would be larger than %zu bytes",
                            limits->output);
    }
    return ULE_OK;
}

static enum ule_code hand_on(struct ule_stepper *stepper, const struct ule_effects *effects, int64_t at,
                             struct ule_error *error) {
    const struct ule_stepper_sink *sink = &stepper->sink;
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < effects->tells_count && code == ULE_OK; i++)
        code = sink->tell(sink->context, &effects->tells[i], error);
    for (size_t i = 0; i < effects->outputs_count && code == ULE_OK; i++)
        code = sink->output(sink->context, &effects->outputs[i], at, error);
    stepper->counts.messages++;
    stepper->counts.outputs += effects->outputs_count;
    for (size_t i = 0; i < ULE_NOTE_COUNT; i++)
        stepper->counts.notes[i] += effects->notes[i];
    return code;
}

static enum ule_code take(struct ule_stepper *stepper, struct ule_store *store, int32_t today,
                          const struct ule_inbox_message *message, bool *stored, struct ule_error *error) {
    struct ule_person_state state;
    struct ule_effects effects = {0};
    bool apart = ule_step_hears_apart(message->entity);
    enum ule_code code = ule_state_read(stepper->codec, store, message->entity, stepper->arena, &stepper->stored,
                                        &state, NULL, error);
    if (code == ULE_OK && apart)
        code = load_slot(stepper, store, message, &state, error);
    if (code != ULE_OK)
        return code;
    struct ule_published_array before = {0};
    if (stepper->census)
        before = ule_census_keep(&state.published, stepper->arena);
    ule_step(message->entity, &state, message, today, stepper->policy, stepper->arena, &effects);
    /* An entity that is still due after its Tick would be given it for ever. */
    if (message->tick != ULE_DATE_NONE && state.due != ULE_DATE_NONE && state.due <= today)
        return ule_fail(error, ULE_STATE, "an entity is still due after its tick");
    struct ule_person_state slot;
    bool slotted = apart && message->sender[0] != '\0';
    if (slotted)
        split_slot(stepper, &state, &slot);
    ule_state_write(stepper->codec, &state, &stepper->state);
    if (message->tick == ULE_DATE_NONE)
        code = check_size(stepper, &effects, error);
    if (code != ULE_OK)
        return code;
    if (slotted)
        save_slot(stepper, store, message, &slot);
    bool changed = save(stepper, store, message->entity, &state);
    if (changed && stepper->census)
        ule_census_change(stepper->census, &before, &state.published, stepper->arena);
    if (stored)
        *stored = changed;
    return hand_on(stepper, &effects, message->at, error);
}

enum ule_code ule_stepper_take(struct ule_stepper *stepper, struct ule_store *store, int32_t today,
                               const struct ule_inbox_message *message, bool *stored, struct ule_error *error) {
    ule_arena_reset(stepper->arena);
    return take(stepper, store, today, message, stored, error);
}

enum ule_code ule_stepper_take_bytes(struct ule_stepper *stepper, struct ule_store *store, int32_t today,
                                     const void *bytes, size_t size, bool *stored, struct ule_error *error) {
    struct ule_inbox_message message;
    ule_arena_reset(stepper->arena);
    enum ule_code code = ule_record_decode(&ule_inbox_message_record, bytes, size, stepper->arena, &message, error);
    return code == ULE_OK ? take(stepper, store, today, &message, stored, error) : code;
}

void ule_tick_message(int32_t date, const char *entity, struct ule_arena *arena, struct ule_inbox_message *tick) {
    ule_record_init(&ule_inbox_message_record, tick, arena);
    tick->entity = ule_arena_string(arena, entity);
    tick->sender = "";
    tick->at = ule_time_of_date(date);
    tick->tick = date;
    tick->caused_by.topic = "tick";
    tick->caused_by.partition = 0;
    tick->caused_by.offset = date;
    tick->caused_by.event_id = "";
}

enum ule_code ule_stepper_tick(struct ule_stepper *stepper, struct ule_store *store, int32_t today, const char *entity,
                               bool *stored, struct ule_error *error) {
    struct ule_inbox_message tick;
    ule_arena_reset(stepper->arena);
    ule_tick_message(today, entity, stepper->arena, &tick);
    return take(stepper, store, today, &tick, stored, error);
}

enum ule_code ule_stepper_tick_to(struct ule_stepper *stepper, struct ule_store *store, int32_t date, int32_t most,
                                  const struct ule_tick_watch *watch, int32_t *today, struct ule_error *error) {
    struct ule_buffer entity = {0};
    enum ule_code code = ULE_OK;
    while (code == ULE_OK && *today < date && most > 0) {
        int32_t due;
        bool aside = false;
        if (!ule_store_due_first(store, *today + 1, &entity, &due)) {
            ++*today;
            continue;
        }
        const char *name = (const char *)entity.bytes;
        if (watch)
            code = watch->before(watch->context, name, *today + 1, &aside, error);
        if (code == ULE_OK && !aside)
            code = ule_stepper_tick(stepper, store, *today + 1, name, NULL, error);
        if (watch && !aside)
            watch->after(watch->context);
        most = aside ? 0 : most - 1;
    }
    ule_buffer_close(&entity);
    return code;
}

const struct ule_stepper_counts *ule_stepper_counts(const struct ule_stepper *stepper) {
    return &stepper->counts;
}
