/* SPDX-License-Identifier: MIT */
#include "core/step.h"
#include "lib/suite.h"
#include "loop/census.h"

#include <check.h>
#include <string.h>

static struct ule_arena *arena;
static struct ule_census census;

static void setup(void) {
    arena = ule_arena_new();
    census = (struct ule_census){0};
}

static void teardown(void) {
    ule_arena_free(arena);
}

static struct ule_published entry(enum ule_topic topic, const char *key, const void *value) {
    struct ule_buffer bytes = {0};
    ule_record_encode(ule_topic_records[topic], value, &bytes);
    struct ule_published made = {.topic = (int32_t)topic,
                                 .key = key,
                                 .value = {ule_arena_copy(arena, bytes.bytes, bytes.size), bytes.size},
                                 .ended_on = ULE_DATE_NONE};
    ule_buffer_close(&bytes);
    return made;
}

static struct ule_published account(const char *key, enum ule_account_state state) {
    struct ule_account_changed value;
    ule_record_init(&ule_account_changed_record, &value, arena);
    value.event_id = value.user_key = value.number = value.reason = "";
    value.caused_by.topic = value.caused_by.event_id = "";
    value.state = state;
    return entry(ULE_TOPIC_PROVISIONING, key, &value);
}

static struct ule_published about(const char *key, enum ule_case_kind kind, bool open) {
    struct ule_case value;
    ule_record_init(&ule_case_record, &value, arena);
    value.event_id = value.remedy = value.remedy_da = value.remedy_en = "";
    value.caused_by.topic = value.caused_by.event_id = "";
    value.case_ = kind;
    value.open = open;
    return entry(ULE_TOPIC_CASE, key, &value);
}

static void change(struct ule_published *before, size_t before_count, struct ule_published *after, size_t after_count) {
    const struct ule_published_array one = {before, before_count}, other = {after, after_count};
    const struct ule_published_array kept = ule_census_keep(&one, arena);
    ule_census_change(&census, &kept, &other, arena);
}

START_TEST(an_account_moves_from_state_to_state) {
    struct ule_published created[] = {account("a", ULE_ACCOUNT_STATE_CREATED)};
    struct ule_published active[] = {account("a", ULE_ACCOUNT_STATE_ACTIVE)};
    change(NULL, 0, created, 1);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_CREATED], 1);
    change(created, 1, active, 1);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_CREATED], 0);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_ACTIVE], 1);
    change(active, 1, NULL, 0); /* it goes to another number, which counts it */
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_ACTIVE], 0);
}

START_TEST(a_person_may_hold_two_accounts_and_several_cases) {
    struct ule_published first[] = {account("a", ULE_ACCOUNT_STATE_ACTIVE), account("b", ULE_ACCOUNT_STATE_CLOSED),
                                    about("a/-/CPR_5", ULE_CASE_KIND_CPR_5, true),
                                    about("a/-/NEMID_8", ULE_CASE_KIND_NEMID_8, false)};
    change(NULL, 0, first, 4);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_ACTIVE], 1);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_CLOSED], 1);
    ck_assert_int_eq(census.cases[ULE_CASE_KIND_CPR_5], 1);
    ck_assert_int_eq(census.cases[ULE_CASE_KIND_NEMID_8], 0);
    struct ule_published later[] = {first[0], first[1], about("a/-/CPR_5", ULE_CASE_KIND_CPR_5, false), first[3]};
    change(first, 4, later, 4);
    ck_assert_int_eq(census.cases[ULE_CASE_KIND_CPR_5], 0);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_ACTIVE], 1);
}

START_TEST(what_has_had_its_tombstone_stands_no_more) {
    struct ule_published standing[] = {account("a", ULE_ACCOUNT_STATE_CLOSED)};
    struct ule_published gone[] = {standing[0]};
    gone[0].value = (struct ule_bytes){0};
    change(NULL, 0, standing, 1);
    change(standing, 1, gone, 1);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_CLOSED], 0);
    change(gone, 1, standing, 1);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_CLOSED], 1);
}

START_TEST(it_is_as_of_the_last_commit_of_the_store) {
    struct ule_store *store = ule_store_memory_new();
    struct ule_census loaded = {{-1}, {-1}};
    struct ule_error error;
    ck_assert(!ule_census_load(store, &loaded));
    census.accounts[ULE_ACCOUNT_STATE_ACTIVE] = 7;
    census.cases[ULE_CASE_KIND_LEAVERS_HELD] = 3;
    ule_census_save(store, &census);
    ck_assert_int_eq(ule_store_commit(store, &error), ULE_OK);
    census.accounts[ULE_ACCOUNT_STATE_ACTIVE] = 8;
    ule_census_save(store, &census);
    ule_store_abort(store);
    ck_assert(ule_census_load(store, &loaded));
    ck_assert_int_eq(loaded.accounts[ULE_ACCOUNT_STATE_ACTIVE], 7);
    ck_assert_int_eq(loaded.cases[ULE_CASE_KIND_LEAVERS_HELD], 3);
    ck_assert_int_eq(loaded.accounts[ULE_ACCOUNT_STATE_CREATED], 0);
    ule_store_meta_put(store, "census", "another edition", 15);
    ck_assert(!ule_census_load(store, &loaded));
    ule_store_free(store);
}

START_TEST(two_partitions_make_a_sum) {
    struct ule_census part = {0};
    part.accounts[ULE_ACCOUNT_STATE_ACTIVE] = 2;
    part.cases[ULE_CASE_KIND_CPR_1] = 5;
    ule_census_add(&census, &part);
    ule_census_add(&census, &part);
    ck_assert_int_eq(census.accounts[ULE_ACCOUNT_STATE_ACTIVE], 4);
    ck_assert_int_eq(census.cases[ULE_CASE_KIND_CPR_1], 10);
}

int main(void) {
    Suite *suite = suite_create("census");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, an_account_moves_from_state_to_state);
    tcase_add_test(tcase, a_person_may_hold_two_accounts_and_several_cases);
    tcase_add_test(tcase, what_has_had_its_tombstone_stands_no_more);
    tcase_add_test(tcase, it_is_as_of_the_last_commit_of_the_store);
    tcase_add_test(tcase, two_partitions_make_a_sum);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
