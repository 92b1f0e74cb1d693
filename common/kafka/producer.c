/* SPDX-License-Identifier: MIT */
#include "kafka/producer.h"

#include "base/clock.h"
#include "kafka/right.h"
#include "ops/health.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRY_MS = 5000,             /* one call of librdkafka; between two, `waiting` is asked */
    TOTAL_MS = 60000,          /* init_transactions, a commit: then it is tried no more */
    STOP_MS = 10000,           /* likewise when the process is to stop */
    ABORT_MS = 30000,          /* the partitions may be somebody else's by then */
    CLOSE_MS = 1000,           /* an abort that is a courtesy: the coordinator ends what is left open */
    FULL_MS = 50,              /* until there is room in the queue */
    PAUSE_MS = 50,             /* before the same call again, where it failed at once */
    SENDS_BETWEEN_POLLS = 256, /* delivered messages keep their memory until their reports are served */
    TOPIC_SIZE = 250
};

/* A topic that was written to: its handle, so that librdkafka need not look it up for each message. */
struct known_topic {
    char *name;
    rd_kafka_topic_t *handle;
    bool in_transaction;
};

struct ule_producer {
    rd_kafka_t *client;
    char *transactional_id;
    ule_delivered *delivered;
    void *context;
    struct known_topic *topics;
    size_t topics_count, last_topic;
    unsigned sends;
    bool open; /* a transaction is */
    /* The first record that was not delivered, since the transaction began. */
    rd_kafka_resp_err_t failed;
    char failure[512], failed_topic[TOPIC_SIZE];
    char group_id[128];
    const rd_kafka_topic_partition_list_t *offsets; /* while they are sent to the transaction */
    pthread_mutex_t lock;                           /* of what librdkafka's thread writes: */
    char refused_topic[TOPIC_SIZE];                 /* not let into the transaction; "" for none */
};

static void report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client;
    struct ule_producer *producer = opaque;
    if (!message->err) {
        if (producer->delivered)
            producer->delivered(producer->context, message->_private, message->offset);
        return;
    }
    /* What was thrown away because of something else says nothing. */
    if (producer->failed || message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT || message->err == RD_KAFKA_RESP_ERR__FATAL)
        return;
    producer->failed = message->err;
    /* Not rd_kafka_message_errstr: of a message that was to be written it gives the value. */
    (void)snprintf(producer->failed_topic, sizeof producer->failed_topic, "%s", rd_kafka_topic_name(message->rkt));
    (void)snprintf(producer->failure, sizeof producer->failure, "topic %.249s partition %d: %s",
                   rd_kafka_topic_name(message->rkt), (int)message->partition, rd_kafka_err2str(message->err));
}

/* Which topic was not let into the transaction librdkafka says in its log, and nowhere else. */
static void hear(const rd_kafka_t *client, int level, const char *facility, const char *text) {
    static const char front[] = "Failed to add partition \"";
    const char *name = strcmp(facility, "ADDPARTS") == 0 ? strstr(text, front) : NULL;
    struct ule_producer *producer = client ? rd_kafka_opaque(client) : NULL;
    ule_kafka_log(client, level, facility, text);
    if (!name || !producer || !strstr(name, rd_kafka_err2str(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)))
        return;
    name += sizeof front - 1;
    (void)pthread_mutex_lock(&producer->lock);
    (void)snprintf(producer->refused_topic, sizeof producer->refused_topic, "%.*s", (int)strcspn(name, "\""), name);
    (void)pthread_mutex_unlock(&producer->lock);
}

static void take_refused(struct ule_producer *producer, char name[static TOPIC_SIZE]) {
    (void)pthread_mutex_lock(&producer->lock);
    (void)snprintf(name, TOPIC_SIZE, "%s", producer->refused_topic);
    producer->refused_topic[0] = '\0';
    (void)pthread_mutex_unlock(&producer->lock);
}

