/* SPDX-License-Identifier: MIT */
#include "ule/dead_letter.h"

#include "kafka/producer.h"
#include "loop/engine.h"
#include "ule/audit_topic.h"

#include <stdlib.h>
#include <string.h>

/* Two redrives at once would send twice: the second ends the first. The group only marks how far letters were sent
 * again, since offsets go with every transaction (design.md section 5); nobody reads them. */
static const char identity[] = "ule-dead-letter";
static const char unsaid[] = "genindsendelse efter rettelse / sent again after repair";
enum { BATCH = 500, HEADERS_MAX = 64, PLANS_MAX = 64 };

struct redrive {
    struct ule_letters *letters;
    struct ule_producer *producer;
    struct ule_audit audit;
    rd_kafka_consumer_group_metadata_t *group;
    rd_kafka_topic_partition_list_t *offsets; /* of the open transaction */
    int32_t partitions[PLANS_MAX];            /* of the original topics, 0: not asked yet */
    uint64_t open, done;
};

static enum ule_code commit(struct redrive *redrive, struct ule_error *error) {
    if (!redrive->open)
        return ULE_OK;
    enum ule_code code = ule_producer_commit(redrive->producer, redrive->offsets, redrive->group, NULL, NULL, error);
    if (code != ULE_OK)
        return code;
    redrive->done += redrive->open;
    redrive->open = 0;
    rd_kafka_topic_partition_list_destroy(redrive->offsets);
    redrive->offsets = rd_kafka_topic_partition_list_new(1);
    return ULE_OK;
}

/* As it came to us, but for what makes it a letter. */
static size_t original_headers(const rd_kafka_message_t *message, struct ule_header *headers) {
    rd_kafka_headers_t *all = NULL;
    size_t count = 0;
    if (rd_kafka_message_headers(message, &all) == RD_KAFKA_RESP_ERR_NO_ERROR && all) {
        for (size_t i = 0; i < rd_kafka_header_cnt(all) && count < HEADERS_MAX - 1; i++) {
            struct ule_header *header = &headers[count];
            if (rd_kafka_header_get_all(all, i, &header->name, &header->value, &header->size) ==
                    RD_KAFKA_RESP_ERR_NO_ERROR &&
                !ule_letter_header(header->name))
                count++;
        }
    }
    headers[count++] = (struct ule_header){"redriven", "true", 4};
    return count;
}

static enum ule_code partition_of(struct redrive *redrive, const struct ule_letter *letter, const char *topic,
                                  int32_t *partition, struct ule_error *error) {
    size_t count;
    int32_t *partitions = &redrive->partitions[letter->plan - ule_topic_plans(&count)];
    if (!*partitions) {
        enum ule_code code = ule_kafka_partitions(ule_producer_client(redrive->producer), topic, partitions, error);
        if (code != ULE_OK)
            return code;
    }
    const rd_kafka_message_t *message = letter->message;
    if (message->key) /* the entity, in the inbox */
        *partition = (int32_t)((ule_murmur2(message->key, message->key_len) & 0x7fffffff) % (uint32_t)*partitions);
    else /* a Tick belongs where it was */
        *partition = (int32_t)(strtoul(letter->partition, NULL, 10) % (unsigned long)*partitions);
    return ULE_OK;
}

static enum ule_code send_again(struct redrive *redrive, const struct ule_letter *letter, struct ule_error *error) {
    const rd_kafka_message_t *message = letter->message;
    const struct ule_config *config = redrive->letters->config;
    struct ule_header headers[HEADERS_MAX];
    const char *topic = ule_config_topic(config, ule_live_original(letter->plan)->name);
    int32_t partition = 0;
    enum ule_code code = partition_of(redrive, letter, topic, &partition, error);
    if (code != ULE_OK)
        return code;
    return ule_producer_send(redrive->producer,
                             &(struct ule_message){
                                 .topic = topic,
                                 .partition = partition,
                                 .key = message->key,
                                 .key_size = message->key_len,
                                 .value = message->payload,
                                 .size = message->len,
                                 /* It comes now; where old recordings play, their days go on. */
                                 .ts = config->clock_publish ? rd_kafka_message_timestamp(message, NULL) : 0,
                                 .headers = headers,
                                 .headers_count = original_headers(message, headers),
                             },
                             error);
}

static enum ule_code audit(struct redrive *redrive, const struct ule_letter *letter, struct ule_error *error) {
    const rd_kafka_message_t *message = letter->message;
    const char *purpose = redrive->letters->options->purpose;
    char masked[15];
    (void)ule_live_masked(redrive->letters->config, message->key, message->key_len, masked);
    return ule_audit_send(&redrive->audit,
                          &(struct ule_audit_entry){
                              .type = ULE_TRANSACTION_TYPE_REDRIVE,
                              .purpose = purpose ? purpose : unsaid,
                              .person = message->key ? masked : NULL,
                              .source = {letter->plan->name, message->partition, message->offset, ""},
                          },
                          error);
}

static void note_offset(struct redrive *redrive, const rd_kafka_message_t *message) {
    const char *topic = rd_kafka_topic_name(message->rkt);
    rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_find(redrive->offsets, topic, message->partition);
    if (!at)
        at = rd_kafka_topic_partition_list_add(redrive->offsets, topic, message->partition);
    at->offset = message->offset + 1;
}

static enum ule_code take(void *context, const struct ule_letter *letter, struct ule_error *error) {
    struct redrive *redrive = context;
    if (!letter) /* the next may be long in coming */
        return commit(redrive, error);
    enum ule_code code = redrive->open ? ULE_OK : ule_producer_begin(redrive->producer, error);
    if (code == ULE_OK)
        code = send_again(redrive, letter, error);
    if (code == ULE_OK)
        code = audit(redrive, letter, error);
    if (code != ULE_OK)
        return code;
    note_offset(redrive, letter->message);
    redrive->open++;
    return redrive->open >= BATCH ? commit(redrive, error) : ULE_OK;
}

enum ule_code ule_letters_redrive(struct ule_letters *letters, uint64_t *count, struct ule_error *error) {
    struct redrive redrive = {.letters = letters, .offsets = rd_kafka_topic_partition_list_new(1)};
    redrive.group = rd_kafka_consumer_group_metadata_new(identity);
    enum ule_code code = ule_producer_open(letters->config, identity, identity, NULL, NULL, &redrive.producer, error);
    if (code == ULE_OK)
        code = ule_audit_open(&redrive.audit, letters->config, redrive.producer, error);
    if (code == ULE_OK)
        code = ule_letters_read(letters, take, &redrive, error);
    *count = redrive.done;
    ule_producer_close(redrive.producer);
    rd_kafka_consumer_group_metadata_destroy(redrive.group);
    rd_kafka_topic_partition_list_destroy(redrive.offsets);
    return code;
}
