/* SPDX-License-Identifier: MIT */
/* What stands under each key of the output topics, and what must hold of it once nothing is on its way. */
#ifndef ULE_TESTS_FUZZ_STANDING_H
#define ULE_TESTS_FUZZ_STANDING_H

#include "core/step.h"
#include "store/store.h"

struct standing {
    struct ule_arena *arena; /* borrowed */
    struct standing_entry {
        enum ule_topic topic;
        const char *key;
        int64_t version;   /* of the last value */
        const void *value; /* NULL: taken away */
    } * entries;
    size_t count, room;
};

/* An engine's sink: the context is a struct standing. */
enum ule_code standing_take(void *context, const struct ule_output *output, int64_t at, struct ule_error *error);
/* Ends the process where something does not hold. */
void standing_check(const struct standing *standing, struct ule_store *const *stores, unsigned partitions);
void standing_close(struct standing *standing);

#endif
