/* SPDX-License-Identifier: MIT */
/* Extracts that are refused: each error names file, line, record and what was expected, and shows nothing of anybody.
 */
#include "cpr/extract_fixture.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *line; /* the first that begins so */
    size_t position;  /* where it is written over */
    const char *text;
    enum ule_code code;
    const char *message; /* part of it */
} fields[] = {
    {"000", 14, "99x001", ULE_MALFORMED, "extract:1: record 000, task (position 14): expected "},
    {"000", 14, "      ", ULE_FIELD_MISSING, "extract:1: record 000, task (position 14): expected "},
    {"000", 20, "20240230", ULE_DATE_IMPOSSIBLE, "extract:1: record 000, production date (position 20): expected "},
    {"000", 20, "00000000", ULE_FIELD_MISSING, "production date"},
    {"000", 28, "20250101", ULE_CONTRADICTION, "previous production date"},
    {"0011403810012", 4, "14038100Z2", ULE_NUMBER_MALFORMED, "extract:2: record 001, person number (position 4)"},
    {"0011403810012", 4, "          ", ULE_NUMBER_MALFORMED, "person number"},
    {"0011403810012", 14, "1x", ULE_NUMBER_MALFORMED, "current number (position 14)"},
    {"0011403810012", 24, "02", ULE_ENUM_UNKNOWN, "status (position 24): expected 01, 03"},
    {"0011403810012", 24, "  ", ULE_ENUM_UNKNOWN, "status"},
    {"0011403810012", 26, "20231301", ULE_DATE_IMPOSSIBLE, "status since (position 26)"},
    {"0011403810012", 40, "1981-02-30", ULE_DATE_IMPOSSIBLE,
     "birth date (position 40): expected a day of the calendar"},
    {"0011403810012", 40, "1981/02/03", ULE_DATE_IMPOSSIBLE, "expected yyyy-mm-dd"},
    {"0041403810012", 18, "2019-0x-01", ULE_DATE_IMPOSSIBLE, "record 004, start (position 18)"},
    {"0041403810012", 14, "00A1", ULE_MALFORMED, "protection kind (position 14)"},
    {"0051508750172", 14, "5 20", ULE_MALFORMED, "record 005, country (position 14)"},
    {"0051508750172", 18, "202201321200", ULE_DATE_IMPOSSIBLE, "record 005, emigrated on (position 18)"},
    {"0071607660202", 14, "202099991200", ULE_DATE_IMPOSSIBLE, "record 007, disappeared on (position 14)"},
    {"0101403810012", 14, "DK  ", ULE_MALFORMED, "record 010, country (position 14)"},
    {"0121403810012", 14, "X", ULE_ENUM_UNKNOWN, "record 012, civil status (position 14)"},
    {"0152902124081", 25, "14O3810012", ULE_NUMBER_MALFORMED, "record 015, mother (position 25)"},
    {"0152902124081", 92, "020579002 ", ULE_NUMBER_MALFORMED, "record 015, father (position 92)"},
    {"0162902124081", 14, "0007", ULE_ENUM_UNKNOWN, "record 016, relation (position 14): expected 0003"},
    {"0162902124081", 18, "2012-02-31", ULE_DATE_IMPOSSIBLE, "record 016, start (position 18)"},
    {"0162902124081", 28, "?", ULE_MALFORMED, "record 016, uncertain start (position 28): expected * or blank"},
    {"0162902124081", 29, "2012-99-31", ULE_DATE_IMPOSSIBLE, "record 016, end (position 29)"},
    {"0161710094042", 39, "230652", ULE_OK, ""}, /* overwrites itself: the vector's own check */
    {"0161710094042", 39, "x", ULE_NUMBER_MALFORMED, "record 016, other holder (position 39)"},
    {"0173105480222", 39, "x", ULE_NUMBER_MALFORMED, "record 017, guardian (position 39)"},
    {"0221102900111", 14, "x", ULE_NUMBER_MALFORMED, "record 022, former number (position 14)"},
    {"0242704800182", 14, "B", ULE_ENUM_UNKNOWN, "record 024, correction mark (position 14)"},
    {"0082902124081", 4, "2902124091", ULE_KEY_MISMATCH, "record 008, person number (position 4)"},
    {"0082902124081", 20, "\x01", ULE_MALFORMED, "record 008 (position 20): expected no control character"},
    {"0082902124081", 1, "x", ULE_MALFORMED, "record type (position 1)"},
    {"999", 14, "00000001", ULE_TRUNCATED, "record 999, count (position 14): expected "},
    {"999", 14, "0000000x", ULE_TRUNCATED, "record 999, count (position 14): expected eight digits"},
};

