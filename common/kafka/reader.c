/* SPDX-License-Identifier: MIT */
#include "kafka/reader.h"

#include "base/clock.h"
#include "kafka/right.h"
#include "ops/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    char *topic;
    int32_t partition;
    int64_t to;
    rd_kafka_topic_t *handle; /* NULL: not being read any more, or never was */
    bool untold;              /* at its end, which next() has not said yet */
};

struct ule_kafka_reader {
    rd_kafka_t *client, *uncommitted;
    rd_kafka_queue_t *queue;
    struct reading *readings;
    size_t count, last, running, untold; /* so many have a handle; so many are at an end that was not said */
    struct ule_kafka_mended mended;
};

static void set_unless_configured(const struct ule_config *config, rd_kafka_conf_t *conf, const char *name,
                                  const char *value) {
    if (!ule_config_kafka(config, name))
        ule_kafka_set(conf, name, value);
}

/* librdkafka's simple consumer: no group, so neither a coordinator nor a right on a group is asked for. */
static enum ule_code open_client(const struct ule_config *config, const char *client_id, const char *isolation,
                                 rd_kafka_t **client, struct ule_error *error) {
    rd_kafka_conf_t *conf;
    enum ule_code code = ule_kafka_conf(config, client_id, &conf, error);
    if (code)
        return code;
    ule_kafka_set(conf, "isolation.level", isolation);
    /* It reads faster than the processes take in messages, and for a short time. */
    set_unless_configured(config, conf, "queued.max.messages.kbytes", "65536");
    /* Where marks of transactions come last, only an answer with nothing in it tells the end. */
    set_unless_configured(config, conf, "fetch.wait.max.ms", "10");
    /* What follows a partition's last record may be an aborted transaction: only the end tells that it is passed. */
    ule_kafka_set(conf, "enable.partition.eof", "true");
    return ule_kafka_client(RD_KAFKA_CONSUMER, conf, client, error);
}

enum ule_code ule_kafka_reader_open(const struct ule_config *config, const char *client_id,
                                    struct ule_kafka_reader **out, struct ule_error *error) {
    struct ule_kafka_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        abort();
    enum ule_code code = open_client(config, client_id, "read_committed", &reader->client, error);
    if (!code)
        code = open_client(config, client_id, "read_uncommitted", &reader->uncommitted, error);
    if (code) {
        ule_kafka_reader_close(reader);
        return code;
    }
    reader->queue = rd_kafka_queue_new(reader->client);
    *out = reader;
    return ULE_OK;
}

static void end(struct ule_kafka_reader *reader, struct reading *reading) {
    if (!reading->handle)
        return;
    reader->running--;
    (void)rd_kafka_consume_stop(reading->handle, reading->partition);
    rd_kafka_topic_destroy(reading->handle);
    reading->handle = NULL;
}

void ule_kafka_reader_close(struct ule_kafka_reader *reader) {
    if (!reader)
        return;
    for (size_t i = 0; i < reader->count; i++) {
        end(reader, &reader->readings[i]);
        free(reader->readings[i].topic);
    }
    free(reader->readings);
    if (reader->queue)
        rd_kafka_queue_destroy(reader->queue);
    if (reader->client)
        (void)ule_kafka_destroy(reader->client);
    if (reader->uncommitted)
        (void)ule_kafka_destroy(reader->uncommitted);
    free(reader);
}

static enum ule_code fail_at(const struct ule_kafka_reader *reader, struct ule_error *error, rd_kafka_resp_err_t failed,
                             const char *text, const char *verb, const char *topic, int32_t partition) {
    char doing[320];
    (void)snprintf(doing, sizeof doing, "cannot %s topic %.249s partition %d", verb, topic, (int)partition);
    enum ule_code code = ule_kafka_fail_code(error, failed, text, doing);
    ule_kafka_needs_topic(reader->client, failed, topic, error);
    /* Whoever started it there looks at the bounds again. */
    if (error && failed == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        error->action = ULE_ACTION_RESTART;
    return code;
}

enum ule_code ule_kafka_reader_bounds(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                      int64_t *low, int64_t *high, struct ule_error *error) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, topic, partition);
    enum ule_code code = ule_kafka_edges(reader->uncommitted, list, RD_KAFKA_OFFSET_BEGINNING, error);
    int64_t first = list->elems[0].offset;
    if (!code)
        code = ule_kafka_edges(reader->uncommitted, list, RD_KAFKA_OFFSET_END, error);
    if (!code) {
        *low = first;
        *high = list->elems[0].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

enum ule_code ule_kafka_reader_since(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                     int64_t time, int64_t *offset, struct ule_error *error) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, topic, partition);
    enum ule_code code = ule_kafka_edges(reader->uncommitted, list, time, error);
    if (!code)
        *offset = list->elems[0].offset >= 0 ? list->elems[0].offset : INT64_MAX;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

