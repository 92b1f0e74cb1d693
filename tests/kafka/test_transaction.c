/* SPDX-License-Identifier: MIT */
/* Retriable, abortable and fatal errors at every transactional call: each takes the path of design.md section 5. */
#include "kafka/mock.h"
#include "kafka/producer.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERR(name) RD_KAFKA_RESP_ERR_##name

#define SECRET "made-up payload"

enum { TRANSPORT = RD_KAFKA_RESP_ERR__TRANSPORT };

/* How far it goes. FATAL: not even an abort is possible. */
enum outcome { COMMITTED, NOT_OPENED, NOT_COMMITTED, FATAL };

static const struct vector {
    enum request request;
    int injected;
    enum outcome outcome;
    enum ule_code code;
    enum ule_action action;
    const char *says; /* a part of the message: the resource that a right is missing on, the clock */
} vectors[] = {
    /* init_transactions */
    {REQUEST_FIND_COORDINATOR, ERR(COORDINATOR_NOT_AVAILABLE), COMMITTED, 0, 0, NULL},
    {REQUEST_INIT_PRODUCER_ID, ERR(COORDINATOR_LOAD_IN_PROGRESS), COMMITTED, 0, 0, NULL},
    {REQUEST_INIT_PRODUCER_ID, ERR(CONCURRENT_TRANSACTIONS), COMMITTED, 0, 0, NULL},
    {REQUEST_INIT_PRODUCER_ID, ERR(NOT_COORDINATOR), COMMITTED, 0, 0, NULL},
    {REQUEST_INIT_PRODUCER_ID, TRANSPORT, COMMITTED, 0, 0, NULL},
    {REQUEST_FIND_COORDINATOR, ERR(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), NOT_OPENED, ULE_KAFKA, ULE_ACTION_RESTART,
     "User:ANONYMOUS needs WRITE on transactional-id ule-test-0"},
    {REQUEST_INIT_PRODUCER_ID, ERR(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), NOT_OPENED, ULE_KAFKA, ULE_ACTION_RESTART,
     "needs WRITE on transactional-id ule-test-0"},
    {REQUEST_INIT_PRODUCER_ID, ERR(CLUSTER_AUTHORIZATION_FAILED), NOT_OPENED, ULE_KAFKA, ULE_ACTION_RESTART,
     "on the cluster"},
    {REQUEST_INIT_PRODUCER_ID, ERR(INVALID_TRANSACTION_TIMEOUT), NOT_OPENED, ULE_KAFKA, ULE_ACTION_EXIT, NULL},
    /* AddPartitionsToTxn */
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(CONCURRENT_TRANSACTIONS), COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(COORDINATOR_LOAD_IN_PROGRESS), COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(NOT_COORDINATOR), COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(UNKNOWN_TOPIC_OR_PART), COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, TRANSPORT, COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(TOPIC_AUTHORIZATION_FAILED), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART,
     "not authorised: User:ANONYMOUS needs WRITE on topic out"},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(INVALID_PRODUCER_ID_MAPPING), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART,
     NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(INVALID_PRODUCER_EPOCH), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(PRODUCER_FENCED), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_ADD_PARTITIONS_TO_TXN, ERR(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), FATAL, ULE_KAFKA, ULE_ACTION_RESTART,
     "ule-test-0"},
    /* Produce */
    {REQUEST_PRODUCE, ERR(NOT_ENOUGH_REPLICAS), COMMITTED, 0, 0, NULL},
    {REQUEST_PRODUCE, ERR(NOT_LEADER_FOR_PARTITION), COMMITTED, 0, 0, NULL},
    {REQUEST_PRODUCE, TRANSPORT, COMMITTED, 0, 0, NULL},
    {REQUEST_PRODUCE, ERR(TOPIC_AUTHORIZATION_FAILED), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART,
     "needs WRITE on topic out: "},
    {REQUEST_PRODUCE, ERR(INVALID_TIMESTAMP), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_EXIT, "this host's clock"},
    {REQUEST_PRODUCE, ERR(MSG_SIZE_TOO_LARGE), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_EXIT, "topic out partition 1"},
    {REQUEST_PRODUCE, ERR(INVALID_PRODUCER_EPOCH), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_PRODUCE, ERR(OUT_OF_ORDER_SEQUENCE_NUMBER), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    /* AddOffsetsToTxn */
    {REQUEST_ADD_OFFSETS_TO_TXN, ERR(CONCURRENT_TRANSACTIONS), COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_OFFSETS_TO_TXN, ERR(COORDINATOR_NOT_AVAILABLE), COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_OFFSETS_TO_TXN, TRANSPORT, COMMITTED, 0, 0, NULL},
    {REQUEST_ADD_OFFSETS_TO_TXN, ERR(GROUP_AUTHORIZATION_FAILED), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART,
     "needs READ on group test-group: "},
    {REQUEST_ADD_OFFSETS_TO_TXN, ERR(INVALID_PRODUCER_ID_MAPPING), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_ADD_OFFSETS_TO_TXN, ERR(INVALID_PRODUCER_EPOCH), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_ADD_OFFSETS_TO_TXN, ERR(INVALID_TXN_STATE), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    /* TxnOffsetCommit */
    {REQUEST_TXN_OFFSET_COMMIT, ERR(COORDINATOR_LOAD_IN_PROGRESS), COMMITTED, 0, 0, NULL},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(NOT_COORDINATOR), COMMITTED, 0, 0, NULL},
    {REQUEST_TXN_OFFSET_COMMIT, TRANSPORT, COMMITTED, 0, 0, NULL},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(GROUP_AUTHORIZATION_FAILED), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART,
     "needs READ on group test-group: "},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(TOPIC_AUTHORIZATION_FAILED), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART,
     "needs READ on topic in: "},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(ILLEGAL_GENERATION), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(UNKNOWN_MEMBER_ID), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(FENCED_INSTANCE_ID), NOT_COMMITTED, ULE_FENCED, ULE_ACTION_EXIT, "instance.id"},
    {REQUEST_TXN_OFFSET_COMMIT, ERR(INVALID_PRODUCER_EPOCH), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    /* EndTxn, to commit */
    {REQUEST_END_TXN, ERR(CONCURRENT_TRANSACTIONS), COMMITTED, 0, 0, NULL},
    {REQUEST_END_TXN, ERR(NOT_COORDINATOR), COMMITTED, 0, 0, NULL},
    {REQUEST_END_TXN, ERR(COORDINATOR_LOAD_IN_PROGRESS), COMMITTED, 0, 0, NULL},
    {REQUEST_END_TXN, TRANSPORT, COMMITTED, 0, 0, NULL},
    {REQUEST_END_TXN, ERR(INVALID_PRODUCER_ID_MAPPING), NOT_COMMITTED, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_END_TXN, ERR(INVALID_PRODUCER_EPOCH), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_END_TXN, ERR(PRODUCER_FENCED), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
    {REQUEST_END_TXN, ERR(INVALID_TXN_STATE), FATAL, ULE_KAFKA, ULE_ACTION_RESTART, NULL},
};

/* EndTxn, to abort. */
static const struct {
    int injected;
    enum ule_code code;
} aborts[] = {
    {ERR(CONCURRENT_TRANSACTIONS), ULE_OK},
    {ERR(COORDINATOR_NOT_AVAILABLE), ULE_OK},
    {TRANSPORT, ULE_OK},
    {ERR(INVALID_PRODUCER_ID_MAPPING), ULE_OK},
    {ERR(INVALID_PRODUCER_EPOCH), ULE_KAFKA},
    {ERR(PRODUCER_FENCED), ULE_KAFKA},
    {ERR(INVALID_TXN_STATE), ULE_KAFKA},
    {ERR(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), ULE_KAFKA},
};

static struct mock mock;
static struct ule_producer *producer;
static struct ule_error error;
static rd_kafka_topic_partition_list_t *offsets;
static rd_kafka_consumer_group_metadata_t *group;
static int delivered, opaques[2];

static void setup(void) {
    error = (struct ule_error){0};
    delivered = 0;
    memset(opaques, 0, sizeof opaques);
    mock_open(&mock, "");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "out", 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, "in", 0)->offset = 7;
    group = rd_kafka_consumer_group_metadata_new("test-group");
    mock_capture();
}

