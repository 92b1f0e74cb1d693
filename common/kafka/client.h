/* SPDX-License-Identifier: MIT */
/* What producer and consumer have in common: librdkafka's configuration, its log, and its errors as ours.
 *
 * Errors are classed by what the caller must do (design.md section 5):
 *   RETRY    the same call again with the same arguments (rd_kafka_error_is_retriable)
 *   RESTART  abort, drop the clients and what is not committed, start as from boot: abortable and fatal errors, a
 *            broker that cannot be reached, a missing right (it may be granted; the message names it)
 *   EXIT     starting again would not help: FENCED_INSTANCE_ID (ULE_FENCED), INVALID_TIMESTAMP (the message names the
 *            clock), a configuration that librdkafka or a broker refuses, a message that is too large, a committed
 *            offset that the log does not have any more */
#ifndef ULE_KAFKA_CLIENT_H
#define ULE_KAFKA_CLIENT_H

#include "base/error.h"
#include "ops/config.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdbool.h>

/* Whoever waits for a broker here waits no longer once *stop is set: what is under way is tried for ten seconds at the
 * most, and fails then with RESTART. NULL, as it is at first: nobody is told to stop. */
void ule_kafka_stop_when(const volatile sig_atomic_t *stop);
bool ule_kafka_is_stopping(void);

/* kafka.* over our defaults; `client_id` is set, and the log goes through ule_log. What the guarantees rest on cannot
 * be configured: a kafka.* key of those (group.id, group.instance.id, transactional.id, isolation.level,
 * enable.auto.commit, enable.auto.offset.store, enable.idempotence, enable.partition.eof, auto.offset.reset, acks,
 * delivery.report.only.error, partition.assignment.strategy, client.id) is ULE_CONFIG, and so is one that librdkafka
 * does not know or whose value it refuses. One that suits only producers, or only consumers, is left aside in silence
 * by the others. The caller owns *conf. */
enum ule_code ule_kafka_conf(const struct ule_config *config, const char *client_id, rd_kafka_conf_t **conf,
                             struct ule_error *error) ULE_MUST_CHECK;
/* librdkafka's log, as ours. */
void ule_kafka_log(const rd_kafka_t *client, int level, const char *facility, const char *text);
/* One setting of our own; ends the process where librdkafka refuses it. */
void ule_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);

/* Takes `conf`. ULE_CONFIG with what librdkafka says: keys that do not go together, a certificate that is not there. */
enum ule_code ule_kafka_client(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **client,
                               struct ule_error *error) ULE_MUST_CHECK;
/* rd_kafka_destroy, once a consumer is closed. That of 2.0.2 now and then never returns where a topic goes away, or the
 * right to see it, while a client is closed: after five seconds it is left to itself, and the log says so. False then:
 * it may still log, and what its log callback uses must stay. */
bool ule_kafka_destroy(rd_kafka_t *client);
/* So many clients were left to themselves and are not gone yet. */
int ule_kafka_left(void);

/* Takes `failed`. `doing` says what was tried, with no personal data: "cannot commit a transaction". */
enum ule_code ule_kafka_fail(struct ule_error *error, rd_kafka_error_t *failed, const char *doing);
/* Likewise for a plain code, which is never RETRY; `text`, which may be NULL, is what librdkafka says beside it. */
enum ule_code ule_kafka_fail_code(struct ule_error *error, rd_kafka_resp_err_t failed, const char *text,
                                  const char *doing);

/* Does librdkafka go on by itself after a consumer's error of this code (a lost connection, a leader that moved)? */
bool ule_kafka_mends(rd_kafka_resp_err_t failed);

/* An error of that kind, logged; one that repeats itself, seldom. Zero-initialised: nothing was logged yet. */
struct ule_kafka_mended {
    rd_kafka_resp_err_t last;
    int64_t at; /* steady clock */
};
void ule_kafka_log_mended(struct ule_kafka_mended *mended, const rd_kafka_message_t *message);
/* The cluster's id, ULE_CLUSTER_UNKNOWN where no broker says it; it fits into 64 bytes. */
#define ULE_CLUSTER_UNKNOWN "unknown"
void ule_kafka_cluster(rd_kafka_t *client, char *id, size_t size);
/* Asks who leads which partition. Where a leader has changed, librdkafka goes on asking the one that it knew for
 * offsets, and is told each time that it is the wrong one. */
void ule_kafka_refresh(rd_kafka_t *client);
/* Where the logs of `partitions` begin (`edge` RD_KAFKA_OFFSET_BEGINNING) or end (RD_KAFKA_OFFSET_END; by a
 * read_committed handle before the first open transaction), into their offsets. A time as the edge is that of a record:
 * the first with that time or a later one, RD_KAFKA_OFFSET_END where there is none. Not
 * rd_kafka_query_watermark_offsets: that of 2.0.2 asks for both and, where one of the answers is an error, gives the
 * other for both of them. */
enum ule_code ule_kafka_edges(rd_kafka_t *client, rd_kafka_topic_partition_list_t *partitions, int64_t edge,
                              struct ule_error *error) ULE_MUST_CHECK;
/* Partitions of a topic, from the broker. ULE_KAFKA; for one that does not exist with action EXIT and its name. */
enum ule_code ule_kafka_partitions(rd_kafka_t *client, const char *topic, int32_t *count,
                                   struct ule_error *error) ULE_MUST_CHECK;

#endif
