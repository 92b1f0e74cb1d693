/* SPDX-License-Identifier: MIT */
/* Schemas of writers that are older, newer and just different. Every record of ours is written by avro-c with schemas
 * made out of ours at random: fields left out, added, in another order, with other types that mean the same; enums with
 * other symbols in other places; unions where we have none and the other way round. */
#include "avro/codec.h"
#include "avro/framing.h"
#include "avro/random_record.h"
#include "lib/suite.h"
#include "records.h"

#include <avro.h>
#include <check.h>

static struct ule_arena *arena;
static uint64_t seed;
static int schemas;
static unsigned names; /* every type gets a name of its own, so that parts can be moved and left out */

static void setup(void) {
    arena = ule_arena_new();
}

static void teardown(void) {
    ule_arena_free(arena);
}

static void must(int result) {
    ck_assert_msg(result == 0, "%s", avro_strerror());
}

static json_t *text_json(const char *text) {
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(json);
    return json;
}

static json_t *new_name(void) {
    return json_sprintf("Name%u", names++);
}

/* Something that we have no field for. */
static json_t *extra_type(struct random *random) {
    switch (random_below(random, 8)) {
    case 0: return text_json("{\"type\":\"map\",\"values\":{\"type\":\"map\",\"values\":\"double\"}}");
    case 1: return json_pack("{s:s,s:o,s:i}", "type", "fixed", "name", new_name(), "size", 7);
    case 2: return text_json("[\"float\",\"null\",{\"type\":\"array\",\"items\":[\"null\",\"string\",\"boolean\"]}]");
    case 3: return text_json("\"bytes\"");
    case 4: return text_json("\"null\"");
    case 5:
        return json_pack("{s:s,s:o,s:[{s:s,s:s},{s:s,s:o}]}", "type", "record", "name", new_name(), "fields", "name",
                         "a", "type", "long", "name", "b", "type", extra_type(random));
    case 6: return json_pack("{s:s,s:o,s:[s,s]}", "type", "enum", "name", new_name(), "symbols", "A", "B");
    default: return text_json("{\"type\":\"array\",\"items\":\"null\"}");
    }
}

static json_t *writer_record(struct random *random, const struct ule_record *record);

static json_t *writer_enum(struct random *random, const struct ule_enum *ours) {
    json_t *symbols = json_array();
    if (random_below(random, 2) == 0)
        json_array_append_new(symbols, json_string("UNHEARD_OF"));
    for (size_t i = 0; i < ours->count; i++)
        json_array_insert_new(symbols, random_below(random, json_array_size(symbols) + 1),
                              json_string(ours->symbols[i]));
    return json_pack("{s:s,s:o,s:o}", "type", "enum", "name", new_name(), "symbols", symbols);
}

static json_t *writer_value(struct random *random, const struct ule_field *field) {
    bool other = random_below(random, 3) == 0;
    switch (field->kind) {
    case ULE_KIND_BOOLEAN: return json_string("boolean");
    case ULE_KIND_INT:
    case ULE_KIND_DATE: return json_string("int");
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: return json_string(other ? "int" : "long");
    case ULE_KIND_STRING: return json_string(other ? "bytes" : "string");
    case ULE_KIND_BYTES: return json_string(other ? "string" : "bytes");
    case ULE_KIND_ENUM: return writer_enum(random, field->symbols);
    case ULE_KIND_RECORD: return writer_record(random, field->record);
    }
    return NULL;
}

static json_t *maybe_union(struct random *random, bool nullable, json_t *type) {
    switch (random_below(random, 6)) {
    case 0: return json_pack("[s,o]", "null", type);
    case 1: return json_pack("[o,s]", type, "null");
    case 2: return json_pack("[o]", type);
    case 3: return json_pack("[s,s,o]", "double", "null", type);
    case 4: return json_pack("[o,s,s]", type, "null", "double");
    default: return nullable ? json_pack("[s,o]", "null", type) : type;
    }
}

