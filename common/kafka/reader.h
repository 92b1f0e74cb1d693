/* SPDX-License-Identifier: MIT */
/* Partitions read from one offset to another outside any group: the changelog's restore, and the tools. */
#ifndef ULE_KAFKA_READER_H
#define ULE_KAFKA_READER_H

#include "kafka/client.h"

#include <stdbool.h>

struct ule_kafka_reader;

/* read_committed. */
enum ule_code ule_kafka_reader_open(const struct ule_config *config, const char *client_id,
                                    struct ule_kafka_reader **out, struct ule_error *error) ULE_MUST_CHECK;
void ule_kafka_reader_close(struct ule_kafka_reader *reader); /* takes NULL */

/* The first offset of a partition and the one after its last, open transactions included (read_uncommitted): by a
 * read_committed handle an open transaction hides what will be committed (design.md section 5). */
enum ule_code ule_kafka_reader_bounds(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                      int64_t *low, int64_t *high, struct ule_error *error) ULE_MUST_CHECK;
/* The first record of a partition that has this time or a later one; INT64_MAX where there is none. */
enum ule_code ule_kafka_reader_since(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                     int64_t time, int64_t *offset, struct ule_error *error) ULE_MUST_CHECK;
/* From now on next() gives the records of this partition from `from` on until the position reaches `to`, and of those
 * that were started before. Where `from` >= `to` nothing is read, and next() tells the end at once. */
enum ule_code ule_kafka_reader_start(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                     int64_t from, int64_t to, struct ule_error *error) ULE_MUST_CHECK;
/* No more of it, its end neither. */
enum ule_code ule_kafka_reader_stop(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                    struct ule_error *error) ULE_MUST_CHECK;
/* The next record into *message (rd_kafka_message_destroy). NULL where there is none within `timeout_ms`, or when a
 * partition has been read to its end: then *ended is its index in the order of all starts (a stop moves none of them),
 * else -1; each end is told once. ULE_END when all are told. An offset that the log does not have any more is
 * ULE_KAFKA, action RESTART. */
enum ule_code ule_kafka_reader_next(struct ule_kafka_reader *reader, int timeout_ms, rd_kafka_message_t **message,
                                    int *ended, struct ule_error *error) ULE_MUST_CHECK;

#endif
