/* SPDX-License-Identifier: MIT */
#include "nemid-issuance/translation.h"

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

static struct ule_credential_changed *credential(void) {
    struct ule_credential_changed *record = ule_arena_alloc(arena, sizeof *record);
    ule_record_init(&ule_credential_changed_record, record, arena);
    record->event_id = "e-1";
    record->changed_at = NOON;
    record->sequence = 1;
    record->credential_id = "C-1";
    record->number = "010180-1234";
    record->scheme = ULE_CREDENTIAL_SCHEME_MITID;
    record->status = ULE_CREDENTIAL_STATUS_ACTIVE;
    record->reason = "lost the code card";
    return record;
}

static struct outcome translate(struct ule_credential_changed *record, const char *key, int64_t ts) {
    struct outcome outcome = {.ignored = 77};
    outcome.code = ule_nemid_issuance_translate(record, key, ts, arena, &outcome.entity, &outcome.ignored,
                                                &outcome.error);
    return outcome;
}

#define CHANGE(name, ...)                                                                                              \
    static void name(struct ule_credential_changed *record) {                                                          \
        __VA_ARGS__;                                                                                                   \
    }

CHANGE(nothing, (void)record)
CHANGE(id_empty, record->credential_id = "")
CHANGE(id_null, record->credential_id = NULL)
CHANGE(id_control, record->credential_id = "C\x7F")
CHANGE(id_is_number, record->credential_id = "010180-1234")
CHANGE(id_is_own_number, record->credential_id = "0101801234")
CHANGE(event_id_empty, record->event_id = "")
CHANGE(in_2099, record->changed_at = ule_date_from_ymd(2099, 1, 1) * ULE_DAY_MS)
CHANGE(number_malformed, record->number = "0101-801234")
CHANGE(number_empty, record->number = "")
CHANGE(number_null, record->number = NULL)
CHANGE(reason_no_utf8, record->reason = "\xFF")

static const struct {
    const char *what;
    void (*change)(struct ule_credential_changed *record);
    enum ule_code code;
    const char *field;
} rows[] = {
    {"a whole record", nothing, ULE_OK, NULL},
    {"an empty credential id", id_empty, ULE_ID_MALFORMED, "credential_id"},
    {"no credential id", id_null, ULE_ID_MALFORMED, "credential_id"},
    {"a control character in the credential id", id_control, ULE_ID_MALFORMED, "credential_id"},
    {"a person number as credential id", id_is_number, ULE_CONTRADICTION, "credential_id"},
    {"the record's own number as credential id", id_is_own_number, ULE_CONTRADICTION, "credential_id"},
    {"an empty event id", event_id_empty, ULE_ID_MALFORMED, "event_id"},
    {"changed in 2099", in_2099, ULE_FROM_THE_FUTURE, "changed_at"},
    {"a malformed number", number_malformed, ULE_NUMBER_MALFORMED, "number"},
    {"an empty number", number_empty, ULE_OK, NULL},
    {"no number", number_null, ULE_OK, NULL},
    {"a reason that is no UTF-8", reason_no_utf8, ULE_UTF8, "reason"},
};

START_TEST(each_check_has_what_fails_it_and_what_passes) {
    struct ule_credential_changed *record = credential();
    rows[_i].change(record);
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, rows[_i].what, rows[_i].code, 0, rows[_i].field);
}

/* changed_at in UTC; in May Copenhagen is two hours ahead, in February one. */
static const struct {
    const char *what, *number, *changed_at;
    enum ule_credential_scheme scheme;
    enum ule_credential_status status;
    enum ule_code code;
} ages[] = {
    {"NemID on the 15th birthday", "0105095123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_NEMID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"NemID the day before", "0205095123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_NEMID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_UNDER_AGE},
    {"MitID on the 13th birthday", "0105115123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"MitID the day before", "0205115123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_UNDER_AGE},
    {"MitID at 14, for which NemID was too early", "0105105123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"NemID at 14", "0105105123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_NEMID, ULE_CREDENTIAL_STATUS_ACTIVE,
     ULE_UNDER_AGE},
    {"the birthday has begun in Copenhagen only", "0205115123", "2024-05-01T22:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"a millisecond before it", "0205115123", "2024-05-01T21:59:59.999Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_UNDER_AGE},
    {"born on 29 February, 1 March not yet", "2902085123", "2021-02-28T22:59:59.999Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_UNDER_AGE},
    {"born on 29 February, 1 March", "2902085123", "2021-02-28T23:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"a made-up number says its birth date too", "6205115123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_UNDER_AGE},
    {"not active", "0205115123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID, ULE_CREDENTIAL_STATUS_ORDERED,
     ULE_OK},
    {"a number that says no birth date", "9999115123", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"no number", NULL, "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_MITID, ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
    {"NemID after it was closed", "0101801234", "2024-05-01T12:00:00Z", ULE_CREDENTIAL_SCHEME_NEMID,
     ULE_CREDENTIAL_STATUS_ACTIVE, ULE_OK},
};

START_TEST(nobody_is_active_below_the_scheme_s_age) {
    struct ule_credential_changed *record = credential();
    record->number = ages[_i].number;
    record->changed_at = ule_time_parse(ages[_i].changed_at);
    record->scheme = ages[_i].scheme;
    record->status = ages[_i].status;
    struct outcome outcome = translate(record, NULL, record->changed_at);
    expect(&outcome, ages[_i].what, ages[_i].code, 0, "status");
}

START_TEST(a_credential_belongs_to_its_own_entity) {
    struct ule_credential_changed *record = credential();
    struct outcome outcome = translate(record, "C-1", NOON);
    expect(&outcome, "a credential", ULE_OK, 0, NULL);
    ck_assert_str_eq(outcome.entity, "credential:C-1");
    ck_assert_str_eq(record->number, "0101801234");
    ck_assert_ptr_null(record->reason); /* no rule reads it */
    record = credential();
    record->number = "";
    outcome = translate(record, NULL, NOON);
    expect(&outcome, "an empty number", ULE_OK, 0, NULL);
    ck_assert_ptr_null(record->number);
}

START_TEST(the_key_is_the_credential_id) {
    struct outcome outcome = translate(credential(), "0101801234", NOON);
    expect(&outcome, "another key", ULE_KEY_MISMATCH, 0, "key");
}

int main(void) {
    Suite *suite = suite_create("nemid-issuance");
    TCase *tcase = tcase_create("translation");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_check_has_what_fails_it_and_what_passes, 0, COUNT(rows));
    tcase_add_loop_test(tcase, nobody_is_active_below_the_scheme_s_age, 0, COUNT(ages));
    tcase_add_test(tcase, a_credential_belongs_to_its_own_entity);
    tcase_add_test(tcase, the_key_is_the_credential_id);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
