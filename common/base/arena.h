/* SPDX-License-Identifier: MIT */
/* Memory that lives as long as one message. Everything that is decoded from a message or derived from it is taken
 * from an arena and given back at once by ule_arena_reset, so no record has an owner to keep track of. Out of memory
 * ends the process (abort): the log in front of us loses nothing, and no caller has to be tested for it. */
#ifndef ULE_BASE_ARENA_H
#define ULE_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct ule_arena;

struct ule_arena *ule_arena_new(void);
void ule_arena_free(struct ule_arena *arena); /* takes NULL */
/* Keeps one chunk for the next message, so steady state allocates nothing. */
void ule_arena_reset(struct ule_arena *arena);

/* Zeroed, aligned for any type; never NULL. */
void *ule_arena_alloc(struct ule_arena *arena, size_t size);
/* Like calloc: aborts when count * size overflows. */
void *ule_arena_array(struct ule_arena *arena, size_t count, size_t size);
void *ule_arena_copy(struct ule_arena *arena, const void *bytes, size_t size);
/* NUL-terminated copies; `ule_arena_string` of NULL is NULL. */
const char *ule_arena_string(struct ule_arena *arena, const char *text);
const char *ule_arena_substring(struct ule_arena *arena, const char *text, size_t size);
const char *ule_arena_printf(struct ule_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes handed out since the last reset. */
size_t ule_arena_used(const struct ule_arena *arena);

#endif
