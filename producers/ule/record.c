/* SPDX-License-Identifier: MIT */
/* `ule record`: topics into a recording (design.md section 8). */
#include "avro/framing.h"
#include "base/clock.h"
#include "base/text.h"
#include "kafka/reader.h"
#include "recording/writer.h"
#include "registry/registry.h"
#include "ule/commands.h"
#include "ule/live.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name[] = "ule record";
static const char help[] =
    "usage: ule record --to DIR --config FILE [OPTION...]\n"
    "\n"
    "Writes what stands in the topics, committed records only, into a recording: a file a topic, named\n"
    "as in the design whatever a topic is called on the brokers, with the partition, offset, time, key\n"
    "and headers that each record has there.\n"
    "\n"
    "  -t, --to DIR               made where there is none; must hold no recording yet\n"
    "  -c, --config FILE          brokers and names\n"
    "  -F, --format FORMAT        jsonl (the default): values decoded, what cannot be decoded as text or\n"
    "                             base64; avro: the bytes as they stand\n"
    "  -T, --topics A,B           these only; without it all but the changelog, ule.person-state.v1\n"
    "  -f, --follow               go on with what is new, until SIGINT or SIGTERM\n"
    "  -u, --until-idle SECONDS   go on with what is new, until nothing new came for so long\n"
    "  -h, --help                 this text\n"
    "\n"
    "Without --follow and --until-idle each topic is read to the end that it had at the start. Files\n"
    "get their names at the end: a recording that is there is whole. 'ule replay' reads it.\n"
    "\n"
    "Exits 0; 1 when something went wrong; 2 when the command line is wrong.\n";

enum { TOPICS_MAX = 32, WAIT_MS = 100 };

struct options {
    const char *to, *config, *topics;
    enum ule_format format;
    bool follow;
    int64_t idle_seconds; /* -1: not asked for */
};

struct topic {
    const struct ule_topic_plan *plan;
    const char *called; /* on the brokers */
    struct ule_reader *values;
    uint64_t count;
};

struct record {
    const struct options *options;
    struct ule_config *config;
    rd_kafka_t *client;
    struct ule_kafka_reader *reader;
    struct ule_writer *writer;
    struct ule_registry *registry; /* NULL: none */
    struct ule_arena *arena;
    struct topic topics[TOPICS_MAX];
    size_t count;
    uint64_t written;
    struct ule_progress progress;
};

static enum ule_code add_topic(struct record *record, const struct ule_topic_plan *plan, struct ule_error *error) {
    for (size_t i = 0; i < record->count; i++) {
        if (record->topics[i].plan == plan)
            return ULE_OK;
    }
    if (record->count == TOPICS_MAX)
        return ule_fail(error, ULE_USAGE, "--topics: too many");
    record->topics[record->count++] = (struct topic){
        .plan = plan,
        .called = ule_config_topic(record->config, plan->name),
        .values = ule_reader_new(ule_live_record(plan)),
    };
    ule_registry_serve(record->registry, record->topics[record->count - 1].values);
    return ULE_OK;
}

static enum ule_code choose_topics(struct record *record, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    if (!record->options->topics) {
        size_t count;
        const struct ule_topic_plan *plans = ule_topic_plans(&count);
        for (size_t i = 0; i < count && code == ULE_OK; i++) {
            if (strcmp(plans[i].name, ULE_CHANGELOG_TOPIC) != 0)
                code = add_topic(record, &plans[i], error);
        }
        return code;
    }
    char *copy = strdup(record->options->topics), *rest = copy;
    if (!copy)
        abort();
    for (char *one; code == ULE_OK && (one = strsep(&rest, ",")) != NULL;) {
        const struct ule_topic_plan *plan = ule_topic_plan_named(record->config, one);
        code = plan ? add_topic(record, plan, error)
                    : ule_fail(error, ULE_USAGE, "--topics: %.200s is no topic of ours", one);
    }
    free(copy);
    return code;
}

