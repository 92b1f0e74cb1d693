/* SPDX-License-Identifier: MIT */
#include "cpr-change/translation.h"

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

/* A child with everything that a record can hold. */
static struct ule_person_changed *child(void) {
    struct ule_person_changed *record = ule_arena_alloc(arena, sizeof *record);
    ule_record_init(&ule_person_changed_record, record, arena);
    record->event_id = "e-1";
    record->changed_at = NOON;
    record->sequence = 1;
    record->number = "0101104321";
    record->status = ULE_CPR_STATUS_RESIDENT;
    record->status_since = ule_date_from_ymd(2010, 1, 1);
    record->former_numbers.items = ule_arena_array(arena, 4, sizeof(const char *));
    record->former_numbers.items[0] = "020110-4321";
    record->former_numbers.count = 1;
    record->birth_date = ule_date_from_ymd(2010, 1, 1);
    record->given_names = "Anna";
    record->family_name = "Holm";
    record->protection = ule_arena_alloc(arena, sizeof *record->protection);
    record->protection->from = 100;
    record->protection->until = ULE_DATE_NONE;
    record->citizenship = 5100;
    record->danish_passport = ULE_MAYBE_TRUE;
    record->municipality = 101;
    record->marital_status = ULE_MARITAL_STATUS_UNMARRIED;
    record->mother = ule_arena_alloc(arena, sizeof *record->mother);
    record->mother->number = "010180-1234";
    record->mother->birth_date = 3652;
    record->mother->name = "Berit Holm";
    record->mother->since = ULE_DATE_NONE;
    record->father = ule_arena_copy(arena, record->mother, sizeof *record->mother);
    record->father->number = "0101801235";
    record->custody.items = ule_arena_array(arena, 3, sizeof *record->custody.items);
    record->custody.count = 2;
    for (size_t i = 0; i < 3; i++) {
        record->custody.items[i].number = NULL;
        record->custody.items[i].from = ULE_DATE_NONE;
        record->custody.items[i].until = ULE_DATE_NONE;
    }
    record->custody.items[0].holder = ULE_CUSTODY_HOLDER_MOTHER;
    record->custody.items[1].holder = ULE_CUSTODY_HOLDER_OTHER_1;
    record->custody.items[1].number = "010180-1236";
    record->custody.items[2].holder = ULE_CUSTODY_HOLDER_FATHER;
    record->guardianship = ule_arena_alloc(arena, sizeof *record->guardianship);
    record->guardianship->from = ULE_DATE_NONE;
    record->guardianship->until = ULE_DATE_NONE;
    record->guardianship->guardian = "somebody";
    record->cause = "A01";
    return record;
}

static struct outcome translate(struct ule_person_changed *record, const char *key, int64_t ts) {
    struct outcome outcome = {.ignored = 77};
    outcome.code = ule_cpr_change_translate(record, key, ts, arena, &outcome.entity, &outcome.ignored, &outcome.error);
    return outcome;
}

#define CHANGE(name, ...)                                                                                              \
    static void name(struct ule_person_changed *record) {                                                              \
        __VA_ARGS__;                                                                                                   \
    }

