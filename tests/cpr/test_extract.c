/* SPDX-License-Identifier: MIT */
/* What a reader makes of an extract: its forms, each record type, its order. The persons are made up
 * (tests/data/make-extract). */
#include "cpr/extract_fixture.h"

#include "lib/suite.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture_result first; /* FIRST, read once */

static const struct ule_person_changed *person(const char *number) {
    const struct ule_person_changed *found = fixture_person(&first, number);
    ck_assert_ptr_nonnull(found);
    return found;
}

static int32_t day(const char *text) {
    return ule_date_parse(text);
}

START_TEST(the_extract_gives_its_persons_in_order) {
    ck_assert_int_eq(first.code, ULE_OK);
    ck_assert_uint_eq(first.count, 25);
    ck_assert_uint_eq(first.summary.persons, 25);
    ck_assert_uint_eq(first.summary.unknown, 0);
    for (size_t i = 1; i < first.count; i++)
        ck_assert_int_lt(first.persons[i - 1].sequence, first.persons[i].sequence);
    ck_assert_int_eq(first.persons[0].sequence, 2);
    ck_assert_int_eq(first.persons[0].changed_at, ule_time_parse("2024-01-02T23:00:00Z"));
}

START_TEST(a_person_has_its_names_protection_citizenship_municipality_and_event) {
    const struct ule_person_changed *anna = person("1403810012");
    ck_assert_int_eq(anna->status, ULE_CPR_STATUS_RESIDENT);
    ck_assert_int_eq(anna->birth_date, day("1981-03-14"));
    ck_assert_str_eq(anna->given_names, "Anna M\xc3\xa6rete Pr\xc3\xb8ve");
    ck_assert_str_eq(anna->family_name, "\xc3\x98rsted");
    ck_assert_ptr_nonnull(anna->protection);
    ck_assert_int_eq(anna->protection->from, day("2019-05-01"));
    ck_assert_int_eq(anna->protection->until, ULE_DATE_NONE);
    ck_assert_int_eq(anna->citizenship, 5100);
    ck_assert_int_eq(anna->municipality, 851);
    ck_assert_str_eq(anna->cause, "P01");
    ck_assert_int_eq(anna->marital_status, ULE_MARITAL_STATUS_MARRIED);
    ck_assert_ptr_null(anna->mother);
    ck_assert_ptr_null(anna->father);
    ck_assert_uint_eq(anna->custody.count, 0);
    ck_assert_ptr_null(anna->current_number);
    ck_assert_int_eq(anna->residence_country, ULE_INT_NULL);
    ck_assert_int_eq(anna->danish_passport, ULE_MAYBE_NULL);
}

START_TEST(only_kind_0001_protects) {
    ck_assert_ptr_null(person("0205790021")->protection);
    ck_assert_int_eq(person("1208074082")->protection->until, day("2012-01-01"));
}

START_TEST(joint_custody_is_two_rows) {
    const struct ule_person_changed *clara = person("2902124081");
    ck_assert_int_eq(clara->birth_date, day("2012-02-29"));
    ck_assert_str_eq(clara->mother->number, "1403810012");
    ck_assert_str_eq(clara->father->number, "0205790021");
    ck_assert_int_eq(clara->mother->since, day("2012-02-29"));
    ck_assert_uint_eq(clara->custody.count, 2);
    ck_assert_int_eq(clara->custody.items[0].holder, ULE_CUSTODY_HOLDER_MOTHER);
    ck_assert_int_eq(clara->custody.items[1].holder, ULE_CUSTODY_HOLDER_FATHER);
    ck_assert_ptr_null(clara->custody.items[0].number);
    ck_assert_int_eq(clara->custody.items[0].from, day("2012-02-29"));
    ck_assert_int_eq(clara->custody.items[0].until, ULE_DATE_NONE);
}

