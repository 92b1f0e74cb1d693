/* SPDX-License-Identifier: MIT */
/* A replay's engine: steps (loop/stepper.h) over the stores of all partitions, delivers the tells itself, and moves the
 * civil date. It knows neither Kafka nor files. */
#ifndef ULE_LOOP_ENGINE_H
#define ULE_LOOP_ENGINE_H

#include "core/step.h"
#include "loop/stepper.h"

struct ule_engine;

struct ule_engine_sink {
    void *context;
    /* One output record, in order. `at` is the timestamp of the root (ms). Whatever but ULE_OK it returns is returned.
     */
    enum ule_code (*output)(void *context, const struct ule_output *output, int64_t at, struct ule_error *error);
    /* NULL, or called between two messages when what a store has not committed has come to pause_at bytes
     * (ule_store_pending): a place to commit, since a day may concern millions, and a record thousands. What was
     * committed half done goes on with what is left: a Tick of itself, a record's tells by ule_engine_resume. */
    enum ule_code (*pause)(void *context, struct ule_error *error);
    size_t pause_at;
};

/* Borrows everything. `stores` holds `partitions` stores; an entity lives in the one that murmur2 of its address names
 * (Kafka's default partitioner: (murmur2(bytes) & 0x7fffffff) % partitions). */
struct ule_engine *ule_engine_new(struct ule_store *const *stores, unsigned partitions, const struct ule_policy *policy,
                                  const struct ule_engine_sink *sink);
void ule_engine_free(struct ule_engine *engine);

/* From now on tells are delivered in an order drawn at random from `seed`, which keeps what one sender tells one
 * receiver in its order: whatever must converge has to come out the same. */
void ule_engine_shuffle(struct ule_engine *engine, uint64_t seed);

/* Takes one message and then every tell that it causes, first in first out, until none is left. */
enum ule_code ule_engine_apply(struct ule_engine *engine, const struct ule_inbox_message *message,
                               struct ule_error *error) ULE_MUST_CHECK;
/* The civil date advances to `date`: every day since the last is caught up one by one; on each, every entity that is
 * due gets a Tick, by (due date, entity) over all partitions. The first date ever only sets it. */
enum ule_code ule_engine_tick(struct ule_engine *engine, int32_t date, struct ule_error *error) ULE_MUST_CHECK;
/* The last day whose Tick is done, ULE_DATE_NONE before the first. Kept in the store's meta. */
int32_t ule_engine_today(const struct ule_engine *engine);
/* Commits every store, and with them the tells that are not delivered yet. */
enum ule_code ule_engine_commit(struct ule_engine *engine, struct ule_error *error) ULE_MUST_CHECK;

/* On the stores of an earlier engine: delivers what its last commit left undelivered. To be called before anything else
 * is taken. */
enum ule_code ule_engine_resume(struct ule_engine *engine, struct ule_error *error) ULE_MUST_CHECK;

struct ule_engine_counts {
    uint64_t sources, messages, outputs, notes[ULE_NOTE_COUNT];
};
void ule_engine_counts(const struct ule_engine *engine, struct ule_engine_counts *counts);

#endif
