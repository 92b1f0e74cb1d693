/* SPDX-License-Identifier: MIT */
/* Every record type from bytes in both framings, from a writer's schema that is itself part of the input, and from
 * JSON. What can be read must come out again as the same record.
 *
 * Input: record type, form, and then the bytes; for a writer's schema one byte more, of which 16 times the value is its
 * length at most: it ends at the first NUL. */
#include "avro/framing.h"
#include "fuzz/fuzz.h"

#include <string.h>

/* A byte on the wire can be eight of a struct, in as many levels as the deepest schema has. */
#define GROWTH 256

enum form { AS_IT_STANDS, BARE, SINGLE_OBJECT, CONFLUENT, BY_SCHEMA, CONFLUENT_SCHEMA, JSON, FORMS };

static enum ule_code registry(void *context, uint32_t id, const char **schema_json, struct ule_error *error) {
    *schema_json = context;
    return id == 1 ? ULE_OK : ule_fail(error, ULE_SCHEMA_UNKNOWN, "no such id");
}

/* What was read, encoded and read again; and through JSON. */
static void comes_out_again(const struct ule_record *record, const void *value, struct ule_arena *arena) {
    struct ule_buffer once = {0}, twice = {0};
    ule_record_encode(record, value, &once);
    void *again = ule_arena_alloc(arena, record->size);
    enum ule_code code = ule_record_decode(record, once.bytes, once.size, arena, again, NULL);
    FUZZ_HOLDS(code == ULE_OK, "%s: what was encoded is %s", record->name, ule_code_name(code));
    ule_record_encode(record, again, &twice);
    FUZZ_HOLDS(once.size == twice.size && memcmp(once.bytes, twice.bytes, once.size) == 0,
               "%s: encoded twice, and not alike", record->name);
    FUZZ_HOLDS(ule_record_equal(record, value, again), "%s: not equal to what was encoded", record->name);

    json_t *json = ule_record_to_json(record, value);
    struct ule_error error = {0};
    code = ule_record_from_json(record, json, arena, again, &error);
    FUZZ_HOLDS(code == ULE_OK, "%s: its JSON is %s, %s", record->name, ule_code_name(code), error.message);
    FUZZ_HOLDS(ule_record_equal(record, value, again), "%s: not equal to its JSON", record->name);
    json_decref(json);
    ule_buffer_close(&once);
    ule_buffer_close(&twice);
}

static enum ule_code from_json(const struct ule_record *record, const uint8_t *bytes, size_t size,
                               struct ule_arena *arena, void *value, struct ule_error *error) {
    json_t *json = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
    enum ule_code code = json ? ule_record_from_json(record, json, arena, value, error)
                              : ule_fail(error, ULE_MALFORMED, "no schema text");
    json_decref(json);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    size_t records = 0;
    while (ule_records[records])
        records++;
    struct fuzz_input input = {bytes, bytes + size};
    const struct ule_record *record = ule_records[fuzz_draw(&input, (unsigned)records)];
    if (record == NULL)
        return 0;
    enum form form = (enum form)fuzz_draw(&input, FORMS);
    char *schema = NULL;
    if (form == BY_SCHEMA || form == CONFLUENT_SCHEMA) {
        size_t most = (size_t)fuzz_draw(&input, 256) * 16;
        size_t left = (size_t)(input.end - input.at);
        size_t length = 0;
        while (length < most && length < left && input.at[length] != '\0')
            length++;
        schema = calloc(1, length + 1);
        if (schema == NULL)
            abort();
        if (length > 0)
            memcpy(schema, input.at, length);
        input.at += length + (length < left);
    }
    struct ule_arena *arena = ule_arena_new();
    struct ule_reader *reader = ule_reader_new(record);
    struct ule_buffer framed = {0};
    ule_reader_set_registry(reader, registry, schema ? schema : (char *)record->schema_json);
    if (form == SINGLE_OBJECT) {
        ule_buffer_append(&framed, "\xc3\x01", 2);
        for (int i = 0; i < 8; i++) {
            uint8_t byte = (uint8_t)(record->fingerprint >> (8 * i));
            ule_buffer_append(&framed, &byte, 1);
        }
    } else if (form == CONFLUENT || form == CONFLUENT_SCHEMA) {
        ule_buffer_append(&framed, "\0\0\0\0\1", 5);
    }
    ule_buffer_append(&framed, input.at, (size_t)(input.end - input.at));

    void *value = ule_arena_alloc(arena, record->size);
    size_t before = ule_arena_used(arena);
    struct ule_error error = {0};
    enum ule_code code;
    if (form == JSON)
        code = from_json(record, framed.bytes, framed.size, arena, value, &error);
    else if (form == BARE)
        code = ule_record_decode(record, framed.bytes, framed.size, arena, value, &error);
    else if (form == BY_SCHEMA)
        code = ule_reader_decode_as(reader, schema, framed.bytes, framed.size, arena, value, &error);
    else
        code = ule_reader_decode(reader, framed.bytes, framed.size, arena, value, &error);
    if (form != JSON && schema == NULL)
        FUZZ_HOLDS(ule_arena_used(arena) - before <= GROWTH * framed.size + 4096, "%s: %zu bytes became %zu",
                   record->name, framed.size, ule_arena_used(arena) - before);
    FUZZ_HOLDS(code < ULE_DATA_ERRORS_END, "%s: %s is no data error", record->name, ule_code_name(code));
    FUZZ_HOLDS(code == error.code, "%s: %s, and the error says %s", record->name, ule_code_name(code),
               ule_code_name(error.code));
    if (code == ULE_OK)
        comes_out_again(record, value, arena);
    ule_buffer_close(&framed);
    ule_reader_free(reader);
    ule_arena_free(arena);
    free(schema);
    return 0;
}
