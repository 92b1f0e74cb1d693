/* SPDX-License-Identifier: MIT */
/* bench_replay RECORDING SCRATCH: the core over a recording with an LMDB store and a sink that counts, then the
 * ceilings. What a replay writes is no part of it: tests/bench/replay times the whole command beside it. */
#include "avro/framing.h"
#include "bench/ceiling.h"
#include "loop/engine.h"
#include "loop/source.h"
#include "ops/config.h"
#include "recording/recording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { COMMIT_AFTER = 2000, SAMPLE = 20000 }; /* the first as `ule replay` */

struct bench {
    struct ule_engine *engine;
    struct ule_arena *arena;
    struct ule_reader *readers[ULE_SOURCE_COUNT];
    uint64_t outputs, commits, uncommitted, read;
    double core; /* seconds in the engine and its store */
};

static enum ule_code count_output(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    (void)output;
    (void)at;
    (void)error;
    ((struct bench *)context)->outputs++;
    return ULE_OK;
}

static enum ule_code pause_tick(void *context, struct ule_error *error) {
    struct bench *bench = context;
    if (++bench->uncommitted < COMMIT_AFTER)
        return ULE_OK;
    bench->uncommitted = 0;
    bench->commits++;
    return ule_engine_commit(bench->engine, error);
}

static void must(enum ule_code code, const struct ule_error *error) {
    if (code == ULE_OK)
        return;
    (void)fprintf(stderr, "bench: %s\n", error->message);
    exit(1);
}

/* NULL for what would be a dead letter. */
static const char *translate(struct bench *bench, const struct ule_recorded *recorded, void *value) {
    const struct ule_source *source = &ule_sources[recorded->topic];
    const char *entity = NULL;
    unsigned ignored = 0;
    if (recorded->failed.code != ULE_OK || !recorded->bytes ||
        ule_reader_decode(bench->readers[recorded->topic], recorded->bytes, recorded->size, bench->arena, value,
                          NULL) != ULE_OK ||
        source->translate(value, recorded->key, recorded->ts, bench->arena, &entity, &ignored, NULL) != ULE_OK)
        return NULL;
    return entity;
}

static void take(struct bench *bench, const struct ule_recorded *recorded) {
    struct ule_error error = {0};
    struct ule_inbox_message message;
    ule_arena_reset(bench->arena);
    void *value = ule_arena_alloc(bench->arena, ule_sources[recorded->topic].record->size);
    const char *entity = translate(bench, recorded, value);
    double start = bench_now();
    int32_t date = ule_date_of_time(recorded->time);
    if (date > ule_engine_today(bench->engine))
        must(ule_engine_tick(bench->engine, date, &error), &error);
    if (entity) {
        ule_record_init(&ule_inbox_message_record, &message, bench->arena);
        message.entity = entity;
        message.sender = "";
        message.at = recorded->time;
        message.caused_by = (struct ule_caused_by){.topic = ule_sources[recorded->topic].topic,
                                                   .partition = recorded->partition,
                                                   .offset = recorded->offset,
                                                   .event_id = ""};
        switch (recorded->topic) {
        case 0: message.person = value; break;
        case 1: message.permit = value; break;
        case 2: message.credential = value; break;
        case 3: message.local = value; break;
        default: message.request = value; break;
        }
        must(ule_engine_apply(bench->engine, &message, &error), &error);
    }
    must(pause_tick(bench, &error), &error);
    bench->core += bench_now() - start;
    bench->read++;
}

static void take_all(struct bench *bench, const char *dir, int64_t max_bytes) {
    const char *topics[ULE_SOURCE_COUNT];
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        topics[i] = ule_sources[i].topic;
    const struct ule_recording_options options = {
        .topics = topics, .topic_count = ULE_SOURCE_COUNT, .max_bytes = (size_t)max_bytes};
    struct ule_recording *recording = NULL;
    struct ule_recorded *recorded;
    struct ule_error error = {0};
    must(ule_recording_open(dir, &options, &recording, &error), &error);
    enum ule_code code;
    while ((code = ule_recording_next(recording, &recorded, &error)) == ULE_OK)
        take(bench, recorded);
    must(code == ULE_END ? ULE_OK : code, &error);
    ule_recording_close(recording);
    double start = bench_now();
    must(ule_engine_commit(bench->engine, &error), &error);
    bench->commits++;
    bench->core += bench_now() - start;
}

