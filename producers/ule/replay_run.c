/* SPDX-License-Identifier: MIT */
#include "ule/replay.h"

#include "loop/queue.h"
#include "ule/live.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An interrupted replay commits what it has taken; with --state the next one goes on from there. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static double seconds_since(const struct timespec *then) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* On a terminal, from the second second on, five times a second. */
static void progress(struct ule_replay *replay, const char *what, uint64_t done, uint64_t size) {
    if (!replay->terminal || seconds_since(&replay->started) < 1 || seconds_since(&replay->last_shown) < 0.2)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &replay->last_shown);
    replay->shown = true;
    (void)fprintf(stderr, "\r\033[K%s: %u %%", what, size ? (unsigned)(done * 100 / size) : 0);
    if (replay->taken)
        (void)fprintf(stderr, ", %" PRIu64 " records", replay->taken);
    (void)fflush(stderr);
}

static void show_look(void *context, uint64_t done, uint64_t size) {
    progress(context, "looking", done, size);
}

/* The records of a day, kept to be taken in an order drawn at random: those to one entity from one topic in their
 * order, since that is what the partitions of a log promise (design.md section 2, What converges). */
struct ule_day {
    struct ule_buffer bytes;
    struct day_item {
        size_t offset, size, order;
        uint64_t pair;
    } * items;
    size_t count, capacity;
    uint64_t random;
};

static int by_pair(const void *a, const void *b) {
    const struct day_item *left = a, *right = b;
    if (left->pair != right->pair)
        return left->pair < right->pair ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static void day_add(struct ule_day *day, size_t topic, const struct ule_inbox_message *message) {
    if (day->count == day->capacity) {
        day->capacity = day->capacity ? day->capacity * 2 : 256;
        day->items = realloc(day->items, day->capacity * sizeof *day->items);
        if (!day->items)
            abort();
    }
    struct day_item *item = &day->items[day->count];
    item->offset = day->bytes.size;
    ule_record_encode(&ule_inbox_message_record, message, &day->bytes);
    item->size = day->bytes.size - item->offset;
    item->order = day->count++;
    item->pair = (uint64_t)ule_murmur2(message->entity, strlen(message->entity)) * ULE_SOURCE_COUNT + topic;
}

/* Slots of the day are dealt out to the pairs at random, and each pair fills its slots in order. */
static enum ule_code day_take(struct ule_replay *replay, struct ule_error *error) {
    struct ule_day *day = replay->day;
    if (!day || day->count == 0)
        return ULE_OK;
    qsort(day->items, day->count, sizeof *day->items, by_pair);
    size_t *first = calloc(2 * day->count, sizeof *first);
    if (!first)
        abort();
    size_t *slots = first + day->count;
    for (size_t i = 0; i < day->count; i++) {
        bool begins = i == 0 || day->items[i - 1].pair != day->items[i].pair;
        slots[i] = begins ? i : slots[i - 1];
        first[i] = i;
    }
    for (size_t i = day->count; i > 1; i--) {
        size_t other = (size_t)(ule_random_next(&day->random) % i);
        size_t slot = slots[i - 1];
        slots[i - 1] = slots[other];
        slots[other] = slot;
    }
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < day->count && code == ULE_OK; i++) {
        const struct day_item *item = &day->items[first[slots[i]]++];
        struct ule_inbox_message message;
        ule_arena_reset(replay->arena);
        code = ule_record_decode(&ule_inbox_message_record, day->bytes.bytes + item->offset, item->size, replay->arena,
                                 &message, error);
        if (code == ULE_OK)
            code = ule_engine_apply(replay->engine, &message, error);
    }
    free(first);
    ule_buffer_clear(&day->bytes);
    day->count = 0;
    return code;
}

static enum ule_code advance(struct ule_replay *replay, int32_t date, struct ule_error *error) {
    int32_t today = ule_engine_today(replay->engine);
    if (today != ULE_DATE_NONE && date <= today)
        return ULE_OK;
    if (replay->options->as_of != ULE_DATE_NONE && date > replay->options->as_of)
        return ule_fail(error, ULE_USAGE, "--as-of is earlier than the last record: records are never left out");
    enum ule_code code = day_take(replay, error);
    if (code == ULE_OK && today != ULE_DATE_NONE)
        code = ule_replay_audit(replay, error);
    return code == ULE_OK ? ule_engine_tick(replay->engine, date, error) : code;
}

