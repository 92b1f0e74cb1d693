/* SPDX-License-Identifier: MIT */
/* The engine around a step of the test's own: what is delivered to whom, in which order and on which day. */
#include "lib/suite.h"
#include "loop/engine.h"
#include "loop/queue.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { STORES = 5 };

/* What the step does when `entity` gets its first message: tells and the day it is due, and after that day the next. */
static struct script {
    const char *entity;
    const char *tells; /* receivers, with blanks between */
    int32_t due, due_after_tick;
    const char *tells_at_tick;
} script[8];
static char seen[4000]; /* "entity<sender@today " a message */
static char published[4000];
static struct ule_store *stores[STORES];
static struct ule_engine *engine;
static struct ule_policy rules;
static struct ule_error error;
static enum ule_code sink_says;
static int pauses_left = -1; /* then `interrupt` has had enough */

static const struct script *script_of(const char *entity) {
    for (size_t i = 0; i < sizeof script / sizeof *script && script[i].entity; i++) {
        if (strcmp(script[i].entity, entity) == 0)
            return &script[i];
    }
    return NULL;
}

static void add_tells(const char *receivers, const char *entity, const struct ule_inbox_message *message,
                      struct ule_arena *arena, struct ule_effects *effects) {
    effects->tells = ule_arena_array(arena, strlen(receivers), sizeof *effects->tells);
    while (*receivers) {
        size_t size = strcspn(receivers, " ");
        struct ule_inbox_message *tell = &effects->tells[effects->tells_count++];
        ule_record_init(&ule_inbox_message_record, tell, arena);
        tell->entity = ule_arena_substring(arena, receivers, size);
        tell->sender = entity;
        tell->version = (int64_t)effects->tells_count;
        tell->at = message->at;
        tell->caused_by = message->caused_by;
        receivers += size + (receivers[size] == ' ');
    }
}

/* Stands in for the core's: the library's own is not linked, since nothing else of its file is asked for. */
void ule_step(const char *entity, struct ule_person_state *state, const struct ule_inbox_message *message,
              int32_t today, const struct ule_policy *policy, struct ule_arena *arena, struct ule_effects *effects) {
    (void)policy;
    size_t used = strlen(seen);
    (void)snprintf(seen + used, sizeof seen - used, "%s<%s", entity, message->sender);
    if (message->sender[0])
        (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%d", (int)message->version);
    (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "@%d%s ", (int)today,
                   message->tick == ULE_DATE_NONE ? "" : "t");
    const struct script *act = script_of(entity);
    if (act && act->tells && state->version == 0)
        add_tells(act->tells, entity, message, arena, effects);
    if (act && act->tells_at_tick && message->tick != ULE_DATE_NONE)
        add_tells(act->tells_at_tick, entity, message, arena, effects);
    if (act && state->version == 0)
        state->due = act->due;
    else if (act && message->tick != ULE_DATE_NONE)
        state->due = act->due_after_tick > today || act->due_after_tick == act->due ? act->due_after_tick
                                                                                    : ULE_DATE_NONE;
    state->version++;
    effects->outputs = ule_arena_alloc(arena, sizeof *effects->outputs);
    effects->outputs_count = 1;
    effects->outputs[0] = (struct ule_output){.topic = ULE_TOPIC_CASE,
                                              .key = ule_arena_printf(arena, "%s=%d", entity, (int)state->version)};
    effects->notes[ULE_NOTE_STALE] = 1;
}

static enum ule_code publish(void *context, const struct ule_output *output, int64_t at, struct ule_error *failed) {
    (void)context;
    size_t used = strlen(published);
    (void)snprintf(published + used, sizeof published - used, "%s@%lld ", output->key, (long long)at);
    return sink_says ? ule_fail(failed, sink_says, "no") : ULE_OK;
}

static enum ule_code interrupt(void *context, struct ule_error *failed) {
    (void)context;
    ck_assert_int_eq(ule_engine_commit(engine, failed), ULE_OK);
    return pauses_left >= 0 && pauses_left-- == 0 ? ule_fail(failed, ULE_END, "stop") : ULE_OK;
}

static void make_engine(unsigned partitions) {
    const struct ule_engine_sink sink = {.output = publish, .pause = interrupt};
    ule_engine_free(engine);
    engine = ule_engine_new(stores, partitions, &rules, &sink);
}

static void setup(void) {
    memset(script, 0, sizeof script);
    for (size_t i = 0; i < sizeof script / sizeof *script; i++)
        script[i].due = script[i].due_after_tick = ULE_DATE_NONE;
    seen[0] = published[0] = '\0';
    sink_says = ULE_OK;
    error = (struct ule_error){0};
    for (int i = 0; i < STORES; i++)
        stores[i] = ule_store_memory_new();
    make_engine(1);
}

static void teardown(void) {
    ule_engine_free(engine);
    engine = NULL;
    for (int i = 0; i < STORES; i++)
        ule_store_free(stores[i]);
}

static enum ule_code apply(const char *entity) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_inbox_message message;
    ule_record_init(&ule_inbox_message_record, &message, arena);
    message.entity = entity;
    message.at = 77;
    message.caused_by.topic = "t";
    message.caused_by.event_id = "";
    enum ule_code code = ule_engine_apply(engine, &message, &error);
    ule_arena_free(arena);
    return code;
}