CHANGE(nothing, (void)record)
CHANGE(hyphen, record->number = "010110-4321")
CHANGE(small_letters, record->number = "010110-abc1")
CHANGE(number_short, record->number = "010110432")
CHANGE(number_empty, record->number = "")
CHANGE(number_null, record->number = NULL)
CHANGE(number_is_institution, record->number = "101001")
CHANGE(event_id_empty, record->event_id = "")
CHANGE(event_id_control, record->event_id = "e\n1")
CHANGE(in_2099, record->changed_at = ule_date_from_ymd(2099, 1, 1) * ULE_DAY_MS)
CHANGE(a_day_ahead, record->changed_at = NOON + ULE_DAY_MS)
CHANGE(more_than_a_day_ahead, record->changed_at = NOON + ULE_DAY_MS + 1)
CHANGE(in_1900, record->changed_at = -25567 * ULE_DAY_MS; record->birth_date = ULE_DATE_NONE)
CHANGE(before_1900, record->changed_at = -25567 * ULE_DAY_MS - 1)
CHANGE(in_10000, record->changed_at = (ULE_DATE_MAX + 1) * ULE_DAY_MS)
CHANGE(no_time, record->changed_at = ULE_TIME_NONE)
CHANGE(last_time, record->changed_at = INT64_MAX)
CHANGE(status_since_wild, record->status_since = ULE_DATE_MAX + 1)
CHANGE(birth_wild, record->birth_date = ULE_DATE_MIN - 1)
CHANGE(birth_on_the_day, record->birth_date = ule_date_of_time(NOON))
CHANGE(birth_the_day_after, record->birth_date = ule_date_of_time(NOON) + 1)
CHANGE(names_no_utf8, record->given_names = "Ann\xFF")
CHANGE(family_no_utf8, record->family_name = "\xC3")
CHANGE(citizenship_wild, record->citizenship = 10000)
CHANGE(citizenship_negative, record->citizenship = -1)
CHANGE(municipality_wild, record->municipality = 123456)
CHANGE(residence_wild, record->residence_country = 51000)
CHANGE(emigrated_wild, record->emigrated_on = INT32_MAX)
CHANGE(entered_wild, record->entered_on = INT32_MAX)
CHANGE(current_malformed, record->current_number = "12345")
CHANGE(current_empty, record->current_number = "")
CHANGE(current_is_own, record->current_number = "010110-4321")
CHANGE(moved, record->status = ULE_CPR_STATUS_NUMBER_CHANGED; record->current_number = "010110-4322")
CHANGE(moved_to_itself, record->status = ULE_CPR_STATUS_NUMBER_CHANGED; record->current_number = "010110-4321")
CHANGE(double_of_itself, record->status = ULE_CPR_STATUS_DELETED_DUPLICATE; record->current_number = "0101104321")
CHANGE(annulled_for_itself, record->status = ULE_CPR_STATUS_ANNULLED; record->current_number = "0101104321")
CHANGE(former_malformed, record->former_numbers.items[1] = "x"; record->former_numbers.count = 2)
CHANGE(former_own, record->former_numbers.items[1] = "010110-4321"; record->former_numbers.count = 2)
CHANGE(former_twice, record->former_numbers.items[1] = "0201104321"; record->former_numbers.count = 2)
CHANGE(protection_from_wild, record->protection->from = INT32_MAX)
CHANGE(protection_until_wild, record->protection->until = INT32_MAX)
CHANGE(protection_backwards, record->protection->until = 99)
CHANGE(protection_no_day, record->protection->until = 100)
CHANGE(mother_malformed, record->mother->number = "unknown")
CHANGE(mother_empty, record->mother->number = "")
CHANGE(mother_is_child, record->mother->number = "010110-4321")
CHANGE(father_is_child, record->father->number = "0101104321")
CHANGE(mother_birth_wild, record->mother->birth_date = INT32_MAX)
CHANGE(father_since_wild, record->father->since = INT32_MAX)
CHANGE(father_name_no_utf8, record->father->name = "\xFF")
CHANGE(no_parents, record->mother = NULL; record->father = NULL)
CHANGE(three_rows, record->custody.count = 3)
CHANGE(no_rows, record->custody.count = 0)
CHANGE(mother_row_numbered, record->custody.items[0].number = "0101801234")
CHANGE(father_row_malformed, record->custody.items[1] = record->custody.items[2]; record->custody.items[1].number = "?")
CHANGE(other_malformed, record->custody.items[1].number = "?")
CHANGE(other_without, record->custody.items[1].number = NULL)
CHANGE(other_is_child, record->custody.items[1].number = "010110-4321")
CHANGE(custody_from_wild, record->custody.items[0].from = INT32_MAX)
CHANGE(custody_until_wild, record->custody.items[1].until = INT32_MAX)
CHANGE(custody_backwards, record->custody.items[1].from = 10; record->custody.items[1].until = 9)
CHANGE(guardianship_from_wild, record->guardianship->from = INT32_MAX)
CHANGE(guardianship_until_wild, record->guardianship->until = INT32_MAX)
CHANGE(guardian_no_utf8, record->guardianship->guardian = "\xFF")
CHANGE(cause_no_utf8, record->cause = "\xFF")

