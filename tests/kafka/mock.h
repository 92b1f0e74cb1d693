/* SPDX-License-Identifier: MIT */
/* librdkafka's mock cluster: call order and injected errors only. It stores no offsets of a transaction, hides no
 * aborted record and fences nobody (design.md section 5). For checked fixtures. */
#ifndef TESTS_KAFKA_MOCK_H
#define TESTS_KAFKA_MOCK_H

#include "ops/config.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/* The requests of Kafka's protocol that errors are injected into. */
enum request {
    REQUEST_PRODUCE = 0,
    REQUEST_FETCH = 1,
    REQUEST_LIST_OFFSETS = 2,
    REQUEST_METADATA = 3,
    REQUEST_OFFSET_FETCH = 9,
    REQUEST_FIND_COORDINATOR = 10,
    REQUEST_JOIN_GROUP = 11,
    REQUEST_HEARTBEAT = 12,
    REQUEST_INIT_PRODUCER_ID = 22,
    REQUEST_ADD_PARTITIONS_TO_TXN = 24,
    REQUEST_ADD_OFFSETS_TO_TXN = 25,
    REQUEST_END_TXN = 26,
    REQUEST_TXN_OFFSET_COMMIT = 28,
};

struct mock {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *cluster;
    struct ule_config *config; /* leads to the cluster */
};

/* One broker, and a configuration of `more` lines besides, which may be "". */
void mock_open(struct mock *mock, const char *more);
void mock_close(struct mock *mock);
/* The cluster answers the next request of that kind with `error`. */
void mock_inject(struct mock *mock, enum request request, rd_kafka_resp_err_t error);
/* A configuration of these lines only. */
struct ule_config *mock_config(const char *lines);
/* `count` records with the values "0", "1", ... */
void mock_fill(struct mock *mock, const char *topic, int32_t partition, int count);

/* What is logged from here on goes to a file; ends the capture and returns it, to be freed. */
void mock_capture(void);
char *mock_captured(void);

#endif
