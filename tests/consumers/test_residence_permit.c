/* SPDX-License-Identifier: MIT */
#include "residence-permit/translation.h"

#include "avro/record.h"
#include "consumers/outcome.h"
#include "lib/suite.h"

static struct ule_arena *arena;

static void setup(void) {
    arena = ule_arena_new();
}

static void teardown(void) {
    ule_arena_free(arena);
}

static struct ule_residence_permit_changed *permit(void) {
    struct ule_residence_permit_changed *record = ule_arena_alloc(arena, sizeof *record);
    ule_record_init(&ule_residence_permit_changed_record, record, arena);
    record->event_id = "e-1";
    record->changed_at = NOON;
    record->sequence = 1;
    record->permit_id = "RP-1";
    record->alien_number = "U-77";
    record->number = "010180-1234";
    record->replaces_number = "610180-abc1";
    record->ground = ULE_PERMIT_GROUND_WORK;
    record->status = ULE_PERMIT_STATUS_GRANTED;
    record->valid_from = 19000;
    record->valid_until = 20000;
    record->birth_date = 3652;
    record->given_names = "Amal";
    record->family_name = "Said";
    return record;
}

static struct outcome translate(struct ule_residence_permit_changed *record, const char *key, int64_t ts) {
    struct outcome outcome = {.ignored = 77};
    outcome.code = ule_residence_permit_translate(record, key, ts, arena, &outcome.entity, &outcome.ignored,
                                                  &outcome.error);
    return outcome;
}

#define CHANGE(name, ...)                                                                                              \
    static void name(struct ule_residence_permit_changed *record) {                                                    \
        __VA_ARGS__;                                                                                                   \
    }

CHANGE(nothing, (void)record)
CHANGE(id_empty, record->permit_id = "")
CHANGE(id_control, record->permit_id = "RP\t1")
CHANGE(id_is_number, record->permit_id = "010180-1234")
CHANGE(id_is_own_number, record->permit_id = "0101801234")
CHANGE(id_like_a_number, record->permit_id = "0101801235")
CHANGE(id_hyphen_no_date, record->permit_id = "991399-1234")
CHANGE(event_id_empty, record->event_id = "")
CHANGE(in_2099, record->changed_at = ule_date_from_ymd(2099, 1, 1) * ULE_DAY_MS)
CHANGE(alien_empty, record->alien_number = "")
CHANGE(alien_control, record->alien_number = "U\x01")
CHANGE(alien_is_number, record->alien_number = "010180-9999")
CHANGE(alien_is_own_number, record->alien_number = "0101801234")
CHANGE(number_malformed, record->number = "0101801234x")
CHANGE(number_empty, record->number = "")
CHANGE(nobody, record->number = NULL; record->alien_number = NULL; record->replaces_number = NULL)
CHANGE(replaces_malformed, record->replaces_number = "old")
CHANGE(replaces_itself, record->replaces_number = "0101801234")
CHANGE(no_day, record->valid_until = record->valid_from)
CHANGE(backwards, record->valid_until = record->valid_from - 1)
CHANGE(open_start, record->valid_from = ULE_DATE_NONE)
CHANGE(open_end, record->valid_until = ULE_DATE_NONE)
CHANGE(from_wild, record->valid_from = INT32_MAX)
CHANGE(until_wild, record->valid_until = INT32_MAX)
CHANGE(birth_wild, record->birth_date = INT32_MAX)
CHANGE(given_no_utf8, record->given_names = "\xFF")
CHANGE(family_no_utf8, record->family_name = "\xFF")

