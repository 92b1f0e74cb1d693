/* SPDX-License-Identifier: MIT */
#include "loop/dead_letter.h"

#include "base/clock.h"
#include "kafka/topics.h"
#include "ops/log.h"
#include "ops/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEADERS_MAX = 64, SHOWN_MAX = 20, SHOWN_MS = 60000 };

enum ule_code ule_dead_letters_open(const struct ule_config *config, struct ule_worker *worker, const char *input,
                                    struct ule_dead_letters *letters, struct ule_error *error) {
    char name[300];
    (void)snprintf(name, sizeof name, "%s" ULE_DEAD_LETTER_SUFFIX, input);
    /* Kept from one boot to the next. */
    const char *topic = letters->topic ? letters->topic
                                       : ule_arena_string(config->arena, ule_config_topic(config, name));
    int32_t partitions = 0;
    enum ule_code code = ule_kafka_partitions(ule_worker_client(worker), topic, &partitions, error);
    if (code != ULE_OK)
        return code;
    letters->topic = topic;
    letters->input = input;
    letters->partitions = partitions;
    letters->keep_time = config->clock_publish;
    return ULE_OK;
}

static void show(struct ule_dead_letters *letters, const struct ule_dead_letter *letter, const struct ule_error *why) {
    int64_t now = ule_clock_steady();
    if (now - letters->shown_since > SHOWN_MS) {
        letters->shown_since = now;
        letters->shown = 0;
    }
    if (letters->shown++ > SHOWN_MAX)
        return;
    if (letters->shown == SHOWN_MAX + 1) {
        ule_log(ULE_LOG_WARNING, "dead-letters", "topic=%s message=\"more of them are not shown for a minute\"",
                letters->input);
        return;
    }
    char text[2 * sizeof why->message];
    ule_log(ULE_LOG_WARNING, "dead-letter", "topic=%s partition=%" PRId32 " offset=%" PRId64 " code=%s message=%s",
            letters->input, letter->partition, letter->offset, ule_code_name(why->code),
            ule_log_quote(why->message, text, sizeof text));
}

static size_t original_headers(const rd_kafka_headers_t *original, struct ule_header *headers) {
    size_t count = 0;
    while (original && count < HEADERS_MAX - 6 &&
           rd_kafka_header_get_all(original, count, &headers[count].name, &headers[count].value,
                                   &headers[count].size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        count++;
    return count;
}

enum ule_code ule_dead_letters_write(struct ule_worker *worker, struct ule_dead_letters *letters,
                                     const struct ule_dead_letter *letter, const struct ule_error *why,
                                     struct ule_error *error) {
    char partition[16], offset[24], ts[24];
    (void)snprintf(partition, sizeof partition, "%" PRId32, letter->partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, letter->offset);
    (void)snprintf(ts, sizeof ts, "%" PRId64, letter->ts);
    const char *const own[][2] = {
        {"error.code", ule_code_name(why->code)},
        {"error.message", why->message},
        {"topic", letters->input},
        {"partition", partition},
        {"offset", offset},
        {"ts", ts},
    };
    struct ule_header headers[HEADERS_MAX];
    size_t count = original_headers(letter->headers, headers);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        headers[count++] = (struct ule_header){own[i][0], own[i][1], strlen(own[i][1])};
    show(letters, letter, why);
    ule_metric_add(ULE_METRIC_DEAD_LETTERS, letters->input, ule_code_name(why->code), 1);
    return ule_worker_send(worker,
                           &(struct ule_message){
                               .topic = letters->topic,
                               .partition = letter->partition % letters->partitions,
                               .key = letter->key,
                               .key_size = letter->key_size,
                               .value = letter->value,
                               .size = letter->size,
                               /* Its own time, which is a header, may be older than what the topic keeps. */
                               .ts = letters->keep_time && letter->ts > 0 ? letter->ts : 0,
                               .headers = headers,
                               .headers_count = count,
                           },
                           error);
}

enum ule_code ule_dead_letters_send(struct ule_worker *worker, struct ule_dead_letters *letters,
                                    const rd_kafka_message_t *message, const struct ule_error *why,
                                    struct ule_error *error) {
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        headers = NULL;
    return ule_dead_letters_write(worker, letters,
                                  &(struct ule_dead_letter){
                                      .partition = message->partition,
                                      .offset = message->offset,
                                      .ts = rd_kafka_message_timestamp(message, NULL),
                                      .key = message->key,
                                      .key_size = message->key_len,
                                      .value = message->payload,
                                      .size = message->len,
                                      .headers = headers,
                                  },
                                  why, error);
}
