/* SPDX-License-Identifier: MIT */
/* The store of tests and of a replay without --state. What a batch replaces is kept until the commit, so that an abort
 * can put it back: tests of the callers see the same promises as with LMDB. */
#include "store/backend.h"
#include "store/table.h"

#include <stdlib.h>
#include <string.h>

struct ule_saved {
    struct ule_saved *next;
    struct ule_table *table;
    struct ule_entry *entry;
    uint8_t *bytes;
    size_t size;
    int32_t due;
    bool present;
};

struct memory {
    struct ule_store store;
    struct ule_table states, meta;
    struct ule_saved *saved; /* one for each entry that the batch has touched */
    size_t pending;          /* what those take */
};

static void save(struct memory *memory, struct ule_table *table, struct ule_entry *entry) {
    if (entry->saved)
        return;
    struct ule_saved *saved = ule_table_memory(NULL, sizeof *saved);
    *saved = (struct ule_saved){
        .next = memory->saved,
        .table = table,
        .entry = entry,
        .size = entry->size,
        .due = entry->due,
        .present = entry->present,
    };
    saved->bytes = ule_table_take(table, entry);
    entry->saved = saved;
    memory->saved = saved;
    memory->pending += sizeof *saved + saved->size;
}

static void put(struct memory *memory, struct ule_table *table, const char *key, const void *bytes, size_t size,
                int32_t due) {
    struct ule_entry *entry = ule_table_at(table, key);
    save(memory, table, entry);
    uint8_t *copy = ule_table_memory(NULL, size);
    if (size)
        memcpy(copy, bytes, size);
    ule_table_set(table, entry, copy, size, due);
}

static bool get(const struct ule_table *table, const char *key, struct ule_buffer *out) {
    const struct ule_entry *entry = ule_table_find(table, key);
    if (!entry || !entry->present)
        return false;
    ule_buffer_append(out, entry->bytes, entry->size);
    return true;
}

static bool memory_get(struct ule_store *store, const char *entity, struct ule_buffer *out) {
    return get(&((struct memory *)store)->states, entity, out);
}

static void memory_put(struct ule_store *store, const char *entity, const void *bytes, size_t size, int32_t due) {
    struct memory *memory = (struct memory *)store;
    put(memory, &memory->states, entity, bytes, size, due);
}

static void memory_delete(struct ule_store *store, const char *entity) {
    struct memory *memory = (struct memory *)store;
    struct ule_entry *entry = ule_table_find(&memory->states, entity);
    if (!entry)
        return;
    save(memory, &memory->states, entry);
    ule_table_unset(&memory->states, entry);
}

static bool memory_due_first(struct ule_store *store, int32_t date, struct ule_buffer *entity, int32_t *due) {
    const struct ule_entry *entry = ule_table_due_first(&((struct memory *)store)->states);
    if (!entry || entry->due > date)
        return false;
    ule_buffer_clear(entity);
    ule_buffer_append(entity, entry->key, strlen(entry->key) + 1);
    *due = entry->due;
    return true;
}

static bool memory_meta_get(struct ule_store *store, const char *name, struct ule_buffer *out) {
    return get(&((struct memory *)store)->meta, name, out);
}

static void memory_meta_put(struct ule_store *store, const char *name, const void *bytes, size_t size) {
    struct memory *memory = (struct memory *)store;
    put(memory, &memory->meta, name, bytes, size, ULE_DATE_NONE);
}

static void memory_each(struct ule_store *store,
                        bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                        void *context) {
    const struct ule_table *states = &((struct memory *)store)->states;
    struct ule_entry **all = ule_table_sorted(states);
    for (size_t i = 0; i < states->count; i++) {
        if (all[i]->present && !visit(context, all[i]->key, all[i]->bytes, all[i]->size))
            break;
    }
    free(all);
}

static int by_key(const void *a, const void *b) {
    return strcmp((*(struct ule_entry *const *)a)->key, (*(struct ule_entry *const *)b)->key);
}

static void memory_each_change(struct ule_store *store,
                               bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                               void *context) {
    struct memory *memory = (struct memory *)store;
    size_t count = 0, i = 0;
    for (const struct ule_saved *saved = memory->saved; saved; saved = saved->next)
        count += saved->table == &memory->states;
    struct ule_entry **changed = ule_table_memory(NULL, count * sizeof(struct ule_entry *));
    for (const struct ule_saved *saved = memory->saved; saved; saved = saved->next) {
        if (saved->table == &memory->states)
            changed[i++] = saved->entry;
    }
    if (count)
        qsort(changed, count, sizeof *changed, by_key);
    for (i = 0; i < count; i++) {
        const struct ule_entry *entry = changed[i];
        if (!visit(context, entry->key, entry->present ? entry->bytes : NULL, entry->present ? entry->size : 0))
            break;
    }
    free(changed);
}

static uint64_t memory_count(struct ule_store *store) {
    return ((struct memory *)store)->states.present_count;
}

static size_t memory_pending(const struct ule_store *store) {
    return ((const struct memory *)store)->pending;
}

static enum ule_code memory_commit(struct ule_store *store, struct ule_error *error) {
    (void)error;
    struct memory *memory = (struct memory *)store;
    for (struct ule_saved *saved = memory->saved, *next; saved; saved = next) {
        next = saved->next;
        saved->entry->saved = NULL;
        if (!saved->entry->present)
            ule_table_remove(saved->table, saved->entry);
        free(saved->bytes);
        free(saved);
    }
    memory->saved = NULL;
    memory->pending = 0;
    return ULE_OK;
}

static void memory_abort(struct ule_store *store) {
    struct memory *memory = (struct memory *)store;
    for (struct ule_saved *saved = memory->saved, *next; saved; saved = next) {
        next = saved->next;
        saved->entry->saved = NULL;
        if (saved->present)
            ule_table_set(saved->table, saved->entry, saved->bytes, saved->size, saved->due);
        else
            ule_table_remove(saved->table, saved->entry);
        free(saved);
    }
    memory->saved = NULL;
    memory->pending = 0;
}

static void memory_free(struct ule_store *store) {
    struct memory *memory = (struct memory *)store;
    memory_abort(store);
    ule_table_close(&memory->states);
    ule_table_close(&memory->meta);
    free(memory);
}

static const struct ule_store_backend backend = {
    .get = memory_get,
    .put = memory_put,
    .delete = memory_delete,
    .due_first = memory_due_first,
    .meta_get = memory_meta_get,
    .meta_put = memory_meta_put,
    .each = memory_each,
    .each_change = memory_each_change,
    .count = memory_count,
    .pending = memory_pending,
    .commit = memory_commit,
    .abort = memory_abort,
    .free = memory_free,
};

struct ule_store *ule_store_memory_new(void) {
    struct memory *memory = ule_table_memory(NULL, sizeof *memory);
    *memory = (struct memory){.store.backend = &backend};
    return &memory->store;
}