static enum ule_code decode(const struct ule_replay *replay, const struct ule_recorded *recorded, void *value,
                            struct ule_error *error) {
    const struct ule_record *record = ule_sources[recorded->topic].record;
    if (recorded->line ? !recorded->json || json_is_null(recorded->json) : !recorded->bytes)
        return ule_fail(error, ULE_FIELD_MISSING, "payload: null, and an input has no tombstones");
    return recorded->line ? ule_record_from_json(record, recorded->json, replay->arena, value, error)
                          : ule_source_decode(&ule_sources[recorded->topic], replay->readers[recorded->topic],
                                              recorded->bytes, recorded->size, replay->arena, value, error);
}

/* Decoded and translated, or a data error in *why. */
static enum ule_code read_message(struct ule_replay *replay, const struct ule_recorded *recorded,
                                  struct ule_inbox_message *message, struct ule_error *why) {
    if (recorded->failed.code != ULE_OK) {
        *why = recorded->failed;
        return why->code;
    }
    const struct ule_source *source = &ule_sources[recorded->topic];
    void *value = ule_arena_alloc(replay->arena, source->record->size);
    const char *entity = NULL;
    unsigned ignored = 0;
    enum ule_code code = decode(replay, recorded, value, why);
    if (code == ULE_OK)
        code = source->translate(value, recorded->key, recorded->ts, replay->arena, &entity, &ignored, why);
    if (code != ULE_OK)
        return code;
    ule_tally_add(&replay->tally, "note", "number-ignored", ignored);
    ule_source_message(source, value, entity, recorded->time, recorded->partition, recorded->offset, replay->arena,
                       message);
    return ULE_OK;
}

static enum ule_code take(struct ule_replay *replay, const struct ule_recorded *recorded, struct ule_error *error) {
    if (recorded->ts != ULE_TIME_NONE) {
        enum ule_code code = advance(replay, ule_date_of_time(recorded->time), error);
        if (code != ULE_OK)
            return code;
    }
    struct ule_inbox_message message;
    struct ule_error why = {0};
    ule_arena_reset(replay->arena);
    /* Before the engine has it: it may commit when only half of what the record causes is done, and keeps the rest. */
    ule_replay_taken(replay, recorded->topic, &recorded->after);
    ule_tally_add(&replay->tally, "in", ule_sources[recorded->topic].topic, 1);
    enum ule_code code = read_message(replay, recorded, &message, &why);
    if (code != ULE_OK && code < ULE_DATA_ERRORS_END)
        return ule_replay_set_aside(replay, recorded, &why, error);
    if (code != ULE_OK) {
        if (error)
            *error = why;
        return code;
    }
    replay->audit_count += message.person != NULL;
    if (replay->day) {
        day_add(replay->day, recorded->topic, &message);
        return ULE_OK;
    }
    return ule_engine_apply(replay->engine, &message, error);
}

static enum ule_code take_all(struct ule_replay *replay, struct ule_error *error) {
    struct ule_recorded *recorded;
    enum ule_code code;
    while ((code = ule_recording_next(replay->recording, &recorded, error)) == ULE_OK && !interrupted) {
        code = take(replay, recorded, error);
        if (code != ULE_OK)
            return code;
        if (replay->taken % 64 == 0)
            progress(replay, "replaying", ule_recording_done(replay->recording), ule_recording_size(replay->recording));
    }
    return code == ULE_END ? ULE_OK : code;
}

/* Where what is not committed has come to store.batch-bytes. */
static enum ule_code commit_some(void *context, struct ule_error *error) {
    struct ule_replay *replay = context;
    progress(replay, "replaying", ule_recording_done(replay->recording), ule_recording_size(replay->recording));
    return ule_replay_commit(replay, error);
}

/* Before anything is written: an --as-of that would leave records out, or go back behind the state. */
static enum ule_code check_as_of(const struct ule_replay *replay, struct ule_error *error) {
    int32_t as_of = replay->options->as_of, today = ule_engine_today(replay->engine);
    int64_t last = ule_recording_last_time(replay->recording);
    char date[11];
    if (as_of == ULE_DATE_NONE)
        return ULE_OK;
    if (last != ULE_TIME_NONE && as_of < ule_date_of_time(last))
        return ule_fail(error, ULE_USAGE, "--as-of is earlier than the last record, of %s: records are never left out",
                        ule_date_format(ule_date_of_time(last), date));
    if (today != ULE_DATE_NONE && as_of < today)
        return ule_fail(error, ULE_USAGE, "--as-of is earlier than the state, which stands at %s",
                        ule_date_format(today, date));
    return ULE_OK;
}

