/* SPDX-License-Identifier: MIT */
/* The core under a world: an engine on stores in memory, what it published, and the picture of it. */
#ifndef ULE_TESTS_PROPERTY_RUN_H
#define ULE_TESTS_PROPERTY_RUN_H

#include "loop/engine.h"
#include "property/world.h"

enum { RUN_PARTITIONS = 7 };

/* The last value under a key. */
struct run_standing {
    enum ule_topic topic;
    const char *key;
    const void *value; /* NULL after a tombstone */
    int64_t version;
    size_t output; /* how many came before it */
};

struct run {
    const struct world *world;
    struct ule_arena *arena;
    struct ule_store *stores[RUN_PARTITIONS];
    unsigned partitions;
    struct ule_engine *engine;
    struct run_standing *standing;
    size_t standing_count, standing_room;
    size_t outputs, refused, outcomes[6]; /* the last by enum ule_outcome */
    uint64_t digest;                      /* of every output, header and all, in order */
    struct run_line {
        uint64_t digest;
        enum ule_topic topic;
    } * lines;
    size_t lines_room;
    struct ule_buffer encoded;
    const char *wrong; /* a rule about any output that was broken: NULL, or which */
};

struct run *run_new(const struct world *world, unsigned partitions);
void run_free(struct run *run);
/* Ends the engine and makes another one on what it stored. */
void run_restart(struct run *run);
void run_tick(struct run *run, int32_t day);
/* The message that its source consumer makes of an event, the index-th of the world; false when it is refused. */
bool run_translate(const struct world_event *event, size_t index, struct ule_arena *arena,
                   struct ule_inbox_message *message);
/* An output that the engine made, or another that works on the stores of the run; `context` is the run. */
enum ule_code run_take(void *context, const struct ule_output *output, int64_t at, struct ule_error *error);
/* The day of the event begins if it has not, then the event. */
void run_feed(struct run *run, const struct world_event *event);
/* The first `count` events of the world, in order. */
void run_feed_all(struct run *run, size_t count);
const struct run_standing *run_find(const struct run *run, enum ule_topic topic, const char *key);

/* What converges (design.md section 2), a line a fact, sorted; numbers masked, accounts by their number. */
struct picture {
    struct ule_arena *arena;
    const char **lines;
    size_t count, room;
};
struct picture *picture_of(const struct run *run);
void picture_free(struct picture *picture);
/* Prints the lines that only one of them has, unless `skip` says that they may differ; returns how many were printed.
 * `skipped` (may be NULL) counts the others. */
size_t picture_differences(const struct picture *a, const struct picture *b,
                           bool (*skip)(const void *context, const char *line), const void *context, size_t *skipped);

/* Seeds: ULE_SEED, else from the clock with ULE_THOROUGH, else 1; how many cases: ULE_CASES, else 20,000 with
 * ULE_THOROUGH, else 500. Prints the seed; returns 0 for success when every case went well, else 1 and prints the seed
 * of the first that did not. */
int cases_run(const char *name, bool (*property)(uint64_t seed));
/* The same with other numbers of cases. */
int cases_run_many(const char *name, bool (*property)(uint64_t seed), uint64_t usual, uint64_t thorough);

#endif
