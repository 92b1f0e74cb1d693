/* SPDX-License-Identifier: MIT */
#include "loop/forward.h"

#include "avro/framing.h"
#include "base/clock.h"
#include "kafka/topics.h"
#include "loop/audit.h"
#include "loop/dead_letter.h"
#include "loop/poison.h"
#include "loop/process.h"
#include "loop/state.h"
#include "ops/metrics.h"
#include "registry/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct input {
    const struct ule_source *source;
    const char *topic; /* as it is called here */
    struct ule_reader *reader;
    struct ule_dead_letters letters;
};

struct forward {
    const struct ule_config *config;
    const struct ule_forwarding *forwarding;
    const char *abort_on_event; /* of the environment; NULL but in a test of what a death leads to */
    struct ule_task task;
    struct ule_worker *worker;
    struct ule_registry *registry; /* NULL: none */
    struct input inputs[ULE_SOURCE_COUNT];
    const char *topics[ULE_SOURCE_COUNT];
    const char *inbox, *audit_topic;
    int32_t audit_partitions;
    struct ule_framing audit_framing;
    int64_t audit_version, audit_count; /* count: of the open transaction */
    struct ule_caused_by audit_cause;   /* its last record */
    char audit_event_id[128];
    struct ule_arena *arena;
    struct ule_buffer bytes;
};

static enum ule_code opened(void *context, struct ule_worker *worker, struct ule_error *error) {
    struct forward *forward = context;
    forward->worker = worker;
    enum ule_code code = ule_worker_check_partitions(worker, forward->inbox, error);
    if (code == ULE_OK)
        code = ule_registry_again(forward->registry, error);
    if (code == ULE_OK && forward->forwarding->audited)
        code = ule_registry_framing(forward->registry, forward->audit_topic, &ule_cpr_transaction_record,
                                    &forward->audit_framing, error);
    if (code == ULE_OK && forward->forwarding->audited)
        code = ule_kafka_partitions(ule_worker_client(worker), forward->audit_topic, &forward->audit_partitions, error);
    for (size_t i = 0; i < forward->task.topics_count && code == ULE_OK; i++)
        code = ule_dead_letters_open(forward->config, worker, forward->inputs[i].source->topic,
                                     &forward->inputs[i].letters, error);
    return code;
}

static enum ule_code assigned(void *context, const struct ule_assigned *all, size_t count, struct ule_error *error) {
    struct forward *forward = context;
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < count && code == ULE_OK; i++)
        code = ule_worker_resume(forward->worker, all[i].topic, all[i].partition, error);
    return code;
}

/* The batch was dropped. */
static void forget(void *context) {
    struct forward *forward = context;
    forward->audit_count = 0;
}

static struct input *input_of(struct forward *forward, const rd_kafka_message_t *message) {
    const char *topic = rd_kafka_topic_name(message->rkt);
    for (size_t i = 1; i < forward->task.topics_count; i++) {
        if (strcmp(forward->inputs[i].topic, topic) == 0)
            return &forward->inputs[i];
    }
    return &forward->inputs[0];
}

/* Decoded, checked and addressed; data errors and the registry's trouble in *why. The registry is asked once for an id,
 * within an open transaction: registry.timeout-ms is well below transaction.timeout.ms, and a batch that has lasted as
 * long ends with this record. */
static enum ule_code translate(struct forward *forward, const struct input *input, const rd_kafka_message_t *message,
                               struct ule_inbox_message *out, struct ule_error *why) {
    const struct ule_source *source = input->source;
    struct ule_arena *arena = forward->arena;
    void *value = ule_arena_alloc(arena, source->record->size);
    int64_t ts = rd_kafka_message_timestamp(message, NULL);
    const char *entity = NULL, *key = NULL;
    if (!message->payload)
        return ule_fail(why, ULE_FIELD_MISSING, "payload: null, and an input has no tombstones");
    if (message->key)
        key = ule_arena_substring(arena, message->key, message->key_len);
    enum ule_code code = ule_source_decode(source, input->reader, message->payload, message->len, arena, value, why);
    if (code == ULE_OK)
        code = source->translate(value, key, ts >= 0 ? ts : ULE_TIME_NONE, arena, &entity, NULL, why);
    if (code == ULE_OK)
        ule_source_message(source, value, entity, ts >= 0 ? ts : 0, message->partition, message->offset, arena, out);
    return code;
}

