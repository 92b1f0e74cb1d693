/* SPDX-License-Identifier: MIT */
/* Look-ups and redrives in ule.audit.v1, one record each (S4 § 4, domain.md section 9). */
#ifndef ULE_AUDIT_TOPIC_H
#define ULE_AUDIT_TOPIC_H

#include "avro/framing.h"
#include "kafka/producer.h"
#include "records.h"

/* Plain; zero-initialised but for what ule_audit_open fills. */
struct ule_audit {
    struct ule_producer *producer; /* borrowed */
    const char *topic;
    struct ule_framing framing;
    int32_t partition; /* of the actor */
    char actor[256];   /* operating-system user */
    int64_t version;   /* of the last record: it rises */
};

enum ule_code ule_audit_open(struct ule_audit *audit, const struct ule_config *config, struct ule_producer *producer,
                             struct ule_error *error) ULE_MUST_CHECK;

struct ule_audit_entry {
    enum ule_transaction_type type;
    const char *purpose;
    const char *person; /* pseudonym */
    struct ule_strings fields;
    struct ule_caused_by source; /* the record that it concerns */
};
/* Sends it; it stands there when the producer's transaction is committed, or after its flush. */
enum ule_code ule_audit_send(struct ule_audit *audit, const struct ule_audit_entry *entry,
                             struct ule_error *error) ULE_MUST_CHECK;

#endif
