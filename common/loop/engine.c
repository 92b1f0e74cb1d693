/* SPDX-License-Identifier: MIT */
#include "loop/engine.h"

#include "loop/queue.h"
#include "loop/state.h"

#include <stdlib.h>
#include <string.h>

/* Which entity of a partition is due first. Asking a store costs a search; it is asked again only after a put. */
struct due {
    bool known, any;
    int32_t date;
    struct ule_buffer entity;
};

struct ule_engine {
    struct ule_store *const *stores;
    unsigned partitions;
    const struct ule_policy *policy;
    struct ule_engine_sink sink;
    struct ule_arena *arena;
    struct ule_state_codec *codec;
    struct ule_queue queue;
    struct ule_buffer stored, state, message, slot;
    struct due *due;
    struct ule_engine_counts counts;
    int32_t today; /* as the entities see it */
    int32_t done;  /* the last day whose Tick is done: a day less than today while one goes on */
};

struct ule_engine *ule_engine_new(struct ule_store *const *stores, unsigned partitions, const struct ule_policy *policy,
                                  const struct ule_engine_sink *sink) {
    struct ule_engine *engine = calloc(1, sizeof *engine);
    struct due *due = calloc(partitions, sizeof *due);
    if (!engine || !due)
        abort();
    engine->stores = stores;
    engine->partitions = partitions;
    engine->policy = policy;
    engine->sink = *sink;
    engine->arena = ule_arena_new();
    engine->codec = ule_state_codec_new();
    engine->due = due;
    engine->today = ule_state_today(stores[0]);
    engine->done = engine->today;
    return engine;
}

void ule_engine_free(struct ule_engine *engine) {
    if (!engine)
        return;
    for (unsigned i = 0; i < engine->partitions; i++)
        ule_buffer_close(&engine->due[i].entity);
    free(engine->due);
    ule_buffer_close(&engine->stored);
    ule_buffer_close(&engine->state);
    ule_buffer_close(&engine->message);
    ule_buffer_close(&engine->slot);
    ule_queue_close(&engine->queue);
    ule_state_codec_free(engine->codec);
    ule_arena_free(engine->arena);
    free(engine);
}

void ule_engine_shuffle(struct ule_engine *engine, uint64_t seed) {
    ule_queue_shuffle(&engine->queue, seed);
}

/* The record that holds what `sender` told an entity that hears thousands. No id has a control character in it. */
static const char *slot_name(struct ule_engine *engine, const struct ule_inbox_message *message) {
    return ule_arena_printf(engine->arena, "%s%c%s", message->entity, ULE_SLOT_SEPARATOR, message->sender);
}

static enum ule_code load_slot(struct ule_engine *engine, struct ule_store *store,
                               const struct ule_inbox_message *message, struct ule_person_state *state,
                               struct ule_error *error) {
    if (message->sender[0] == '\0' || !ule_store_get(store, slot_name(engine, message), &engine->slot))
        return ULE_OK;
    state->heard.items = ule_arena_alloc(engine->arena, sizeof *state->heard.items);
    state->heard.count = 1;
    enum ule_code code = ule_record_decode(&ule_slot_record, engine->slot.bytes, engine->slot.size, engine->arena,
                                           state->heard.items, error);
    return code == ULE_OK ? ULE_OK : ule_fail(error, ULE_STATE, "a slot in the store cannot be read");
}

static void save_slot(struct ule_engine *engine, struct ule_store *store, const struct ule_inbox_message *message,
                      struct ule_person_state *state) {
    if (message->sender[0] == '\0')
        return;
    ule_buffer_clear(&engine->slot);
    if (state->heard.count == 0) {
        ule_store_delete(store, slot_name(engine, message));
        return;
    }
    ule_record_encode(&ule_slot_record, &state->heard.items[0], &engine->slot);
    ule_store_put(store, slot_name(engine, message), engine->slot.bytes, engine->slot.size, ULE_DATE_NONE);
    state->heard.count = 0;
}

static void save(struct ule_engine *engine, unsigned partition, const char *entity,
                 const struct ule_person_state *state) {
    ule_state_write(engine->codec, state, &engine->state);
    if (engine->stored.size == engine->state.size &&
        memcmp(engine->stored.bytes, engine->state.bytes, engine->state.size) == 0)
        return; /* a repeat, or a tell that changes nothing: most of a sweep is of this kind */
    ule_store_put(engine->stores[partition], entity, engine->state.bytes, engine->state.size, state->due);
    engine->due[partition].known = false;
}