static json_t *writer_record(struct random *random, const struct ule_record *record) {
    json_t *fields = json_array();
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        if (field->default_json && random_below(random, 4) == 0)
            continue;
        json_t *type = writer_value(random, field);
        if (field->array) {
            if (random_below(random, 3) == 0)
                type = maybe_union(random, false, type);
            type = json_pack("{s:s,s:o}", "type", "array", "items", type);
        }
        type = maybe_union(random, field->nullable, type);
        json_array_insert_new(fields, random_below(random, json_array_size(fields) + 1),
                              json_pack("{s:s,s:o}", "name", field->name, "type", type));
    }
    for (uint64_t more = random_below(random, 4); more > 0; more--) {
        json_array_insert_new(fields, random_below(random, json_array_size(fields) + 1),
                              json_pack("{s:o,s:o}", "name", new_name(), "type", extra_type(random)));
    }
    return json_pack("{s:s,s:o,s:o}", "type", "record", "name", new_name(), "fields", fields);
}

static avro_value_t *branch_of(avro_value_t *value, bool null, avro_value_t *branch) {
    avro_schema_t schema = avro_value_get_schema(value);
    for (size_t i = 0; i < avro_schema_union_size(schema); i++) {
        avro_type_t type = avro_typeof(avro_schema_union_branch(schema, (int)i));
        if (type == AVRO_DOUBLE || (type == AVRO_NULL) != null)
            continue;
        must(avro_value_set_branch(value, (int)i, branch));
        return branch;
    }
    return NULL;
}

static void write_extra(struct random *random, avro_value_t *value) {
    avro_value_t child;
    size_t count = 0;
    uint8_t bytes[7] = {1, 2, 3};
    char key[2] = "k";
    switch (avro_value_get_type(value)) {
    case AVRO_UNION:
        must(avro_value_set_branch(
            value, (int)random_below(random, avro_schema_union_size(avro_value_get_schema(value))), &child));
        write_extra(random, &child);
        break;
    case AVRO_ARRAY:
        for (uint64_t i = random_below(random, 4); i > 0; i--) {
            must(avro_value_append(value, &child, NULL));
            write_extra(random, &child);
        }
        break;
    case AVRO_MAP:
        for (uint64_t i = random_below(random, 4); i > 0; i--) {
            key[0] = (char)('a' + i);
            must(avro_value_add(value, key, &child, NULL, NULL));
            write_extra(random, &child);
        }
        break;
    case AVRO_RECORD:
        must(avro_value_get_size(value, &count));
        for (size_t i = 0; i < count; i++) {
            must(avro_value_get_by_index(value, i, &child, NULL));
            write_extra(random, &child);
        }
        break;
    case AVRO_FIXED: must(avro_value_set_fixed(value, bytes, 7)); break;
    case AVRO_FLOAT: must(avro_value_set_float(value, 1.5F)); break;
    case AVRO_DOUBLE: must(avro_value_set_double(value, 2.5)); break;
    case AVRO_NULL: must(avro_value_set_null(value)); break;
    case AVRO_BOOLEAN: must(avro_value_set_boolean(value, 1)); break;
    case AVRO_INT64: must(avro_value_set_long(value, random_long(random))); break;
    case AVRO_ENUM: must(avro_value_set_enum(value, (int)random_below(random, 2))); break;
    case AVRO_BYTES: must(avro_value_set_bytes(value, bytes, random_below(random, 7))); break;
    case AVRO_STRING: must(avro_value_set_string(value, "extra")); break;
    default: ck_abort();
    }
}

static void write_record(struct random *random, const struct ule_record *record, void *value, avro_value_t *out);

