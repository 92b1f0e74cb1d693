/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "ule/publish.h"

#include "avro/framing.h"
#include "kafka/producer.h"
#include "loop/source.h"
#include "loop/state.h"
#include "loop/stepper.h"
#include "recording/recording.h"
#include "registry/registry.h"
#include "ule/lag.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* librdkafka gives a record up after five minutes by itself. */
enum { FLUSH_MS = 330000, SAY_AT_MOST = 20 };

struct publish {
    const struct ule_publish_options *options;
    struct ule_published_counts *counts;
    struct ule_recording *recording;
    struct ule_producer *producer;
    struct ule_lag *lag;
    struct ule_registry *registry; /* NULL: none */
    struct ule_reader *values[ULE_SOURCE_COUNT];
    struct ule_framing framings[ULE_SOURCE_COUNT];
    const char *called[ULE_SOURCE_COUNT];
    int32_t partitions[ULE_SOURCE_COUNT];
    const char *inbox;
    int32_t inbox_partitions;
    struct ule_arena *arena;
    struct ule_buffer bytes;
    int32_t today;
    int64_t first_time, first_here; /* of the recording, and when that was by the steady clock */
    struct ule_progress progress;
};

static void show(struct publish *publish, const char *doing) {
    uint64_t done = ule_recording_done(publish->recording), size = ule_recording_size(publish->recording);
    char date[11];
    ule_progress_show(&publish->progress, "%s: %u %%, %" PRIu64 " records%s%s", doing,
                      size ? (unsigned)(done * 100 / size) : 0, publish->counts->records,
                      publish->today == ULE_DATE_NONE ? "" : ", ", ule_date_format(publish->today, date));
}

static enum ule_code interrupted(struct ule_error *error) {
    return ule_fail(error, ULE_IO, "interrupted; what was sent stays, and a second run would send it again");
}

/* With a speed: until the time of the record has come. */
static enum ule_code keep_pace(struct publish *publish, int64_t time, struct ule_error *error) {
    if (publish->options->speed <= 0 || time == ULE_TIME_NONE)
        return ULE_OK;
    if (publish->first_time == ULE_TIME_NONE) {
        publish->first_time = time;
        publish->first_here = ule_clock_steady();
    }
    double due = (double)(time - publish->first_time) / publish->options->speed;
    for (double left; (left = due - (double)(ule_clock_steady() - publish->first_here)) > 0;) {
        enum { LONGEST_MS = 100 };
        long wait = left < LONGEST_MS ? (long)left + 1 : LONGEST_MS;
        (void)nanosleep(&(struct timespec){0, wait * 1000000}, NULL);
        ule_producer_poll(publish->producer);
        show(publish, "publishing");
        if (ule_live_interrupted())
            return interrupted(error);
    }
    return ULE_OK;
}

static bool still_waiting(void *context, int64_t behind) {
    struct publish *publish = context;
    char date[11];
    ule_progress_show(&publish->progress, "%s: waiting for the processes, about %" PRId64 " records behind",
                      ule_date_format(publish->today, date), behind);
    return !ule_live_interrupted();
}

/* Until all that was sent has been taken, and all that it made the processes tell each other. */
static enum ule_code drain(struct publish *publish, struct ule_error *error) {
    bool none = false;
    enum ule_code code = ule_producer_flush(publish->producer, FLUSH_MS, error);
    if (code == ULE_OK)
        code = ule_lag_wait(publish->lag, still_waiting, publish, &none, error);
    return code == ULE_OK && !none ? interrupted(error) : code;
}

/* To every partition of the inbox: each has an owner who waits for it. */
static enum ule_code tick(struct publish *publish, int32_t date, struct ule_error *error) {
    struct ule_inbox_message message;
    ule_arena_reset(publish->arena);
    ule_tick_message(date, "", publish->arena, &message);
    ule_buffer_clear(&publish->bytes);
    ule_write_single_object(&ule_inbox_message_record, &message, &publish->bytes);
    for (int32_t i = 0; i < publish->inbox_partitions; i++) {
        enum ule_code code = ule_producer_send(publish->producer,
                                               &(struct ule_message){
                                                   .topic = publish->inbox,
                                                   .partition = i,
                                                   .value = publish->bytes.bytes,
                                                   .size = publish->bytes.size,
                                                   .ts = message.at,
                                               },
                                               error);
        if (code != ULE_OK)
            return code;
    }
    publish->counts->days++;
    return ULE_OK;
}

/* Day by day, as a replay: what one day causes is done before the next begins. */
static enum ule_code advance(struct publish *publish, int32_t date, struct ule_error *error) {
    while (publish->today == ULE_DATE_NONE || publish->today < date) {
        int32_t next = publish->today == ULE_DATE_NONE ? date : publish->today + 1;
        enum ule_code code = drain(publish, error);
        if (code == ULE_OK)
            code = tick(publish, next, error);
        if (code == ULE_OK) /* an input of this day must not be taken before the Tick stands in the inbox */
            code = ule_producer_flush(publish->producer, FLUSH_MS, error);
        if (code != ULE_OK)
            return code;
        publish->today = next;
    }
    return ULE_OK;
}

