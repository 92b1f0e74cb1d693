/* SPDX-License-Identifier: MIT */
#include "avro/framing.h"

#include "avro/resolve.h"

#include <stdlib.h>
#include <string.h>

#define CONFLUENT_SIZE     5  /* 0x00, schema id in four bytes, the highest first */
#define SINGLE_OBJECT_SIZE 10 /* 0xC3 0x01, fingerprint in eight bytes, the lowest first */

enum name { BY_FINGERPRINT, BY_ID, BY_TEXT };

/* A writer schema that was met, by what it is called in the bytes. One that cannot be read is kept too, with the error:
 * its records may come by the million. */
struct writer {
    enum name name;
    uint64_t number;  /* fingerprint or id */
    const char *text; /* BY_TEXT */
    bool ours;        /* the same as our schema but for words: read straight from the table */
    const struct ule_plan *plan;
    struct ule_error error;
};

struct ule_reader {
    const struct ule_record *record;
    struct ule_arena *arena; /* plans */
    struct writer *writers;
    size_t count, capacity;
    size_t last; /* found last; most topics have one writer */
    ule_schema_by_id *lookup;
    void *context;
};

struct ule_reader *ule_reader_new(const struct ule_record *record) {
    struct ule_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        abort();
    reader->record = record;
    reader->arena = ule_arena_new();
    return reader;
}

void ule_reader_free(struct ule_reader *reader) {
    if (!reader)
        return;
    ule_arena_free(reader->arena);
    free(reader->writers);
    free(reader);
}

void ule_reader_set_registry(struct ule_reader *reader, ule_schema_by_id *lookup, void *context) {
    reader->lookup = lookup;
    reader->context = context;
}

static bool is_called(const struct writer *writer, enum name name, uint64_t number, const char *text) {
    if (writer->name != name)
        return false;
    return name == BY_TEXT ? strcmp(writer->text, text) == 0 : writer->number == number;
}

static struct writer *find(struct ule_reader *reader, enum name name, uint64_t number, const char *text) {
    if (reader->last < reader->count && is_called(&reader->writers[reader->last], name, number, text))
        return &reader->writers[reader->last];
    for (size_t i = 0; i < reader->count; i++) {
        if (is_called(&reader->writers[i], name, number, text)) {
            reader->last = i;
            return &reader->writers[i];
        }
    }
    return NULL;
}

static struct writer *add(struct ule_reader *reader, enum name name, uint64_t number, const char *schema_json) {
    if (reader->count == reader->capacity) {
        size_t capacity = reader->capacity ? reader->capacity * 2 : 4;
        struct writer *writers = realloc(reader->writers, capacity * sizeof *writers);
        if (!writers)
            abort();
        reader->writers = writers;
        reader->capacity = capacity;
    }
    struct writer *writer = &reader->writers[reader->count];
    uint64_t fingerprint = 0;
    *writer = (struct writer){.name = name, .number = number};
    if (name == BY_TEXT)
        writer->text = ule_arena_string(reader->arena, schema_json);
    if (ule_plan_make(reader->record, schema_json, reader->arena, &writer->plan, &fingerprint, &writer->error) !=
        ULE_OK)
        writer->plan = NULL;
    if (name == BY_FINGERPRINT)
        writer->number = fingerprint;
    writer->ours = writer->plan && fingerprint == reader->record->fingerprint;
    reader->last = reader->count++;
    return writer;
}

enum ule_code ule_reader_add_schema(struct ule_reader *reader, const char *schema_json, struct ule_error *error) {
    const struct writer *writer = add(reader, BY_FINGERPRINT, 0, schema_json);
    if (writer->plan)
        return ULE_OK;
    enum ule_code code = writer->error.code;
    if (error)
        *error = writer->error;
    reader->count--;
    return code;
}

/* One that we once wrote by: looked up when it is met. */
static const struct writer *add_past(struct ule_reader *reader, uint64_t fingerprint) {
    for (const struct ule_past_schema *past = reader->record->past; past && past->json; past++) {
        if (past->fingerprint == fingerprint)
            return add(reader, BY_FINGERPRINT, fingerprint, past->json);
    }
    return NULL;
}

static enum ule_code decode(const struct ule_reader *reader, const struct writer *writer, const uint8_t *bytes,
                            size_t size, struct ule_arena *arena, void *value, struct ule_error *error) {
    if (writer->ours)
        return ule_record_decode(reader->record, bytes, size, arena, value, error);
    if (writer->plan)
        return ule_plan_decode(writer->plan, bytes, size, arena, value, error);
    if (error)
        *error = writer->error;
    return writer->error.code;
}

