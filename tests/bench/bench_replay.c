/* SPDX-License-Identifier: MIT */
/* bench_replay RECORDING SCRATCH [CONFIG]: the core over a recording with an LMDB store and a sink that counts, in
 * slices; after each the ceilings have a turn. What a replay writes is no part of it: tests/bench/replay times the
 * whole command beside it. Rates are of the time that the process itself had a processor; those of the wall clock stand
 * beside. */
#include "avro/framing.h"
#include "bench/ceiling.h"
#include "loop/engine.h"
#include "loop/source.h"
#include "ops/config.h"
#include "recording/recording.h"
#include "store/backend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A read of the clock is a system call: it is done once for some records. */
enum { READ_AHEAD = 64, SLICES = 12, SAMPLE_EVERY = 64 };

struct one {
    int32_t date;
    struct ule_inbox_message message; /* to nobody: would be a dead letter */
};

struct slice {
    uint64_t messages;
    struct bench_clock core;
    struct bench_rate lmdb, avro;
    long anon, file; /* MiB */
};

struct bench {
    struct ule_engine *engine;
    struct ule_store *store;
    struct ule_arena *arena;
    struct ule_reader *readers[ULE_SOURCE_COUNT];
    struct one ones[READ_AHEAD];
    size_t one_count;
    struct bench_turn *turn;
    uint64_t outputs, commits, read;
    struct bench_clock core;  /* in the engine and its store */
    struct bench_clock aside; /* with the ceilings */
    struct slice slices[SLICES];
    size_t slice_count;
    long anon, file; /* the most since the last slice, MiB */
};

/* Some of the states that the messages meet, as they meet them: those are what avro-c is given. */
static struct ule_store_backend tapped;
static bool (*get)(struct ule_store *store, const char *entity, struct ule_buffer *out);
static struct bench_turn *tap_turn;
static uint64_t met;

static bool get_and_sample(struct ule_store *store, const char *entity, struct ule_buffer *out) {
    bool found = get(store, entity, out);
    if (!found || out->size > BENCH_STATE_MAX || ++met % SAMPLE_EVERY || strchr(entity, ULE_SLOT_SEPARATOR))
        return found;
    size_t at = (size_t)(tap_turn->seen++ % BENCH_SAMPLE);
    tap_turn->sizes[at] = (uint16_t)out->size;
    memcpy(tap_turn->states[at], out->bytes, out->size);
    return true;
}

static void tap(struct bench *bench) {
    tapped = *bench->store->backend;
    get = tapped.get;
    tapped.get = get_and_sample;
    bench->store->backend = &tapped;
    tap_turn = bench->turn;
}

/* A line of /proc/self/status in MiB. RssAnon is what the program has asked for; RssFile, LMDB's pages, is the kernel's
 * to take back. */
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

static enum ule_code commit(void *context, struct ule_error *error) {
    struct bench *bench = context;
    bench->commits++;
    enum ule_code code = ule_engine_commit(bench->engine, error);
    long anon = memory("RssAnon:"), file = memory("RssFile:");
    bench->anon = anon > bench->anon ? anon : bench->anon;
    bench->file = file > bench->file ? file : bench->file;
    return code;
}

