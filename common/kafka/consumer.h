/* SPDX-License-Identifier: MIT */
/* A static member of a consumer group (design.md section 5): eager assignment, the group's metadata captured when
 * partitions are assigned and kept until they are revoked, offsets committed by a producer's transaction and never
 * here. One thread. */
#ifndef ULE_KAFKA_CONSUMER_H
#define ULE_KAFKA_CONSUMER_H

#include "kafka/client.h"

#include <stdbool.h>

struct ule_consumer;

/* One partition, as it is given out. */
struct ule_assigned {
    const char *topic;
    int32_t partition;
    int64_t committed; /* where to go on: the group's offset, stable; or the beginning of the log where it has none (a
                        * beginning that is gone is logged) */
    bool fresh;        /* it has none */
};

/* Called from within ule_consumer_poll (and revoked from ule_consumer_close). Every partition is paused when it is
 * assigned; the owner resumes it when it is ready. What `assigned` returns, poll returns; after a failure nothing is
 * assigned, and `revoked` is not called for it. A poll in which either was called returns without a record. */
struct ule_consumer_events {
    void *context;
    enum ule_code (*assigned)(void *context, const struct ule_assigned *assigned, size_t count,
                              struct ule_error *error);
    /* All of them are gone; with `lost`, somebody else may have them already. An open transaction must be aborted
     * before this returns. */
    void (*revoked)(void *context, bool lost);
};

/* isolation.level read_committed, auto.offset.reset error, no auto commit, enable.partition.eof false. `instance_id`
 * is group.instance.id. */
enum ule_code ule_consumer_open(const struct ule_config *config, const char *client_id, const char *group_id,
                                const char *instance_id, const char *const *topics, size_t topics_count,
                                const struct ule_consumer_events *events, struct ule_consumer **out,
                                struct ule_error *error) ULE_MUST_CHECK;
/* Leaves nothing behind; a static member stays a member until its session ends. Takes NULL. */
void ule_consumer_close(struct ule_consumer *consumer);
rd_kafka_t *ule_consumer_client(struct ule_consumer *consumer);

/* The next record into *message (rd_kafka_message_destroy), NULL where there is none within `timeout_ms`. Errors of a
 * broker that librdkafka itself mends (a lost connection) are logged and are no errors here; FENCED_INSTANCE_ID, an
 * offset that the log does not have (EXIT: the same is committed after a restart), a missing topic or right are. */
enum ule_code ule_consumer_poll(struct ule_consumer *consumer, int timeout_ms, rd_kafka_message_t **message,
                                struct ule_error *error) ULE_MUST_CHECK;
/* The group's offset of a partition as it is now, -1 where it has none. */
enum ule_code ule_consumer_committed(struct ule_consumer *consumer, const char *topic, int32_t partition,
                                     int64_t *offset, struct ule_error *error) ULE_MUST_CHECK;
/* As captured in the assign callback; NULL while nothing is assigned. */
const rd_kafka_consumer_group_metadata_t *ule_consumer_group(const struct ule_consumer *consumer);
enum ule_code ule_consumer_pause(struct ule_consumer *consumer, const char *topic, int32_t partition,
                                 struct ule_error *error) ULE_MUST_CHECK;
enum ule_code ule_consumer_resume(struct ule_consumer *consumer, const char *topic, int32_t partition,
                                  struct ule_error *error) ULE_MUST_CHECK;
/* Leaves the group, which a static member's close alone does not: unsubscribes and serves the revoke. */
enum ule_code ule_consumer_leave(struct ule_consumer *consumer, struct ule_error *error) ULE_MUST_CHECK;
/* Waits for up to `ms`, polling nothing: did the broker say that a rival with our group.instance.id lives? It says
 * so of ourselves, too: ule_kafka_rival tells. */
bool ule_consumer_is_fenced(struct ule_consumer *consumer, int ms);

#endif