static enum ule_code process(struct ule_engine *engine, const struct ule_inbox_message *message,
                             struct ule_error *error) {
    unsigned partition = ule_state_partition(message->entity, engine->partitions);
    struct ule_person_state state;
    struct ule_effects effects = {0};
    ule_buffer_clear(&engine->stored);
    struct ule_store *store = engine->stores[partition];
    bool apart = ule_step_hears_apart(message->entity);
    enum ule_code code = ule_state_read(engine->codec, store, message->entity, engine->arena, &engine->stored, &state,
                                        NULL, error);
    if (code == ULE_OK && apart)
        code = load_slot(engine, store, message, &state, error);
    if (code != ULE_OK)
        return code;
    ule_step(message->entity, &state, message, engine->today, engine->policy, engine->arena, &effects);
    /* An entity that is still due after its Tick would be given it for ever. */
    if (message->tick != ULE_DATE_NONE && state.due != ULE_DATE_NONE && state.due <= engine->today)
        return ule_fail(error, ULE_STATE, "an entity is still due after its tick");
    if (apart)
        save_slot(engine, store, message, &state);
    save(engine, partition, message->entity, &state);
    for (size_t i = 0; i < effects.tells_count; i++)
        ule_queue_push(&engine->queue, &effects.tells[i]);
    for (size_t i = 0; i < effects.outputs_count && code == ULE_OK; i++)
        code = engine->sink.output(engine->sink.context, &effects.outputs[i], message->at, error);
    engine->counts.messages++;
    engine->counts.outputs += effects.outputs_count;
    for (size_t i = 0; i < ULE_NOTE_COUNT; i++)
        engine->counts.notes[i] += effects.notes[i];
    return code;
}

static enum ule_code drain(struct ule_engine *engine, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    ule_buffer_clear(&engine->message);
    while (code == ULE_OK && ule_queue_pop(&engine->queue, &engine->message)) {
        struct ule_inbox_message tell;
        ule_arena_reset(engine->arena);
        code = ule_record_decode(&ule_inbox_message_record, engine->message.bytes, engine->message.size, engine->arena,
                                 &tell, error);
        if (code == ULE_OK)
            code = process(engine, &tell, error);
        ule_buffer_clear(&engine->message);
    }
    return code;
}

enum ule_code ule_engine_apply(struct ule_engine *engine, const struct ule_inbox_message *message,
                               struct ule_error *error) {
    ule_arena_reset(engine->arena);
    engine->counts.sources++;
    enum ule_code code = process(engine, message, error);
    return code == ULE_OK ? drain(engine, error) : code;
}

/* The partition whose first due entity comes first of all; `partitions` when nothing is due. */
static unsigned due_next(struct ule_engine *engine, int32_t date) {
    unsigned best = engine->partitions;
    for (unsigned i = 0; i < engine->partitions; i++) {
        struct due *due = &engine->due[i];
        if (!due->known) {
            due->any = ule_store_due_first(engine->stores[i], ULE_DATE_MAX, &due->entity, &due->date);
            due->known = true;
        }
        if (!due->any || due->date > date)
            continue;
        const struct due *first = best < engine->partitions ? &engine->due[best] : NULL;
        if (!first || due->date < first->date ||
            (due->date == first->date && strcmp((char *)due->entity.bytes, (char *)first->entity.bytes) < 0))
            best = i;
    }
    return best;
}

static enum ule_code tick_one(struct ule_engine *engine, const char *entity, struct ule_error *error) {
    struct ule_inbox_message tick;
    ule_arena_reset(engine->arena);
    ule_record_init(&ule_inbox_message_record, &tick, engine->arena);
    tick.entity = ule_arena_string(engine->arena, entity);
    tick.sender = "";
    tick.at = ule_time_of_date(engine->today);
    tick.tick = engine->today;
    tick.caused_by.topic = "tick";
    tick.caused_by.partition = 0;
    tick.caused_by.offset = engine->today;
    tick.caused_by.event_id = "";
    enum ule_code code = process(engine, &tick, error);
    return code == ULE_OK ? drain(engine, error) : code;
}

static enum ule_code tick_day(struct ule_engine *engine, struct ule_error *error) {
    for (unsigned next; (next = due_next(engine, engine->today)) < engine->partitions;) {
        struct due *due = &engine->due[next];
        due->known = false;
        enum ule_code code = tick_one(engine, (char *)due->entity.bytes, error);
        if (code == ULE_OK && engine->sink.pause)
            code = engine->sink.pause(engine->sink.context, error);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

enum ule_code ule_engine_tick(struct ule_engine *engine, int32_t date, struct ule_error *error) {
    if (engine->done == ULE_DATE_NONE)
        engine->today = engine->done = date;
    while (engine->done < date) {
        engine->today = engine->done + 1;
        enum ule_code code = tick_day(engine, error);
        if (code != ULE_OK)
            return code;
        engine->done = engine->today;
    }
    return ULE_OK;
}

int32_t ule_engine_today(const struct ule_engine *engine) {
    return engine->done;
}

enum ule_code ule_engine_commit(struct ule_engine *engine, struct ule_error *error) {
    if (engine->done != ULE_DATE_NONE)
        ule_state_set_today(engine->stores[0], engine->done);
    enum ule_code code = ULE_OK;
    for (unsigned i = 0; i < engine->partitions; i++) {
        enum ule_code one = ule_store_commit(engine->stores[i], code == ULE_OK ? error : NULL);
        code = code == ULE_OK ? one : code;
    }
    return code;
}

void ule_engine_counts(const struct ule_engine *engine, struct ule_engine_counts *counts) {
    *counts = engine->counts;
}
