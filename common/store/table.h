/* SPDX-License-Identifier: MIT */
/* Keys to bytes in memory with an index of due dates: all of the memory store, and what a batch of the LMDB store has
 * changed so far. Not for use outside common/store. */
#ifndef ULE_STORE_TABLE_H
#define ULE_STORE_TABLE_H

#include "base/date.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ule_saved;

struct ule_entry {
    struct ule_entry *next;           /* of the same bucket */
    struct ule_entry *before, *after; /* the due index: a treap by (due, key) */
    struct ule_saved *saved;          /* memory.c: what it was at the last commit */
    uint8_t *bytes;
    size_t size;
    uint32_t hash;
    int32_t due;
    bool present; /* false: deleted, and kept to say so */
    char key[];
};

struct ule_table {
    struct ule_entry **buckets;
    size_t bucket_count, count, present_count;
    struct ule_entry *due_root;
};

/* A zero-initialised table is empty. */
void ule_table_close(struct ule_table *table);                                    /* empty and usable again */
struct ule_entry *ule_table_find(const struct ule_table *table, const char *key); /* NULL when there is none */
/* Finds, or makes one that is not present. */
struct ule_entry *ule_table_at(struct ule_table *table, const char *key);
/* Takes `bytes` (malloc'd; freed when replaced). */
void ule_table_set(struct ule_table *table, struct ule_entry *entry, uint8_t *bytes, size_t size, int32_t due);
void ule_table_unset(struct ule_table *table, struct ule_entry *entry);
/* Gives the bytes to the caller, unset. */
uint8_t *ule_table_take(struct ule_table *table, struct ule_entry *entry);
void ule_table_remove(struct ule_table *table, struct ule_entry *entry);
struct ule_entry *ule_table_due_first(const struct ule_table *table); /* NULL when none is due ever */
/* All entries, the deleted ones too, in key order; free the array. */
struct ule_entry **ule_table_sorted(const struct ule_table *table);

/* malloc and realloc that end the process where there is no memory. */
void *ule_table_memory(void *old, size_t size);

#endif
