/* SPDX-License-Identifier: MIT */
#include "ule/dead_letter.h"

#include <inttypes.h>
#include <string.h>

enum { WAIT_MS = 200, METADATA_MS = 30000 };

static const char *const ours[] = {"error.code", "error.message", "topic", "partition", "offset", "ts"};
enum { OURS = sizeof ours / sizeof *ours };
static const char redriven[] = "redriven";

bool ule_letter_header(const char *header) {
    for (size_t i = 0; i < OURS; i++) {
        if (strcmp(ours[i], header) == 0)
            return true;
    }
    return strcmp(header, redriven) == 0;
}

/* The last of a name is ours: a record may have come with one of its own. */
static const char *header_text(const rd_kafka_message_t *message, const char *header, struct ule_arena *arena) {
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    size_t size = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR || !headers ||
        rd_kafka_header_get_last(headers, header, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR || !value)
        return "";
    char *text = ule_arena_alloc(arena, size + 1);
    /* It goes to a terminal. */
    for (size_t i = 0; i < size; i++) {
        char letter = ((const char *)value)[i];
        text[i] = (unsigned char)letter < ' ' || letter == 0x7f ? '?' : letter;
    }
    return text;
}

static enum ule_code visit_one(const struct ule_letters *letters, const struct ule_topic_plan *plan,
                               const rd_kafka_message_t *message, struct ule_arena *arena, ule_letter_visit *visit,
                               void *context, struct ule_error *error) {
    ule_arena_reset(arena);
    const char *texts[OURS];
    for (size_t i = 0; i < OURS; i++)
        texts[i] = header_text(message, ours[i], arena);
    const struct ule_letter letter = {plan, message, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]};
    if (letters->options->code && strcmp(letters->options->code, letter.code) != 0)
        return ULE_OK;
    return visit(context, &letter, error);
}

static enum ule_code read_partition(struct ule_letters *letters, struct ule_kafka_reader *reader,
                                    const struct ule_topic_plan *plan, int32_t partition, struct ule_arena *arena,
                                    ule_letter_visit *visit, void *context, struct ule_error *error) {
    const char *topic = ule_config_topic(letters->config, plan->name);
    int64_t low = 0, high = 0, offset = letters->options->offset;
    enum ule_code code = ule_kafka_reader_bounds(reader, topic, partition, &low, &high, error);
    if (code == ULE_OK && offset >= 0) {
        high = offset >= low && offset < high ? offset + 1 : low;
        low = offset > low ? offset : low;
    }
    if (code != ULE_OK || low >= high)
        return code;
    code = ule_kafka_reader_start(reader, topic, partition, low, high, error);
    while (code == ULE_OK) {
        rd_kafka_message_t *message = NULL;
        int ended = -1;
        if (ule_live_interrupted())
            return ule_fail(error, ULE_IO, "interrupted");
        code = ule_kafka_reader_next(reader, WAIT_MS, &message, &ended, error);
        if (code == ULE_OK && message)
            code = visit_one(letters, plan, message, arena, visit, context, error);
        if (message)
            rd_kafka_message_destroy(message);
        ule_progress_show(&letters->progress, "reading %s", topic);
    }
    return code == ULE_END ? visit(context, NULL, error) : code;
}

static bool is_chosen(const struct ule_letters *letters, const struct ule_topic_plan *plan) {
    const char *topic = letters->options->topic;
    const struct ule_topic_plan *original = ule_live_original(plan);
    return plan->kind == ULE_TOPIC_DEAD_LETTER &&
           (!topic || strcmp(topic, plan->name) == 0 || strcmp(topic, original->name) == 0 ||
            strcmp(topic, ule_config_topic(letters->config, plan->name)) == 0 ||
            strcmp(topic, ule_config_topic(letters->config, original->name)) == 0);
}

static int partitions_of(const struct rd_kafka_metadata *metadata, const char *topic) {
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            return metadata->topics[i].partition_cnt;
    }
    return 0;
}

enum ule_code ule_letters_read(struct ule_letters *letters, ule_letter_visit *visit, void *context,
                               struct ule_error *error) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t failed = rd_kafka_metadata(letters->client, 1, NULL, &metadata, METADATA_MS);
    if (failed)
        return ule_kafka_fail_code(error, failed, NULL, "cannot ask for the topics");
    struct ule_kafka_reader *reader = NULL;
    struct ule_arena *arena = ule_arena_new();
    enum ule_code code = ule_kafka_reader_open(letters->config, "ule-dead-letter", &reader, error);
    size_t count, chosen = 0;
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    for (size_t i = 0; i < count && code == ULE_OK; i++) {
        if (!is_chosen(letters, &plans[i]))
            continue;
        chosen++;
        int partitions = partitions_of(metadata, ule_config_topic(letters->config, plans[i].name));
        for (int32_t j = 0; j < partitions && code == ULE_OK; j++) {
            if (letters->options->partition < 0 || letters->options->partition == j)
                code = read_partition(letters, reader, &plans[i], j, arena, visit, context, error);
        }
    }
    if (code == ULE_OK && !chosen)
        code = ule_fail(error, ULE_USAGE, "--topic: no topic of ours that has dead letters");
    ule_kafka_reader_close(reader);
    ule_arena_free(arena);
    rd_kafka_metadata_destroy(metadata);
    return code;
}