START_TEST(another_holder_is_named_by_number) {
    const struct ule_person_changed *dan = person("1710094042");
    ck_assert_uint_eq(dan->custody.count, 1);
    ck_assert_int_eq(dan->custody.items[0].holder, ULE_CUSTODY_HOLDER_OTHER_1);
    ck_assert_str_eq(dan->custody.items[0].number, "2306520052");
    ck_assert_ptr_null(dan->father);
    const struct ule_person_changed *freja = person("0503114012");
    ck_assert_int_eq(freja->custody.items[0].holder, ULE_CUSTODY_HOLDER_OTHER_2);
    ck_assert(!freja->custody.items[0].from_uncertain);
    ck_assert_int_eq(freja->custody.items[1].from, ULE_DATE_NONE); /* 2011-03-00 */
    ck_assert(freja->custody.items[1].from_uncertain);
}

START_TEST(custody_may_end_and_begin_on_a_date_to_come) {
    const struct ule_person_changed *ida = person("0904144091");
    ck_assert_int_eq(ida->custody.items[0].until, day("2024-06-01"));
    ck_assert_int_eq(ida->custody.items[1].from, day("2024-06-01"));
}

START_TEST(every_status_has_its_name) {
    ck_assert_int_eq(person("1102900101")->status, ULE_CPR_STATUS_NUMBER_CHANGED);
    ck_assert_int_eq(person("0706880122")->status, ULE_CPR_STATUS_DELETED_DUPLICATE);
    ck_assert_int_eq(person("2505930141")->status, ULE_CPR_STATUS_ANNULLED);
    ck_assert_int_eq(person("1911870151")->status, ULE_CPR_STATUS_ADMINISTRATIVE);
    ck_assert_int_eq(person("0810920162")->status, ULE_CPR_STATUS_RESIDENT_GREENLAND);
    ck_assert_int_eq(person("1508750172")->status, ULE_CPR_STATUS_EMIGRATED);
    ck_assert_int_eq(person("0312400191")->status, ULE_CPR_STATUS_DEAD);
    ck_assert_int_eq(person("1607660202")->status, ULE_CPR_STATUS_DISAPPEARED);
    ck_assert_int_eq(person("0312400191")->status_since, day("2023-12-24"));
}

START_TEST(old_and_new_number_name_each_other) {
    ck_assert_str_eq(person("1102900101")->current_number, "1102900111");
    ck_assert_uint_eq(person("1102900111")->former_numbers.count, 1);
    ck_assert_str_eq(person("1102900111")->former_numbers.items[0], "1102900101");
    ck_assert_str_eq(person("0706880122")->current_number, "0706880132");
    ck_assert_str_eq(person("0706880132")->former_numbers.items[0], "0706880122");
    ck_assert_ptr_null(person("2505930141")->current_number);
}

START_TEST(an_annulled_number_carries_no_other_facts) {
    const struct ule_person_changed *lis = person("2505930141"); /* whose name the extract has */
    ck_assert_ptr_null(lis->given_names);
    ck_assert_int_eq(lis->birth_date, ULE_DATE_NONE);
    ck_assert_int_eq(lis->status_since, day("2023-10-01"));
    ck_assert_int_eq(person("1102900101")->birth_date, ULE_DATE_NONE);
}

START_TEST(who_lives_abroad_has_the_country_and_the_day) {
    const struct ule_person_changed *ole = person("1508750172");
    ck_assert_int_eq(ole->residence_country, 5120);
    ck_assert_int_eq(ole->emigrated_on, day("2022-01-15"));
    ck_assert_int_eq(ole->entered_on, ULE_DATE_NONE); /* what he did in 2003 is another journey */
}

START_TEST(of_former_journeys_the_newest_valid_one_counts) {
    const struct ule_person_changed *pia = person("2704800182");
    ck_assert_int_eq(pia->emigrated_on, day("2021-02-02"));
    ck_assert_int_eq(pia->entered_on, day("2023-10-01"));
    ck_assert_int_eq(pia->residence_country, ULE_INT_NULL);
}

START_TEST(zeros_in_a_date_leave_it_open) {
    const struct ule_person_changed *tove = person("2002500212");
    ck_assert_int_eq(tove->birth_date, ULE_DATE_NONE);
    ck_assert_int_eq(tove->status_since, ULE_DATE_NONE);
    ck_assert_int_eq(tove->marital_status, ULE_MARITAL_STATUS_SURVIVING_PARTNER);
}

