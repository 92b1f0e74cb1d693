/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "kafka/mock.h"
#include "kafka/reader.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS = 3, RECORDS = 50, WAIT_MS = 30000 };

static struct mock mock;
static struct ule_kafka_reader *reader;
static struct ule_error error;

static void setup(void) {
    error = (struct ule_error){0};
    mock_open(&mock, "");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "log", PARTITIONS, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    mock_fill(&mock, "log", 0, RECORDS);
    mock_fill(&mock, "log", 1, RECORDS);
    mock_capture();
    ck_assert_int_eq(ule_kafka_reader_open(mock.config, "ule-test", &reader, &error), ULE_OK);
}

static void teardown(void) {
    ule_kafka_reader_close(reader);
    reader = NULL;
    free(mock_captured());
    mock_close(&mock);
}

/* What came of one partition. */
struct part {
    int64_t next;
    int records, ends;
};

/* Reads on until an end is told (its index), or all are (-1), or it fails (-2). */
static int read_on(struct part parts[static PARTITIONS]) {
    for (int64_t end = ule_clock_steady() + WAIT_MS; ule_clock_steady() < end;) {
        rd_kafka_message_t *message;
        int ended;
        enum ule_code code = ule_kafka_reader_next(reader, 100, &message, &ended, &error);
        if (code)
            return code == ULE_END ? -1 : -2;
        if (message) {
            struct part *part = &parts[message->partition];
            ck_assert_int_eq(message->offset, part->next++);
            part->records++;
            ck_assert_int_eq(ended, -1);
            char text[16];
            int size = snprintf(text, sizeof text, "%d", (int)message->offset);
            ck_assert_uint_eq(message->len, (size_t)size);
            ck_assert_mem_eq(message->payload, text, (size_t)size);
            rd_kafka_message_destroy(message);
        }
        if (ended >= 0)
            return ended;
    }
    ck_abort_msg("nothing more comes");
    return -2;
}

START_TEST(bounds_are_where_a_log_begins_and_ends) {
    int64_t low = -1, high = -1;
    ck_assert_int_eq(ule_kafka_reader_bounds(reader, "log", 0, &low, &high, &error), ULE_OK);
    ck_assert(low == 0 && high == RECORDS);
    ck_assert_int_eq(ule_kafka_reader_bounds(reader, "log", 2, &low, &high, &error), ULE_OK);
    ck_assert(low == 0 && high == 0);
}

/* An answer that is an error must not be taken for an empty log: nothing would be restored from it. */
START_TEST(bounds_are_right_or_an_error) {
    static const rd_kafka_resp_err_t mended[] = {RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                                 RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR__TRANSPORT};
    int64_t low = -1, high = -1;
    for (size_t i = 0; i < sizeof mended / sizeof *mended; i++) {
        for (size_t j = 0; j < sizeof mended / sizeof *mended; j++) {
            mock_inject(&mock, REQUEST_LIST_OFFSETS, mended[i]);
            mock_inject(&mock, REQUEST_LIST_OFFSETS, mended[j]);
            enum ule_code code = ule_kafka_reader_bounds(reader, "log", 0, &low, &high, &error);
            ck_assert_msg(code == ULE_OK, "%zu %zu: %s", i, j, error.message);
            ck_assert_msg(low == 0 && high == RECORDS, "%zu %zu: %d %d", i, j, (int)low, (int)high);
            rd_kafka_mock_clear_request_errors(mock.cluster, REQUEST_LIST_OFFSETS);
        }
    }
    for (int before = 0; before < 2; before++) {
        if (before)
            mock_inject(&mock, REQUEST_LIST_OFFSETS, RD_KAFKA_RESP_ERR_NO_ERROR);
        mock_inject(&mock, REQUEST_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
        low = high = -1;
        ck_assert_int_eq(ule_kafka_reader_bounds(reader, "log", 0, &low, &high, &error), ULE_KAFKA);
        ck_assert(low == -1 && high == -1);
        ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
        ck_assert_msg(strstr(error.message, "topic log partition 0") != NULL, "%s", error.message);
    }
}

START_TEST(partitions_are_read_from_one_offset_to_another) {
    struct part parts[PARTITIONS] = {{.next = 10}, {0}, {0}};
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 0, 10, 30, &error), ULE_OK);
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 2, 0, 0, &error), ULE_OK);
    /* Nothing to read is an end at once; another partition joins on the way. */
    ck_assert_int_eq(read_on(parts), 1);
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 1, 0, RECORDS, &error), ULE_OK);
    const int ended[] = {read_on(parts), read_on(parts)};
    ck_assert(ended[0] + ended[1] == 2 && ended[0] != ended[1]);
    ck_assert_int_eq(parts[0].records, 20);
    ck_assert_int_eq(parts[1].records, RECORDS);
    ck_assert_int_eq(read_on(parts), -1);
    ck_assert_int_eq(read_on(parts), -1);
    /* The same one again, further on. */
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 0, 30, RECORDS, &error), ULE_OK);
    ck_assert_int_eq(read_on(parts), 3);
    ck_assert_int_eq(parts[0].next, RECORDS);
    ck_assert_int_eq(read_on(parts), -1);
}

