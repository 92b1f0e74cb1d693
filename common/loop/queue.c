/* SPDX-License-Identifier: MIT */
#include "loop/queue.h"

#include "loop/state.h"

#include "avro/record.h"

#include <stdlib.h>
#include <string.h>

enum { COMPACT_AT = 4096 };

uint64_t ule_random_next(uint64_t *state) {
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        hash = (hash ^ *at) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

void ule_queue_close(struct ule_queue *queue) {
    ule_buffer_close(&queue->bytes);
    free(queue->items);
    memset(queue, 0, sizeof *queue);
}

void ule_queue_shuffle(struct ule_queue *queue, uint64_t seed) {
    queue->random = seed ? seed : 1;
}

/* Gives back what has been read: at once when all has, else when it is more than half and worth moving the rest.
 * Shuffled messages lie in no order, so there only the first. */
static void reclaim(struct ule_queue *queue) {
    if (queue->head == queue->count) {
        ule_buffer_clear(&queue->bytes);
        queue->head = queue->count = 0;
    } else if (!queue->random && queue->head >= COMPACT_AT && queue->head > queue->count / 2) {
        size_t from = queue->items[queue->head].offset;
        memmove(queue->bytes.bytes, queue->bytes.bytes + from, queue->bytes.size - from);
        queue->bytes.size -= from;
        queue->count -= queue->head;
        memmove(queue->items, queue->items + queue->head, queue->count * sizeof *queue->items);
        queue->head = 0;
        for (size_t i = 0; i < queue->count; i++)
            queue->items[i].offset -= from;
    }
}

static struct ule_queue_item *add_item(struct ule_queue *queue) {
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? queue->capacity * 2 : 64;
        queue->items = realloc(queue->items, queue->capacity * sizeof *queue->items);
        if (!queue->items)
            abort();
    }
    return &queue->items[queue->count++];
}

void ule_queue_push(struct ule_queue *queue, const struct ule_inbox_message *message) {
    struct ule_queue_item *item = add_item(queue);
    item->offset = queue->bytes.size;
    ule_record_encode(&ule_inbox_message_record, message, &queue->bytes);
    item->size = queue->bytes.size - item->offset;
    item->receiver = ule_murmur2(message->entity, strlen(message->entity));
    item->pair = hash_text(hash_text(UINT64_C(14695981039346656037), message->sender), message->entity);
}

/* Draws any, then takes the first of the same sender and receiver in its stead. */
static void bring_one_forward(struct ule_queue *queue) {
    size_t drawn = queue->head + (size_t)(ule_random_next(&queue->random) % (queue->count - queue->head));
    size_t first = queue->head;
    while (queue->items[first].pair != queue->items[drawn].pair)
        first++;
    struct ule_queue_item item = queue->items[first];
    memmove(queue->items + queue->head + 1, queue->items + queue->head, (first - queue->head) * sizeof item);
    queue->items[queue->head] = item;
}

bool ule_queue_pop(struct ule_queue *queue, struct ule_buffer *out, uint32_t *receiver) {
    if (queue->head == queue->count)
        return false;
    if (queue->random)
        bring_one_forward(queue);
    const struct ule_queue_item *item = &queue->items[queue->head++];
    ule_buffer_append(out, queue->bytes.bytes + item->offset, item->size);
    *receiver = item->receiver;
    reclaim(queue);
    return true;
}

/* An item as it is, its place apart, and the message after it: a store is of one machine. */
void ule_queue_save(const struct ule_queue *queue, struct ule_buffer *out) {
    for (size_t i = queue->head; i < queue->count; i++) {
        ule_buffer_append(out, &queue->items[i], sizeof queue->items[i]);
        ule_buffer_append(out, queue->bytes.bytes + queue->items[i].offset, queue->items[i].size);
    }
}

bool ule_queue_load(struct ule_queue *queue, const void *bytes, size_t size) {
    for (const uint8_t *at = bytes; size > 0;) {
        struct ule_queue_item item;
        if (size < sizeof item)
            return false;
        memcpy(&item, at, sizeof item);
        if (item.size > size - sizeof item)
            return false;
        item.offset = queue->bytes.size;
        *add_item(queue) = item;
        ule_buffer_append(&queue->bytes, at + sizeof item, item.size);
        at += sizeof item + item.size;
        size -= sizeof item + item.size;
    }
    return true;
}