enum ule_code ule_kafka_reader_start(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                     int64_t from, int64_t to, struct ule_error *error) {
    struct reading reading = {.partition = partition, .to = to, .untold = from >= to};
    if (from < to) {
        reading.handle = rd_kafka_topic_new(reader->client, topic, NULL);
        if (!reading.handle || rd_kafka_consume_start_queue(reading.handle, partition, from, reader->queue)) {
            enum ule_code code = fail_at(reader, error, rd_kafka_last_error(), NULL, "read", topic, partition);
            if (reading.handle)
                rd_kafka_topic_destroy(reading.handle);
            return code;
        }
    }
    reading.topic = strdup(topic);
    struct reading *readings = realloc(reader->readings, (reader->count + 1) * sizeof *readings);
    if (!reading.topic || !readings)
        abort();
    readings[reader->count++] = reading;
    reader->readings = readings;
    *(from < to ? &reader->running : &reader->untold) += 1;
    return ULE_OK;
}

enum ule_code ule_kafka_reader_stop(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                    struct ule_error *error) {
    (void)error;
    for (size_t i = 0; i < reader->count; i++) {
        struct reading *at = &reader->readings[i];
        if (at->partition == partition && !strcmp(at->topic, topic)) {
            end(reader, at);
            if (at->untold)
                reader->untold--;
            at->untold = false;
        }
    }
    return ULE_OK;
}

/* NULL: of a partition that is not read any more. */
static struct reading *reading_of(struct ule_kafka_reader *reader, const rd_kafka_message_t *message) {
    const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
    for (size_t i = 0; i < reader->count; i++) {
        size_t index = (reader->last + i) % reader->count;
        struct reading *at = &reader->readings[index];
        if (at->handle && at->partition == message->partition && !strcmp(at->topic, topic)) {
            reader->last = index;
            return at;
        }
    }
    return NULL;
}

/* Whether `message` is one to give out. Its reading may have come to its end, with it or before it. */
static enum ule_code take(struct ule_kafka_reader *reader, const rd_kafka_message_t *message, bool *give,
                          struct ule_error *error) {
    struct reading *reading = reading_of(reader, message);
    *give = false;
    if (!reading && message->rkt)
        return ULE_OK;
    if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (!ule_kafka_mends(message->err))
            return fail_at(reader, error, message->err, rd_kafka_message_errstr(message), "read",
                           message->rkt ? rd_kafka_topic_name(message->rkt) : "-", message->partition);
        ule_kafka_log_mended(&reader->mended, message);
        return ULE_OK;
    }
    if (!reading) /* an end, of nothing */
        return ULE_OK;
    *give = !message->err && message->offset < reading->to;
    if (message->offset + (message->err ? 0 : 1) >= reading->to) {
        end(reader, reading);
        reading->untold = true;
        reader->untold++;
    }
    return ULE_OK;
}

enum ule_code ule_kafka_reader_next(struct ule_kafka_reader *reader, int timeout_ms, rd_kafka_message_t **message,
                                    int *ended, struct ule_error *error) {
    int64_t deadline = ule_clock_steady() + timeout_ms;
    *message = NULL;
    *ended = -1;
    for (;;) {
        for (size_t i = 0; i < reader->count && reader->untold; i++) {
            if (reader->readings[i].untold) {
                reader->readings[i].untold = false;
                reader->untold--;
                *ended = (int)i;
                return ULE_OK;
            }
        }
        if (!reader->running)
            return ULE_END;
        int64_t left = deadline - ule_clock_steady();
        rd_kafka_message_t *next = rd_kafka_consume_queue(reader->queue, left > 0 ? (int)left : 0);
        if (!next) {
            (void)rd_kafka_poll(reader->client, 0); /* librdkafka's own errors go to the log */
            (void)rd_kafka_poll(reader->uncommitted, 0);
            return ULE_OK;
        }
        bool give;
        enum ule_code code = take(reader, next, &give, error);
        if (give) {
            *message = next;
            return ULE_OK;
        }
        rd_kafka_message_destroy(next);
        if (code)
            return code;
    }
}
