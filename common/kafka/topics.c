/* SPDX-License-Identifier: MIT */
#include "kafka/topics.h"

#include "kafka/right.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY INT64_C(86400000)
/* What Kafka itself allows; an input is no larger than a line of a recording. */
#define PLAIN_BYTES INT64_C(1048588)
/* A loan carries all that a number has heard, a state likewise. */
#define LARGE_BYTES (INT64_C(16) << 20)
/* A dead letter is what it was, and its headers. */
#define HEADER_BYTES (INT64_C(1) << 20)

enum { ADMIN_MS = 30000, APPEAR_MS = 30000, APPEAR_STEP_MS = 100, VALUE_SIZE = 24 };

/* Retention of inputs, dead letters and audit: domain.md section 9. Inbox: design.md
 * section 5. Re-registrations are told once each and not compacted: 90 days, as long as the last value of what has
 * ended stands for a consumer that was away (tombstone.after-days) and as a person without a tie is kept
 * (minimise.after-days); whoever was away longer begins anew with the compacted topics. */
static const struct ule_topic_plan plans[] = {
    {"cpr.person-changed.v1", ULE_TOPIC_INPUT, false, 30 * DAY, PLAIN_BYTES},
    {"udlst.residence-permit.v1", ULE_TOPIC_INPUT, false, 30 * DAY, PLAIN_BYTES},
    {"nemid.credential.v1", ULE_TOPIC_INPUT, false, 30 * DAY, PLAIN_BYTES},
    {"institution.person-changed.v1", ULE_TOPIC_INPUT, false, 30 * DAY, PLAIN_BYTES},
    {"institution.request.v1", ULE_TOPIC_INPUT, false, 30 * DAY, PLAIN_BYTES},
    {ULE_INBOX_TOPIC, ULE_TOPIC_INTERNAL, false, 14 * DAY, LARGE_BYTES},
    {ULE_CHANGELOG_TOPIC, ULE_TOPIC_INTERNAL, true, -1, LARGE_BYTES},
    {"unilogin.provisioning.v1", ULE_TOPIC_OUTPUT, true, -1, PLAIN_BYTES},
    {"unilogin.reregistration.v1", ULE_TOPIC_OUTPUT, false, 90 * DAY, PLAIN_BYTES},
    {"unilogin.contact-relation.v1", ULE_TOPIC_OUTPUT, true, -1, PLAIN_BYTES},
    {"unilogin.case.v1", ULE_TOPIC_OUTPUT, true, -1, PLAIN_BYTES},
    {"optagelse.pupil.v1", ULE_TOPIC_OUTPUT, true, -1, PLAIN_BYTES},
    {"cpr.subscription-wanted.v1", ULE_TOPIC_OUTPUT, true, -1, PLAIN_BYTES},
    {ULE_AUDIT_TOPIC, ULE_TOPIC_OUTPUT, false, 395 * DAY, PLAIN_BYTES},
    {"cpr.person-changed.v1" ULE_DEAD_LETTER_SUFFIX, ULE_TOPIC_DEAD_LETTER, false, 30 * DAY,
     PLAIN_BYTES + HEADER_BYTES},
    {"udlst.residence-permit.v1" ULE_DEAD_LETTER_SUFFIX, ULE_TOPIC_DEAD_LETTER, false, 30 * DAY,
     PLAIN_BYTES + HEADER_BYTES},
    {"nemid.credential.v1" ULE_DEAD_LETTER_SUFFIX, ULE_TOPIC_DEAD_LETTER, false, 30 * DAY, PLAIN_BYTES + HEADER_BYTES},
    {"institution.person-changed.v1" ULE_DEAD_LETTER_SUFFIX, ULE_TOPIC_DEAD_LETTER, false, 30 * DAY,
     PLAIN_BYTES + HEADER_BYTES},
    {"institution.request.v1" ULE_DEAD_LETTER_SUFFIX, ULE_TOPIC_DEAD_LETTER, false, 30 * DAY,
     PLAIN_BYTES + HEADER_BYTES},
    {ULE_INBOX_TOPIC ULE_DEAD_LETTER_SUFFIX, ULE_TOPIC_DEAD_LETTER, false, 30 * DAY, LARGE_BYTES + HEADER_BYTES},
};
enum { PLANS = sizeof plans / sizeof *plans, SETTINGS_MAX = 10 };