static const struct {
    const char *what;
    void (*change)(struct ule_residence_permit_changed *record);
    enum ule_code code;
    unsigned ignored;
    const char *field;
} rows[] = {
    {"a whole record", nothing, ULE_OK, 0, NULL},
    {"an empty permit id", id_empty, ULE_ID_MALFORMED, 0, "permit_id"},
    {"a control character in the permit id", id_control, ULE_ID_MALFORMED, 0, "permit_id"},
    {"a person number as permit id", id_is_number, ULE_CONTRADICTION, 0, "permit_id"},
    {"the record's own number as permit id", id_is_own_number, ULE_CONTRADICTION, 0, "permit_id"},
    {"ten digits as permit id", id_like_a_number, ULE_OK, 0, NULL},
    {"a hyphen after six digits that are no date", id_hyphen_no_date, ULE_OK, 0, NULL},
    {"an empty event id", event_id_empty, ULE_ID_MALFORMED, 0, "event_id"},
    {"changed in 2099", in_2099, ULE_FROM_THE_FUTURE, 0, "changed_at"},
    {"an empty alien number", alien_empty, ULE_OK, 0, NULL},
    {"a control character in the alien number", alien_control, ULE_ID_MALFORMED, 0, "alien_number"},
    {"a person number as alien number", alien_is_number, ULE_CONTRADICTION, 0, "alien_number"},
    {"the record's own number as alien number", alien_is_own_number, ULE_CONTRADICTION, 0, "alien_number"},
    {"a malformed number, so nothing replaces", number_malformed, ULE_OK, 2, NULL},
    {"an empty number, so nothing replaces", number_empty, ULE_OK, 1, NULL},
    {"a permit that names nobody", nobody, ULE_OK, 0, NULL},
    {"a malformed replaced number", replaces_malformed, ULE_OK, 1, NULL},
    {"a number that replaces itself", replaces_itself, ULE_CONTRADICTION, 0, "replaces_number"},
    {"valid on no day", no_day, ULE_OK, 0, NULL},
    {"valid until before it is valid", backwards, ULE_CONTRADICTION, 0, "valid_until"},
    {"an open start", open_start, ULE_OK, 0, NULL},
    {"an open end", open_end, ULE_OK, 0, NULL},
    {"valid from no year", from_wild, ULE_DATE_IMPOSSIBLE, 0, "valid_from"},
    {"valid until no year", until_wild, ULE_DATE_IMPOSSIBLE, 0, "valid_until"},
    {"born in no year", birth_wild, ULE_DATE_IMPOSSIBLE, 0, "birth_date"},
    {"given names that are no UTF-8", given_no_utf8, ULE_UTF8, 0, "given_names"},
    {"a family name that is no UTF-8", family_no_utf8, ULE_UTF8, 0, "family_name"},
};

START_TEST(each_check_has_what_fails_it_and_what_passes) {
    struct ule_residence_permit_changed *record = permit();
    rows[_i].change(record);
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, rows[_i].what, rows[_i].code, rows[_i].ignored, rows[_i].field);
}

START_TEST(a_permit_belongs_to_its_own_entity) {
    struct ule_residence_permit_changed *record = permit();
    struct outcome outcome = translate(record, "RP-1", NOON);
    expect(&outcome, "a permit", ULE_OK, 0, NULL);
    ck_assert_str_eq(outcome.entity, "permit:RP-1");
    ck_assert_str_eq(record->number, "0101801234");
    ck_assert_str_eq(record->replaces_number, "610180ABC1");
    ck_assert_str_eq(record->alien_number, "U-77");
    ck_assert_int_eq(record->birth_date, ULE_DATE_NONE); /* no rule reads it */
    ck_assert_ptr_null(record->given_names);
    ck_assert_ptr_null(record->family_name);
}

START_TEST(what_is_malformed_is_absent) {
    struct ule_residence_permit_changed *record = permit();
    record->number = "?";
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "a malformed number", ULE_OK, 2, NULL);
    ck_assert_ptr_null(record->number);
    ck_assert_ptr_null(record->replaces_number);
}

START_TEST(the_key_is_the_permit_id) {
    struct outcome outcome = translate(permit(), "RP-2", NOON);
    expect(&outcome, "another key", ULE_KEY_MISMATCH, 0, "key");
}

int main(void) {
    Suite *suite = suite_create("residence-permit");
    TCase *tcase = tcase_create("translation");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_check_has_what_fails_it_and_what_passes, 0, COUNT(rows));
    tcase_add_test(tcase, a_permit_belongs_to_its_own_entity);
    tcase_add_test(tcase, what_is_malformed_is_absent);
    tcase_add_test(tcase, the_key_is_the_permit_id);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
