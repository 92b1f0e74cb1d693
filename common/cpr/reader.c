/* SPDX-License-Identifier: MIT */
#include "cpr/reader.h"

#include "cpr/split.h"

#include <stdlib.h>
#include <string.h>

enum section { SECTION_START, SECTION_HEADER, SECTION_ENDED, SECTION_PERSONS, SECTION_ADDRESSES, SECTION_END };

struct ule_cpr_reader {
    struct ule_cpr_split split;
    ule_cpr_take_header *take_header;
    ule_cpr_take_person *take_person;
    void *context;
    struct ule_arena *arena; /* one person */
    struct ule_cpr_header header;
    struct ule_cpr_summary summary;
    enum section section;
    bool has_person; /* records of `person` are still coming */
    struct ule_cpr_person person;
    char number[11];  /* of `person` */
    uint64_t counted; /* records that 999 counts */
    enum ule_code failed;
};

static enum ule_code out_of_order(struct ule_cpr_record *record, const char *expected) {
    return ule_cpr_record_fail(record, ULE_MALFORMED, "record type", 1, expected);
}

/* Records of the person are over: it is handed on and forgotten. */
static enum ule_code end_person(struct ule_cpr_reader *reader, struct ule_error *error) {
    if (!reader->has_person)
        return ULE_OK;
    reader->has_person = false;
    ule_cpr_person_finish(&reader->person, reader->arena);
    const enum ule_code code = reader->take_person(reader->context, &reader->person.changed, error);
    ule_arena_reset(reader->arena);
    return code;
}

static enum ule_code take_start(struct ule_cpr_reader *reader, struct ule_cpr_record *record) {
    const int32_t task = ule_cpr_code(record, "task", 14, 6);
    const int32_t produced = ule_cpr_date(record, "production date", 20, 8);
    const int32_t previous = ule_cpr_date(record, "previous production date", 28, 8);
    if (record->code)
        return record->code;
    if (task == ULE_INT_NULL)
        return ule_cpr_record_fail(record, ULE_FIELD_MISSING, "task", 14, "a number of six digits");
    if (produced == ULE_DATE_NONE)
        return ule_cpr_record_fail(record, ULE_FIELD_MISSING, "production date", 20, "yyyymmdd");
    if (previous > produced)
        return ule_cpr_record_fail(record, ULE_CONTRADICTION, "previous production date", 28,
                                   "a date not after the production date");
    memcpy(reader->header.task, record->bytes + 13, 6);
    reader->header.produced = produced;
    reader->header.previous = previous;
    reader->section = SECTION_HEADER;
    return reader->take_header ? reader->take_header(reader->context, &reader->header, record->error) : ULE_OK;
}

static enum ule_code begin_person(struct ule_cpr_reader *reader, struct ule_cpr_record *record) {
    const enum ule_code code = ule_cpr_person_begin(&reader->person, &reader->header, record);
    if (code)
        return code;
    memcpy(reader->number, record->bytes + 3, 10);
    reader->has_person = true;
    return ULE_OK;
}

static enum ule_code take_ended(struct ule_cpr_reader *reader, struct ule_cpr_record *record) {
    if (reader->section > SECTION_ENDED)
        return out_of_order(record, "997 before the first 001");
    reader->section = SECTION_ENDED;
    const enum ule_code code = begin_person(reader, record);
    if (code)
        return code;
    reader->summary.ended++;
    return end_person(reader, record->error);
}

static enum ule_code take_person(struct ule_cpr_reader *reader, struct ule_cpr_record *record) {
    if (reader->section > SECTION_PERSONS)
        return out_of_order(record, "003 or 999 behind the first 003");
    if (record->type == 1) {
        const enum ule_code code = end_person(reader, record->error);
        if (code)
            return code;
        reader->section = SECTION_PERSONS;
        reader->summary.persons++;
        return begin_person(reader, record);
    }
    if (!reader->has_person)
        return out_of_order(record, "001 before the other records of a person");
    if (memcmp(record->bytes + 3, reader->number, 10) != 0)
        return ule_cpr_record_fail(record, ULE_KEY_MISMATCH, "person number", 4, "the number of the 001 before it");
    if (ule_cpr_record_length(record->type) == 0)
        reader->summary.unknown++;
    return ule_cpr_person_take(&reader->person, record);
}

