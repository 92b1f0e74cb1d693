/* SPDX-License-Identifier: MIT */
#include "kafka/consumer.h"

#include "base/clock.h"
#include "kafka/right.h"
#include "kafka/statistics.h"
#include "ops/health.h"
#include "ops/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    COMMITTED_MS = 5000,
    /* It waits for an open transaction to end, which a coordinator does within transaction.timeout.ms and the ten
     * seconds between its looks. */
    COMMITTED_TOTAL_MS = 60000,
    PAUSE_MS = 100,
    KNOWN_MS = 5000, /* a partition that is ours, but is not known to be */
    KNOWN_NAP_MS = 20,
    FENCED_NAP_MS = 20,
    LEAVE_MS = 5000,
    LEAVE_NAP_MS = 20
};

struct ule_consumer {
    rd_kafka_t *client;
    struct ule_consumer_events events;
    rd_kafka_consumer_group_metadata_t *group;
    char reading[320]; /* "cannot read as ... of group ...", for errors */
    bool held;         /* `assigned` returned ULE_OK, `revoked` was not called yet */
    bool failed;       /* in the rebalance callback, with `code` and `error`: the next poll returns them */
    enum ule_code code;
    struct ule_error error;
    struct ule_kafka_mended mended;
};

/* Offsets of the group for all of `partitions`. */
static enum ule_code find_committed(const struct ule_consumer *consumer, rd_kafka_topic_partition_list_t *partitions,
                                    struct ule_error *error) {
    int64_t deadline = ule_clock_steady() + COMMITTED_TOTAL_MS;
    for (;;) {
        rd_kafka_resp_err_t failed = rd_kafka_committed(consumer->client, partitions, COMMITTED_MS);
        const char *topic = "";
        for (int i = 0; i < partitions->cnt && !failed; i++) {
            failed = partitions->elems[i].err;
            topic = partitions->elems[i].topic;
        }
        if (!failed)
            return ULE_OK;
        if (!ule_kafka_mends(failed) || ule_clock_steady() >= deadline || ule_kafka_is_stopping()) {
            enum ule_code code = ule_kafka_fail_code(error, failed, NULL, "cannot get the committed offsets");
            (void)ule_error_at(error, "%s", consumer->reading);
            ule_kafka_needs_topic(consumer->client, failed, topic, error);
            ule_kafka_needs_group(consumer->client, failed, error);
            return code;
        }
        ule_health_turn();
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
}

/* Where the logs begin of those that the group has not read yet, which are marked in assigned. */
static enum ule_code find_beginnings(const struct ule_consumer *consumer, rd_kafka_topic_partition_list_t *partitions,
                                     struct ule_assigned *assigned, struct ule_error *error) {
    rd_kafka_topic_partition_list_t *fresh = rd_kafka_topic_partition_list_new(partitions->cnt);
    for (int i = 0; i < partitions->cnt; i++) {
        assigned[i].fresh = partitions->elems[i].offset < 0;
        if (assigned[i].fresh)
            (void)rd_kafka_topic_partition_list_add(fresh, partitions->elems[i].topic, partitions->elems[i].partition);
    }
    enum ule_code code = ule_kafka_edges(consumer->client, fresh, RD_KAFKA_OFFSET_BEGINNING, error);
    for (int i = 0; i < fresh->cnt && !code; i++) {
        const rd_kafka_topic_partition_t *at = &fresh->elems[i];
        (void)rd_kafka_topic_partition_list_set_offset(partitions, at->topic, at->partition, at->offset);
        if (at->offset > 0)
            ule_log(ULE_LOG_WARNING, "beginning-is-gone", "topic=%s partition=%d offset=%lld", at->topic,
                    (int)at->partition, (long long)at->offset);
    }
    rd_kafka_topic_partition_list_destroy(fresh);
    return code;
}

/* Offsets first, so that nothing is asked for once the fetching has begun; then assign and pause in this order: assign
 * starts partitions whatever was paused before, and pause throws away what was fetched in between. */
static enum ule_code take_over_as(struct ule_consumer *consumer, rd_kafka_topic_partition_list_t *partitions,
                                  struct ule_assigned *assigned, struct ule_error *error) {
    enum ule_code code = find_committed(consumer, partitions, error);
    if (!code)
        code = find_beginnings(consumer, partitions, assigned, error);
    if (code)
        return code;
    rd_kafka_resp_err_t failed = rd_kafka_assign(consumer->client, partitions);
    if (!failed)
        failed = rd_kafka_pause_partitions(consumer->client, partitions);
    for (int i = 0; i < partitions->cnt && !failed; i++)
        failed = partitions->elems[i].err;
    if (failed)
        return ule_kafka_fail_code(error, failed, NULL, "cannot take partitions over");
    /* Not later: it would carry the next generation. */
    consumer->group = rd_kafka_consumer_group_metadata(consumer->client);
    for (int i = 0; i < partitions->cnt; i++) {
        assigned[i].topic = partitions->elems[i].topic;
        assigned[i].partition = partitions->elems[i].partition;
        assigned[i].committed = partitions->elems[i].offset;
    }
    code = consumer->events.assigned(consumer->events.context, assigned, (size_t)partitions->cnt, error);
    consumer->held = code == ULE_OK;
    return code;
}

static enum ule_code take_over(struct ule_consumer *consumer, rd_kafka_topic_partition_list_t *partitions,
                               struct ule_error *error) {
    struct ule_assigned *assigned = calloc((size_t)partitions->cnt + 1, sizeof *assigned);
    if (!assigned)
        abort();
    enum ule_code code = take_over_as(consumer, partitions, assigned, error);
    free(assigned);
    return code;
}

static void give_up(struct ule_consumer *consumer, bool lost) {
    if (consumer->held)
        consumer->events.revoked(consumer->events.context, lost);
    consumer->held = false;
    if (consumer->group)
        rd_kafka_consumer_group_metadata_destroy(consumer->group);
    consumer->group = NULL;
}

static void rebalance(rd_kafka_t *client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t *partitions,
                      void *opaque) {
    struct ule_consumer *consumer = opaque;
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !consumer->failed) {
        consumer->error = (struct ule_error){0};
        consumer->code = take_over(consumer, partitions, &consumer->error);
        consumer->failed = consumer->code != ULE_OK;
    }
    /* The group waits until something is assigned or not; after a failure nothing is read any more. */
    if (what != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS || consumer->failed) {
        give_up(consumer, rd_kafka_assignment_lost(client) != 0);
        (void)rd_kafka_assign(client, NULL);
    }
    rd_kafka_yield(client); /* the poll returns, and says what went wrong */
}

