/* SPDX-License-Identifier: MIT */
#include "property/run.h"

#include "loop/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Every output begins with event_id and version. */
struct header {
    const char *event_id;
    int64_t version;
};

static uint64_t digest_of(uint64_t digest, const void *bytes, size_t size) {
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    return digest;
}

const struct run_standing *run_find(const struct run *run, enum ule_topic topic, const char *key) {
    for (size_t i = 0; i < run->standing_count; i++)
        if (run->standing[i].topic == topic && strcmp(run->standing[i].key, key) == 0)
            return &run->standing[i];
    return NULL;
}

static void note(struct run *run, uint64_t digest, enum ule_topic topic) {
    if (run->outputs == run->lines_room) {
        run->lines_room = run->lines_room ? 2 * run->lines_room : 128;
        run->lines = realloc(run->lines, run->lines_room * sizeof *run->lines);
        if (run->lines == NULL)
            abort();
    }
    run->lines[run->outputs++] = (struct run_line){digest, topic};
    run->digest = digest_of(run->digest, &digest, sizeof digest);
}

enum ule_code run_take(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    struct run *run = context;
    (void)error;
    ule_buffer_clear(&run->encoded);
    uint64_t digest = digest_of(UINT64_C(0xcbf29ce484222325), output->key, strlen(output->key) + 1);
    digest = digest_of(digest, &at, sizeof at);
    if (output->value != NULL)
        ule_record_encode(ule_topic_records[output->topic], output->value, &run->encoded);
    digest = digest_of(digest, run->encoded.bytes, run->encoded.size);
    struct run_standing *standing = (struct run_standing *)run_find(run, output->topic, output->key);
    if (standing == NULL) {
        if (run->standing_count == run->standing_room) {
            run->standing_room = run->standing_room ? 2 * run->standing_room : 128;
            run->standing = realloc(run->standing, run->standing_room * sizeof *run->standing);
            if (run->standing == NULL)
                abort();
        }
        standing = &run->standing[run->standing_count++];
        *standing = (struct run_standing){.topic = output->topic, .key = ule_arena_string(run->arena, output->key)};
    }
    standing->output = run->outputs;
    note(run, digest, output->topic);
    standing->value = NULL;
    if (output->value == NULL)
        return ULE_OK;
    void *value = ule_arena_alloc(run->arena, ule_topic_records[output->topic]->size);
    ule_record_copy(ule_topic_records[output->topic], output->value, run->arena, value);
    /* Also what makes event_id, a function of topic, key and version, unique; and one event a key a step. */
    const struct header *header = value;
    /* A re-registration's key is an account's, and along a chain two numbers speak of that account at once: events, of
     * which each stands for itself. */
    if (header->version <= standing->version && output->topic != ULE_TOPIC_REREGISTRATION) {
        run->wrong = "a version does not rise under its key";
        printf("%s: %s, %lld after %lld\n", run->wrong, ule_topic_names[output->topic], (long long)header->version,
               (long long)standing->version);
    }
    standing->version = header->version;
    standing->value = value;
    if (output->topic == ULE_TOPIC_REREGISTRATION) {
        const struct ule_reregistered *swap = value;
        run->outcomes[swap->outcome]++;
        if (run->world->shown)
            printf("    by %lld: %s became %s: %s %s\n", (long long)swap->caused_by.offset,
                   world_mask(run->arena, swap->from_number), world_mask(run->arena, swap->to_number),
                   ule_outcome_enum.symbols[swap->outcome], swap->reason ? swap->reason : "");
    }
    return ULE_OK;
}

static void start(struct run *run) {
    struct ule_engine_sink sink = {.context = run, .output = run_take};
    run->engine = ule_engine_new(run->stores, run->partitions, &run->world->policy, &sink);
}

struct run *run_new(const struct world *world, unsigned partitions) {
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        abort();
    run->world = world;
    if (world->shown)
        printf("a run:\n");
    run->arena = ule_arena_new();
    run->partitions = partitions;
    for (unsigned i = 0; i < partitions; i++)
        run->stores[i] = ule_store_memory_new();
    start(run);
    return run;
}