static const struct {
    const char *what;
    void (*change)(struct ule_person_changed *record);
    enum ule_code code;
    unsigned ignored;
    const char *field;
} rows[] = {
    {"a whole record", nothing, ULE_OK, 0, NULL},
    {"a hyphen", hyphen, ULE_OK, 0, NULL},
    {"small letters", small_letters, ULE_OK, 0, NULL},
    {"nine characters", number_short, ULE_NUMBER_MALFORMED, 0, "number"},
    {"an empty number", number_empty, ULE_NUMBER_MALFORMED, 0, "number"},
    {"no number", number_null, ULE_NUMBER_MALFORMED, 0, "number"},
    {"an institution number as number", number_is_institution, ULE_NUMBER_MALFORMED, 0, "number"},
    {"an empty event id", event_id_empty, ULE_ID_MALFORMED, 0, "event_id"},
    {"a control character in the event id", event_id_control, ULE_ID_MALFORMED, 0, "event_id"},
    {"changed in 2099", in_2099, ULE_FROM_THE_FUTURE, 0, "changed_at"},
    {"changed a day ahead", a_day_ahead, ULE_OK, 0, NULL},
    {"changed more than a day ahead", more_than_a_day_ahead, ULE_FROM_THE_FUTURE, 0, "changed_at"},
    {"changed in 1900", in_1900, ULE_OK, 0, NULL},
    {"changed before 1900", before_1900, ULE_DATE_IMPOSSIBLE, 0, "changed_at"},
    {"changed in 10000", in_10000, ULE_DATE_IMPOSSIBLE, 0, "changed_at"},
    {"changed never", no_time, ULE_DATE_IMPOSSIBLE, 0, "changed_at"},
    {"changed at the end of time", last_time, ULE_DATE_IMPOSSIBLE, 0, "changed_at"},
    {"status since year 10000", status_since_wild, ULE_DATE_IMPOSSIBLE, 0, "status_since"},
    {"born in year 0", birth_wild, ULE_DATE_IMPOSSIBLE, 0, "birth_date"},
    {"born on the day", birth_on_the_day, ULE_OK, 0, NULL},
    {"born the day after", birth_the_day_after, ULE_CONTRADICTION, 0, "birth_date"},
    {"given names that are no UTF-8", names_no_utf8, ULE_UTF8, 0, "given_names"},
    {"a family name that is no UTF-8", family_no_utf8, ULE_UTF8, 0, "family_name"},
    {"a citizenship of five digits", citizenship_wild, ULE_MALFORMED, 0, "citizenship"},
    {"a negative citizenship", citizenship_negative, ULE_MALFORMED, 0, "citizenship"},
    {"a municipality of six digits", municipality_wild, ULE_MALFORMED, 0, "municipality"},
    {"a country of five digits", residence_wild, ULE_MALFORMED, 0, "residence_country"},
    {"emigrated in no year", emigrated_wild, ULE_DATE_IMPOSSIBLE, 0, "emigrated_on"},
    {"entered in no year", entered_wild, ULE_DATE_IMPOSSIBLE, 0, "entered_on"},
    {"a malformed current number", current_malformed, ULE_OK, 1, NULL},
    {"an empty current number", current_empty, ULE_OK, 0, NULL},
    {"the own number as current one, resident", current_is_own, ULE_OK, 0, NULL},
    {"a number changed", moved, ULE_OK, 0, NULL},
    {"a number changed to itself", moved_to_itself, ULE_CONTRADICTION, 0, "current_number"},
    {"a double of itself", double_of_itself, ULE_CONTRADICTION, 0, "current_number"},
    {"annulled for itself", annulled_for_itself, ULE_OK, 0, NULL},
    {"a malformed former number", former_malformed, ULE_OK, 1, NULL},
    {"the own number as a former one", former_own, ULE_OK, 1, NULL},
    {"a former number twice", former_twice, ULE_OK, 0, NULL},
    {"protection from no year", protection_from_wild, ULE_DATE_IMPOSSIBLE, 0, "protection.from"},
    {"protection until no year", protection_until_wild, ULE_DATE_IMPOSSIBLE, 0, "protection.until"},
    {"protection that ends before it starts", protection_backwards, ULE_OK, 1, NULL},
    {"protection of no day", protection_no_day, ULE_OK, 0, NULL},
    {"a malformed mother", mother_malformed, ULE_OK, 1, NULL},
    {"a mother with an empty number", mother_empty, ULE_OK, 0, NULL},
    {"a child that is its own mother", mother_is_child, ULE_CONTRADICTION, 0, "mother.number"},
    {"a child that is its own father", father_is_child, ULE_CONTRADICTION, 0, "father.number"},
    {"a mother born in no year", mother_birth_wild, ULE_DATE_IMPOSSIBLE, 0, "mother.birth_date"},
    {"a father since no year", father_since_wild, ULE_DATE_IMPOSSIBLE, 0, "father.since"},
    {"a father whose name is no UTF-8", father_name_no_utf8, ULE_UTF8, 0, "father.name"},
    {"no parents", no_parents, ULE_OK, 0, NULL},
    {"three custody rows", three_rows, ULE_CONTRADICTION, 0, "custody"},
    {"no custody rows", no_rows, ULE_OK, 0, NULL},
    {"a mother row with a number", mother_row_numbered, ULE_OK, 1, NULL},
    {"a father row with a malformed number", father_row_malformed, ULE_OK, 1, NULL},
    {"another holder with a malformed number", other_malformed, ULE_OK, 1, NULL},
    {"another holder without a number", other_without, ULE_OK, 0, NULL},
    {"a child that holds custody of itself", other_is_child, ULE_CONTRADICTION, 0, "custody[1].number"},
    {"custody from no year", custody_from_wild, ULE_DATE_IMPOSSIBLE, 0, "custody[0].from"},
    {"custody until no year", custody_until_wild, ULE_DATE_IMPOSSIBLE, 0, "custody[1].until"},
    {"custody that ends before it starts", custody_backwards, ULE_OK, 0, NULL},
    {"guardianship from no year", guardianship_from_wild, ULE_DATE_IMPOSSIBLE, 0, "guardianship.from"},
    {"guardianship until no year", guardianship_until_wild, ULE_DATE_IMPOSSIBLE, 0, "guardianship.until"},
    {"a guardian that is no UTF-8", guardian_no_utf8, ULE_UTF8, 0, "guardianship.guardian"},
    {"a cause that is no UTF-8", cause_no_utf8, ULE_UTF8, 0, "cause"},
};

