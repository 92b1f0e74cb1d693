/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "kafka/consumer.h"
#include "kafka/mock.h"
#include "kafka/rival.h"
#include "lib/suite.h"

#include <check.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS = 3, RECORDS = 50, WAIT_MS = 30000 };

static struct mock mock;
static struct ule_consumer *consumer;
static struct ule_error error;

/* What the events said. */
static struct {
    int assigned, revoked;
    bool lost, refuse, had_group;
    size_t count;
    int64_t committed[PARTITIONS];
    bool fresh[PARTITIONS];
} seen;

/* So many resumes are told that the partition is not known: in place of librdkafka's own call, which comes to it only
 * when a topic is new and it has just heard of it. */
static int unknown;

rd_kafka_resp_err_t rd_kafka_resume_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions) {
    rd_kafka_resp_err_t (*resume)(rd_kafka_t *, rd_kafka_topic_partition_list_t *);
    void *found = dlsym(RTLD_NEXT, "rd_kafka_resume_partitions");
    memcpy(&resume, &found, sizeof resume);
    if (unknown <= 0)
        return resume(rk, partitions);
    unknown--;
    partitions->elems[0].err = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static enum ule_code assigned(void *context, const struct ule_assigned *partitions, size_t count,
                              struct ule_error *out) {
    (void)context;
    seen.assigned++;
    seen.count = count;
    seen.had_group = consumer && ule_consumer_group(consumer);
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(partitions[i].topic, "in");
        seen.committed[partitions[i].partition] = partitions[i].committed;
        seen.fresh[partitions[i].partition] = partitions[i].fresh;
    }
    if (seen.refuse)
        return ule_fail(out, ULE_STATE, "made up");
    return ULE_OK;
}

static void revoked(void *context, bool lost) {
    (void)context;
    seen.revoked++;
    seen.lost = lost;
}

static void setup(void) {
    error = (struct ule_error){0};
    memset(&seen, 0, sizeof seen);
    mock_open(&mock, "kafka.heartbeat.interval.ms = 100\nkafka.session.timeout.ms = 4000\n");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "in", PARTITIONS, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int32_t i = 0; i < PARTITIONS; i++)
        mock_fill(&mock, "in", i, RECORDS);
    mock_capture();
}

static void teardown(void) {
    ule_consumer_close(consumer);
    consumer = NULL;
    free(mock_captured());
    mock_close(&mock);
}

static enum ule_code open_consumer(void) {
    static const char *const topics[] = {"in"};
    static const struct ule_consumer_events events = {NULL, assigned, revoked};
    return ule_consumer_open(mock.config, "ule-test", "test-group", "test-0", topics, 1, &events, &consumer, &error);
}

/* The group's offset of partition 1, as a member of long ago left it. */
static void commit_offset(int64_t offset) {
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    ule_kafka_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(mock.cluster));
    ule_kafka_set(conf, "group.id", "test-group");
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    ck_assert_ptr_nonnull(client);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "in", 1)->offset = offset;
    rd_kafka_resp_err_t failed = rd_kafka_commit(client, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    ck_assert_msg(!failed, "%s", rd_kafka_err2str(failed));
}

/* Polls, taking nothing, until the partitions are assigned or the poll fails. */
static enum ule_code join(void) {
    enum ule_code code = ULE_OK;
    for (int64_t end = ule_clock_steady() + WAIT_MS; !seen.assigned && !code && ule_clock_steady() < end;) {
        rd_kafka_message_t *message;
        code = ule_consumer_poll(consumer, 100, &message, &error);
        ck_assert_ptr_null(message);
    }
    return code;
}

START_TEST(a_partition_that_is_not_known_yet_is_resumed_when_it_is) {
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    unknown = 5;
    ck_assert_msg(ule_consumer_resume(consumer, "in", 0, &error) == ULE_OK, "%s", error.message);
    ck_assert_int_eq(unknown, 0);
    rd_kafka_message_t *message = NULL;
    for (int64_t end = ule_clock_steady() + WAIT_MS; !message && ule_clock_steady() < end;)
        ck_assert_int_eq(ule_consumer_poll(consumer, 100, &message, &error), ULE_OK);
    ck_assert_ptr_nonnull(message);
    rd_kafka_message_destroy(message);
}

