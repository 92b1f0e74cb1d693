/* SPDX-License-Identifier: MIT */
#include "kafka/mock.h"
#include "kafka/reader.h"
#include "lib/suite.h"
#include "loop/outbox.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 2500, HELD = 8192, HELD_BYTES = 4 << 20, LARGE = 100000 };

static struct mock mock;
static struct ule_producer *producer;
static struct ule_outbox outbox;
static struct ule_error error;
static int delivered;

static void count_delivered(void *context, void *which, int64_t offset) {
    (void)context, (void)which, (void)offset;
    delivered++;
}

static void setup(void) {
    error = (struct ule_error){0};
    delivered = 0;
    mock_open(&mock, "");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "out", 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(ule_producer_open(mock.config, "ule-test", NULL, count_delivered, NULL, &producer, &error),
                     ULE_OK);
}

static void teardown(void) {
    ule_outbox_close(&outbox);
    ule_producer_close(producer);
    producer = NULL;
    mock_close(&mock);
}

/* With librdkafka, which may have delivered the first of many by now, and counts what it has to tell us as well. */
static int sent(void) {
    return delivered + rd_kafka_outq_len(ule_producer_client(producer));
}

static char large[LARGE];

/* Each kind of message in turn; the same for the same number. `text` has room for both. */
static struct ule_message message_of(int number, char text[static 40]) {
    static const struct ule_header header = {"name", "value", 5};
    struct ule_message message = {.topic = "out", .partition = 1, .key = text, .value = text + 20};
    message.key_size = (size_t)snprintf(text, 20, "key %d", number);
    message.size = (size_t)snprintf(text + 20, 20, "value %d", number);
    switch (number % 100) {
    case 1: message.key = NULL, message.key_size = 0; break;
    case 2: message.value = NULL, message.size = 0; break;
    case 3: message.size = 0; break;
    case 4: message.headers = &header, message.headers_count = 1; break;
    case 5: message.value = large, message.size = sizeof large; break;
    default: break;
    }
    return message;
}

static void put(int number) {
    char text[40];
    struct ule_message message = message_of(number, text);
    ck_assert_int_eq(ule_outbox_put(&outbox, producer, &message, &error), ULE_OK);
    memset(text, '?', sizeof text); /* it was copied */
}

static void check(const rd_kafka_message_t *read, int number) {
    char text[40];
    struct ule_message wanted = message_of(number, text);
    rd_kafka_headers_t *headers;
    ck_assert_int_eq(read->key != NULL, wanted.key != NULL);
    ck_assert_int_eq(read->payload != NULL, wanted.value != NULL);
    ck_assert_uint_eq(read->key_len, wanted.key_size);
    ck_assert_uint_eq(read->len, wanted.size);
    ck_assert(!wanted.key_size || memcmp(read->key, wanted.key, wanted.key_size) == 0);
    ck_assert(!wanted.size || memcmp(read->payload, wanted.value, wanted.size) == 0);
    ck_assert_int_eq(rd_kafka_message_headers(read, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, wanted.headers_count > 0);
}

START_TEST(all_is_written_as_it_was_and_in_order) {
    for (int i = 0; i < MANY; i++)
        put(i);
    ck_assert_int_eq(ule_outbox_send(&outbox, producer, &error), ULE_OK);
    ck_assert_int_eq(ule_producer_flush(producer, 30000, &error), ULE_OK);
    struct ule_kafka_reader *reader;
    ck_assert_int_eq(ule_kafka_reader_open(mock.config, "ule-test", &reader, &error), ULE_OK);
    ck_assert_int_eq(ule_kafka_reader_start(reader, "out", 1, 0, MANY, &error), ULE_OK);
    for (int number = 0; number < MANY;) {
        rd_kafka_message_t *read = NULL;
        int ended;
        ck_assert_int_eq(ule_kafka_reader_next(reader, 1000, &read, &ended, &error), ULE_OK);
        if (read)
            check(read, number++);
        if (read)
            rd_kafka_message_destroy(read);
    }
    ule_kafka_reader_close(reader);
}

START_TEST(nothing_is_sent_before_so_much_has_come_together) {
    for (int i = 0; i < HELD - 1; i++)
        put(100 * i);
    ck_assert_int_eq(sent(), 0);
    put(0);
    ck_assert_int_ge(sent(), HELD);
}

START_TEST(neither_are_more_bytes_held_than_so_many) {
    static char value[60000];
    const struct ule_message message = {
        .topic = "out", .key = "k", .key_size = 1, .value = value, .size = sizeof value};
    int count = 0;
    while (sent() == 0) {
        ck_assert_int_eq(ule_outbox_put(&outbox, producer, &message, &error), ULE_OK);
        ck_assert_int_le(++count, HELD_BYTES / (int)sizeof value + 1);
    }
    ck_assert_int_ge(sent(), count);
}

START_TEST(a_message_with_headers_goes_at_once_behind_what_is_held) {
    put(0);
    put(4);
    ck_assert_int_ge(sent(), 2);
}

START_TEST(what_is_dropped_is_not_sent) {
    put(0);
    ule_outbox_clear(&outbox);
    ck_assert_int_eq(ule_outbox_send(&outbox, producer, &error), ULE_OK);
    ck_assert_int_eq(sent(), 0);
}

START_TEST(what_cannot_be_sent_is_told_and_the_rest_is_dropped) {
    struct ule_message message = {.topic = "out", .partition = 7, .key = "k", .key_size = 1};
    rd_kafka_flush(ule_producer_client(producer), 1000);
    put(0);
    ck_assert_int_eq(ule_outbox_send(&outbox, producer, &error), ULE_OK);
    ck_assert_int_eq(ule_producer_flush(producer, 30000, &error), ULE_OK); /* the topic is known */
    ck_assert_int_eq(ule_outbox_put(&outbox, producer, &message, &error), ULE_OK);
    put(0);
    ck_assert_int_eq(ule_outbox_send(&outbox, producer, &error), ULE_KAFKA);
    ck_assert_msg(strstr(error.message, "topic out partition 7") != NULL, "%s", error.message);
    ck_assert_int_eq(rd_kafka_outq_len(ule_producer_client(producer)), 0);
}

int main(void) {
    Suite *suite = suite_create("outbox");
    TCase *tests = tcase_create("outbox");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, all_is_written_as_it_was_and_in_order);
    tcase_add_test(tests, nothing_is_sent_before_so_much_has_come_together);
    tcase_add_test(tests, neither_are_more_bytes_held_than_so_many);
    tcase_add_test(tests, a_message_with_headers_goes_at_once_behind_what_is_held);
    tcase_add_test(tests, what_is_dropped_is_not_sent);
    tcase_add_test(tests, what_cannot_be_sent_is_told_and_the_rest_is_dropped);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