START_TEST(no_more_comes_of_a_partition_that_was_stopped) {
    struct part parts[PARTITIONS] = {{0}, {0}, {0}};
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 0, 0, RECORDS, &error), ULE_OK);
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 1, 0, RECORDS, &error), ULE_OK);
    rd_kafka_message_t *message = NULL;
    int ended;
    for (int64_t end = ule_clock_steady() + WAIT_MS; !message && ule_clock_steady() < end;)
        ck_assert_int_eq(ule_kafka_reader_next(reader, 100, &message, &ended, &error), ULE_OK);
    ck_assert_ptr_nonnull(message);
    int32_t stopped = message->partition;
    rd_kafka_message_destroy(message);
    ck_assert_int_eq(ule_kafka_reader_stop(reader, "log", stopped, &error), ULE_OK);
    ck_assert_int_eq(read_on(parts), 1 - stopped);
    ck_assert_int_eq(parts[1 - stopped].records, RECORDS);
    ck_assert_int_eq(parts[stopped].records, 0);
    ck_assert_int_eq(read_on(parts), -1);
    /* From where it was, later. */
    parts[stopped].next = 1;
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", stopped, 1, RECORDS, &error), ULE_OK);
    ck_assert_int_eq(read_on(parts), 2);
    ck_assert_int_eq(parts[stopped].records, RECORDS - 1);
}

START_TEST(an_end_that_is_not_there_yet_is_waited_for) {
    struct part parts[PARTITIONS] = {{0}, {0}, {0}};
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 2, 0, 20, &error), ULE_OK);
    rd_kafka_message_t *message;
    int ended;
    ck_assert_int_eq(ule_kafka_reader_next(reader, 300, &message, &ended, &error), ULE_OK);
    ck_assert_ptr_null(message);
    ck_assert_int_eq(ended, -1);
    mock_fill(&mock, "log", 2, 20);
    ck_assert_int_eq(read_on(parts), 0);
    ck_assert_int_eq(parts[2].records, 20);
}

START_TEST(errors_while_reading_are_mended_or_told) {
    struct part parts[PARTITIONS] = {{0}, {0}, {0}};
    mock_inject(&mock, REQUEST_FETCH, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    mock_inject(&mock, REQUEST_FETCH, RD_KAFKA_RESP_ERR__TRANSPORT);
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 0, 0, RECORDS, &error), ULE_OK);
    ck_assert_msg(read_on(parts) == 0, "%s", error.message);
    ck_assert_int_eq(parts[0].records, RECORDS);
    mock_inject(&mock, REQUEST_FETCH, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 1, 0, RECORDS, &error), ULE_OK);
    ck_assert_int_eq(read_on(parts), -2);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
    ck_assert_msg(strstr(error.message, "topic log partition 1") != NULL, "%s", error.message);
}

START_TEST(an_offset_that_the_log_does_not_have_is_told) {
    struct part parts[PARTITIONS] = {{0}, {0}, {0}};
    ck_assert_int_eq(ule_kafka_reader_start(reader, "log", 0, RECORDS + 10, RECORDS + 20, &error), ULE_OK);
    ck_assert_int_eq(read_on(parts), -2);
    ck_assert_int_eq(error.code, ULE_KAFKA);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
    ck_assert_msg(strstr(error.message, "topic log partition 0") != NULL, "%s", error.message);
}

int main(void) {
    Suite *suite = suite_create("reader");
    TCase *tests = tcase_create("reader");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, bounds_are_where_a_log_begins_and_ends);
    tcase_add_test(tests, bounds_are_right_or_an_error);
    tcase_add_test(tests, partitions_are_read_from_one_offset_to_another);
    tcase_add_test(tests, no_more_comes_of_a_partition_that_was_stopped);
    tcase_add_test(tests, an_end_that_is_not_there_yet_is_waited_for);
    tcase_add_test(tests, errors_while_reading_are_mended_or_told);
    tcase_add_test(tests, an_offset_that_the_log_does_not_have_is_told);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