/* Writes a member that is not null; what the writer's type cannot say is changed in the member. */
static void write_value(struct random *random, const struct ule_field *field, void *member, avro_value_t *out) {
    avro_value_t branch = *out;
    if (avro_value_get_type(out) == AVRO_UNION)
        out = branch_of(out, false, &branch);
    if (!out)
        ck_abort_msg("%s: no branch for it", field->name);
    avro_type_t type = avro_value_get_type(out);
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        must(avro_value_set_boolean(out, field->nullable ? *(int32_t *)member : *(bool *)member));
        break;
    case ULE_KIND_INT:
    case ULE_KIND_DATE: must(avro_value_set_int(out, *(int32_t *)member)); break;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: {
        int64_t *number = member;
        if (type == AVRO_INT32)
            *number %= INT32_MAX;
        must(type == AVRO_INT32 ? avro_value_set_int(out, (int32_t)*number) : avro_value_set_long(out, *number));
        break;
    }
    case ULE_KIND_STRING: {
        const char *text = *(const char **)member;
        char copy[128];
        (void)snprintf(copy, sizeof copy, "%s", text);
        must(type == AVRO_BYTES ? avro_value_set_bytes(out, copy, strlen(copy)) : avro_value_set_string(out, text));
        break;
    }
    case ULE_KIND_BYTES: {
        struct ule_bytes *bytes = member;
        char text[] = "bytes that are text";
        *bytes = (struct ule_bytes){ule_arena_copy(arena, text, strlen(text)), strlen(text)};
        must(type == AVRO_BYTES ? avro_value_set_bytes(out, text, strlen(text)) : avro_value_set_string(out, text));
        break;
    }
    case ULE_KIND_ENUM: {
        const char *symbol = field->symbols->symbols[*(int32_t *)member];
        must(avro_value_set_enum(out, avro_schema_enum_get_by_name(avro_value_get_schema(out), symbol)));
        break;
    }
    case ULE_KIND_RECORD: write_record(random, field->record, field->nullable ? *(void **)member : member, out); break;
    }
}

static void write_array(struct random *random, const struct ule_field *field, void *member, avro_value_t *out) {
    avro_value_t branch, item;
    struct ule_items *array = member;
    if (avro_value_get_type(out) == AVRO_UNION)
        out = branch_of(out, false, &branch);
    for (size_t i = 0; i < array->count; i++) {
        must(avro_value_append(out, &item, NULL));
        write_value(random, field, (char *)array->items + i * ule_item_size(field), &item);
    }
}

static void write_nullable(struct random *random, const struct ule_field *field, void *member, avro_value_t *out) {
    avro_value_t branch;
    if (!ule_member_is_null(field, member)) {
        write_value(random, field, member, out);
    } else if (avro_value_get_type(out) == AVRO_UNION && branch_of(out, true, &branch)) {
        must(avro_value_set_null(&branch));
    } else { /* the writer has no null */
        struct ule_field plain = *field;
        plain.nullable = false;
        if (field->kind == ULE_KIND_RECORD) {
            *(void **)member = random_new(random, field->record);
        } else if (field->kind == ULE_KIND_BOOLEAN) {
            *(int32_t *)member = ULE_MAYBE_FALSE;
        } else {
            random_value(random, &plain, member);
        }
        write_value(random, field, member, out);
    }
}

static void write_record(struct random *random, const struct ule_record *record, void *value, avro_value_t *out) {
    size_t count = 0;
    avro_schema_t schema = avro_value_get_schema(out);
    must(avro_value_get_size(out, &count));
    for (size_t i = 0; i < count; i++) {
        avro_value_t one;
        const char *name = "";
        must(avro_value_get_by_index(out, i, &one, &name));
        const struct ule_field *field = NULL;
        for (size_t j = 0; j < record->count; j++)
            field = strcmp(record->fields[j].name, name) == 0 ? &record->fields[j] : field;
        void *member = field ? (char *)value + field->offset : NULL;
        if (!field)
            write_extra(random, &one);
        else if (field->array)
            write_array(random, field, member, &one);
        else if (field->nullable)
            write_nullable(random, field, member, &one);
        else
            write_value(random, field, member, &one);
    }
    char *blank = ule_arena_alloc(arena, record->size);
    ule_record_init(record, blank, arena);
    for (size_t i = 0; i < record->count; i++) {
        size_t at = record->fields[i].offset, end = i + 1 < record->count ? record->fields[i + 1].offset : record->size;
        if (avro_schema_record_field_get_index(schema, record->fields[i].name) < 0)
            memcpy((char *)value + at, blank + at, end - at);
    }
}

