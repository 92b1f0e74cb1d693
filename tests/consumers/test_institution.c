/* SPDX-License-Identifier: MIT */
#include "institution/translation.h"

#include "avro/record.h"
#include "consumers/outcome.h"
#include "lib/suite.h"

#include <stdlib.h>

static struct ule_arena *arena;
static char long_id[122];

static void setup(void) {
    arena = ule_arena_new();
    memset(long_id, 'x', sizeof long_id - 1);
}

static void teardown(void) {
    ule_arena_free(arena);
}

/* A pupil with three contacts: by number, by alien id, by name. */
static struct ule_institution_person_changed *pupil(void) {
    struct ule_institution_person_changed *record = ule_arena_alloc(arena, sizeof *record);
    ule_record_init(&ule_institution_person_changed_record, record, arena);
    record->event_id = "e-1";
    record->changed_at = NOON;
    record->sequence = 1;
    record->institution_number = "G12345";
    record->local_person_id = "elev/12";
    record->number = "010110-4321";
    record->replaces_number = "610110-4321";
    record->alien_number = "U-1";
    record->active = true;
    record->role = ULE_ROLE_STUDENT;
    record->level = "8";
    record->birth_date = 14610;
    record->given_names = "Anna";
    record->family_name = "Holm";
    record->alias_given_names = "A";
    record->alias_family_name = "H";
    record->contacts.items = ule_arena_array(arena, 3, sizeof *record->contacts.items);
    record->contacts.count = 3;
    struct ule_contact none = {.access = ULE_ACCESS_LEVEL_NULL, .country = ULE_INT_NULL};
    for (size_t i = 0; i < 3; i++)
        record->contacts.items[i] = none;
    record->contacts.items[0].number = "010180-1234";
    record->contacts.items[0].replaces_number = "610180-1234";
    record->contacts.items[1].alien_number = "U-2";
    record->contacts.items[2].given_names = "Bo";
    record->contacts.items[2].country = 5130;
    record->source_system = "KMD Elev";
    return record;
}

static struct outcome translate(struct ule_institution_person_changed *record, const char *key, int64_t ts) {
    struct outcome outcome = {.ignored = 77};
    outcome.code = ule_institution_translate(record, key, ts, arena, &outcome.entity, &outcome.ignored, &outcome.error);
    return outcome;
}

#define CHANGE(name, ...)                                                                                              \
    static void name(struct ule_institution_person_changed *record) {                                                  \
        __VA_ARGS__;                                                                                                   \
    }
#define CONTACT(i) record->contacts.items[i]

CHANGE(nothing, (void)record)
CHANGE(institution_short, record->institution_number = "G1234")
CHANGE(institution_long, record->institution_number = "G123456")
CHANGE(institution_small, record->institution_number = "g12345")
CHANGE(institution_danish, record->institution_number = "\xC3\x86"
                                                        "1234")