static enum ule_code count_output(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    (void)output;
    (void)at;
    (void)error;
    ((struct bench *)context)->outputs++;
    return ULE_OK;
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

static void read_one(struct bench *bench, const struct ule_recorded *recorded) {
    struct one *one = &bench->ones[bench->one_count++];
    struct ule_inbox_message *message = &one->message;
    void *value = ule_arena_alloc(bench->arena, ule_sources[recorded->topic].record->size);
    ule_record_init(&ule_inbox_message_record, message, bench->arena);
    one->date = ule_date_of_time(recorded->time);
    message->entity = translate(bench, recorded, value);
    bench->read++;
    if (!message->entity)
        return;
    message->sender = "";
    message->at = recorded->time;
    message->caused_by.topic = ule_sources[recorded->topic].topic;
    message->caused_by.partition = recorded->partition;
    message->caused_by.offset = recorded->offset;
    const char **event_id = &message->caused_by.event_id;
    switch (recorded->topic) {
    case 0: *event_id = (message->person = value)->event_id; break;
    case 1: *event_id = (message->permit = value)->event_id; break;
    case 2: *event_id = (message->credential = value)->event_id; break;
    case 3: *event_id = (message->local = value)->event_id; break;
    default: *event_id = (message->request = value)->event_id; break;
    }
}

/* What the clock runs for. */
static void take_read(struct bench *bench) {
    struct ule_error error = {0};
    struct bench_clock start = bench_clock_now();
    for (size_t i = 0; i < bench->one_count; i++) {
        const struct one *one = &bench->ones[i];
        if (one->date > ule_engine_today(bench->engine))
            must(ule_engine_tick(bench->engine, one->date, &error), &error);
        if (one->message.entity)
            must(ule_engine_apply(bench->engine, &one->message, &error), &error);
    }
    bench_clock_add(&bench->core, &start);
    bench->one_count = 0;
    ule_arena_reset(bench->arena);
}

struct extent {
    uint64_t count, bytes;
};

static bool measure(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct extent *extent = context;
    (void)entity;
    (void)bytes;
    extent->count++;
    extent->bytes += size;
    return true;
}

static uint64_t sum_messages(const struct bench *bench) {
    uint64_t sum = 0;
    for (size_t i = 0; i < bench->slice_count; i++)
        sum += bench->slices[i].messages;
    return sum;
}

/* Ends a slice of the core's work, and gives the ceilings about as much time as it took. */
static void end_slice(struct bench *bench) {
    static struct bench_clock before;
    static uint64_t commits;
    struct bench_clock start = bench_clock_now();
    struct slice *slice = &bench->slices[bench->slice_count];
    struct ule_engine_counts counts;
    struct extent extent = {0};
    ule_engine_counts(bench->engine, &counts);
    slice->messages = counts.messages - sum_messages(bench);
    slice->core = (struct bench_clock){bench->core.wall - before.wall, bench->core.cpu - before.cpu};
    slice->anon = bench->anon;
    slice->file = bench->file;
    bench->anon = bench->file = 0;
    ule_store_each(bench->store, measure, &extent);
    struct bench_turn *turn = bench->turn;
    uint64_t batch = slice->messages / (bench->commits > commits ? bench->commits - commits : 1);
    turn->values = extent.count;
    turn->value_size = extent.count ? extent.bytes / extent.count : 0;
    turn->batch = batch ? batch : 1;
    turn->seconds = slice->core.cpu / 2 < 0.2 ? 0.2 : slice->core.cpu / 2 > 3 ? 3 : slice->core.cpu / 2;
    bench_ceilings_measure();
    slice->lmdb = turn->lmdb;
    slice->avro = turn->avro;
    if (bench->slice_count == 0)
        (void)printf("%12s %10s %10s %10s %10s %8s %8s %8s %8s\n", "messages", "of bytes", "core /s", "LMDB /s",
                     "avro-c /s", ": LMDB", ": avro-c", "anon MiB", "file MiB");
    double core = (double)slice->messages / slice->core.cpu;
    (void)printf("%12" PRIu64 " %10" PRIu64 " %10.0f %10.0f %10.0f %8.2f %8.2f %8ld %8ld\n", slice->messages,
                 turn->value_size, core, slice->lmdb.cpu, slice->avro.cpu, core / slice->lmdb.cpu,
                 core / slice->avro.cpu, slice->anon, slice->file);
    (void)fflush(stdout);
    before = bench->core;
    commits = bench->commits;
    bench->slice_count++;
    bench_clock_add(&bench->aside, &start);
}

static struct ule_recording *open_recording(const char *dir, int64_t max_bytes) {
    const char *topics[ULE_SOURCE_COUNT];
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        topics[i] = ule_sources[i].topic;
    const struct ule_recording_options options = {
        .topics = topics, .topic_count = ULE_SOURCE_COUNT, .max_bytes = (size_t)max_bytes};
    struct ule_recording *recording = NULL;
    struct ule_error error = {0};
    must(ule_recording_open(dir, &options, &recording, &error), &error);
    return recording;
}

static uint64_t count_records(const char *dir, int64_t max_bytes) {
    struct ule_recording *recording = open_recording(dir, max_bytes);
    struct ule_recorded *recorded;
    struct ule_error error = {0};
    uint64_t count = 0;
    enum ule_code code;
    while ((code = ule_recording_next(recording, &recorded, &error)) == ULE_OK)
        count++;
    must(code == ULE_END ? ULE_OK : code, &error);
    ule_recording_close(recording);
    return count;
}

static void take_all(struct bench *bench, struct ule_recording *recording, uint64_t count) {
    struct ule_recorded *recorded;
    struct ule_error error = {0};
    enum ule_code code;
    while ((code = ule_recording_next(recording, &recorded, &error)) == ULE_OK) {
        read_one(bench, recorded);
        if (bench->one_count < READ_AHEAD)
            continue;
        take_read(bench);
        if (bench->slice_count < SLICES - 1 && bench->read >= count / SLICES * (bench->slice_count + 1))
            end_slice(bench);
    }
    must(code == ULE_END ? ULE_OK : code, &error);
    take_read(bench);
    struct bench_clock start = bench_clock_now();
    must(commit(bench, &error), &error);
    bench_clock_add(&bench->core, &start);
    end_slice(bench);
}

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Of the slices' ratios of the core to a ceiling, or to the slower of both. */
static void print_ratio(const struct bench *bench, const char *title, bool lmdb, bool avro) {
    double by_cpu[SLICES] = {0}, by_wall[SLICES] = {0};
    for (size_t i = 0; i < bench->slice_count; i++) {
        const struct slice *slice = &bench->slices[i];
        double messages = (double)slice->messages;
        struct bench_rate ceiling = lmdb ? slice->lmdb : slice->avro;
        if (lmdb && avro && slice->avro.cpu < ceiling.cpu)
            ceiling.cpu = slice->avro.cpu;
        if (lmdb && avro && slice->avro.wall < ceiling.wall)
            ceiling.wall = slice->avro.wall;
        by_cpu[i] = messages / slice->core.cpu / ceiling.cpu;
        by_wall[i] = messages / slice->core.wall / ceiling.wall;
    }
    qsort(by_cpu, bench->slice_count, sizeof *by_cpu, by_value);
    qsort(by_wall, bench->slice_count, sizeof *by_wall, by_value);
    size_t middle = bench->slice_count / 2, last = bench->slice_count - 1;
    (void)printf("%-18s %12.2f   the median, %.2f to %.2f; by the wall clock %.2f\n", title, by_cpu[middle], by_cpu[0],
                 by_cpu[last], by_wall[middle]);
}

static void print_all(const struct bench *bench, const struct bench_clock *all) {
    struct ule_engine_counts counts;
    ule_engine_counts(bench->engine, &counts);
    (void)printf("source records     %12" PRIu64 "\n", bench->read);
    (void)printf("  with reading     %12.0f /s   %.1f s, by the wall clock %.1f s\n", (double)bench->read / all->cpu,
                 all->cpu, all->wall);
    (void)printf("  core alone       %12.0f /s   %.1f s, by the wall clock %.1f s\n",
                 (double)bench->read / bench->core.cpu, bench->core.cpu, bench->core.wall);
    (void)printf("core messages      %12" PRIu64 "   %12.0f /s\n", counts.messages,
                 (double)counts.messages / bench->core.cpu);
    (void)printf("outputs            %12" PRIu64 "\n", bench->outputs);
    print_ratio(bench, "core : LMDB", true, false);
    print_ratio(bench, "core : avro-c", false, true);
    print_ratio(bench, "core : the slower", true, true);
    long anon = 0, file = 0;
    for (size_t i = 0; i < bench->slice_count; i++) {
        anon = bench->slices[i].anon > anon ? bench->slices[i].anon : anon;
        file = bench->slices[i].file > file ? bench->slices[i].file : file;
    }
    (void)printf("memory             %12ld MiB the program's own at the most; %ld MiB of the store's file mapped\n",
                 anon, file);
    (void)printf("commits            %12" PRIu64 "\n", bench->commits);
}

int main(int argc, char **argv) {
    static struct bench bench;
    struct ule_error error = {0};
    struct ule_config *config = NULL;
    char path[4096];
    if (argc < 3 || argc > 4) {
        (void)fputs("usage: bench_replay RECORDING SCRATCH [CONFIG]\n", stderr);
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/lmdb", argv[2]);
    bench.turn = bench_ceilings_start(path);
    must(ule_config_read(argv[3], &config, &error), &error); /* NULL where there is none */
    ule_config_for_replay(config);
    (void)ule_config_develop(config);
    (void)snprintf(path, sizeof path, "%s/state", argv[2]);
    must(ule_store_lmdb_open(path, (uint64_t)config->store_map_bytes, false, &bench.store, &error), &error);
    tap(&bench);
    const struct ule_engine_sink sink = {
        .context = &bench,
        .output = count_output,
        .pause = commit,
        .pause_at = (size_t)config->store_batch_bytes,
    };
    bench.arena = ule_arena_new();
    bench.engine = ule_engine_new(&bench.store, 1, &config->policy, &sink);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        bench.readers[i] = ule_reader_new(ule_sources[i].record);
    uint64_t count = count_records(argv[1], config->max_line_bytes);
    struct bench_clock start = bench_clock_now(), all = {0};
    struct ule_recording *recording = open_recording(argv[1], config->max_line_bytes);
    take_all(&bench, recording, count);
    ule_recording_close(recording);
    bench_clock_add(&all, &start);
    all.wall -= bench.aside.wall;
    all.cpu -= bench.aside.cpu;
    print_all(&bench, &all);
    ule_engine_free(bench.engine);
    ule_store_free(bench.store);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        ule_reader_free(bench.readers[i]);
    ule_arena_free(bench.arena);
    ule_config_free(config);
    return 0;
}
