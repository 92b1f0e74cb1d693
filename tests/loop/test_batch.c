/* SPDX-License-Identifier: MIT */
#include "loop/batch.h"

#include "lib/suite.h"

#include <check.h>

enum { SHORTEST = 2, MOST = 100 };

START_TEST(the_first_ends_where_nothing_is_to_be_read) {
    ck_assert_int_eq(ule_batch_linger(0, 0, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(30, 0, MOST), SHORTEST);
}

START_TEST(one_lasts_as_long_as_the_commit_before_it) {
    ck_assert_int_eq(ule_batch_linger(0, 25, MOST), 25);
    ck_assert_int_eq(ule_batch_linger(10, 25, MOST), 15);
    ck_assert_int_eq(ule_batch_linger(24, 25, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(25, 25, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(99, 25, MOST), SHORTEST);
}

START_TEST(none_lasts_longer_than_any_may) {
    ck_assert_int_eq(ule_batch_linger(0, 60000, MOST), MOST);
    ck_assert_int_eq(ule_batch_linger(40, INT64_MAX, MOST), 60);
    ck_assert_int_eq(ule_batch_linger(MOST, INT64_MAX, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(0, 25, 0), SHORTEST);
}

int main(void) {
    Suite *suite = suite_create("batch");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, the_first_ends_where_nothing_is_to_be_read);
    tcase_add_test(tcase, one_lasts_as_long_as_the_commit_before_it);
    tcase_add_test(tcase, none_lasts_longer_than_any_may);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