CHANGE(institution_null, record->institution_number = NULL)
CHANGE(institution_is_number, record->institution_number = "010110-4321")
CHANGE(local_empty, record->local_person_id = "")
CHANGE(local_long, record->local_person_id = long_id)
CHANGE(local_longest, record->local_person_id = long_id + 1)
CHANGE(local_control, record->local_person_id = "a\x1F")
CHANGE(local_is_number, record->local_person_id = "010110-4321")
CHANGE(event_id_empty, record->event_id = "")
CHANGE(in_2099, record->changed_at = ule_date_from_ymd(2099, 1, 1) * ULE_DAY_MS)
CHANGE(number_malformed, record->number = "01011O4321x")
CHANGE(number_empty, record->number = ""; record->replaces_number = NULL)
CHANGE(number_null, record->number = NULL; record->replaces_number = NULL)
CHANGE(replaces_malformed, record->replaces_number = "none")
CHANGE(replaces_empty, record->replaces_number = "")
CHANGE(replaces_itself, record->replaces_number = "0101104321")
CHANGE(replaces_by_nothing, record->number = NULL)
CHANGE(alien_empty, record->alien_number = "")
CHANGE(alien_control, record->alien_number = "U\n")
CHANGE(alien_is_number, record->alien_number = "010111-4321")
CHANGE(level_none, record->level = NULL)
CHANGE(level_empty, record->level = "")
CHANGE(level_11, record->level = "11")
CHANGE(level_08, record->level = "08")
CHANGE(level_small, record->level = "andet")
CHANGE(birth_wild, record->birth_date = INT32_MAX)
CHANGE(birth_expected, record->birth_date = ule_date_of_time(NOON) + 90)
CHANGE(given_no_utf8, record->given_names = "\xFF")
CHANGE(family_no_utf8, record->family_name = "\xFF")
CHANGE(alias_given_no_utf8, record->alias_given_names = "\xFF")
CHANGE(alias_family_no_utf8, record->alias_family_name = "\xFF")
CHANGE(source_no_utf8, record->source_system = "\xFF")
CHANGE(no_contacts, record->contacts.count = 0)
CHANGE(contact_malformed, CONTACT(0).number = "?")
CHANGE(contact_empty, CONTACT(0).number = ""; CONTACT(0).replaces_number = "")
CHANGE(contact_replaces_malformed, CONTACT(0).replaces_number = "?")
CHANGE(contact_replaces_itself, CONTACT(0).replaces_number = "0101801234")
CHANGE(contact_replaces_by_nothing, CONTACT(1).replaces_number = "0101801234")
CHANGE(contact_alien_empty, CONTACT(1).alien_number = "")
CHANGE(contact_alien_control, CONTACT(1).alien_number = "\x01")
CHANGE(contact_alien_is_number, CONTACT(1).alien_number = "010180-1234")
CHANGE(contact_alien_is_own_number, CONTACT(0).alien_number = "0101801234")
CHANGE(contact_given_no_utf8, CONTACT(2).given_names = "\xFF")
CHANGE(contact_family_no_utf8, CONTACT(2).family_name = "\xFF")
CHANGE(contact_country_wild, CONTACT(2).country = 12345)
CHANGE(contact_is_pupil, CONTACT(0).number = "0101104321"; CONTACT(0).replaces_number = NULL)