/* "..., written: a, b": where it is not known for which of them the right is missing. */
static void name_topics(const struct ule_producer *producer, struct ule_error *error) {
    size_t used = strlen(error->message);
    const char *separator = "; written: ";
    for (size_t i = 0; i < producer->topics_count; i++) {
        if (!producer->topics[i].in_transaction)
            continue;
        int more = snprintf(error->message + used, sizeof error->message - used, "%s%s", separator,
                            producer->topics[i].name);
        if (more < 0 || (size_t)more >= sizeof error->message - used)
            return;
        used += (size_t)more;
        separator = ", ";
    }
}

/* The group's id is all that a missing right on it is known by, and librdkafka gives it out in one way only: what it
 * would write for another process, a magic of seven bytes, the generation, and the id. "" where that is not so. */
static void find_group_id(const rd_kafka_consumer_group_metadata_t *group, char *id, size_t size) {
    static const char magic[] = "CGMDv2:";
    enum { AT = sizeof magic - 1 + sizeof(int32_t) };
    void *bytes = NULL;
    size_t length = 0;
    id[0] = '\0';
    rd_kafka_error_t *failed = rd_kafka_consumer_group_metadata_write(group, &bytes, &length);
    if (failed) {
        rd_kafka_error_destroy(failed);
        return;
    }
    if (length > AT && !memcmp(bytes, magic, sizeof magic - 1) && memchr((char *)bytes + AT, 0, length - AT))
        (void)snprintf(id, size, "%s", (char *)bytes + AT);
    rd_kafka_mem_free(NULL, bytes);
}

/* What the offsets are of: the group's coordinator takes them from nobody who may not read it, and does not say which
 * of several it is. */
static void need_to_read(struct ule_producer *producer, rd_kafka_resp_err_t failed, struct ule_error *error) {
    char topics[512] = "";
    const char *before = "";
    for (int i = 0; i < producer->offsets->cnt; i++) {
        const char *topic = producer->offsets->elems[i].topic;
        size_t used = strlen(topics);
        if (strcmp(topic, before) != 0)
            (void)snprintf(topics + used, sizeof topics - used, "%s%s", used ? " or " : "", topic);
        before = topic;
    }
    ule_kafka_needs(producer->client, failed, "READ", "topic", topics, error);
}

/* The right that is missing. */
static void name_right(struct ule_producer *producer, rd_kafka_resp_err_t failed, struct ule_error *error) {
    char topic[TOPIC_SIZE];
    switch (failed) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        take_refused(producer, topic);
        if (*topic)
            ule_kafka_needs_topic(producer->client, failed, topic, error);
        else if (producer->offsets)
            need_to_read(producer, failed, error);
        else if (error)
            name_topics(producer, error);
        break;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        ule_kafka_needs(producer->client, failed, "READ", "group", producer->group_id, error);
        break;
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        ule_kafka_needs(producer->client, failed, "WRITE", "transactional-id", producer->transactional_id, error);
        break;
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        ule_kafka_needs(producer->client, failed, "IDEMPOTENT_WRITE", "the cluster, or WRITE on any topic", "", error);
        break;
    default: break;
    }
}

static enum ule_code fail_fatally(struct ule_producer *producer, struct ule_error *error, const char *doing) {
    char text[512];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(producer->client, text, sizeof text);
    enum ule_code result = ule_kafka_fail_code(error, code ? code : RD_KAFKA_RESP_ERR__FATAL, code ? text : NULL,
                                               doing);
    name_right(producer, code, error);
    return result;
}

/* Takes `failed`, for which the transaction has to be aborted, and returns the reason for it. A transaction fails
 * beside us: a call that is under way then says no more than that the state is not the right one. The transaction's own
 * error is what a begin is refused with. */
static rd_kafka_error_t *find_reason(struct ule_producer *producer, rd_kafka_error_t *failed) {
    (void)rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE); /* as the abort does; what is on its way, */
    (void)rd_kafka_flush(producer->client, CLOSE_MS);               /* and the reports of it, are waited for */
    if (rd_kafka_error_code(failed) != RD_KAFKA_RESP_ERR__STATE)
        return failed;
    rd_kafka_error_t *refused = rd_kafka_begin_transaction(producer->client);
    if (!refused)
        return failed;
    rd_kafka_error_destroy(failed);
    return refused;
}

