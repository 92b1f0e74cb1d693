/* SPDX-License-Identifier: MIT */
/* Bytes as no honest writer makes them: an error each time, never a crash, and never more memory than their own size
 * explains. */
#include "avro/framing.h"
#include "avro/random_record.h"
#include "lib/suite.h"
#include "records.h"

#include <check.h>

/* How many times its own size a message may take of the arena: a byte on the wire can be eight of a struct, in as many
 * levels as the deepest schema has. */
#define GROWTH 256

static struct ule_arena *arena, *decoded;
static struct ule_buffer bytes;
static struct ule_error error;
static uint64_t seed;
static int rounds;

static void setup(void) {
    arena = ule_arena_new();
    decoded = ule_arena_new();
}

static void teardown(void) {
    ule_arena_free(arena);
    ule_arena_free(decoded);
    ule_buffer_close(&bytes);
}

/* Decodes bytes that end where their memory ends. */
static enum ule_code decode(const struct ule_record *record, const uint8_t *from, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    void *value = ule_arena_alloc(arena, record->size);
    if (size > 0)
        memcpy(copy, from, size);
    ule_arena_reset(decoded);
    memset(&error, 0, sizeof error);
    enum ule_code code = ule_record_decode(record, copy, size, decoded, value, &error);
    free(copy);
    ck_assert_int_eq(error.code, code);
    ck_assert_uint_le(ule_arena_used(decoded), GROWTH * size + 4096);
    return code;
}

START_TEST(a_record_cut_anywhere_is_an_error) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    for (int round = 0; round < rounds; round++) {
        void *value = random_new(&random, record);
        if (round == 0)
            ule_record_init(record, value, arena);
        ule_buffer_clear(&bytes);
        ule_record_encode(record, value, &bytes);
        ck_assert_int_eq(decode(record, bytes.bytes, bytes.size), ULE_OK);
        for (size_t size = 0; size < bytes.size; size++) {
            ck_assert_int_eq(decode(record, bytes.bytes, size), ULE_TRUNCATED);
            ck_assert_int_eq(strncmp(error.message, record->name, strlen(record->name)), 0);
        }
        ule_buffer_append(&bytes, "", 1);
        ck_assert_int_eq(decode(record, bytes.bytes, bytes.size), ULE_TRUNCATED);
        ule_arena_reset(arena);
    }
}