const struct ule_topic_plan *ule_topic_plans(size_t *count) {
    *count = PLANS;
    return plans;
}

const struct ule_topic_plan *ule_topic_plan_named(const struct ule_config *config, const char *name) {
    for (size_t i = 0; i < PLANS; i++) {
        if (strcmp(plans[i].name, name) == 0 || (config && strcmp(ule_config_topic(config, plans[i].name), name) == 0))
            return &plans[i];
    }
    return NULL;
}

struct setting {
    const char *name;
    char value[VALUE_SIZE];
    bool guards; /* less than it, or another word, and something is lost */
};

struct settings {
    struct setting items[SETTINGS_MAX];
    size_t count;
};

static void add_text(struct settings *settings, const char *name, const char *value, bool guards) {
    struct setting *setting = &settings->items[settings->count++];
    setting->name = name;
    setting->guards = guards;
    (void)snprintf(setting->value, sizeof setting->value, "%s", value);
}

static void add_number(struct settings *settings, const char *name, int64_t value, bool guards) {
    char text[VALUE_SIZE];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    add_text(settings, name, text, guards);
}

/* `replication` 0: not known, and min.insync.replicas is left as it is. */
static void plan_settings(const struct ule_topic_plan *plan, int replication, bool keep, struct settings *settings) {
    settings->count = 0;
    add_text(settings, "cleanup.policy", plan->compacted ? "compact" : "delete", true);
    add_number(settings, "max.message.bytes", plan->max_message_bytes, true);
    add_text(settings, "message.timestamp.type", "CreateTime", true);
    /* Only closed segments are deleted or compacted: closed once a day, 30 days are 31 at most. Old recordings pass
     * many days in a minute, and would leave a segment for each. */
    add_number(settings, "segment.ms", keep ? 3650 * DAY : DAY, false);
    if (plan->compacted) {
        /* A consumer, or a cache, that was away for less still sees what was deleted (design.md section 5: caches
         * older than 5 days are rebuilt). */
        add_number(settings, "delete.retention.ms", 7 * DAY, true);
        /* A restore reads at most about a third more than what lives. */
        add_text(settings, "min.cleanable.dirty.ratio", "0.25", false);
        /* What was minimised must not stand on for as long as little changes. */
        add_number(settings, "max.compaction.lag.ms", keep ? INT64_MAX : 7 * DAY, false);
    } else {
        add_number(settings, "retention.ms", keep ? -1 : plan->retention_ms, true);
        add_text(settings, "retention.bytes", "-1", true);
    }
    if (replication > 0)
        add_number(settings, "min.insync.replicas", replication > 2 ? replication - 1 : 1, true);
}

/* What there is of one topic. */
struct there {
    bool exists;
    int32_t partitions;
    int replication; /* the least of all partitions */
};