static enum ule_code decode_confluent(struct ule_reader *reader, const uint8_t *bytes, size_t size,
                                      struct ule_arena *arena, void *value, struct ule_error *error) {
    if (size < CONFLUENT_SIZE)
        return ule_fail(error, ULE_TRUNCATED, "%s: the bytes end inside the schema id", reader->record->name);
    uint32_t id = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
    struct writer *writer = find(reader, BY_ID, id, NULL);
    if (!writer) {
        const char *schema_json = NULL;
        if (!reader->lookup)
            return ule_fail(error, ULE_SCHEMA_UNKNOWN, "%s: schema id %u, and no registry is configured",
                            reader->record->name, (unsigned)id);
        enum ule_code code = reader->lookup(reader->context, id, &schema_json, error);
        if (code != ULE_OK)
            return code;
        writer = add(reader, BY_ID, id, schema_json);
    }
    return decode(reader, writer, bytes + CONFLUENT_SIZE, size - CONFLUENT_SIZE, arena, value, error);
}

static enum ule_code decode_single_object(struct ule_reader *reader, const uint8_t *bytes, size_t size,
                                          struct ule_arena *arena, void *value, struct ule_error *error) {
    if (size < SINGLE_OBJECT_SIZE)
        return ule_fail(error, ULE_TRUNCATED, "%s: the bytes end inside the schema fingerprint", reader->record->name);
    uint64_t fingerprint = 0;
    for (int i = 0; i < 8; i++)
        fingerprint |= (uint64_t)bytes[2 + i] << (8 * i);
    bytes += SINGLE_OBJECT_SIZE;
    size -= SINGLE_OBJECT_SIZE;
    if (fingerprint == reader->record->fingerprint)
        return ule_record_decode(reader->record, bytes, size, arena, value, error);
    const struct writer *writer = find(reader, BY_FINGERPRINT, fingerprint, NULL);
    if (!writer)
        writer = add_past(reader, fingerprint);
    if (!writer)
        return ule_fail(error, ULE_SCHEMA_UNKNOWN, "%s: no schema has the fingerprint %016llx", reader->record->name,
                        (unsigned long long)fingerprint);
    return decode(reader, writer, bytes, size, arena, value, error);
}

enum ule_code ule_reader_decode(struct ule_reader *reader, const uint8_t *bytes, size_t size, struct ule_arena *arena,
                                void *value, struct ule_error *error) {
    if (size >= 1 && bytes[0] == 0x00)
        return decode_confluent(reader, bytes, size, arena, value, error);
    if (size >= 2 && bytes[0] == 0xc3 && bytes[1] == 0x01)
        return decode_single_object(reader, bytes, size, arena, value, error);
    return ule_fail(error, ULE_FRAMING, "%s: expected 0x00 (schema id) or 0xC3 0x01 (schema fingerprint) in front",
                    reader->record->name);
}

enum ule_code ule_reader_decode_as(struct ule_reader *reader, const char *schema_json, const uint8_t *bytes,
                                   size_t size, struct ule_arena *arena, void *value, struct ule_error *error) {
    struct writer *writer = find(reader, BY_TEXT, 0, schema_json);
    if (!writer)
        writer = add(reader, BY_TEXT, 0, schema_json);
    return decode(reader, writer, bytes, size, arena, value, error);
}

void ule_write_single_object(const struct ule_record *record, const void *value, struct ule_buffer *out) {
    uint8_t head[SINGLE_OBJECT_SIZE] = {0xc3, 0x01};
    for (int i = 0; i < 8; i++)
        head[2 + i] = (uint8_t)(record->fingerprint >> (8 * i));
    ule_buffer_append(out, head, sizeof head);
    ule_record_encode(record, value, out);
}

void ule_write_confluent(const struct ule_record *record, uint32_t id, const void *value, struct ule_buffer *out) {
    const uint8_t head[CONFLUENT_SIZE] = {0x00, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                                          (uint8_t)id};
    ule_buffer_append(out, head, sizeof head);
    ule_record_encode(record, value, out);
}

void ule_write_framed(const struct ule_record *record, const struct ule_framing *framing, const void *value,
                      struct ule_buffer *out) {
    if (framing->confluent)
        ule_write_confluent(record, framing->id, value, out);
    else
        ule_write_single_object(record, value, out);
}
