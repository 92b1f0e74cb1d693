/* SPDX-License-Identifier: MIT */
#include "loop/worker.h"

#include "base/clock.h"
#include "kafka/rival.h"
#include "loop/batch.h"
#include "loop/outbox.h"
#include "loop/poison.h"
#include "ops/health.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "ops/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    POLL_MS = 100,       /* with nothing to do */
    HEARTBEAT_MS = 3500, /* a rival is heard of within one */
    RECORDS_A_LOOK = 64,
    BACKOFF_MS = 250,
    BACKOFF_MAX_MS = 10000,
    LEFT_MAX = 8, /* clients that would not end: their threads and buffers stay */
};

struct position {
    const char *topic; /* the task's */
    int32_t partition;
    int64_t next;
    bool touched;
};

struct ule_worker {
    const struct ule_config *config;
    const struct ule_task *task;
    const volatile sig_atomic_t *stop;
    struct ule_producer *producer;
    struct ule_consumer *consumer;
    struct ule_outbox outbox;
    struct position *positions;
    size_t positions_count;
    bool open;   /* a transaction */
    bool ending; /* it is committed before the next record is taken */
    int32_t taken;
    int64_t began, lasted, commit_took; /* lasted: when it was last looked at; took: the last commit */
    uint64_t committed;                 /* transactions since the boot */
    struct ule_error trouble;           /* met in a callback that returns nothing */
};

rd_kafka_t *ule_worker_client(struct ule_worker *worker) {
    return ule_producer_client(worker->producer);
}

enum ule_code ule_worker_check_partitions(struct ule_worker *worker, const char *topic, struct ule_error *error) {
    int32_t count = 0;
    enum ule_code code = ule_kafka_partitions(ule_worker_client(worker), topic, &count, error);
    if (code == ULE_OK && count != worker->config->partitions)
        return ule_fail(error, ULE_CONFIG, "%s has %d partitions, and the configuration says %d; see ule repartition",
                        topic, count, worker->config->partitions);
    return code;
}

static enum ule_code begin(struct ule_worker *worker, struct ule_error *error) {
    if (worker->open)
        return ULE_OK;
    enum ule_code code = ule_producer_begin(worker->producer, error);
    if (code != ULE_OK)
        return code;
    worker->open = true;
    worker->taken = 0;
    worker->began = ule_clock_steady();
    worker->lasted = 0;
    return ULE_OK;
}

enum ule_code ule_worker_send(struct ule_worker *worker, const struct ule_message *message, struct ule_error *error) {
    enum ule_code code = begin(worker, error);
    if (code == ULE_OK)
        code = ule_outbox_put(&worker->outbox, worker->producer, message, error);
    if (code == ULE_OK)
        ule_metric_add(ULE_METRIC_RECORDS_SENT, message->topic, NULL, 1);
    return code;
}

enum ule_code ule_worker_position(struct ule_worker *worker, const char *topic, int32_t partition, int64_t next,
                                  struct ule_error *error) {
    enum ule_code code = begin(worker, error);
    for (size_t i = 0; i < worker->positions_count; i++) {
        struct position *position = &worker->positions[i];
        if (position->partition != partition || strcmp(position->topic, topic) != 0)
            continue;
        position->next = next;
        position->touched = true;
        ule_poison_passed(topic, partition, next - 1);
        return code;
    }
    return ule_fail(error, ULE_KAFKA, "a record of %s partition %d, which is not assigned", topic, partition);
}

void ule_worker_end_batch(struct ule_worker *worker) {
    worker->ending = true;
}

enum ule_code ule_worker_pause(struct ule_worker *worker, const char *topic, int32_t partition,
                               struct ule_error *error) {
    return ule_consumer_pause(worker->consumer, topic, partition, error);
}

enum ule_code ule_worker_resume(struct ule_worker *worker, const char *topic, int32_t partition,
                                struct ule_error *error) {
    return ule_consumer_resume(worker->consumer, topic, partition, error);
}

enum ule_code ule_worker_committed(struct ule_worker *worker, const char *topic, int32_t partition, int64_t *offset,
                                   struct ule_error *error) {
    return ule_consumer_committed(worker->consumer, topic, partition, offset, error);
}

/* NULL: none of the task's. */
static const char *own_name(const struct ule_task *task, const char *topic) {
    for (size_t i = 0; i < task->topics_count; i++) {
        if (strcmp(task->topics[i], topic) == 0)
            return task->topics[i];
    }
    return NULL;
}

