/* SPDX-License-Identifier: MIT */
/* The five input topics: what stands in each, and the translation that checks it and names its owner. */
#ifndef ULE_LOOP_SOURCE_H
#define ULE_LOOP_SOURCE_H

#include "avro/framing.h"
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

/* The value of a record as ule_reader_decode. Text that is JSON, which nothing but a recording's broken records is sent
 * as, is not taken; but where our schema refuses it as JSON too, that is the reason given: the date that does not
 * exist, the word that is not known, and not only that bytes of Avro are expected. */
enum ule_code ule_source_decode(const struct ule_source *source, struct ule_reader *reader, const uint8_t *bytes,
                                size_t size, struct ule_arena *arena, void *value,
                                struct ule_error *error) ULE_MUST_CHECK;

/* In the topic order of design.md section 3. */
extern const struct ule_source ule_sources[ULE_SOURCE_COUNT];

/* A translated record as a message to its entity. `at`: its timestamp (ms). It borrows `value` and `entity`. */
void ule_source_message(const struct ule_source *source, void *value, const char *entity, int64_t at, int32_t partition,
                        int64_t offset, struct ule_arena *arena, struct ule_inbox_message *message);

#endif