static const struct {
    const char *what;
    void (*change)(struct ule_institution_person_changed *record);
    enum ule_code code;
    unsigned ignored;
    const char *field;
} rows[] = {
    {"a whole record", nothing, ULE_OK, 0, NULL},
    {"an institution of five characters", institution_short, ULE_ID_MALFORMED, 0, "institution_number"},
    {"an institution of seven characters", institution_long, ULE_ID_MALFORMED, 0, "institution_number"},
    {"an institution in small letters", institution_small, ULE_ID_MALFORMED, 0, "institution_number"},
    {"an institution of six bytes in five letters", institution_danish, ULE_ID_MALFORMED, 0, "institution_number"},
    {"no institution", institution_null, ULE_ID_MALFORMED, 0, "institution_number"},
    {"a person number as institution", institution_is_number, ULE_ID_MALFORMED, 0, "institution_number"},
    {"an empty local id", local_empty, ULE_ID_MALFORMED, 0, "local_person_id"},
    {"a local id of 121 bytes", local_long, ULE_ID_MALFORMED, 0, "local_person_id"},
    {"a local id of 120 bytes", local_longest, ULE_OK, 0, NULL},
    {"a control character in the local id", local_control, ULE_ID_MALFORMED, 0, "local_person_id"},
    {"a person number as local id, as some systems do", local_is_number, ULE_OK, 0, NULL},
    {"an empty event id", event_id_empty, ULE_ID_MALFORMED, 0, "event_id"},
    {"changed in 2099", in_2099, ULE_FROM_THE_FUTURE, 0, "changed_at"},
    {"a malformed number", number_malformed, ULE_NUMBER_MALFORMED, 0, "number"},
    {"an empty number", number_empty, ULE_OK, 0, NULL},
    {"no number", number_null, ULE_OK, 0, NULL},
    {"a malformed replaced number", replaces_malformed, ULE_NUMBER_MALFORMED, 0, "replaces_number"},
    {"an empty replaced number", replaces_empty, ULE_OK, 0, NULL},
    {"a number that replaces itself", replaces_itself, ULE_CONTRADICTION, 0, "replaces_number"},
    {"a number that nothing replaces", replaces_by_nothing, ULE_OK, 1, NULL},
    {"an empty alien number", alien_empty, ULE_OK, 0, NULL},
    {"a control character in the alien number", alien_control, ULE_ID_MALFORMED, 0, "alien_number"},
    {"a person number as alien number", alien_is_number, ULE_CONTRADICTION, 0, "alien_number"},
    {"no level", level_none, ULE_OK, 0, NULL},
    {"an empty level", level_empty, ULE_OK, 0, NULL},
    {"level 11", level_11, ULE_MALFORMED, 0, "level"},
    {"level 08", level_08, ULE_MALFORMED, 0, "level"},
    {"a level in small letters", level_small, ULE_MALFORMED, 0, "level"},
    {"born in no year", birth_wild, ULE_DATE_IMPOSSIBLE, 0, "birth_date"},
    {"a child in day care that is expected", birth_expected, ULE_OK, 0, NULL},
    {"given names that are no UTF-8", given_no_utf8, ULE_UTF8, 0, "given_names"},
    {"a family name that is no UTF-8", family_no_utf8, ULE_UTF8, 0, "family_name"},
    {"alias given names that are no UTF-8", alias_given_no_utf8, ULE_UTF8, 0, "alias_given_names"},
    {"an alias family name that is no UTF-8", alias_family_no_utf8, ULE_UTF8, 0, "alias_family_name"},
    {"a source system that is no UTF-8", source_no_utf8, ULE_UTF8, 0, "source_system"},
    {"no contacts", no_contacts, ULE_OK, 0, NULL},
    {"a malformed contact, so nothing replaces", contact_malformed, ULE_OK, 2, NULL},
    {"a contact with an empty number", contact_empty, ULE_OK, 0, NULL},
    {"a malformed replaced number of a contact", contact_replaces_malformed, ULE_OK, 1, NULL},
    {"a contact's number that replaces itself", contact_replaces_itself, ULE_OK, 1, NULL},
    {"a contact's number that nothing replaces", contact_replaces_by_nothing, ULE_OK, 1, NULL},
    {"an empty alien number of a contact", contact_alien_empty, ULE_OK, 0, NULL},
    {"a control character in it", contact_alien_control, ULE_ID_MALFORMED, 0, "contacts[1].alien_number"},
    {"a person number in it", contact_alien_is_number, ULE_CONTRADICTION, 0, "contacts[1].alien_number"},
    {"the contact's own number in it", contact_alien_is_own_number, ULE_CONTRADICTION, 0, "contacts[0].alien_number"},
    {"a contact's given names that are no UTF-8", contact_given_no_utf8, ULE_UTF8, 0, "contacts[2].given_names"},
    {"a contact's family name that is no UTF-8", contact_family_no_utf8, ULE_UTF8, 0, "contacts[2].family_name"},
    {"a contact's country of five digits", contact_country_wild, ULE_MALFORMED, 0, "contacts[2].country"},
    {"a pupil that is its own contact", contact_is_pupil, ULE_OK, 1, NULL},
};

START_TEST(each_check_has_what_fails_it_and_what_passes) {
    struct ule_institution_person_changed *record = pupil();
    rows[_i].change(record);
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, rows[_i].what, rows[_i].code, rows[_i].ignored, rows[_i].field);
}