/* Also cut at each byte: an error each time, and nothing read past the end. */
static void read_back(struct ule_reader *reader, const char *schema, const struct ule_record *record, const void *value,
                      const char *written, size_t size, bool cut) {
    struct ule_error error = {0};
    void *back = ule_arena_alloc(arena, record->size);
    enum ule_code code = ule_reader_decode_as(reader, schema, (const uint8_t *)written, size, arena, back, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_msg(ule_record_equal(record, value, back), "%s", record->name);
    for (size_t left = 0; cut && left < size; left++) {
        uint8_t *part = malloc(left + 1); /* of its own, for the sanitizer to see its end */
        memcpy(part, written, left);
        uint8_t *end = realloc(part, left > 0 ? left : 1);
        ck_assert_int_eq(ule_reader_decode_as(reader, schema, end, left, arena, back, &error), ULE_TRUNCATED);
        free(end);
    }
}

/* A value at random, and `written`, malloc'ed, `room` bytes in front of it, as somebody with that schema writes it. */
static void *write_random(struct random *random, const struct ule_record *record, avro_value_iface_t *iface,
                          size_t room, char **written, size_t *size) {
    avro_value_t out;
    must(avro_generic_value_new(iface, &out));
    void *value = random_new(random, record);
    write_record(random, record, value, &out);
    must(avro_value_sizeof(&out, size));
    *written = malloc(room + *size + 1);
    avro_writer_t writer = avro_writer_memory(*written + room, (int64_t)*size);
    must(avro_value_write(writer, &out));
    avro_writer_free(writer);
    avro_value_decref(&out);
    return value;
}

START_TEST(whatever_a_writer_calls_for_is_read_by_field_name) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    for (int round = 0; round < schemas; round++) {
        struct ule_reader *reader = ule_reader_new(record);
        json_t *json = writer_record(&random, record);
        char *text = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        avro_schema_t schema;
        must(avro_schema_from_json_length(text, strlen(text), &schema));
        avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
        for (int i = 0; i < 5; i++) {
            char *written;
            size_t size;
            void *value = write_random(&random, record, iface, 0, &written, &size);
            read_back(reader, text, record, value, written, size, i == 0 && size < 2000);
            free(written);
            ule_arena_reset(arena);
        }
        avro_value_iface_decref(iface);
        avro_schema_decref(schema);
        free(text);
        ule_reader_free(reader);
    }
}

/* schemas/history: the fingerprint in front says by which version it was written. */
START_TEST(what_was_written_by_a_past_version_is_read) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    struct ule_reader *reader = ule_reader_new(record);
    for (const struct ule_past_schema *past = record->past; past && past->json; past++) {
        ck_assert_uint_ne(past->fingerprint, record->fingerprint);
        avro_schema_t schema;
        must(avro_schema_from_json_length(past->json, strlen(past->json), &schema));
        avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
        for (int i = 0; i < schemas; i++) {
            enum { FRONT = 10 };
            char *written;
            size_t size;
            struct ule_error error = {0};
            void *value = write_random(&random, record, iface, FRONT, &written, &size);
            void *back = ule_arena_alloc(arena, record->size);
            written[0] = '\xc3';
            written[1] = '\x01';
            for (int byte = 0; byte < 8; byte++)
                written[2 + byte] = (char)(uint8_t)(past->fingerprint >> (8 * byte));
            enum ule_code code = ule_reader_decode(reader, (const uint8_t *)written, FRONT + size, arena, back, &error);
            ck_assert_msg(code == ULE_OK, "%s", error.message);
            ck_assert(ule_record_equal(record, value, back));
            free(written);
            ule_arena_reset(arena);
        }
        avro_value_iface_decref(iface);
        avro_schema_decref(schema);
    }
    ule_reader_free(reader);
}

int main(void) {
    int count = 0;
    while (ule_records[count])
        count++;
    seed = random_seed();
    schemas = getenv("ULE_THOROUGH") ? 1000 : 50;
    Suite *suite = suite_create("avro resolution");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, whatever_a_writer_calls_for_is_read_by_field_name, 0, count);
    tcase_add_loop_test(tests, what_was_written_by_a_past_version_is_read, 0, count);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