/* Takes `failed`. A record that was not delivered is the reason, and the failed transaction what follows from it;
 * FENCED_INSTANCE_ID is said whatever else went wrong. */
static enum ule_code fail(struct ule_producer *producer, struct ule_error *error, rd_kafka_error_t *failed,
                          const char *doing) {
    if (producer->open && !rd_kafka_error_is_retriable(failed))
        failed = find_reason(producer, failed);
    rd_kafka_resp_err_t code = rd_kafka_error_code(failed);
    bool told = producer->open || !producer->transactional_id;
    if (producer->failed && told && code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
        rd_kafka_error_destroy(failed);
        enum ule_code result = ule_kafka_fail_code(error, producer->failed, producer->failure, doing);
        ule_kafka_needs_topic(producer->client, producer->failed, producer->failed_topic, error);
        return result;
    }
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_error_destroy(failed);
        return fail_fatally(producer, error, doing);
    }
    enum ule_code result = ule_kafka_fail(error, failed, doing);
    name_right(producer, code, error);
    return result;
}

/* A call of librdkafka's that may be made again. */
typedef rd_kafka_error_t *transactional_call(struct ule_producer *producer, const void *offsets, const void *group);

static rd_kafka_error_t *call_init(struct ule_producer *producer, const void *offsets, const void *group) {
    (void)offsets;
    (void)group;
    return rd_kafka_init_transactions(producer->client, TRY_MS);
}

static rd_kafka_error_t *call_offsets(struct ule_producer *producer, const void *offsets, const void *group) {
    return rd_kafka_send_offsets_to_transaction(producer->client, offsets, group, TRY_MS);
}

static rd_kafka_error_t *call_commit(struct ule_producer *producer, const void *offsets, const void *group) {
    (void)offsets;
    (void)group;
    return rd_kafka_commit_transaction(producer->client, TRY_MS);
}

static rd_kafka_error_t *call_abort(struct ule_producer *producer, const void *offsets, const void *group) {
    (void)offsets;
    (void)group;
    return rd_kafka_abort_transaction(producer->client, TRY_MS);
}

struct patience {
    int64_t deadline;
    bool (*waiting)(void *context);
    void *context;
};

/* Again with the same arguments while it is retriable; what is given up is RESTART. */
static enum ule_code persist(struct ule_producer *producer, transactional_call *call, const void *offsets,
                             const void *group, const struct patience *patience, const char *doing,
                             struct ule_error *error) {
    for (int64_t began = ule_clock_steady();;) {
        rd_kafka_error_t *failed = call(producer, offsets, group);
        if (!failed)
            return ULE_OK;
        bool retriable = rd_kafka_error_is_retriable(failed);
        int64_t now = ule_clock_steady();
        if (retriable && now < patience->deadline && (!ule_kafka_is_stopping() || now - began < STOP_MS) &&
            (!patience->waiting || patience->waiting(patience->context))) {
            rd_kafka_error_destroy(failed);
            ule_health_turn();
            (void)rd_kafka_poll(producer->client, PAUSE_MS);
            continue;
        }
        enum ule_code code = fail(producer, error, failed, doing);
        if (error && error->action == ULE_ACTION_RETRY)
            error->action = ULE_ACTION_RESTART;
        return code;
    }
}

enum ule_code ule_producer_open(const struct ule_config *config, const char *client_id, const char *transactional_id,
                                ule_delivered *delivered, void *context, struct ule_producer **out,
                                struct ule_error *error) {
    rd_kafka_conf_t *conf;
    enum ule_code code = ule_kafka_conf(config, client_id, &conf, error);
    if (code)
        return code;
    struct ule_producer *producer = calloc(1, sizeof *producer);
    if (!producer)
        abort();
    producer->delivered = delivered;
    producer->context = context;
    (void)pthread_mutex_init(&producer->lock, NULL);
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_log_cb(conf, hear);
    rd_kafka_conf_set_dr_msg_cb(conf, report);
    if (transactional_id) {
        ule_kafka_set(conf, "transactional.id", transactional_id);
        producer->transactional_id = strdup(transactional_id);
        if (!producer->transactional_id)
            abort();
    }
    code = ule_kafka_client(RD_KAFKA_PRODUCER, conf, &producer->client, error);
    if (!code && transactional_id) {
        char doing[320];
        (void)snprintf(doing, sizeof doing, "cannot start transactions of transactional.id %.249s", transactional_id);
        code = persist(producer, call_init, NULL, NULL, &(struct patience){.deadline = ule_clock_steady() + TOTAL_MS},
                       doing, error);
    }
    if (code) {
        ule_producer_close(producer);
        return code;
    }
    *out = producer;
    return ULE_OK;
}

