/* SPDX-License-Identifier: MIT */
/* The five input topics: what stands in each, and the translation that checks it and names its owner. */
#ifndef ULE_LOOP_SOURCE_H
#define ULE_LOOP_SOURCE_H

#include "avro/record.h"
#include "records.h"

enum { ULE_SOURCE_COUNT = 5 };

struct ule_source {
    const char *topic;               /* default name */
    const struct ule_record *record; /* what its values are */
    /* As ule_cpr_change_translate (cpr-change/translation.h); `record` is a struct of the record above. */
    enum ule_code (*translate)(void *record, const char *key, int64_t ts, struct ule_arena *arena, const char **entity,
                               unsigned *ignored, struct ule_error *error);
};

/* In the topic order of design.md section 3. */
extern const struct ule_source ule_sources[ULE_SOURCE_COUNT];

/* A translated record as a message to its entity. `at`: its timestamp (ms). It borrows `value` and `entity`. */
void ule_source_message(const struct ule_source *source, void *value, const char *entity, int64_t at, int32_t partition,
                        int64_t offset, struct ule_arena *arena, struct ule_inbox_message *message);

#endif
