/* SPDX-License-Identifier: MIT */
#include "family/family.h"

#include "base/clock.h"
#include "kafka/topics.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "registry/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An address is far shorter than this, and two of them are a key of the store's. */
enum { ADDRESS_MAX = 240 };

struct family_partition *family_partition(struct family *family, int32_t number) {
    for (size_t i = 0; i < family->partitions_count; i++) {
        if (family->partitions[i].number == number)
            return &family->partitions[i];
    }
    return NULL;
}

static enum ule_code send_to(struct family *family, const char *topic, int32_t partition, const char *key, void *opaque,
                             bool tombstone, struct ule_error *error) {
    const struct ule_message message = {
        .topic = topic,
        .partition = partition,
        .key = key,
        .key_size = strlen(key),
        .value = tombstone ? NULL : family->bytes.bytes,
        .size = tombstone ? 0 : family->bytes.size,
        .opaque = opaque,
    };
    return ule_worker_send(family->worker, &message, error);
}

static size_t output_size(void *context, const struct ule_output *output) {
    struct family *family = context;
    ule_buffer_clear(&family->bytes);
    if (output->value)
        ule_write_framed(ule_topic_records[output->topic], &family->outputs[output->topic].framing, output->value,
                         &family->bytes);
    return family->bytes.size;
}

static enum ule_code publish(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    struct family *family = context;
    const struct family_output *to = &family->outputs[output->topic];
    (void)at;
    (void)output_size(family, output);
    return send_to(family, to->topic, (int32_t)ule_state_partition(output->key, (unsigned)to->partitions), output->key,
                   NULL, !output->value, error);
}

static enum ule_code tell(void *context, const struct ule_inbox_message *message, struct ule_error *error) {
    struct family *family = context;
    ule_buffer_clear(&family->bytes);
    ule_write_single_object(&ule_inbox_message_record, message, &family->bytes);
    return send_to(family, family->inbox,
                   (int32_t)ule_state_partition(message->entity, (unsigned)family->config->partitions), message->entity,
                   NULL, false, error);
}

static enum ule_code opened(void *context, struct ule_worker *worker, struct ule_error *error) {
    struct family *family = context;
    family->worker = worker;
    enum ule_code code = ule_worker_check_partitions(worker, family->inbox, error);
    if (code == ULE_OK)
        code = ule_worker_check_partitions(worker, family->changelog, error);
    for (size_t i = 0; i < ULE_TOPIC_COUNT && code == ULE_OK; i++) {
        struct family_output *output = &family->outputs[i];
        code = ule_kafka_partitions(ule_worker_client(worker), output->topic, &output->partitions, error);
        if (code == ULE_OK)
            code = ule_registry_framing(family->registry, output->topic, ule_topic_records[i], &output->framing, error);
    }
    if (code == ULE_OK)
        code = ule_dead_letters_open(family->config, worker, ULE_INBOX_TOPIC, &family->letters, error);
    if (code != ULE_OK)
        return code;
    ule_kafka_cluster(ule_worker_client(worker), family->cluster, sizeof family->cluster);
    if (strcmp(family->cluster, ULE_CLUSTER_UNKNOWN) != 0)
        return ULE_OK;
    code = ule_fail(error, ULE_KAFKA, "no broker says which cluster it is of"); /* and every cache is of one */
    if (error)
        error->action = ULE_ACTION_RESTART;
    return code;
}

static enum ule_code assigned(void *context, const struct ule_assigned *all, size_t count, struct ule_error *error) {
    struct family *family = context;
    (void)error;
    family->partitions = calloc(count ? count : 1, sizeof *family->partitions);
    family->restoring = calloc(count ? count : 1, sizeof *family->restoring);
    if (!family->partitions || !family->restoring)
        abort();
    family->partitions_count = count;
    for (size_t i = 0; i < count; i++)
        family->partitions[i] = (struct family_partition){
            .family = family,
            .number = all[i].partition,
            .next = all[i].committed,
            .fresh = all[i].fresh,
            .today = ULE_DATE_NONE,
            .ticking = ULE_DATE_NONE,
            .asked = ULE_DATE_NONE,
        };
    family_show_stages(family, true);
    return ULE_OK;
}

