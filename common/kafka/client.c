/* SPDX-License-Identifier: MIT */
#include "kafka/client.h"

#include "base/clock.h"
#include "base/date.h"
#include "kafka/right.h"
#include "ops/health.h"
#include "ops/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DESTROY_S = 5 };
enum { TRY_MS = 5000, TOTAL_MS = 60000, PAUSE_MS = 100, CLUSTER_MS = 30000, SAME_AGAIN_MS = 10000 };

/* What the guarantees rest on (design.md section 5), by every name that librdkafka knows it by. */
static const char *const guarded[] = {
    "acks",
    "auto.commit.enable",
    "auto.offset.reset",
    "client.id",
    "delivery.report.only.error",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "partition.assignment.strategy",
    "request.required.acks",
    "transactional.id",
};

static const struct {
    const char *name, *value;
} defaults[] = {
    {"compression.type", "lz4"}, /* records of a topic resemble each other; costs less than the copying it saves */
    {"linger.ms", "5"},
    /* 16 MiB, a slot of a large entity (design.md section 7), as the topics allow; and its dead letter has headers. */
    {"message.max.bytes", "17825792"},
    /* A batch of 10,000 messages causes some tens of thousands of records. Where it is more, a send waits. */
    {"queue.buffering.max.messages", "200000"},
    {"queue.buffering.max.kbytes", "65536"},
    {"transaction.timeout.ms", "10000"}, /* one hung process holds up every reader of the inbox */
    {"session.timeout.ms", "10000"},     /* and its partitions */
    /* Prefetched, for all partitions together, by size alone. A second's worth of what is read: when it is full, the
     * thread that fetches goes to sleep, and looks again after a second only. */
    {"queued.max.messages.kbytes", "32768"},
    {"queued.min.messages", "1000000"},
    /* One answer is no larger, but for a single batch that is (the broker gives out the first of them whatever its
     * size), and 1 MB a partition, so that all of them have their turn. */
    {"fetch.max.bytes", "17825792"},
    {"fetch.wait.max.ms", "100"}, /* a partition that is resumed waits for the answer that is on its way */
    {"fetch.error.backoff.ms", "100"},
    /* A transaction that begins before the markers of the one before it are written is told to come again. */
    {"retry.backoff.ms", "20"},
    {"reconnect.backoff.max.ms", "1000"}, /* ten seconds, as it is, would outlast a transaction */
    {"socket.keepalive.enable", "true"},
    {"socket.nagle.disable", "true"},
    {"log.connection.close", "false"}, /* idle connections are closed by brokers every few minutes */
    {"enable.auto.commit", "false"},   /* offsets go with the producer's transaction */
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    {"isolation.level", "read_committed"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
};

static const volatile sig_atomic_t *stop_flag;

void ule_kafka_stop_when(const volatile sig_atomic_t *stop) {
    stop_flag = stop;
}

bool ule_kafka_is_stopping(void) {
    return stop_flag && *stop_flag;
}

void ule_kafka_log(const rd_kafka_t *client, int level, const char *facility, const char *text) {
    /* One configuration serves producers and consumers: a key of the other kind is no mistake. */
    if (!strcmp(facility, "CONFWARN") && strstr(text, "will be ignored by this"))
        return;
    enum ule_level ours = (enum ule_level)level;
    if (level < ULE_LOG_ERROR)
        ours = ULE_LOG_ERROR;
    if (level > ULE_LOG_DEBUG)
        ours = ULE_LOG_DEBUG;
    char message[1536], name[256];
    ule_log(ours, "kafka", "client=%s facility=%s message=%s",
            ule_log_quote(client ? rd_kafka_name(client) : "-", name, sizeof name), facility,
            ule_log_quote(text, message, sizeof message));
}

void ule_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    if (rd_kafka_conf_set(conf, name, value, NULL, 0) != RD_KAFKA_CONF_OK)
        abort(); /* a name or value of our own that librdkafka does not know */
}

