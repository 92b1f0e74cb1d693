/* SPDX-License-Identifier: MIT */
/* A schema registry, by Confluent's interface (Schema Registry API 7; Apicurio has it under /apis/ccompat/v7): the
 * schema of an id, the id of a schema of ours, and whether what it holds and ours can read each other. The subject of
 * a topic's values is `<topic>-value` (TopicNameStrategy).
 *
 * Its trouble (not reached, too slow, TLS, any status but those that are an answer, an answer that is none) is
 * ULE_REGISTRY, action RETRY: nothing of an answer goes into the message but its status. A call takes
 * registry.timeout-ms at most, and tells /readyz how it went (ULE_READY_REGISTRY of ops/health.h). */
#ifndef ULE_REGISTRY_REGISTRY_H
#define ULE_REGISTRY_REGISTRY_H

#include "avro/framing.h"
#include "ops/config.h"

struct ule_registry;

/* *out is NULL where no registry.url is configured: all functions below take that for "there is none". Asks nothing
 * yet. Borrows `config`. ULE_CONFIG, or ULE_IO when the password cannot be read. */
enum ule_code ule_registry_open(const struct ule_config *config, struct ule_registry **out,
                                struct ule_error *error) ULE_MUST_CHECK;
void ule_registry_close(struct ule_registry *registry); /* takes NULL */

/* Lets `reader` ask it for ids that the reader has not met; those it has met it keeps for life (an id never changes
 * its schema). "No such id" is ULE_SCHEMA_UNKNOWN, and believed for a second at most: it may be registered next. */
void ule_registry_serve(struct ule_registry *registry, struct ule_reader *reader);
/* How values of `topic`, as it is called here, are written: with the id of our schema under its subject; or, without a
 * registry, in single-object encoding. Registers the schema where registry.register says so; else one that is not
 * there is ULE_REGISTRY too: somebody is going to register it. Asked once a topic. */
enum ule_code ule_registry_framing(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                                   struct ule_framing *framing, struct ule_error *error) ULE_MUST_CHECK;

enum ule_registered {
    ULE_REGISTERED,
    ULE_NOT_REGISTERED, /* not under this subject, and what it holds does not forbid it */
    ULE_NOT_COMPATIBLE, /* with the newest version of the subject, by the rule that the registry has for it */
};
/* Whether our schema stands under the topic's subject, or could. */
enum ule_code ule_registry_check(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                                 enum ule_registered *found, struct ule_error *error) ULE_MUST_CHECK;
/* Puts it there. ULE_REGISTRY when the registry refuses. */
enum ule_code ule_registry_register(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                                    struct ule_error *error) ULE_MUST_CHECK;

/* Asks again for the schema that could not be had last, if there is one: a process that boots for it is told before it
 * takes records, and is well again even if the record that needed it is another's by then. */
enum ule_code ule_registry_again(struct ule_registry *registry, struct ule_error *error) ULE_MUST_CHECK;

#endif
