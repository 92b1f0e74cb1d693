/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "lib/suite.h"
#include "ops/health.h"
#include "ops/metrics.h"
#include "ops/notify.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char path[108], text[1024];
static int manager = -1; /* the service manager's end */

static void setup(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(path, sizeof path, "/tmp/ule-test-notify-%ld", (long)getpid());
    memcpy(address.sun_path, path, sizeof path);
    (void)unlink(path);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(manager, 0);
    ck_assert_int_eq(bind(manager, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "200000", 1), 0); /* NOLINT(concurrency-mt-unsafe) */
}

static void teardown(void) {
    (void)close(manager);
    (void)unlink(path);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    ule_health_reset();
    ule_metrics_reset();
}

static void turn(void) {
    (void)nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
    ule_health_turn();
}

/* All that was sent since, with blanks between. */
static const char *received(void) {
    size_t used = 0;
    text[0] = '\0';
    for (ssize_t size;
         used + 1 < sizeof text && (size = recv(manager, text + used, sizeof text - used - 2, MSG_DONTWAIT)) > 0;) {
        used += (size_t)size;
        text[used++] = ' ';
        text[used] = '\0';
    }
    return text;
}

static bool is_ready(void) {
    char why[1024];
    return ule_ready_print(why, sizeof why);
}

START_TEST(a_process_that_was_asked_before_it_said_anything_is_not_ready) {
    char why[64];
    ck_assert(!ule_ready_print(why, sizeof why));
    ck_assert_str_eq(why, "starting\n");
    ck_assert_int_eq(ule_health_age(), 0);
}

START_TEST(what_is_missing_is_said_a_line_each) {
    char why[256];
    ule_ready_set(ULE_READY_ASSIGNED, false, "none\nyet");
    ule_ready_set(ULE_READY_BROKERS, false, "none can be reached");
    ck_assert(!ule_ready_print(why, sizeof why));
    ck_assert_str_eq(why, "brokers: none can be reached\npartitions: none yet\n");
    ule_ready_set(ULE_READY_BROKERS, true, NULL);
    ck_assert(!ule_ready_print(why, sizeof why));
    ck_assert_str_eq(why, "partitions: none yet\n");
    ule_ready_set(ULE_READY_ASSIGNED, true, "ignored");
    ck_assert(ule_ready_print(why, sizeof why));
    ck_assert_str_eq(why, "");
}

START_TEST(what_does_not_fit_is_left_out_by_whole_lines) {
    char why[24];
    ule_ready_set(ULE_READY_BROKERS, false, "no");
    ule_ready_set(ULE_READY_ASSIGNED, false, "a text that is too long for so little room");
    ck_assert(!ule_ready_print(why, sizeof why));
    ck_assert_str_eq(why, "brokers: no\n");
}

START_TEST(the_service_manager_is_told_in_order) {
    if (!ule_notify_is_there())
        return;
    ule_ready_set(ULE_READY_ASSIGNED, false, "none are assigned yet");
    turn();
    const char *said = received();
    ck_assert_ptr_nonnull(strstr(said, "STATUS=partitions: none are assigned yet"));
    ck_assert_ptr_nonnull(strstr(said, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC="));
    ck_assert_ptr_null(strstr(said, "READY=1"));
    ule_ready_set(ULE_READY_ASSIGNED, true, NULL);
    ck_assert(is_ready());
    ck_assert_str_eq(received(), ""); /* only the loop tells */
    turn();
    said = received();
    ck_assert_ptr_eq(strstr(said, "READY=1\nSTATUS=working"), said);
    turn();
    ck_assert_str_eq(received(), "WATCHDOG=1 ");
    ule_ready_set(ULE_READY_ASSIGNED, false, "the group gives them out anew");
    turn();
    said = received();
    ck_assert_ptr_nonnull(strstr(said, "STATUS=partitions: the group gives them out anew"));
    ule_ready_set(ULE_READY_ASSIGNED, true, NULL);
    turn();
    said = received();
    ck_assert_ptr_null(strstr(said, "READY=1")); /* once only */
    ck_assert_ptr_nonnull(strstr(said, "STATUS=working"));
    ule_notify_stopping();
    ule_notify_stopping();
    said = received();
    ck_assert_ptr_eq(strstr(said, "STOPPING=1"), said);
    ck_assert_ptr_null(strstr(said + 1, "STOPPING=1"));
}

START_TEST(a_loop_that_does_not_turn_tells_nobody_that_it_lives) {
    if (!ule_notify_is_there())
        return;
    turn();
    (void)received();
    (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    ck_assert_str_eq(received(), "");
    ck_assert_int_ge(ule_health_age(), 250);
}

int main(void) {
    Suite *suite = suite_create("health");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_process_that_was_asked_before_it_said_anything_is_not_ready);
    tcase_add_test(tcase, what_is_missing_is_said_a_line_each);
    tcase_add_test(tcase, what_does_not_fit_is_left_out_by_whole_lines);
    tcase_add_test(tcase, the_service_manager_is_told_in_order);
    tcase_add_test(tcase, a_loop_that_does_not_turn_tells_nobody_that_it_lives);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
