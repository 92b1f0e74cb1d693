/* SPDX-License-Identifier: MIT */
/* What a store has to offer: store.c hands every call on. Not for use outside common/store. */
#ifndef ULE_STORE_BACKEND_H
#define ULE_STORE_BACKEND_H

#include "store/store.h"

struct ule_store_backend {
    bool (*get)(struct ule_store *store, const char *entity, struct ule_buffer *out);
    void (*put)(struct ule_store *store, const char *entity, const void *bytes, size_t size, int32_t due);
    void (*delete)(struct ule_store *store, const char *entity);
    bool (*due_first)(struct ule_store *store, int32_t date, struct ule_buffer *entity, int32_t *due);
    bool (*meta_get)(struct ule_store *store, const char *name, struct ule_buffer *out);
    void (*meta_put)(struct ule_store *store, const char *name, const void *bytes, size_t size);
    void (*each)(struct ule_store *store,
                 bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size), void *context);
    void (*each_change)(struct ule_store *store,
                        bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                        void *context);
    uint64_t (*count)(struct ule_store *store);
    size_t (*pending)(const struct ule_store *store);
    enum ule_code (*commit)(struct ule_store *store, struct ule_error *error);
    void (*abort)(struct ule_store *store);
    enum ule_code (*sync)(struct ule_store *store, struct ule_error *error); /* NULL: there is no disk */
    void (*free)(struct ule_store *store);
};

/* The first member of every store. */
struct ule_store {
    const struct ule_store_backend *backend;
    int failed; /* the first thing that went wrong in the open batch, by the backend's numbers; 0: nothing did */
};

#endif
