/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif

/* Under AddressSanitizer what is not handed out is poisoned, and a gap follows every piece: an overrun of one piece
 * into the next, or use after reset, is found as if each came from malloc. */
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define poison(bytes, size)   __asan_poison_memory_region(bytes, size)
#define unpoison(bytes, size) __asan_unpoison_memory_region(bytes, size)
#define GAP                   16
#else
#define poison(bytes, size)   ((void)(bytes), (void)(size))
#define unpoison(bytes, size) ((void)(bytes), (void)(size))
#define GAP                   0
#endif

#define ALIGNMENT   16
#define FIRST_CHUNK ((size_t)16 << 10)
/* One message of 10 MB must not hold its memory for the rest of the process's life. */
#define KEPT_CHUNK ((size_t)1 << 20)

struct chunk {
    struct chunk *next; /* older, smaller */
    size_t capacity;
    size_t size;
    alignas(ALIGNMENT) uint8_t bytes[];
};

struct ule_arena {
    struct chunk *chunk;
    size_t used;
};

static void chunk_free(struct chunk *chunk) {
    unpoison(chunk->bytes, chunk->capacity);
    free(chunk);
}

struct ule_arena *ule_arena_new(void) {
    struct ule_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        abort();
    return arena;
}

void ule_arena_free(struct ule_arena *arena) {
    if (!arena)
        return;
    while (arena->chunk) {
        struct chunk *next = arena->chunk->next;
        chunk_free(arena->chunk);
        arena->chunk = next;
    }
    free(arena);
}

void ule_arena_reset(struct ule_arena *arena) {
    struct chunk *kept = NULL;
    while (arena->chunk) {
        struct chunk *chunk = arena->chunk;
        arena->chunk = chunk->next;
        if (chunk->capacity <= KEPT_CHUNK && (!kept || chunk->capacity > kept->capacity)) {
            if (kept)
                chunk_free(kept);
            kept = chunk;
        } else {
            chunk_free(chunk);
        }
    }
    if (kept) {
        kept->next = NULL;
        kept->size = 0;
        poison(kept->bytes, kept->capacity);
    }
    arena->chunk = kept;
    arena->used = 0;
}

static void add_chunk(struct ule_arena *arena, size_t size) {
    size_t capacity = arena->chunk ? arena->chunk->capacity : FIRST_CHUNK / 2;
    if (capacity < KEPT_CHUNK)
        capacity *= 2;
    if (capacity < size)
        capacity = size;
    struct chunk *chunk = calloc(1, sizeof *chunk + capacity);
    if (!chunk)
        abort();
    chunk->next = arena->chunk;
    chunk->capacity = capacity;
    chunk->size = 0;
    poison(chunk->bytes, chunk->capacity);
    arena->chunk = chunk;
}

/* Not cleared. */
static inline void *take(struct ule_arena *arena, size_t size) {
    if (size == 0)
        size = 1;
    if (size > SIZE_MAX / 2)
        abort();
    size_t whole = (size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!arena->chunk || whole > arena->chunk->capacity - arena->chunk->size)
        add_chunk(arena, whole);
    void *bytes = arena->chunk->bytes + arena->chunk->size;
    arena->chunk->size += whole;
    arena->used += size;
    unpoison(bytes, size);
    return bytes;
}

void *ule_arena_alloc(struct ule_arena *arena, size_t size) {
    return memset(take(arena, size), 0, size);
}

void *ule_arena_array(struct ule_arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        abort();
    return ule_arena_alloc(arena, count * size);
}

void *ule_arena_copy(struct ule_arena *arena, const void *bytes, size_t size) {
    void *copy = take(arena, size);
    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

const char *ule_arena_string(struct ule_arena *arena, const char *text) {
    return text ? ule_arena_substring(arena, text, strlen(text)) : NULL;
}

const char *ule_arena_substring(struct ule_arena *arena, const char *text, size_t size) {
    if (size == SIZE_MAX)
        abort();
    char *copy = take(arena, size + 1);
    if (size != 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

const char *ule_arena_printf(struct ule_arena *arena, const char *format, ...) {
    char most[128]; /* of the texts are shorter, and are formatted once */
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(most, sizeof most, format, arguments);
    va_end(arguments);
    if (size < 0)
        abort();
    if ((size_t)size < sizeof most)
        return ule_arena_substring(arena, most, (size_t)size);
    char *text = ule_arena_alloc(arena, (size_t)size + 1);
    va_start(arguments, format);
    if (vsnprintf(text, (size_t)size + 1, format, arguments) != size)
        abort();
    va_end(arguments);
    return text;
}

size_t ule_arena_used(const struct ule_arena *arena) {
    return arena->used;
}