static enum ule_code deliver(struct forward *forward, const struct ule_inbox_message *message,
                             struct ule_error *error) {
    ule_buffer_clear(&forward->bytes);
    ule_write_single_object(&ule_inbox_message_record, message, &forward->bytes);
    return ule_worker_send(
        forward->worker,
        &(struct ule_message){
            .topic = forward->inbox,
            .partition = (int32_t)ule_state_partition(message->entity, (unsigned)forward->config->partitions),
            .key = message->entity,
            .key_size = strlen(message->entity),
            .value = forward->bytes.bytes,
            .size = forward->bytes.size,
        },
        error);
}

static void count_for_audit(struct forward *forward, const struct ule_caused_by *cause) {
    forward->audit_count++;
    forward->audit_cause = *cause; /* its topic is static; the event id is not */
    size_t size = strlen(cause->event_id);
    if (size >= sizeof forward->audit_event_id)
        size = sizeof forward->audit_event_id - 1;
    memcpy(forward->audit_event_id, cause->event_id, size);
    forward->audit_event_id[size] = '\0';
    forward->audit_cause.event_id = forward->audit_event_id;
}

/* Read and passed on; or a data error in *why, for the dead letters. */
static enum ule_code forward_one(struct forward *forward, const struct input *input, const rd_kafka_message_t *message,
                                 struct ule_error *why, struct ule_error *error) {
    struct ule_inbox_message out = {.entity = "", .caused_by.event_id = ""};
    ule_arena_reset(forward->arena);
    enum ule_code code = translate(forward, input, message, &out, why);
    if (code >= ULE_DATA_ERRORS_END)
        *error = *why;
    if (code != ULE_OK)
        return code;
    if (forward->abort_on_event && strcmp(out.caused_by.event_id, forward->abort_on_event) == 0)
        abort();
    code = deliver(forward, &out, error);
    if (code == ULE_OK && forward->forwarding->audited && out.person)
        count_for_audit(forward, &out.caused_by);
    return code;
}

static enum ule_code take(void *context, const rd_kafka_message_t *message, struct ule_error *error) {
    struct forward *forward = context;
    struct input *input = input_of(forward, message);
    struct ule_error why = {0};
    enum ule_code code;
    if (ule_poison_deaths(input->topic, message->partition, message->offset, "") >= ULE_POISON_DEATHS) {
        code = ule_fail(&why, ULE_POISON, "the process died on it, twice");
        ule_worker_end_batch(forward->worker); /* before another death takes it back */
    } else {
        ule_poison_enter(input->topic, message->partition, message->offset, "");
        code = forward_one(forward, input, message, &why, error);
        ule_poison_leave();
    }
    if (code != ULE_OK && code == why.code && code < ULE_DATA_ERRORS_END)
        code = ule_dead_letters_send(forward->worker, &input->letters, message, &why, error);
    ule_metric_add(ULE_METRIC_RECORDS_TAKEN, input->topic, why.code == ULE_OK ? "forwarded" : "dead-letter", 1);
    return code == ULE_OK
               ? ule_worker_position(forward->worker, input->topic, message->partition, message->offset + 1, error)
               : code;
}