static enum ule_code open_recording(struct ule_replay *replay, struct ule_error *error) {
    const char *topics[ULE_SOURCE_COUNT];
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        topics[i] = ule_sources[i].topic;
    struct ule_recording_options options = {
        .topics = topics,
        .topic_count = ULE_SOURCE_COUNT,
        .max_bytes = (size_t)replay->config->max_line_bytes,
        .position = ule_replay_position,
        .context = replay,
        .progress = replay->terminal ? show_look : NULL,
    };
    options.ours = ule_live_files(&options.ours_count);
    return ule_recording_open(replay->options->from, &options, &replay->recording, error);
}

static enum ule_code prepare(struct ule_replay *replay, struct ule_error *error) {
    const struct ule_replay_options *options = replay->options;
    enum ule_code code = ule_config_read(options->config, &replay->config, error);
    if (code != ULE_OK)
        return code;
    ule_config_for_replay(replay->config);
    if (ule_config_develop(replay->config))
        (void)fputs("ule replay: no secret.file is configured: keys are made with a secret that everybody knows\n",
                    stderr);
    code = ule_registry_open(replay->config, &replay->registry, error);
    for (size_t i = 0; i < ULE_SOURCE_COUNT && code == ULE_OK; i++)
        ule_registry_serve(replay->registry, replay->readers[i]);
    if (code == ULE_OK)
        code = ule_replay_state_open(replay, error);
    if (code == ULE_OK)
        code = open_recording(replay, error);
    if (code != ULE_OK)
        return code;
    const struct ule_engine_sink sink = {
        .context = replay,
        .output = ule_replay_publish,
        .pause = commit_some,
        .pause_at = (size_t)replay->config->store_batch_bytes,
    };
    replay->engine = ule_engine_new(replay->stores, options->partitions, &replay->config->policy, &sink);
    if (options->shuffle) {
        replay->day = calloc(1, sizeof *replay->day);
        if (!replay->day)
            abort();
        replay->day->random = options->seed;
        ule_engine_shuffle(replay->engine, options->seed + 1);
    }
    code = check_as_of(replay, error);
    if (code == ULE_OK)
        code = ule_replay_output_open(replay, error);
    return code == ULE_OK ? ule_engine_resume(replay->engine, error) : code;
}

static enum ule_code finish(struct ule_replay *replay, struct ule_error *error) {
    enum ule_code code = day_take(replay, error);
    if (code == ULE_OK && replay->options->as_of != ULE_DATE_NONE && !interrupted)
        code = advance(replay, replay->options->as_of, error);
    if (code == ULE_OK)
        code = ule_replay_commit(replay, error);
    if (interrupted && code == ULE_OK)
        return ule_fail(error, ULE_IO,
                        replay->options->state ? "interrupted; the same command goes on from here"
                                               : "interrupted; nothing was kept");
    if (code == ULE_OK)
        code = ule_writer_finish(replay->writer, error);
    return code;
}

static void close_all(struct ule_replay *replay) {
    ule_engine_free(replay->engine);
    ule_recording_close(replay->recording);
    ule_writer_close(replay->writer);
    ule_replay_state_close(replay);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        ule_reader_free(replay->readers[i]);
    ule_registry_close(replay->registry);
    if (replay->day) {
        ule_buffer_close(&replay->day->bytes);
        free(replay->day->items);
        free(replay->day);
    }
    ule_tally_close(&replay->tally);
    ule_arena_free(replay->arena);
    ule_config_free(replay->config);
}

enum ule_code ule_replay_run(const struct ule_replay_options *options, struct ule_error *error) {
    struct ule_replay replay = {.options = options, .lock = -1, .terminal = isatty(STDERR_FILENO) == 1};
    (void)clock_gettime(CLOCK_MONOTONIC, &replay.started);
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    replay.arena = ule_arena_new();
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        replay.readers[i] = ule_reader_new(ule_sources[i].record);
    enum ule_code code = prepare(&replay, error);
    if (code == ULE_OK)
        code = take_all(&replay, error);
    if (code == ULE_OK)
        code = finish(&replay, error);
    if (replay.shown)
        (void)fputs("\r\033[K", stderr);
    if (code == ULE_OK)
        ule_tally_print(&replay.tally, ule_engine_today(replay.engine), stdout);
    close_all(&replay);
    return code;
}
