/* SPDX-License-Identifier: MIT */
/* One table of promises, kept by both stores. */
#include "store/store.h"

#include "lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMORY, LMDB, KINDS };

static char dir[128];
static struct ule_store *store;
static struct ule_buffer out, name;

static void open_store(int kind, uint64_t map_bytes) {
    if (kind == MEMORY) {
        store = ule_store_memory_new();
        return;
    }
    struct ule_error error = {0};
    enum ule_code code = ule_store_lmdb_open(dir, map_bytes, false, &store, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
}

static void remove_dir(void) {
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static void setup(void) {
    (void)snprintf(dir, sizeof dir, "%.80s/ule-test-store-%ld", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
                   (long)getpid());
    remove_dir();
}

static void teardown(void) {
    ule_store_free(store);
    store = NULL;
    ule_buffer_close(&out);
    ule_buffer_close(&name);
    remove_dir();
}

static void put(const char *entity, const char *text, int32_t due) {
    ule_store_put(store, entity, text, strlen(text), due);
}

static void commit(void) {
    struct ule_error error = {0};
    enum ule_code code = ule_store_commit(store, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
}

static void holds(const char *entity, const char *text) {
    bool there = ule_store_get(store, entity, &out);
    ck_assert_msg(there == (text != NULL), "%s", entity);
    if (text) {
        ck_assert_uint_eq(out.size, strlen(text));
        ck_assert(memcmp(out.bytes, text, out.size) == 0);
    }
}

static void first_due(int32_t date, const char *entity, int32_t when) {
    int32_t due;
    bool there = ule_store_due_first(store, date, &name, &due);
    ck_assert(there == (entity != NULL));
    if (entity) {
        ck_assert_str_eq((char *)name.bytes, entity);
        ck_assert_int_eq(due, when);
    }
}

START_TEST(what_is_put_is_read_at_once_and_after_a_commit) {
    open_store(_i, 1 << 20);
    holds("a", NULL);
    put("a", "one", ULE_DATE_NONE);
    put("b", "", ULE_DATE_NONE);
    holds("a", "one");
    commit();
    holds("a", "one");
    holds("b", "");
    put("a", "three", ULE_DATE_NONE);
    holds("a", "three");
    ule_store_delete(store, "b");
    holds("b", NULL);
    commit();
    holds("a", "three");
    holds("b", NULL);
    ck_assert_uint_eq(ule_store_count(store), 1);
}

START_TEST(an_abort_leaves_what_the_last_commit_left) {
    open_store(_i, 1 << 20);
    put("a", "one", 10);
    ule_store_meta_put(store, "m", "x", 1);
    commit();
    put("a", "two", 5);
    put("b", "new", 1);
    ule_store_delete(store, "a");
    ule_store_meta_put(store, "m", "y", 1);
    ule_store_meta_put(store, "n", "y", 1);
    ule_store_abort(store);
    holds("a", "one");
    holds("b", NULL);
    first_due(100, "a", 10);
    ck_assert(ule_store_meta_get(store, "m", &out));
    ck_assert(out.size == 1 && out.bytes[0] == 'x');
    ck_assert(!ule_store_meta_get(store, "n", &out));
    ck_assert_uint_eq(ule_store_count(store), 1);
}

START_TEST(due_dates_come_in_order_of_date_then_entity) {
    open_store(_i, 1 << 20);
    put("c", "", 7);
    put("b", "", 7);
    put("z", "", -3);
    put("y", "", ULE_DATE_NONE);
    commit();
    put("a", "", 7);
    put("z2", "", -2);
    first_due(-4, NULL, 0);
    first_due(100, "z", -3);
    put("z", "", ULE_DATE_NONE);
    first_due(100, "z2", -2);
    ule_store_delete(store, "z2");
    first_due(6, NULL, 0);
    first_due(7, "a", 7);
    put("a", "", 9);
    first_due(7, "b", 7);
    put("b", "", 9);
    commit();
    first_due(100, "c", 7);
    put("c", "", 8);
    first_due(100, "c", 8);
    put("c", "", ULE_DATE_MAX);
    first_due(8, NULL, 0);
    first_due(9, "a", 9);
}

struct seen {
    char text[64];
    size_t stop;
};

static bool see(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    (void)snprintf(seen->text + used, sizeof seen->text - used, "%s=%.*s;", entity, (int)size, (const char *)bytes);
    return --seen->stop > 0;
}

START_TEST(each_visits_in_key_order_what_there_is) {
    open_store(_i, 1 << 20);
    put("b", "1", ULE_DATE_NONE);
    put("d", "2", 4);
    put("f", "3", ULE_DATE_NONE);
    commit();
    put("a", "0", ULE_DATE_NONE);
    put("d", "x", ULE_DATE_NONE);
    put("e", "5", ULE_DATE_NONE);
    put("g", "6", ULE_DATE_NONE);
    ule_store_delete(store, "f");
    struct seen seen = {.stop = 100};
    ule_store_each(store, see, &seen);
    ck_assert_str_eq(seen.text, "a=0;b=1;d=x;e=5;g=6;");
    ck_assert_uint_eq(ule_store_count(store), 5);
    seen = (struct seen){.stop = 2};
    ule_store_each(store, see, &seen);
    ck_assert_str_eq(seen.text, "a=0;b=1;");
}

static bool see_change(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    return bytes ? see(context, entity, bytes, size) : see(context, entity, (const uint8_t *)"gone", 4);
}

START_TEST(each_change_visits_in_key_order_what_the_batch_did) {
    open_store(_i, 1 << 20);
    put("b", "1", ULE_DATE_NONE);
    put("d", "2", 4);
    commit();
    struct seen seen = {.stop = 100};
    ule_store_each_change(store, see_change, &seen);
    ck_assert_str_eq(seen.text, "");
    put("d", "x", ULE_DATE_NONE);
    put("a", "0", ULE_DATE_NONE);
    put("a", "1", ULE_DATE_NONE);
    ule_store_delete(store, "b");
    ule_store_meta_put(store, "m", "7", 1);
    ule_store_each_change(store, see_change, &seen);
    ck_assert_str_eq(seen.text, "a=1;b=gone;d=x;");
    seen = (struct seen){.stop = 1};
    ule_store_each_change(store, see_change, &seen);
    ck_assert_str_eq(seen.text, "a=1;");
    ule_store_abort(store);
    seen = (struct seen){.stop = 100};
    ule_store_each_change(store, see_change, &seen);
    ck_assert_str_eq(seen.text, "");
}

/* Against the plainest model there is: an array. */
START_TEST(many_random_changes_end_as_an_array_would) {
    enum { KEYS = 60, STEPS = 20000 };
    struct {
        int there, value;
        int32_t due;
    } now[KEYS] = {0}, last[KEYS] = {0};
    unsigned seed = 20241;
    open_store(_i, 16 << 20);
    for (int step = 0; step < STEPS; step++) {
        int key = rand_r(&seed) % KEYS, what = rand_r(&seed) % 100;
        char entity[16], text[16];
        (void)snprintf(entity, sizeof entity, "k%02d", key);
        if (what < 55) {
            now[key].there = 1;
            now[key].value = step;
            now[key].due = rand_r(&seed) % 3 ? rand_r(&seed) % 40 - 20 : ULE_DATE_NONE;
            (void)snprintf(text, sizeof text, "%d", step);
            put(entity, text, now[key].due);
        } else if (what < 65) {
            now[key].there = 0;
            ule_store_delete(store, entity);
        } else if (what < 68) {
            commit();
            memcpy(last, now, sizeof now);
        } else if (what < 70) {
            ule_store_abort(store);
            memcpy(now, last, sizeof now);
        } else if (what < 85) {
            (void)snprintf(text, sizeof text, "%d", now[key].value);
            holds(entity, now[key].there ? text : NULL);
        } else {
            int best = -1;
            for (int i = 0; i < KEYS; i++) {
                if (now[i].there && now[i].due != ULE_DATE_NONE && now[i].due <= 5 &&
                    (best < 0 || now[i].due < now[best].due))
                    best = i;
            }
            char expected[16];
            (void)snprintf(expected, sizeof expected, "k%02d", best);
            first_due(5, best < 0 ? NULL : expected, best < 0 ? 0 : now[best].due);
        }
    }
}

START_TEST(a_store_on_disk_is_there_after_closing_and_only_its_commits_are) {
    open_store(LMDB, 1 << 20);
    put("a", "one", 3);
    ule_store_meta_put(store, "m", "x", 1);
    commit();
    put("a", "lost", 9);
    ule_store_free(store);
    open_store(LMDB, 1 << 20);
    holds("a", "one");
    first_due(100, "a", 3);
    ck_assert(ule_store_meta_get(store, "m", &out));
    struct stat status;
    char path[160];
    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(dir, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0700);
}

START_TEST(a_full_store_says_so_and_keeps_what_it_had) {
    open_store(LMDB, 1 << 18);
    put("a", "one", 3);
    commit();
    char *large = calloc(1, 1 << 20);
    ck_assert_ptr_nonnull(large);
    ule_store_put(store, "b", large, 1 << 20, 1);
    free(large);
    struct ule_error error = {0};
    ck_assert_int_eq(ule_store_commit(store, &error), ULE_STORE);
    ck_assert_ptr_nonnull(strstr(error.message, "store.map-bytes"));
    holds("a", "one");
    holds("b", NULL);
    put("c", "two", 1);
    commit();
    holds("c", "two");
}

START_TEST(a_key_that_lmdb_cannot_hold_fails_the_batch) {
    open_store(LMDB, 1 << 20);
    char key[600];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    put("fine", "x", 1);
    ck_assert(!ule_store_failed(store));
    put(key, "x", 1);
    ck_assert(ule_store_failed(store));
    struct ule_error error = {0};
    ck_assert_int_eq(ule_store_commit(store, &error), ULE_STORE);
    ck_assert(!ule_store_failed(store));
    holds("fine", NULL);
}

START_TEST(a_folder_that_is_no_store_is_an_error) {
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 10000; i++)
        (void)fputc('x', file);
    (void)fclose(file);
    struct ule_error error = {0};
    struct ule_store *none = NULL;
    ck_assert_int_eq(ule_store_lmdb_open(dir, 1 << 20, false, &none, &error), ULE_STORE);
    ck_assert_ptr_null(none);
}

START_TEST(a_file_that_was_cut_short_is_an_error) {
    char path[160], text[1000], entity[16];
    struct stat status;
    memset(text, 't', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    open_store(LMDB, 1 << 24);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(entity, sizeof entity, "e%d", i);
        put(entity, text, ULE_DATE_NONE);
    }
    commit();
    ule_store_free(store);
    open_store(LMDB, 1 << 24);
    holds("e999", text);
    ule_store_free(store);
    store = NULL;
    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size / 2), 0);
    struct ule_error error = {0};
    ck_assert_int_eq(ule_store_lmdb_open(dir, 1 << 24, false, &store, &error), ULE_STORE);
    ck_assert_ptr_null(store);
    ck_assert_ptr_nonnull(strstr(error.message, "damaged"));
}