START_TEST(a_field_that_cannot_be_read_is_named) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    fixture_put(&lines, fixture_find(&lines, fields[_i].line), fields[_i].position, fields[_i].text);
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_msg(result.code == fields[_i].code, "%s: %s", ule_code_name(result.code), result.error.message);
    ck_assert_msg(strstr(result.error.message, fields[_i].message) != NULL, "%s", result.error.message);
    ck_assert_msg(fixture_is_discreet(result.error.message), "%s", result.error.message);
    fixture_result_close(&result);
    fixture_lines_close(&lines);
}

static const struct {
    const char *what;
    const char *move;   /* the first line that begins so ... */
    const char *before; /* ... is moved to stand before the first that begins so */
    const char *message;
} orders[] = {
    {"000 later", "000", "0011403810012", "record 001, record type (position 1): expected 000 as the first record"},
    {"997 after a person", "997", "0012902124081", "expected 997 before the first 001"},
    {"a record before its 001", "0081508750172", "0011508750172", "expected 001 before the other records of a person"},
    {"a record of another person", "0081508750172", "0152902124081", "expected the number of the 001 before it"},
    {"003 before a person", "003", "0012902124081", "expected 003 or 999 behind the first 003"},
    {"a person behind 999", "999", "0012902124081", "expected "},
    {"910 before 999", "910", "999", "expected 000 first and once"},
};

START_TEST(a_record_out_of_order_is_named) {
    struct fixture_lines lines = fixture_lines_of(SECOND);
    const size_t from = fixture_find(&lines, orders[_i].move);
    char line[ULE_CPR_RECORD_MAX];
    snprintf(line, sizeof line, "%s", lines.lines[from]);
    if (strcmp(orders[_i].move, "000") == 0) {
        fixture_remove(&lines, from);
        fixture_insert(&lines, 2, line);
        fixture_remove(&lines, 0); /* the 997, so that a 001 comes first */
    } else {
        fixture_remove(&lines, from);
        fixture_insert(&lines, fixture_find(&lines, orders[_i].before), line);
    }
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_int_ne(result.code, ULE_OK);
    ck_assert_msg(strstr(result.error.message, orders[_i].message) != NULL, "%s: %s", orders[_i].what,
                  result.error.message);
    ck_assert(fixture_is_discreet(result.error.message));
    fixture_result_close(&result);
    fixture_lines_close(&lines);
}

START_TEST(what_occurs_once_is_refused_twice) {
    static const char *const twice[] = {"0021403810012", "0081403810012", "0101403810012", "0121403810012",
                                        "0151403810012", "0051508750172", "0071607660202", "0173105480222"};
    for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
        struct fixture_lines lines = fixture_lines_of(FIRST);
        const size_t at = fixture_find(&lines, twice[i]);
        fixture_insert(&lines, at, lines.lines[at]);
        struct fixture_result result = fixture_run_lines(&lines);
        ck_assert_int_eq(result.code, ULE_CONTRADICTION);
        ck_assert_ptr_nonnull(strstr(result.error.message, "at most one of a person"));
        fixture_result_close(&result);
        fixture_lines_close(&lines);
    }
}

START_TEST(a_third_holder_is_refused) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    const size_t at = fixture_find(&lines, "0162902124081");
    fixture_insert(&lines, at, lines.lines[at]);
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_int_eq(result.code, ULE_CONTRADICTION);
    ck_assert_ptr_nonnull(strstr(result.error.message, "record 016, record type (position 1): expected at most two"));
    fixture_result_close(&result);
    fixture_lines_close(&lines);
}

START_TEST(a_line_longer_than_its_record_is_refused) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    char line[ULE_CPR_RECORD_MAX];
    const size_t at = fixture_find(&lines, "0162902124081");
    snprintf(line, sizeof line, "%sx", lines.lines[at]);
    fixture_remove(&lines, at);
    fixture_insert(&lines, at, line);
    struct fixture_result result = fixture_run_lines(&lines);
    ck_assert_int_eq(result.code, ULE_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(result.error.message, "record 016: expected 58 positions at most, not 59"));
    fixture_result_close(&result);
    fixture_lines_close(&lines);
}

#define TEN_MEGABYTES ((size_t)10000000)

START_TEST(a_line_of_ten_megabytes_costs_no_memory) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    struct ule_buffer bytes = {NULL, 0, 0};
    const size_t start = strlen(lines.lines[0]) + 1;
    fixture_join(&lines, true, "\n", &bytes);
    bytes.size = start;
    char *long_line = malloc(TEN_MEGABYTES);
    ck_assert_ptr_nonnull(long_line);
    memset(long_line, '0', TEN_MEGABYTES);
    ule_buffer_append(&bytes, long_line, TEN_MEGABYTES);
    free(long_line);
    struct fixture_result result = fixture_run(bytes.bytes, bytes.size, 65536);
    ck_assert_int_eq(result.code, ULE_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(result.error.message, "extract:2: "));
    fixture_result_close(&result);
    ule_buffer_close(&bytes);
    fixture_lines_close(&lines);
}