static enum ule_code commit(void *context, struct ule_error *error) {
    struct forward *forward = context;
    if (forward->audit_count == 0)
        return ULE_OK;
    int64_t now = ule_clock_wall();
    forward->audit_version = now > forward->audit_version ? now : forward->audit_version + 1;
    struct ule_cpr_transaction transaction;
    ule_arena_reset(forward->arena);
    ule_audit_process(forward->task.name, forward->config->instance_id, forward->audit_version, forward->audit_count,
                      &forward->audit_cause, forward->arena, &transaction);
    transaction.source = &forward->audit_cause;
    forward->audit_count = 0;
    ule_buffer_clear(&forward->bytes);
    ule_write_framed(&ule_cpr_transaction_record, &forward->audit_framing, &transaction, &forward->bytes);
    return ule_worker_send(
        forward->worker,
        &(struct ule_message){
            .topic = forward->audit_topic,
            .partition = (int32_t)ule_state_partition(forward->task.name, (unsigned)forward->audit_partitions),
            .key = forward->task.name,
            .key_size = strlen(forward->task.name),
            .value = forward->bytes.bytes,
            .size = forward->bytes.size,
        },
        error);
}

/* Nothing is kept but what a death leaves behind, in a file of this member's own: the folder may be another's too.
 * Without one nothing is noted, and a record that kills goes on killing. */
static enum ule_code open_poison(const struct ule_process *process, const struct ule_config *config,
                                 struct ule_error *error) {
    char path[4096];
    if (!config->state_dir)
        return ULE_OK;
    if (mkdir(config->state_dir, 0700) != 0 && errno != EEXIST)
        return ule_fail(error, ULE_IO, "state.dir %s: %s", config->state_dir, strerror(errno));
    if (snprintf(path, sizeof path, "%s/%s-%s.poison", config->state_dir, process->name, config->instance_id) >=
        (int)sizeof path)
        return ule_fail(error, ULE_CONFIG, "state.dir: too long");
    return ule_poison_open(path, error);
}

static enum ule_code new_task(const struct ule_process *process, const struct ule_config *config,
                              const struct ule_permits *permits, void **made, const struct ule_task **task,
                              struct ule_error *error) {
    (void)permits;
    struct ule_registry *registry = NULL;
    enum ule_code code = open_poison(process, config, error);
    if (code == ULE_OK)
        code = ule_registry_open(config, &registry, error);
    if (code != ULE_OK)
        return code;
    struct forward *forward = calloc(1, sizeof *forward);
    if (!forward)
        abort();
    forward->registry = registry;
    forward->config = config;
    forward->forwarding = process->context;
    forward->abort_on_event = getenv("ULE_ABORT_ON_EVENT");
    forward->arena = ule_arena_new();
    forward->inbox = ule_config_topic(config, ULE_INBOX_TOPIC);
    forward->audit_topic = ule_config_topic(config, ULE_AUDIT_TOPIC);
    for (size_t i = 0; i < forward->forwarding->count; i++) {
        struct input *input = &forward->inputs[i];
        input->source = &ule_sources[forward->forwarding->sources[i]];
        input->topic = ule_config_topic(config, input->source->topic);
        input->reader = ule_reader_new(input->source->record);
        ule_registry_serve(registry, input->reader);
        forward->topics[i] = input->topic;
    }
    forward->task = (struct ule_task){
        .name = process->name,
        .topics = forward->topics,
        .topics_count = forward->forwarding->count,
        .context = forward,
        .opened = opened,
        .assigned = assigned,
        .revoked = forget,
        .take = take,
        .commit = commit,
        .closed = forget,
    };
    *made = forward;
    *task = &forward->task;
    return ULE_OK;
}

static void free_task(void *made) {
    struct forward *forward = made;
    for (size_t i = 0; i < forward->task.topics_count; i++)
        ule_reader_free(forward->inputs[i].reader);
    ule_registry_close(forward->registry);
    ule_buffer_close(&forward->bytes);
    ule_arena_free(forward->arena);
    free(forward);
}

int ule_forward_main(int argc, char **argv, const struct ule_forwarding *forwarding) {
    const struct ule_process process = {
        .name = forwarding->name,
        .says = forwarding->says,
        .context = forwarding,
        .new_task = new_task,
        .free_task = free_task,
    };
    return ule_process_main(argc, argv, &process);
}