START_TEST(partitions_come_paused_with_the_offsets_of_the_group) {
    commit_offset(20);
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_ptr_null(ule_consumer_group(consumer));
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    ck_assert_int_eq(seen.assigned, 1);
    ck_assert_uint_eq(seen.count, PARTITIONS);
    ck_assert(seen.had_group);
    ck_assert_ptr_nonnull(ule_consumer_group(consumer));
    ck_assert_int_eq(seen.committed[0], 0);
    ck_assert_int_eq(seen.committed[1], 20);
    ck_assert(seen.fresh[0] && !seen.fresh[1]);
    /* Nothing before the owner is ready, however long it polls. */
    for (int i = 0; i < 20; i++) {
        rd_kafka_message_t *message;
        ck_assert_int_eq(ule_consumer_poll(consumer, 50, &message, &error), ULE_OK);
        ck_assert_ptr_null(message);
    }
    /* One partition after the other, each from its offset on, each record once and in order; paused once more on the
     * way. */
    int64_t next[PARTITIONS] = {0, 20, 0};
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        ck_assert_int_eq(ule_consumer_resume(consumer, "in", partition, &error), ULE_OK);
        int taken = 0;
        for (int64_t end = ule_clock_steady() + WAIT_MS; next[partition] < RECORDS && ule_clock_steady() < end;) {
            rd_kafka_message_t *message;
            ck_assert_int_eq(ule_consumer_poll(consumer, 100, &message, &error), ULE_OK);
            if (!message)
                continue;
            ck_assert_int_eq(message->partition, partition);
            ck_assert_int_eq(message->offset, next[partition]++);
            rd_kafka_message_destroy(message);
            if (++taken != 10)
                continue;
            ck_assert_int_eq(ule_consumer_pause(consumer, "in", partition, &error), ULE_OK);
            for (int i = 0; i < 5; i++) {
                ck_assert_int_eq(ule_consumer_poll(consumer, 20, &message, &error), ULE_OK);
                ck_assert_ptr_null(message);
            }
            ck_assert_int_eq(ule_consumer_resume(consumer, "in", partition, &error), ULE_OK);
        }
        ck_assert_int_eq(next[partition], RECORDS);
    }
    ule_consumer_close(consumer);
    consumer = NULL;
    ck_assert_int_eq(seen.revoked, 1);
    ck_assert(!seen.lost);
}

START_TEST(what_the_owner_refuses_the_poll_returns) {
    seen.refuse = true;
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_int_eq(join(), ULE_STATE);
    ck_assert_str_eq(error.message, "made up");
    ck_assert_ptr_null(ule_consumer_group(consumer));
    ule_consumer_close(consumer);
    consumer = NULL;
    ck_assert_int_eq(seen.revoked, 0);
}

