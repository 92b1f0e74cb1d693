/* SPDX-License-Identifier: MIT */
/* What librdkafka and the broker do by themselves, with the settings that the processes have: see bench_kafka.h. */
#include "bench/bench_kafka.h"

#include "base/buffer.h"
#include "kafka/client.h"
#include "kafka/topics.h"
#include "ops/log.h"
#include "ule/lag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    BATCH = 1000,
    TRANSACTION = 10000,
    TIMEOUT_MS = 60000,
    QUIET_MS = 1000,
    LOOK_MS = 200,   /* a look at all partitions costs the broker some milliseconds */
    SAMPLE = 400000, /* records that are kept to be written again, and so many bytes of them */
    SAMPLE_BYTES = 512 * 1024 * 1024,
};

double bench_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_cpu(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

void bench_fail(const char *what) {
    (void)fprintf(stderr, "bench_kafka: %s\n", what);
    exit(1);
}

void bench_check(enum ule_code code, const struct ule_error *error) {
    if (code != ULE_OK)
        bench_fail(error->message);
}

/* --- Reading ---------------------------------------------------------------------------------------------------- */

struct reading {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_partition_list_t *ends;
    int left; /* partitions that are not at their end */
};

/* Where the partitions of `topics` end, by the handle `client`. */
static rd_kafka_topic_partition_list_t *ends_of(rd_kafka_t *client, char **topics, int count) {
    struct ule_error error;
    rd_kafka_topic_partition_list_t *ends = rd_kafka_topic_partition_list_new(64);
    for (int i = 0; i < count; i++) {
        int32_t partitions = 0;
        bench_check(ule_kafka_partitions(client, topics[i], &partitions, &error), &error);
        rd_kafka_topic_partition_list_add_range(ends, topics[i], 0, partitions - 1);
    }
    bench_check(ule_kafka_edges(client, ends, RD_KAFKA_OFFSET_END, &error), &error);
    return ends;
}

static void reading_open(struct reading *reading, const struct ule_config *config, char **topics, int count) {
    rd_kafka_conf_t *conf;
    struct ule_error error;
    bench_check(ule_kafka_conf(config, "bench", &conf, &error), &error);
    ule_kafka_set(conf, "enable.partition.eof", "true");
    ule_kafka_set(conf, "queued.max.messages.kbytes", "65536");
    bench_check(ule_kafka_client(RD_KAFKA_CONSUMER, conf, &reading->client, &error), &error);
    reading->queue = rd_kafka_queue_new(reading->client);
    reading->ends = ends_of(reading->client, topics, count);
    reading->left = 0;
    for (int i = 0; i < reading->ends->cnt; i++) {
        rd_kafka_topic_partition_t *at = &reading->ends->elems[i];
        rd_kafka_topic_t *handle = rd_kafka_topic_new(reading->client, at->topic, NULL);
        at->opaque = handle;
        if (at->offset == 0)
            continue;
        if (rd_kafka_consume_start_queue(handle, at->partition, RD_KAFKA_OFFSET_BEGINNING, reading->queue))
            bench_fail("cannot read");
        reading->left++;
    }
}

/* `visit` gets every record until all partitions are at the ends that they had. */
static void reading_run(struct reading *reading, void (*visit)(void *context, const rd_kafka_message_t *message),
                        void *context) {
    static rd_kafka_message_t *batch[BATCH];
    while (reading->left > 0) {
        ssize_t count = rd_kafka_consume_batch_queue(reading->queue, 1000, batch, BATCH);
        if (count < 0)
            bench_fail("cannot read");
        for (ssize_t i = 0; i < count; i++) {
            if (!batch[i]->err)
                visit(context, batch[i]);
            else if (batch[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
                reading->left--;
            rd_kafka_message_destroy(batch[i]);
        }
        (void)rd_kafka_poll(reading->client, 0);
    }
}

static void reading_close(struct reading *reading) {
    for (int i = 0; i < reading->ends->cnt; i++) {
        rd_kafka_topic_partition_t *at = &reading->ends->elems[i];
        if (at->offset > 0)
            (void)rd_kafka_consume_stop(at->opaque, at->partition);
        rd_kafka_topic_destroy(at->opaque);
    }
    rd_kafka_topic_partition_list_destroy(reading->ends);
    rd_kafka_queue_destroy(reading->queue);
    rd_kafka_destroy(reading->client);
}

struct totals {
    uint64_t records, bytes;
    double first;
};

static void add(void *context, const rd_kafka_message_t *message) {
    struct totals *totals = context;
    if (totals->records++ == 0)
        totals->first = bench_now();
    totals->bytes += message->key_len + message->len;
}

void bench_read(const struct ule_config *config, char **topics, int count) {
    struct reading reading;
    struct totals totals = {0};
    reading_open(&reading, config, topics, count);
    double began = bench_now(), cpu = bench_cpu();
    reading_run(&reading, add, &totals);
    (void)printf("records %" PRIu64 " bytes %" PRIu64 " seconds %.4f began %.4f cpu %.4f\n", totals.records,
                 totals.bytes, bench_now() - began, began, bench_cpu() - cpu);
    reading_close(&reading);
}

/* --- Writing ---------------------------------------------------------------------------------------------------- */

struct sample {
    struct record {
        size_t at, key_size, size; /* in `bytes` */
        bool tombstone;
    } * records;
    struct ule_buffer bytes;
    size_t count, met, every;
};

static void keep(void *context, const rd_kafka_message_t *message) {
    struct sample *sample = context;
    if (sample->met++ % sample->every || sample->count == SAMPLE || sample->bytes.size > SAMPLE_BYTES)
        return;
    sample->records[sample->count++] = (struct record){sample->bytes.size, message->key_len, message->len,
                                                       !message->payload};
    if (message->key)
        ule_buffer_append(&sample->bytes, message->key, message->key_len);
    if (message->payload)
        ule_buffer_append(&sample->bytes, message->payload, message->len);
}

static void commit(rd_kafka_t *client) {
    rd_kafka_error_t *failed = rd_kafka_commit_transaction(client, TIMEOUT_MS);
    if (failed)
        bench_fail(rd_kafka_error_string(failed));
}

static void begin(rd_kafka_t *client) {
    rd_kafka_error_t *failed = rd_kafka_begin_transaction(client);
    if (failed)
        bench_fail(rd_kafka_error_string(failed));
}

static void produce(rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition, const struct sample *sample,
                    const struct record *record) {
    uint8_t *key = sample->bytes.bytes + record->at;
    uint8_t *value = record->tombstone ? NULL : key + record->key_size;
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value, record->size, key, record->key_size, NULL)) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            bench_fail("cannot write");
        (void)rd_kafka_poll(client, 10);
    }
}

