/* SPDX-License-Identifier: MIT */
/* Extracts into a recording: appended whole or not at all, none missed, none twice. */
#include "cpr/delivery.h"
#include "cpr/extract_fixture.h"
#include "lib/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };
static char folder[PATH_SIZE / 2];      /* each test's own */
static char extract[PATH_SIZE / 2 + 8]; /* a file for made-up extracts, beside it */

static void path_in(char path[static PATH_SIZE], const char *name) {
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static void remove_file(const char *name) {
    char path[PATH_SIZE];
    path_in(path, name);
    unlink(path);
}

static void begin(void) {
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/delivery-XXXXXX", temporary ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(extract, sizeof extract, "%s.cpr", folder);
}

static void end(void) {
    remove_file(ULE_CPR_TOPIC ".jsonl");
    remove_file(ULE_CPR_LAST_PRODUCTION);
    unlink(extract);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left */
}

/* Loads the files in one delivery; the last one's code. */
static enum ule_code deliver(const char *const *files, size_t count, struct ule_error *error) {
    struct ule_cpr_delivery *delivery = NULL;
    struct ule_cpr_header header;
    struct ule_cpr_summary summary;
    struct ule_error committing;
    enum ule_code code = ule_cpr_delivery_open(folder, &delivery, error);
    if (code)
        return code;
    for (size_t i = 0; i < count && !code; i++)
        code = ule_cpr_delivery_load(delivery, files[i], NULL, NULL, &header, &summary, error);
    const enum ule_code committed = ule_cpr_delivery_commit(delivery, &committing);
    ck_assert_int_eq(committed, ULE_OK);
    ule_cpr_delivery_close(delivery);
    return code;
}

static enum ule_code deliver_one(const char *file, struct ule_error *error) {
    return deliver(&file, 1, error);
}

static struct ule_buffer contents(const char *name) {
    char path[PATH_SIZE];
    struct ule_buffer bytes = {NULL, 0, 0};
    path_in(path, name);
    fixture_read(path, &bytes);
    return bytes;
}

static void assert_contents(const char *name, const char *expected) {
    struct ule_buffer bytes = contents(name);
    ck_assert_uint_eq(bytes.size, strlen(expected));
    ck_assert_int_eq(memcmp(bytes.bytes, expected, bytes.size), 0);
    ule_buffer_close(&bytes);
}

static bool exists(const char *name) {
    char path[PATH_SIZE];
    path_in(path, name);
    return access(path, F_OK) == 0;
}

/* SECOND as a line list, changed by the caller, into `extract`. */
static void write_extract(const struct fixture_lines *lines) {
    struct ule_buffer bytes = {NULL, 0, 0};
    fixture_join(lines, true, "\r\n", &bytes);
    fixture_write(extract, bytes.bytes, bytes.size);
    ule_buffer_close(&bytes);
}

START_TEST(a_recording_has_the_envelope_of_kcat) {
    struct ule_error error;
    const char *files[] = {FIRST, SECOND};
    ck_assert_int_eq(deliver(files, 2, &error), ULE_OK);
    struct ule_buffer bytes = contents(ULE_CPR_TOPIC ".jsonl");
    const char *text = (const char *)bytes.bytes;
    size_t lines = 0;
    for (size_t at = 0; at < bytes.size; lines++) {
        const size_t size = (size_t)((const char *)memchr(text + at, '\n', bytes.size - at) - (text + at));
        json_t *line = json_loadb(text + at, size, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_ptr_nonnull(line);
        ck_assert_str_eq(json_string_value(json_object_get(line, "topic")), ULE_CPR_TOPIC);
        ck_assert_int_eq(json_integer_value(json_object_get(line, "partition")), 0);
        ck_assert_int_eq(json_integer_value(json_object_get(line, "offset")), (json_int_t)lines);
        ck_assert_int_eq(json_integer_value(json_object_get(line, "ts")),
                         ule_time_parse(lines < 25 ? "2024-01-02T23:00:00Z" : "2024-01-04T23:00:00Z"));
        json_t *payload = json_object_get(line, "payload");
        ck_assert(json_equal(json_object_get(line, "key"), json_object_get(payload, "number")));
        struct ule_arena *arena = ule_arena_new();
        struct ule_person_changed changed;
        ck_assert_int_eq(ule_record_from_json(&ule_person_changed_record, payload, arena, &changed, &error), ULE_OK);
        ck_assert_int_eq(changed.changed_at, json_integer_value(json_object_get(line, "ts")));
        ck_assert_uint_eq(json_object_size(payload), ule_person_changed_record.count); /* nulls written out */
        ule_arena_free(arena);
        json_decref(line);
        at += size + 1;
    }
    ck_assert_uint_eq(lines, 28);
    ule_buffer_close(&bytes);
    assert_contents(ULE_CPR_LAST_PRODUCTION, "990001 2024-01-05\n");
}

START_TEST(files_are_for_their_owner_only) {
    struct ule_error error;
    struct stat status;
    char path[PATH_SIZE];
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_OK);
    path_in(path, ULE_CPR_TOPIC ".jsonl");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    path_in(path, ULE_CPR_LAST_PRODUCTION);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
}

START_TEST(one_after_the_other_gives_the_same_as_both_at_once) {
    struct ule_error error;
    const char *files[] = {FIRST, SECOND};
    ck_assert_int_eq(deliver(files, 2, &error), ULE_OK);
    struct ule_buffer both = contents(ULE_CPR_TOPIC ".jsonl");
    remove_file(ULE_CPR_TOPIC ".jsonl");
    remove_file(ULE_CPR_LAST_PRODUCTION);
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_OK);
    ck_assert_int_eq(deliver_one(SECOND, &error), ULE_OK);
    struct ule_buffer each = contents(ULE_CPR_TOPIC ".jsonl");
    ck_assert_uint_eq(each.size, both.size);
    ck_assert_int_eq(memcmp(each.bytes, both.bytes, each.size), 0);
    ule_buffer_close(&each);
    ule_buffer_close(&both);
}

