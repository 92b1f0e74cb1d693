/* SPDX-License-Identifier: MIT */
/* ule-family between its store and a worker that only takes notes: who has a turn while Ticks take many transactions,
 * what a partition's record remembers, and what becomes of an entity that would grow too large. */
#include "family/family.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 10, LONG = 95, SHORT = 25, MESSAGES = 64, DAY = 20000, TURNS_MAX = 1000, MOST = 10000 };

/* What the worker is asked for by the task. */
static struct {
    struct family *family;
    bool open, ending;
    int64_t offset; /* of the changelog */
    int letters, ticks;
} asked;

enum ule_code ule_worker_send(struct ule_worker *worker, const struct ule_message *message, struct ule_error *error) {
    (void)worker;
    (void)error;
    asked.open = true;
    asked.letters += message->headers_count > 0;
    asked.ticks += !message->key;
    if (message->opaque)
        asked.family->task.delivered(asked.family, message->opaque, asked.offset++);
    return ULE_OK;
}

enum ule_code ule_worker_position(struct ule_worker *worker, const char *topic, int32_t partition, int64_t next,
                                  struct ule_error *error) {
    (void)worker;
    (void)topic;
    (void)partition;
    (void)next;
    (void)error;
    asked.open = true;
    return ULE_OK;
}

enum ule_code ule_worker_pause(struct ule_worker *worker, const char *topic, int32_t partition,
                               struct ule_error *error) {
    (void)worker;
    (void)topic;
    (void)partition;
    (void)error;
    return ULE_OK;
}

enum ule_code ule_worker_resume(struct ule_worker *worker, const char *topic, int32_t partition,
                                struct ule_error *error) {
    return ule_worker_pause(worker, topic, partition, error);
}

enum ule_code ule_worker_committed(struct ule_worker *worker, const char *topic, int32_t partition, int64_t *offset,
                                   struct ule_error *error) {
    *offset = 0;
    return ule_worker_pause(worker, topic, partition, error);
}

void ule_worker_end_batch(struct ule_worker *worker) {
    (void)worker;
    asked.ending = true;
}

rd_kafka_t *ule_worker_client(struct ule_worker *worker) {
    (void)worker;
    return NULL;
}

enum ule_code ule_worker_check_partitions(struct ule_worker *worker, const char *topic, struct ule_error *error) {
    return ule_worker_pause(worker, topic, 0, error);
}

/* Of records that no librdkafka has made. */
rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *rkmessage, rd_kafka_headers_t **hdrsp) {
    (void)rkmessage;
    *hdrsp = NULL;
    return RD_KAFKA_RESP_ERR__NOENT;
}

int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *rkmessage, rd_kafka_timestamp_type_t *tstype) {
    (void)rkmessage;
    if (tstype)
        *tstype = RD_KAFKA_TIMESTAMP_CREATE_TIME;
    return 0;
}

static const char pattern[] = "/tmp/ule-test-turns-XXXXXX";
static char folder[sizeof pattern];
static struct ule_config *config;
static struct family *family;
static struct ule_buffer message_bytes;

static void open_family(const char *clock) {
    char path[64], text[256];
    const struct ule_task *task = NULL;
    void *made = NULL;
    const struct ule_permits permits = {0};
    struct ule_error error = {0};
    memcpy(folder, pattern, sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/secret", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("a secret that is long enough", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    (void)snprintf(path, sizeof path, "%s/conf", folder);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)snprintf(text, sizeof text,
                   "state.dir = %s\nsecret.file = secret\nclock = %s\npartitions = 3\nbatch.messages = %d\n"
                   "kafka.message.max.bytes = %d\n",
                   folder, clock, BATCH, MOST);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    enum ule_code code = ule_config_read(path, &config, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    code = family_process.new_task(&family_process, config, &permits, &made, &task, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    family = made;
    memset(&asked, 0, sizeof asked);
    asked.family = family;
    family->letters.topic = family->letters.input = "letters";
    family->letters.partitions = 1;
    for (size_t i = 0; i < ULE_TOPIC_COUNT; i++)
        family->outputs[i].partitions = 1;
    static const struct ule_assigned all[] = {{.partition = 0}, {.partition = 1}, {.partition = 2}};
    ck_assert_int_eq(task->assigned(family, all, 3, &error), ULE_OK);
    for (size_t i = 0; i < 3; i++) {
        struct family_partition *partition = &family->partitions[i];
        partition->store = ule_store_memory_new();
        partition->stage = FAMILY_READY;
        partition->today = DAY;
    }
}

static void close_family(void) {
    family_process.free_task(family);
    ule_config_free(config);
    ule_buffer_close(&message_bytes);
    message_bytes = (struct ule_buffer){0};
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c): our own folder */
}

/* Entities that are due on a day, and have nothing to say. */
static void make_due(struct family_partition *partition, int count, int32_t date) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_buffer bytes = {0};
    struct ule_person_state state;
    ule_record_init(&ule_person_state_record, &state, arena);
    state.due = date;
    ule_state_write(family->codec, &state, &bytes);
    for (int i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "credential:%d", i);
        ule_store_put(partition->store, name, bytes.bytes, bytes.size, date);
    }
    ule_buffer_close(&bytes);
    ule_arena_free(arena);
}