void bench_write(const struct ule_config *config, const char *to, long records, char **topics, int count) {
    struct reading reading;
    struct sample sample = {.every = (size_t)records / SAMPLE + 1};
    sample.records = calloc(SAMPLE, sizeof *sample.records);
    if (!sample.records)
        abort();
    reading_open(&reading, config, topics, count);
    reading_run(&reading, keep, &sample);
    reading_close(&reading);
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;
    struct ule_error error;
    int32_t partitions;
    bench_check(ule_kafka_conf(config, "bench", &conf, &error), &error);
    ule_kafka_set(conf, "transactional.id", to);
    bench_check(ule_kafka_client(RD_KAFKA_PRODUCER, conf, &client, &error), &error);
    bench_check(ule_kafka_partitions(client, to, &partitions, &error), &error);
    rd_kafka_error_t *failed = rd_kafka_init_transactions(client, TIMEOUT_MS);
    if (failed || !sample.count)
        bench_fail("cannot write");
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, to, NULL);
    (void)printf("loaded %zu\n", sample.count);
    (void)fflush(stdout);
    (void)getchar();
    double began = bench_now(), cpu = bench_cpu();
    uint64_t bytes = 0;
    for (long i = 0; i < records; i++) {
        const struct record *record = &sample.records[(size_t)i % sample.count];
        if (i % TRANSACTION == 0) {
            if (i)
                commit(client);
            begin(client);
        }
        produce(client, topic, (int32_t)(i % partitions), &sample, record);
        bytes += record->key_size + record->size;
        if (i % 256 == 0)
            (void)rd_kafka_poll(client, 0);
    }
    commit(client);
    (void)printf("records %ld bytes %" PRIu64 " seconds %.4f began %.4f cpu %.4f\n", records, bytes,
                 bench_now() - began, began, bench_cpu() - cpu);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    ule_buffer_close(&sample.bytes);
    free(sample.records);
}