START_TEST(each_check_has_what_fails_it_and_what_passes) {
    struct ule_person_changed *record = child();
    rows[_i].change(record);
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, rows[_i].what, rows[_i].code, rows[_i].ignored, rows[_i].field);
}

START_TEST(numbers_take_their_stored_form) {
    struct ule_person_changed *record = child();
    record->number = "010110-abc1";
    struct outcome outcome = translate(record, "010110-ABC1", NOON);
    expect(&outcome, "a hyphen and small letters", ULE_OK, 0, NULL);
    ck_assert_str_eq(outcome.entity, "010110ABC1");
    ck_assert_str_eq(record->number, "010110ABC1");
    ck_assert_str_eq(record->former_numbers.items[0], "0201104321");
    ck_assert_str_eq(record->mother->number, "0101801234");
    ck_assert_str_eq(record->father->number, "0101801235");
    ck_assert_str_eq(record->custody.items[1].number, "0101801236");
}

START_TEST(what_is_malformed_is_absent) {
    struct ule_person_changed *record = child();
    record->current_number = "?";
    record->mother->number = "?";
    record->custody.items[0].number = "0101801234";
    record->custody.items[1].number = "?";
    record->former_numbers.items[0] = "?";
    record->former_numbers.items[1] = "0301104321";
    record->former_numbers.items[2] = "0301104321";
    record->former_numbers.items[3] = "0101104321";
    record->former_numbers.count = 4;
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "malformed everywhere", ULE_OK, 6, NULL);
    ck_assert_ptr_null(record->current_number);
    ck_assert_ptr_nonnull(record->mother);
    ck_assert_ptr_null(record->mother->number);
    ck_assert_uint_eq(record->custody.count, 2);
    ck_assert_ptr_null(record->custody.items[0].number);
    ck_assert_ptr_null(record->custody.items[1].number);
    ck_assert_uint_eq(record->former_numbers.count, 1);
    ck_assert_str_eq(record->former_numbers.items[0], "0301104321");
}

START_TEST(facts_that_no_rule_reads_are_not_passed_on) {
    struct ule_person_changed *record = child();
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "a whole record", ULE_OK, 0, NULL);
    ck_assert_int_eq(record->status_since, ULE_DATE_NONE);
    ck_assert_int_eq(record->municipality, ULE_INT_NULL);
    ck_assert_ptr_null(record->guardianship);
    ck_assert_ptr_null(record->cause);
    ck_assert_ptr_null(record->mother->name);
    ck_assert_int_eq(record->mother->birth_date, ULE_DATE_NONE);
    ck_assert_ptr_null(record->father->name);
    ck_assert_str_eq(record->given_names, "Anna");
    ck_assert_ptr_nonnull(record->protection);
    ck_assert_int_eq(record->citizenship, 5100);
    ck_assert_int_eq(record->danish_passport, ULE_MAYBE_TRUE);
    ck_assert_int_eq(record->birth_date, ule_date_from_ymd(2010, 1, 1));
}