/* The recording and the date stay as they are. */
static void assert_refused(enum ule_code expected, const char *file, const char *message) {
    struct ule_error error;
    struct ule_buffer recording = contents(ULE_CPR_TOPIC ".jsonl");
    struct ule_buffer last = contents(ULE_CPR_LAST_PRODUCTION);
    ck_assert_int_eq(deliver_one(file, &error), expected);
    ck_assert_msg(strstr(error.message, message) != NULL, "%s", error.message);
    ck_assert(fixture_is_discreet(error.message + strlen(file)));
    struct ule_buffer recording_after = contents(ULE_CPR_TOPIC ".jsonl");
    struct ule_buffer last_after = contents(ULE_CPR_LAST_PRODUCTION);
    ck_assert_uint_eq(recording_after.size, recording.size);
    ck_assert_int_eq(memcmp(recording_after.bytes, recording.bytes, recording.size), 0);
    ck_assert_uint_eq(last_after.size, last.size);
    ck_assert_int_eq(memcmp(last_after.bytes, last.bytes, last.size), 0);
    ule_buffer_close(&recording);
    ule_buffer_close(&last);
    ule_buffer_close(&recording_after);
    ule_buffer_close(&last_after);
}

START_TEST(an_extract_that_follows_on_one_not_loaded_is_refused) {
    struct ule_error error;
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_OK);
    struct fixture_lines lines = fixture_lines_of(SECOND);
    fixture_put(&lines, 0, 28, "20240104");
    write_extract(&lines);
    fixture_lines_close(&lines);
    assert_refused(ULE_GAP, extract, ":1: record 000, previous production date (position 28): expected 2024-01-03");
    ck_assert_int_eq(deliver_one(SECOND, &error), ULE_OK); /* the right one still goes in */
}

START_TEST(an_extract_is_not_loaded_twice) {
    struct ule_error error;
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_OK);
    assert_refused(ULE_GAP, FIRST, "the extract of 2024-01-03 has been loaded");
    ck_assert_int_eq(deliver_one(SECOND, &error), ULE_OK);
    assert_refused(ULE_GAP, SECOND, "the extract of 2024-01-05 has been loaded");
    assert_refused(ULE_GAP, FIRST, "2024-01-03 is before 2024-01-05");
}

START_TEST(each_task_has_its_own_dates) {
    struct ule_error error;
    ck_assert_int_eq(deliver_one(SECOND, &error), ULE_OK);
    struct fixture_lines lines = fixture_lines_of(FIRST);
    fixture_put(&lines, 0, 14, "990002");
    write_extract(&lines);
    fixture_lines_close(&lines);
    ck_assert_int_eq(deliver_one(extract, &error), ULE_OK);
    assert_contents(ULE_CPR_LAST_PRODUCTION, "990001 2024-01-05\n990002 2024-01-03\n");
}