static void teardown(void) {
    free(mock_captured());
    ule_producer_close(producer);
    producer = NULL;
    rd_kafka_topic_partition_list_destroy(offsets);
    rd_kafka_consumer_group_metadata_destroy(group);
    mock_close(&mock);
}

static void count(void *context, void *opaque, int64_t offset) {
    (void)context;
    (void)offset;
    delivered++;
    ++*(int *)opaque;
}

static enum ule_code open_producer(void) {
    return ule_producer_open(mock.config, "ule-test", "ule-test-0", count, NULL, &producer, &error);
}

static enum ule_code write_one(int number) {
    return ule_producer_send(producer,
                             &(struct ule_message){.topic = "out",
                                                   .partition = 1,
                                                   .key = "k",
                                                   .key_size = 1,
                                                   .value = SECRET,
                                                   .size = sizeof SECRET - 1,
                                                   .opaque = &opaques[number]},
                             &error);
}

/* A send may tell already what the commit would. */
static enum ule_code run(void) {
    enum ule_code code = ule_producer_begin(producer, &error);
    for (int i = 0; i < 2 && !code; i++)
        code = write_one(i);
    return code ? code : ule_producer_commit(producer, offsets, group, NULL, NULL, &error);
}

START_TEST(an_injected_error_takes_its_path) {
    const struct vector *vector = &vectors[_i];
    const char *name = rd_kafka_err2name(vector->injected);
    mock_inject(&mock, vector->request, vector->injected);
    enum ule_code code = open_producer();
    ck_assert_msg((code != ULE_OK) == (vector->outcome == NOT_OPENED), "%s: %s", name, error.message);
    if (!code)
        code = run();
    ck_assert_msg(code == vector->code, "%s at %d: %s", name, (int)vector->request, error.message);
    if (vector->outcome == COMMITTED) {
        ck_assert_int_eq(delivered, 2);
        ck_assert(opaques[0] == 1 && opaques[1] == 1);
        ck_assert_int_eq(run(), ULE_OK);
        return;
    }
    ck_assert_int_eq(error.code, vector->code);
    ck_assert_msg(error.action == vector->action, "%s: %d: %s", name, (int)error.action, error.message);
    ck_assert_msg(strstr(error.message, vector->says ? vector->says : ""), "%s", error.message);
    if (vector->outcome != NOT_OPENED) {
        struct ule_error told = {0};
        code = ule_producer_abort(producer, &told);
        ck_assert_msg((code != ULE_OK) == (vector->outcome == FATAL), "%s at %d: %s", name, (int)vector->request,
                      told.message);
    }
    ule_producer_close(producer);
    producer = NULL;
    if (vector->outcome == NOT_OPENED)
        return;
    ck_assert_msg(!strstr(error.message, SECRET), "%s", error.message);
    /* The one way on: as from boot. */
    ck_assert_msg(open_producer() == ULE_OK, "%s: %s", name, error.message);
    ck_assert_msg(run() == ULE_OK, "%s: %s", name, error.message);
}