START_TEST(murmur2_is_kafka_s) {
    /* As Kafka's clients have it in their tests. */
    static const struct {
        const char *key;
        int32_t hash;
    } vectors[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        ck_assert_int_eq((int32_t)ule_murmur2(vectors[i].key, strlen(vectors[i].key)), vectors[i].hash);
}

START_TEST(a_state_is_kept_from_one_message_to_the_next) {
    ck_assert_int_eq(apply("a"), ULE_OK);
    ck_assert_int_eq(apply("b"), ULE_OK);
    ck_assert_int_eq(apply("a"), ULE_OK);
    ck_assert_str_eq(published, "a=1@77 b=1@77 a=2@77 ");
    struct ule_engine_counts counts;
    ule_engine_counts(engine, &counts);
    ck_assert_uint_eq(counts.sources, 3);
    ck_assert_uint_eq(counts.messages, 3);
    ck_assert_uint_eq(counts.outputs, 3);
    ck_assert_uint_eq(counts.notes[ULE_NOTE_STALE], 3);
}

START_TEST(tells_are_delivered_first_in_first_out_before_the_next_record) {
    script[0] = (struct script){"a", "b c b", ULE_DATE_NONE, ULE_DATE_NONE, NULL};
    script[1] = (struct script){"b", "d", ULE_DATE_NONE, ULE_DATE_NONE, NULL};
    ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
    ck_assert_int_eq(apply("a"), ULE_OK);
    ck_assert_int_eq(apply("e"), ULE_OK);
    ck_assert_str_eq(seen, "a<@5 b<a1@5 c<a2@5 b<a3@5 d<b1@5 e<@5 ");
}

START_TEST(what_comes_out_does_not_depend_on_the_partitions) {
    char first[sizeof published] = "";
    script[0] = (struct script){"a", "b c d e f", 7, 9, NULL};
    script[1] = (struct script){"c", "x y z", 7, 8, NULL};
    script[2] = (struct script){"y", "q", 6, ULE_DATE_NONE, NULL};
    for (unsigned partitions = 1; partitions <= STORES; partitions++) {
        teardown();
        for (int i = 0; i < STORES; i++)
            stores[i] = ule_store_memory_new();
        published[0] = '\0';
        make_engine(partitions);
        ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
        ck_assert_int_eq(apply("a"), ULE_OK);
        ck_assert_int_eq(ule_engine_tick(engine, 8, &error), ULE_OK);
        if (partitions == 1)
            memcpy(first, published, sizeof first);
        ck_assert_str_eq(first, published);
        ck_assert_int_eq(ule_engine_commit(engine, &error), ULE_OK);
    }
}

START_TEST(a_tick_reaches_whoever_is_due_on_the_day_by_date_and_entity) {
    script[0] = (struct script){"b", NULL, 7, 10, NULL};
    script[1] = (struct script){"a", NULL, 7, ULE_DATE_NONE, NULL};
    script[2] = (struct script){"c", NULL, 6, 7, NULL};
    script[3] = (struct script){"d", NULL, 12, ULE_DATE_NONE, NULL};
    ck_assert_int_eq(ule_engine_today(engine), ULE_DATE_NONE);
    ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
    for (const char *entity = "b\0a\0c\0d\0"; *entity; entity += 2)
        ck_assert_int_eq(apply(entity), ULE_OK);
    seen[0] = published[0] = '\0';
    ck_assert_int_eq(ule_engine_tick(engine, 11, &error), ULE_OK);
    ck_assert_str_eq(seen, "c<@6t a<@7t b<@7t c<@7t b<@10t ");
    ck_assert_int_eq(ule_engine_today(engine), 11);
    seen[0] = '\0';
    ck_assert_int_eq(ule_engine_tick(engine, 9, &error), ULE_OK);
    ck_assert_str_eq(seen, "");
    ck_assert_int_eq(ule_engine_today(engine), 11);
}

START_TEST(a_tick_is_caused_by_the_day_and_has_its_midnight) {
    script[0] = (struct script){"a", NULL, 7, ULE_DATE_NONE, NULL};
    ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
    ck_assert_int_eq(apply("a"), ULE_OK);
    published[0] = '\0';
    ck_assert_int_eq(ule_engine_tick(engine, 7, &error), ULE_OK);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "a=2@%lld ", (long long)ule_time_of_date(7));
    ck_assert_str_eq(published, expected);
}

