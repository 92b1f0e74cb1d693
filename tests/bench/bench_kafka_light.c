/* SPDX-License-Identifier: MIT */
/* How long an input takes, from the moment it is handed to a producer that waits for no others, until a consumer that
 * reads committed has the last output that names it as its cause. */
#include "bench/bench_kafka.h"

#include "avro/framing.h"
#include "core/step.h"
#include "kafka/topics.h"
#include "loop/source.h"
#include "loop/state.h"
#include "loop/stepper.h"
#include "recording/recording.h"
#include "ule/live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FLUSH_MS = 30000,
    GRACE_S = 1, /* when the processes have done all of it: what they committed last is on its way here */
};

struct sent {
    size_t topic;
    char *key;
    uint8_t *bytes;
    size_t size;
    int64_t ts;
    int32_t partition;
    int64_t offset; /* -1: not delivered yet */
    double at, last;
};

struct seen {
    rd_kafka_message_t *message;
    double at;
};

struct light {
    const struct ule_config *config;
    struct sent *sent;
    size_t count, going; /* so many are read from the recording; so many are sent */
    struct seen *seen;
    size_t seen_count, seen_capacity;
    rd_kafka_t *producer, *consumer;
    rd_kafka_queue_t *queue;
    atomic_bool done; /* the reader may end */
    rd_kafka_topic_t *inputs[ULE_SOURCE_COUNT];
    int32_t partitions[ULE_SOURCE_COUNT];
};

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client;
    (void)opaque;
    struct sent *sent = message->_private;
    if (message->err)
        bench_fail("cannot write");
    if (sent)
        sent->offset = message->offset;
}

/* The records of the last day. */
static int32_t load(struct light *light, const char *dir, size_t most) {
    const char *topics[ULE_SOURCE_COUNT];
    const char *const ours[] = {"expected"};
    struct ule_recording *recording;
    struct ule_recorded *recorded;
    struct ule_error error;
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        topics[i] = ule_sources[i].topic;
    const struct ule_recording_options options = {.topics = topics,
                                                  .topic_count = ULE_SOURCE_COUNT,
                                                  .ours = ours,
                                                  .ours_count = 1,
                                                  .max_bytes = (size_t)light->config->max_line_bytes};
    bench_check(ule_recording_open(dir, &options, &recording, &error), &error);
    int32_t day = ule_date_of_time(ule_recording_last_time(recording));
    light->sent = calloc(most, sizeof *light->sent);
    if (!light->sent)
        abort();
    while (light->count < most && ule_recording_next(recording, &recorded, &error) == ULE_OK) {
        if (recorded->failed.code != ULE_OK || !recorded->bytes || !recorded->key ||
            ule_date_of_time(recorded->time) != day)
            continue;
        struct sent *sent = &light->sent[light->count++];
        *sent = (struct sent){.topic = recorded->topic, .size = recorded->size, .ts = recorded->ts, .offset = -1};
        sent->key = strdup(recorded->key);
        sent->bytes = malloc(recorded->size);
        if (!sent->key || !sent->bytes)
            abort();
        memcpy(sent->bytes, recorded->bytes, recorded->size);
    }
    ule_recording_close(recording);
    return day;
}

static void open_clients(struct light *light) {
    rd_kafka_conf_t *conf;
    struct ule_error error;
    bench_check(ule_kafka_conf(light->config, "bench", &conf, &error), &error);
    ule_kafka_set(conf, "linger.ms", "0");
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    bench_check(ule_kafka_client(RD_KAFKA_PRODUCER, conf, &light->producer, &error), &error);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++) {
        const char *name = ule_config_topic(light->config, ule_sources[i].topic);
        bench_check(ule_kafka_partitions(light->producer, name, &light->partitions[i], &error), &error);
        light->inputs[i] = rd_kafka_topic_new(light->producer, name, NULL);
    }
    bench_check(ule_kafka_conf(light->config, "bench", &conf, &error), &error);
    bench_check(ule_kafka_client(RD_KAFKA_CONSUMER, conf, &light->consumer, &error), &error);
    light->queue = rd_kafka_queue_new(light->consumer);
    for (size_t i = 0; i < ULE_TOPIC_COUNT; i++) {
        const char *name = ule_config_topic(light->config, ule_topic_names[i]);
        int32_t partitions;
        bench_check(ule_kafka_partitions(light->consumer, name, &partitions, &error), &error);
        rd_kafka_topic_t *handle = rd_kafka_topic_new(light->consumer, name, NULL);
        for (int32_t j = 0; j < partitions; j++)
            if (rd_kafka_consume_start_queue(handle, j, RD_KAFKA_OFFSET_END, light->queue))
                bench_fail("cannot read");
    }
}

/* The day of the records begins. */
static void tick(struct light *light, int32_t day) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_buffer bytes = {0};
    struct ule_inbox_message message;
    ule_tick_message(day, "", arena, &message);
    ule_write_single_object(&ule_inbox_message_record, &message, &bytes);
    rd_kafka_topic_t *inbox = rd_kafka_topic_new(light->producer, ule_config_topic(light->config, ULE_INBOX_TOPIC),
                                                 NULL);
    for (int32_t i = 0; i < light->config->partitions; i++)
        if (rd_kafka_produce(inbox, i, RD_KAFKA_MSG_F_COPY, bytes.bytes, bytes.size, NULL, 0, NULL))
            bench_fail("cannot write");
    if (rd_kafka_flush(light->producer, FLUSH_MS))
        bench_fail("cannot write");
    rd_kafka_topic_destroy(inbox);
    ule_buffer_close(&bytes);
    ule_arena_free(arena);
}

