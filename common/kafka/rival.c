/* SPDX-License-Identifier: MIT */
#include "kafka/rival.h"

#include "base/clock.h"
#include "kafka/right.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ASK_MS = 5000,
    BETWEEN_MS = 500,
    SLACK_MS = 3000,  /* until a broker has noticed that a session ended */
    TOTAL_MS = 60000, /* a group that rebalances keeps whoever has joined; brokers that do not answer */
};

enum presence { ABSENT, PRESENT, REBALANCING };

/* RD_KAFKA_RESP_ERR_NO_ERROR, or why it is not known. */
static rd_kafka_resp_err_t presence_of(const rd_kafka_ConsumerGroupDescription_t *group, const char *instance_id,
                                       enum presence *presence) {
    const rd_kafka_error_t *failed = rd_kafka_ConsumerGroupDescription_error(group);
    if (failed)
        return rd_kafka_error_code(failed);
    bool stable = rd_kafka_ConsumerGroupDescription_state(group) == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
    *presence = ABSENT;
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++) {
        const rd_kafka_MemberDescription_t *member = rd_kafka_ConsumerGroupDescription_member(group, i);
        const char *id = rd_kafka_MemberDescription_group_instance_id(member);
        if (id && !strcmp(id, instance_id))
            *presence = stable ? PRESENT : REBALANCING;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t ask(rd_kafka_t *client, const char *group_id, const char *instance_id,
                               enum presence *presence) {
    char text[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, ASK_MS, text, sizeof text);
    rd_kafka_DescribeConsumerGroups(client, &group_id, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * ASK_MS);
    const rd_kafka_DescribeConsumerGroups_result_t *result = event ? rd_kafka_event_DescribeConsumerGroups_result(event)
                                                                   : NULL;
    if (result) {
        size_t count = 0;
        const rd_kafka_ConsumerGroupDescription_t **groups = rd_kafka_DescribeConsumerGroups_result_groups(result,
                                                                                                           &count);
        failed = rd_kafka_event_error(event);
        if (!failed)
            failed = count == 1 ? presence_of(groups[0], instance_id, presence) : RD_KAFKA_RESP_ERR__BAD_MSG;
    }
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    return failed;
}

enum ule_code ule_kafka_rival(const struct ule_config *config, const char *client_id, const char *group_id,
                              const char *instance_id, bool (*waiting)(void *context), void *context, bool *lives,
                              struct ule_error *error) {
    rd_kafka_conf_t *conf;
    enum ule_code code = ule_kafka_conf(config, client_id, &conf, error);
    if (code)
        return code;
    char session[32] = "";
    size_t size = sizeof session;
    (void)rd_kafka_conf_get(conf, "session.timeout.ms", session, &size);
    rd_kafka_t *client;
    code = ule_kafka_client(RD_KAFKA_CONSUMER, conf, &client, error); /* of no group */
    if (code)
        return code;
    char doing[320];
    (void)snprintf(doing, sizeof doing, "cannot ask who is member %.120s of group %.120s", instance_id, group_id);
    int64_t begun = ule_clock_steady(), stable = begun;
    enum presence presence = ABSENT;
    rd_kafka_resp_err_t failed;
    for (;;) {
        int64_t asked = ule_clock_steady();
        failed = ask(client, group_id, instance_id, &presence);
        int64_t now = ule_clock_steady();
        if (failed ? !ule_kafka_mends(failed) : presence == ABSENT)
            break;
        /* No session ends while brokers do not answer, or late: only what is seen all the time counts. */
        if (failed || presence == REBALANCING || now - asked > BETWEEN_MS)
            stable = now;
        if (stable == now ? now - begun >= TOTAL_MS : now - stable >= strtol(session, NULL, 10) + SLACK_MS)
            break;
        if (waiting && !waiting(context)) {
            failed = failed ? failed : RD_KAFKA_RESP_ERR__TIMED_OUT;
            break;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = BETWEEN_MS * 1000000L}, NULL);
    }
    if (failed) {
        code = ule_kafka_fail_code(error, failed, NULL, doing);
        ule_kafka_needs(client, failed, "READ", "group", group_id, error);
    } else {
        *lives = presence != ABSENT;
    }
    (void)ule_kafka_destroy(client);
    return code;
}