static void take_message(int32_t partition, int64_t offset, const struct ule_inbox_message *message) {
    struct ule_error error = {0};
    ule_buffer_clear(&message_bytes);
    ule_write_single_object(&ule_inbox_message_record, message, &message_bytes);
    const rd_kafka_message_t record = {
        .partition = partition, .offset = offset, .payload = message_bytes.bytes, .len = message_bytes.size};
    enum ule_code code = family->task.take(family, &record, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
}

static void take(int32_t partition, int64_t offset, const char *entity, int32_t tick) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_inbox_message message;
    ule_tick_message(DAY + 1, entity, arena, &message);
    message.tick = tick;
    take_message(partition, offset, &message);
    ule_arena_free(arena);
}

/* With a name of so many bytes. */
static void take_credential(int64_t offset, size_t size) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_inbox_message message;
    struct ule_credential_changed credential;
    char *name = ule_arena_alloc(arena, size + 1);
    memset(name, 'n', size);
    name[size] = '\0';
    ule_record_init(&ule_credential_changed_record, &credential, arena);
    credential.event_id = name;
    credential.credential_id = "1";
    credential.number = "0101904000";
    ule_tick_message(DAY, "credential:NEMID/1", arena, &message);
    message.tick = ULE_DATE_NONE;
    message.credential = &credential;
    take_message(0, offset, &message);
    ule_arena_free(arena);
}

static void commit(void) {
    struct ule_error error = {0};
    if (!asked.open)
        return;
    ck_assert_int_eq(family->task.commit(family, &error), ULE_OK);
    asked.open = asked.ending = false;
    ck_assert_int_eq(family->task.committed(family, &error), ULE_OK);
}

START_TEST(messages_of_other_partitions_have_a_batch_between_two_slices) {
    open_family("publish");
    struct family_partition *ticking = &family->partitions[0], *brief = &family->partitions[2];
    make_due(ticking, LONG, DAY + 1);
    make_due(brief, SHORT, DAY + 1);
    take(0, 0, "", DAY + 1);
    commit();
    take(2, 0, "", DAY + 1);
    commit();
    ck_assert_int_eq(ticking->stage, FAMILY_TICKING);
    ck_assert_int_eq(brief->stage, FAMILY_TICKING);
    int left = MESSAGES, since_slice = 0, slices = 0, in_batch = 0, slices_to_brief = 0;
    for (int turn = 0; ticking->stage == FAMILY_TICKING; turn++) {
        struct ule_error error = {0};
        bool busy = false;
        uint64_t steps = ule_stepper_counts(family->stepper)->messages;
        ck_assert_int_lt(turn, TURNS_MAX);
        ck_assert_int_eq(family->task.idle(family, &busy, &error), ULE_OK);
        uint64_t ticked = ule_stepper_counts(family->stepper)->messages - steps;
        ck_assert(busy);
        ck_assert_uint_le(ticked, BATCH);
        if (ticked) {
            /* With messages to be taken, a batch of them was. */
            if (slices && left)
                ck_assert_int_ge(since_slice, BATCH);
            slices++;
            since_slice = in_batch = 0;
        }
        bool polled = left > 0;
        if (polled) {
            take(1, MESSAGES - left, "credential:other", ULE_DATE_NONE);
            left--;
            since_slice++;
            in_batch++;
        }
        if (asked.ending || !polled || in_batch >= BATCH) {
            commit();
            in_batch = 0;
        }
        if (brief->stage == FAMILY_READY && !slices_to_brief)
            slices_to_brief = slices;
    }
    ck_assert_int_eq(left, 0);
    ck_assert_int_eq(slices, (LONG - 1) / BATCH + (SHORT - 1) / BATCH); /* but for the first of each */
    /* The short one does not wait for the long one. */
    ck_assert_int_gt(slices_to_brief, 0);
    ck_assert_int_lt(slices_to_brief, LONG / BATCH);
    ck_assert_int_eq(ticking->today, DAY + 1);
    close_family();
}