static int digit(char letter) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = letter ? strchr(digits, letter) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The bytes that the recording's writer put there; the text itself when it is not base64. */
static void from_base64(const char *text, size_t size, struct ule_buffer *out) {
    size_t start = out->size;
    uint32_t word = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < size && text[i] != '='; i++) {
        int value = digit(text[i]);
        if (value < 0) {
            out->size = start;
            ule_buffer_append(out, text, size);
            return;
        }
        word = word << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            uint8_t byte = (uint8_t)(word >> bits);
            ule_buffer_append(out, &byte, 1);
        }
    }
}

static bool is_base64(const json_t *headers) {
    for (size_t i = 0; i + 1 < json_array_size(headers); i += 2) {
        const char *header = json_string_value(json_array_get(headers, i));
        const char *value = json_string_value(json_array_get(headers, i + 1));
        if (header && value && strcmp(header, "encoding") == 0 && strcmp(value, "base64") == 0)
            return true;
    }
    return false;
}

/* As the record stood. False when there is nothing to send. */
static bool raw_bytes(const struct ule_recorded *recorded, struct ule_buffer *out) {
    if (!recorded->line) {
        ule_buffer_append(out, recorded->bytes ? recorded->bytes : (const uint8_t *)"", recorded->size);
        return recorded->bytes != NULL || recorded->failed.code != ULE_TOO_LARGE;
    }
    if (recorded->failed.code != ULE_OK || !recorded->json) {
        if (recorded->raw)
            ule_buffer_append(out, recorded->raw, recorded->raw_size);
        return recorded->raw != NULL;
    }
    const char *text = json_string_value(recorded->json);
    if (text && is_base64(recorded->headers)) {
        from_base64(text, json_string_length(recorded->json), out);
    } else if (text) {
        ule_buffer_append(out, text, json_string_length(recorded->json));
    } else {
        char *dumped = json_dumps(recorded->json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        if (!dumped)
            abort();
        ule_buffer_append(out, dumped, strlen(dumped));
        free(dumped);
    }
    return true;
}

/* By our schema, whatever it was recorded in. A data error, or the registry's trouble. */
static enum ule_code encode(struct publish *publish, const struct ule_recorded *recorded, struct ule_buffer *out,
                            struct ule_error *error) {
    const struct ule_record *record = ule_sources[recorded->topic].record;
    void *value = ule_arena_alloc(publish->arena, record->size);
    if (recorded->failed.code != ULE_OK)
        return recorded->failed.code;
    enum ule_code code = recorded->line ? ule_record_from_json(record, recorded->json, publish->arena, value, error)
                                        : ule_reader_decode(publish->values[recorded->topic], recorded->bytes,
                                                            recorded->size, publish->arena, value, error);
    if (code == ULE_OK)
        ule_write_framed(record, &publish->framings[recorded->topic], value, out);
    return code;
}

static void say_missing(struct publish *publish, const struct ule_recorded *recorded) {
    if (++publish->counts->missing > SAY_AT_MOST)
        return;
    ule_progress_end(&publish->progress);
    if (recorded->line)
        (void)fprintf(stderr, "%s:%" PRIu64 ": not sent: %s\n", recorded->file, recorded->line,
                      recorded->failed.message);
    else
        (void)fprintf(stderr, "%s: partition %d offset %" PRId64 ": not sent: %s\n", recorded->file,
                      recorded->partition, recorded->offset, recorded->failed.message);
}

static enum ule_code send_one(struct publish *publish, const struct ule_recorded *recorded, struct ule_error *error) {
    ule_arena_reset(publish->arena);
    ule_buffer_clear(&publish->bytes);
    bool tombstone = recorded->failed.code == ULE_OK &&
                     (recorded->line ? json_is_null(recorded->json) : !recorded->bytes);
    enum ule_code code = tombstone ? ULE_OK : encode(publish, recorded, &publish->bytes, error);
    if (code >= ULE_DATA_ERRORS_END)
        return code;
    if (code != ULE_OK) {
        ule_buffer_clear(&publish->bytes);
        if (!raw_bytes(recorded, &publish->bytes)) {
            say_missing(publish, recorded);
            return ULE_OK;
        }
        publish->counts->raw++;
    }
    publish->counts->raw += tombstone; /* an input has none */
    int32_t count = publish->partitions[recorded->topic];
    const struct ule_message message = {
        .topic = publish->called[recorded->topic],
        .partition = recorded->key ? (int32_t)ule_state_partition(recorded->key, (unsigned)count)
                                   : recorded->partition % count,
        .key = recorded->key,
        .key_size = recorded->key ? strlen(recorded->key) : 0,
        .value = tombstone             ? NULL
                 : publish->bytes.size ? publish->bytes.bytes
                                       : (const uint8_t *)"",
        .size = publish->bytes.size,
        .ts = recorded->ts != ULE_TIME_NONE     ? recorded->ts
              : recorded->time != ULE_TIME_NONE ? recorded->time
                                                : 0,
    };
    publish->counts->records++;
    return ule_producer_send(publish->producer, &message, error);
}

static enum ule_code send_all(struct publish *publish, struct ule_error *error) {
    struct ule_recorded *recorded;
    enum ule_code code;
    while ((code = ule_recording_next(publish->recording, &recorded, error)) == ULE_OK) {
        if (ule_live_interrupted())
            return interrupted(error);
        code = keep_pace(publish, recorded->time, error);
        if (code == ULE_OK && publish->options->ticks && recorded->ts != ULE_TIME_NONE)
            code = advance(publish, ule_date_of_time(recorded->time), error);
        if (code == ULE_OK)
            code = send_one(publish, recorded, error);
        if (code != ULE_OK)
            return code;
        show(publish, "publishing");
    }
    return code == ULE_END ? ULE_OK : code;
}

static enum ule_code open_recording(struct publish *publish, struct ule_error *error) {
    const char *topics[ULE_SOURCE_COUNT];
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        topics[i] = ule_sources[i].topic;
    struct ule_recording_options options = {
        .topics = topics,
        .topic_count = ULE_SOURCE_COUNT,
        .max_bytes = (size_t)publish->options->config->max_line_bytes,
    };
    options.ours = ule_live_files(&options.ours_count);
    return ule_recording_open(publish->options->from, &options, &publish->recording, error);
}

static enum ule_code check_as_of(const struct publish *publish, struct ule_error *error) {
    int64_t last = ule_recording_last_time(publish->recording);
    if (publish->options->as_of == ULE_DATE_NONE || last == ULE_TIME_NONE ||
        publish->options->as_of >= ule_date_of_time(last))
        return ULE_OK;
    return ule_fail(error, ULE_USAGE, "--as-of is earlier than the last record: records are never left out");
}

static enum ule_code prepare(struct publish *publish, struct ule_error *error) {
    const struct ule_config *config = publish->options->config;
    enum ule_code code = open_recording(publish, error);
    if (code == ULE_OK)
        code = check_as_of(publish, error);
    if (code == ULE_OK)
        code = ule_registry_open(config, &publish->registry, error);
    if (code == ULE_OK)
        code = ule_producer_open(config, "ule-publish", NULL, NULL, NULL, &publish->producer, error);
    for (size_t i = 0; i < ULE_SOURCE_COUNT && code == ULE_OK; i++) {
        publish->values[i] = ule_reader_new(ule_sources[i].record);
        publish->called[i] = ule_config_topic(config, ule_sources[i].topic);
        ule_registry_serve(publish->registry, publish->values[i]);
        code = ule_registry_framing(publish->registry, publish->called[i], ule_sources[i].record, &publish->framings[i],
                                    error);
        if (code == ULE_OK)
            code = ule_kafka_partitions(ule_producer_client(publish->producer), publish->called[i],
                                        &publish->partitions[i], error);
    }
    if (code == ULE_OK && publish->options->ticks)
        code = ule_kafka_partitions(ule_producer_client(publish->producer), publish->inbox, &publish->inbox_partitions,
                                    error);
    if (code == ULE_OK && (publish->options->ticks || publish->options->wait))
        code = ule_lag_open(config, NULL, &publish->lag, error);
    return code;
}

enum ule_code ule_publish_run(const struct ule_publish_options *options, struct ule_published_counts *counts,
                              struct ule_error *error) {
    struct publish publish = {
        .options = options,
        .counts = counts,
        .arena = ule_arena_new(),
        .inbox = ule_config_topic(options->config, ULE_INBOX_TOPIC),
        .today = ULE_DATE_NONE,
        .first_time = ULE_TIME_NONE,
    };
    memset(counts, 0, sizeof *counts);
    enum ule_code code = prepare(&publish, error);
    if (code == ULE_OK)
        code = send_all(&publish, error);
    if (code == ULE_OK && options->ticks && options->as_of != ULE_DATE_NONE)
        code = advance(&publish, options->as_of, error);
    if (code == ULE_OK)
        code = options->wait ? drain(&publish, error) : ule_producer_flush(publish.producer, FLUSH_MS, error);
    ule_progress_end(&publish.progress);
    ule_lag_close(publish.lag);
    ule_producer_close(publish.producer);
    ule_recording_close(publish.recording);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        ule_reader_free(publish.values[i]);
    ule_registry_close(publish.registry);
    ule_buffer_close(&publish.bytes);
    ule_arena_free(publish.arena);
    return code;
}