START_TEST(an_error_of_an_abort_is_tried_again_or_told) {
    const char *name = rd_kafka_err2name(aborts[_i].injected);
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_OK);
    ck_assert_int_eq(write_one(0), ULE_OK);
    ck_assert_int_eq(rd_kafka_flush(ule_producer_client(producer), 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
    mock_inject(&mock, REQUEST_END_TXN, aborts[_i].injected);
    enum ule_code code = ule_producer_abort(producer, &error);
    ck_assert_msg(code == aborts[_i].code, "%s: %s", name, error.message);
    if (code)
        ck_assert_msg(error.action == ULE_ACTION_RESTART, "%s: %s", name, error.message);
    else
        ck_assert_msg(run() == ULE_OK, "%s: %s", name, error.message);
}

START_TEST(a_transaction_does_not_begin_after_a_fatal_error_or_within_another) {
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_KAFKA);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
    ck_assert_int_eq(ule_producer_abort(producer, &error), ULE_OK);
    (void)rd_kafka_test_fatal_error(ule_producer_client(producer), ERR(INVALID_PRODUCER_EPOCH), "made up");
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_KAFKA);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
}

START_TEST(nothing_is_committed_without_offsets) {
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_OK);
    offsets->elems[0].offset = RD_KAFKA_OFFSET_INVALID;
    ck_assert_int_eq(ule_producer_commit(producer, offsets, group, NULL, NULL, &error), ULE_KAFKA);
    ck_assert_int_eq(ule_producer_commit(producer, NULL, group, NULL, NULL, &error), ULE_KAFKA);
    offsets->elems[0].offset = 1;
    ck_assert_int_eq(ule_producer_commit(producer, offsets, NULL, NULL, NULL, &error), ULE_KAFKA);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
    ck_assert_int_eq(ule_producer_abort(producer, &error), ULE_OK);
}