START_TEST(a_guardian_is_named) {
    const struct ule_person_changed *ulla = person("3105480222");
    ck_assert_ptr_nonnull(ulla->guardianship);
    ck_assert_int_eq(ulla->guardianship->from, day("2021-03-01"));
    ck_assert_str_eq(ulla->guardianship->guardian, "3009850071");
}

START_TEST(a_parent_without_a_number_is_known_by_name_and_birth_date) {
    const struct ule_person_changed *viggo = person("1506134231");
    ck_assert_ptr_nonnull(viggo->mother);
    ck_assert_ptr_null(viggo->mother->number);
    ck_assert_str_eq(viggo->mother->name, "Eng,Vera");
    ck_assert_int_eq(viggo->mother->birth_date, day("1984-02-03"));
    ck_assert_ptr_null(viggo->father);
}

START_TEST(marital_status_is_unknown_where_nothing_is_told) {
    ck_assert_int_eq(person("1911870151")->marital_status, ULE_MARITAL_STATUS_UNKNOWN);
    ck_assert_int_eq(person("1102900101")->marital_status, ULE_MARITAL_STATUS_UNKNOWN);
    ck_assert_int_eq(person("0312400191")->marital_status, ULE_MARITAL_STATUS_DEAD);
}

START_TEST(event_ids_are_one_a_person_and_the_same_each_time) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    struct fixture_result again = fixture_run_lines(&lines);
    ck_assert(fixture_same(&first, &again));
    for (size_t i = 0; i < first.count; i++) {
        ck_assert_uint_eq(strlen(first.persons[i].event_id), 36);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(first.persons[i].event_id, first.persons[j].event_id);
    }
    fixture_put(&lines, 0, 14, "990002"); /* another task, other events */
    struct fixture_result other = fixture_run_lines(&lines);
    ck_assert_str_ne(first.persons[0].event_id, other.persons[0].event_id);
    fixture_result_close(&other);
    fixture_result_close(&again);
    fixture_lines_close(&lines);
}

START_TEST(a_subscription_ends_and_orders_fail) {
    struct fixture_lines lines = fixture_lines_of(SECOND);
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_int_eq(result.code, ULE_OK);
    ck_assert_uint_eq(result.count, 3);
    ck_assert_uint_eq(result.summary.persons, 2);
    ck_assert_uint_eq(result.summary.ended, 1);
    ck_assert_uint_eq(result.summary.errors, 1);
    const struct ule_person_changed *yrsa = fixture_person(&result, "0602700251");
    ck_assert_int_eq(yrsa->status, ULE_CPR_STATUS_SUBSCRIPTION_ENDED);
    ck_assert_int_eq(yrsa->status_since, day("2024-01-04"));
    ck_assert_str_eq(yrsa->cause, "S01");
    ck_assert_ptr_null(yrsa->given_names);
    const struct ule_person_changed *ole = fixture_person(&result, "1508750172");
    ck_assert_int_eq(ole->entered_on, day("2024-01-05"));
    ck_assert_int_eq(ole->emigrated_on, day("2022-01-15"));
    fixture_result_close(&result);
    fixture_lines_close(&lines);
}

/* Forms. */

static void assert_reads_as_first(const char *what, const struct ule_buffer *bytes, size_t piece) {
    struct fixture_result result = fixture_run(bytes->bytes, bytes->size, piece);
    ck_assert_msg(result.code == ULE_OK, "%s: %s", what, result.error.message);
    ck_assert_msg(fixture_same(&first, &result), "%s", what);
    fixture_result_close(&result);
}

static const struct {
    const char *what;
    bool trim;
    const char *end;
    const char *behind;
} forms[] = {
    {"LF, trimmed", true, "\n", ""},
    {"LF, not trimmed, 0x1A", false, "\n", "\x1a"},
    {"CRLF, not trimmed", false, "\r\n", ""},
    {"CRLF, trimmed, 0x1A on a line", true, "\r\n", "\x1a\r\n"},
    {"LF, an empty line behind", true, "\n", "\n"},
    {"no line ends", false, "", ""},
    {"no line ends, 0x1A", false, "", "\x1a"},
    {"no line ends but the last", false, "", "\r\n\x1a"},
};