static enum ule_code set_configured(rd_kafka_conf_t *conf, const struct ule_config_pair *pair,
                                    struct ule_error *error) {
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++)
        if (!strcmp(pair->name, guarded[i]))
            return ule_fail(error, ULE_CONFIG, "kafka.%s cannot be configured: the guarantees rest on it", pair->name);
    char text[256];
    if (rd_kafka_conf_set(conf, pair->name, pair->value, text, sizeof text) != RD_KAFKA_CONF_OK)
        return ule_fail(error, ULE_CONFIG, "kafka.%s: %s", pair->name, text);
    return ULE_OK;
}

enum ule_code ule_kafka_conf(const struct ule_config *config, const char *client_id, rd_kafka_conf_t **conf,
                             struct ule_error *error) {
    rd_kafka_conf_t *made = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        ule_kafka_set(made, defaults[i].name, defaults[i].value);
    ule_kafka_set(made, "client.id", client_id);
    rd_kafka_conf_set_log_cb(made, ule_kafka_log);
    for (size_t i = 0; i < config->kafka_count; i++) {
        enum ule_code code = set_configured(made, &config->kafka[i], error);
        if (code) {
            rd_kafka_conf_destroy(made);
            return code;
        }
    }
    *conf = made;
    return ULE_OK;
}

enum ule_code ule_kafka_client(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **client,
                               struct ule_error *error) {
    char text[256];
    rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
    if (!made) {
        rd_kafka_conf_destroy(conf);
        return ule_fail(error, ULE_CONFIG, "librdkafka refuses kafka.*: %s", text);
    }
    *client = made;
    return ULE_OK;
}

static atomic_int leaving;

static void *destroy(void *client) {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    atomic_fetch_sub(&leaving, 1);
    return NULL;
}

bool ule_kafka_destroy(rd_kafka_t *client) {
    char name[256];
    (void)snprintf(name, sizeof name, "%s", rd_kafka_name(client));
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    atomic_fetch_add(&leaving, 1);
    int failed = pthread_create(&thread, NULL, destroy, client);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        (void)destroy(client);
        return true;
    }
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DESTROY_S;
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
        return true;
    (void)pthread_detach(thread);
    ule_log(ULE_LOG_WARNING, "client-left", "client=%s seconds=%d", name, DESTROY_S);
    return false;
}

int ule_kafka_left(void) {
    return atomic_load(&leaving);
}

static enum ule_action action_of(rd_kafka_resp_err_t failed) {
    switch (failed) {
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: /* what was committed is gone: a person has to decide */
        return ULE_ACTION_EXIT;
    default: return ULE_ACTION_RESTART;
    }
}

/* What a person has to look at; the name of it stands in front. */
static const char *remedy_of(rd_kafka_resp_err_t failed) {
    switch (failed) {
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return "; another process with this instance.id lives";
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return "; the topic does not have what the group is to take next: it was made anew, or too old records were "
               "deleted before they were taken";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return "; a right on the topic is missing";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return "; a right on the group is missing";
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return "; a right on the transactional.id is missing";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return "; a right on the cluster is missing";
    default: return "";
    }
}

enum ule_code ule_kafka_fail_code(struct ule_error *error, rd_kafka_resp_err_t failed, const char *text,
                                  const char *doing) {
    enum ule_code code = failed == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ? ULE_FENCED : ULE_KAFKA;
    char clock[25] = "";
    if (failed == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP)
        (void)ule_time_format((int64_t)time(NULL) * 1000, clock);
    (void)ule_fail(error, code, "%s: %s (%s)%s%s%s", doing, text && *text ? text : rd_kafka_err2str(failed),
                   rd_kafka_err2name(failed), remedy_of(failed), *clock ? "; is this host's clock right? It says " : "",
                   clock);
    if (error)
        error->action = action_of(failed);
    return code;
}

enum ule_code ule_kafka_fail(struct ule_error *error, rd_kafka_error_t *failed, const char *doing) {
    enum ule_code code = ule_kafka_fail_code(error, rd_kafka_error_code(failed), rd_kafka_error_string(failed), doing);
    if (error && error->action == ULE_ACTION_RESTART && rd_kafka_error_is_retriable(failed))
        error->action = ULE_ACTION_RETRY;
    rd_kafka_error_destroy(failed);
    return code;
}

bool ule_kafka_mends(rd_kafka_resp_err_t failed) {
    switch (failed) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__RETRY:
    case RD_KAFKA_RESP_ERR__UNKNOWN_BROKER:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* the partitions are revoked, and it joins again */
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT: return true;
    default: return false;
    }
}