START_TEST(every_level_of_the_list_passes) {
    static const char *const levels[] = {"DT", "0", "1",  "2",  "3",  "4",  "5",  "6",  "7",
                                         "8",  "9", "10", "U1", "U2", "U3", "U4", "VU", "Andet"};
    for (size_t i = 0; i < COUNT(levels); i++) {
        struct ule_institution_person_changed *record = pupil();
        record->level = levels[i];
        struct outcome outcome = translate(record, NULL, NOON);
        expect(&outcome, levels[i], ULE_OK, 0, NULL);
        ck_assert_str_eq(record->level, levels[i]);
    }
}

START_TEST(a_local_record_belongs_to_its_own_entity) {
    struct ule_institution_person_changed *record = pupil();
    struct outcome outcome = translate(record, "G12345/elev/12", NOON);
    expect(&outcome, "a pupil", ULE_OK, 0, NULL);
    ck_assert_str_eq(outcome.entity, "local:G12345/elev/12");
    ck_assert_str_eq(record->number, "0101104321");
    ck_assert_str_eq(record->replaces_number, "6101104321");
    ck_assert_str_eq(CONTACT(0).number, "0101801234");
    ck_assert_str_eq(CONTACT(0).replaces_number, "6101801234");
    ck_assert_str_eq(record->source_system, "KMD Elev");
}

START_TEST(the_key_is_the_institution_and_the_local_id) {
    static const char *const wrong[] = {
        "", "G12345", "G12345/", "G12345/elev/1", "elev/12", "0101104321", "local:G12345/elev/12"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct outcome outcome = translate(pupil(), wrong[i], NOON);
        expect(&outcome, wrong[i], ULE_KEY_MISMATCH, 0, "key");
    }
}

START_TEST(what_is_malformed_in_a_contact_is_absent_and_the_entry_stays) {
    struct ule_institution_person_changed *record = pupil();
    CONTACT(0).number = "?";
    CONTACT(2).replaces_number = "?";
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "malformed contacts", ULE_OK, 3, NULL);
    ck_assert_uint_eq(record->contacts.count, 3);
    ck_assert_ptr_null(CONTACT(0).number);
    ck_assert_ptr_null(CONTACT(0).replaces_number);
    ck_assert_ptr_null(CONTACT(2).replaces_number);
}

START_TEST(nobody_is_their_own_contact) {
    struct ule_institution_person_changed *record = pupil();
    CONTACT(0).number = "010110-4321";
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "its own contact", ULE_OK, 1, NULL);
    ck_assert_uint_eq(record->contacts.count, 2);
    ck_assert_str_eq(CONTACT(0).alien_number, "U-2");
    ck_assert_str_eq(CONTACT(1).given_names, "Bo");
}

START_TEST(what_is_empty_is_not_stated) {
    struct ule_institution_person_changed *record = pupil();
    record->number = "";
    record->replaces_number = "";
    record->alien_number = "";
    record->level = "";
    record->given_names = "";
    record->family_name = " ";
    record->alias_given_names = "";
    record->alias_family_name = "";
    CONTACT(2).given_names = "";
    struct outcome outcome = translate(record, NULL, NOON);
    expect(&outcome, "empty texts", ULE_OK, 0, NULL);
    ck_assert_ptr_null(record->number);
    ck_assert_ptr_null(record->replaces_number);
    ck_assert_ptr_null(record->alien_number);
    ck_assert_ptr_null(record->level);
    ck_assert_ptr_null(record->given_names);
    ck_assert_ptr_null(record->family_name);
    ck_assert_ptr_null(record->alias_given_names);
    ck_assert_ptr_null(record->alias_family_name);
    ck_assert_ptr_null(CONTACT(2).given_names);
}