/* --- Waiting ---------------------------------------------------------------------------------------------------- */

static bool changed(rd_kafka_t *client, rd_kafka_topic_partition_list_t *ends, int64_t *sum) {
    struct ule_error error;
    bench_check(ule_kafka_edges(client, ends, RD_KAFKA_OFFSET_END, &error), &error);
    int64_t now = 0;
    for (int i = 0; i < ends->cnt; i++)
        now += ends->elems[i].offset;
    bool moved = now != *sum;
    *sum = now;
    return moved;
}

void bench_await(const struct ule_config *config) {
    size_t count, ours = 0;
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    char **topics = calloc(count, sizeof *topics);
    if (!topics)
        abort();
    for (size_t i = 0; i < count; i++) {
        if (plans[i].kind == ULE_TOPIC_INTERNAL || plans[i].kind == ULE_TOPIC_OUTPUT)
            topics[ours++] = (char *)(uintptr_t)ule_config_topic(config, plans[i].name);
    }
    rd_kafka_t *client;
    struct ule_lag *lag;
    struct ule_error error;
    bench_check(ule_live_client(config, &client, &error), &error);
    bench_check(ule_lag_open(config, NULL, &lag, &error), &error);
    rd_kafka_topic_partition_list_t *ends = ends_of(client, topics, (int)ours);
    int64_t sum = -1;
    double last = bench_now();
    for (bool none = false; !none; (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL)) {
        int64_t behind;
        if (changed(client, ends, &sum))
            last = bench_now();
        else if ((bench_now() - last) * 1000 > QUIET_MS)
            bench_check(ule_lag_look(lag, &none, &behind, &error), &error);
    }
    (void)printf("last %.4f\n", last);
    rd_kafka_topic_partition_list_destroy(ends);
    ule_lag_close(lag);
    rd_kafka_destroy(client);
    free(topics);
}

int main(int argc, char **argv) {
    static const char usage[] = "CONFIG read TOPIC...\n"
                                "CONFIG write TO RECORDS TOPIC...\n"
                                "CONFIG await\n"
                                "CONFIG light RECORDING RATE SECONDS";
    struct ule_config *config;
    struct ule_error error;
    if (argc < 3)
        bench_fail(usage);
    ule_log_open("bench_kafka", ULE_LOG_ERROR);
    bench_check(ule_config_read(argv[1], &config, &error), &error);
    if (strcmp(argv[2], "read") == 0 && argc > 3)
        bench_read(config, argv + 3, argc - 3);
    else if (strcmp(argv[2], "write") == 0 && argc > 5)
        bench_write(config, argv[3], strtol(argv[4], NULL, 10), argv + 5, argc - 5);
    else if (strcmp(argv[2], "await") == 0)
        bench_await(config);
    else if (strcmp(argv[2], "light") == 0 && argc == 6)
        bench_light(config, argv[3], strtod(argv[4], NULL), strtod(argv[5], NULL));
    else
        bench_fail(usage);
    ule_config_free(config);
    return 0;
}