enum ule_code ule_consumer_open(const struct ule_config *config, const char *client_id, const char *group_id,
                                const char *instance_id, const char *const *topics, size_t topics_count,
                                const struct ule_consumer_events *events, struct ule_consumer **out,
                                struct ule_error *error) {
    rd_kafka_conf_t *conf;
    enum ule_code code = ule_kafka_conf(config, client_id, &conf, error);
    if (code)
        return code;
    struct ule_consumer *consumer = calloc(1, sizeof *consumer);
    if (!consumer)
        abort();
    consumer->events = *events;
    (void)snprintf(consumer->reading, sizeof consumer->reading, "cannot read as member %.120s of group %.120s",
                   instance_id, group_id);
    ule_kafka_set(conf, "group.id", group_id);
    ule_kafka_set(conf, "group.instance.id", instance_id);
    ule_kafka_set(conf, "partition.assignment.strategy", "range"); /* eager; cooperative is faulty in 2.0.2 */
    ule_kafka_set(conf, "enable.partition.eof", "false");
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    ule_kafka_want_statistics(config, conf);
    code = ule_kafka_client(RD_KAFKA_CONSUMER, conf, &consumer->client, error);
    if (!code) {
        (void)rd_kafka_poll_set_consumer(consumer->client);
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)topics_count);
        for (size_t i = 0; i < topics_count; i++)
            (void)rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
        rd_kafka_resp_err_t failed = rd_kafka_subscribe(consumer->client, list);
        rd_kafka_topic_partition_list_destroy(list);
        if (failed)
            code = ule_kafka_fail_code(error, failed, NULL, consumer->reading);
    }
    if (code) {
        ule_consumer_close(consumer);
        return code;
    }
    *out = consumer;
    return ULE_OK;
}

void ule_consumer_close(struct ule_consumer *consumer) {
    if (!consumer)
        return;
    if (consumer->client) {
        (void)rd_kafka_consumer_close(consumer->client);
        give_up(consumer, true); /* after a fatal error librdkafka closes without the callback */
        (void)ule_kafka_destroy(consumer->client);
    }
    free(consumer);
}

rd_kafka_t *ule_consumer_client(struct ule_consumer *consumer) {
    return consumer->client;
}

static enum ule_code fail_message(const struct ule_consumer *consumer, const rd_kafka_message_t *message,
                                  struct ule_error *error) {
    char text[512];
    rd_kafka_resp_err_t failed = message->err;
    if (failed == RD_KAFKA_RESP_ERR__FATAL) {
        failed = rd_kafka_fatal_error(consumer->client, text, sizeof text);
        return ule_kafka_fail_code(error, failed, text, consumer->reading);
    }
    if (message->rkt)
        (void)snprintf(text, sizeof text, "topic %.249s partition %d offset %lld: %.160s",
                       rd_kafka_topic_name(message->rkt), (int)message->partition, (long long)message->offset,
                       rd_kafka_message_errstr(message));
    else
        (void)snprintf(text, sizeof text, "%.500s", rd_kafka_message_errstr(message));
    enum ule_code code = ule_kafka_fail_code(error, failed, text, consumer->reading);
    if (message->rkt)
        ule_kafka_needs_topic(consumer->client, failed, rd_kafka_topic_name(message->rkt), error);
    ule_kafka_needs_group(consumer->client, failed, error);
    return code;
}

