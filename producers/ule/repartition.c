/* SPDX-License-Identifier: MIT */
/* `ule repartition`: inbox and changelog with another number of partitions (design.md section 5). The old topics are
 * only read: whatever goes wrong, the old configuration still stands for what there is. */
#include "avro/framing.h"
#include "base/clock.h"
#include "kafka/producer.h"
#include "kafka/reader.h"
#include "loop/engine.h"
#include "ule/commands.h"
#include "ule/lag.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "ule repartition";
static const char help[] =
    "usage: ule repartition --config FILE --partitions N --inbox-topic NAME --changelog-topic NAME\n"
    "\n"
    "Copies the state of every entity into a new changelog with N partitions and makes a new inbox\n"
    "beside it. All five processes must have ended, and the inbox must be read to its end. The old\n"
    "topics stay as they are. A process that has just ended is a member of its group for a while yet:\n"
    "it waits 15 seconds for that.\n"
    "\n"
    "  -c, --config FILE            as the processes have it now\n"
    "  -n, --partitions N           1 to 1000\n"
    "  -i, --inbox-topic NAME       the new inbox; must not be there, or be empty\n"
    "  -l, --changelog-topic NAME   the new changelog; likewise\n"
    "  -r, --replication N          copies of each partition; without it the brokers' default\n"
    "  -h, --help                   this text\n"
    "\n"
    "At the end it prints the lines to put into the configuration of all processes. Each process\n"
    "rebuilds its cache when it starts with them. A run that was cut short leaves topics that have to be\n"
    "deleted before the next.\n"
    "\n"
    "Exits 0; 1 when something stands in the way or went wrong; 2 when the command line is wrong.\n";

/* The changelog's record about the partition itself; every other key begins with an entity. */
enum { WAIT_MS = 200, APPEAR_MS = 30000, FLUSH_MS = 330000, MEMBERS_MS = 15000, PARTITIONS_MOST = 1000 };

struct options {
    const char *config, *inbox, *changelog;
    int64_t partitions, replication;
};

struct repartition {
    const struct options *options;
    struct ule_config *config;
    struct ule_lag *lag;
    rd_kafka_t *client;
    struct ule_kafka_reader *reader;
    struct ule_producer *producer;
    struct ule_reader *states;
    struct ule_arena *arena, *kept; /* kept: what `quarantined` holds */
    int32_t today;                  /* the smallest of the old partitions' */
    struct ule_strings quarantined;
    bool any_today;
    uint64_t copied;
    struct ule_progress progress;
};

/* The newest control record of one old partition. */
struct control {
    int32_t today;
    struct ule_strings quarantined;
};

static unsigned partition_of(const struct repartition *repartition, const void *key, size_t size) {
    return ule_partition_of(ule_murmur2(key, size), (unsigned)repartition->options->partitions);
}

/* A slot belongs to the entity before the separator. */
static size_t entity_size(const char *key, size_t size) {
    const char *separator = memchr(key, ULE_SLOT_SEPARATOR, size);
    return separator ? (size_t)(separator - key) : size;
}

static enum ule_code take_control(struct repartition *repartition, const rd_kafka_message_t *message,
                                  struct control *control, struct ule_error *error) {
    struct ule_person_state state;
    ule_arena_reset(repartition->arena);
    if (!message->payload)
        return ule_fail(error, ULE_STATE, "the changelog's partition %d has lost its day", message->partition);
    enum ule_code code = ule_reader_decode(repartition->states, message->payload, message->len, repartition->arena,
                                           &state, error);
    if (code != ULE_OK)
        return ule_error_at(error, "changelog partition %d offset %" PRId64, message->partition, message->offset);
    control->today = state.today;
    control->quarantined.items = ule_arena_array(repartition->kept, state.quarantined.count + 1, sizeof(char *));
    control->quarantined.count = state.quarantined.count;
    for (size_t i = 0; i < state.quarantined.count; i++)
        control->quarantined.items[i] = ule_arena_string(repartition->kept, state.quarantined.items[i]);
    return ULE_OK;
}

static enum ule_code copy_one(struct repartition *repartition, const rd_kafka_message_t *message,
                              struct control *control, struct ule_error *error) {
    const char *key = message->key;
    if (!key)
        return ule_fail(error, ULE_STATE, "changelog partition %d offset %" PRId64 ": no key", message->partition,
                        message->offset);
    if (message->key_len == strlen(ULE_PARTITION_KEY) && memcmp(key, ULE_PARTITION_KEY, message->key_len) == 0)
        return take_control(repartition, message, control, error);
    repartition->copied++;
    return ule_producer_send(
        repartition->producer,
        &(struct ule_message){
            .topic = repartition->options->changelog,
            .partition = (int32_t)partition_of(repartition, key, entity_size(key, message->key_len)),
            .key = key,
            .key_size = message->key_len,
            .value = message->payload,
            .size = message->len,
            .ts = rd_kafka_message_timestamp(message, NULL),
        },
        error);
}

