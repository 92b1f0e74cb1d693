/* SPDX-License-Identifier: MIT */
/* Keys of the configuration whose names are not ours: topic.NAME must be a topic that there is, kafka.NAME one that
 * librdkafka knows. Of one that is neither, the nearest that is known is named. */
#ifndef ULE_LOOP_KEYS_H
#define ULE_LOOP_KEYS_H

#include "ops/config.h"

/* ULE_CONFIG. */
enum ule_code ule_keys_check(const struct ule_config *config, struct ule_error *error) ULE_MUST_CHECK;

#endif
