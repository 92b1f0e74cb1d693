/* SPDX-License-Identifier: MIT */
#include "store/table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 64 };

void *ule_table_memory(void *old, size_t size) {
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

/* FNV-1a with a final mix, so that the low bits (bucket) and the whole (treap priority) are both well spread. */
static uint32_t hash_of(const char *key) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const unsigned char *at = (const unsigned char *)key; *at; at++)
        hash = (hash ^ *at) * UINT64_C(1099511628211);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(hash >> 32);
}

static int due_compare(const struct ule_entry *a, const struct ule_entry *b) {
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    return strcmp(a->key, b->key);
}

/* The hash, stirred once more, is the priority: keys of one bucket would otherwise be of one height. */
static uint32_t priority_of(const struct ule_entry *entry) {
    return entry->hash * UINT32_C(2654435761);
}

static struct ule_entry *due_insert(struct ule_entry *root, struct ule_entry *entry) {
    if (!root)
        return entry;
    if (due_compare(entry, root) < 0) {
        struct ule_entry *left = due_insert(root->before, entry);
        root->before = left;
        if (priority_of(left) <= priority_of(root))
            return root;
        root->before = left->after;
        left->after = root;
        return left;
    }
    struct ule_entry *right = due_insert(root->after, entry);
    root->after = right;
    if (priority_of(right) <= priority_of(root))
        return root;
    root->after = right->before;
    right->before = root;
    return right;
}

static struct ule_entry *due_merge(struct ule_entry *left, struct ule_entry *right) {
    if (!left)
        return right;
    if (!right)
        return left;
    if (priority_of(left) > priority_of(right)) {
        left->after = due_merge(left->after, right);
        return left;
    }
    right->before = due_merge(left, right->before);
    return right;
}

static void due_remove(struct ule_table *table, struct ule_entry *entry) {
    struct ule_entry **at = &table->due_root;
    while (*at && *at != entry)
        at = due_compare(entry, *at) < 0 ? &(*at)->before : &(*at)->after;
    if (!*at)
        return;
    *at = due_merge(entry->before, entry->after);
    entry->before = entry->after = NULL;
}

static void grow(struct ule_table *table) {
    size_t count = table->bucket_count ? table->bucket_count * 2 : FIRST_BUCKETS;
    struct ule_entry **buckets = ule_table_memory(NULL, count * sizeof *buckets);
    memset(buckets, 0, count * sizeof *buckets);
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct ule_entry *entry = table->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            struct ule_entry **bucket = &buckets[entry->hash & (count - 1)];
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
}

void ule_table_close(struct ule_table *table) {
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct ule_entry *entry = table->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            free(entry->bytes);
            free(entry);
        }
    }
    free(table->buckets);
    memset(table, 0, sizeof *table);
}

struct ule_entry *ule_table_find(const struct ule_table *table, const char *key) {
    if (!table->count)
        return NULL;
    uint32_t hash = hash_of(key);
    struct ule_entry *entry = table->buckets[hash & (table->bucket_count - 1)];
    while (entry && (entry->hash != hash || strcmp(entry->key, key) != 0))
        entry = entry->next;
    return entry;
}

struct ule_entry *ule_table_at(struct ule_table *table, const char *key) {
    struct ule_entry *entry = ule_table_find(table, key);
    if (entry)
        return entry;
    if (table->count >= table->bucket_count)
        grow(table);
    size_t size = strlen(key) + 1;
    entry = ule_table_memory(NULL, sizeof *entry + size);
    memset(entry, 0, sizeof *entry);
    memcpy(entry->key, key, size);
    entry->hash = hash_of(key);
    entry->due = ULE_DATE_NONE;
    struct ule_entry **bucket = &table->buckets[entry->hash & (table->bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
    table->count++;
    return entry;
}

uint8_t *ule_table_take(struct ule_table *table, struct ule_entry *entry) {
    uint8_t *bytes = entry->bytes;
    if (entry->due != ULE_DATE_NONE)
        due_remove(table, entry);
    table->present_count -= entry->present;
    entry->bytes = NULL;
    entry->size = 0;
    entry->due = ULE_DATE_NONE;
    entry->present = false;
    return bytes;
}

void ule_table_unset(struct ule_table *table, struct ule_entry *entry) {
    free(ule_table_take(table, entry));
}

void ule_table_set(struct ule_table *table, struct ule_entry *entry, uint8_t *bytes, size_t size, int32_t due) {
    if (entry->due != due && entry->due != ULE_DATE_NONE)
        due_remove(table, entry);
    bool insert = due != ULE_DATE_NONE && entry->due != due;
    free(entry->bytes);
    table->present_count += !entry->present;
    entry->bytes = bytes;
    entry->size = size;
    entry->due = due;
    entry->present = true;
    if (insert)
        table->due_root = due_insert(table->due_root, entry);
}

void ule_table_remove(struct ule_table *table, struct ule_entry *entry) {
    ule_table_unset(table, entry);
    struct ule_entry **at = &table->buckets[entry->hash & (table->bucket_count - 1)];
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    table->count--;
    free(entry);
}

struct ule_entry *ule_table_due_first(const struct ule_table *table) {
    struct ule_entry *entry = table->due_root;
    while (entry && entry->before)
        entry = entry->before;
    return entry;
}

static int key_compare(const void *a, const void *b) {
    const struct ule_entry *const *left = a, *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

struct ule_entry **ule_table_sorted(const struct ule_table *table) {
    struct ule_entry **all = ule_table_memory(NULL, table->count * sizeof(struct ule_entry *));
    size_t count = 0;
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct ule_entry *entry = table->buckets[i]; entry; entry = entry->next)
            all[count++] = entry;
    }
    if (count)
        qsort(all, count, sizeof(struct ule_entry *), key_compare);
    return all;
}