static enum ule_code look(rd_kafka_t *client, const struct ule_config *config, struct there *all,
                          struct ule_error *error) {
    const struct rd_kafka_metadata *metadata = NULL;
    /* All topics: to ask for one by name may make it. */
    rd_kafka_resp_err_t failed = rd_kafka_metadata(client, 1, NULL, &metadata, ADMIN_MS);
    if (failed)
        return ule_kafka_fail_code(error, failed, NULL, "cannot ask for the topics");
    memset(all, 0, PLANS * sizeof *all);
    for (size_t i = 0; i < PLANS; i++) {
        const char *name = ule_config_topic(config, plans[i].name);
        for (int j = 0; j < metadata->topic_cnt; j++) {
            const struct rd_kafka_metadata_topic *topic = &metadata->topics[j];
            if (strcmp(topic->topic, name) != 0 || topic->partition_cnt == 0)
                continue;
            all[i] = (struct there){true, topic->partition_cnt, INT32_MAX};
            for (int k = 0; k < topic->partition_cnt; k++) {
                if (topic->partitions[k].replica_cnt < all[i].replication)
                    all[i].replication = topic->partitions[k].replica_cnt;
            }
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return ULE_OK;
}

/* An admin request on its way, and its answer. */
struct request {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_event_t *answer;
};

static void request_begin(struct request *request, rd_kafka_t *client, rd_kafka_admin_op_t operation) {
    request->answer = NULL;
    request->queue = rd_kafka_queue_new(client);
    request->options = rd_kafka_AdminOptions_new(client, operation);
    (void)rd_kafka_AdminOptions_set_request_timeout(request->options, ADMIN_MS, NULL, 0);
}

static enum ule_code request_wait(struct request *request, const char *doing, struct ule_error *error) {
    request->answer = rd_kafka_queue_poll(request->queue, 2 * ADMIN_MS);
    if (!request->answer)
        return ule_kafka_fail_code(error, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, doing);
    rd_kafka_resp_err_t failed = rd_kafka_event_error(request->answer);
    return failed ? ule_kafka_fail_code(error, failed, rd_kafka_event_error_string(request->answer), doing) : ULE_OK;
}

static void request_end(struct request *request) {
    if (request->answer)
        rd_kafka_event_destroy(request->answer);
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
}

/* What is compared, and with whom it is told. */
struct work {
    rd_kafka_t *client;
    const struct ule_config *config;
    int replication;
    bool keep;
    ule_topic_difference *tell;
    void *context;
    size_t differences;
    struct there there[PLANS];
    rd_kafka_ConfigResource_t *altered[PLANS]; /* NULL: nothing differs */
};

static void __attribute__((format(printf, 4, 5)))
differs(struct work *work, const struct ule_topic_plan *plan, bool fatal, const char *format, ...) {
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    work->differences++;
    work->tell(work->context, ule_config_topic(work->config, plan->name), what, fatal);
}

static void compare_shape(struct work *work, size_t index) {
    const struct ule_topic_plan *plan = &plans[index];
    const struct there *there = &work->there[index];
    if (!there->exists) {
        differs(work, plan, true, "is not there");
        return;
    }
    bool internal = plan->kind == ULE_TOPIC_INTERNAL;
    if (internal ? there->partitions != work->config->partitions : there->partitions < work->config->partitions)
        differs(work, plan, internal, "partitions: %d, expected %d", there->partitions, work->config->partitions);
    if (there->replication < work->replication)
        differs(work, plan, true, "replication: %d, expected %d", there->replication, work->replication);
}

static const rd_kafka_ConfigEntry_t *entry_named(const rd_kafka_ConfigResource_t *resource, const char *name) {
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return entries[i];
    }
    return NULL;
}

/* -1 is no bound. */
static bool is_less(const char *have, const char *want) {
    char *have_end, *want_end;
    long long a = strtoll(have, &have_end, 10), b = strtoll(want, &want_end, 10);
    if (*have_end || *want_end)
        return true; /* words */
    return a != -1 && (b == -1 || a < b);
}

/* AlterConfigs replaces all that a topic has of its own, so what others have set goes along. */
static rd_kafka_ConfigResource_t *alteration(const char *topic, const rd_kafka_ConfigResource_t *found,
                                             const struct settings *settings) {
    rd_kafka_ConfigResource_t *altered = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(found, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]), *value = rd_kafka_ConfigEntry_value(entries[i]);
        bool ours = false;
        for (size_t j = 0; j < settings->count; j++)
            ours = ours || strcmp(settings->items[j].name, name) == 0;
        if (!ours && value && rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG)
            (void)rd_kafka_ConfigResource_set_config(altered, name, value);
    }
    for (size_t i = 0; i < settings->count; i++)
        (void)rd_kafka_ConfigResource_set_config(altered, settings->items[i].name, settings->items[i].value);
    return altered;
}