enum ule_code ule_consumer_poll(struct ule_consumer *consumer, int timeout_ms, rd_kafka_message_t **message,
                                struct ule_error *error) {
    *message = NULL;
    rd_kafka_message_t *polled = consumer->failed ? NULL : rd_kafka_consumer_poll(consumer->client, timeout_ms);
    if (consumer->failed) {
        if (polled)
            rd_kafka_message_destroy(polled);
        consumer->failed = false;
        if (error)
            *error = consumer->error;
        return consumer->code;
    }
    if (!polled)
        return ULE_OK;
    if (!polled->err) {
        *message = polled;
        return ULE_OK;
    }
    enum ule_code code = ULE_OK;
    if (ule_kafka_mends(polled->err))
        ule_kafka_log_mended(&consumer->mended, polled);
    else
        code = fail_message(consumer, polled, error);
    rd_kafka_message_destroy(polled);
    return code;
}

enum ule_code ule_consumer_committed(struct ule_consumer *consumer, const char *topic, int32_t partition,
                                     int64_t *offset, struct ule_error *error) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, topic, partition);
    enum ule_code code = find_committed(consumer, list, error);
    if (!code)
        *offset = list->elems[0].offset >= 0 ? list->elems[0].offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

const rd_kafka_consumer_group_metadata_t *ule_consumer_group(const struct ule_consumer *consumer) {
    return consumer->group;
}

typedef rd_kafka_resp_err_t pause_or_resume(rd_kafka_t *client, rd_kafka_topic_partition_list_t *partitions);

/* A partition that was just assigned is known to librdkafka by its number only when it has heard of the topic again,
 * beside us: of a topic that is new, and has nothing to restore, that may be later than the resume. */
static enum ule_code apply(struct ule_consumer *consumer, pause_or_resume *change, const char *verb, const char *topic,
                           int32_t partition, struct ule_error *error) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_resp_err_t failed;
    for (int64_t deadline = ule_clock_steady() + KNOWN_MS;;) {
        failed = change(consumer->client, list);
        if (!failed)
            failed = list->elems[0].err;
        if (failed != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || ule_clock_steady() >= deadline || ule_kafka_is_stopping())
            break;
        (void)nanosleep(&(struct timespec){.tv_nsec = KNOWN_NAP_MS * 1000000L}, NULL);
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (!failed)
        return ULE_OK;
    char doing[320];
    (void)snprintf(doing, sizeof doing, "cannot %s topic %.249s partition %d", verb, topic, (int)partition);
    return ule_kafka_fail_code(error, failed, NULL, doing);
}

enum ule_code ule_consumer_pause(struct ule_consumer *consumer, const char *topic, int32_t partition,
                                 struct ule_error *error) {
    return apply(consumer, rd_kafka_pause_partitions, "pause", topic, partition, error);
}

enum ule_code ule_consumer_resume(struct ule_consumer *consumer, const char *topic, int32_t partition,
                                  struct ule_error *error) {
    return apply(consumer, rd_kafka_resume_partitions, "resume", topic, partition, error);
}

/* Heartbeats go on beside us. Nothing is polled: a rebalance that is served would let us join again, under the ids that
 * the rival has. */
bool ule_consumer_is_fenced(struct ule_consumer *consumer, int ms) {
    int64_t deadline = ule_clock_steady() + ms;
    for (;;) {
        if (rd_kafka_fatal_error(consumer->client, NULL, 0) == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
            return true;
        if (ule_clock_steady() >= deadline)
            return false;
        (void)nanosleep(&(struct timespec){.tv_nsec = FENCED_NAP_MS * 1000000L}, NULL);
    }
}

static bool is_member(const struct ule_consumer *consumer) {
    char *id = rd_kafka_memberid(consumer->client);
    bool known = id && *id;
    if (id)
        rd_kafka_mem_free(consumer->client, id);
    return known;
}

/* A static member's close says nothing to the group; an unsubscribe does, once the partitions are given back and
 * nothing is fetched any more. A close before that makes it as silent: the group would go on waiting for the member,
 * and give one with its ids the partitions that it had, whatever topics that one asks for. With the goodbye the member
 * id goes. */
enum ule_code ule_consumer_leave(struct ule_consumer *consumer, struct ule_error *error) {
    rd_kafka_resp_err_t failed = rd_kafka_unsubscribe(consumer->client);
    if (failed)
        return ule_kafka_fail_code(error, failed, NULL, consumer->reading);
    int64_t deadline = ule_clock_steady() + LEAVE_MS;
    do {
        rd_kafka_message_t *polled = rd_kafka_consumer_poll(consumer->client, LEAVE_NAP_MS);
        if (polled)
            rd_kafka_message_destroy(polled); /* of a batch that will not be: the next owner reads it */
    } while ((consumer->held || is_member(consumer)) && ule_clock_steady() < deadline);
    return ULE_OK;
}