START_TEST(an_abort_of_nothing_is_done) {
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(ule_producer_abort(producer, &error), ULE_OK);
    ck_assert_int_eq(run(), ULE_OK);
    ck_assert_int_eq(ule_producer_abort(producer, &error), ULE_OK);
}

static bool refuse(void *context) {
    ++*(int *)context;
    return false;
}

START_TEST(who_waits_for_a_commit_can_end_it) {
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(run(), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_OK);
    ck_assert_int_eq(write_one(0), ULE_OK);
    ck_assert_int_eq(rd_kafka_flush(ule_producer_client(producer), 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(rd_kafka_mock_broker_set_down(mock.cluster, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    int asked = 0;
    ck_assert_int_eq(ule_producer_commit(producer, offsets, group, refuse, &asked, &error), ULE_KAFKA);
    ck_assert_int_eq(asked, 1);
    ck_assert_msg(error.action == ULE_ACTION_RESTART, "%s", error.message);
    ck_assert_int_eq(rd_kafka_mock_broker_set_up(mock.cluster, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
}

START_TEST(without_transactions_the_flush_tells_the_first_failure) {
    ck_assert_int_eq(ule_producer_open(mock.config, "ule-test", NULL, count, NULL, &producer, &error), ULE_OK);
    struct ule_header headers[] = {{"error.code", "TRUNCATED", 9}, {"empty", "", 0}};
    struct ule_message message = {.topic = "out", .partition = 0, .headers = headers, .headers_count = 2};
    message.opaque = &opaques[0];
    ck_assert_int_eq(ule_producer_send(producer, &message, &error), ULE_OK);
    ck_assert_int_eq(ule_producer_flush(producer, 30000, &error), ULE_OK);
    ck_assert_int_eq(delivered, 1);
    mock_inject(&mock, REQUEST_PRODUCE, ERR(TOPIC_AUTHORIZATION_FAILED));
    ck_assert_int_eq(ule_producer_send(producer, &message, &error), ULE_OK);
    ck_assert_int_eq(ule_producer_flush(producer, 30000, &error), ULE_KAFKA);
    ck_assert_msg(strstr(error.message, "topic out partition 0") != NULL, "%s", error.message);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
}

START_TEST(a_message_that_is_too_large_ends_the_process) {
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_OK);
    size_t size = (size_t)17 << 20;
    char *value = calloc(1, size);
    ck_assert_ptr_nonnull(value);
    struct ule_message message = {.topic = "out", .value = value, .size = size};
    enum ule_code code = ule_producer_send(producer, &message, &error);
    free(value);
    ck_assert_int_eq(code, ULE_KAFKA);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
    ck_assert_msg(strstr(error.message, "topic out partition 0") != NULL, "%s", error.message);
}

START_TEST(a_full_queue_is_waited_for) {
    mock_close(&mock);
    mock_open(&mock, "kafka.queue.buffering.max.messages = 10\nkafka.linger.ms = 1\n");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "out", 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(open_producer(), ULE_OK);
    ck_assert_int_eq(ule_producer_begin(producer, &error), ULE_OK);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(write_one(i % 2), ULE_OK);
    ck_assert_int_eq(ule_producer_commit(producer, offsets, group, NULL, NULL, &error), ULE_OK);
    ck_assert_int_eq(delivered, 100);
}

int main(void) {
    Suite *suite = suite_create("transaction");
    TCase *tests = tcase_create("transaction");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, an_injected_error_takes_its_path, 0, (int)(sizeof vectors / sizeof *vectors));
    tcase_add_loop_test(tests, an_error_of_an_abort_is_tried_again_or_told, 0, (int)(sizeof aborts / sizeof *aborts));
    tcase_add_test(tests, a_transaction_does_not_begin_after_a_fatal_error_or_within_another);
    tcase_add_test(tests, nothing_is_committed_without_offsets);
    tcase_add_test(tests, an_abort_of_nothing_is_done);
    tcase_add_test(tests, who_waits_for_a_commit_can_end_it);
    tcase_add_test(tests, without_transactions_the_flush_tells_the_first_failure);
    tcase_add_test(tests, a_message_that_is_too_large_ends_the_process);
    tcase_add_test(tests, a_full_queue_is_waited_for);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