static void join_control(struct repartition *repartition, const struct control *control) {
    struct ule_strings *all = &repartition->quarantined;
    if (control->today != ULE_DATE_NONE && (!repartition->any_today || control->today < repartition->today))
        repartition->today = control->today;
    repartition->any_today = repartition->any_today || control->today != ULE_DATE_NONE;
    const char **items = ule_arena_array(repartition->kept, all->count + control->quarantined.count + 1, sizeof *items);
    if (all->count)
        memcpy(items, all->items, all->count * sizeof *items);
    for (size_t i = 0; i < control->quarantined.count; i++)
        items[all->count++] = control->quarantined.items[i];
    all->items = items;
}

/* One after the other, so that what is known of one is its newest. All records of an entity come from one partition
 * and go to one, in their order. */
static enum ule_code copy_partition(struct repartition *repartition, const char *topic, int32_t partition,
                                    struct ule_error *error) {
    struct control control = {.today = ULE_DATE_NONE};
    int64_t low = 0, high = 0;
    enum ule_code code = ule_kafka_reader_bounds(repartition->reader, topic, partition, &low, &high, error);
    if (code == ULE_OK && low < high)
        code = ule_kafka_reader_start(repartition->reader, topic, partition, low, high, error);
    while (code == ULE_OK && low < high) {
        rd_kafka_message_t *message = NULL;
        int ended = -1;
        if (ule_live_interrupted())
            return ule_fail(error, ULE_IO, "interrupted; delete the new topics before the next run");
        code = ule_kafka_reader_next(repartition->reader, WAIT_MS, &message, &ended, error);
        if (code == ULE_OK && message)
            code = copy_one(repartition, message, &control, error);
        if (message)
            rd_kafka_message_destroy(message);
        ule_progress_show(&repartition->progress, "copying partition %d: %" PRIu64 " records", partition,
                          repartition->copied);
    }
    if (code != ULE_OK && code != ULE_END)
        return code;
    join_control(repartition, &control);
    return ULE_OK;
}

static enum ule_code copy_all(struct repartition *repartition, struct ule_error *error) {
    const char *topic = ule_config_topic(repartition->config, ULE_CHANGELOG_TOPIC);
    int32_t partitions = 0;
    enum ule_code code = ule_kafka_partitions(repartition->client, topic, &partitions, error);
    for (int32_t i = 0; i < partitions && code == ULE_OK; i++)
        code = copy_partition(repartition, topic, i, error);
    return code;
}

/* Each says when its changelog was begun (consumers/family/takeover.c). */
static enum ule_code write_controls(struct repartition *repartition, struct ule_error *error) {
    struct ule_buffer bytes = {0};
    enum ule_code code = ULE_OK;
    int64_t begun = ule_clock_wall();
    for (int32_t i = 0; i < repartition->options->partitions && code == ULE_OK; i++) {
        struct ule_person_state state;
        ule_arena_reset(repartition->arena);
        ule_record_init(&ule_person_state_record, &state, repartition->arena);
        state.version = begun;
        state.today = repartition->any_today ? repartition->today : ULE_DATE_NONE;
        state.quarantined.items = ule_arena_array(repartition->arena, repartition->quarantined.count + 1,
                                                  sizeof(char *));
        for (size_t j = 0; j < repartition->quarantined.count; j++) {
            const char *entity = repartition->quarantined.items[j];
            if (partition_of(repartition, entity, strlen(entity)) == (unsigned)i)
                state.quarantined.items[state.quarantined.count++] = entity;
        }
        ule_buffer_clear(&bytes);
        ule_write_single_object(&ule_person_state_record, &state, &bytes);
        code = ule_producer_send(repartition->producer,
                                 &(struct ule_message){
                                     .topic = repartition->options->changelog,
                                     .partition = i,
                                     .key = ULE_PARTITION_KEY,
                                     .key_size = strlen(ULE_PARTITION_KEY),
                                     .value = bytes.bytes,
                                     .size = bytes.size,
                                 },
                                 error);
    }
    ule_buffer_close(&bytes);
    return code == ULE_OK ? ule_producer_flush(repartition->producer, FLUSH_MS, error) : code;
}