static void compare_settings(struct work *work, size_t index, const rd_kafka_ConfigResource_t *found) {
    const struct ule_topic_plan *plan = &plans[index];
    struct settings settings;
    plan_settings(plan, work->there[index].replication, work->keep, &settings);
    size_t before = work->differences;
    for (size_t i = 0; i < settings.count; i++) {
        const struct setting *setting = &settings.items[i];
        const rd_kafka_ConfigEntry_t *entry = entry_named(found, setting->name);
        const char *value = entry ? rd_kafka_ConfigEntry_value(entry) : NULL;
        if (value && strcmp(value, setting->value) == 0)
            continue;
        differs(work, plan, setting->guards && (!value || is_less(value, setting->value)), "%s: %s, expected %s",
                setting->name, value ? value : "not set", setting->value);
    }
    if (work->differences > before)
        work->altered[index] = alteration(ule_config_topic(work->config, plan->name), found, &settings);
}

static enum ule_code take_description(struct work *work, const rd_kafka_ConfigResource_t *found,
                                      struct ule_error *error) {
    rd_kafka_resp_err_t failed = rd_kafka_ConfigResource_error(found);
    if (failed) {
        (void)ule_kafka_fail_code(error, failed, rd_kafka_ConfigResource_error_string(found),
                                  "cannot ask for a topic's settings");
        (void)ule_error_at(error, "%s", rd_kafka_ConfigResource_name(found));
        ule_kafka_needs(work->client, failed, "DESCRIBE_CONFIGS", "topic", rd_kafka_ConfigResource_name(found), error);
        return error ? error->code : ULE_KAFKA;
    }
    for (size_t i = 0; i < PLANS; i++) {
        if (strcmp(ule_config_topic(work->config, plans[i].name), rd_kafka_ConfigResource_name(found)) == 0)
            compare_settings(work, i, found);
    }
    return ULE_OK;
}

static bool is_unknown(rd_kafka_event_t *answer) {
    size_t count;
    const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer), &count);
    for (size_t i = 0; i < count; i++) {
        if (rd_kafka_ConfigResource_error(found[i]) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            return true;
    }
    return false;
}

/* A topic that was made a moment ago may not be known yet to the broker that is asked. */
static enum ule_code describe(struct work *work, rd_kafka_ConfigResource_t **asked, size_t count,
                              struct request *request, struct ule_error *error) {
    for (int waited = 0;; waited += APPEAR_STEP_MS) {
        request_begin(request, work->client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
        rd_kafka_DescribeConfigs(work->client, asked, count, request->options, request->queue);
        enum ule_code code = request_wait(request, "cannot ask for the topics' settings", error);
        if (code != ULE_OK || !is_unknown(request->answer) || waited >= APPEAR_MS)
            return code;
        request_end(request);
        (void)usleep(APPEAR_STEP_MS * 1000);
    }
}

static enum ule_code compare(struct work *work, struct ule_error *error) {
    rd_kafka_ConfigResource_t *asked[PLANS];
    size_t count = 0;
    for (size_t i = 0; i < PLANS; i++) {
        compare_shape(work, i);
        if (work->there[i].exists)
            asked[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
                                                         ule_config_topic(work->config, plans[i].name));
    }
    if (!count)
        return ULE_OK;
    struct request request;
    enum ule_code code = describe(work, asked, count, &request, error);
    if (code == ULE_OK) {
        size_t found_count;
        const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(request.answer), &found_count);
        for (size_t i = 0; i < found_count && code == ULE_OK; i++)
            code = take_description(work, found[i], error);
    }
    request_end(&request);
    rd_kafka_ConfigResource_destroy_array(asked, count);
    return code;
}