/* A thread of its own: what it sees has the time at which it came. */
static void *read_all(void *context) {
    struct light *light = context;
    while (!atomic_load(&light->done)) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(light->queue, 100);
        double now = bench_now();
        if (!message)
            continue;
        if (message->err) {
            rd_kafka_message_destroy(message);
            continue;
        }
        if (light->seen_count == light->seen_capacity) {
            light->seen_capacity = light->seen_capacity * 2 + 1024;
            light->seen = realloc(light->seen, light->seen_capacity * sizeof *light->seen);
            if (!light->seen)
                abort();
        }
        light->seen[light->seen_count++] = (struct seen){message, now};
    }
    return NULL;
}

static void send_next(struct light *light) {
    struct sent *sent = &light->sent[light->going++];
    sent->partition = (int32_t)ule_state_partition(sent->key, (unsigned)light->partitions[sent->topic]);
    sent->at = bench_now();
    const rd_kafka_vu_t arguments[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = light->inputs[sent->topic]},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = sent->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {sent->key, strlen(sent->key)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {sent->bytes, sent->size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = sent->ts},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = sent},
    };
    if (rd_kafka_produceva(light->producer, arguments, sizeof arguments / sizeof *arguments))
        bench_fail("cannot write");
}

static int by_place(const void *a, const void *b) {
    const struct sent *left = a, *right = b;
    if (left->topic != right->topic)
        return left->topic < right->topic ? -1 : 1;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static const struct ule_caused_by *cause_of(const struct ule_record *record, const void *value) {
    for (size_t i = 0; i < record->count; i++)
        if (strcmp(record->fields[i].name, "caused_by") == 0)
            return (const void *)((const char *)value + record->fields[i].offset);
    return NULL;
}

static void match(struct light *light, const struct seen *seen, struct ule_reader **readers, struct ule_arena *arena) {
    const char *name = rd_kafka_topic_name(seen->message->rkt);
    for (size_t i = 0; i < ULE_TOPIC_COUNT && seen->message->payload; i++) {
        if (strcmp(ule_config_topic(light->config, ule_topic_names[i]), name) != 0)
            continue;
        ule_arena_reset(arena);
        void *value = ule_arena_alloc(arena, ule_topic_records[i]->size);
        struct ule_error error;
        bench_check(ule_reader_decode(readers[i], seen->message->payload, seen->message->len, arena, value, &error),
                    &error);
        const struct ule_caused_by *cause = cause_of(ule_topic_records[i], value);
        struct sent wanted = {.partition = cause->partition, .offset = cause->offset};
        while (wanted.topic < ULE_SOURCE_COUNT && strcmp(ule_sources[wanted.topic].topic, cause->topic) != 0)
            wanted.topic++;
        struct sent *found = bsearch(&wanted, light->sent, light->going, sizeof wanted, by_place);
        if (found && seen->at > found->last)
            found->last = seen->at;
    }
}

static void evaluate(struct light *light) {
    struct ule_reader *readers[ULE_TOPIC_COUNT];
    struct ule_arena *arena = ule_arena_new();
    for (size_t i = 0; i < ULE_TOPIC_COUNT; i++)
        readers[i] = ule_reader_new(ule_topic_records[i]);
    qsort(light->sent, light->going, sizeof *light->sent, by_place);
    for (size_t i = 0; i < light->seen_count; i++)
        match(light, &light->seen[i], readers, arena);
    double *took = calloc(light->going + 1, sizeof *took);
    size_t count = 0;
    if (!took)
        abort();
    for (size_t i = 0; i < light->going; i++)
        if (light->sent[i].last > 0)
            took[count++] = (light->sent[i].last - light->sent[i].at) * 1000;
    qsort(took, count, sizeof *took, by_size);
    if (!count)
        bench_fail("no input has caused an output");
    (void)printf("sent %zu caused %zu outputs %zu p50 %.1f p90 %.1f p99 %.1f max %.1f\n", light->going, count,
                 light->seen_count, took[count / 2], took[count * 9 / 10], took[count * 99 / 100], took[count - 1]);
    free(took);
    for (size_t i = 0; i < ULE_TOPIC_COUNT; i++)
        ule_reader_free(readers[i]);
    ule_arena_free(arena);
}

void bench_light(const struct ule_config *config, const char *recording, double rate, double seconds) {
    struct light light = {.config = config};
    int32_t day = load(&light, recording, (size_t)(rate * seconds));
    open_clients(&light);
    tick(&light, day);
    bench_await(config);
    pthread_t reader;
    if (pthread_create(&reader, NULL, read_all, &light))
        bench_fail("cannot start a thread");
    for (double began = bench_now(); light.going < light.count;) {
        double wait = began + (double)light.going / rate - bench_now();
        if (wait > 0)
            (void)rd_kafka_poll(light.producer, (int)(wait * 1000) + 1);
        else
            send_next(&light);
    }
    if (rd_kafka_flush(light.producer, FLUSH_MS))
        bench_fail("cannot write");
    bench_await(config);
    (void)nanosleep(&(struct timespec){.tv_sec = GRACE_S}, NULL);
    atomic_store(&light.done, true);
    (void)pthread_join(reader, NULL);
    evaluate(&light);
    for (size_t i = 0; i < light.seen_count; i++)
        rd_kafka_message_destroy(light.seen[i].message);
    for (size_t i = 0; i < light.count; i++) {
        free(light.sent[i].key);
        free(light.sent[i].bytes);
    }
    free(light.seen);
    free(light.sent);
    /* The clients end with the program. */
}
