/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/backend.h"

void ule_store_free(struct ule_store *store) {
    if (store)
        store->backend->free(store);
}

bool ule_store_get(struct ule_store *store, const char *entity, struct ule_buffer *out) {
    ule_buffer_clear(out);
    return store->backend->get(store, entity, out);
}

void ule_store_put(struct ule_store *store, const char *entity, const void *bytes, size_t size, int32_t due) {
    store->backend->put(store, entity, bytes, size, due);
}

void ule_store_delete(struct ule_store *store, const char *entity) {
    store->backend->delete (store, entity);
}

bool ule_store_due_first(struct ule_store *store, int32_t date, struct ule_buffer *entity, int32_t *due) {
    return store->backend->due_first(store, date, entity, due);
}

bool ule_store_meta_get(struct ule_store *store, const char *name, struct ule_buffer *out) {
    ule_buffer_clear(out);
    return store->backend->meta_get(store, name, out);
}

void ule_store_meta_put(struct ule_store *store, const char *name, const void *bytes, size_t size) {
    store->backend->meta_put(store, name, bytes, size);
}

void ule_store_each(struct ule_store *store,
                    bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                    void *context) {
    store->backend->each(store, visit, context);
}

void ule_store_each_change(struct ule_store *store,
                           bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                           void *context) {
    store->backend->each_change(store, visit, context);
}

uint64_t ule_store_count(struct ule_store *store) {
    return store->backend->count(store);
}

size_t ule_store_pending(const struct ule_store *store) {
    return store->backend->pending(store);
}

bool ule_store_failed(const struct ule_store *store) {
    return store->failed != 0;
}

enum ule_code ule_store_commit(struct ule_store *store, struct ule_error *error) {
    return store->backend->commit(store, error);
}

void ule_store_abort(struct ule_store *store) {
    store->backend->abort(store);
}

enum ule_code ule_store_sync(struct ule_store *store, struct ule_error *error) {
    return store->backend->sync ? store->backend->sync(store, error) : ULE_OK;
}