/* The new inbox is empty, and read to its end: without an offset it would look like one that was lost. */
static enum ule_code write_offsets(const struct repartition *repartition, struct ule_error *error) {
    const struct options *options = repartition->options;
    rd_kafka_conf_t *conf;
    rd_kafka_t *group = NULL;
    enum ule_code code = ule_kafka_conf(repartition->config, "ule-repartition", &conf, error);
    if (code != ULE_OK)
        return code;
    ule_kafka_set(conf, "group.id", ULE_FAMILY_GROUP);
    code = ule_kafka_client(RD_KAFKA_CONSUMER, conf, &group, error);
    if (code != ULE_OK)
        return code;
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)options->partitions);
    for (int32_t i = 0; i < options->partitions; i++)
        rd_kafka_topic_partition_list_add(offsets, options->inbox, i)->offset = 0;
    rd_kafka_resp_err_t failed;
    int64_t until = ule_clock_steady() + APPEAR_MS;
    while ((failed = rd_kafka_commit(group, offsets, 0)) != RD_KAFKA_RESP_ERR_NO_ERROR && ule_kafka_mends(failed) &&
           ule_clock_steady() < until && !ule_live_interrupted())
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    rd_kafka_topic_partition_list_destroy(offsets);
    (void)ule_kafka_destroy(group);
    return failed ? ule_kafka_fail_code(error, failed, NULL, "cannot commit the group's offsets in the new inbox")
                  : ULE_OK;
}

/* A process that has ended stays a member until its session is over (static membership), ten seconds by default. Nobody
 * may write while it is copied, and nothing may be left in an inbox that nobody reads any more. */
static enum ule_code check_quiet(struct repartition *repartition, struct ule_error *error) {
    struct ule_lag *inbox = NULL;
    size_t members = 0;
    bool none = false;
    int64_t behind = 0;
    enum ule_code code = ule_lag_members(repartition->lag, &members, error);
    for (int64_t until = ule_clock_wall() + MEMBERS_MS; code == ULE_OK && members && ule_clock_wall() < until;) {
        ule_progress_show(&repartition->progress, "waiting for %zu members of the groups to be gone", members);
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        if (ule_live_interrupted())
            break;
        code = ule_lag_members(repartition->lag, &members, error);
    }
    if (code == ULE_OK && members)
        return ule_fail(error, ULE_STATE, "%zu processes are members of their groups: end all five kinds first",
                        members);
    if (code == ULE_OK)
        code = ule_lag_open(repartition->config, ULE_FAMILY_GROUP, &inbox, error);
    for (int i = 0; i < 3 && code == ULE_OK && !none; i++) /* two looks have to agree */
        code = ule_lag_look(inbox, &none, &behind, error);
    ule_lag_close(inbox);
    if (code == ULE_OK && !none)
        return ule_fail(error, ULE_STATE,
                        "the inbox is not read to its end (about %" PRId64 " records are left): end the four source "
                        "processes first, let ule-family go on until it has taken all, then end it",
                        behind);
    return code;
}

/* How many partitions a topic has; 0 where there is none. */
static enum ule_code count_partitions(struct repartition *repartition, const char *topic, int32_t *count,
                                      struct ule_error *error) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t failed = rd_kafka_metadata(repartition->client, 1, NULL, &metadata, APPEAR_MS);
    if (failed)
        return ule_kafka_fail_code(error, failed, NULL, "cannot ask for the topics");
    *count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            *count = metadata->topics[i].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return ULE_OK;
}