/* Requests. NULL fields are null; `entity` NULL: a failure in `field`. */
static const struct {
    const char *what;
    enum ule_request_kind kind;
    enum ule_code code;
    const char *institution, *number, *child, *from, *key;
    const char *entity;
    const char *field;
} requests[] = {
    {"a support login", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_OK, "G12345", "010180-1234", NULL, NULL, NULL,
     "0101801234", NULL},
    {"a support login for a child's sake", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_OK, "G12345", "010180-1234",
     "010110-4321", NULL, "010180-1234", "0101801234", NULL},
    {"a support login withdrawn", ULE_REQUEST_KIND_SUPPORT_LOGIN_WITHDRAWN, ULE_OK, "G12345", "0101801234", "", "",
     "0101801234", "0101801234", NULL},
    {"a support login for nobody", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_NUMBER_MALFORMED, "G12345", "", NULL,
     NULL, NULL, NULL, "number"},
    {"a support login for an institution", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_NUMBER_MALFORMED, "G12345",
     "G12345", NULL, NULL, NULL, NULL, "number"},
    {"a support login for a malformed child", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_NUMBER_MALFORMED, "G12345",
     "0101801234", "?", NULL, NULL, NULL, "child_number"},
    {"a support login from nowhere", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_ID_MALFORMED, "", "0101801234", NULL,
     NULL, NULL, NULL, "institution_number"},
    {"a support login from a person", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_ID_MALFORMED, "0101801234",
     "0101801234", NULL, NULL, NULL, NULL, "institution_number"},
    {"another key", ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, ULE_KEY_MISMATCH, "G12345", "0101801234", NULL, NULL,
     "0101801235", NULL, "key"},
    {"a child enrolled in place of a parent", ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL, ULE_OK, "G12345",
     "010180-1234", "010110-4321", NULL, "0101801234", "0101104321", NULL},
    {"a child enrolled, nobody else named", ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL, ULE_OK, "G12345", "010110-4321",
     NULL, NULL, NULL, "0101104321", NULL},
    {"a malformed child enrolled", ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL, ULE_NUMBER_MALFORMED, "G12345",
     "0101801234", "010110", NULL, NULL, NULL, "child_number"},
    {"a swap confirmed", ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, ULE_OK, "G12345", "010110-4321", NULL,
     "610110-4321", NULL, "0101104321", NULL},
    {"every swap confirmed", ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, ULE_OK, "G12345", "010110-4321", NULL, NULL,
     NULL, "0101104321", NULL},
    {"a swap rejected", ULE_REQUEST_KIND_REREGISTRATION_REJECTED, ULE_OK, "G12345", "010110-4321", NULL, "610110-4321",
     NULL, "0101104321", NULL},
    {"a swap with itself", ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, ULE_CONTRADICTION, "G12345", "010110-4321", NULL,
     "0101104321", NULL, NULL, "from_number"},
    {"a rejected swap with itself", ULE_REQUEST_KIND_REREGISTRATION_REJECTED, ULE_CONTRADICTION, "G12345",
     "010110-4321", NULL, "0101104321", NULL, NULL, "from_number"},
    {"a swap from a malformed number", ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, ULE_NUMBER_MALFORMED, "G12345",
     "010110-4321", NULL, "old", NULL, NULL, "from_number"},
    {"leavers approved", ULE_REQUEST_KIND_LEAVERS_APPROVED, ULE_OK, "G12345", "G12345", NULL, NULL, "G12345",
     "institution:G12345", NULL},
    {"leavers rejected", ULE_REQUEST_KIND_LEAVERS_REJECTED, ULE_OK, "G12345", "G12345", NULL, NULL, NULL,
     "institution:G12345", NULL},
    {"leavers of another institution", ULE_REQUEST_KIND_LEAVERS_APPROVED, ULE_CONTRADICTION, "G12345", "G12346", NULL,
     NULL, NULL, NULL, "number"},
    {"a person that is leavers", ULE_REQUEST_KIND_LEAVERS_REJECTED, ULE_CONTRADICTION, "G12345", "0101801234", NULL,
     NULL, NULL, NULL, "number"},
    {"leavers of nothing", ULE_REQUEST_KIND_LEAVERS_APPROVED, ULE_CONTRADICTION, "G12345", "", NULL, NULL, NULL, NULL,
     "number"},
    {"leavers with another key", ULE_REQUEST_KIND_LEAVERS_APPROVED, ULE_KEY_MISMATCH, "G12345", "G12345", NULL, NULL,
     "G12346", NULL, "key"},
};

