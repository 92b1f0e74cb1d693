/* SPDX-License-Identifier: MIT */
/* The codec against avro-c, by its value interface: the same record gives the same bytes, and each reads the other's.
 */
#include "avro/canonical.h"
#include "avro/random_record.h"
#include "lib/suite.h"
#include "records.h"

#include <check.h>

static struct ule_arena *arena;
static uint64_t seed;
static int rounds;

static void setup(void) {
    arena = ule_arena_new();
}

static void teardown(void) {
    ule_arena_free(arena);
    arena = NULL;
}

static void must(int result) {
    ck_assert_msg(result == 0, "%s", avro_strerror());
}

static void to_avro(const struct ule_record *record, const void *value, avro_value_t *out);

static void value_to_avro(const struct ule_field *field, const void *member, avro_value_t *out) {
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        must(avro_value_set_boolean(out, field->nullable ? *(const int32_t *)member : *(const bool *)member));
        break;
    case ULE_KIND_INT:
    case ULE_KIND_DATE: must(avro_value_set_int(out, *(const int32_t *)member)); break;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: must(avro_value_set_long(out, *(const int64_t *)member)); break;
    case ULE_KIND_STRING: must(avro_value_set_string(out, *(const char *const *)member)); break;
    case ULE_KIND_BYTES: {
        uint8_t copy[64];
        const struct ule_bytes *bytes = member;
        ck_assert_uint_le(bytes->size, sizeof copy);
        memcpy(copy, bytes->bytes, bytes->size);
        must(avro_value_set_bytes(out, copy, bytes->size));
        break;
    }
    case ULE_KIND_ENUM: must(avro_value_set_enum(out, *(const int32_t *)member)); break;
    case ULE_KIND_RECORD: to_avro(field->record, field->nullable ? *(void *const *)member : member, out); break;
    }
}

static size_t item_size(const struct ule_field *field) {
    return field->kind == ULE_KIND_RECORD   ? field->record->size
           : field->kind == ULE_KIND_STRING ? sizeof(const char *)
                                            : sizeof(int32_t);
}

static bool is_null(const struct ule_field *field, const void *member) {
    switch (field->kind) {
    case ULE_KIND_INT:
    case ULE_KIND_DATE: return *(const int32_t *)member == INT32_MIN;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: return *(const int64_t *)member == INT64_MIN;
    case ULE_KIND_BOOLEAN:
    case ULE_KIND_ENUM: return *(const int32_t *)member == -1;
    default: return *(const void *const *)member == NULL;
    }
}

static void to_avro(const struct ule_record *record, const void *value, avro_value_t *out) {
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        const char *member = (const char *)value + field->offset;
        avro_value_t one, branch;
        const char *name = NULL;
        must(avro_value_get_by_index(out, i, &one, &name));
        ck_assert_str_eq(name, field->name);
        if (field->array) {
            const struct ule_strings *array = (const void *)member;
            for (size_t j = 0; j < array->count; j++) {
                avro_value_t item;
                must(avro_value_append(&one, &item, NULL));
                value_to_avro(field, (const char *)array->items + j * item_size(field), &item);
            }
        } else if (field->nullable) {
            bool null = is_null(field, member);
            must(avro_value_set_branch(&one, null ? 0 : 1, &branch));
            if (null)
                must(avro_value_set_null(&branch));
            else
                value_to_avro(field, member, &branch);
        } else {
            value_to_avro(field, member, &one);
        }
    }
}

static void each_record(int index) {
    const struct ule_record *record = ule_records[index];
    struct random random = {seed + (uint64_t)index, arena};
    avro_schema_t schema;
    must(avro_schema_from_json_length(record->schema_json, strlen(record->schema_json), &schema));
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    ck_assert_ptr_nonnull(iface);
    struct ule_buffer bytes = {0};
    for (int round = 0; round < rounds; round++) {
        avro_value_t theirs, read;
        must(avro_generic_value_new(iface, &theirs));
        must(avro_generic_value_new(iface, &read));
        void *value = random_new(&random, record), *back = ule_arena_alloc(arena, record->size);
        to_avro(record, value, &theirs);
        size_t size;
        must(avro_value_sizeof(&theirs, &size));
        char *written = malloc(size + 1);
        avro_writer_t writer = avro_writer_memory(written, (int64_t)size);
        must(avro_value_write(writer, &theirs));

        ule_buffer_clear(&bytes);
        ule_record_encode(record, value, &bytes);
        ck_assert_uint_eq(bytes.size, size);
        ck_assert_int_eq(memcmp(bytes.bytes, written, size), 0);

        struct ule_error error = {0};
        enum ule_code code = ule_record_decode(record, (const uint8_t *)written, size, arena, back, &error);
        ck_assert_msg(code == ULE_OK, "%s", error.message);
        ck_assert(ule_record_equal(record, value, back));

        avro_reader_t reader = avro_reader_memory((const char *)bytes.bytes, (int64_t)bytes.size);
        must(avro_value_read(reader, &read));
        ck_assert(avro_value_equal(&theirs, &read));
        avro_reader_free(reader);
        avro_writer_free(writer);
        free(written);
        avro_value_decref(&theirs);
        avro_value_decref(&read);
        ule_arena_reset(arena);
    }
    ule_buffer_close(&bytes);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
}

