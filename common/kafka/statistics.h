/* SPDX-License-Identifier: MIT */
/* What librdkafka knows without asking anybody: how far behind a consumer is, and whether a broker can be reached. Into
 * ops/metrics.h and ops/health.h. */
#ifndef ULE_KAFKA_STATISTICS_H
#define ULE_KAFKA_STATISTICS_H

#include "kafka/client.h"

/* Called by librdkafka from within the consumer's poll, every five seconds where `kafka.statistics.interval.ms` does
 * not say otherwise. */
void ule_kafka_want_statistics(const struct ule_config *config, rd_kafka_conf_t *conf);
/* The text of librdkafka's STATISTICS.md. What is none is left aside. */
void ule_kafka_take_statistics(const char *text, size_t size);

#endif
