/* SPDX-License-Identifier: MIT */
#include "ule/diff.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
    const struct ule_diff_item *left = a, *right = b;
    if (left->topic != right->topic)
        return left->topic < right->topic ? -1 : 1;
    return strcmp(left->key, right->key);
}

struct ule_diff_item *ule_diff_set_find(struct ule_diff_set *set, size_t topic, const char *key) {
    char *borrowed = (char *)(uintptr_t)key; /* only compared */
    const struct ule_diff_item wanted = {.topic = topic, .key = borrowed};
    void *found = tfind(&wanted, &set->root, compare);
    if (found)
        return *(struct ule_diff_item **)found;
    struct ule_diff_item *item = calloc(1, sizeof *item);
    if (!item || !(item->key = strdup(key)))
        abort();
    item->topic = topic;
    if (!tsearch(item, &set->root, compare))
        abort();
    set->count++;
    return item;
}

struct walk {
    void (*visit)(struct ule_diff_item *item, void *context);
    void *context;
};

static void step(const void *node, VISIT when, void *context) {
    const struct walk *walk = context;
    if (when == postorder || when == leaf)
        walk->visit(*(struct ule_diff_item *const *)node, walk->context);
}

void ule_diff_set_walk(const struct ule_diff_set *set, void (*visit)(struct ule_diff_item *item, void *context),
                       void *context) {
    struct walk walk = {visit, context};
    twalk_r(set->root, step, &walk);
}

static void drop(struct ule_diff_item *item, enum ule_diff_side_name side) {
    if (item->sides[ULE_DIFF_A].bytes != item->sides[ULE_DIFF_B].bytes)
        free(item->sides[side].bytes);
    item->sides[side].bytes = NULL;
    item->sides[side].size = 0;
}

static void item_free(void *freed) {
    struct ule_diff_item *item = freed;
    for (int side = 0; side < ULE_DIFF_SIDES; side++) {
        drop(item, (enum ule_diff_side_name)side);
        free(item->sides[side].label);
    }
    free(item->key);
    free(item);
}

void ule_diff_set_close(struct ule_diff_set *set) {
    tdestroy(set->root, item_free);
    *set = (struct ule_diff_set){0};
}

void ule_diff_item_keep(struct ule_diff_item *item, enum ule_diff_side_name side, const uint8_t *bytes, size_t size) {
    const struct ule_diff_side *other = &item->sides[side == ULE_DIFF_A ? ULE_DIFF_B : ULE_DIFF_A];
    drop(item, side);
    if (!bytes)
        return;
    if (other->bytes && other->size == size && memcmp(other->bytes, bytes, size) == 0) {
        item->sides[side].bytes = other->bytes;
    } else {
        item->sides[side].bytes = malloc(size ? size : 1);
        if (!item->sides[side].bytes)
            abort();
        memcpy(item->sides[side].bytes, bytes, size);
    }
    item->sides[side].size = size;
}