START_TEST(avro_c_and_we_write_the_same_bytes_and_read_each_others) {
    each_record(_i);
}

START_TEST(a_generated_fingerprint_is_that_of_the_schema) {
    const struct ule_record *record = ule_records[_i];
    avro_schema_t schema;
    struct ule_buffer form = {0};
    must(avro_schema_from_json_length(record->schema_json, strlen(record->schema_json), &schema));
    ule_canonical_form(schema, &form);
    ck_assert_uint_eq(ule_canonical_fingerprint(form.bytes, form.size), record->fingerprint);
    ule_buffer_close(&form);
    avro_schema_decref(schema);
}

/* Canonical forms and fingerprints of the Avro specification's own test data. */
START_TEST(canonical_forms_are_those_of_the_specification) {
    static const struct {
        const char *schema, *form;
        int64_t fingerprint;
    } cases[] = {
        {"\"null\"", "\"null\"", 7195948357588979594},
        {"\"boolean\"", "\"boolean\"", -6970731678124411036},
        {"\"int\"", "\"int\"", 8247732601305521295},
        {"\"long\"", "\"long\"", -3434872931120570953},
        {"\"float\"", "\"float\"", 5583340709985441680},
        {"\"double\"", "\"double\"", -8181574048448539266},
        {"\"bytes\"", "\"bytes\"", 5746618253357095269},
        {"\"string\"", "\"string\"", -8142146995180207161},
        {"{\"type\":\"array\", \"items\":\"null\"}", "{\"type\":\"array\",\"items\":\"null\"}", -589620603366471059},
        {"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\"}",
         "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}", -4824392279771201922},
        {"{\"type\":\"fixed\", \"name\":\"foo\", \"size\":15}", "{\"name\":\"foo\",\"type\":\"fixed\",\"size\":15}",
         1756455273707447556},
        {"{\"fields\":[{\"type\":\"boolean\", \"doc\":\"x\", \"name\":\"f1\"}], \"type\":\"record\", \"name\":\"foo\", "
         "\"namespace\":\"x.y\"}",
         "{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\",\"type\":\"boolean\"}]}", 0},
        {"{\"type\":\"map\", \"values\":{\"type\":\"enum\",\"name\":\"a.b\",\"symbols\":[\"Q\",\"R\"]}}",
         "{\"type\":\"map\",\"values\":{\"name\":\"a.b\",\"type\":\"enum\",\"symbols\":[\"Q\",\"R\"]}}", 0},
        {"{\"type\":\"record\",\"name\":\"a.L\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\",\"L\"]}]}",
         "{\"name\":\"a.L\",\"type\":\"record\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\",\"a.L\"]}]}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        avro_schema_t schema;
        struct ule_buffer form = {0};
        if (avro_schema_from_json_length(cases[i].schema, strlen(cases[i].schema), &schema) != 0)
            ck_abort_msg("case %zu: %s", i, avro_strerror());
        ule_canonical_form(schema, &form);
        ck_assert_uint_eq(form.size, strlen(cases[i].form));
        ck_assert_int_eq(memcmp(form.bytes, cases[i].form, form.size), 0);
        if (cases[i].fingerprint != 0)
            ck_assert_int_eq((int64_t)ule_canonical_fingerprint(form.bytes, form.size), cases[i].fingerprint);
        ule_buffer_close(&form);
        avro_schema_decref(schema);
    }
}

int main(void) {
    int count = 0;
    while (ule_records[count])
        count++;
    seed = random_seed();
    rounds = getenv("ULE_THOROUGH") ? 5000 : 200;
    Suite *suite = suite_create("avro oracle");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, avro_c_and_we_write_the_same_bytes_and_read_each_others, 0, count);
    tcase_add_loop_test(tests, a_generated_fingerprint_is_that_of_the_schema, 0, count);
    tcase_add_test(tests, canonical_forms_are_those_of_the_specification);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
