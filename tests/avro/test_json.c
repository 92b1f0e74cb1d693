/* SPDX-License-Identifier: MIT */
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
}

static json_t *parse(const char *text) {
    json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(json);
    return json;
}

START_TEST(a_record_becomes_json_as_recordings_have_it) {
    struct ule_person_changed person;
    struct ule_parent mother;
    struct ule_custody_row row;
    const char *former[] = {"0101011234"};
    ule_record_init(&ule_person_changed_record, &person, arena);
    ule_record_init(&ule_parent_record, &mother, arena);
    ule_record_init(&ule_custody_row_record, &row, arena);
    person.event_id = "e1";
    person.changed_at = INT64_C(1704268800000);
    person.number = "0202154001";
    person.birth_date = ule_date_from_ymd(2015, 2, 2);
    person.danish_passport = ULE_MAYBE_FALSE;
    person.citizenship = 5100;
    person.given_names = "Søren \"S\"";
    mother.number = "0303803002";
    person.mother = &mother;
    row.from_uncertain = true;
    person.custody = (struct ule_custody_row_array){&row, 1};
    person.former_numbers = (struct ule_strings){former, 1};
    json_t *json = ule_record_to_json(&ule_person_changed_record, &person);
    json_t *expected = parse(
        "{\"event_id\":\"e1\",\"changed_at\":\"2024-01-03T08:00:00.000Z\",\"sequence\":0,\"number\":\"0202154001\","
        "\"status\":\"RESIDENT\",\"status_since\":null,\"current_number\":null,\"former_numbers\":[\"0101011234\"],"
        "\"birth_date\":\"2015-02-02\",\"given_names\":\"Søren \\\"S\\\"\",\"family_name\":null,\"protection\":null,"
        "\"citizenship\":5100,\"danish_passport\":false,\"municipality\":null,\"residence_country\":null,"
        "\"emigrated_on\":null,\"entered_on\":null,\"marital_status\":\"UNKNOWN\",\"mother\":{\"number\":"
        "\"0303803002\","
        "\"birth_date\":null,\"name\":null,\"since\":null},\"father\":null,\"custody\":[{\"holder\":\"MOTHER\","
        "\"number\":null,\"from\":null,\"from_uncertain\":true,\"until\":null}],\"guardianship\":null,\"cause\":null}");
    ck_assert(json_equal(json, expected));
    json_decref(json);
    json_decref(expected);
}