START_TEST(what_is_no_extract_is_refused) {
    static const char *const texts[] = {"",
                                        "\n",
                                        "\x1a",
                                        "0",
                                        "000",
                                        ("\xef\xbb\xbf"
                                         "000000"),
                                        "\x1f\x8b\x08",
                                        "hello, world\n",
                                        "{\"topic\":\"x\"}\n",
                                        "0000000000000990001202401032024010",
                                        "999999999999900000000"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fixture_result result = fixture_run(texts[i], strlen(texts[i]), 5);
        ck_assert_int_ne(result.code, ULE_OK);
        ck_assert_ptr_nonnull(strstr(result.error.message, "extract:1: "));
        ck_assert_ptr_nonnull(strstr(result.error.message, "expected "));
        fixture_result_close(&result);
    }
}

/* The end of 999's count: cut behind it, all persons are there. */
static size_t whole_size(const struct ule_buffer *bytes) {
    const char *end = memmem(bytes->bytes, bytes->size, "9999999999999", 13);
    ck_assert_ptr_nonnull(end);
    return (size_t)(end - (const char *)bytes->bytes) + 21;
}

START_TEST(cut_at_any_byte_the_extract_is_refused) {
    for (int form = 0; form < 2; form++) {
        struct fixture_lines lines = fixture_lines_of(SECOND);
        struct ule_buffer bytes = {NULL, 0, 0};
        fixture_join(&lines, form == 0, form == 0 ? "\r\n" : "", &bytes);
        const size_t whole = whole_size(&bytes);
        for (size_t size = 0; size < whole; size++) {
            struct fixture_result result = fixture_run(bytes.bytes, size, bytes.size);
            ck_assert_int_ne(result.code, ULE_OK);
            ck_assert_msg(strncmp(result.error.message, "extract:", 8) == 0, "%s", result.error.message);
            ck_assert(fixture_is_discreet(result.error.message));
            fixture_result_close(&result);
        }
        ule_buffer_close(&bytes);
        fixture_lines_close(&lines);
    }
}

START_TEST(a_line_left_out_anywhere_is_noticed) {
    struct fixture_lines lines = fixture_lines_of(FIRST);
    const size_t count = lines.count;
    fixture_lines_close(&lines);
    for (size_t i = 0; i < count; i++) {
        lines = fixture_lines_of(FIRST);
        fixture_remove(&lines, i);
        struct fixture_result result = fixture_run_lines(&lines);
        ck_assert_int_ne(result.code, ULE_OK);
        fixture_result_close(&result);
        fixture_lines_close(&lines);
    }
}

START_TEST(bytes_written_over_at_random_do_no_harm) {
    const char *given = getenv("ULE_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : 20240103;
    printf("seed %u (ULE_SEED sets it)\n", seed);
    for (int form = 0; form < 2; form++) {
        struct fixture_lines lines = fixture_lines_of(SECOND);
        struct ule_buffer bytes = {NULL, 0, 0};
        fixture_join(&lines, form == 0, form == 0 ? "\r\n" : "", &bytes);
        uint8_t *copy = malloc(bytes.size);
        ck_assert_ptr_nonnull(copy);
        for (int i = 0; i < 3000; i++) {
            memcpy(copy, bytes.bytes, bytes.size);
            for (int changes = 1 + rand_r(&seed) % 4; changes > 0; changes--)
                copy[(size_t)rand_r(&seed) % bytes.size] = (uint8_t)rand_r(&seed);
            struct fixture_result result = fixture_run(copy, bytes.size, 1 + (size_t)rand_r(&seed) % 500);
            ck_assert(result.code == ULE_OK || fixture_is_discreet(result.error.message));
            ck_assert(result.code == ULE_OK || strncmp(result.error.message, "extract:", 8) == 0);
            fixture_result_close(&result);
        }
        free(copy);
        ule_buffer_close(&bytes);
        fixture_lines_close(&lines);
    }
}

int main(void) {
    Suite *suite = suite_create("refused extracts");
    TCase *tests = tcase_create("refused");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_field_that_cannot_be_read_is_named, 0, sizeof fields / sizeof fields[0]);
    tcase_add_loop_test(tests, a_record_out_of_order_is_named, 0, sizeof orders / sizeof orders[0]);
    tcase_add_test(tests, what_occurs_once_is_refused_twice);
    tcase_add_test(tests, a_third_holder_is_refused);
    tcase_add_test(tests, a_line_longer_than_its_record_is_refused);
    tcase_add_test(tests, a_line_of_ten_megabytes_costs_no_memory);
    tcase_add_test(tests, what_is_no_extract_is_refused);
    tcase_add_test(tests, cut_at_any_byte_the_extract_is_refused);
    tcase_add_test(tests, a_line_left_out_anywhere_is_noticed);
    tcase_add_test(tests, bytes_written_over_at_random_do_no_harm);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
