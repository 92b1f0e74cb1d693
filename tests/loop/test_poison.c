/* SPDX-License-Identifier: MIT */
/* What a death leaves behind (loop/poison.h). Each death is another process's. */
#include "loop/poison.h"

#include "lib/suite.h"
#include "store/store.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[32], path[64];

static void setup(void) {
    (void)snprintf(folder, sizeof folder, "/tmp/ule-poison-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/poison", folder);
}

static void teardown(void) {
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* By `number`, with the record in work or just done; what the process then ends of. */
static int die(const char *topic, int32_t partition, int64_t offset, const char *entity, int number, bool done) {
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct ule_error error = {0};
        if (ule_poison_open(path, &error) != ULE_OK)
            _exit(1);
        ule_poison_enter(topic, partition, offset, entity);
        if (done)
            ule_poison_leave();
        (void)kill(getpid(), number);
        _exit(2);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    return WTERMSIG(status);
}

/* As a process that is started again: what is known is this one's own, so each test asks in a child. */
static void expect(bool (*holds)(void)) {
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct ule_error error = {0};
        _exit(ule_poison_open(path, &error) == ULE_OK && holds() ? 0 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

static bool two_and_one(void) {
    return ule_poison_deaths("in", 3, 12345678901, "") == 2 && ule_poison_deaths("in", 3, 7, "local:101001/a b") == 1 &&
           ule_poison_deaths("in", 3, 7, "") == 0 && ule_poison_deaths("in", 2, 12345678901, "") == 0 &&
           ule_poison_deaths("other", 3, 12345678901, "") == 0;
}

START_TEST(deaths_are_counted_by_record_and_entity) {
    ck_assert_int_eq(die("in", 3, 12345678901, "", SIGABRT, false), SIGABRT);
    ck_assert_int_eq(die("in", 3, 7, "local:101001/a b", SIGSEGV, false), SIGSEGV);
    ck_assert_int_eq(die("in", 3, 12345678901, "", SIGFPE, false), SIGFPE);
    struct stat about;
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0600);
    expect(two_and_one);
}

static bool none(void) {
    return ule_poison_deaths("in", 0, 1, "") == 0;
}

START_TEST(a_death_from_outside_or_between_records_accuses_nothing) {
    ck_assert_int_eq(die("in", 0, 1, "", SIGKILL, false), SIGKILL);
    ck_assert_int_eq(die("in", 0, 1, "", SIGABRT, true), SIGABRT);
    ck_assert_int_eq(die("in", 0, 1, "", SIGBUS, false), SIGBUS); /* a store's file, not a record */
    ck_assert_int_ne(access(path, F_OK), 0);
    expect(none);
}

/* As a branch with a single child, which LMDB finds impossible, and ends. */
static void damage_page_of(const char *file_path, const char *entity) {
    enum { PAGE = 4096, FLAGS = 10, LOWER = 12, BRANCH = 1, ONE_CHILD = 18 };
    static uint8_t bytes[64 * PAGE];
    FILE *file = fopen(file_path, "r+e");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    uint8_t *key = memmem(bytes, size, entity, strlen(entity));
    ck_assert_ptr_nonnull(key);
    uint8_t *page = key - (key - bytes) % PAGE;
    page[FLAGS] = BRANCH;
    page[LOWER] = ONE_CHILD;
    page[LOWER + 1] = 0;
    rewind(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static _Noreturn void read_damaged(const char *dir) {
    struct ule_error error = {0};
    struct ule_store *store = NULL;
    struct ule_buffer out = {0};
    if (ule_poison_open(path, &error) != ULE_OK || ule_store_lmdb_open(dir, 1 << 20, false, &store, &error) != ULE_OK)
        _exit(1);
    ule_poison_enter("in", 0, 1, "");
    (void)ule_store_get(store, "entity", &out);
    _exit(2);
}

START_TEST(a_death_of_a_damaged_store_accuses_nothing) {
    char dir[120], file[160];
    struct ule_error error = {0};
    struct ule_store *store = NULL;
    (void)snprintf(dir, sizeof dir, "%s/store", folder);
    (void)snprintf(file, sizeof file, "%s/data.mdb", dir);
    ck_assert_int_eq(ule_store_lmdb_open(dir, 1 << 20, false, &store, &error), ULE_OK);
    ule_store_put(store, "entity", "text", 4, ULE_DATE_NONE);
    ck_assert_int_eq(ule_store_commit(store, &error), ULE_OK);
    ule_store_free(store);
    damage_page_of(file, "entity");
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        read_damaged(dir);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status), "%d", status);
    ck_assert_int_ne(access(path, F_OK), 0);
    expect(none);
    ck_assert_int_eq(unlink(file), 0);
    (void)snprintf(file, sizeof file, "%s/lock.mdb", dir);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(rmdir(dir), 0);
}

static bool passes(void) {
    ule_poison_passed("in", 0, 1);
    ule_poison_aborted(); /* the transaction did not go past it */
    ule_poison_committed();
    bool kept = ule_poison_deaths("in", 0, 1, "") == 1 && access(path, F_OK) == 0;
    ule_poison_passed("in", 0, 1);
    ule_poison_passed("other", 0, 9);
    ule_poison_committed();
    kept = kept && ule_poison_deaths("in", 0, 1, "") == 0 && ule_poison_deaths("in", 0, 2, "") == 1 &&
           access(path, F_OK) == 0;
    ule_poison_passed("in", 0, 2);
    ule_poison_committed();
    return kept && access(path, F_OK) != 0;
}

START_TEST(what_a_committed_transaction_goes_past_is_forgotten) {
    ck_assert_int_eq(die("in", 0, 1, "", SIGABRT, false), SIGABRT);
    ck_assert_int_eq(die("in", 0, 2, "", SIGABRT, false), SIGABRT);
    expect(passes);
}

static bool one(void) {
    return ule_poison_deaths("in", 0, 1, "") == 1 && ule_poison_deaths("in", 0, 2, "") == 0;
}

START_TEST(a_line_that_is_not_whole_says_nothing) {
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("in 0 1 \nno line\n\nin 0 2", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    expect(one);
}

int main(void) {
    Suite *suite = suite_create("poison");
    TCase *deaths = tcase_create("deaths");
    tcase_add_checked_fixture(deaths, setup, teardown);
    tcase_add_test(deaths, deaths_are_counted_by_record_and_entity);
    tcase_add_test(deaths, a_death_from_outside_or_between_records_accuses_nothing);
    tcase_add_test(deaths, a_death_of_a_damaged_store_accuses_nothing);
    tcase_add_test(deaths, what_a_committed_transaction_goes_past_is_forgotten);
    tcase_add_test(deaths, a_line_that_is_not_whole_says_nothing);
    suite_add_tcase(suite, deaths);
    return suite_run(suite);
}