void run_free(struct run *run) {
    ule_engine_free(run->engine);
    for (unsigned i = 0; i < run->partitions; i++)
        ule_store_free(run->stores[i]);
    ule_buffer_close(&run->encoded);
    ule_arena_free(run->arena);
    free(run->standing);
    free(run->lines);
    free(run);
}

static void check(enum ule_code code, const struct ule_error *error) {
    if (code == ULE_OK)
        return;
    printf("the engine: %s\n", error->message);
    abort();
}

void run_restart(struct run *run) {
    struct ule_error error = {0};
    check(ule_engine_commit(run->engine, &error), &error);
    ule_engine_free(run->engine);
    start(run);
}

void run_tick(struct run *run, int32_t day) {
    struct ule_error error = {0};
    check(ule_engine_tick(run->engine, day, &error), &error);
}

bool run_translate(const struct world_event *event, size_t index, struct ule_arena *arena,
                   struct ule_inbox_message *message) {
    const struct ule_source *source = &ule_sources[event->source];
    struct ule_error error = {0};
    ule_record_init(&ule_inbox_message_record, message, arena);
    void *record = ule_arena_alloc(arena, source->record->size);
    ule_record_copy(source->record, event->record, arena, record);
    if (source->translate(record, event->key, event->ts, arena, &message->entity, NULL, &error) != ULE_OK)
        return false;
    message->sender = "";
    message->at = event->ts;
    message->caused_by.topic = source->topic;
    message->caused_by.offset = (int64_t)index;
    message->caused_by.event_id = *(const char *const *)record;
    switch (event->source) {
    case WORLD_CPR: message->person = record; break;
    case WORLD_PERMIT: message->permit = record; break;
    case WORLD_CREDENTIAL: message->credential = record; break;
    case WORLD_LOCAL: message->local = record; break;
    case WORLD_REQUEST: message->request = record; break;
    }
    return true;
}

void run_feed(struct run *run, const struct world_event *event) {
    struct ule_error error = {0};
    if (ule_engine_today(run->engine) < event->day)
        run_tick(run, event->day);
    struct ule_arena *arena = ule_arena_new();
    struct ule_inbox_message message;
    if (run_translate(event, (size_t)(event - run->world->events), arena, &message))
        check(ule_engine_apply(run->engine, &message, &error), &error);
    else
        run->refused++; /* an ACTIVE credential of somebody too young */
    ule_arena_free(arena);
}

void run_feed_all(struct run *run, size_t count) {
    for (size_t i = 0; i < count; i++)
        run_feed(run, &run->world->events[i]);
}

static uint64_t number_in(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

int cases_run(const char *name, bool (*property)(uint64_t seed)) {
    return cases_run_many(name, property, 500, 20000);
}

int cases_run_many(const char *name, bool (*property)(uint64_t seed), uint64_t usual, uint64_t thorough) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    /* What lands is judged by the same worlds on every machine; the long form looks for new ones. */
    bool thorough_run = getenv("ULE_THOROUGH") != NULL;
    uint64_t drawn = (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec % 1000003;
    uint64_t seed = number_in("ULE_SEED", thorough_run ? drawn : 1);
    uint64_t cases = number_in("ULE_CASES", thorough_run ? thorough : usual);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %llu: %s, %llu cases\n", (unsigned long long)seed, name, (unsigned long long)cases);
    uint64_t failed = 0;
    uint64_t most = number_in("ULE_FAILURES", 1);
    for (uint64_t i = 0; i < cases && failed < most; i++) {
        if (property(seed + i))
            continue;
        failed++;
        unsigned long long failing = seed + i;
        printf("seed %llu fails: ULE_SEED=%llu ULE_CASES=1 shows it\n", failing, failing);
    }
    return failed ? 1 : 0;
}
