/* SPDX-License-Identifier: MIT */
#include "ops/metrics.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ule_buffer page;

static const char *render(void) {
    ule_buffer_clear(&page);
    ule_metrics_render(&page);
    ule_buffer_append(&page, "", 1);
    return (const char *)page.bytes;
}

static void teardown(void) {
    ule_metrics_reset();
    ule_buffer_close(&page);
}

START_TEST(what_a_transaction_counts_shows_when_it_is_committed) {
    ule_metric_add(ULE_METRIC_RECORDS_SENT, "a.v1", NULL, 2);
    ck_assert_ptr_nonnull(strstr(render(), "ule_records_sent_total{topic=\"a.v1\"} 0\n"));
    ule_metrics_commit();
    ck_assert_ptr_nonnull(strstr(render(), "ule_records_sent_total{topic=\"a.v1\"} 2\n"));
    ule_metric_add(ULE_METRIC_RECORDS_SENT, "a.v1", NULL, 5);
    ule_metrics_abort();
    ule_metrics_commit();
    ck_assert_ptr_nonnull(strstr(render(), "ule_records_sent_total{topic=\"a.v1\"} 2\n"));
}

START_TEST(each_metric_has_its_help_its_type_and_its_labels) {
    ule_metric_add(ULE_METRIC_DEAD_LETTERS, "a.v1", "UTF8", 1);
    ule_metric_add(ULE_METRIC_DEAD_LETTERS, "b.v1", "UTF8", 3);
    ule_metrics_commit();
    ck_assert_ptr_nonnull(strstr(render(), "# TYPE ule_dead_letters_total counter\n"
                                           "ule_dead_letters_total{topic=\"a.v1\",code=\"UTF8\"} 1\n"
                                           "ule_dead_letters_total{topic=\"b.v1\",code=\"UTF8\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(render(), "# HELP ule_dead_letters_total "));
    ck_assert_ptr_null(strstr(render(), "ule_accounts"));
}

/* Nine digits would be ten seconds wrong. */
START_TEST(a_time_is_told_to_the_millisecond) {
    ule_metric_set(ULE_METRIC_STARTED, NULL, NULL, 1795293688.125);
    ck_assert_ptr_nonnull(strstr(render(), "ule_start_time_seconds 1795293688.125\n"));
    ule_metric_set(ULE_METRIC_STARTED, NULL, NULL, 0.1);
    ck_assert_ptr_nonnull(strstr(render(), "ule_start_time_seconds 0.1\n"));
}

START_TEST(a_label_cannot_break_out_of_its_quotes) {
    ule_metric_set(ULE_METRIC_ACCOUNTS, "a\"} 1\nb\\", NULL, 1);
    ck_assert_ptr_nonnull(strstr(render(), "ule_accounts{state=\"a\\\"} 1\\nb\\\\\"} 1\n"));
}

START_TEST(a_gauge_that_is_no_longer_ours_vanishes) {
    ule_metric_set(ULE_METRIC_LAG, "a.v1", "3", 17);
    ule_metric_set(ULE_METRIC_LAG, "a.v1", "4", 0.5);
    ck_assert_ptr_nonnull(strstr(render(), "ule_lag_records{topic=\"a.v1\",partition=\"3\"} 17\n"));
    ck_assert_ptr_nonnull(strstr(render(), "ule_lag_records{topic=\"a.v1\",partition=\"4\"} 0.5\n"));
    ule_metric_clear(ULE_METRIC_LAG);
    ck_assert_ptr_null(strstr(render(), "ule_lag_records"));
    ule_metric_set(ULE_METRIC_LAG, "a.v1", "3", 18);
    ck_assert_ptr_nonnull(strstr(render(), "ule_lag_records{topic=\"a.v1\",partition=\"3\"} 18\n"));
}

START_TEST(a_histogram_counts_upwards) {
    ule_metric_observe(ULE_METRIC_TRANSACTION_COMMIT, 0.004);
    ule_metric_observe(ULE_METRIC_TRANSACTION_COMMIT, 0.05);
    ule_metric_observe(ULE_METRIC_TRANSACTION_COMMIT, 60);
    ck_assert_ptr_nonnull(strstr(render(), "ule_transaction_commit_seconds_bucket{le=\"0.005\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(render(), "ule_transaction_commit_seconds_bucket{le=\"0.05\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(render(), "ule_transaction_commit_seconds_bucket{le=\"10\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(render(), "ule_transaction_commit_seconds_bucket{le=\"+Inf\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(render(), "ule_transaction_commit_seconds_sum 60.054\n"
                                           "ule_transaction_commit_seconds_count 3\n"));
}

START_TEST(prometheus_has_nothing_to_say_against_any_name_or_help_text) {
    if (system("command -v promtool >/dev/null 2>&1") != 0) /* NOLINT(cert-env33-c,concurrency-mt-unsafe) */
        return;
    ule_metrics_render_all(&page);
    FILE *promtool = popen("promtool check metrics >&2", "w"); /* NOLINT(cert-env33-c) */
    ck_assert_ptr_nonnull(promtool);
    ck_assert_uint_eq(fwrite(page.bytes, 1, page.size, promtool), page.size);
    ck_assert_int_eq(pclose(promtool), 0);
}

int main(void) {
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, what_a_transaction_counts_shows_when_it_is_committed);
    tcase_add_test(tcase, each_metric_has_its_help_its_type_and_its_labels);
    tcase_add_test(tcase, a_time_is_told_to_the_millisecond);
    tcase_add_test(tcase, a_label_cannot_break_out_of_its_quotes);
    tcase_add_test(tcase, a_gauge_that_is_no_longer_ours_vanishes);
    tcase_add_test(tcase, a_histogram_counts_upwards);
    tcase_add_test(tcase, prometheus_has_nothing_to_say_against_any_name_or_help_text);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
