/* SPDX-License-Identifier: MIT */
#include "ule/audit_topic.h"

#include "base/clock.h"
#include "kafka/topics.h"
#include "loop/audit.h"
#include "loop/state.h"
#include "registry/registry.h"
#include "ule/audit.h"

#include <string.h>

enum ule_code ule_audit_open(struct ule_audit *audit, const struct ule_config *config, struct ule_producer *producer,
                             struct ule_error *error) {
    int32_t partitions = 0;
    const char *topic = ule_config_topic(config, ULE_AUDIT_TOPIC);
    enum ule_code code = ule_kafka_partitions(ule_producer_client(producer), topic, &partitions, error);
    if (code != ULE_OK)
        return code;
    *audit = (struct ule_audit){.producer = producer, .topic = topic};
    ule_audit_actor(audit->actor, sizeof audit->actor);
    audit->partition = (int32_t)ule_state_partition(audit->actor, (unsigned)partitions);
    struct ule_registry *registry = NULL;
    code = ule_registry_open(config, &registry, error);
    if (code == ULE_OK)
        code = ule_registry_framing(registry, topic, &ule_cpr_transaction_record, &audit->framing, error);
    ule_registry_close(registry);
    return code;
}

enum ule_code ule_audit_send(struct ule_audit *audit, const struct ule_audit_entry *entry, struct ule_error *error) {
    int64_t now = ule_clock_wall();
    struct ule_arena *arena = ule_arena_new();
    struct ule_cpr_transaction transaction;
    audit->version = now > audit->version ? now : audit->version + 1;
    struct ule_caused_by source = entry->source;
    const struct ule_caused_by cause = {.topic = entry->type == ULE_TRANSACTION_TYPE_REDRIVE ? "redrive" : "lookup",
                                        .event_id = ""};
    ule_audit_begin(audit->actor, NULL, now, audit->version, &cause, arena, &transaction);
    transaction.purpose = entry->purpose;
    transaction.type = entry->type;
    transaction.person = entry->person;
    transaction.count = 1;
    transaction.fields = entry->fields;
    transaction.source = &source;
    struct ule_buffer bytes = {0};
    ule_write_framed(&ule_cpr_transaction_record, &audit->framing, &transaction, &bytes);
    enum ule_code code = ule_producer_send(audit->producer,
                                           &(struct ule_message){
                                               .topic = audit->topic,
                                               .partition = audit->partition,
                                               .key = audit->actor,
                                               .key_size = strlen(audit->actor),
                                               .value = bytes.bytes,
                                               .size = bytes.size,
                                               .ts = now,
                                           },
                                           error);
    ule_buffer_close(&bytes);
    ule_arena_free(arena);
    return code;
}
