/* SPDX-License-Identifier: MIT */
/* What whoever talks to the brokers needs of a configuration: where they are, and in keys whose names are not ours,
 * topics that there are (topic.NAME) and what librdkafka knows (kafka.NAME). The nearest that is known is named. */
#ifndef ULE_LOOP_KEYS_H
#define ULE_LOOP_KEYS_H

#include "ops/config.h"

/* ULE_CONFIG. */
enum ule_code ule_keys_check(const struct ule_config *config, struct ule_error *error) ULE_MUST_CHECK;

#endif