START_TEST(every_form_in_pieces_of_any_size_reads_the_same) {
    static const size_t pieces[] = {1, 7, 64, 1000, 1 << 20};
    struct fixture_lines lines = fixture_lines_of(FIRST);
    struct ule_buffer bytes = {NULL, 0, 0};
    fixture_join(&lines, forms[_i].trim, forms[_i].end, &bytes);
    ule_buffer_append(&bytes, forms[_i].behind, strlen(forms[_i].behind));
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        assert_reads_as_first(forms[_i].what, &bytes, pieces[i]);
    ule_buffer_close(&bytes);
    fixture_lines_close(&lines);
}

START_TEST(the_last_line_needs_no_end) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    struct ule_buffer bytes = {NULL, 0, 0};
    fixture_join(&lines, true, "\r\n", &bytes);
    bytes.size -= 2;
    assert_reads_as_first("no end of the last line", &bytes, 100);
    ule_buffer_append(&bytes, "\x1a", 1);
    assert_reads_as_first("no end of the last line", &bytes, 100);
    ule_buffer_close(&bytes);
    fixture_lines_close(&lines);
}

START_TEST(a_type_of_unknown_length_is_stepped_over_in_lines_and_refused_without) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    const size_t at = fixture_find(&lines, "0230205790021");
    fixture_insert(&lines, at + 1, "0710205790021something to come");
    fixture_count(&lines);
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_int_eq(result.code, ULE_OK);
    ck_assert_uint_eq(result.summary.unknown, 1);
    fixture_result_close(&result);
    struct ule_buffer bytes = {NULL, 0, 0};
    fixture_join(&lines, false, "", &bytes);
    result = fixture_run(bytes.bytes, bytes.size, 999);
    ck_assert_int_eq(result.code, ULE_MALFORMED);
    ck_assert_ptr_nonnull(strstr(result.error.message, "record 25 at byte "));
    ck_assert_ptr_nonnull(strstr(result.error.message, "071"));
    fixture_result_close(&result);
    ule_buffer_close(&bytes);
    fixture_lines_close(&lines);
}

/* Replace on 001, and what one person may cost. */

START_TEST(of_a_number_that_comes_twice_the_later_group_is_all_there_is) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    fixture_insert(&lines, fixture_find(&lines, "003"), "0011403810012          01000000000000 K1981-03-14 1981-03-14");
    fixture_count(&lines);
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_msg(result.code == ULE_OK, "%s", result.error.message);
    ck_assert_uint_eq(result.count, 26);
    const struct ule_person_changed *anna = fixture_person(&result, "1403810012");
    ck_assert_ptr_null(anna->protection);
    ck_assert_ptr_null(anna->given_names);
    ck_assert_int_gt(anna->sequence, first.persons[24].sequence);
    fixture_result_close(&result);
    fixture_lines_close(&lines);
}

static enum ule_code count_person(void *context, const struct ule_person_changed *changed, struct ule_error *error) {
    (void)changed;
    (void)error;
    ++*(size_t *)context;
    return ULE_OK;
}

START_TEST(memory_is_that_of_one_person) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    struct ule_buffer once = {NULL, 0, 0};
    struct ule_error error;
    size_t persons = 0;
    const size_t start = strlen(lines.lines[0]) + 1;
    fixture_remove(&lines, lines.count - 1);
    while (strncmp(lines.lines[lines.count - 1], "003", 3) == 0)
        fixture_remove(&lines, lines.count - 1);
    fixture_join(&lines, false, "\n", &once);
    struct ule_cpr_reader *reader = ule_cpr_reader_new("extract", NULL, count_person, &persons);
    ck_assert_int_eq(ule_cpr_reader_feed(reader, once.bytes, once.size, &error), ULE_OK);
    const size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 400; i++)
        ck_assert_int_eq(ule_cpr_reader_feed(reader, once.bytes + start, once.size - start, &error), ULE_OK);
    ck_assert_uint_eq(mallinfo2().uordblks, before);
    ck_assert_uint_eq(persons, 401 * 25 - 1); /* the last one's records could still be coming */
    ule_cpr_reader_free(reader);
    ule_buffer_close(&once);
    fixture_lines_close(&lines);
}

