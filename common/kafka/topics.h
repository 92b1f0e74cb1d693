/* SPDX-License-Identifier: MIT */
/* The topics of design.md section 3 as they must be on the brokers: partitions, retention, compaction, sizes. */
#ifndef ULE_KAFKA_TOPICS_H
#define ULE_KAFKA_TOPICS_H

#include "kafka/client.h"

#include <stdbool.h>

enum ule_topic_kind { ULE_TOPIC_INPUT, ULE_TOPIC_INTERNAL, ULE_TOPIC_OUTPUT, ULE_TOPIC_DEAD_LETTER };

struct ule_topic_plan {
    const char *name; /* of design.md section 3; ule_config_topic tells what it is called here */
    enum ule_topic_kind kind;
    bool compacted;
    int64_t retention_ms; /* -1: for ever */
    int64_t max_message_bytes;
};

#define ULE_INBOX_TOPIC        "ule.person-inbox.v1"
#define ULE_CHANGELOG_TOPIC    "ule.person-state.v1"
#define ULE_AUDIT_TOPIC        "ule.audit.v1"
#define ULE_DEAD_LETTER_SUFFIX ".dead-letter.v1"

/* In the order of design.md section 3, the dead-letter topics last. Fixed; never freed. */
const struct ule_topic_plan *ule_topic_plans(size_t *count);
/* By the name of design.md section 3, or by what it is called here (`config` may be NULL); NULL when there is none. */
const struct ule_topic_plan *ule_topic_plan_named(const struct ule_config *config, const char *name);

/* What `check` found, one call a difference. `fatal`: the processes would refuse it, or lose by it. */
typedef void ule_topic_difference(void *context, const char *topic, const char *what, bool fatal);

/* Compares what is there with the plans: partitions (config->partitions: exactly so many for inbox and changelog, at
 * least for the others, where fewer only bound how many processes can share the work), replication (`replication` or
 * more; 0: whatever is there), cleanup.policy, retention.ms, delete.retention.ms, max.message.bytes,
 * min.insync.replicas, message.timestamp.type, and how soon segments are closed and compacted. `keep_for_ever`, or
 * clock = publish: see apply. *differences is how many it called. ULE_KAFKA when the brokers cannot be asked. */
enum ule_code ule_topics_check(rd_kafka_t *client, const struct ule_config *config, int replication, bool keep_for_ever,
                               ule_topic_difference *tell, void *context, size_t *differences,
                               struct ule_error *error) ULE_MUST_CHECK;
/* Makes what is missing (config->partitions, `replication`; 0: the brokers' default) and sets what differs, but for
 * partitions and replication, which it only tells. Other settings of a topic stay. `keep_for_ever`, or clock = publish:
 * nothing is deleted by its age, for recordings older than it, whose times the records keep. */
enum ule_code ule_topics_apply(rd_kafka_t *client, const struct ule_config *config, int replication, bool keep_for_ever,
                               ule_topic_difference *made, void *context, struct ule_error *error) ULE_MUST_CHECK;
/* One topic by a plan under any name and with any number of partitions; one that is there already stays as it is. */
enum ule_code ule_topic_make(rd_kafka_t *client, const struct ule_topic_plan *plan, const char *name,
                             int32_t partitions, int replication, bool keep_for_ever,
                             struct ule_error *error) ULE_MUST_CHECK;

#endif
