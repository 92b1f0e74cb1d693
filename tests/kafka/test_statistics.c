/* SPDX-License-Identifier: MIT */
#include "kafka/statistics.h"
#include "lib/suite.h"
#include "ops/health.h"
#include "ops/metrics.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct ule_buffer page;
static char why[256];

static void teardown(void) {
    ule_metrics_reset();
    ule_health_reset();
    ule_buffer_close(&page);
}

static const char *take(const char *text) {
    ule_kafka_take_statistics(text, strlen(text));
    ule_buffer_clear(&page);
    ule_metrics_render(&page);
    ule_buffer_append(&page, "", 1);
    return (const char *)page.bytes;
}

/* One partition of topic a.v1, in librdkafka's words. */
static const char *partition(const char *fields) {
    char text[512];
    (void)snprintf(text, sizeof text, "{\"topics\":{\"a.v1\":{\"topic\":\"a.v1\",\"partitions\":{\"7\":{%s}}}}}",
                   fields);
    return take(text);
}

START_TEST(what_is_there_to_be_taken_counts) {
    const char *told = partition(
        "\"desired\":true,\"fetchq_cnt\":3,\"app_offset\":10,\"next_offset\":13,\"ls_offset\":20");
    ck_assert_ptr_nonnull(strstr(told, "\nule_lag_records{topic=\"a.v1\",partition=\"7\"} 10\n"));
}

START_TEST(a_mark_that_nobody_is_given_is_no_lag) {
    const char *told = partition(
        "\"desired\":true,\"fetchq_cnt\":0,\"app_offset\":10,\"next_offset\":11,\"ls_offset\":11");
    ck_assert_ptr_nonnull(strstr(told, "\nule_lag_records{topic=\"a.v1\",partition=\"7\"} 0\n"));
}

START_TEST(a_partition_of_marks_alone_is_read_to_its_end) {
    const char *told = partition(
        "\"desired\":true,\"fetchq_cnt\":0,\"app_offset\":-1001,\"next_offset\":4,\"ls_offset\":5");
    ck_assert_ptr_nonnull(strstr(told, "\nule_lag_records{topic=\"a.v1\",partition=\"7\"} 1\n"));
}

static const char *const unknown[] = {
    "\"desired\":false,\"fetchq_cnt\":0,\"app_offset\":10,\"next_offset\":11,\"ls_offset\":20", /* not ours any more */
    "\"desired\":true,\"fetchq_cnt\":0,\"app_offset\":10,\"next_offset\":11,\"ls_offset\":-1001",
    "\"desired\":true,\"fetchq_cnt\":0,\"app_offset\":-1001,\"next_offset\":-1001,\"ls_offset\":20",
    "",
};

START_TEST(what_is_not_known_is_not_told) {
    ck_assert_ptr_null(strstr(partition(unknown[_i]), "ule_lag_records"));
}

START_TEST(what_is_no_statistics_is_left_aside) {
    static const char *const texts[] = {
        "", "{", "[]", "7", "{\"topics\":[],\"brokers\":null}", "{\"topics\":{\"a\":7},\"brokers\":{\"b\":[]}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_ptr_null(strstr(take(texts[i]), "ule_lag_records"));
}

START_TEST(one_broker_that_is_up_is_enough) {
    (void)take("{\"brokers\":{\"a\":{\"state\":\"INIT\"},\"b\":{\"state\":\"TRY_CONNECT\"}}}");
    ck_assert(!ule_ready_print(why, sizeof why));
    ck_assert_str_eq(why, "brokers: none can be reached\n");
    (void)take("{\"brokers\":{\"a\":{\"state\":\"DOWN\"},\"b\":{\"state\":\"UP\"}}}");
    ck_assert(ule_ready_print(why, sizeof why));
}

int main(void) {
    Suite *suite = suite_create("statistics");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, what_is_there_to_be_taken_counts);
    tcase_add_test(tcase, a_mark_that_nobody_is_given_is_no_lag);
    tcase_add_test(tcase, a_partition_of_marks_alone_is_read_to_its_end);
    tcase_add_loop_test(tcase, what_is_not_known_is_not_told, 0, (int)(sizeof unknown / sizeof *unknown));
    tcase_add_test(tcase, what_is_no_statistics_is_left_aside);
    tcase_add_test(tcase, one_broker_that_is_up_is_enough);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