static enum ule_code alter(struct work *work, struct ule_error *error) {
    rd_kafka_ConfigResource_t *altered[PLANS];
    size_t count = 0;
    for (size_t i = 0; i < PLANS; i++) {
        if (work->altered[i])
            altered[count++] = work->altered[i];
    }
    if (!count)
        return ULE_OK;
    struct request request;
    request_begin(&request, work->client, RD_KAFKA_ADMIN_OP_ALTERCONFIGS);
    rd_kafka_AlterConfigs(work->client, altered, count, request.options, request.queue);
    enum ule_code code = request_wait(&request, "cannot set up the topics", error);
    if (code == ULE_OK) {
        size_t done_count;
        const rd_kafka_ConfigResource_t **done = rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(request.answer), &done_count);
        for (size_t i = 0; i < done_count && code == ULE_OK; i++) {
            rd_kafka_resp_err_t failed = rd_kafka_ConfigResource_error(done[i]);
            if (!failed)
                continue;
            (void)ule_kafka_fail_code(error, failed, rd_kafka_ConfigResource_error_string(done[i]),
                                      "cannot set up a topic");
            code = ule_error_at(error, "%s", rd_kafka_ConfigResource_name(done[i]));
            ule_kafka_needs(work->client, failed, "ALTER_CONFIGS", "topic", rd_kafka_ConfigResource_name(done[i]),
                            error);
        }
    }
    request_end(&request);
    return code;
}

static enum ule_code new_topic(const struct ule_topic_plan *plan, const char *name, int32_t partitions, int replication,
                               bool keep, rd_kafka_NewTopic_t **out, struct ule_error *error) {
    char why[256];
    *out = rd_kafka_NewTopic_new(name, partitions, replication ? replication : -1, why, sizeof why);
    if (!*out)
        return ule_fail(error, ULE_KAFKA, "%s: %s", name, why);
    struct settings settings;
    plan_settings(plan, replication, keep, &settings);
    for (size_t i = 0; i < settings.count; i++)
        (void)rd_kafka_NewTopic_set_config(*out, settings.items[i].name, settings.items[i].value);
    return ULE_OK;
}

/* One that somebody else made meanwhile is as good. */
static enum ule_code make(rd_kafka_t *client, rd_kafka_NewTopic_t **topics, size_t count, ule_topic_difference *made,
                          void *context, struct ule_error *error) {
    struct request request;
    request_begin(&request, client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    (void)rd_kafka_AdminOptions_set_operation_timeout(request.options, ADMIN_MS, NULL, 0);
    rd_kafka_CreateTopics(client, topics, count, request.options, request.queue);
    enum ule_code code = request_wait(&request, "cannot make topics", error);
    size_t results_count = 0;
    const rd_kafka_topic_result_t **results = NULL;
    if (code == ULE_OK)
        results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(request.answer),
                                                      &results_count);
    for (size_t i = 0; i < results_count && code == ULE_OK; i++) {
        rd_kafka_resp_err_t failed = rd_kafka_topic_result_error(results[i]);
        const char *name = rd_kafka_topic_result_name(results[i]);
        if (!failed && made)
            made(context, name, "made", false);
        if (!failed || failed == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            continue;
        (void)ule_kafka_fail_code(error, failed, rd_kafka_topic_result_error_string(results[i]), "cannot make a topic");
        code = ule_error_at(error, "%s", name);
        ule_kafka_needs(client, failed, "CREATE", "topic", name, error);
    }
    request_end(&request);
    return code;
}

enum ule_code ule_topic_make(rd_kafka_t *client, const struct ule_topic_plan *plan, const char *name,
                             int32_t partitions, int replication, bool keep_for_ever, struct ule_error *error) {
    rd_kafka_NewTopic_t *topic;
    enum ule_code code = new_topic(plan, name, partitions, replication, keep_for_ever, &topic, error);
    if (code != ULE_OK)
        return code;
    code = make(client, &topic, 1, NULL, NULL, error);
    rd_kafka_NewTopic_destroy(topic);
    return code;
}

/* Until every broker that may be asked knows of the new topics; then *there is as it is. */
static enum ule_code await_topics(struct work *work, struct ule_error *error) {
    for (int waited = 0;; waited += APPEAR_STEP_MS) {
        enum ule_code code = look(work->client, work->config, work->there, error);
        bool all = true;
        for (size_t i = 0; i < PLANS; i++)
            all = all && work->there[i].exists;
        if (code != ULE_OK || all)
            return code;
        if (waited >= APPEAR_MS)
            return ule_kafka_fail_code(error, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, "topics were made but are not there");
        (void)usleep(APPEAR_STEP_MS * 1000);
    }
}

static enum ule_code create(struct work *work, struct ule_error *error) {
    rd_kafka_NewTopic_t *topics[PLANS];
    size_t count = 0;
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < PLANS && code == ULE_OK; i++) {
        if (work->there[i].exists)
            continue;
        code = new_topic(&plans[i], ule_config_topic(work->config, plans[i].name), work->config->partitions,
                         work->replication, work->keep, &topics[count], error);
        count += code == ULE_OK;
    }
    if (code == ULE_OK && count) {
        code = make(work->client, topics, count, work->tell, work->context, error);
        if (code == ULE_OK)
            code = await_topics(work, error);
    }
    if (count)
        rd_kafka_NewTopic_destroy_array(topics, count);
    return code;
}

