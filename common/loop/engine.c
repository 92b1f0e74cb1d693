/* SPDX-License-Identifier: MIT */
#include "loop/engine.h"

#include "loop/queue.h"
#include "loop/state.h"
#include "loop/stepper.h"

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
    struct ule_engine_sink sink;
    struct ule_stepper *stepper;
    struct ule_queue queue;
    struct ule_buffer message;
    struct due *due;
    uint64_t sources;
    int32_t today; /* as the entities see it */
    int32_t done;  /* the last day whose Tick is done: a day less than today while one goes on */
    bool queue_stored;
};

static const char queue_name[] = "engine.queue"; /* of the first store's meta: the day, and the tells */

static enum ule_code queue_tell(void *context, const struct ule_inbox_message *tell, struct ule_error *error) {
    struct ule_engine *engine = context;
    (void)error;
    ule_queue_push(&engine->queue, tell);
    return ULE_OK;
}

static enum ule_code publish(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    const struct ule_engine *engine = context;
    return engine->sink.output(engine->sink.context, output, at, error);
}

struct ule_engine *ule_engine_new(struct ule_store *const *stores, unsigned partitions, const struct ule_policy *policy,
                                  const struct ule_engine_sink *sink) {
    struct ule_engine *engine = calloc(1, sizeof *engine);
    struct due *due = calloc(partitions, sizeof *due);
    if (!engine || !due)
        abort();
    engine->stores = stores;
    engine->partitions = partitions;
    engine->sink = *sink;
    const struct ule_stepper_sink steps = {.context = engine, .output = publish, .tell = queue_tell};
    engine->stepper = ule_stepper_new(policy, &steps);
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
    ule_buffer_close(&engine->message);
    ule_queue_close(&engine->queue);
    ule_stepper_free(engine->stepper);
    free(engine);
}

void ule_engine_shuffle(struct ule_engine *engine, uint64_t seed) {
    ule_queue_shuffle(&engine->queue, seed);
}

/* After a message to a partition. */
static enum ule_code pause_perhaps(struct ule_engine *engine, unsigned partition, struct ule_error *error) {
    const struct ule_engine_sink *sink = &engine->sink;
    if (!sink->pause || ule_store_pending(engine->stores[partition]) < sink->pause_at)
        return ULE_OK;
    return sink->pause(sink->context, error);
}

static enum ule_code drain(struct ule_engine *engine, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    uint32_t receiver;
    ule_buffer_clear(&engine->message);
    while (code == ULE_OK && ule_queue_pop(&engine->queue, &engine->message, &receiver)) {
        unsigned partition = ule_partition_of(receiver, engine->partitions);
        bool stored = false;
        code = ule_stepper_take_bytes(engine->stepper, engine->stores[partition], engine->today, engine->message.bytes,
                                      engine->message.size, &stored, error);
        engine->due[partition].known &= !stored;
        ule_buffer_clear(&engine->message);
        if (code == ULE_OK)
            code = pause_perhaps(engine, partition, error);
    }
    return code;
}

enum ule_code ule_engine_apply(struct ule_engine *engine, const struct ule_inbox_message *message,
                               struct ule_error *error) {
    unsigned partition = ule_state_partition(message->entity, engine->partitions);
    bool stored = false;
    engine->sources++;
    enum ule_code code = ule_stepper_take(engine->stepper, engine->stores[partition], engine->today, message, &stored,
                                          error);
    engine->due[partition].known &= !stored;
    if (code == ULE_OK)
        code = pause_perhaps(engine, partition, error);
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

static enum ule_code tick_day(struct ule_engine *engine, struct ule_error *error) {
    for (unsigned next; (next = due_next(engine, engine->today)) < engine->partitions;) {
        struct due *due = &engine->due[next];
        due->known = false;
        enum ule_code code = ule_stepper_tick(engine->stepper, engine->stores[next], engine->today,
                                              (char *)due->entity.bytes, NULL, error);
        if (code == ULE_OK)
            code = pause_perhaps(engine, next, error);
        if (code == ULE_OK)
            code = drain(engine, error);
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

/* The tells that the record or Tick at hand has still to deliver, and the day on which. */
static void store_queue(struct ule_engine *engine) {
    struct ule_buffer bytes = {0};
    bool any = engine->queue.head < engine->queue.count;
    if (any) {
        ule_buffer_append(&bytes, &engine->today, sizeof engine->today);
        ule_queue_save(&engine->queue, &bytes);
    }
    if (any || engine->queue_stored)
        ule_store_meta_put(engine->stores[0], queue_name, bytes.bytes, bytes.size);
    engine->queue_stored = any;
    ule_buffer_close(&bytes);
}

enum ule_code ule_engine_resume(struct ule_engine *engine, struct ule_error *error) {
    struct ule_buffer bytes = {0};
    enum ule_code code = ULE_OK;
    engine->queue_stored = ule_store_meta_get(engine->stores[0], queue_name, &bytes) && bytes.size > 0;
    if (engine->queue_stored) {
        size_t size = sizeof engine->today;
        if (bytes.size >= size)
            memcpy(&engine->today, bytes.bytes, size);
        if (bytes.size < size || !ule_queue_load(&engine->queue, bytes.bytes + size, bytes.size - size))
            code = ule_fail(error, ULE_STATE, "%s: damaged", queue_name);
    }
    ule_buffer_close(&bytes);
    if (code == ULE_OK)
        code = drain(engine, error);
    engine->today = engine->done;
    return code;
}

enum ule_code ule_engine_commit(struct ule_engine *engine, struct ule_error *error) {
    store_queue(engine);
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
    const struct ule_stepper_counts *stepped = ule_stepper_counts(engine->stepper);
    counts->sources = engine->sources;
    counts->messages = stepped->messages;
    counts->outputs = stepped->outputs;
    memcpy(counts->notes, stepped->notes, sizeof counts->notes);
}