static enum ule_code assigned(void *context, const struct ule_assigned *all, size_t count, struct ule_error *error) {
    struct ule_worker *worker = context;
    worker->positions = realloc(worker->positions, (count ? count : 1) * sizeof *worker->positions);
    if (!worker->positions)
        abort();
    worker->positions_count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *topic = own_name(worker->task, all[i].topic);
        /* A static member that comes back in time is given what it had before, whatever it asks for now. As where
         * another lives under our ids: what helps is to wait until the group has forgotten them. */
        if (!topic)
            return ule_fail(error, ULE_FENCED, "the group still gives out %s, which the configuration names no more",
                            all[i].topic);
        worker->positions[i] = (struct position){topic, all[i].partition, all[i].committed, false};
    }
    worker->positions_count = count;
    ule_log(ULE_LOG_INFO, "assigned", "partitions=%zu", count);
    ule_ready_set(ULE_READY_BROKERS, true, NULL);
    ule_ready_set(ULE_READY_ASSIGNED, true, NULL);
    return worker->task->assigned ? worker->task->assigned(worker->task->context, all, count, error) : ULE_OK;
}

/* What was written or counted in a batch that is dropped will be again. */
static void forget_batch(struct ule_worker *worker, const char *why) {
    if (worker->open)
        ule_metric_count(ULE_METRIC_TRANSACTIONS_ABORTED, NULL, NULL);
    worker->open = false;
    ule_outbox_clear(&worker->outbox);
    ule_metrics_abort();
    ule_poison_aborted();
    ule_metric_clear(ULE_METRIC_LAG);
    ule_ready_set(ULE_READY_ASSIGNED, false, why);
}

/* The batch is dropped, not committed: at most `batch.milliseconds` of work, and the one way that is right for
 * partitions that somebody else has already. */
static void revoked(void *context, bool lost) {
    struct ule_worker *worker = context;
    if (worker->open && ule_producer_abort(worker->producer, &worker->trouble) == ULE_OK)
        worker->trouble.code = ULE_OK;
    forget_batch(worker, "the group gives them out anew");
    worker->positions_count = 0;
    ule_log(lost ? ULE_LOG_WARNING : ULE_LOG_INFO, "revoked", "lost=%s", lost ? "true" : "false");
    if (worker->task->revoked)
        worker->task->revoked(worker->task->context);
}

/* A commit that is tried again is no loop that hangs. */
static bool keep_committing(void *context) {
    (void)context;
    ule_health_turn();
    return true;
}

static enum ule_code commit(struct ule_worker *worker, struct ule_error *error) {
    const struct ule_task *task = worker->task;
    enum ule_code code = task->commit ? task->commit(task->context, error) : ULE_OK;
    if (code == ULE_OK)
        code = ule_outbox_send(&worker->outbox, worker->producer, error);
    if (code != ULE_OK)
        return code;
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)worker->positions_count);
    for (size_t i = 0; i < worker->positions_count; i++) {
        struct position *position = &worker->positions[i];
        if (position->touched)
            rd_kafka_topic_partition_list_add(offsets, position->topic, position->partition)->offset = position->next;
        position->touched = false;
    }
    int64_t began = ule_clock_steady();
    code = ule_producer_commit(worker->producer, offsets, ule_consumer_group(worker->consumer), keep_committing, NULL,
                               error);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (code != ULE_OK)
        return code;
    worker->open = false;
    worker->ending = false;
    worker->committed++;
    worker->commit_took = ule_clock_steady() - began;
    ule_metric_observe(ULE_METRIC_TRANSACTION_COMMIT, (double)worker->commit_took / 1000);
    ule_metrics_commit();
    ule_poison_committed();
    return task->committed ? task->committed(task->context, error) : ULE_OK;
}

static enum ule_code turn(struct ule_worker *worker, struct ule_error *error) {
    const struct ule_task *task = worker->task;
    bool busy = false;
    enum ule_code code = task->idle ? task->idle(task->context, &busy, error) : ULE_OK;
    if (code != ULE_OK)
        return code;
    rd_kafka_message_t *message = NULL;
    int wait = busy ? 0 : POLL_MS;
    if (!busy && worker->open)
        wait = ule_batch_linger(worker->taken, worker->lasted, worker->commit_took, worker->config->batch_milliseconds);
    code = ule_consumer_poll(worker->consumer, wait, &message, error);
    if (!message || busy || worker->taken % RECORDS_A_LOOK == 0) /* a clock costs more than it tells at each */
        ule_health_turn();
    if (code == ULE_OK && worker->trouble.code != ULE_OK) {
        *error = worker->trouble;
        code = error->code;
    }
    if (code == ULE_OK && message) {
        code = task->take(task->context, message, error);
        worker->taken++;
    }
    bool more = message != NULL;
    if (message)
        rd_kafka_message_destroy(message);
    if (code != ULE_OK || !worker->open)
        return code;
    ule_producer_poll(worker->producer);
    more = more && !worker->ending;
    worker->lasted = ule_clock_steady() - worker->began;
    if (more && worker->taken < worker->config->batch_messages && worker->lasted < worker->config->batch_milliseconds)
        return ULE_OK;
    return commit(worker, error);
}

