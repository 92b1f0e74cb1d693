/* SPDX-License-Identifier: MIT */
#include "loop/batch.h"

#include "lib/suite.h"

#include <check.h>

enum { FEW = 255, MANY = 256, SHORTEST = 2, LEAST = 8, MOST = 100 };

START_TEST(one_lasts_a_little) {
    ck_assert_int_eq(ule_batch_linger(FEW, 0, 0, MOST), LEAST);
    ck_assert_int_eq(ule_batch_linger(MANY, 0, 0, MOST), LEAST);
    ck_assert_int_eq(ule_batch_linger(FEW, 3, 0, MOST), LEAST - 3);
    ck_assert_int_eq(ule_batch_linger(FEW, 0, (int64_t)4 * LEAST, MOST), LEAST);
    ck_assert_int_eq(ule_batch_linger(FEW, 30, 0, MOST), SHORTEST);
}

START_TEST(one_of_few_lasts_a_quarter_of_the_commit_before_it) {
    ck_assert_int_eq(ule_batch_linger(FEW, 0, 100, MOST), 25);
    ck_assert_int_eq(ule_batch_linger(FEW, 10, 100, MOST), 15);
    ck_assert_int_eq(ule_batch_linger(FEW, 24, 100, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(FEW, 99, 100, MOST), SHORTEST);
}

START_TEST(one_of_many_lasts_as_long_as_the_commit_before_it) {
    ck_assert_int_eq(ule_batch_linger(MANY, 0, 25, MOST), 25);
    ck_assert_int_eq(ule_batch_linger(MANY, 10, 25, MOST), 15);
    ck_assert_int_eq(ule_batch_linger(MANY, 24, 25, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(MANY, 99, 25, MOST), SHORTEST);
}

START_TEST(none_lasts_longer_than_any_may) {
    ck_assert_int_eq(ule_batch_linger(MANY, 0, 60000, MOST), MOST);
    ck_assert_int_eq(ule_batch_linger(FEW, 40, INT64_MAX, MOST), 60);
    ck_assert_int_eq(ule_batch_linger(MANY, MOST, INT64_MAX, MOST), SHORTEST);
    ck_assert_int_eq(ule_batch_linger(FEW, 0, 0, 5), 5);
    ck_assert_int_eq(ule_batch_linger(MANY, 0, 100, 0), SHORTEST);
}

int main(void) {
    Suite *suite = suite_create("batch");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, one_lasts_a_little);
    tcase_add_test(tcase, one_of_few_lasts_a_quarter_of_the_commit_before_it);
    tcase_add_test(tcase, one_of_many_lasts_as_long_as_the_commit_before_it);
    tcase_add_test(tcase, none_lasts_longer_than_any_may);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