/* A partition from its beginning to its end as it is now, or on for ever. */
static enum ule_code start(struct record *record, const struct topic *topic, int32_t partition,
                           struct ule_error *error) {
    int64_t low = 0, high = 0;
    enum ule_code code = ule_kafka_reader_bounds(record->reader, topic->called, partition, &low, &high, error);
    if (code != ULE_OK)
        return code;
    if (record->options->follow)
        high = INT64_MAX;
    return low < high ? ule_kafka_reader_start(record->reader, topic->called, partition, low, high, error) : ULE_OK;
}

/* A topic that nobody has made has no records; one that was asked for by name must be there. */
static enum ule_code start_all(struct record *record, const struct rd_kafka_metadata *metadata,
                               struct ule_error *error) {
    for (size_t i = 0; i < record->count; i++) {
        const struct topic *topic = &record->topics[i];
        int partitions = 0;
        for (int j = 0; j < metadata->topic_cnt; j++) {
            if (strcmp(metadata->topics[j].topic, topic->called) == 0)
                partitions = metadata->topics[j].partition_cnt;
        }
        if (!partitions && record->options->topics)
            return ule_fail(error, ULE_KAFKA, "%s: is not there, or READ on it is missing", topic->called);
        if (!partitions)
            (void)fprintf(stderr, "%s: %s is not there, or READ on it is missing\n", name, topic->called);
        for (int32_t j = 0; j < partitions; j++) {
            enum ule_code code = start(record, topic, j, error);
            if (code != ULE_OK)
                return code;
            ule_progress_show(&record->progress, "asking %s", topic->called);
        }
    }
    return ULE_OK;
}

static enum ule_code start_reading(struct record *record, struct ule_error *error) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t failed = rd_kafka_metadata(record->client, 1, NULL, &metadata, 30000);
    if (failed)
        return ule_kafka_fail_code(error, failed, NULL, "cannot ask for the topics");
    enum ule_code code = start_all(record, metadata, error);
    rd_kafka_metadata_destroy(metadata);
    return code;
}

/* Text as it is; other bytes in hexadecimal, which `*text` being false says. */
static const char *as_text(struct ule_arena *arena, const void *bytes, size_t size, bool *text) {
    *text = ule_text_valid(bytes, size);
    if (*text)
        return ule_arena_substring(arena, bytes, size);
    char *digits = ule_arena_alloc(arena, 2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        digits[2 * i] = "0123456789abcdef"[((const uint8_t *)bytes)[i] >> 4];
        digits[2 * i + 1] = "0123456789abcdef"[((const uint8_t *)bytes)[i] & 15];
    }
    return digits;
}