START_TEST(a_tick_that_was_interrupted_goes_on_with_those_that_are_left) {
    static const int32_t done[] = {6, 6, 7, 8};
    for (int stop = 0; stop < 4; stop++) {
        teardown();
        setup();
        script[0] = (struct script){"a", "c", 7, 9, NULL};
        script[1] = (struct script){"b", NULL, 7, 8, NULL};
        ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
        ck_assert_int_eq(apply("a"), ULE_OK);
        ck_assert_int_eq(apply("b"), ULE_OK);
        seen[0] = '\0';
        pauses_left = stop;
        ck_assert_int_eq(ule_engine_tick(engine, 9, &error), ULE_END);
        ck_assert_int_eq(ule_engine_today(engine), done[stop]);
        ule_store_abort(stores[0]);
        make_engine(1);
        pauses_left = -1;
        ck_assert_int_eq(ule_engine_tick(engine, 9, &error), ULE_OK);
        ck_assert_str_eq(seen, "a<@7t b<@7t b<@8t a<@9t ");
    }
}

/* Takes a record and the days up to the ninth, and starts anew whenever a pause stops it. False when none did. */
static bool apply_and_tick(void) {
    bool stopped = false;
    for (bool taken = false;;) {
        enum ule_code code = taken ? ule_engine_resume(engine, &error) : apply("a");
        taken = true;
        if (code == ULE_OK)
            code = ule_engine_tick(engine, 9, &error);
        if (code == ULE_OK)
            return stopped;
        ck_assert_int_eq(code, ULE_END);
        stopped = true;
        ule_store_abort(stores[0]);
        make_engine(1);
    }
}

