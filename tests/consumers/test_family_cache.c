/* SPDX-License-Identifier: MIT */
/* ule-family and the disk under its stores, between a worker that takes whatever it is given and a changelog that has
 * nothing but an end: what a machine leaves that stops at a bad time is not believed. */
#include "family/family.h"

#include "lib/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TURNS_MAX = 100 };

static struct family *family;
static struct {
    int64_t low, offset, from; /* of the changelog; from: where its restore began */
    bool open, told;
} asked;
static struct ule_buffer disk; /* the store's file, as a machine that stops now finds it again at the worst */

static void look_at_the_disk(int file) {
    char block[65536];
    ssize_t size;
    ule_buffer_clear(&disk);
    while ((size = pread(file, block, sizeof block, (off_t)disk.size)) > 0)
        ule_buffer_append(&disk, block, (size_t)size);
}

/* LMDB's. What was written since the last one may be lost, all of it or in part. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the system's names are reserved */
int fdatasync(int file) {
    look_at_the_disk(file);
    return 0;
}

enum ule_code ule_worker_send(struct ule_worker *worker, const struct ule_message *message, struct ule_error *error) {
    (void)worker;
    (void)error;
    asked.open = true;
    if (message->opaque)
        family->task.delivered(family, message->opaque, asked.offset++);
    return ULE_OK;
}

enum ule_code ule_worker_position(struct ule_worker *worker, const char *topic, int32_t partition, int64_t next,
                                  struct ule_error *error) {
    (void)worker;
    (void)topic;
    (void)partition;
    (void)next;
    (void)error;
    return ULE_OK;
}

enum ule_code ule_worker_pause(struct ule_worker *worker, const char *topic, int32_t partition,
                               struct ule_error *error) {
    return ule_worker_position(worker, topic, partition, 0, error);
}

enum ule_code ule_worker_resume(struct ule_worker *worker, const char *topic, int32_t partition,
                                struct ule_error *error) {
    return ule_worker_position(worker, topic, partition, 0, error);
}

enum ule_code ule_worker_committed(struct ule_worker *worker, const char *topic, int32_t partition, int64_t *offset,
                                   struct ule_error *error) {
    *offset = 0;
    return ule_worker_position(worker, topic, partition, 0, error);
}

void ule_worker_end_batch(struct ule_worker *worker) {
    (void)worker;
}

rd_kafka_t *ule_worker_client(struct ule_worker *worker) {
    (void)worker;
    return NULL;
}

enum ule_code ule_worker_check_partitions(struct ule_worker *worker, const char *topic, struct ule_error *error) {
    return ule_worker_position(worker, topic, 0, 0, error);
}

enum ule_code ule_kafka_reader_open(const struct ule_config *config, const char *client_id,
                                    struct ule_kafka_reader **out, struct ule_error *error) {
    (void)config;
    (void)client_id;
    (void)error;
    *out = (struct ule_kafka_reader *)(void *)&asked;
    return ULE_OK;
}

void ule_kafka_reader_close(struct ule_kafka_reader *reader) {
    (void)reader;
}

enum ule_code ule_kafka_reader_bounds(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                      int64_t *low, int64_t *high, struct ule_error *error) {
    (void)reader;
    (void)topic;
    (void)partition;
    (void)error;
    *low = asked.low;
    *high = asked.offset;
    return ULE_OK;
}

enum ule_code ule_kafka_reader_since(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                     int64_t time, int64_t *offset, struct ule_error *error) {
    (void)reader;
    (void)topic;
    (void)partition;
    (void)time;
    (void)error;
    *offset = INT64_MAX;
    return ULE_OK;
}

enum ule_code ule_kafka_reader_start(struct ule_kafka_reader *reader, const char *topic, int32_t partition,
                                     int64_t from, int64_t to, struct ule_error *error) {
    (void)reader;
    (void)topic;
    (void)partition;
    (void)to;
    (void)error;
    asked.from = from;
    asked.told = false;
    return ULE_OK;
}

enum ule_code ule_kafka_reader_next(struct ule_kafka_reader *reader, int timeout_ms, rd_kafka_message_t **message,
                                    int *ended, struct ule_error *error) {
    (void)reader;
    (void)timeout_ms;
    (void)message;
    (void)error;
    *ended = asked.told ? -1 : 0;
    if (asked.told)
        return ULE_END;
    asked.told = true;
    return ULE_OK;
}

static const char pattern[] = "/tmp/ule-test-cache-XXXXXX";
static char folder[sizeof pattern];
static struct ule_config *config;

