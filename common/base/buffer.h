/* SPDX-License-Identifier: MIT */
/* Bytes that grow. A value to embed; zero-initialised is empty. Out of memory ends the process. */
#ifndef ULE_BASE_BUFFER_H
#define ULE_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct ule_buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

void ule_buffer_close(struct ule_buffer *buffer); /* frees the bytes; the buffer is empty and usable again */
void ule_buffer_clear(struct ule_buffer *buffer); /* size 0, keeps the memory */
void ule_buffer_reserve(struct ule_buffer *buffer, size_t more);
void ule_buffer_append(struct ule_buffer *buffer, const void *bytes, size_t size);

#endif
