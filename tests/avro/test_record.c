/* SPDX-License-Identifier: MIT */
#include "avro/random_record.h"
#include "lib/suite.h"
#include "records.h"

#include <check.h>

static struct ule_arena *arena, *other;
static uint64_t seed;
static int rounds;

static void setup(void) {
    arena = ule_arena_new();
    other = ule_arena_new();
}

static void teardown(void) {
    ule_arena_free(arena);
    ule_arena_free(other);
}

static void encode(const struct ule_record *record, const void *value, struct ule_buffer *out) {
    ule_buffer_clear(out);
    ule_record_encode(record, value, out);
}

START_TEST(records_are_found_by_name) {
    ck_assert_ptr_eq(ule_record_named("PersonChanged"), &ule_person_changed_record);
    ck_assert_ptr_eq(ule_record_named("Case"), &ule_case_record);
    ck_assert_ptr_null(ule_record_named("Parent")); /* no file of its own */
    ck_assert_ptr_null(ule_record_named("personChanged"));
    for (size_t i = 0; ule_records[i]; i++)
        ck_assert_ptr_eq(ule_record_named(ule_records[i]->name), ule_records[i]);
    ck_assert_ptr_null(ule_parent_record.schema_json);
}

START_TEST(a_new_record_has_the_defaults_of_its_schema) {
    struct ule_person_changed person;
    memset(&person, 0x5a, sizeof person);
    ule_record_init(&ule_person_changed_record, &person, arena);
    ck_assert_str_eq(person.event_id, "");
    ck_assert_int_eq(person.sequence, 0);
    ck_assert_int_eq(person.status, ULE_CPR_STATUS_RESIDENT); /* no default: zero */
    ck_assert_int_eq(person.marital_status, ULE_MARITAL_STATUS_UNKNOWN);
    ck_assert_int_eq(person.status_since, ULE_DATE_NONE);
    ck_assert_int_eq(person.citizenship, ULE_INT_NULL);
    ck_assert_int_eq(person.danish_passport, ULE_MAYBE_NULL);
    ck_assert_ptr_null(person.current_number);
    ck_assert_ptr_null(person.mother);
    ck_assert_uint_eq(person.custody.count, 0);
    struct ule_reregistered swap;
    ule_record_init(&ule_reregistered_record, &swap, arena);
    ck_assert_int_eq(swap.optagelse_deadline, ULE_TIME_NONE);
    ck_assert_str_eq(swap.caused_by.topic, "");
    struct ule_contact contact;
    ule_record_init(&ule_contact_record, &contact, arena);
    ck_assert_int_eq(contact.access, ULE_ACCESS_LEVEL_NULL);
    ck_assert(!contact.child_custody);
    struct ule_credential_changed credential;
    ule_record_init(&ule_credential_changed_record, &credential, arena);
    ck_assert_int_eq(credential.channel, ULE_CREDENTIAL_CHANNEL_OTHER);
}