static void give_up(void *context) {
    struct family *family = context;
    family->tick_turn = 0;
    family->sliced = family->others_turn = family->took = false;
    family_give_up(family);
}

static enum ule_code idle(void *context, bool *busy, struct ule_error *error) {
    struct family *family = context;
    enum ule_code code = family_take_over(family, busy, error);
    if (code == ULE_OK)
        code = family_tick_on(family, busy, error);
    if (code == ULE_OK)
        code = family_look_at_the_clock(family, error);
    family_show_stages(family, false);
    return code;
}

/* Built in for the tests of what a death in the core leads to: the id of a source event on which it aborts. */
static void die_if_told(const struct family *family, const struct ule_inbox_message *message) {
    if (family->abort_on_event && strcmp(message->caused_by.event_id, family->abort_on_event) == 0)
        abort();
}

/* Tells that went on without end, and which record they came of: it may be put right where it was made. */
static void log_ring(const struct family *family, const struct ule_inbox_message *message) {
    char pseudonym[15];
    ule_policy_pseudonym(&family->config->policy, message->entity, pseudonym);
    ule_log(ULE_LOG_WARNING, "ring", "entity=%s hops=%" PRId32 " topic=%s partition=%" PRId32 " offset=%" PRId64,
            pseudonym, message->hops, message->caused_by.topic, message->caused_by.partition,
            message->caused_by.offset);
}

/* A data error in *why, or anything else in *error. */
static uint64_t count_rings(const struct family *family) {
    const struct ule_stepper_counts *counts = ule_stepper_counts(family->stepper);
    return counts->notes[ULE_NOTE_RING] + counts->notes[ULE_NOTE_CUT_SHORT];
}

static enum ule_code step(struct family *family, struct family_partition *partition, const rd_kafka_message_t *record,
                          const struct ule_inbox_message *message, struct ule_error *why, struct ule_error *error) {
    bool aside = false;
    enum ule_code code = family_poison_check(family, partition, record, message->entity, &aside, error);
    if (code != ULE_OK || aside)
        return code == ULE_OK ? family_poison_fail(why) : code;
    if (partition->today == ULE_DATE_NONE) {
        partition->today = ule_date_of_time(message->at);
        partition->changed = true;
    }
    ule_poison_enter(family->inbox, partition->number, record->offset, "");
    die_if_told(family, message);
    ule_stepper_count_in(family->stepper, &partition->census);
    uint64_t rings = count_rings(family);
    code = ule_stepper_take(family->stepper, partition->store, partition->today, message, NULL, error);
    ule_poison_leave();
    if (code == ULE_TOO_LARGE)
        *why = *error;
    if (count_rings(family) > rings)
        log_ring(family, message);
    return code;
}

/* What the store would refuse, or take for the partition's own record. */
static enum ule_code check_address(const struct ule_inbox_message *message, struct ule_error *why) {
    size_t size = strlen(message->entity);
    if (size > 0 && size <= ADDRESS_MAX && strlen(message->sender) <= ADDRESS_MAX &&
        strcmp(message->entity, ULE_PARTITION_KEY) != 0)
        return ULE_OK;
    return ule_fail(why, ULE_ID_MALFORMED, "entity or sender: expected an address of at most %d bytes", ADDRESS_MAX);
}

enum ule_code family_move_to(struct family *family, struct family_partition *partition, int64_t next,
                             struct ule_error *error) {
    /* The group's offset and the partition's record begin in one transaction: see takeover.c. */
    if (!partition->begun) {
        partition->begun = ule_clock_wall();
        partition->changed = true;
    }
    partition->next = next;
    return ule_worker_position(family->worker, family->inbox, partition->number, next, error);
}

enum ule_code family_resume(struct family *family, const struct family_partition *partition, struct ule_error *error) {
    int64_t offset = 0;
    enum ule_code code = ULE_OK;
    if (!partition->fresh)
        code = ule_worker_committed(family->worker, family->inbox, partition->number, &offset, error);
    if (code == ULE_OK && offset < 0) {
        code = ule_fail(error, ULE_STATE, "partition %" PRId32 ": the group has lost its offset in %s meanwhile",
                        partition->number, family->inbox);
        if (error)
            error->action = ULE_ACTION_RESTART; /* which then says more */
    }
    return code == ULE_OK ? ule_worker_resume(family->worker, family->inbox, partition->number, error) : code;
}