START_TEST(partitions_that_are_lost_are_said_to_be) {
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    mock_inject(&mock, REQUEST_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    for (int64_t end = ule_clock_steady() + WAIT_MS; !seen.revoked && ule_clock_steady() < end;) {
        rd_kafka_message_t *message;
        ck_assert_int_eq(ule_consumer_poll(consumer, 100, &message, &error), ULE_OK);
        ck_assert_ptr_null(message);
    }
    ck_assert_int_eq(seen.revoked, 1);
    ck_assert(seen.lost);
    ck_assert_ptr_null(ule_consumer_group(consumer));
    /* It joins again. */
    seen.assigned = 0;
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    ck_assert_int_eq(seen.assigned, 1);
    ck_assert_ptr_nonnull(ule_consumer_group(consumer));
}

/* As librdkafka would hand it to another process: what it identifies a member by. */
static size_t write_group(const rd_kafka_consumer_group_metadata_t *group, char *text, size_t size) {
    void *bytes = NULL;
    size_t written = 0;
    ck_assert_ptr_null(rd_kafka_consumer_group_metadata_write(group, &bytes, &written));
    ck_assert_uint_le(written, size);
    memcpy(text, bytes, written);
    rd_kafka_mem_free(NULL, bytes);
    return written;
}

/* The group goes on without a member that is busy with its batch, and librdkafka, beside it, with the group: the batch
 * is committed as by who it was when the partitions were given out, or nothing would fence it. */
START_TEST(a_batch_is_of_the_generation_that_gave_the_partitions_out) {
    char before[256], after[256], now[256];
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    size_t size = write_group(ule_consumer_group(consumer), before, sizeof before), now_size;
    mock_inject(&mock, REQUEST_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    bool same = true;
    for (int64_t end = ule_clock_steady() + WAIT_MS; same && ule_clock_steady() < end;) { /* nothing is polled */
        rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(ule_consumer_client(consumer));
        now_size = write_group(group, now, sizeof now);
        rd_kafka_consumer_group_metadata_destroy(group);
        same = now_size == size && memcmp(now, before, size) == 0;
    }
    ck_assert_msg(!same, "librdkafka did not go on");
    ck_assert_uint_eq(write_group(ule_consumer_group(consumer), after, sizeof after), size);
    ck_assert_mem_eq(after, before, size);
}

/* More members than partitions: who has none is a member like the others. */
START_TEST(a_member_may_have_no_partition) {
    static const char *const topics[] = {"in"};
    static const struct ule_consumer_events none = {NULL, assigned, revoked};
    struct ule_consumer *all[PARTITIONS + 1] = {NULL};
    size_t given = 0;
    for (int i = 0; i <= PARTITIONS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "test-%d", i);
        ck_assert_int_eq(ule_consumer_open(mock.config, id, "test-group", id, topics, 1, &none, &all[i], &error),
                         ULE_OK);
    }
    for (int64_t end = ule_clock_steady() + WAIT_MS; given <= PARTITIONS && ule_clock_steady() < end;) {
        given = 0;
        for (int i = 0; i <= PARTITIONS; i++) {
            rd_kafka_message_t *message;
            enum ule_code code = ule_consumer_poll(all[i], 20, &message, &error);
            ck_assert_msg(code == ULE_OK, "%s", error.message);
            ck_assert_ptr_null(message);
            given += ule_consumer_group(all[i]) != NULL;
        }
    }
    for (int i = 0; i <= PARTITIONS; i++)
        ule_consumer_close(all[i]);
    ck_assert_uint_eq(given, PARTITIONS + 1);
}

START_TEST(a_rival_with_our_instance_id_ends_the_process) {
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    ck_assert(!ule_consumer_is_fenced(consumer, 50));
    mock_inject(&mock, REQUEST_HEARTBEAT, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    ck_assert(ule_consumer_is_fenced(consumer, WAIT_MS));
    enum ule_code code = ULE_OK;
    for (int64_t end = ule_clock_steady() + WAIT_MS; !code && ule_clock_steady() < end;) {
        rd_kafka_message_t *message;
        code = ule_consumer_poll(consumer, 100, &message, &error);
        ck_assert_ptr_null(message);
    }
    ck_assert_int_eq(code, ULE_FENCED);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
    ck_assert_msg(strstr(error.message, "member test-0 of group test-group") != NULL, "%s", error.message);
    ule_consumer_close(consumer);
    consumer = NULL;
    ck_assert_int_eq(seen.revoked, 1);
    ck_assert(seen.lost);
}

START_TEST(what_librdkafka_mends_does_not_end_the_joining) {
    mock_inject(&mock, REQUEST_FIND_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    mock_inject(&mock, REQUEST_JOIN_GROUP, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    mock_inject(&mock, REQUEST_OFFSET_FETCH, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    mock_inject(&mock, REQUEST_LIST_OFFSETS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    commit_offset(20);
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    ck_assert_int_eq(seen.assigned, 1);
    ck_assert_int_eq(seen.committed[0], 0); /* not the end, which another answer told */
    ck_assert_int_eq(seen.committed[1], 20);
    ck_assert_int_eq(seen.committed[2], 0);
}

static const struct {
    enum request request;
    rd_kafka_resp_err_t injected;
    enum ule_action action;
    const char *says;
} errors[] = {
    {REQUEST_FIND_COORDINATOR, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ULE_ACTION_RESTART, "group test-group"},
    {REQUEST_OFFSET_FETCH, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ULE_ACTION_RESTART, "group test-group"},
    {REQUEST_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ULE_ACTION_RESTART, "topic in partition"},
    {REQUEST_JOIN_GROUP, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ULE_ACTION_EXIT, "instance.id"},
};

START_TEST(another_error_while_joining_is_told) {
    mock_inject(&mock, errors[_i].request, errors[_i].injected);
    ck_assert_int_eq(open_consumer(), ULE_OK);
    const char *name = rd_kafka_err2name(errors[_i].injected);
    ck_assert_msg(join() != ULE_OK, "%s", name);
    ck_assert_int_eq(seen.assigned, 0);
    ck_assert_msg(error.action == errors[_i].action, "%s: %s", name, error.message);
    ck_assert_msg(strstr(error.message, errors[_i].says) != NULL, "%s: %s", name, error.message);
}

START_TEST(an_offset_that_is_not_in_the_log_ends_the_process) {
    commit_offset(RECORDS + 1000);
    ck_assert_int_eq(open_consumer(), ULE_OK);
    ck_assert_msg(join() == ULE_OK, "%s", error.message);
    ck_assert_int_eq(ule_consumer_resume(consumer, "in", 1, &error), ULE_OK);
    enum ule_code code = ULE_OK;
    for (int64_t end = ule_clock_steady() + WAIT_MS; !code && ule_clock_steady() < end;) {
        rd_kafka_message_t *message;
        code = ule_consumer_poll(consumer, 100, &message, &error);
        ck_assert_ptr_null(message);
    }
    ck_assert_int_eq(code, ULE_KAFKA);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
    ck_assert_msg(strstr(error.message, "topic in partition 1 offset 1050") != NULL, "%s", error.message);
}

static bool refuse(void *context) {
    ++*(int *)context;
    return false;
}

/* The mock describes no groups: what a broker says to it is shown on Apache Kafka only. */
START_TEST(a_rival_that_cannot_be_asked_for_is_an_error) {
    bool lives = true;
    int asked = 0;
    ck_assert_int_eq(rd_kafka_mock_broker_set_down(mock.cluster, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(ule_kafka_rival(mock.config, "ule-test", "test-group", "test-0", refuse, &asked, &lives, &error),
                     ULE_KAFKA);
    ck_assert_int_eq(asked, 1);
    ck_assert(lives);
    ck_assert_int_eq(error.action, ULE_ACTION_RESTART);
    ck_assert_msg(strstr(error.message, "member test-0 of group test-group") != NULL, "%s", error.message);
}

int main(void) {
    Suite *suite = suite_create("consumer");
    TCase *tests = tcase_create("consumer");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, partitions_come_paused_with_the_offsets_of_the_group);
    tcase_add_test(tests, a_partition_that_is_not_known_yet_is_resumed_when_it_is);
    tcase_add_test(tests, what_the_owner_refuses_the_poll_returns);
    tcase_add_test(tests, partitions_that_are_lost_are_said_to_be);
    tcase_add_test(tests, a_batch_is_of_the_generation_that_gave_the_partitions_out);
    tcase_add_test(tests, a_member_may_have_no_partition);
    tcase_add_test(tests, a_rival_with_our_instance_id_ends_the_process);
    tcase_add_test(tests, what_librdkafka_mends_does_not_end_the_joining);
    tcase_add_loop_test(tests, another_error_while_joining_is_told, 0, (int)(sizeof errors / sizeof *errors));
    tcase_add_test(tests, an_offset_that_is_not_in_the_log_ends_the_process);
    tcase_add_test(tests, a_rival_that_cannot_be_asked_for_is_an_error);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