START_TEST(a_commit_in_the_middle_of_what_a_record_or_a_tick_causes_loses_and_repeats_nothing) {
    int stop = -1;
    do {
        teardown();
        setup();
        script[0] = (struct script){"a", "b c b", 7, ULE_DATE_NONE, "e f"};
        script[1] = (struct script){"b", "d", 8, 9, "a c"};
        script[2] = (struct script){"f", "c", ULE_DATE_NONE, ULE_DATE_NONE, NULL};
        ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
        pauses_left = ++stop;
    } while (apply_and_tick() &&
             strcmp(seen, "a<@5 b<a1@5 c<a2@5 b<a3@5 d<b1@5 a<@7t e<a1@7 f<a2@7 c<f1@7 b<@8t a<b1@8 "
                          "c<b2@8 b<@9t a<b1@9 c<b2@9 ") == 0);
    ck_assert_int_eq(stop, 15); /* as many as there are messages: nothing stopped the last run */
    pauses_left = -1;
}

START_TEST(a_queue_that_is_damaged_is_named_as_such) {
    ule_store_meta_put(stores[0], "engine.queue", "four and more bytes", 19);
    ck_assert_int_eq(ule_engine_resume(engine, &error), ULE_STATE);
}

START_TEST(an_entity_that_stays_due_is_an_error_and_no_endless_loop) {
    script[0] = (struct script){"a", NULL, 7, 7, NULL};
    ck_assert_int_eq(ule_engine_tick(engine, 5, &error), ULE_OK);
    ck_assert_int_eq(apply("a"), ULE_OK);
    ck_assert_int_eq(ule_engine_tick(engine, 7, &error), ULE_STATE);
}

START_TEST(today_is_kept_with_the_states) {
    ck_assert_int_eq(ule_engine_tick(engine, 19731, &error), ULE_OK);
    ck_assert_int_eq(ule_engine_commit(engine, &error), ULE_OK);
    make_engine(1);
    ck_assert_int_eq(ule_engine_today(engine), 19731);
}

START_TEST(a_sink_that_fails_stops_the_engine) {
    sink_says = ULE_IO;
    ck_assert_int_eq(apply("a"), ULE_IO);
    ck_assert_str_eq(error.message, "no");
}

START_TEST(a_damaged_state_is_named_as_such) {
    ule_store_put(stores[0], "a", "\xc3\x01", 2, ULE_DATE_NONE);
    ck_assert_int_eq(apply("a"), ULE_STATE);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
    ck_assert_int_eq(ule_store_commit(stores[0], &error), ULE_OK);
    uint8_t bytes[11] = {0xc3, 0x01};
    for (int i = 0; i < 8; i++)
        bytes[2 + i] = (uint8_t)(ule_person_state_record.fingerprint >> (8 * i));
    ule_store_put(stores[0], "b", bytes, sizeof bytes, ULE_DATE_NONE);
    ck_assert_int_eq(apply("b"), ULE_STATE);
}

static void push(struct ule_queue *queue, const char *sender, const char *receiver, int64_t version) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_inbox_message message;
    ule_record_init(&ule_inbox_message_record, &message, arena);
    message.entity = receiver;
    message.sender = sender;
    message.version = version;
    message.caused_by.topic = message.caused_by.event_id = "";
    ule_queue_push(queue, &message);
    ule_arena_free(arena);
}

