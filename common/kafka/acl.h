/* SPDX-License-Identifier: MIT */
/* Who may do what on the brokers: the rights of each role (acl.principal.*), just those that it needs, in one table.
 * Kafka's authorizer must refuse what nobody granted (allow.everyone.if.no.acl.found = false). READ and WRITE bring
 * DESCRIBE with them. IDEMPOTENT_WRITE is not among them: from Kafka 2.8 on, whoever may write to a topic has it. */
#ifndef ULE_KAFKA_ACL_H
#define ULE_KAFKA_ACL_H

#include "ops/config.h"

#include <stdbool.h>

/* One difference. `resource`: "topic ule.audit.v1", "group ule-family", "transactional-id ule-family-*" (all that begin
 * so), "cluster". `missing`: else it is granted and not needed. */
typedef void ule_acl_difference(void *context, const char *resource, const char *principal, const char *operation,
                                bool missing);

/* Does the configuration name anybody? Otherwise the functions below ask nothing and find nothing. */
bool ule_acl_configured(const struct ule_config *config);
/* What is missing, and what is more than needed: of our own processes and people whatever they may, of others (those
 * who send and read) what they may on our topics, and of everybody (User:*) likewise. ULE_KAFKA where the brokers
 * cannot be asked, or refuse it: it needs DESCRIBE on the cluster. */
enum ule_code ule_acl_check(const struct ule_config *config, ule_acl_difference *tell, void *context,
                            size_t *differences, struct ule_error *error) ULE_MUST_CHECK;
/* Grants what is missing, and with `revoke` takes away what is more; tells as above, *left how much stays as it is.
 * ALTER on the cluster. */
enum ule_code ule_acl_apply(const struct ule_config *config, bool revoke, ule_acl_difference *tell, void *context,
                            size_t *left, struct ule_error *error) ULE_MUST_CHECK;

#endif