static enum ule_code count_taken(const struct family *family, const char *result, enum ule_code code) {
    if (code == ULE_OK)
        ule_metric_add(ULE_METRIC_RECORDS_TAKEN, family->inbox, result, 1);
    return code;
}

static enum ule_code take(void *context, const rd_kafka_message_t *record, struct ule_error *error) {
    struct family *family = context;
    struct family_partition *partition = family_partition(family, record->partition);
    family->took = true;
    if (!partition || partition->stage != FAMILY_READY)
        return ule_fail(error, ULE_KAFKA, "a record of partition %" PRId32 ", which is paused", record->partition);
    struct ule_inbox_message message = {.entity = ""};
    struct ule_error why = {0};
    ule_arena_reset(family->arena);
    enum ule_code code = record->payload
                             ? ule_reader_decode(family->messages, record->payload, record->len, family->arena,
                                                 &message, &why)
                             : ule_fail(&why, ULE_FIELD_MISSING, "payload: null, and the inbox has no tombstones");
    if (code == ULE_OK && message.entity[0] == '\0' && message.tick != ULE_DATE_NONE)
        return count_taken(family, "tick", family_tick(family, partition, message.tick, record->offset, error));
    if (code == ULE_OK)
        code = check_address(&message, &why);
    if (code == ULE_OK)
        code = step(family, partition, record, &message, &why, error);
    if (code != ULE_OK && code == why.code && code < ULE_DATA_ERRORS_END)
        code = ule_dead_letters_send(family->worker, &family->letters, record, &why, error);
    else if (code != ULE_OK && why.code != ULE_OK)
        *error = why;
    (void)count_taken(family, why.code == ULE_OK ? "applied" : "dead-letter", code);
    return code == ULE_OK ? family_move_to(family, partition, record->offset + 1, error) : code;
}

struct changes {
    struct family *family;
    struct family_partition *partition;
    enum ule_code code;
    struct ule_error *error;
};

static bool log_change(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct changes *changes = context;
    struct family *family = changes->family;
    ule_buffer_clear(&family->bytes);
    if (bytes)
        ule_buffer_append(&family->bytes, bytes, size);
    int32_t number = changes->partition->number;
    /* Its number, not its address: the record may be delivered when the partition is gone. */
    changes->code = send_to(family, family->changelog, number, entity, (void *)((intptr_t)number + 1), !bytes,
                            changes->error);
    return changes->code == ULE_OK;
}

/* The partition's own record goes the way of all states: into the store, and from there to the changelog. */
static void put_partition(struct family *family, struct family_partition *partition) {
    struct ule_person_state state;
    ule_arena_reset(family->arena);
    ule_record_init(&ule_person_state_record, &state, family->arena);
    state.today = partition->today;
    state.untied_since = partition->asked;
    state.version = partition->begun;
    state.quarantined.count = partition->quarantined_count;
    state.quarantined.items = ule_arena_array(family->arena, partition->quarantined_count + 1, sizeof(const char *));
    for (size_t i = 0; i < partition->quarantined_count; i++)
        state.quarantined.items[i] = partition->quarantined[i];
    ule_state_write(family->codec, &state, &family->bytes);
    ule_store_put(partition->store, ULE_PARTITION_KEY, family->bytes.bytes, family->bytes.size, ULE_DATE_NONE);
    partition->changed = false;
}

static enum ule_code commit(void *context, struct ule_error *error) {
    struct family *family = context;
    struct changes changes = {.family = family, .code = ULE_OK, .error = error};
    for (size_t i = 0; i < family->partitions_count && changes.code == ULE_OK; i++) {
        changes.partition = &family->partitions[i];
        if (changes.partition->stage < FAMILY_READY)
            continue;
        /* A state that could not be read looked like none: what followed from that must stay here. */
        if (ule_store_failed(changes.partition->store))
            return ule_store_commit(changes.partition->store, error);
        if (changes.partition->changed)
            put_partition(family, changes.partition);
        ule_store_each_change(changes.partition->store, log_change, &changes);
    }
    family_note(family, true);
    return changes.code;
}