START_TEST(bytes_changed_at_random_are_a_record_or_an_error) {
    static const uint8_t nasty[][10] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, /* -2^63 */
        {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, /* 2^63 - 1 */
        {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, /* 2^62 */
        {0xfe, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x00, 0x00, 0x00, 0x00}, /* 2^31 - 1 */
        {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, /* no end */
        {0x01, 0x03, 0x05, 0x7f, 0x80, 0x01, 0x40, 0xc3, 0x28, 0x00},
    };
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    for (int round = 0; round < rounds * 50; round++) {
        ule_buffer_clear(&bytes);
        ule_record_encode(record, random_new(&random, record), &bytes);
        for (uint64_t changes = 1 + random_below(&random, 3); changes > 0; changes--) {
            size_t at = random_below(&random, bytes.size);
            size_t size = bytes.size - at < 10 ? bytes.size - at : 10;
            if (random_below(&random, 2) == 0)
                bytes.bytes[at] = (uint8_t)random_next(&random);
            else
                memcpy(bytes.bytes + at, nasty[random_below(&random, sizeof nasty / sizeof *nasty)], size);
        }
        enum ule_code code = decode(record, bytes.bytes, bytes.size);
        ck_assert(code < ULE_DATA_ERRORS_END);
        ule_arena_reset(arena);
    }
}

static void put_long(int64_t value) {
    uint64_t bits = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    for (; bits > 0x7f; bits >>= 7) {
        uint8_t byte = (uint8_t)(bits | 0x80);
        ule_buffer_append(&bytes, &byte, 1);
    }
    uint8_t byte = (uint8_t)bits;
    ule_buffer_append(&bytes, &byte, 1);
}

static void put(const char *text, size_t size) {
    ule_buffer_append(&bytes, text, size);
}

static void put_string(const char *text) {
    put_long((int64_t)strlen(text));
    put(text, strlen(text));
}

/* A PersonChanged up to the field that a case is about. */
enum upto { EVENT_ID, CHANGED_AT, STATUS, STATUS_SINCE, FORMER_NUMBERS, CITIZENSHIP, PASSPORT };

static void put_person(enum upto upto) {
    ule_buffer_clear(&bytes);
    if (upto >= CHANGED_AT)
        put_string("e1");
    if (upto >= STATUS) {
        put_long(0);
        put_long(0);
        put_string("0101011234");
    }
    if (upto >= STATUS_SINCE)
        put_long(0);
    if (upto >= FORMER_NUMBERS)
        put("\0\0", 2);
    if (upto >= CITIZENSHIP)
        put("\0\0\0\0\0", 5);
    if (upto >= PASSPORT)
        put_long(0);
}

static const struct {
    const char *name;
    enum upto upto;
    const char *bytes;
    size_t size;
    enum ule_code code;
    const char *place;
} cases[] = {
    {"a length of 2^62", EVENT_ID, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, ULE_TRUNCATED, "event_id"},
    {"a length of 2^63 - 1", EVENT_ID, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, ULE_TRUNCATED, "event_id"},
    {"a length of -1", EVENT_ID, "\x01", 1, ULE_MALFORMED, "event_id"},
    {"a length of -2^63", EVENT_ID, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, ULE_MALFORMED, "event_id"},
    {"a number of 65 bits", EVENT_ID, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, ULE_MALFORMED, "event_id"},
    {"a number of 11 bytes", EVENT_ID, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, ULE_MALFORMED, "event_id"},
    {"a number without an end", EVENT_ID, "\x80\x80\x80", 3, ULE_TRUNCATED, "event_id"},
    {"a NUL in text", EVENT_ID,
     "\x06"
     "a\0b",
     4, ULE_UTF8, "event_id"},
    {"a NUL in long text", EVENT_ID,
     "\x14"
     "abcdefg\0hi",
     11, ULE_UTF8, "event_id"},
    {"a byte that UTF-8 does not have", EVENT_ID, "\x02\xff", 2, ULE_UTF8, "event_id"},
    {"a letter cut short", EVENT_ID, "\x02\xc3", 2, ULE_UTF8, "event_id"},
    {"an overlong slash", EVENT_ID, "\x04\xc0\xaf", 3, ULE_UTF8, "event_id"},
    {"a surrogate", EVENT_ID, "\x06\xed\xa0\x80", 4, ULE_UTF8, "event_id"},
    {"a letter beyond Unicode", EVENT_ID, "\x08\xf4\x90\x80\x80", 5, ULE_UTF8, "event_id"},
    {"a time after 9999", CHANGED_AT, "\x80\x80\x80\x80\x80\x80\x80\x80\x01", 9, ULE_DATE_IMPOSSIBLE, "changed_at"},
    {"a time of -2^63", CHANGED_AT, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, ULE_DATE_IMPOSSIBLE, "changed_at"},
    {"a symbol beyond the last", STATUS, "\x14", 1, ULE_ENUM_UNKNOWN, "status"},
    {"a symbol of -1", STATUS, "\x01", 1, ULE_ENUM_UNKNOWN, "status"},
    {"a symbol of 2^62", STATUS, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, ULE_ENUM_UNKNOWN, "status"},
    {"a third branch", STATUS_SINCE, "\x04\x00", 2, ULE_MALFORMED, "status_since"},
    {"a branch of -1", STATUS_SINCE, "\x01\x00", 2, ULE_MALFORMED, "status_since"},
    {"a branch of 2^32", STATUS_SINCE, "\x80\x80\x80\x80\x20\x00", 6, ULE_MALFORMED, "status_since"},
    {"a date after 9999", STATUS_SINCE, "\x02\xc2\x83\xe6\x02", 5, ULE_DATE_IMPOSSIBLE, "status_since"},
    {"a date of -2^31", STATUS_SINCE, "\x02\xff\xff\xff\xff\x0f", 6, ULE_DATE_IMPOSSIBLE, "status_since"},
    {"2^62 items", FORMER_NUMBERS, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, ULE_TRUNCATED, "former_numbers"},
    {"-2^63 items", FORMER_NUMBERS, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, ULE_MALFORMED, "former_numbers"},
    {"-2^62 items", FORMER_NUMBERS, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x02", 10, ULE_TRUNCATED, "former_numbers"},
    {"a block of -1 bytes", FORMER_NUMBERS, "\x01\x01\x00\x00", 4, ULE_MALFORMED, "former_numbers"},
    {"a block of 2^62 bytes", FORMER_NUMBERS, "\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, ULE_TRUNCATED,
     "former_numbers"},
    {"a second item that is no text", FORMER_NUMBERS, "\x04\x00\x02\xff\x00", 5, ULE_UTF8, "former_numbers[1]"},
    {"an int of 33 bits", CITIZENSHIP, "\x02\x80\x80\x80\x80\x10", 6, ULE_MALFORMED, "citizenship"},
    {"the int that means null", CITIZENSHIP, "\x02\xff\xff\xff\xff\x0f", 6, ULE_MALFORMED, "citizenship"},
    {"a boolean of 2", PASSPORT, "\x02\x02", 2, ULE_MALFORMED, "danish_passport"},
};

START_TEST(a_value_that_cannot_be_is_an_error_of_its_field) {
    char place[64];
    put_person(cases[_i].upto);
    put(cases[_i].bytes, cases[_i].size);
    if (cases[_i].code != ULE_TRUNCATED)
        put("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    enum ule_code code = decode(&ule_person_changed_record, bytes.bytes, bytes.size);
    ck_assert_msg(code == cases[_i].code, "%s: %s", cases[_i].name, ule_code_name(code));
    (void)snprintf(place, sizeof place, "PersonChanged.%s: ", cases[_i].place);
    ck_assert_msg(strncmp(error.message, place, strlen(place)) == 0, "%s", error.message);
}

/* A writer's schema with what our PupilVerdict does not have in front of it, `type`. */
static char *schema_with(const char *type) {
    static const char ours[] = "\"fields\":[";
    const char *schema = ule_pupil_verdict_record.schema_json;
    const char *at = strstr(schema, ours) + strlen(ours);
    size_t size = strlen(schema) + strlen(type) + 64;
    char *text = malloc(size);
    (void)snprintf(text, size, "%.*s{\"name\":\"extra\",\"type\":%s},%s", (int)(at - schema), schema, type, at);
    return text;
}

#define HUGE_COUNT "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" /* 2^62 */
static const struct {
    const char *type, *bytes;
    size_t size;
    enum ule_code code;
} skipped[] = {
    {"{\"type\":\"array\",\"items\":\"null\"}", HUGE_COUNT "\0", 11, ULE_OK},
    {"{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"E\",\"fields\":[]}}", HUGE_COUNT HUGE_COUNT "\0",
     21, ULE_OK},
    {"{\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"E\",\"size\":0}}", HUGE_COUNT "\0", 11, ULE_OK},
    {"{\"type\":\"array\",\"items\":\"string\"}", HUGE_COUNT "\0", 11, ULE_TRUNCATED},
    {"{\"type\":\"array\",\"items\":\"int\"}", "\1\4\0\0\0", 5, ULE_OK},
    {"{\"type\":\"array\",\"items\":\"int\"}", "\1\1\0\0", 4, ULE_MALFORMED},
    {"{\"type\":\"map\",\"values\":\"null\"}", HUGE_COUNT "\0", 11, ULE_TRUNCATED},
    {"{\"type\":\"map\",\"values\":\"null\"}", "\4\2a\2b\0", 6, ULE_OK},
    {"{\"type\":\"map\",\"values\":\"null\"}", "\2\1", 2, ULE_MALFORMED},
    {"{\"type\":\"map\",\"values\":\"null\"}", "\2" HUGE_COUNT, 11, ULE_TRUNCATED},
    {"{\"type\":\"fixed\",\"name\":\"E\",\"size\":1000000000000}", "", 0, ULE_TRUNCATED},
    {"[\"null\",\"int\"]", "\4", 1, ULE_MALFORMED},
    {"[\"null\",\"int\"]", "\1", 1, ULE_MALFORMED},
    {"\"string\"", "\1", 1, ULE_MALFORMED},
    {"\"double\"", "12345678", 8, ULE_OK},
    {"\"float\"", "1234", 4, ULE_OK},
    {"{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"L\"]}]}", "\2\2\2\0", 4,
     ULE_OK},
    /* types that never end */
    {"{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":\"L\"}]}", "", 0, ULE_MALFORMED},
    {"{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"a\",\"type\":\"L\"},{\"name\":\"b\",\"type\":\"L\"}]"
     "}",
     "", 0, ULE_MALFORMED},
};

START_TEST(what_is_skipped_is_checked_all_the_same) {
    struct random random = {seed, arena};
    struct ule_pupil_verdict *value = random_new(&random, &ule_pupil_verdict_record), back;
    struct ule_reader *reader = ule_reader_new(&ule_pupil_verdict_record);
    char *schema = schema_with(skipped[_i].type);
    ule_buffer_clear(&bytes);
    put(skipped[_i].bytes, skipped[_i].size);
    if (skipped[_i].code != ULE_TRUNCATED)
        ule_record_encode(&ule_pupil_verdict_record, value, &bytes);
    enum ule_code code = ule_reader_decode_as(reader, schema, bytes.bytes, bytes.size, arena, &back, &error);
    ck_assert_msg(code == skipped[_i].code, "%d: %s", _i, ule_code_name(code));
    if (code == ULE_OK)
        ck_assert(ule_record_equal(&ule_pupil_verdict_record, value, &back));
    free(schema);
    ule_reader_free(reader);
}

START_TEST(nesting_is_read_to_a_depth_and_no_deeper) {
    static const char list[] =
        "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"L\"]}]}";
    struct ule_reader *reader = ule_reader_new(&ule_pupil_verdict_record);
    char *schema = schema_with(list);
    struct ule_pupil_verdict back;
    ule_buffer_clear(&bytes);
    for (int i = 0; i < 1000000; i++)
        put("\2", 1);
    ck_assert_int_eq(ule_reader_decode_as(reader, schema, bytes.bytes, bytes.size, arena, &back, &error),
                     ULE_MALFORMED);
    free(schema);
    ule_reader_free(reader);
}

/* A type of n levels, each with the one below twice, has 2^n parts: none of them takes a byte. */
START_TEST(a_type_that_doubles_at_each_level_costs_no_more_than_its_levels) {
    struct ule_buffer type = {0};
    char text[256];
    int levels = 60;
    for (int i = levels; i > 0; i--) {
        int size = snprintf(text, sizeof text,
                            "{\"type\":\"record\",\"name\":\"L%d\",\"fields\":[{\"name\":\"a\",\"type\":", i);
        ule_buffer_append(&type, text, (size_t)size);
    }
    ule_buffer_append(&type, "\"null\"", 6);
    for (int i = 1; i <= levels; i++) {
        int size = i == 1 ? snprintf(text, sizeof text, "}]}")
                          : snprintf(text, sizeof text, "},{\"name\":\"b\",\"type\":\"L%d\"}]}", i - 1);
        ule_buffer_append(&type, text, (size_t)size);
    }
    ule_buffer_append(&type, "", 1);
    struct random random = {seed, arena};
    struct ule_pupil_verdict *value = random_new(&random, &ule_pupil_verdict_record), back;
    struct ule_reader *reader = ule_reader_new(&ule_pupil_verdict_record);
    char *schema = schema_with((char *)type.bytes);
    ule_buffer_clear(&bytes);
    ule_record_encode(&ule_pupil_verdict_record, value, &bytes);
    enum ule_code code = ule_reader_decode_as(reader, schema, bytes.bytes, bytes.size, arena, &back, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert(ule_record_equal(&ule_pupil_verdict_record, value, &back));
    free(schema);
    ule_buffer_close(&type);
    ule_reader_free(reader);
}

/* Items of ours that the writer gives no field of: it costs the writer nothing to have 2^62 of them. */
START_TEST(items_that_take_no_bytes_are_bounded) {
    static const char schema[] =
        "{\"type\":\"record\",\"name\":\"AccountWithout\",\"fields\":[{\"name\":\"caused_by\",\"type\":\"null\"}]}";
    static const char state[] =
        "{\"type\":\"record\",\"name\":\"State\",\"fields\":[{\"name\":\"former_numbers\",\"type\":"
        "{\"type\":\"array\",\"items\":\"null\"}}]}";
    struct ule_reader *reader = ule_reader_new(&ule_person_changed_record);
    ck_assert_int_eq(ule_reader_add_schema(reader, schema, &error), ULE_FIELD_MISSING);
    ck_assert_int_eq(ule_reader_add_schema(reader, state, &error), ULE_SCHEMA_MISMATCH);
    ule_reader_free(reader);
    /* The one record of which all may be left out, in an array: none of ours is so yet; made here. */
    static const struct ule_field inner_fields[] = {
        {"text", ULE_KIND_STRING, true, false, 0, NULL, NULL, "null"},
    };
    static const struct ule_record inner = {"Inner", sizeof(char *), inner_fields, 1, NULL, 0, NULL, NULL, NULL};
    static const struct ule_field outer_fields[] = {
        {"items", ULE_KIND_RECORD, false, true, 0, NULL, &inner, "[]"},
    };
    static const struct ule_record outer = {"Outer", sizeof(struct ule_strings), outer_fields, 1, NULL, 0, NULL, NULL,
                                            NULL};
    static const char empty[] =
        "{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"items\",\"type\":{\"type\":"
        "\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\",\"fields\":[]}}}]}";
    struct ule_strings value;
    reader = ule_reader_new(&outer);
    ule_buffer_clear(&bytes);
    put_long(3);
    put_long(0);
    ck_assert_int_eq(ule_reader_decode_as(reader, empty, bytes.bytes, bytes.size, decoded, &value, &error), ULE_OK);
    ck_assert_uint_eq(value.count, 3);
    static const int64_t counts[] = {5000, INT64_C(1) << 62, INT64_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ule_arena_reset(decoded);
        ule_buffer_clear(&bytes);
        put_long(3);
        put_long(counts[i]);
        put_long(0);
        ck_assert_int_eq(ule_reader_decode_as(reader, empty, bytes.bytes, bytes.size, decoded, &value, &error),
                         ULE_MALFORMED);
        ck_assert_uint_le(ule_arena_used(decoded), 4096);
    }
    ule_reader_free(reader);
}

int main(void) {
    int count = 0;
    while (ule_records[count])
        count++;
    seed = random_seed();
    rounds = getenv("ULE_THOROUGH") ? 200 : 10;
    Suite *suite = suite_create("avro hostile");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_record_cut_anywhere_is_an_error, 0, count);
    tcase_add_loop_test(tests, bytes_changed_at_random_are_a_record_or_an_error, 0, count);
    tcase_add_loop_test(tests, a_value_that_cannot_be_is_an_error_of_its_field, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_loop_test(tests, what_is_skipped_is_checked_all_the_same, 0, (int)(sizeof skipped / sizeof *skipped));
    tcase_add_test(tests, nesting_is_read_to_a_depth_and_no_deeper);
    tcase_add_test(tests, a_type_that_doubles_at_each_level_costs_no_more_than_its_levels);
    tcase_add_test(tests, items_that_take_no_bytes_are_bounded);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