/* The eight bytes of a node before its key: the value's size in two halves, flags, the key's size. */
START_TEST(a_value_of_a_damaged_size_is_an_error) {
    static uint8_t bytes[1 << 16];
    char path[160];
    struct ule_error error = {0};
    open_store(LMDB, 1 << 24);
    put("entity", "text", ULE_DATE_NONE);
    commit();
    ule_store_free(store);
    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    FILE *file = fopen(path, "r+e");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    uint8_t *key = memmem(bytes, size, "entity", 6);
    ck_assert_ptr_nonnull(key);
    memset(key - 8, 0xFF, 4);
    rewind(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    open_store(LMDB, 1 << 24);
    ck_assert(!ule_store_get(store, "entity", &out));
    put("other", "text", ULE_DATE_NONE);
    ck_assert_int_eq(ule_store_commit(store, &error), ULE_STORE);
    ck_assert_ptr_nonnull(strstr(error.message, "damaged"));
}

START_TEST(stores_of_a_group_commit_together_or_not_at_all) {
    struct ule_store *group[3];
    struct ule_error error = {0};
    ck_assert_int_eq(ule_store_lmdb_open_group(dir, 3, 1 << 20, false, group, &error), ULE_OK);
    for (int i = 0; i < 3; i++)
        ule_store_put(group[i], "a", &"0123"[i], 1, i);
    ck_assert_uint_eq(ule_store_pending(group[0]), ule_store_pending(group[2]));
    ck_assert_int_eq(ule_store_commit(group[0], &error), ULE_OK);
    ck_assert_int_eq(ule_store_commit(group[1], &error), ULE_OK);
    ck_assert_uint_gt(ule_store_pending(group[0]), 0);
    for (int i = 0; i < 3; i++)
        ule_store_free(group[i]);
    ck_assert_int_eq(ule_store_lmdb_open_group(dir, 3, 1 << 20, false, group, &error), ULE_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert(!ule_store_get(group[i], "a", &out));
        ule_store_put(group[i], "a", &"0123"[i], 1, i);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ule_store_commit(group[i], &error), ULE_OK);
    ule_store_put(group[1], "a", "x", 1, 1);
    ule_store_abort(group[2]);
    for (int i = 0; i < 3; i++) {
        ck_assert(ule_store_get(group[i], "a", &out));
        ck_assert_int_eq(out.bytes[0], '0' + i);
        ule_store_free(group[i]);
    }
}

START_TEST(what_is_pending_grows_with_what_a_batch_touches_and_ends_with_it) {
    open_store(_i, 1 << 20);
    ck_assert_uint_eq(ule_store_pending(store), 0);
    put("a", "one", 3);
    size_t one = ule_store_pending(store);
    ck_assert_uint_gt(one, 0);
    put("a", "six", 9);
    ck_assert_uint_eq(ule_store_pending(store), one);
    put("b", "two", 3);
    ck_assert_uint_eq(ule_store_pending(store), 2 * one);
    ule_store_meta_put(store, "m", "x", 1);
    ck_assert_uint_gt(ule_store_pending(store), 2 * one);
    commit();
    ck_assert_uint_eq(ule_store_pending(store), 0);
    ule_store_delete(store, "a");
    ck_assert_uint_gt(ule_store_pending(store), 0);
    ule_store_abort(store);
    ck_assert_uint_eq(ule_store_pending(store), 0);
}

int main(void) {
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("both");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_is_put_is_read_at_once_and_after_a_commit, 0, KINDS);
    tcase_add_loop_test(tests, an_abort_leaves_what_the_last_commit_left, 0, KINDS);
    tcase_add_loop_test(tests, due_dates_come_in_order_of_date_then_entity, 0, KINDS);
    tcase_add_loop_test(tests, each_visits_in_key_order_what_there_is, 0, KINDS);
    tcase_add_loop_test(tests, each_change_visits_in_key_order_what_the_batch_did, 0, KINDS);
    tcase_add_loop_test(tests, many_random_changes_end_as_an_array_would, 0, KINDS);
    tcase_add_loop_test(tests, what_is_pending_grows_with_what_a_batch_touches_and_ends_with_it, 0, KINDS);
    tcase_add_test(tests, a_store_on_disk_is_there_after_closing_and_only_its_commits_are);
    tcase_add_test(tests, a_full_store_says_so_and_keeps_what_it_had);
    tcase_add_test(tests, a_key_that_lmdb_cannot_hold_fails_the_batch);
    tcase_add_test(tests, a_folder_that_is_no_store_is_an_error);
    tcase_add_test(tests, a_file_that_was_cut_short_is_an_error);
    tcase_add_test(tests, a_value_of_a_damaged_size_is_an_error);
    tcase_add_test(tests, stores_of_a_group_commit_together_or_not_at_all);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