static struct ule_institution_request *request(size_t row) {
    struct ule_institution_request *record = ule_arena_alloc(arena, sizeof *record);
    ule_record_init(&ule_institution_request_record, record, arena);
    record->event_id = "e-1";
    record->changed_at = NOON;
    record->kind = requests[row].kind;
    record->institution_number = requests[row].institution;
    record->number = requests[row].number;
    record->child_number = requests[row].child;
    record->from_number = requests[row].from;
    record->case_number = "";
    return record;
}

static struct outcome translate_request(struct ule_institution_request *record, const char *key, int64_t ts) {
    struct outcome outcome = {.ignored = 77};
    outcome.code = ule_institution_request_translate(record, key, ts, arena, &outcome.entity, &outcome.ignored,
                                                     &outcome.error);
    return outcome;
}

START_TEST(each_kind_of_request_says_what_it_needs) {
    struct ule_institution_request *record = request((size_t)_i);
    struct outcome outcome = translate_request(record, requests[_i].key, NOON);
    expect(&outcome, requests[_i].what, requests[_i].code, 0, requests[_i].field);
    if (requests[_i].code != ULE_OK)
        return;
    ck_assert_str_eq(outcome.entity, requests[_i].entity);
    ck_assert_ptr_null(record->case_number);
    bool swap = record->kind == ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED ||
                record->kind == ULE_REQUEST_KIND_REREGISTRATION_REJECTED;
    ck_assert_msg(swap || record->from_number == NULL, "%s: a from_number that nobody reads", requests[_i].what);
    ck_assert_msg(!record->from_number || strcmp(record->from_number, "6101104321") == 0, "not in stored form");
    ck_assert_msg(!record->child_number || strcmp(record->child_number, "0101104321") == 0, "not in stored form");
    ck_assert_msg(record->kind != ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL || record->child_number, "no child");
}

START_TEST(a_request_is_an_event_like_any) {
    struct ule_institution_request *record = request(0);
    record->event_id = "";
    struct outcome outcome = translate_request(record, NULL, NOON);
    expect(&outcome, "an empty event id", ULE_ID_MALFORMED, 0, "event_id");
    record = request(0);
    record->changed_at = ule_date_from_ymd(2099, 1, 1) * ULE_DAY_MS;
    outcome = translate_request(record, NULL, NOON);
    expect(&outcome, "changed in 2099", ULE_FROM_THE_FUTURE, 0, "changed_at");
    record = request(0);
    record->case_number = "\xFF";
    outcome = translate_request(record, NULL, NOON);
    expect(&outcome, "a case number that is no UTF-8", ULE_UTF8, 0, "case_number");
}

int main(void) {
    Suite *suite = suite_create("institution");
    TCase *persons = tcase_create("persons");
    tcase_add_checked_fixture(persons, setup, teardown);
    tcase_add_loop_test(persons, each_check_has_what_fails_it_and_what_passes, 0, COUNT(rows));
    tcase_add_test(persons, every_level_of_the_list_passes);
    tcase_add_test(persons, a_local_record_belongs_to_its_own_entity);
    tcase_add_test(persons, the_key_is_the_institution_and_the_local_id);
    tcase_add_test(persons, what_is_malformed_in_a_contact_is_absent_and_the_entry_stays);
    tcase_add_test(persons, nobody_is_their_own_contact);
    tcase_add_test(persons, what_is_empty_is_not_stated);
    suite_add_tcase(suite, persons);
    TCase *asked = tcase_create("requests");
    tcase_add_checked_fixture(asked, setup, teardown);
    tcase_add_loop_test(asked, each_kind_of_request_says_what_it_needs, 0, COUNT(requests));
    tcase_add_test(asked, a_request_is_an_event_like_any);
    suite_add_tcase(suite, asked);
    return suite_run(suite);
}