static enum ule_code take_end(struct ule_cpr_reader *reader, struct ule_cpr_record *record) {
    const enum ule_code code = end_person(reader, record->error);
    if (code)
        return code;
    uint64_t count = 0;
    for (size_t i = 13; i < 21; i++) {
        if (record->bytes[i] < '0' || record->bytes[i] > '9')
            return ule_cpr_record_fail(record, ULE_TRUNCATED, "count", 14, "eight digits");
        count = count * 10 + (uint64_t)(record->bytes[i] - '0');
    }
    if (count != reader->counted) /* what stands there instead could be of anybody, were the file cut and pasted */
        return record->code = ule_fail(record->error, ULE_TRUNCATED,
                                       "record 999, count (position 14): expected %llu, the records there are",
                                       (unsigned long long)reader->counted);
    reader->section = SECTION_END;
    return ULE_OK;
}

static enum ule_code dispatch(struct ule_cpr_reader *reader, struct ule_cpr_record *record) {
    if (reader->section == SECTION_START)
        return record->type == 0 ? take_start(reader, record) : out_of_order(record, "000 as the first record");
    if (reader->section == SECTION_END) {
        if (record->type != 910)
            return out_of_order(record, "910 or the end of the file behind 999");
        reader->summary.errors++;
        return ULE_OK;
    }
    switch (record->type) {
    case 999: return take_end(reader, record);
    case 997: reader->counted++; return take_ended(reader, record);
    case 3: {
        const enum ule_code code = end_person(reader, record->error);
        reader->counted++;
        reader->section = SECTION_ADDRESSES;
        return code;
    }
    default:
        if (record->type == 0 || record->type > 99)
            return out_of_order(record, "000 first and once, 001 to 099, 997, 999, and 910 behind 999");
        reader->counted++;
        return take_person(reader, record);
    }
}

static enum ule_code take_record(void *context, struct ule_cpr_record *record, struct ule_error *error) {
    struct ule_cpr_reader *reader = context;
    record->arena = reader->arena;
    record->error = error;
    reader->summary.records++;
    const size_t length = ule_cpr_record_length(record->type);
    if (length > 0 && record->size > length)
        return ule_fail(error, ULE_TOO_LARGE, "record %03u: expected %zu positions at most, not %zu", record->type,
                        length, record->size);
    return dispatch(reader, record);
}

struct ule_cpr_reader *ule_cpr_reader_new(const char *name, ule_cpr_take_header *header, ule_cpr_take_person *person,
                                          void *context) {
    struct ule_cpr_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        abort();
    ule_cpr_split_init(&reader->split, name, take_record, reader);
    reader->take_header = header;
    reader->take_person = person;
    reader->context = context;
    reader->arena = ule_arena_new();
    return reader;
}

void ule_cpr_reader_free(struct ule_cpr_reader *reader) {
    if (!reader)
        return;
    ule_arena_free(reader->arena);
    free(reader);
}

enum ule_code ule_cpr_reader_feed(struct ule_cpr_reader *reader, const void *bytes, size_t size,
                                  struct ule_error *error) {
    if (!reader->failed)
        reader->failed = ule_cpr_split_feed(&reader->split, bytes, size, error);
    return reader->failed;
}

enum ule_code ule_cpr_reader_finish(struct ule_cpr_reader *reader, struct ule_error *error) {
    if (!reader->failed)
        reader->failed = ule_cpr_split_finish(&reader->split, error);
    if (!reader->failed && reader->section != SECTION_END)
        reader->failed = ule_cpr_split_at(&reader->split,
                                          ule_fail(error, ULE_TRUNCATED,
                                                   reader->section == SECTION_START
                                                       ? "the file is empty: expected record 000"
                                                       : "the file ends here: expected record 999, so it is cut"),
                                          error);
    return reader->failed;
}

struct ule_cpr_summary ule_cpr_reader_summary(const struct ule_cpr_reader *reader) {
    return reader->summary;
}
