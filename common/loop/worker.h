/* SPDX-License-Identifier: MIT */
/* The one loop of all five processes, and its one recovery path: poll, take, commit (design.md section 5). What a
 * process does with what it reads is its task; the worker owns the clients, the transaction and the offsets.
 *
 * A transaction covers what the task sends, its changelog and the input offsets. It is committed when `batch.messages`
 * were taken, when nothing more is to be read for a while (loop/batch.h), or after `batch.milliseconds`. Whatever goes
 * wrong and is not over when the same call is made again: abort, drop the clients and everything that is not committed,
 * start as from boot. */
#ifndef ULE_LOOP_WORKER_H
#define ULE_LOOP_WORKER_H

#include "kafka/consumer.h"
#include "kafka/producer.h"

#include <signal.h>

struct ule_worker;

/* All may be NULL but take. What they return other than ULE_OK ends the attempt; the error's action says what follows:
 * RESTART (and RETRY) boot again, all others end the process. */
struct ule_task {
    const char *name; /* of the process: group.id, and the front of its ids */
    const char *const *topics;
    size_t topics_count;
    void *context;
    /* The clients are up and nothing is assigned yet: partition counts are checked here. */
    enum ule_code (*opened)(void *context, struct ule_worker *worker, struct ule_error *error);
    /* Partitions are given out, and paused until ule_worker_resume. */
    enum ule_code (*assigned)(void *context, const struct ule_assigned *assigned, size_t count,
                              struct ule_error *error);
    /* All are gone, the transaction is aborted: what is not committed must be forgotten. */
    void (*revoked)(void *context);
    /* Called in every turn: what is to be done without a record. *busy: there is more, be quick. */
    enum ule_code (*idle)(void *context, bool *busy, struct ule_error *error);
    enum ule_code (*take)(void *context, const rd_kafka_message_t *message, struct ule_error *error);
    /* The transaction is about to be committed: the last that belongs to it. Then: it is. */
    enum ule_code (*commit)(void *context, struct ule_error *error);
    enum ule_code (*committed)(void *context, struct ule_error *error);
    /* A record with this opaque has got this offset. */
    ule_delivered *delivered;
    /* The clients are gone, after whatever came before: as before opened. */
    void (*closed)(void *context);
};

/* Until *stop, or an error that starting again does not mend. A SIGTERM drains: what was taken is committed, and the
 * group is left. */
enum ule_code ule_worker_run(const struct ule_config *config, const struct ule_task *task,
                             const volatile sig_atomic_t *stop, struct ule_error *error) ULE_MUST_CHECK;

/* For tasks. A send begins the transaction where none is open; the message is copied, but for its topic, which must
 * live until the commit. What goes wrong may be told by a later one, or by the commit. */
enum ule_code ule_worker_send(struct ule_worker *worker, const struct ule_message *message,
                              struct ule_error *error) ULE_MUST_CHECK;
/* The group goes on here when the transaction is committed. Every transaction has one of these, or nothing would fence
 * it. */
enum ule_code ule_worker_position(struct ule_worker *worker, const char *topic, int32_t partition, int64_t next,
                                  struct ule_error *error) ULE_MUST_CHECK;
enum ule_code ule_worker_pause(struct ule_worker *worker, const char *topic, int32_t partition,
                               struct ule_error *error) ULE_MUST_CHECK;
enum ule_code ule_worker_resume(struct ule_worker *worker, const char *topic, int32_t partition,
                                struct ule_error *error) ULE_MUST_CHECK;
/* The group's offset as it is now, -1 where it has none. */
enum ule_code ule_worker_committed(struct ule_worker *worker, const char *topic, int32_t partition, int64_t *offset,
                                   struct ule_error *error) ULE_MUST_CHECK;
/* From within take: the batch ends with this record, and is committed before the next is taken. */
void ule_worker_end_batch(struct ule_worker *worker);
rd_kafka_t *ule_worker_client(struct ule_worker *worker); /* the producer's */
/* Inbox and changelog have as many partitions as `partitions` says; ULE_CONFIG when not. */
enum ule_code ule_worker_check_partitions(struct ule_worker *worker, const char *topic,
                                          struct ule_error *error) ULE_MUST_CHECK;

#endif
