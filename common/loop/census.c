/* SPDX-License-Identifier: MIT */
#include "loop/census.h"

#include "core/step.h"
#include "ops/metrics.h"

#include <stdlib.h>
#include <string.h>

/* What is counted, and how, is what this number stands for: another one has stores counted anew. */
enum { EDITION = 1, NUMBERS = 1 + ULE_CENSUS_STATES + ULE_CENSUS_KINDS };

static const char meta_name[] = "census";

/* A tombstone has gone out where the value is empty. */
static bool counts(const struct ule_published *entry) {
    return (entry->topic == ULE_TOPIC_PROVISIONING || entry->topic == ULE_TOPIC_CASE) && entry->value.size > 0;
}

struct ule_published_array ule_census_keep(const struct ule_published_array *published, struct ule_arena *arena) {
    struct ule_published_array kept = {0};
    if (published->count)
        kept.items = ule_arena_array(arena, published->count, sizeof *kept.items);
    for (size_t i = 0; i < published->count; i++) {
        if (counts(&published->items[i]))
            kept.items[kept.count++] = published->items[i];
    }
    return kept;
}

/* The same bytes under the same key: most changes of a state are of this kind, and nothing is decoded for them. */
static bool stands(const struct ule_published *entry, const struct ule_published_array *published) {
    for (size_t i = 0; i < published->count; i++) {
        const struct ule_published *other = &published->items[i];
        if (other->topic == entry->topic && other->value.size == entry->value.size &&
            memcmp(other->value.bytes, entry->value.bytes, entry->value.size) == 0 &&
            strcmp(other->key, entry->key) == 0)
            return true;
    }
    return false;
}

static void count(struct ule_census *census, const struct ule_published *entry, int by, struct ule_arena *arena) {
    if (entry->topic == ULE_TOPIC_PROVISIONING) {
        struct ule_account_changed account;
        if (ule_record_decode(&ule_account_changed_record, entry->value.bytes, entry->value.size, arena, &account,
                              NULL) == ULE_OK &&
            account.state >= 0 && (int)account.state < ULE_CENSUS_STATES)
            census->accounts[account.state] += by;
        return;
    }
    struct ule_case about;
    if (ule_record_decode(&ule_case_record, entry->value.bytes, entry->value.size, arena, &about, NULL) == ULE_OK &&
        about.open && about.case_ >= 0 && (int)about.case_ < ULE_CENSUS_KINDS)
        census->cases[about.case_] += by;
}

void ule_census_change(struct ule_census *census, const struct ule_published_array *before,
                       const struct ule_published_array *after, struct ule_arena *arena) {
    for (size_t i = 0; i < before->count; i++) {
        if (counts(&before->items[i]) && !stands(&before->items[i], after))
            count(census, &before->items[i], -1, arena);
    }
    for (size_t i = 0; i < after->count; i++) {
        if (counts(&after->items[i]) && !stands(&after->items[i], before))
            count(census, &after->items[i], 1, arena);
    }
}

void ule_census_add(struct ule_census *sum, const struct ule_census *part) {
    for (size_t i = 0; i < ULE_CENSUS_STATES; i++)
        sum->accounts[i] += part->accounts[i];
    for (size_t i = 0; i < ULE_CENSUS_KINDS; i++)
        sum->cases[i] += part->cases[i];
}

bool ule_census_load(struct ule_store *store, struct ule_census *census) {
    struct ule_buffer bytes = {0};
    int64_t numbers[NUMBERS];
    bool known = ule_store_meta_get(store, meta_name, &bytes) && bytes.size == sizeof numbers;
    if (known) {
        memcpy(numbers, bytes.bytes, sizeof numbers);
        known = numbers[0] == EDITION;
    }
    if (known) {
        memcpy(census->accounts, numbers + 1, sizeof census->accounts);
        memcpy(census->cases, numbers + 1 + ULE_CENSUS_STATES, sizeof census->cases);
    }
    ule_buffer_close(&bytes);
    return known;
}

void ule_census_save(struct ule_store *store, const struct ule_census *census) {
    int64_t numbers[NUMBERS] = {EDITION};
    memcpy(numbers + 1, census->accounts, sizeof census->accounts);
    memcpy(numbers + 1 + ULE_CENSUS_STATES, census->cases, sizeof census->cases);
    ule_store_meta_put(store, meta_name, numbers, sizeof numbers);
}

void ule_census_show(const struct ule_census *census) {
    for (size_t i = 0; i < ULE_CENSUS_STATES; i++)
        ule_metric_set(ULE_METRIC_ACCOUNTS, ule_account_state_enum.symbols[i], NULL, (double)census->accounts[i]);
    for (size_t i = 0; i < ULE_CENSUS_KINDS; i++)
        ule_metric_set(ULE_METRIC_CASES_OPEN, ule_case_kind_enum.symbols[i], NULL, (double)census->cases[i]);
}