START_TEST(names_of_blanks_are_no_names) {
    struct ule_person_changed *record = child();
    record->given_names = "";
    record->family_name = "  ";
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "blank names", ULE_OK, 0, NULL);
    ck_assert_ptr_null(record->given_names);
    ck_assert_ptr_null(record->family_name);
}

static const struct {
    enum ule_cpr_status status;
    bool facts, current;
} statuses[] = {
    {ULE_CPR_STATUS_RESIDENT, true, false},
    {ULE_CPR_STATUS_RESIDENT_GREENLAND, true, false},
    {ULE_CPR_STATUS_ADMINISTRATIVE, true, false},
    {ULE_CPR_STATUS_ANNULLED, false, true},
    {ULE_CPR_STATUS_DELETED_DUPLICATE, false, true},
    {ULE_CPR_STATUS_NUMBER_CHANGED, false, true},
    {ULE_CPR_STATUS_DISAPPEARED, true, false},
    {ULE_CPR_STATUS_EMIGRATED, true, false},
    {ULE_CPR_STATUS_DEAD, true, false},
    {ULE_CPR_STATUS_SUBSCRIPTION_ENDED, false, false},
};

START_TEST(a_number_that_is_no_longer_good_carries_no_facts) {
    struct ule_person_changed *record = child();
    record->status = statuses[_i].status;
    record->current_number = "010110-4322";
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "a status", ULE_OK, statuses[_i].current ? 0 : 1, NULL);
    ck_assert((record->current_number != NULL) == statuses[_i].current);
    ck_assert((record->mother != NULL) == statuses[_i].facts);
    ck_assert((record->custody.count == 2) == statuses[_i].facts);
    ck_assert((record->former_numbers.count == 1) == statuses[_i].facts);
    ck_assert((record->birth_date != ULE_DATE_NONE) == statuses[_i].facts);
    ck_assert((record->given_names != NULL) == statuses[_i].facts);
    ck_assert((record->protection != NULL) == statuses[_i].facts);
}

static const struct {
    const char *key;
    enum ule_code code;
} keys[] = {
    {NULL, ULE_OK},         {"0101104321", ULE_OK},       {"010110-4321", ULE_OK}, {"0101104322", ULE_KEY_MISMATCH},
    {"", ULE_KEY_MISMATCH}, {"010110", ULE_KEY_MISMATCH},
};

START_TEST(the_key_is_the_number) {
    struct outcome outcome = translate(child(), keys[_i].key, NOON);
    expect(&outcome, "a key", keys[_i].code, 0, "key");
}

START_TEST(without_a_timestamp_no_time_is_in_the_future) {
    struct ule_person_changed *record = child();
    record->changed_at = ule_date_from_ymd(2099, 1, 1) * ULE_DAY_MS;
    struct outcome outcome = translate(record, NULL, ULE_TIME_NONE);
    expect(&outcome, "2099 without a timestamp", ULE_OK, 0, NULL);
}

START_TEST(who_asks_for_no_error_and_no_count_gets_none) {
    const char *entity = NULL;
    ck_assert_int_eq(ule_cpr_change_translate(child(), NULL, NOON, arena, &entity, NULL, NULL), ULE_OK);
    ck_assert_str_eq(entity, "0101104321");
    struct ule_person_changed *record = child();
    record->number = "";
    ck_assert_int_eq(ule_cpr_change_translate(record, NULL, NOON, arena, &entity, NULL, NULL), ULE_NUMBER_MALFORMED);
}

int main(void) {
    Suite *suite = suite_create("cpr-change");
    TCase *tcase = tcase_create("translation");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_check_has_what_fails_it_and_what_passes, 0, COUNT(rows));
    tcase_add_test(tcase, numbers_take_their_stored_form);
    tcase_add_test(tcase, what_is_malformed_is_absent);
    tcase_add_test(tcase, facts_that_no_rule_reads_are_not_passed_on);
    tcase_add_test(tcase, names_of_blanks_are_no_names);
    tcase_add_loop_test(tcase, a_number_that_is_no_longer_good_carries_no_facts, 0, COUNT(statuses));
    tcase_add_loop_test(tcase, the_key_is_the_number, 0, COUNT(keys));
    tcase_add_test(tcase, without_a_timestamp_no_time_is_in_the_future);
    tcase_add_test(tcase, who_asks_for_no_error_and_no_count_gets_none);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