void ule_producer_close(struct ule_producer *producer) {
    if (!producer)
        return;
    producer->delivered = NULL; /* its context may be gone */
    if (producer->client) {
        if (producer->open && !rd_kafka_fatal_error(producer->client, NULL, 0)) {
            rd_kafka_error_t *failed = rd_kafka_abort_transaction(producer->client, CLOSE_MS);
            if (failed)
                rd_kafka_error_destroy(failed);
        }
        (void)rd_kafka_purge(producer->client,
                             RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
        for (size_t i = 0; i < producer->topics_count; i++)
            rd_kafka_topic_destroy(producer->topics[i].handle);
        if (!ule_kafka_destroy(producer->client))
            return; /* its log looks for the producer */
    }
    for (size_t i = 0; i < producer->topics_count; i++)
        free(producer->topics[i].name);
    free(producer->topics);
    free(producer->transactional_id);
    (void)pthread_mutex_destroy(&producer->lock);
    free(producer);
}

rd_kafka_t *ule_producer_client(struct ule_producer *producer) {
    return producer->client;
}

static struct known_topic *find_topic(struct ule_producer *producer, const char *name) {
    for (size_t i = 0; i < producer->topics_count; i++) {
        size_t at = (producer->last_topic + i) % producer->topics_count;
        if (!strcmp(producer->topics[at].name, name)) {
            producer->last_topic = at;
            return &producer->topics[at];
        }
    }
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->client, name, NULL);
    if (!handle)
        return NULL;
    struct known_topic *topics = realloc(producer->topics, (producer->topics_count + 1) * sizeof *topics);
    char *copy = strdup(name);
    if (!topics || !copy)
        abort();
    producer->topics = topics;
    producer->last_topic = producer->topics_count;
    topics[producer->topics_count++] = (struct known_topic){.name = copy, .handle = handle};
    return &topics[producer->last_topic];
}

static rd_kafka_headers_t *headers_of(const struct ule_message *message) {
    if (!message->headers_count)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->headers_count);
    for (size_t i = 0; i < message->headers_count; i++)
        (void)rd_kafka_header_add(headers, message->headers[i].name, -1, message->headers[i].value,
                                  (ssize_t)message->headers[i].size);
    return headers;
}

enum ule_code ule_producer_send(struct ule_producer *producer, const struct ule_message *message,
                                struct ule_error *error) {
    char doing[320];
    struct known_topic *topic = find_topic(producer, message->topic);
    if (!topic) {
        (void)snprintf(doing, sizeof doing, "cannot write to topic %.249s", message->topic);
        return ule_kafka_fail_code(error, rd_kafka_last_error(), NULL, doing);
    }
    topic->in_transaction = true;
    if (++producer->sends % SENDS_BETWEEN_POLLS == 0)
        (void)rd_kafka_poll(producer->client, 0);
    rd_kafka_headers_t *headers = headers_of(message);
    /* librdkafka copies with this flag, and writes to nothing that it is given. */
    rd_kafka_vu_t arguments[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)message->key, message->key_size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)message->value, message->size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->ts},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = message->opaque},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t count = sizeof arguments / sizeof *arguments - (headers ? 0 : 1);
    rd_kafka_error_t *failed;
    while ((failed = rd_kafka_produceva(producer->client, arguments, count)) != NULL &&
           rd_kafka_error_code(failed) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_error_destroy(failed);
        (void)rd_kafka_poll(producer->client, FULL_MS);
    }
    if (!failed)
        return ULE_OK;
    if (headers)
        rd_kafka_headers_destroy(headers);
    (void)rd_kafka_poll(producer->client, 0); /* what was not delivered says why no more is taken */
    (void)snprintf(doing, sizeof doing, "cannot write to topic %.249s partition %d", message->topic,
                   (int)message->partition);
    return fail(producer, error, failed, doing);
}