/* Names and values in turn; a value that is no text goes in hexadecimal under its name and `.hex`. */
static void take_headers(const rd_kafka_message_t *message, struct ule_arena *arena, struct ule_written *written) {
    rd_kafka_headers_t *headers = NULL;
    size_t count = 0;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR && headers)
        count = rd_kafka_header_cnt(headers);
    /* Room for one more pair, of the key. */
    const char **texts = ule_arena_array(arena, 2 * count + 2, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        const char *header = NULL;
        const void *value = NULL;
        size_t size = 0;
        bool text = true;
        if (rd_kafka_header_get_all(headers, i, &header, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        bool named = ule_text_valid(header, strlen(header));
        texts[2 * i + 1] = as_text(arena, value ? value : "", value ? size : 0, &text);
        texts[2 * i] = ule_arena_printf(arena, "%s%s", named ? header : "?", text ? "" : ".hex");
    }
    written->headers = texts;
    written->headers_count = 2 * count;
}

/* A key that is no text stands in hexadecimal, and a header says so. */
static void take_key(const rd_kafka_message_t *message, struct ule_arena *arena, struct ule_written *written) {
    if (!message->key && message->key_len == 0)
        return;
    bool text = true;
    written->key = as_text(arena, message->key ? message->key : "", message->key_len, &text);
    if (text)
        return;
    const char **headers = (const char **)(uintptr_t)written->headers;
    headers[written->headers_count++] = "key.encoding";
    headers[written->headers_count++] = "hex";
}

/* By our schema. The registry's trouble is waited for where the recording is to go on for ever. */
static enum ule_code decode(const struct record *record, const struct topic *topic, const struct ule_written *written,
                            void *value, struct ule_error *error) {
    for (bool said = false;;) {
        enum ule_code code = ule_reader_decode(topic->values, written->bytes, written->size, record->arena, value,
                                               error);
        if (code != ULE_REGISTRY || !record->options->follow || ule_live_interrupted())
            return code;
        if (!said)
            (void)fprintf(stderr, "%s: %s; asking again until it answers\n", name, error->message);
        said = true;
        (void)sleep(1);
    }
}

static enum ule_code take_value(struct record *record, const struct topic *topic, const rd_kafka_message_t *message,
                                struct ule_written *written, struct ule_error *error) {
    if (!message->payload && message->len == 0)
        return ULE_OK;
    written->bytes = message->payload ? message->payload : (const uint8_t *)"";
    written->size = message->len;
    if (record->options->format == ULE_FORMAT_AVRO)
        return ULE_OK;
    const struct ule_record *type = ule_live_record(topic->plan);
    void *value = ule_arena_alloc(record->arena, type->size);
    enum ule_code code = decode(record, topic, written, value, error);
    if (code == ULE_OK) {
        written->record = type;
        written->value = value;
    }
    return code < ULE_DATA_ERRORS_END ? ULE_OK : code;
}

static enum ule_code take(struct record *record, const rd_kafka_message_t *message, struct ule_error *error) {
    const char *called = rd_kafka_topic_name(message->rkt);
    struct topic *topic = NULL;
    for (size_t i = 0; i < record->count && !topic; i++) {
        if (strcmp(record->topics[i].called, called) == 0)
            topic = &record->topics[i];
    }
    if (!topic)
        return ule_fail(error, ULE_KAFKA, "%s: was not asked for", called);
    ule_arena_reset(record->arena);
    struct ule_written written = {
        .topic = topic->plan->name,
        .ts = rd_kafka_message_timestamp(message, NULL),
        .placed = true,
        .partition = message->partition,
        .offset = message->offset,
    };
    take_headers(message, record->arena, &written);
    take_key(message, record->arena, &written);
    enum ule_code code = take_value(record, topic, message, &written, error);
    topic->count++;
    record->written++;
    return code == ULE_OK ? ule_writer_write(record->writer, &written, error) : code;
}

static enum ule_code take_all(struct record *record, struct ule_error *error) {
    int64_t last = ule_clock_wall();
    while (!ule_live_interrupted()) {
        rd_kafka_message_t *message = NULL;
        int ended = -1;
        enum ule_code code = ule_kafka_reader_next(record->reader, WAIT_MS, &message, &ended, error);
        if (code == ULE_OK && message) {
            code = take(record, message, error);
            last = ule_clock_wall();
        }
        if (message)
            rd_kafka_message_destroy(message);
        if (code == ULE_END && !record->options->follow)
            return ULE_OK;
        if (code != ULE_OK)
            return code;
        if (record->options->idle_seconds >= 0 && ule_clock_wall() - last >= record->options->idle_seconds * 1000)
            return ULE_OK;
        ule_progress_show(&record->progress, "recording: %" PRIu64 " records", record->written);
    }
    return record->options->follow ? ULE_OK : ule_fail(error, ULE_IO, "interrupted; nothing was kept");
}

static enum ule_code check_folder(const char *dir, struct ule_error *error) {
    DIR *folder = opendir(dir);
    if (!folder)
        return ule_fail(error, ULE_IO, "%s: %s", dir, strerror(errno));
    enum ule_code code = ULE_OK;
    for (const struct dirent *entry; code == ULE_OK && (entry = readdir(folder)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && ending && (strcmp(ending, ".jsonl") == 0 || strcmp(ending, ".avro") == 0))
            code = ule_fail(error, ULE_USAGE, "%s: has recordings already (%.200s)", dir, entry->d_name);
    }
    (void)closedir(folder);
    return code;
}

static enum ule_code run(struct record *record, struct ule_error *error) {
    const struct options *options = record->options;
    enum ule_code code = ule_live_config(options->config, &record->config, error);
    if (code == ULE_OK)
        code = ule_registry_open(record->config, &record->registry, error);
    if (code == ULE_OK)
        code = choose_topics(record, error);
    if (code == ULE_OK)
        code = ule_writer_open(options->to, options->format, false, &record->writer, error);
    if (code == ULE_OK)
        code = check_folder(options->to, error);
    if (code == ULE_OK)
        code = ule_live_client(record->config, &record->client, error);
    if (code == ULE_OK)
        code = ule_kafka_reader_open(record->config, "ule-record", &record->reader, error);
    if (code == ULE_OK)
        code = start_reading(record, error);
    if (code == ULE_OK)
        code = take_all(record, error);
    if (code == ULE_OK)
        code = ule_writer_finish(record->writer, error);
    return code;
}

static void close_all(struct record *record) {
    ule_writer_close(record->writer);
    ule_kafka_reader_close(record->reader);
    if (record->client)
        (void)ule_kafka_destroy(record->client);
    for (size_t i = 0; i < record->count; i++)
        ule_reader_free(record->topics[i].values);
    ule_registry_close(record->registry);
    ule_arena_free(record->arena);
    ule_config_free(record->config);
}

static int take_options(int argc, char **argv, struct options *options) {
    static const struct option longs[] = {
        {"to", required_argument, NULL, 't'},     {"config", required_argument, NULL, 'c'},
        {"format", required_argument, NULL, 'F'}, {"topics", required_argument, NULL, 'T'},
        {"follow", no_argument, NULL, 'f'},       {"until-idle", required_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "t:c:F:T:fu:h", longs, NULL)) != -1;) {
        switch (option) {
        case 't': options->to = optarg; break;
        case 'c': options->config = optarg; break;
        case 'T': options->topics = optarg; break;
        case 'f': options->follow = true; break;
        case 'u':
            options->follow = true;
            if (!ule_live_number(optarg, 86400, &options->idle_seconds))
                return ule_live_usage(name, "--until-idle expects seconds, 0 to 86400, not ", optarg);
            break;
        case 'F':
            options->format = strcmp(optarg, "avro") == 0 ? ULE_FORMAT_AVRO : ULE_FORMAT_JSONL;
            if (options->format == ULE_FORMAT_JSONL && strcmp(optarg, "jsonl") != 0)
                return ule_live_usage(name, "--format expects jsonl or avro, not ", optarg);
            break;
        case 'h': (void)fputs(help, stdout); return -1;
        default: return ule_live_usage(name, "see the options", NULL);
        }
    }
    if (optind < argc)
        return ule_live_usage(name, "unexpected: ", argv[optind]);
    return options->to && options->config ? 0 : ule_live_usage(name, "expected --to DIR and --config FILE", NULL);
}

int ule_record_main(int argc, char **argv) {
    struct options options = {.idle_seconds = -1};
    int wrong = take_options(argc, argv, &options);
    if (wrong)
        return wrong < 0 ? ULE_EXIT_OK : wrong;
    (void)umask(077); /* what is written concerns persons */
    ule_live_catch();
    struct record record = {.options = &options, .arena = ule_arena_new()};
    struct ule_error error = {0};
    enum ule_code code = run(&record, &error);
    ule_progress_end(&record.progress);
    for (size_t i = 0; i < record.count && code == ULE_OK; i++) {
        if (record.topics[i].count)
            (void)printf("%-48s %12" PRIu64 "\n", record.topics[i].plan->name, record.topics[i].count);
    }
    close_all(&record);
    return code == ULE_OK ? ULE_EXIT_OK : ule_live_failed(name, code, &error);
}