/* Refused by the brokers it would end the process at every start, and stop the partition. */
START_TEST(what_would_grow_larger_than_a_record_may_be_is_a_letter) {
    open_family("publish");
    take_credential(0, MOST);
    ck_assert_int_eq(asked.letters, 1);
    ck_assert_uint_eq(ule_store_count(family->partitions[0].store), 0);
    ck_assert_uint_eq(ule_stepper_counts(family->stepper)->messages, 0);
    take_credential(1, MOST / 2);
    ck_assert_int_eq(asked.letters, 1);
    ck_assert_uint_eq(ule_store_count(family->partitions[0].store), 1);
    ck_assert(!ule_store_failed(family->partitions[0].store));
    commit();
    close_family();
}

/* The state of the partition, as the changelog has it. */
static void read_partition(const struct family_partition *partition, struct ule_arena *arena,
                           struct ule_person_state *state) {
    struct ule_error error = {0};
    bool found = false;
    enum ule_code code = ule_state_read(family->codec, partition->store, ULE_PARTITION_KEY, arena, &family->bytes,
                                        state, &found, &error);
    ck_assert_msg(code == ULE_OK && found, "%s", error.message);
}

/* Behind a backlog of weeks there is a Tick already: whoever takes the partition over neither writes another nor takes
 * the days between for a clock that jumped. */
START_TEST(a_partition_remembers_the_tick_that_is_on_its_way) {
    struct ule_arena *arena = ule_arena_new();
    struct ule_person_state state;
    struct ule_error error = {0};
    int32_t today = ule_date_of_time(ule_clock_wall());
    open_family("wall");
    for (size_t i = 0; i < family->partitions_count; i++)
        family->partitions[i].today = i == 0 ? ULE_DATE_NONE : today;
    ck_assert_int_eq(family_look_at_the_clock(family, &error), ULE_OK);
    ck_assert_int_eq(asked.ticks, 1);
    take(0, 0, "credential:other", ULE_DATE_NONE); /* of long ago */
    commit();
    ck_assert_int_eq(family->partitions[0].today, DAY + 1);
    read_partition(&family->partitions[0], arena, &state);
    ck_assert_int_eq(state.today, DAY + 1);
    ck_assert_int_eq(state.untied_since, today);
    family->partitions[0].asked = state.untied_since - 1; /* a night later */
    family->day_looked = 0;
    enum ule_code code = family_look_at_the_clock(family, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    ck_assert_int_eq(asked.ticks, 2);
    family->partitions[0].asked = ULE_DATE_NONE; /* a clock that jumped */
    family->day_looked = 0;
    ck_assert_int_eq(family_look_at_the_clock(family, &error), ULE_STATE);
    ck_assert_int_eq(asked.ticks, 2);
    close_family();
    ule_arena_free(arena);
}

int main(void) {
    Suite *suite = suite_create("family turns");
    TCase *turns = tcase_create("turns");
    tcase_add_test(turns, messages_of_other_partitions_have_a_batch_between_two_slices);
    tcase_add_test(turns, what_would_grow_larger_than_a_record_may_be_is_a_letter);
    tcase_add_test(turns, a_partition_remembers_the_tick_that_is_on_its_way);
    suite_add_tcase(suite, turns);
    return suite_run(suite);
}
