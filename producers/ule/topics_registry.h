/* SPDX-License-Identifier: MIT */
/* The part of `ule topics` that asks the schema registry, where one is configured. */
#ifndef ULE_TOPICS_REGISTRY_H
#define ULE_TOPICS_REGISTRY_H

#include "kafka/topics.h"

/* Our schemas of inputs and outputs under their subjects (TopicNameStrategy): one call for each that is not there, or
 * that what is there forbids. With `apply` those that are missing are registered, where registry.register says so.
 * `fatal`: the processes wait for it. What is left as it is begins with "schema:". */
enum ule_code ule_topics_registry(const struct ule_config *config, bool apply, ule_topic_difference *tell,
                                  void *context, struct ule_error *error) ULE_MUST_CHECK;

#endif