static enum ule_code make_topic(struct repartition *repartition, const char *plan, const char *topic,
                                struct ule_error *error) {
    const struct options *options = repartition->options;
    int32_t count = 0;
    enum ule_code code = count_partitions(repartition, topic, &count, error);
    if (code == ULE_OK && !count)
        code = ule_topic_make(repartition->client, ule_topic_plan_named(NULL, plan), topic,
                              (int32_t)options->partitions, (int)options->replication,
                              repartition->config->clock_publish, error);
    for (int64_t until = ule_clock_wall() + APPEAR_MS; code == ULE_OK && !count && ule_clock_wall() < until;) {
        code = count_partitions(repartition, topic, &count, error);
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    if (code == ULE_OK && count != options->partitions)
        return ule_fail(error, ULE_STATE, "%s: has %d partitions, expected %" PRId64, topic, count,
                        options->partitions);
    for (int32_t i = 0; i < count && code == ULE_OK; i++) {
        int64_t low = 0, high = 0;
        code = ule_kafka_reader_bounds(repartition->reader, topic, i, &low, &high, error);
        if (code == ULE_OK && high > 0)
            return ule_fail(error, ULE_STATE, "%s: is not empty; delete it, or choose another name", topic);
    }
    return code;
}

static enum ule_code run(struct repartition *repartition, struct ule_error *error) {
    const struct options *options = repartition->options;
    enum ule_code code = ule_live_config(options->config, &repartition->config, error);
    if (code != ULE_OK)
        return code;
    if (ule_topic_plan_named(repartition->config, options->inbox) ||
        ule_topic_plan_named(repartition->config, options->changelog) ||
        strcmp(options->inbox, options->changelog) == 0)
        return ule_fail(error, ULE_USAGE, "expected two new names, of no topic of ours");
    code = ule_live_client(repartition->config, &repartition->client, error);
    if (code == ULE_OK)
        code = ule_lag_open(repartition->config, NULL, &repartition->lag, error);
    if (code == ULE_OK)
        code = check_quiet(repartition, error);
    if (code == ULE_OK)
        code = ule_kafka_reader_open(repartition->config, "ule-repartition", &repartition->reader, error);
    if (code == ULE_OK)
        code = ule_producer_open(repartition->config, "ule-repartition", NULL, NULL, NULL, &repartition->producer,
                                 error);
    if (code == ULE_OK)
        code = make_topic(repartition, ULE_CHANGELOG_TOPIC, options->changelog, error);
    if (code == ULE_OK)
        code = make_topic(repartition, ULE_INBOX_TOPIC, options->inbox, error);
    if (code == ULE_OK)
        code = copy_all(repartition, error);
    if (code == ULE_OK)
        code = write_controls(repartition, error);
    /* Whoever came back meanwhile has written what was not copied. */
    if (code == ULE_OK)
        code = check_quiet(repartition, error);
    return code == ULE_OK ? write_offsets(repartition, error) : code;
}

static void close_all(struct repartition *repartition) {
    ule_producer_close(repartition->producer);
    ule_kafka_reader_close(repartition->reader);
    ule_lag_close(repartition->lag);
    if (repartition->client)
        (void)ule_kafka_destroy(repartition->client);
    ule_reader_free(repartition->states);
    ule_arena_free(repartition->arena);
    ule_arena_free(repartition->kept);
    ule_config_free(repartition->config);
}

static int take_options(int argc, char **argv, struct options *options) {
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"partitions", required_argument, NULL, 'n'},
        {"inbox-topic", required_argument, NULL, 'i'},
        {"changelog-topic", required_argument, NULL, 'l'},
        {"replication", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "c:n:i:l:r:h", longs, NULL)) != -1;) {
        switch (option) {
        case 'c': options->config = optarg; break;
        case 'i': options->inbox = optarg; break;
        case 'l': options->changelog = optarg; break;
        case 'n':
            if (!ule_live_number(optarg, PARTITIONS_MOST, &options->partitions) || options->partitions == 0)
                return ule_live_usage(name, "--partitions expects a number from 1 to 1000, not ", optarg);
            break;
        case 'r':
            if (!ule_live_number(optarg, 100, &options->replication) || options->replication == 0)
                return ule_live_usage(name, "--replication expects a number from 1 to 100, not ", optarg);
            break;
        case 'h': (void)fputs(help, stdout); return -1;
        default: return ule_live_usage(name, "see the options", NULL);
        }
    }
    if (optind < argc)
        return ule_live_usage(name, "unexpected: ", argv[optind]);
    if (!options->config || !options->partitions || !options->inbox || !options->changelog)
        return ule_live_usage(name, "expected --config, --partitions, --inbox-topic and --changelog-topic", NULL);
    return 0;
}

int ule_repartition_main(int argc, char **argv) {
    struct options options = {0};
    int wrong = take_options(argc, argv, &options);
    if (wrong)
        return wrong < 0 ? ULE_EXIT_OK : wrong;
    ule_live_catch();
    struct repartition repartition = {
        .options = &options,
        .states = ule_reader_new(&ule_person_state_record),
        .arena = ule_arena_new(),
        .kept = ule_arena_new(),
        .today = ULE_DATE_NONE,
    };
    struct ule_error error = {0};
    enum ule_code code = run(&repartition, &error);
    ule_progress_end(&repartition.progress);
    if (code == ULE_OK) {
        (void)fprintf(stderr, "%s: %" PRIu64 " records copied; set in the configuration of all processes:\n", name,
                      repartition.copied);
        (void)printf("partitions = %" PRId64 "\ntopic.%s = %s\ntopic.%s = %s\n", options.partitions, ULE_INBOX_TOPIC,
                     options.inbox, ULE_CHANGELOG_TOPIC, options.changelog);
    }
    close_all(&repartition);
    return code == ULE_OK ? ULE_EXIT_OK : ule_live_failed(name, code, &error);
}