/* Bytes made by hand from the specification. */
START_TEST(a_credential_is_written_as_the_specification_says) {
    static const uint8_t bytes[] = {
        0x02, 'e',                          /* event_id */
        0x80, 0x80, 0xb1, 0xe5, 0x99, 0x63, /* changed_at 2024-01-03T08:00:00Z = 1704268800000 */
        0x01,                               /* sequence -1 */
        0x04, 'c',  '1',                    /* credential_id */
        0x02, 0x06, 0xc3, 0xa6, 'b',        /* number: branch 1 */
        0x02,                               /* MITID */
        0x08,                               /* EXPIRED */
        0x04,                               /* HIGH */
        0x0a,                               /* OTHER */
        0x00,                               /* reason: null */
    };
    struct ule_credential_changed credential;
    struct ule_error error = {0};
    enum ule_code code = ule_record_decode(&ule_credential_changed_record, bytes, sizeof bytes, arena, &credential,
                                           &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_str_eq(credential.event_id, "e");
    ck_assert_int_eq(credential.changed_at, INT64_C(1704268800000));
    ck_assert_int_eq(credential.sequence, -1);
    ck_assert_str_eq(credential.credential_id, "c1");
    ck_assert_str_eq(credential.number, "æb");
    ck_assert_int_eq(credential.scheme, ULE_CREDENTIAL_SCHEME_MITID);
    ck_assert_int_eq(credential.status, ULE_CREDENTIAL_STATUS_EXPIRED);
    ck_assert_int_eq(credential.assurance, ULE_CREDENTIAL_ASSURANCE_HIGH);
    ck_assert_ptr_null(credential.reason);
    struct ule_buffer out = {0};
    ule_record_encode(&ule_credential_changed_record, &credential, &out);
    ck_assert_uint_eq(out.size, sizeof bytes);
    ck_assert_int_eq(memcmp(out.bytes, bytes, sizeof bytes), 0);
    ule_buffer_close(&out);
}

/* A writer may cut an array into blocks, and may say how many bytes a block takes. */
START_TEST(an_array_may_come_in_blocks_with_and_without_their_size) {
    static const uint8_t head[] = {0x00, 0x00, 0x00, 0x02, '1', 0x00, 0x00, 0x00};
    static const uint8_t blocks[] = {0x02, 0x02, 'a', 0x03, 0x08, 0x02, 'b', 0x02, 'c', 0x02, 0x02, 'd', 0x00};
    struct ule_person_changed person;
    struct ule_buffer bytes = {0};
    ule_record_init(&ule_person_changed_record, &person, arena);
    ule_buffer_append(&bytes, head, sizeof head);
    ule_buffer_append(&bytes, blocks, sizeof blocks);
    struct ule_buffer whole = {0};
    person.number = "1";
    ule_record_encode(&ule_person_changed_record, &person, &whole);
    ck_assert_int_eq(memcmp(whole.bytes, head, sizeof head), 0);
    ck_assert_int_eq(whole.bytes[sizeof head], 0); /* the empty array */
    ule_buffer_append(&bytes, whole.bytes + sizeof head + 1, whole.size - sizeof head - 1);
    struct ule_error error = {0};
    enum ule_code code = ule_record_decode(&ule_person_changed_record, bytes.bytes, bytes.size, arena, &person, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_uint_eq(person.former_numbers.count, 4);
    const char *expected[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(person.former_numbers.items[i], expected[i]);
    ule_buffer_close(&bytes);
    ule_buffer_close(&whole);
}

START_TEST(null_text_where_none_may_be_is_written_as_empty_text) {
    struct ule_pupil_verdict a, b;
    ule_record_init(&ule_pupil_verdict_record, &a, arena);
    a.level = NULL;
    struct ule_buffer out = {0};
    ule_record_encode(&ule_pupil_verdict_record, &a, &out);
    struct ule_error error = {0};
    ck_assert_int_eq(ule_record_decode(&ule_pupil_verdict_record, out.bytes, out.size, arena, &b, &error), ULE_OK);
    ck_assert_str_eq(b.level, "");
    ck_assert(ule_record_equal(&ule_pupil_verdict_record, &a, &b));
    ule_buffer_close(&out);
}

START_TEST(empty_bytes_are_not_null) {
    struct ule_inbox_message message, back;
    ule_record_init(&ule_inbox_message_record, &message, arena);
    ck_assert_ptr_null(message.tell.bytes);
    message.tell = (struct ule_bytes){(const uint8_t *)"", 0};
    struct ule_buffer out = {0};
    ule_record_encode(&ule_inbox_message_record, &message, &out);
    struct ule_error error = {0};
    enum ule_code code = ule_record_decode(&ule_inbox_message_record, out.bytes, out.size, arena, &back, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_ptr_nonnull(back.tell.bytes);
    ck_assert(ule_record_equal(&ule_inbox_message_record, &message, &back));
    message.tell = (struct ule_bytes){0};
    ck_assert(!ule_record_equal(&ule_inbox_message_record, &message, &back));
    ule_buffer_close(&out);
}

START_TEST(what_is_written_is_read_and_written_again_as_it_was) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    struct ule_buffer once = {0}, twice = {0};
    for (int round = 0; round < rounds; round++) {
        void *value = random_new(&random, record), *back = ule_arena_alloc(other, record->size);
        struct ule_error error = {0};
        encode(record, value, &once);
        enum ule_code code = ule_record_decode(record, once.bytes, once.size, other, back, &error);
        ck_assert_msg(code == ULE_OK, "%s", error.message);
        ck_assert(ule_record_equal(record, value, back));
        encode(record, back, &twice);
        ck_assert_uint_eq(once.size, twice.size);
        ck_assert_int_eq(memcmp(once.bytes, twice.bytes, once.size), 0);
        ule_arena_reset(arena);
        ule_arena_reset(other);
    }
    ule_buffer_close(&once);
    ule_buffer_close(&twice);
}

START_TEST(a_copy_is_equal_and_borrows_nothing) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    struct ule_buffer before = {0}, after = {0};
    for (int round = 0; round < rounds; round++) {
        void *value = random_new(&random, record), *copy = ule_arena_alloc(other, record->size);
        ule_record_copy(record, value, other, copy);
        ck_assert(ule_record_equal(record, value, copy));
        encode(record, value, &before);
        ule_arena_reset(arena); /* the sanitizer sees what still leads there */
        encode(record, copy, &after);
        ck_assert_uint_eq(before.size, after.size);
        ck_assert_int_eq(memcmp(before.bytes, after.bytes, before.size), 0);
        ule_arena_reset(other);
    }
    ule_buffer_close(&before);
    ule_buffer_close(&after);
}

/* Equal is what is written as the same bytes, whichever field differs. */
START_TEST(records_are_equal_when_their_bytes_are) {
    const struct ule_record *record = ule_records[_i];
    struct random random = {seed + (uint64_t)_i, arena};
    struct ule_buffer a = {0}, b = {0};
    for (int round = 0; round < rounds; round++) {
        char *value = random_new(&random, record), *changed = ule_arena_alloc(arena, record->size);
        const struct ule_field *field = &record->fields[random_below(&random, record->count)];
        ule_record_copy(record, value, arena, changed);
        char *another = random_new(&random, record);
        memcpy(changed + field->offset, another + field->offset,
               (size_t)((field + 1 < record->fields + record->count ? field[1].offset : record->size) - field->offset));
        encode(record, value, &a);
        encode(record, changed, &b);
        bool same = a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
        ck_assert(ule_record_equal(record, value, changed) == same);
        ck_assert(ule_record_equal(record, changed, value) == same);
        ule_arena_reset(arena);
    }
    ule_buffer_close(&a);
    ule_buffer_close(&b);
}

int main(void) {
    int count = 0;
    while (ule_records[count])
        count++;
    seed = random_seed();
    rounds = getenv("ULE_THOROUGH") ? 20000 : 500;
    Suite *suite = suite_create("avro records");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, records_are_found_by_name);
    tcase_add_test(tests, a_new_record_has_the_defaults_of_its_schema);
    tcase_add_test(tests, a_credential_is_written_as_the_specification_says);
    tcase_add_test(tests, an_array_may_come_in_blocks_with_and_without_their_size);
    tcase_add_test(tests, null_text_where_none_may_be_is_written_as_empty_text);
    tcase_add_test(tests, empty_bytes_are_not_null);
    tcase_add_loop_test(tests, what_is_written_is_read_and_written_again_as_it_was, 0, count);
    tcase_add_loop_test(tests, a_copy_is_equal_and_borrows_nothing, 0, count);
    tcase_add_loop_test(tests, records_are_equal_when_their_bytes_are, 0, count);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
