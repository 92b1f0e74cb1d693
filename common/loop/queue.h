/* SPDX-License-Identifier: MIT */
/* Tells on their way from one entity to the next, encoded. First in, first out; or in an order drawn at random that
 * keeps what one sender tells one receiver in its order (design.md section 2, What converges). */
#ifndef ULE_LOOP_QUEUE_H
#define ULE_LOOP_QUEUE_H

#include "base/buffer.h"
#include "records.h"

#include <stdbool.h>

struct ule_queue_item {
    size_t offset, size;
    uint64_t pair;     /* hash of sender and receiver */
    uint32_t receiver; /* murmur2 of it */
};

/* Zero-initialised is empty and in order. */
struct ule_queue {
    struct ule_buffer bytes;
    struct ule_queue_item *items;
    size_t head, count, capacity;
    uint64_t random; /* 0: in order */
};

void ule_queue_close(struct ule_queue *queue);
void ule_queue_shuffle(struct ule_queue *queue, uint64_t seed);
void ule_queue_push(struct ule_queue *queue, const struct ule_inbox_message *message);
/* The next encoded message, appended to *out, and murmur2 of its receiver; false when there is none. */
bool ule_queue_pop(struct ule_queue *queue, struct ule_buffer *out, uint32_t *receiver);

/* Whatever is left, in its order, appended to *out; and back into an empty queue. False where the bytes are not whole.
 */
void ule_queue_save(const struct ule_queue *queue, struct ule_buffer *out);
bool ule_queue_load(struct ule_queue *queue, const void *bytes, size_t size);

/* A generator good enough to shuffle with, the same on every machine (splitmix64). */
uint64_t ule_random_next(uint64_t *state);

#endif
