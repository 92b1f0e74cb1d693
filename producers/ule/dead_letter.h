/* SPDX-License-Identifier: MIT */
/* The parts of `ule dead-letter`: which letters (dead_letter_read.c), what they say (dead_letter.c), and back where
 * they came from (dead_letter_redrive.c). */
#ifndef ULE_DEAD_LETTER_H
#define ULE_DEAD_LETTER_H

#include "kafka/reader.h"
#include "registry/registry.h"
#include "ule/live.h"

struct ule_letter_options {
    const char *config;
    const char *topic;         /* the dead-letter topic or the one it belongs to; NULL: all */
    const char *code;          /* NULL: any */
    int64_t partition, offset; /* in the dead-letter topic; -1: any */
    bool all, payload;
    const char *purpose; /* NULL when not given */
};

/* One letter, as long as its visit. What stands in no header is "". */
struct ule_letter {
    const struct ule_topic_plan *plan; /* of the dead-letter topic */
    const rd_kafka_message_t *message;
    const char *code, *text, *topic, *partition, *offset, *ts;
};

struct ule_letters {
    const struct ule_letter_options *options;
    struct ule_config *config;
    rd_kafka_t *client;
    struct ule_registry *registry; /* NULL: none, or no payload is shown */
    struct ule_progress progress;
};

/* Every letter that the options choose, by topic, partition and offset, as far as they stood there at the start of
 * each; `letter` NULL: a partition is done. */
typedef enum ule_code ule_letter_visit(void *context, const struct ule_letter *letter, struct ule_error *error);
enum ule_code ule_letters_read(struct ule_letters *letters, ule_letter_visit *visit, void *context,
                               struct ule_error *error) ULE_MUST_CHECK;
/* True for the headers that make a record a letter, and for the one that says it was sent again. */
bool ule_letter_header(const char *header);

/* `*count` is how many were sent, also when it fails half way. */
enum ule_code ule_letters_redrive(struct ule_letters *letters, uint64_t *count, struct ule_error *error) ULE_MUST_CHECK;

#endif
