/* SPDX-License-Identifier: MIT */
/* Records to topics: in transactions (the processes), or plainly idempotent (the tools). The partition is always given,
 * never left to librdkafka (design.md section 1). One thread. */
#ifndef ULE_KAFKA_PRODUCER_H
#define ULE_KAFKA_PRODUCER_H

#include "kafka/client.h"

#include <stdbool.h>

struct ule_producer;

/* `transactional_id` NULL: without transactions. With one, earlier transactions of the same id are ended first
 * (init_transactions; tried again while it is retriable, for a minute). `delivered`, which may be NULL, is called
 * from within the functions below for each record that the broker took, with the `opaque` of its message. */
typedef void ule_delivered(void *context, void *opaque, int64_t offset);
enum ule_code ule_producer_open(const struct ule_config *config, const char *client_id, const char *transactional_id,
                                ule_delivered *delivered, void *context, struct ule_producer **out,
                                struct ule_error *error) ULE_MUST_CHECK;
/* Takes NULL. What is not delivered is dropped; an open transaction is aborted where that goes at once. */
void ule_producer_close(struct ule_producer *producer);
rd_kafka_t *ule_producer_client(struct ule_producer *producer);

struct ule_message {
    const char *topic;
    int32_t partition;
    const char *key; /* NULL: null; may hold NULs, so it has a size */
    size_t key_size;
    const void *value; /* NULL: a tombstone */
    size_t size;
    int64_t ts; /* ms, 0: now */
    const struct ule_header {
        const char *name;
        const void *value;
        size_t size;
    } * headers;
    size_t headers_count;
    void *opaque;
};
/* Copies the message. Waits where the queue is full. What goes wrong later is told by the commit or the flush. */
enum ule_code ule_producer_send(struct ule_producer *producer, const struct ule_message *message,
                                struct ule_error *error) ULE_MUST_CHECK;
/* Serves delivery reports without waiting. */
void ule_producer_poll(struct ule_producer *producer);

enum ule_code ule_producer_begin(struct ule_producer *producer, struct ule_error *error) ULE_MUST_CHECK;
/* Offsets and all that was sent since the begin, or nothing. Retriable errors are tried again with the same arguments,
 * for a minute; `waiting` (may be NULL) is called between tries and ends them by returning false. What is given up so
 * is RESTART, and may have been committed all the same: the offsets tell, after the start. `offsets` must not be empty:
 * that would leave the transaction unfenced (design.md section 5). The error is that of the first record that was not
 * delivered, where there is one. */
enum ule_code ule_producer_commit(struct ule_producer *producer, const rd_kafka_topic_partition_list_t *offsets,
                                  const rd_kafka_consumer_group_metadata_t *group, bool (*waiting)(void *context),
                                  void *context, struct ule_error *error) ULE_MUST_CHECK;
/* ULE_OK, also where no transaction is open; or why not: then the producer must be closed. */
enum ule_code ule_producer_abort(struct ule_producer *producer, struct ule_error *error) ULE_MUST_CHECK;

/* Without transactions: waits until all is delivered; the first failure. */
enum ule_code ule_producer_flush(struct ule_producer *producer, int timeout_ms, struct ule_error *error) ULE_MUST_CHECK;

#endif