START_TEST(the_public_extract_gives_111_persons) {
    const char *shared = getenv("ULE_SHARED");
    char path[1024];
    struct ule_buffer bytes = {NULL, 0, 0};
    snprintf(path, sizeof path, "%s/cpr-testdata/U12160-P", shared ? shared : "../shared");
    if (!fixture_read(path, &bytes)) {
        printf("skipped: %s is not there (ULE_SHARED names its folder)\n", path);
        return;
    }
    struct fixture_result result = fixture_run(bytes.bytes, bytes.size, 4096);
    ck_assert_msg(result.code == ULE_OK, "%s", result.error.message);
    ck_assert_uint_eq(result.count, 111);
    ck_assert_uint_eq(result.summary.records, 1249);
    const struct ule_person_changed *child = fixture_person(&result, "0101980014");
    ck_assert_uint_eq(child->custody.count, 2);
    ck_assert_int_eq(child->custody.items[0].holder, ULE_CUSTODY_HOLDER_OTHER_2);
    ck_assert_int_eq(child->custody.items[0].from, day("2008-03-01"));
    ck_assert_int_eq(child->changed_at, ule_time_parse("2001-11-15T23:00:00Z"));
    bytes.size = 0; /* the same without line ends */
    struct fixture_lines lines = fixture_lines_of(path);
    fixture_join(&lines, false, "", &bytes);
    struct fixture_result fixed = fixture_run(bytes.bytes, bytes.size, 4096);
    ck_assert_msg(fixed.code == ULE_OK, "%s", fixed.error.message);
    ck_assert(fixture_same(&result, &fixed));
    fixture_result_close(&fixed);
    fixture_lines_close(&lines);
    fixture_result_close(&result);
    ule_buffer_close(&bytes);
}

static void read_first(void) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    first = fixture_run_lines(&lines);
    fixture_lines_close(&lines);
}

static void forget_first(void) {
    fixture_result_close(&first);
}

int main(void) {
    Suite *suite = suite_create("extract");
    TCase *records = tcase_create("records");
    tcase_add_unchecked_fixture(records, read_first, forget_first);
    tcase_add_test(records, the_extract_gives_its_persons_in_order);
    tcase_add_test(records, a_person_has_its_names_protection_citizenship_municipality_and_event);
    tcase_add_test(records, only_kind_0001_protects);
    tcase_add_test(records, joint_custody_is_two_rows);
    tcase_add_test(records, another_holder_is_named_by_number);
    tcase_add_test(records, custody_may_end_and_begin_on_a_date_to_come);
    tcase_add_test(records, every_status_has_its_name);
    tcase_add_test(records, old_and_new_number_name_each_other);
    tcase_add_test(records, an_annulled_number_carries_no_other_facts);
    tcase_add_test(records, who_lives_abroad_has_the_country_and_the_day);
    tcase_add_test(records, of_former_journeys_the_newest_valid_one_counts);
    tcase_add_test(records, zeros_in_a_date_leave_it_open);
    tcase_add_test(records, a_guardian_is_named);
    tcase_add_test(records, a_parent_without_a_number_is_known_by_name_and_birth_date);
    tcase_add_test(records, marital_status_is_unknown_where_nothing_is_told);
    tcase_add_test(records, event_ids_are_one_a_person_and_the_same_each_time);
    tcase_add_test(records, a_subscription_ends_and_orders_fail);
    suite_add_tcase(suite, records);
    TCase *files = tcase_create("files");
    tcase_add_unchecked_fixture(files, read_first, forget_first);
    tcase_add_loop_test(files, every_form_in_pieces_of_any_size_reads_the_same, 0, sizeof forms / sizeof forms[0]);
    tcase_add_test(files, the_last_line_needs_no_end);
    tcase_add_test(files, a_type_of_unknown_length_is_stepped_over_in_lines_and_refused_without);
    tcase_add_test(files, of_a_number_that_comes_twice_the_later_group_is_all_there_is);
    tcase_add_test(files, memory_is_that_of_one_person);
    tcase_add_test(files, the_public_extract_gives_111_persons);
    suite_add_tcase(suite, files);
    return suite_run(suite);
}
