/* SPDX-License-Identifier: MIT */
/* What the commands that speak with Kafka have in common: configuration, signals, progress, and what stands where. */
#ifndef ULE_LIVE_H
#define ULE_LIVE_H

#include "avro/record.h"
#include "kafka/client.h"
#include "kafka/topics.h"
#include "ops/config.h"

#include <stdbool.h>
#include <time.h>

/* Reads the configuration; says so on stderr where it names no secret. Opens the log for errors. */
enum ule_code ule_live_config(const char *path, struct ule_config **out, struct ule_error *error) ULE_MUST_CHECK;
/* A handle to ask brokers with; ule_kafka_destroy. It sees what is not yet committed. */
enum ule_code ule_live_client(const struct ule_config *config, rd_kafka_t **out,
                              struct ule_error *error) ULE_MUST_CHECK;
/* "<command>: <message>" to stderr, and the exit code. */
int ule_live_failed(const char *command, enum ule_code code, const struct ule_error *error);
/* "<command>: <message><value>" and where to find help, to stderr; `value` may be NULL. ULE_EXIT_USAGE. */
int ule_live_usage(const char *command, const char *message, const char *value);
/* A whole number of at most `most`; false where `text` is none. */
bool ule_live_number(const char *text, int64_t most, int64_t *number);

/* From now on SIGINT and SIGTERM only set what ule_live_interrupted returns. */
void ule_live_catch(void);
bool ule_live_interrupted(void);

/* A line on a terminal, from the second second on, five times a second at most. Zero-initialised is right. */
struct ule_progress {
    bool begun, terminal, shown;
    struct timespec started, last;
};
void ule_progress_show(struct ule_progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ule_progress_end(struct ule_progress *progress);

/* What may lie in a recording: a file of every topic, and, in a test's, what must come out. */
const char *const *ule_live_files(size_t *count);
/* What the values of a topic are; of a dead letter, what they were meant to be. */
const struct ule_record *ule_live_record(const struct ule_topic_plan *plan);
/* The plan of the topic whose dead letters these are. */
const struct ule_topic_plan *ule_live_original(const struct ule_topic_plan *dead_letter);
/* The name to speak of a key by: its pseudonym, "-" for none. */
const char *ule_live_masked(const struct ule_config *config, const void *key, size_t size, char masked[static 15]);

#endif
