/* SPDX-License-Identifier: MIT */
/* The order in which a task is asked (loop/worker.h), on librdkafka's mock broker: what it may keep it is told after
 * the commit and never before, whatever goes wrong in one; and how far it came with each partition is part of the same
 * transaction. */
#include "kafka/mock.h"
#include "lib/suite.h"
#include "loop/worker.h"

#include <check.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 20, STEPS_MAX = 4000, BATCHES = 3, PARTITIONS = 3, NOT_TOUCHED = -1 };

static struct mock mock;
static struct ule_error error;
static struct ule_worker *worker;
static volatile sig_atomic_t stop;
static enum request failing;
static rd_kafka_resp_err_t failure;
static int until; /* committed batches */

/* What the task was asked, a letter each: opened, assigned, take, Commit, Kept, revoked or closed (x). */
static char steps[STEPS_MAX];
static size_t steps_count;

/* Of each partition how far this batch goes, and how far all that was committed does. The last partition is empty. */
static int64_t next[PARTITIONS], reached[PARTITIONS];
static bool sent; /* the offsets, to the transaction */

static void begin_batch(void) {
    for (int i = 0; i < PARTITIONS; i++)
        next[i] = NOT_TOUCHED;
    sent = false;
}

/* In front of librdkafka's, since its mock broker stores no offsets of a transaction. */
rd_kafka_error_t *rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                                       const rd_kafka_consumer_group_metadata_t *cgmetadata,
                                                       int timeout_ms) {
    rd_kafka_error_t *(*real)(rd_kafka_t *, const rd_kafka_topic_partition_list_t *,
                              const rd_kafka_consumer_group_metadata_t *, int);
    int64_t said[PARTITIONS] = {NOT_TOUCHED, NOT_TOUCHED, NOT_TOUCHED};
    for (int i = 0; i < offsets->cnt; i++) {
        ck_assert_str_eq(offsets->elems[i].topic, "in");
        ck_assert_int_lt(offsets->elems[i].partition, PARTITIONS);
        said[offsets->elems[i].partition] = offsets->elems[i].offset;
    }
    for (int i = 0; i < PARTITIONS; i++)
        ck_assert_msg(said[i] == next[i], "partition %d: %d, not %d", i, (int)said[i], (int)next[i]);
    sent = true;
    *(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_send_offsets_to_transaction");
    ck_assert_ptr_nonnull(*(void **)&real);
    return real(rk, offsets, cgmetadata, timeout_ms);
}

static void note(char step) {
    ck_assert_uint_lt(steps_count, STEPS_MAX - 1);
    steps[steps_count++] = step;
}

static enum ule_code opened(void *context, struct ule_worker *opened_worker, struct ule_error *out) {
    (void)context;
    (void)out;
    worker = opened_worker;
    note('o');
    return ULE_OK;
}

static enum ule_code assigned(void *context, const struct ule_assigned *all, size_t count, struct ule_error *out) {
    (void)context;
    note('a');
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < count && code == ULE_OK; i++)
        code = ule_worker_resume(worker, all[i].topic, all[i].partition, out);
    return code;
}

static void dropped(void *context) {
    (void)context;
    note('x');
    begin_batch();
}

static enum ule_code take(void *context, const rd_kafka_message_t *message, struct ule_error *out) {
    (void)context;
    note('t');
    /* Each batch touches two partitions at least: as a Tick does, which is of no record, the other one stays. */
    int32_t partition = message->partition, other = 1 - partition;
    enum ule_code code = ULE_OK;
    if (next[0] == NOT_TOUCHED && next[1] == NOT_TOUCHED) {
        next[other] = reached[other];
        code = ule_worker_position(worker, "in", other, next[other], out);
    }
    next[partition] = message->offset + 1;
    const struct ule_message copy = {.topic = "out", .value = message->payload, .size = message->len};
    if (code == ULE_OK)
        code = ule_worker_send(worker, &copy, out);
    return code == ULE_OK ? ule_worker_position(worker, "in", partition, next[partition], out) : code;
}

static enum ule_code commit(void *context, struct ule_error *out) {
    (void)context;
    (void)out;
    note('C');
    if (failure)
        mock_inject(&mock, failing, failure);
    failure = RD_KAFKA_RESP_ERR_NO_ERROR;
    return ULE_OK;
}

static enum ule_code committed(void *context, struct ule_error *out) {
    (void)context;
    (void)out;
    note('K');
    ck_assert_msg(sent, "committed without offsets: %s", steps);
    for (int i = 0; i < PARTITIONS; i++)
        reached[i] = next[i] == NOT_TOUCHED ? reached[i] : next[i];
    begin_batch();
    stop = --until <= 0;
    return ULE_OK;
}

static void setup(void) {
    error = (struct ule_error){0};
    memset(steps, 0, sizeof steps);
    steps_count = 0;
    stop = 0;
    until = BATCHES;
    memset(reached, 0, sizeof reached);
    begin_batch();
    mock_open(&mock, "instance.id = 1\nbatch.messages = 5\nkafka.heartbeat.interval.ms = 100\n"
                     "kafka.session.timeout.ms = 4000\n");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "in", PARTITIONS, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "out", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    mock_fill(&mock, "in", 0, RECORDS);
    mock_fill(&mock, "in", 1, RECORDS);
    mock_capture();
}

static void teardown(void) {
    free(mock_captured());
    mock_close(&mock);
}

static const struct {
    enum request request;
    rd_kafka_resp_err_t error;
} failures[] = {
    {REQUEST_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION},
    {REQUEST_END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH},
};

START_TEST(what_is_not_committed_is_not_kept) {
    static const char *const topics[] = {"in"};
    static const struct ule_task task = {
        .name = "ule-test",
        .topics = topics,
        .topics_count = 1,
        .opened = opened,
        .assigned = assigned,
        .revoked = dropped,
        .take = take,
        .commit = commit,
        .committed = committed,
        .closed = dropped,
    };
    failing = failures[_i].request;
    failure = failures[_i].error;
    enum ule_code code = ule_worker_run(mock.config, &task, &stop, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    /* The first batch is dropped with all clients, and comes again. */
    const char *lost = strchr(steps, 'C'), *kept = strchr(steps, 'K');
    ck_assert_ptr_nonnull(lost);
    ck_assert_int_eq(lost[1], 'x');
    ck_assert_ptr_nonnull(kept);
    ck_assert_msg(strchr(lost + 1, 'o') && strchr(lost + 1, 'o') < kept, "%s", steps);
    /* Each that is kept was asked for just before. */
    int batches = 0;
    for (const char *at = kept; at; at = strchr(at + 1, 'K'), batches++)
        ck_assert_msg(at[-1] == 'C', "%s", steps);
    ck_assert_int_eq(batches, BATCHES);
}

int main(void) {
    Suite *suite = suite_create("worker");
    TCase *tests = tcase_create("worker");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_is_not_committed_is_not_kept, 0, (int)(sizeof failures / sizeof *failures));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
