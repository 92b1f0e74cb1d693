/* SPDX-License-Identifier: MIT */
/* The parts of `ule replay`: the run (replay_run.c), what it writes (replay_output.c), what it remembers between runs
 * (replay_state.c) and what it counts (replay_tally.c). */
#ifndef ULE_REPLAY_H
#define ULE_REPLAY_H

#include "avro/framing.h"
#include "loop/engine.h"
#include "loop/source.h"
#include "ops/config.h"
#include "recording/writer.h"
#include "registry/registry.h"
#include "ule/replay_tally.h"

#include <time.h>

struct ule_replay_options {
    const char *from, *to, *state, *config; /* state, config: NULL when not given */
    int32_t as_of;                          /* ULE_DATE_NONE when not given */
    enum ule_format format;
    unsigned partitions;
    bool shuffle, inbox;
    uint64_t seed;
};

struct ule_place { /* how far one partition of one input topic has been taken */
    size_t topic;
    struct ule_position position;
};

struct ule_day; /* the records of one day, to be shuffled */

struct ule_replay {
    const struct ule_replay_options *options;
    struct ule_config *config;
    struct ule_store **stores;
    struct ule_engine *engine;
    struct ule_writer *writer;
    struct ule_recording *recording;
    struct ule_registry *registry; /* of a .avro that was recorded from topics with one; NULL: none */
    struct ule_reader *readers[ULE_SOURCE_COUNT];
    struct ule_arena *arena;
    struct ule_tally tally;
    struct ule_engine_counts counted; /* of the engine, as far as they are in the tally */
    struct ule_place *places;
    size_t place_count;
    struct ule_day *day;
    uint64_t audit_count; /* CPR records of today */
    uint64_t taken, set_aside;
    int lock;
    /* Progress on a terminal. */
    bool terminal, shown;
    struct timespec started, last_shown;
};

/* replay_output.c */
/* Every topic that a replay writes, dead letters too. */
enum { ULE_REPLAY_OUTPUTS = ULE_TOPIC_COUNT + 1 + ULE_SOURCE_COUNT };
const char *ule_replay_output_name(size_t index);
/* One output into a recording. */
enum ule_code ule_replay_write(struct ule_writer *writer, const struct ule_output *output, int64_t at,
                               struct ule_error *error) ULE_MUST_CHECK;
enum ule_code ule_replay_publish(void *context, const struct ule_output *output, int64_t at, struct ule_error *error);
enum ule_code ule_replay_set_aside(struct ule_replay *replay, const struct ule_recorded *recorded,
                                   const struct ule_error *why, struct ule_error *error) ULE_MUST_CHECK;
/* One CprTransaction for the day that ends, if CPR records were taken on it; with the Tick of the next. */
enum ule_code ule_replay_audit(struct ule_replay *replay, struct ule_error *error) ULE_MUST_CHECK;

/* replay_state.c */
enum ule_code ule_replay_state_open(struct ule_replay *replay, struct ule_error *error) ULE_MUST_CHECK;
void ule_replay_state_close(struct ule_replay *replay);
/* Opens options->to, at the end of what an earlier run into the same folder has committed. */
enum ule_code ule_replay_output_open(struct ule_replay *replay, struct ule_error *error) ULE_MUST_CHECK;
bool ule_replay_position(void *context, size_t topic, int32_t partition, struct ule_position *position);
void ule_replay_taken(struct ule_replay *replay, size_t topic, const struct ule_position *position);
enum ule_code ule_replay_commit(struct ule_replay *replay, struct ule_error *error) ULE_MUST_CHECK;

/* replay_run.c */
enum ule_code ule_replay_run(const struct ule_replay_options *options, struct ule_error *error) ULE_MUST_CHECK;

#endif