static bool count_state(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct bench_states *states = context;
    if (!strchr(entity, ULE_SLOT_SEPARATOR) && states->sample_count < SAMPLE && states->count % 7 == 0)
        ule_buffer_append(&states->sample[states->sample_count++], bytes, size);
    states->count++;
    states->bytes += size;
    return true;
}

/* A line of /proc/self/status in MiB: LMDB's pages are the kernel's to take back, and are told apart. */
static long memory(const char *name) {
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    (void)fclose(file);
    return kib / 1024;
}

static void ceilings(const struct bench *bench, struct ule_store *store, const char *scratch, double messages,
                     double seconds) {
    struct bench_states states = {.sample = calloc(SAMPLE, sizeof *states.sample)};
    char path[4096];
    if (!states.sample)
        abort();
    ule_store_each(store, count_state, &states);
    uint64_t mean = states.count ? states.bytes / states.count : 0;
    uint64_t batch = (uint64_t)(messages / (double)bench->commits);
    (void)snprintf(path, sizeof path, "%s/lmdb", scratch);
    uint64_t writes = messages > 1e6 ? 1000000 : (uint64_t)messages;
    double lmdb = bench_lmdb(path, states.count, (size_t)mean, batch ? batch : 1, writes), avro = bench_avro(&states);
    double rate = messages / seconds, slower = lmdb < avro ? lmdb : avro;
    (void)printf("states             %12" PRIu64 "   of %" PRIu64 " bytes in the mean\n", states.count, mean);
    (void)printf("LMDB alone         %12.0f /s   read, change, write; sorted batches of %" PRIu64 "\n", lmdb, batch);
    (void)printf("avro-c alone       %12.0f /s   states decoded and encoded\n", avro);
    (void)printf("core : LMDB        %12.2f\ncore : avro-c      %12.2f\ncore : the slower  %12.2f\n", rate / lmdb,
                 rate / avro, rate / slower);
    for (size_t i = 0; i < states.sample_count; i++)
        ule_buffer_close(&states.sample[i]);
    free(states.sample);
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    struct ule_error error = {0};
    struct ule_config *config = NULL;
    struct ule_store *store = NULL;
    char path[4096];
    if (argc != 3) {
        (void)fputs("usage: bench_replay RECORDING SCRATCH\n", stderr);
        return 2;
    }
    must(ule_config_read(NULL, &config, &error), &error);
    ule_config_for_replay(config);
    (void)ule_config_develop(config);
    (void)snprintf(path, sizeof path, "%s/state", argv[2]);
    must(ule_store_lmdb_open(path, (uint64_t)config->store_map_bytes, false, &store, &error), &error);
    const struct ule_engine_sink sink = {.context = &bench, .output = count_output, .pause = pause_tick};
    bench.arena = ule_arena_new();
    bench.engine = ule_engine_new(&store, 1, &config->policy, &sink);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        bench.readers[i] = ule_reader_new(ule_sources[i].record);
    double start = bench_now();
    take_all(&bench, argv[1], config->max_line_bytes);
    double all = bench_now() - start;
    struct ule_engine_counts counts;
    ule_engine_counts(bench.engine, &counts);
    (void)printf("source records     %12" PRIu64 "\n", bench.read);
    (void)printf("  with reading     %12.0f /s   %.1f s\n", (double)bench.read / all, all);
    (void)printf("  core alone       %12.0f /s   %.1f s\n", (double)bench.read / bench.core, bench.core);
    (void)printf("core messages      %12" PRIu64 "   %12.0f /s\n", counts.messages,
                 (double)counts.messages / bench.core);
    (void)printf("outputs            %12" PRIu64 "\n", bench.outputs);
    (void)printf("memory             %12ld MiB at the peak, %ld MiB of it the store's file\n", memory("VmHWM:"),
                 memory("RssFile:"));
    ceilings(&bench, store, argv[2], (double)counts.messages, bench.core);
    ule_engine_free(bench.engine);
    ule_store_free(store);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        ule_reader_free(bench.readers[i]);
    ule_arena_free(bench.arena);
    ule_config_free(config);
    return 0;
}