/* One life of the clients. */
static enum ule_code session(struct ule_worker *worker, const char *id, struct ule_error *error) {
    const struct ule_task *task = worker->task;
    const struct ule_consumer_events events = {.context = worker, .assigned = assigned, .revoked = revoked};
    enum ule_code code = ule_producer_open(worker->config, id, id, task->delivered, task->context, &worker->producer,
                                           error);
    if (code == ULE_OK && task->opened)
        code = task->opened(task->context, worker, error);
    if (code == ULE_OK)
        code = ule_consumer_open(worker->config, id, task->name, id, task->topics, task->topics_count, &events,
                                 &worker->consumer, error);
    if (code == ULE_OK)
        ule_log(ULE_LOG_NOTICE, "started", "id=%s", id);
    while (code == ULE_OK && !*worker->stop)
        code = turn(worker, error);
    if (*worker->stop)
        ule_notify_stopping();
    if (code == ULE_OK && worker->open)
        code = commit(worker, error);
    if (code == ULE_OK)
        code = ule_consumer_leave(worker->consumer, error);
    /* A fenced producer may be a rival's doing or an old transaction's: only the group says which. */
    if (code == ULE_KAFKA && worker->producer && worker->consumer &&
        rd_kafka_fatal_error(ule_producer_client(worker->producer), NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR &&
        ule_consumer_is_fenced(worker->consumer, HEARTBEAT_MS))
        code = ule_fail(error, ULE_FENCED, "another process lives with the id %s", id);
    return code;
}

static bool keep_waiting(void *context) {
    const struct ule_worker *worker = context;
    ule_health_turn();
    return !*worker->stop;
}

/* FENCED without a rival happens: a heartbeat of our own from before an outage may meet our new membership. Asked when
 * our clients are gone. */
static enum ule_code judge_fence(const struct ule_worker *worker, const char *id, struct ule_error *error) {
    bool lives = false;
    struct ule_error asked = {0};
    enum ule_code code = ule_kafka_rival(worker->config, id, worker->task->name, id, keep_waiting,
                                         (void *)(uintptr_t)worker, &lives, &asked);
    if (code == ULE_OK && lives)
        return ule_fail(error, ULE_FENCED, "another process lives with the id %s", id);
    error->action = ULE_ACTION_RESTART;
    return ULE_KAFKA;
}

static void close_all(struct ule_worker *worker) {
    const struct ule_task *task = worker->task;
    forget_batch(worker, "starting anew"); /* closing the producer aborts what is open */
    worker->ending = false;
    ule_consumer_close(worker->consumer);
    ule_producer_close(worker->producer);
    worker->consumer = NULL;
    worker->producer = NULL;
    worker->positions_count = 0;
    worker->trouble.code = ULE_OK;
    if (task->closed)
        task->closed(task->context);
}

static void back_off(const struct ule_worker *worker, int ms) {
    int64_t until = ule_clock_steady() + ms;
    while (!*worker->stop && ule_clock_steady() < until) {
        ule_health_turn();
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

enum ule_code ule_worker_run(const struct ule_config *config, const struct ule_task *task,
                             const volatile sig_atomic_t *stop, struct ule_error *error) {
    struct ule_worker worker = {.config = config, .task = task, .stop = stop};
    char id[256];
    ule_kafka_stop_when(stop);
    (void)snprintf(id, sizeof id, "%s-%s", task->name, config->instance_id);
    int wait = BACKOFF_MS;
    enum ule_code code;
    for (;;) {
        struct ule_error met = {0};
        worker.committed = 0;
        code = session(&worker, id, &met);
        close_all(&worker);
        if (code == ULE_FENCED && !*stop)
            code = judge_fence(&worker, id, &met);
        bool again = (met.action == ULE_ACTION_RESTART || met.action == ULE_ACTION_RETRY) &&
                     ule_kafka_left() <= LEFT_MAX; /* a process of its own begins without them */
        if (code == ULE_OK || !again) {
            if (code != ULE_OK && error)
                *error = met;
            break;
        }
        ule_log_error(ULE_LOG_WARNING, "restarting", &met);
        ule_metric_count(ULE_METRIC_SESSIONS_ENDED, ule_code_name(met.code), NULL);
        if (met.code == ULE_KAFKA)
            ule_ready_set(ULE_READY_BROKERS, false, met.message);
        if (*stop) {
            code = ULE_OK; /* what was not committed is for the next start */
            break;
        }
        wait = worker.committed ? BACKOFF_MS : wait * 2 < BACKOFF_MAX_MS ? wait * 2 : BACKOFF_MAX_MS;
        back_off(&worker, wait);
    }
    ule_outbox_close(&worker.outbox);
    free(worker.positions);
    return code;
}
