/* SPDX-License-Identifier: MIT */
/* What a transaction writes, held back until thousands of records, or 4 MiB, have come together or it is committed.
 * librdkafka has each partition join the transaction when its first record comes, by requests of which one is under way
 * at a time, and runs idle for a millisecond before each; and what comes together for a partition goes in one request.
 */
#ifndef ULE_LOOP_OUTBOX_H
#define ULE_LOOP_OUTBOX_H

#include "base/buffer.h"
#include "kafka/producer.h"

/* A value to embed; zero-initialised is empty. */
struct ule_outbox {
    struct ule_outbox_record *records;
    size_t count;
    struct ule_buffer bytes; /* keys and values, one after another */
};

void ule_outbox_close(struct ule_outbox *outbox); /* empty and usable again */
void ule_outbox_clear(struct ule_outbox *outbox); /* what it holds is dropped; keeps the memory */
/* Copies the message, but for its topic, which must live until the transaction ends. Sends all that is held, in the
 * order in which it came, when it is enough; a large message, or one with headers, goes at once, behind what is held.
 */
enum ule_code ule_outbox_put(struct ule_outbox *outbox, struct ule_producer *producer,
                             const struct ule_message *message, struct ule_error *error) ULE_MUST_CHECK;
enum ule_code ule_outbox_send(struct ule_outbox *outbox, struct ule_producer *producer,
                              struct ule_error *error) ULE_MUST_CHECK;

#endif