/* 300 tells of 3 senders to 4 receivers; the order in which they come out, as one hash. */
static uint64_t drawn(uint64_t seed, bool *in_order) {
    struct ule_queue queue = {0};
    struct ule_buffer bytes = {0};
    struct ule_arena *arena = ule_arena_new();
    int64_t last[3][4] = {{0}};
    uint64_t hash = 0;
    int64_t before = 0;
    if (seed)
        ule_queue_shuffle(&queue, seed);
    for (int i = 1; i <= 300; i++)
        push(&queue, (const char *[]){"x", "y", "z"}[i % 3], (const char *[]){"a", "b", "c", "d"}[i % 4 * 7 % 4], i);
    *in_order = true;
    int count = 0;
    uint32_t receiver;
    while (ule_queue_pop(&queue, &bytes, &receiver)) {
        struct ule_inbox_message message;
        ck_assert_int_eq(ule_record_decode(&ule_inbox_message_record, bytes.bytes, bytes.size, arena, &message, &error),
                         ULE_OK);
        int64_t *of_pair = &last[message.sender[0] - 'x'][message.entity[0] - 'a'];
        ck_assert_int_gt(message.version, *of_pair);
        *of_pair = message.version;
        *in_order = *in_order && message.version > before;
        before = message.version;
        hash = hash * 31 + (uint64_t)message.version;
        ule_buffer_clear(&bytes);
        count++;
    }
    ck_assert_int_eq(count, 300);
    ck_assert_uint_eq(queue.bytes.size, 0);
    ule_queue_close(&queue);
    ule_buffer_close(&bytes);
    ule_arena_free(arena);
    return hash;
}

START_TEST(a_shuffle_keeps_what_one_tells_another_in_its_order) {
    bool in_order;
    uint64_t plain = drawn(0, &in_order), first = 0;
    ck_assert(in_order);
    for (uint64_t seed = 1; seed < 20; seed++) {
        uint64_t hash = drawn(seed, &in_order);
        ck_assert(!in_order && hash != plain && hash != first);
        ck_assert_uint_eq(hash, drawn(seed, &in_order));
        first = hash;
    }
}

START_TEST(a_queue_that_is_never_empty_gives_its_memory_back) {
    struct ule_queue queue = {0};
    struct ule_buffer bytes = {0};
    struct ule_arena *arena = ule_arena_new();
    for (int i = 0; i < 3; i++)
        push(&queue, "s", "r", i);
    for (int i = 3; i < 200000; i++) {
        uint32_t receiver;
        push(&queue, "s", "r", i);
        ule_buffer_clear(&bytes);
        ck_assert(ule_queue_pop(&queue, &bytes, &receiver));
        if (i % 1000 == 0) {
            struct ule_inbox_message message;
            ck_assert_int_eq(
                ule_record_decode(&ule_inbox_message_record, bytes.bytes, bytes.size, arena, &message, &error), ULE_OK);
            ck_assert_int_eq(message.version, i - 3);
            ule_arena_reset(arena);
        }
    }
    ck_assert_uint_lt(queue.bytes.capacity, 4 << 20);
    ule_queue_close(&queue);
    ule_buffer_close(&bytes);
    ule_arena_free(arena);
}

int main(void) {
    Suite *suite = suite_create("engine");
    TCase *tests = tcase_create("engine");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, murmur2_is_kafka_s);
    tcase_add_test(tests, a_state_is_kept_from_one_message_to_the_next);
    tcase_add_test(tests, tells_are_delivered_first_in_first_out_before_the_next_record);
    tcase_add_test(tests, what_comes_out_does_not_depend_on_the_partitions);
    tcase_add_test(tests, a_tick_reaches_whoever_is_due_on_the_day_by_date_and_entity);
    tcase_add_test(tests, a_tick_is_caused_by_the_day_and_has_its_midnight);
    tcase_add_test(tests, a_tick_that_was_interrupted_goes_on_with_those_that_are_left);
    tcase_add_test(tests, a_commit_in_the_middle_of_what_a_record_or_a_tick_causes_loses_and_repeats_nothing);
    tcase_add_test(tests, a_queue_that_is_damaged_is_named_as_such);
    tcase_add_test(tests, an_entity_that_stays_due_is_an_error_and_no_endless_loop);
    tcase_add_test(tests, today_is_kept_with_the_states);
    tcase_add_test(tests, a_sink_that_fails_stops_the_engine);
    tcase_add_test(tests, a_damaged_state_is_named_as_such);
    tcase_add_test(tests, a_shuffle_keeps_what_one_tells_another_in_its_order);
    tcase_add_test(tests, a_queue_that_is_never_empty_gives_its_memory_back);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
