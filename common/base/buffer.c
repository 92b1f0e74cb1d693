/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

void ule_buffer_close(struct ule_buffer *buffer) {
    free(buffer->bytes);
    *buffer = (struct ule_buffer){0};
}

void ule_buffer_clear(struct ule_buffer *buffer) {
    buffer->size = 0;
}

void ule_buffer_reserve(struct ule_buffer *buffer, size_t more) {
    if (more <= buffer->capacity - buffer->size)
        return;
    if (more > SIZE_MAX / 2 - buffer->size)
        abort();
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity < buffer->size + more)
        capacity *= 2;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (!bytes)
        abort();
    buffer->bytes = bytes;
    buffer->capacity = capacity;
}

void ule_buffer_append(struct ule_buffer *buffer, const void *bytes, size_t size) {
    if (size == 0)
        return; /* memcpy of a NULL is undefined, also for no bytes */
    ule_buffer_reserve(buffer, size);
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}