static void write_file(const char *name, const void *bytes, size_t size) {
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The first pages of a store that is opened with sync go past fdatasync. */
static void close_store(void) {
    char path[64];
    family->task.revoked(family);
    (void)snprintf(path, sizeof path, "%s/partition-0/data.mdb", folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(file, 0);
    look_at_the_disk(file);
    ck_assert_int_eq(close(file), 0);
}

static void open_family(void) {
    static const char secret[] = "a secret that is long enough";
    char path[64], text[256];
    const struct ule_task *task = NULL;
    void *made = NULL;
    const struct ule_permits permits = {0};
    struct ule_error error = {0};
    memset(&asked, 0, sizeof asked);
    memcpy(folder, pattern, sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file("secret", secret, sizeof secret - 1);
    int size = snprintf(text, sizeof text, "state.dir = %s\nsecret.file = secret\npartitions = 1\n", folder);
    write_file("conf", text, (size_t)size);
    (void)snprintf(path, sizeof path, "%s/conf", folder);
    enum ule_code code = ule_config_read(path, &config, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    code = family_process.new_task(&family_process, config, &permits, &made, &task, &error);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    family = made;
    (void)snprintf(family->cluster, sizeof family->cluster, "cluster");
}

static void close_family(void) {
    family_process.free_task(family);
    ule_config_free(config);
    ule_buffer_close(&disk);
    disk = (struct ule_buffer){0};
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c): our own folder */
}

/* Restored, as far as there is anything, and its record committed. */
static void take_over(bool fresh) {
    struct ule_error error = {0};
    const struct ule_assigned all[] = {{.topic = family->inbox, .partition = 0, .fresh = fresh}};
    ck_assert_int_eq(family->task.assigned(family, all, 1, &error), ULE_OK);
    for (int turn = 0; family->partitions[0].stage != FAMILY_READY || family->restorer; turn++) {
        bool busy = false;
        ck_assert_int_lt(turn, TURNS_MAX);
        enum ule_code code = family->task.idle(family, &busy, &error);
        ck_assert_msg(code == ULE_OK, "%s", error.message);
    }
    if (!asked.open)
        return;
    asked.open = false;
    ck_assert_int_eq(family->task.commit(family, &error), ULE_OK);
    ck_assert_int_eq(family->task.committed(family, &error), ULE_OK);
}

static enum ule_code begin_to_take_over(bool fresh) {
    struct ule_error error = {0};
    bool busy = false;
    const struct ule_assigned all[] = {{.topic = family->inbox, .partition = 0, .fresh = fresh}};
    ck_assert_int_eq(family->task.assigned(family, all, 1, &error), ULE_OK);
    return family->task.idle(family, &busy, &error);
}

START_TEST(a_store_that_was_closed_is_believed_in_another_boot) {
    open_family();
    take_over(true);
    int64_t position = family->partitions[0].position;
    ck_assert_int_gt(position, 0);
    family->task.revoked(family);
    (void)snprintf(family->boot, sizeof family->boot, "another");
    take_over(false);
    ck_assert_int_eq(asked.from, position);
    close_family();
}

/* Pages that were used again may stand on the disk beside what was there when the store was closed. */
START_TEST(a_store_that_runs_says_so_on_the_disk_from_the_first) {
    open_family();
    take_over(true);
    close_store();
    take_over(false);
    ck_assert_int_gt(asked.from, 0);
    struct ule_buffer found = {0};
    ule_buffer_append(&found, disk.bytes, disk.size);
    family->task.revoked(family);
    write_file("partition-0/data.mdb", found.bytes, found.size);
    ule_buffer_close(&found);
    (void)snprintf(family->boot, sizeof family->boot, "another");
    (void)begin_to_take_over(true);
    ck_assert_int_eq(asked.from, 0);
    close_family();
}

/* A service manager starts the process again each time. */
START_TEST(a_changelog_without_its_beginning_is_refused_at_every_start) {
    open_family();
    asked.low = 5;
    asked.offset = 10;
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(begin_to_take_over(true), ULE_STATE);
        family->task.revoked(family);
    }
    close_family();
}

START_TEST(a_store_that_is_ahead_of_the_changelog_is_refused_at_every_start) {
    open_family();
    take_over(true);
    int64_t position = family->partitions[0].position;
    family->task.revoked(family);
    asked.offset = position - 1;
    for (int start = 0; start < 3; start++) {
        ck_assert_int_eq(begin_to_take_over(false), ULE_STATE);
        family->task.revoked(family);
    }
    asked.offset = position;
    take_over(false);
    ck_assert_int_eq(asked.from, position);
    close_family();
}

int main(void) {
    Suite *suite = suite_create("family cache");
    TCase *cache = tcase_create("cache");
    tcase_add_test(cache, a_store_that_was_closed_is_believed_in_another_boot);
    tcase_add_test(cache, a_store_that_runs_says_so_on_the_disk_from_the_first);
    tcase_add_test(cache, a_changelog_without_its_beginning_is_refused_at_every_start);
    tcase_add_test(cache, a_store_that_is_ahead_of_the_changelog_is_refused_at_every_start);
    suite_add_tcase(suite, cache);
    return suite_run(suite);
}
