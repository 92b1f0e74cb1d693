/* SPDX-License-Identifier: MIT */
/* What a broker refuses, in the words of who can grant it: a right that is missing, and to whom. */
#ifndef ULE_KAFKA_RIGHT_H
#define ULE_KAFKA_RIGHT_H

#include "kafka/client.h"

/* Puts "not authorised: User:CN=ule-family needs WRITE on topic ule.audit.v1" in front of `error` (may be NULL) when
 * `failed` says that a right is missing; else nothing. `operation` is what has to be granted, of which what was asked
 * for may be a part (READ and WRITE bring DESCRIBE with them). */
void ule_kafka_needs(rd_kafka_t *client, rd_kafka_resp_err_t failed, const char *operation, const char *resource,
                     const char *name, struct ule_error *error);
/* Likewise for a topic, by what the client is there for: READ or WRITE. */
void ule_kafka_needs_topic(rd_kafka_t *client, rd_kafka_resp_err_t failed, const char *topic, struct ule_error *error);
/* Likewise for a consumer's group. */
void ule_kafka_needs_group(rd_kafka_t *client, rd_kafka_resp_err_t failed, struct ule_error *error);
/* Who the client is to the brokers, as far as its configuration tells, into `name`: "User:CN=ule-family" (they may map
 * it to another name), "User:ANONYMOUS", or "this client". */
void ule_kafka_principal(rd_kafka_t *client, char *name, size_t size);

#endif
