/* SPDX-License-Identifier: MIT */
/* What cannot be read, with the reason, beside the topic that it came from (design.md section 11). */
#ifndef ULE_LOOP_DEAD_LETTER_H
#define ULE_LOOP_DEAD_LETTER_H

#include "loop/worker.h"

struct ule_dead_letters {
    const char *topic; /* `<input>.dead-letter.v1`, as it is called here */
    const char *input; /* as design.md section 3 calls it: the header `topic` */
    int32_t partitions;
    bool keep_time;      /* with `clock = publish`, as topics then keep everything */
    int64_t shown_since; /* steady clock: not more than so many lines of log a minute */
    unsigned shown;
};

/* Finds the names and asks for the partitions. `input` is kept. *letters' strings live as long as `config`. */
enum ule_code ule_dead_letters_open(const struct ule_config *config, struct ule_worker *worker, const char *input,
                                    struct ule_dead_letters *letters, struct ule_error *error) ULE_MUST_CHECK;
/* What is set aside: a record, or what one says to one of many (a Tick). All borrowed. */
struct ule_dead_letter {
    int32_t partition; /* of the record, with its offset and time (ms) */
    int64_t offset, ts;
    const void *key, *value; /* value NULL: a null */
    size_t key_size, size;
    rd_kafka_headers_t *headers; /* NULL: none */
};

/* Bytes, key and headers, and error.code, error.message, topic, partition, offset, ts. Within the worker's transaction.
 */
enum ule_code ule_dead_letters_write(struct ule_worker *worker, struct ule_dead_letters *letters,
                                     const struct ule_dead_letter *letter, const struct ule_error *why,
                                     struct ule_error *error) ULE_MUST_CHECK;
/* Likewise a record as it came. */
enum ule_code ule_dead_letters_send(struct ule_worker *worker, struct ule_dead_letters *letters,
                                    const rd_kafka_message_t *message, const struct ule_error *why,
                                    struct ule_error *error) ULE_MUST_CHECK;

#endif
