/* SPDX-License-Identifier: MIT */
/* Who is a rival (common/kafka/rival.h): the answers of a group's coordinator are made up here, in place of
 * librdkafka's calls that ask for them. */
#include "kafka/rival.h"

#include "base/clock.h"
#include "kafka/mock.h"
#include "lib/suite.h"

#include <check.h>
#include <string.h>

enum { SESSION_MS = 1000, SLACK_MS = 3000, FOR_EVER = 1000000 };

static const char me[] = "ule-family-1";

/* The next answers: so many errors, then so many times the group rebalances, then so many times it is stable with
 * somebody who has our id; after that there is nobody. */
static struct {
    int errors, rebalances, present;
    bool another; /* some other member is always there */
    int asked;
} group;
static rd_kafka_resp_err_t answer;

void rd_kafka_DescribeConsumerGroups(rd_kafka_t *rk, const char **groups, size_t groups_cnt,
                                     const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *rkqu) {
    (void)rk;
    (void)groups;
    (void)options;
    (void)rkqu;
    ck_assert_uint_eq(groups_cnt, 1);
    group.asked++;
    answer = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (group.errors) {
        group.errors--;
        answer = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
    } else if (group.rebalances) {
        group.rebalances--;
    } else if (group.present) {
        group.present--;
    }
}

rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *rkqu, int timeout_ms) {
    (void)timeout_ms;
    return (rd_kafka_event_t *)(void *)rkqu;
}

void rd_kafka_event_destroy(rd_kafka_event_t *rkev) {
    (void)rkev;
}

rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *rkev) {
    (void)rkev;
    return answer;
}

const rd_kafka_DescribeConsumerGroups_result_t *rd_kafka_event_DescribeConsumerGroups_result(rd_kafka_event_t *rkev) {
    return (const rd_kafka_DescribeConsumerGroups_result_t *)(void *)rkev;
}

const rd_kafka_ConsumerGroupDescription_t **rd_kafka_DescribeConsumerGroups_result_groups(
    const rd_kafka_DescribeConsumerGroups_result_t *result, size_t *cntp) {
    static const rd_kafka_ConsumerGroupDescription_t *all[1];
    all[0] = (const rd_kafka_ConsumerGroupDescription_t *)(const void *)result;
    *cntp = 1;
    return all;
}

const rd_kafka_error_t *rd_kafka_ConsumerGroupDescription_error(const rd_kafka_ConsumerGroupDescription_t *grpdesc) {
    (void)grpdesc;
    return NULL;
}

rd_kafka_consumer_group_state_t rd_kafka_ConsumerGroupDescription_state(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc) {
    (void)grpdesc;
    return group.rebalances ? RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE : RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
}

size_t rd_kafka_ConsumerGroupDescription_member_count(const rd_kafka_ConsumerGroupDescription_t *grpdesc) {
    (void)grpdesc;
    return 2;
}

const rd_kafka_MemberDescription_t *rd_kafka_ConsumerGroupDescription_member(
    const rd_kafka_ConsumerGroupDescription_t *grpdesc, size_t idx) {
    static char members[2];
    (void)grpdesc;
    return (const rd_kafka_MemberDescription_t *)(void *)&members[idx];
}

const char *rd_kafka_MemberDescription_group_instance_id(const rd_kafka_MemberDescription_t *member) {
    static const char *first;
    const char *at = (const char *)(const void *)member;
    if (!first || at < first)
        first = at;
    if (at != first)
        return group.another ? "ule-family-10" : NULL;
    return group.present || group.rebalances ? me : NULL;
}

static bool verdict(int *milliseconds) {
    struct ule_config *config = mock_config("kafka.bootstrap.servers = 127.0.0.1:1\nkafka.session.timeout.ms = 1000\n");
    struct ule_error error = {0};
    bool lives = false;
    int64_t began = ule_clock_steady();
    enum ule_code code = ule_kafka_rival(config, me, "ule-family", me, NULL, NULL, &lives, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    *milliseconds = (int)(ule_clock_steady() - began);
    ule_config_free(config);
    return lives;
}

START_TEST(nobody_with_our_id_is_no_rival) {
    int took;
    group.another = true;
    ck_assert(!verdict(&took));
    ck_assert_int_eq(group.asked, 1);
}

START_TEST(who_was_there_for_less_than_a_session_was_ourselves) {
    int took;
    group.present = 2; /* a second */
    ck_assert(!verdict(&took));
    ck_assert_int_eq(group.asked, 2);
}

START_TEST(who_is_there_for_longer_than_a_session_is_a_rival) {
    int took;
    group.present = FOR_EVER;
    ck_assert(verdict(&took));
    ck_assert_int_ge(took, SESSION_MS + SLACK_MS);
}

START_TEST(while_brokers_do_not_answer_or_the_group_rebalances_nobody_is_a_rival) {
    int took;
    /* Each of the first two for longer than a session; seen and stable for less. */
    group.errors = 9;
    group.rebalances = 9;
    group.present = 2;
    ck_assert(!verdict(&took));
    ck_assert_int_ge(took, SESSION_MS + SLACK_MS);
}

static void forget(void) {
    memset(&group, 0, sizeof group);
}

int main(void) {
    Suite *suite = suite_create("rival");
    TCase *verdicts = tcase_create("verdicts");
    tcase_set_timeout(verdicts, 120);
    tcase_add_checked_fixture(verdicts, forget, NULL);
    tcase_add_test(verdicts, nobody_with_our_id_is_no_rival);
    tcase_add_test(verdicts, who_was_there_for_less_than_a_session_was_ourselves);
    tcase_add_test(verdicts, who_is_there_for_longer_than_a_session_is_a_rival);
    tcase_add_test(verdicts, while_brokers_do_not_answer_or_the_group_rebalances_nobody_is_a_rival);
    suite_add_tcase(suite, verdicts);
    return suite_run(suite);
}