START_TEST(what_json_leaves_out_takes_its_default_and_what_is_unknown_is_ignored) {
    json_t *json = parse(
        "{\"event_id\":\"e\",\"changed_at\":\"2024-01-03T09:00:00+01:00\",\"institution_number\":\"101001\","
        "\"institution_kind\":\"PUBLIC\",\"local_person_id\":\"7\",\"active\":true,\"role\":\"CHILD\","
        "\"contacts\":[{\"relation\":\"MOTHER\",\"access\":\"NON_SENSITIVE\",\"later\":{}}],"
        "\"of_a_later_version\":[1,{}]}");
    struct ule_institution_person_changed local;
    struct ule_error error = {0};
    enum ule_code code = ule_record_from_json(&ule_institution_person_changed_record, json, arena, &local, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    json_decref(json);
    ck_assert_int_eq(local.changed_at, INT64_C(1704268800000));
    ck_assert_str_eq(local.source_system, "");
    ck_assert_ptr_null(local.number);
    ck_assert_uint_eq(local.contacts.count, 1);
    ck_assert_int_eq(local.contacts.items[0].relation, ULE_CONTACT_RELATIONSHIP_MOTHER);
    ck_assert_int_eq(local.contacts.items[0].access, ULE_ACCESS_LEVEL_NON_SENSITIVE);
    ck_assert_int_eq(local.contacts.items[0].country, ULE_INT_NULL);
}

START_TEST(dates_and_times_may_be_the_numbers_that_avro_has) {
    json_t *json = parse("{\"event_id\":\"e\",\"changed_at\":1704268800000,\"permit_id\":\"p\",\"ground\":\"WORK\","
                         "\"status\":\"GRANTED\",\"valid_from\":19725}");
    struct ule_residence_permit_changed permit;
    struct ule_error error = {0};
    enum ule_code code = ule_record_from_json(&ule_residence_permit_changed_record, json, arena, &permit, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    json_decref(json);
    ck_assert_int_eq(permit.changed_at, INT64_C(1704268800000));
    ck_assert_int_eq(permit.valid_from, ule_date_from_ymd(2024, 1, 3));
}

#define LOCAL                                                                                                          \
    "\"event_id\":\"e\",\"changed_at\":0,\"institution_number\":\"101001\",\"institution_kind\":\"PUBLIC\","           \
    "\"local_person_id\":\"7\",\"active\":true"
static const struct {
    const char *json;
    enum ule_code code;
    const char *place;
} refusals[] = {
    {"[]", ULE_FIELD_TYPE, "InstitutionPersonChanged: "},
    {"{}", ULE_FIELD_MISSING, "InstitutionPersonChanged.event_id: "},
    {"{" LOCAL "}", ULE_FIELD_MISSING, "InstitutionPersonChanged.role: "},
    {"{" LOCAL ",\"role\":null}", ULE_FIELD_TYPE, "InstitutionPersonChanged.role: "},
    {"{" LOCAL ",\"role\":\"JANITOR\"}", ULE_ENUM_UNKNOWN, "InstitutionPersonChanged.role: "},
    {"{" LOCAL ",\"role\":\"CHILD\\u0000\"}", ULE_ENUM_UNKNOWN, "InstitutionPersonChanged.role: "},
    {"{" LOCAL ",\"role\":\"\"}", ULE_ENUM_UNKNOWN, "InstitutionPersonChanged.role: "},
    {"{" LOCAL ",\"role\":0}", ULE_FIELD_TYPE, "InstitutionPersonChanged.role: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"number\":1}", ULE_FIELD_TYPE, "InstitutionPersonChanged.number: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"number\":\"a\\u0000b\"}", ULE_UTF8, "InstitutionPersonChanged.number: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"protected\":\"yes\"}", ULE_FIELD_TYPE, "InstitutionPersonChanged.protected: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"protected\":null}", ULE_FIELD_TYPE, "InstitutionPersonChanged.protected: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"sequence\":1.5}", ULE_FIELD_TYPE, "InstitutionPersonChanged.sequence: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"birth_date\":\"2023-02-29\"}", ULE_DATE_IMPOSSIBLE,
     "InstitutionPersonChanged.birth_date: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"birth_date\":\"2023-02-28\\u0000\"}", ULE_DATE_IMPOSSIBLE,
     "InstitutionPersonChanged.birth_date: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"birth_date\":2932897}", ULE_DATE_IMPOSSIBLE,
     "InstitutionPersonChanged.birth_date: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"birth_date\":9223372036854775807}", ULE_DATE_IMPOSSIBLE,
     "InstitutionPersonChanged.birth_date: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"birth_date\":true}", ULE_FIELD_TYPE, "InstitutionPersonChanged.birth_date: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"contacts\":{}}", ULE_FIELD_TYPE, "InstitutionPersonChanged.contacts: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"contacts\":[7]}", ULE_FIELD_TYPE, "InstitutionPersonChanged.contacts[0]: "},
    {"{" LOCAL
     ",\"role\":\"CHILD\",\"contacts\":[{\"relation\":\"OTHER\"},{\"relation\":\"OTHER\",\"country\":4294967296}]}",
     ULE_FIELD_TYPE, "InstitutionPersonChanged.contacts[1].country: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"contacts\":[{\"relation\":\"OTHER\",\"country\":-2147483648}]}", ULE_FIELD_TYPE,
     "InstitutionPersonChanged.contacts[0].country: "},
    {"{" LOCAL ",\"role\":\"CHILD\",\"contacts\":[{}]}", ULE_FIELD_MISSING,
     "InstitutionPersonChanged.contacts[0].relation: "},
};

START_TEST(an_error_names_the_field_and_not_the_value) {
    json_t *json = parse(refusals[_i].json);
    struct ule_institution_person_changed local;
    struct ule_error error = {0};
    enum ule_code code = ule_record_from_json(&ule_institution_person_changed_record, json, arena, &local, &error);
    ck_assert_int_eq(code, refusals[_i].code);
    ck_assert_int_eq(error.code, refusals[_i].code);
    ck_assert_int_eq(error.action, ULE_ACTION_DEAD_LETTER);
    ck_assert_int_eq(strncmp(error.message, refusals[_i].place, strlen(refusals[_i].place)), 0);
    ck_assert_ptr_null(strstr(error.message, "JANITOR"));
    ck_assert_ptr_null(strstr(error.message, "2023"));
    ck_assert_int_eq(ule_record_from_json(&ule_institution_person_changed_record, json, arena, &local, NULL), code);
    json_decref(json);
}

START_TEST(bytes_are_hexadecimal) {
    struct ule_slot slot, back;
    ule_record_init(&ule_slot_record, &slot, arena);
    slot.tell = (struct ule_bytes){(const uint8_t *)"\x00\xff\x10", 3};
    json_t *json = ule_record_to_json(&ule_slot_record, &slot);
    ck_assert_str_eq(json_string_value(json_object_get(json, "tell")), "00ff10");
    ck_assert_int_eq(ule_record_from_json(&ule_slot_record, json, arena, &back, NULL), ULE_OK);
    ck_assert(ule_record_equal(&ule_slot_record, &slot, &back));
    static const char *const wrong[] = {"0", "0g", "FF", "0x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_object_set_new(json, "tell", json_string(wrong[i]));
        ck_assert_int_eq(ule_record_from_json(&ule_slot_record, json, arena, &back, NULL), ULE_FIELD_TYPE);
    }
    json_object_set_new(json, "tell", json_integer(0));
    ck_assert_int_eq(ule_record_from_json(&ule_slot_record, json, arena, &back, NULL), ULE_FIELD_TYPE);
    json_decref(json);
}

START_TEST(json_text_comes_back_as_the_same_record) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    for (int round = 0; round < rounds; round++) {
        void *value = random_new(&random, record), *back = ule_arena_alloc(arena, record->size);
        json_t *json = ule_record_to_json(record, value);
        ck_assert_uint_eq(json_object_size(json), record->count);
        char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(json);
        struct ule_buffer straight = {0};
        ule_record_write_json(record, value, &straight);
        ck_assert_uint_eq(straight.size, strlen(text));
        ck_assert_mem_eq(straight.bytes, text, straight.size);
        ule_buffer_close(&straight);
        json = parse(text);
        struct ule_error error = {0};
        enum ule_code code = ule_record_from_json(record, json, arena, back, &error);
        ck_assert_msg(code == ULE_OK, "%s", error.message);
        ck_assert(ule_record_equal(record, value, back));
        json_decref(json);
        free(text);
        ule_arena_reset(arena);
    }
}

/* Every character that may need an escape, and those beside them, as jansson has it. */
START_TEST(text_is_escaped_as_jansson_does_it) {
    char text[5] = "a?b", expected[64];
    struct ule_buffer out = {0};
    for (int character = 1; character < 0x80; character++) {
        text[1] = (char)character;
        json_t *json = json_string(text);
        size_t size = json_dumpb(json, expected, sizeof expected, JSON_ENCODE_ANY);
        json_decref(json);
        ule_buffer_clear(&out);
        ck_assert(ule_json_string(&out, text, 3));
        ck_assert_uint_eq(out.size, size);
        ck_assert_mem_eq(out.bytes, expected, size);
    }
    ule_buffer_clear(&out);
    ck_assert(ule_json_string(&out, "\xc3\xb8", 2));
    ck_assert(!ule_json_string(&out, "\xc3", 1));
    static const int64_t numbers[] = {0, -1, 10, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        ule_buffer_clear(&out);
        ule_json_integer(&out, numbers[i]);
        (void)snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        ck_assert_uint_eq(out.size, strlen(expected));
        ck_assert_mem_eq(out.bytes, expected, out.size);
    }
    ule_buffer_close(&out);
}

int main(void) {
    int count = 0;
    while (ule_records[count])
        count++;
    seed = random_seed();
    rounds = getenv("ULE_THOROUGH") ? 10000 : 300;
    Suite *suite = suite_create("avro json");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_record_becomes_json_as_recordings_have_it);
    tcase_add_test(tests, what_json_leaves_out_takes_its_default_and_what_is_unknown_is_ignored);
    tcase_add_test(tests, dates_and_times_may_be_the_numbers_that_avro_has);
    tcase_add_loop_test(tests, an_error_names_the_field_and_not_the_value, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    tcase_add_test(tests, bytes_are_hexadecimal);
    tcase_add_test(tests, text_is_escaped_as_jansson_does_it);
    tcase_add_loop_test(tests, json_text_comes_back_as_the_same_record, 0, count);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