void ule_kafka_log_mended(struct ule_kafka_mended *mended, const rd_kafka_message_t *message) {
    int64_t now = ule_clock_steady();
    if (mended->last == message->err && now - mended->at < SAME_AGAIN_MS)
        return;
    mended->last = message->err;
    mended->at = now;
    char text[512];
    ule_log(ULE_LOG_WARNING, "kafka-mends", "error=%s message=%s", rd_kafka_err2name(message->err),
            ule_log_quote(rd_kafka_message_errstr(message), text, sizeof text));
}

static void nap(void) {
    ule_health_turn();
    (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

void ule_kafka_cluster(rd_kafka_t *client, char *id, size_t size) {
    char *told = NULL;
    for (int waited = 0; !told && waited < CLUSTER_MS && !ule_kafka_is_stopping(); waited += TRY_MS)
        told = rd_kafka_clusterid(client, TRY_MS);
    (void)snprintf(id, size, "%s", told && *told ? told : ULE_CLUSTER_UNKNOWN);
    if (told)
        rd_kafka_mem_free(client, told);
}

void ule_kafka_refresh(rd_kafka_t *client) {
    const struct rd_kafka_metadata *metadata = NULL;
    if (rd_kafka_metadata(client, 1, NULL, &metadata, TRY_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

enum ule_code ule_kafka_edges(rd_kafka_t *client, rd_kafka_topic_partition_list_t *partitions, int64_t edge,
                              struct ule_error *error) {
    const rd_kafka_topic_partition_t *at = NULL;
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int64_t deadline = ule_clock_steady() + TOTAL_MS; partitions->cnt; nap()) {
        /* The edges are those times that stand for them in the protocol. */
        for (int i = 0; i < partitions->cnt; i++)
            partitions->elems[i].offset = edge;
        at = &partitions->elems[0];
        failed = rd_kafka_offsets_for_times(client, partitions, TRY_MS);
        for (int i = 0; i < partitions->cnt && !failed; i++) {
            at = &partitions->elems[i];
            failed = at->err || at->offset >= 0 || edge >= 0 ? at->err : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        }
        if (!failed)
            return ULE_OK;
        if (!ule_kafka_mends(failed) || ule_clock_steady() >= deadline || ule_kafka_is_stopping())
            break;
        ule_kafka_refresh(client);
    }
    if (!failed)
        return ULE_OK;
    char doing[320];
    (void)snprintf(doing, sizeof doing, "cannot ask for the %s of topic %.249s partition %d",
                   edge == RD_KAFKA_OFFSET_BEGINNING ? "beginning" : "end", at->topic, (int)at->partition);
    enum ule_code code = ule_kafka_fail_code(error, failed, NULL, doing);
    ule_kafka_needs_topic(client, failed, at->topic, error);
    return code;
}

enum ule_code ule_kafka_partitions(rd_kafka_t *client, const char *topic, int32_t *count, struct ule_error *error) {
    char doing[320];
    (void)snprintf(doing, sizeof doing, "cannot ask for the partitions of topic %.249s", topic);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    if (!handle)
        return ule_kafka_fail_code(error, rd_kafka_last_error(), NULL, doing);
    int64_t deadline = ule_clock_steady() + TOTAL_MS;
    rd_kafka_resp_err_t failed;
    int32_t found = 0;
    for (;;) {
        const struct rd_kafka_metadata *metadata = NULL;
        failed = rd_kafka_metadata(client, 0, handle, &metadata, TRY_MS);
        if (!failed) {
            failed = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
            found = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
            rd_kafka_metadata_destroy(metadata);
        }
        if (!failed || !ule_kafka_mends(failed) || ule_clock_steady() >= deadline || ule_kafka_is_stopping())
            break;
        nap();
    }
    rd_kafka_topic_destroy(handle);
    if (failed) {
        enum ule_code code = ule_kafka_fail_code(error, failed, NULL, doing);
        ule_kafka_needs_topic(client, failed, topic, error);
        if (error && failed == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            error->action = ULE_ACTION_EXIT;
        return code;
    }
    *count = found;
    return ULE_OK;
}