static void delivered(void *context, void *opaque, int64_t offset) {
    struct family *family = context;
    struct family_partition *partition = opaque ? family_partition(family, (int32_t)((intptr_t)opaque - 1)) : NULL;
    if (partition && offset + 1 > partition->delivered)
        partition->delivered = offset + 1;
}

static enum ule_code committed(void *context, struct ule_error *error) {
    struct family *family = context;
    enum ule_code code = ULE_OK;
    family_tick_committed(family);
    for (size_t i = 0; i < family->partitions_count && code == ULE_OK; i++) {
        struct family_partition *partition = &family->partitions[i];
        if (partition->stage < FAMILY_READY || partition->delivered == partition->position)
            continue;
        int64_t before = partition->position, before_as_of = partition->as_of;
        partition->position = partition->delivered;
        partition->as_of = ule_clock_wall();
        code = family_store_commit(family, partition, error);
        /* The batch is lost to the store, and giving up writes down what it is as of. */
        if (code != ULE_OK) {
            partition->position = before;
            partition->as_of = before_as_of;
        }
    }
    family_show_committed(family);
    return code;
}

/* Bytes: what a record of the topic may be, and a 16th less, for its envelope and for what a Tick may add. */
static size_t most(const struct ule_config *config, const char *topic) {
    int64_t bytes = ule_topic_plan_named(NULL, topic)->max_message_bytes;
    const char *configured = ule_config_kafka(config, "message.max.bytes");
    if (configured && strtoll(configured, NULL, 10) < bytes)
        bytes = strtoll(configured, NULL, 10);
    return (size_t)(bytes - bytes / 16);
}

static void free_task(void *made) {
    struct family *family = made;
    family_give_up(family);
    ule_stepper_free(family->stepper);
    ule_state_codec_free(family->codec);
    ule_reader_free(family->messages);
    ule_registry_close(family->registry);
    ule_buffer_close(&family->bytes);
    ule_arena_free(family->arena);
    if (family->lock >= 0)
        (void)close(family->lock);
    free(family);
}

static enum ule_code new_task(const struct ule_process *process, const struct ule_config *config,
                              const struct ule_permits *permits, void **made, const struct ule_task **task,
                              struct ule_error *error) {
    struct family *family = calloc(1, sizeof *family);
    if (!family)
        abort();
    const struct ule_stepper_sink sink = {.context = family, .output = publish, .tell = tell};
    family->config = config;
    family->permits = *permits;
    family->abort_on_event = getenv("ULE_ABORT_ON_EVENT");
    family->abort_on_tick_of = getenv("ULE_ABORT_ON_TICK_OF");
    family->lock = -1;
    family->stepper = ule_stepper_new(&config->policy, &sink);
    family->codec = ule_state_codec_new();
    family->messages = ule_reader_new(&ule_inbox_message_record);
    family->arena = ule_arena_new();
    family->inbox = family->topics[0] = ule_config_topic(config, ULE_INBOX_TOPIC);
    family->changelog = ule_config_topic(config, ULE_CHANGELOG_TOPIC);
    for (size_t i = 0; i < ULE_TOPIC_COUNT; i++)
        family->outputs[i].topic = ule_config_topic(config, ule_topic_names[i]);
    ule_config_digest(config, family->digest);
    const struct ule_stepper_limits limits = {most(config, ULE_CHANGELOG_TOPIC),
                                              most(config, ule_topic_names[ULE_TOPIC_PROVISIONING]), output_size};
    ule_stepper_limit(family->stepper, &limits);
    family->task = (struct ule_task){
        .name = process->name,
        .topics = family->topics,
        .topics_count = 1,
        .context = family,
        .opened = opened,
        .assigned = assigned,
        .revoked = give_up,
        .idle = idle,
        .take = take,
        .commit = commit,
        .committed = committed,
        .delivered = delivered,
        .closed = give_up,
    };
    enum ule_code code = ule_registry_open(config, &family->registry, error);
    if (code == ULE_OK)
        code = family_lock(family, error);
    if (code != ULE_OK) {
        free_task(family);
        return code;
    }
    *made = family;
    *task = &family->task;
    return ULE_OK;
}

const struct ule_process family_process = {
    .name = "ule-family",
    .says = "Keeps the state of every person and what belongs to one, and publishes what follows from it.",
    .stateful = true,
    .new_task = new_task,
    .free_task = free_task,
};