void ule_producer_poll(struct ule_producer *producer) {
    (void)rd_kafka_poll(producer->client, 0);
}

enum ule_code ule_producer_begin(struct ule_producer *producer, struct ule_error *error) {
    static const char doing[] = "cannot begin a transaction";
    char refused[TOPIC_SIZE];
    take_refused(producer, refused); /* of a transaction before */
    producer->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (size_t i = 0; i < producer->topics_count; i++)
        producer->topics[i].in_transaction = false;
    if (rd_kafka_fatal_error(producer->client, NULL, 0))
        return fail_fatally(producer, error, doing);
    rd_kafka_error_t *failed = rd_kafka_begin_transaction(producer->client);
    if (failed)
        return fail(producer, error, failed, doing);
    producer->open = true;
    return ULE_OK;
}

enum ule_code ule_producer_commit(struct ule_producer *producer, const rd_kafka_topic_partition_list_t *offsets,
                                  const rd_kafka_consumer_group_metadata_t *group, bool (*waiting)(void *context),
                                  void *context, struct ule_error *error) {
    /* librdkafka takes a list without a single offset for nothing to do. */
    bool any = false;
    for (int i = 0; offsets && i < offsets->cnt; i++)
        any = any || offsets->elems[i].offset >= 0;
    if (!any || !group) {
        enum ule_code code = ule_fail(error, ULE_KAFKA,
                                      "cannot commit a transaction without %s: nothing would fence it",
                                      group ? "offsets" : "a group");
        if (error)
            error->action = ULE_ACTION_RESTART;
        return code;
    }
    char doing[320];
    find_group_id(group, producer->group_id, sizeof producer->group_id);
    (void)snprintf(doing, sizeof doing, "cannot commit a transaction of transactional.id %.128s for group %s",
                   producer->transactional_id, producer->group_id);
    struct patience patience = {ule_clock_steady() + TOTAL_MS, waiting, context};
    producer->offsets = offsets;
    enum ule_code code = persist(producer, call_offsets, offsets, group, &patience, doing, error);
    producer->offsets = NULL;
    if (!code)
        code = persist(producer, call_commit, NULL, NULL, &patience, doing, error);
    if (!code)
        producer->open = false;
    return code;
}

enum ule_code ule_producer_abort(struct ule_producer *producer, struct ule_error *error) {
    if (!producer->open)
        return ULE_OK;
    producer->open = false; /* whatever comes of it; what was not delivered is no news any more */
    char doing[320];
    (void)snprintf(doing, sizeof doing, "cannot abort a transaction of transactional.id %.249s",
                   producer->transactional_id);
    int64_t deadline = ule_clock_steady() + ABORT_MS;
    enum ule_code code = persist(producer, call_abort, NULL, NULL, &(struct patience){.deadline = deadline}, doing,
                                 error);
    producer->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    return code;
}

enum ule_code ule_producer_flush(struct ule_producer *producer, int timeout_ms, struct ule_error *error) {
    rd_kafka_resp_err_t failed = rd_kafka_flush(producer->client, timeout_ms);
    if (producer->failed) {
        enum ule_code code = ule_kafka_fail_code(error, producer->failed, producer->failure, "cannot write");
        ule_kafka_needs_topic(producer->client, producer->failed, producer->failed_topic, error);
        return code;
    }
    if (!failed)
        return ULE_OK;
    char doing[96];
    (void)snprintf(doing, sizeof doing, "%d records are not delivered", rd_kafka_outq_len(producer->client));
    return ule_kafka_fail_code(error, failed, NULL, doing);
}