static void work_end(struct work *work) {
    for (size_t i = 0; i < PLANS; i++) {
        if (work->altered[i])
            rd_kafka_ConfigResource_destroy(work->altered[i]);
    }
}

static void say_nothing(void *context, const char *topic, const char *what, bool fatal) {
    (void)context;
    (void)topic;
    (void)what;
    (void)fatal;
}

/* A broker learns of new settings a moment after they were set. */
static enum ule_code await_settings(const struct work *done, struct ule_error *error) {
    for (int waited = 0;; waited += APPEAR_STEP_MS) {
        struct work again = *done;
        memset(again.altered, 0, sizeof again.altered);
        again.tell = say_nothing;
        enum ule_code code = compare(&again, error);
        bool differ = false;
        for (size_t i = 0; i < PLANS; i++)
            differ = differ || again.altered[i];
        work_end(&again);
        if (code != ULE_OK || !differ)
            return code;
        if (waited >= APPEAR_MS)
            return ule_kafka_fail_code(error, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL,
                                       "topics were set up but stay as they were");
        (void)usleep(APPEAR_STEP_MS * 1000);
    }
}

enum ule_code ule_topics_check(rd_kafka_t *client, const struct ule_config *config, int replication, bool keep_for_ever,
                               ule_topic_difference *tell, void *context, size_t *differences,
                               struct ule_error *error) {
    struct work work = {client, config, replication, keep_for_ever || config->clock_publish, tell, context,
                        0,      {{0}},  {NULL}};
    enum ule_code code = look(client, config, work.there, error);
    if (code == ULE_OK)
        code = compare(&work, error);
    work_end(&work);
    if (code == ULE_OK)
        *differences = work.differences;
    return code;
}

enum ule_code ule_topics_apply(rd_kafka_t *client, const struct ule_config *config, int replication, bool keep_for_ever,
                               ule_topic_difference *made, void *context, struct ule_error *error) {
    struct work work = {client, config, replication, keep_for_ever || config->clock_publish, made, context,
                        0,      {{0}},  {NULL}};
    enum ule_code code = look(client, config, work.there, error);
    if (code == ULE_OK)
        code = create(&work, error);
    if (code == ULE_OK)
        code = compare(&work, error);
    if (code == ULE_OK)
        code = alter(&work, error);
    if (code == ULE_OK)
        code = await_settings(&work, error);
    work_end(&work);
    return code;
}