START_TEST(what_came_before_a_refused_extract_is_kept_and_nothing_of_it) {
    struct ule_error error;
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_OK);
    struct ule_buffer alone = contents(ULE_CPR_TOPIC ".jsonl");
    remove_file(ULE_CPR_TOPIC ".jsonl");
    remove_file(ULE_CPR_LAST_PRODUCTION);
    struct fixture_lines lines = fixture_lines_of(SECOND);
    fixture_remove(&lines, fixture_find(&lines, "999"));
    write_extract(&lines);
    fixture_lines_close(&lines);
    const char *files[] = {FIRST, extract, SECOND};
    ck_assert_int_eq(deliver(files, 3, &error), ULE_MALFORMED); /* 910 stands where 999 should */
    struct ule_buffer after = contents(ULE_CPR_TOPIC ".jsonl");
    ck_assert_uint_eq(after.size, alone.size);
    ck_assert_int_eq(memcmp(after.bytes, alone.bytes, after.size), 0);
    assert_contents(ULE_CPR_LAST_PRODUCTION, "990001 2024-01-03\n");
    ule_buffer_close(&alone);
    ule_buffer_close(&after);
}

START_TEST(of_a_cut_extract_nothing_is_loaded) {
    struct ule_error error;
    struct ule_buffer bytes = {NULL, 0, 0};
    ck_assert(fixture_read(FIRST, &bytes));
    for (size_t size = 0; size + 30 < bytes.size; size += 97) {
        fixture_write(extract, bytes.bytes, size);
        ck_assert_int_ne(deliver_one(extract, &error), ULE_OK);
        ck_assert_int_eq(strncmp(error.message, extract, strlen(extract)), 0);
        ck_assert(!exists(ULE_CPR_TOPIC ".jsonl"));
        ck_assert(!exists(ULE_CPR_LAST_PRODUCTION));
    }
    ule_buffer_close(&bytes);
}

START_TEST(what_a_crash_left_behind_is_written_over) {
    struct ule_error error;
    char path[PATH_SIZE];
    path_in(path, ULE_CPR_TOPIC ".jsonl.partial");
    fixture_write(path, "half a line", 11);
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_OK);
    struct ule_buffer bytes = contents(ULE_CPR_TOPIC ".jsonl");
    ck_assert_int_eq(bytes.bytes[0], '{');
    ule_buffer_close(&bytes);
}

START_TEST(two_deliveries_to_one_folder_do_not_mix) {
    struct ule_error error;
    struct ule_cpr_delivery *one = NULL;
    struct ule_cpr_delivery *other = NULL;
    ck_assert_int_eq(ule_cpr_delivery_open(folder, &one, &error), ULE_OK);
    ck_assert_int_eq(ule_cpr_delivery_open(folder, &other, &error), ULE_IO);
    ck_assert_ptr_null(other);
    ule_cpr_delivery_close(one);
}

START_TEST(files_that_are_not_ours_to_go_on_from_are_refused) {
    struct ule_error error;
    char path[PATH_SIZE];
    path_in(path, ULE_CPR_LAST_PRODUCTION);
    fixture_write(path, "990001 2024-02-30\n", 18);
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_STATE);
    ck_assert_ptr_nonnull(strstr(error.message, ULE_CPR_LAST_PRODUCTION ":1: expected"));
    remove_file(ULE_CPR_LAST_PRODUCTION);
    path_in(path, ULE_CPR_TOPIC ".jsonl");
    fixture_write(path, "{\"topic\"", 8);
    ck_assert_int_eq(deliver_one(FIRST, &error), ULE_TRUNCATED);
    ck_assert_int_eq(deliver_one("tests/data/none", &error), ULE_TRUNCATED);
    remove_file(ULE_CPR_TOPIC ".jsonl");
    ck_assert_int_eq(deliver_one("tests/data/none", &error), ULE_IO);
    ck_assert_int_eq(deliver_one("tests/data", &error), ULE_IO); /* a folder */
}

int main(void) {
    Suite *suite = suite_create("delivery");
    TCase *tests = tcase_create("delivery");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_recording_has_the_envelope_of_kcat);
    tcase_add_test(tests, files_are_for_their_owner_only);
    tcase_add_test(tests, one_after_the_other_gives_the_same_as_both_at_once);
    tcase_add_test(tests, an_extract_that_follows_on_one_not_loaded_is_refused);
    tcase_add_test(tests, an_extract_is_not_loaded_twice);
    tcase_add_test(tests, each_task_has_its_own_dates);
    tcase_add_test(tests, what_came_before_a_refused_extract_is_kept_and_nothing_of_it);
    tcase_add_test(tests, of_a_cut_extract_nothing_is_loaded);
    tcase_add_test(tests, what_a_crash_left_behind_is_written_over);
    tcase_add_test(tests, two_deliveries_to_one_folder_do_not_mix);
    tcase_add_test(tests, files_that_are_not_ours_to_go_on_from_are_refused);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
