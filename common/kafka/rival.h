/* SPDX-License-Identifier: MIT */
/* Whether FENCED_INSTANCE_ID means what it says. A member that joins again under its group.instance.id gets a new
 * member id, and a heartbeat under the old one, held up while a broker was away, fences it then: a process whose only
 * rival is itself. */
#ifndef ULE_KAFKA_RIVAL_H
#define ULE_KAFKA_RIVAL_H

#include "kafka/client.h"

/* To be asked when the consumer that was fenced is closed. *lives: another process is a member of the group under
 * `instance_id`: it stays one for longer than the session of a member without heartbeats lasts (session.timeout.ms and
 * three seconds, or a minute while the group rebalances; so long this takes). Otherwise nobody is, and starting again
 * is safe. `waiting` (may be NULL) is called twice a second and ends it by returning false, action RESTART. ULE_KAFKA,
 * action RESTART, when the brokers cannot be asked. */
enum ule_code ule_kafka_rival(const struct ule_config *config, const char *client_id, const char *group_id,
                              const char *instance_id, bool (*waiting)(void *context), void *context, bool *lives,
                              struct ule_error *error) ULE_MUST_CHECK;

#endif
