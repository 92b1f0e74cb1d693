/* SPDX-License-Identifier: MIT */
/* A copy of ule-family's states, read from the changelog ule.person-state.v1 into the folder that `ule explain` looks
 * at: each time from where it was left to the end that the changelog has then. The processes are not asked. It is
 * written without waiting for the disk, and distrusted as their caches are (consumers/family/takeover.c). */
#include "ule/explain_live.h"

#include "base/clock.h"
#include "kafka/producer.h"
#include "kafka/reader.h"
#include "loop/state.h"
#include "store/store.h"
#include "ule/audit_topic.h"
#include "ule/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMMIT_AFTER = 20000, FLUSH_MS = 30000 };

static const int64_t oldest_ms = INT64_C(5) * 24 * 3600 * 1000; /* tombstones stay 7 days in the changelog */
static const char position_meta[] = "explain.position", owner_meta[] = "explain.changelog";

struct copy {
    const char *dir;
    struct ule_config *config;
    unsigned partitions;
    struct ule_store **stores;
    struct ule_kafka_reader *reader;
    struct ule_state_codec *codec;
    struct ule_arena *arena;
    struct ule_buffer bytes;
    int64_t *positions, *as_of; /* as_of: all of the changelog that there was then is in the copy */
    int64_t *begun;             /* when the changelog was, as the copy knew it; 0: it did not */
    char boot[ULE_BOOT_SIZE];
    bool running; /* what is said of the copy: it is being written */
    const char *changelog;
    int lock;
    uint64_t taken;
    struct ule_progress progress;
};

static bool meta(struct copy *copy, unsigned partition, const char *name, char *text, size_t size) {
    if (!ule_store_meta_get(copy->stores[partition], name, &copy->bytes) || copy->bytes.size >= size)
        return false;
    memcpy(text, copy->bytes.bytes, copy->bytes.size);
    text[copy->bytes.size] = '\0';
    return true;
}

static void set_meta(struct copy *copy, unsigned partition, const char *name, const char *text) {
    ule_store_meta_put(copy->stores[partition], name, text, strlen(text));
}

static enum ule_code open_stores(struct copy *copy, bool sync, struct ule_error *error) {
    return ule_store_lmdb_open_group(copy->dir, copy->partitions, (uint64_t)copy->config->store_map_bytes, sync,
                                     copy->stores, error);
}

static void close_stores(struct copy *copy) {
    for (unsigned i = 0; copy->stores && i < copy->partitions; i++) {
        ule_store_free(copy->stores[i]);
        copy->stores[i] = NULL;
    }
}

static enum ule_code open_copy(struct copy *copy, struct ule_error *error) {
    char path[4200];
    if (mkdir(copy->dir, 0700) != 0 && errno != EEXIST)
        return ule_fail(error, ULE_IO, "%s: %s", copy->dir, strerror(errno));
    ule_clock_boot(copy->boot);
    (void)snprintf(path, sizeof path, "%.4000s/lock", copy->dir);
    copy->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (copy->lock < 0)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    if (flock(copy->lock, LOCK_EX | LOCK_NB) != 0)
        return ule_fail(error, ULE_STATE, "%s: somebody else is using it; try again", copy->dir);
    copy->stores = calloc(copy->partitions, sizeof *copy->stores);
    copy->positions = calloc(copy->partitions, sizeof *copy->positions);
    copy->as_of = calloc(copy->partitions, sizeof *copy->as_of);
    copy->begun = calloc(copy->partitions, sizeof *copy->begun);
    if (!copy->stores || !copy->positions || !copy->as_of || !copy->begun)
        abort();
    return open_stores(copy, false, error);
}

static enum ule_code commit(struct copy *copy, struct ule_error *error) {
    char text[160];
    enum ule_code code = ULE_OK;
    for (unsigned i = 0; i < copy->partitions && code == ULE_OK; i++) {
        (void)snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %s %d", copy->positions[i], copy->as_of[i],
                       copy->boot, copy->running ? 1 : 0);
        set_meta(copy, i, position_meta, text);
        code = ule_store_commit(copy->stores[i], error);
    }
    return code;
}

/* Whose copy it is; a replay's state is never written over. */
static enum ule_code check_owner(struct copy *copy, const char *cluster, struct ule_error *error) {
    char ours[512], text[512], digest[65];
    (void)snprintf(ours, sizeof ours, "%s %s %u", cluster, copy->changelog, copy->partitions);
    bool known = meta(copy, 0, owner_meta, text, sizeof text);
    if ((known && strcmp(text, ours) != 0) || (!known && ule_store_count(copy->stores[0]) > 0) ||
        (!known && meta(copy, 0, "replay.configuration", text, sizeof text)))
        return ule_fail(error, ULE_STATE, "%s: not a copy of this changelog; name a folder of its own", copy->dir);
    set_meta(copy, 0, owner_meta, ours);
    ule_config_digest(copy->config, digest);
    (void)snprintf(text, sizeof text, "%s %u", digest, copy->partitions);
    set_meta(copy, 0, "replay.configuration", text);
    return ULE_OK;
}

/* Of where it is, NULL where it is new or to be believed; else why not. */
static const char *distrust(struct copy *copy, unsigned partition, int64_t now) {
    char text[160], boot[ULE_BOOT_SIZE];
    int running = 0;
    copy->as_of[partition] = now;
    copy->positions[partition] = -1;
    if (!meta(copy, partition, position_meta, text, sizeof text))
        return NULL;
    _Static_assert(ULE_BOOT_SIZE == 64, "the width below");
    /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and its range is checked */
    if (sscanf(text, "%" SCNd64 " %" SCNd64 " %63s %d", &copy->positions[partition], &copy->as_of[partition], boot,
               &running) != 4)
        return "it does not say what it is";
    int64_t age = now - copy->as_of[partition];
    if (age > oldest_ms || age < -oldest_ms)
        return "it is older than five days";
    return running && strcmp(boot, copy->boot) != 0 ? "the machine stopped while it was written" : NULL;
}

static enum ule_code begun_at(struct copy *copy, unsigned partition, int64_t *begun, struct ule_error *error) {
    struct ule_person_state state;
    bool found;
    ule_arena_reset(copy->arena);
    enum ule_code code = ule_state_read(copy->codec, copy->stores[partition], ULE_PARTITION_KEY, copy->arena,
                                        &copy->bytes, &state, &found, error);
    *begun = code == ULE_OK && found ? state.version : 0;
    return code;
}

/* What is not to be believed is read anew. */
static enum ule_code look_at_copy(struct copy *copy, struct ule_error *error) {
    char path[4200];
    const char *why = NULL;
    enum ule_code code = ULE_OK;
    int64_t now = ule_clock_wall();
    for (unsigned i = 0; i < copy->partitions && !why; i++)
        why = distrust(copy, i, now);
    if (why) {
        (void)fprintf(stderr, "ule explain: %s is made anew: %s\n", copy->dir, why);
        close_stores(copy);
        (void)snprintf(path, sizeof path, "%.4000s/data.mdb", copy->dir);
        if (unlink(path) != 0 && errno != ENOENT)
            return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
        code = open_stores(copy, false, error);
        for (unsigned i = 0; i < copy->partitions; i++) {
            copy->as_of[i] = now;
            copy->positions[i] = -1;
        }
    }
    for (unsigned i = 0; i < copy->partitions && code == ULE_OK; i++)
        code = begun_at(copy, i, &copy->begun[i], error);
    return code;
}

static enum ule_code start(struct copy *copy, unsigned partition, struct ule_error *error) {
    int64_t low = 0, high = 0;
    enum ule_code code = ule_kafka_reader_bounds(copy->reader, copy->changelog, (int32_t)partition, &low, &high, error);
    if (code != ULE_OK)
        return code;
    if (copy->positions[partition] < 0)
        copy->positions[partition] = low;
    else if (copy->positions[partition] < low || copy->positions[partition] > high)
        return ule_fail(error, ULE_STATE, "%s: the copy is of another changelog; delete it", copy->dir);
    return ule_kafka_reader_start(copy->reader, copy->changelog, (int32_t)partition, copy->positions[partition], high,
                                  error);
}

static enum ule_code take(struct copy *copy, const rd_kafka_message_t *message, struct ule_error *error) {
    if (!message->key || message->partition < 0 || (unsigned)message->partition >= copy->partitions)
        return ULE_OK;
    struct ule_store *store = copy->stores[message->partition];
    ule_arena_reset(copy->arena);
    const char *key = ule_arena_substring(copy->arena, message->key, message->key_len);
    enum ule_code code = ule_state_restore(copy->codec, store, key, message->payload, message->len, copy->arena, error);
    copy->positions[message->partition] = message->offset + 1;
    return code;
}

static enum ule_code read_all(struct copy *copy, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    int64_t began = ule_clock_wall();
    for (unsigned i = 0; i < copy->partitions && code == ULE_OK; i++)
        code = start(copy, i, error);
    while (code == ULE_OK) {
        rd_kafka_message_t *message = NULL;
        int ended;
        code = ule_kafka_reader_next(copy->reader, 100, &message, &ended, error);
        if (code == ULE_OK && message)
            code = take(copy, message, error);
        if (message) {
            rd_kafka_message_destroy(message);
            ule_progress_show(&copy->progress, "reading the changelog: %" PRIu64 " records", ++copy->taken);
            if (code == ULE_OK && copy->taken % COMMIT_AFTER == 0)
                code = commit(copy, error);
        }
    }
    ule_progress_end(&copy->progress);
    /* Not before: who was interrupted has not seen the tombstones behind where it stands. */
    for (unsigned i = 0; i < copy->partitions && code == ULE_END; i++)
        copy->as_of[i] = began;
    if (code != ULE_END)
        return code;
    code = ULE_OK;
    for (unsigned i = 0; i < copy->partitions && code == ULE_OK; i++) {
        int64_t begun = 0;
        code = begun_at(copy, i, &begun, error);
        if (code == ULE_OK && copy->begun[i] && begun != copy->begun[i])
            code = ule_fail(error, ULE_STATE, "%s: the copy is of a former changelog of this name; delete it",
                            copy->dir);
    }
    return code;
}

/* Closed, it stands on the disk whole; said before that, a machine that stops in between would leave a copy that is
 * believed and is not whole. */
static enum ule_code say_closed(struct copy *copy, struct ule_error *error) {
    close_stores(copy);
    enum ule_code code = open_stores(copy, true, error);
    copy->running = false;
    return code == ULE_OK ? commit(copy, error) : code;
}

/* The earliest of the partitions' days: nobody is shown as of a day that is not done for all. */
static enum ule_code set_today(struct copy *copy, struct ule_error *error) {
    int32_t today = ULE_DATE_NONE;
    for (unsigned i = 0; i < copy->partitions; i++) {
        struct ule_person_state state;
        bool found;
        ule_arena_reset(copy->arena);
        enum ule_code code = ule_state_read(copy->codec, copy->stores[i], ULE_PARTITION_KEY, copy->arena, &copy->bytes,
                                            &state, &found, error);
        if (code != ULE_OK)
            return code;
        if (found && state.today != ULE_DATE_NONE && (today == ULE_DATE_NONE || state.today < today))
            today = state.today;
    }
    if (today != ULE_DATE_NONE)
        ule_state_set_today(copy->stores[0], today);
    return ULE_OK;
}

static enum ule_code ask_cluster(struct copy *copy, char *cluster, size_t size, struct ule_error *error) {
    rd_kafka_t *client = NULL;
    int32_t partitions = 0;
    enum ule_code code = ule_live_client(copy->config, &client, error);
    if (code != ULE_OK)
        return code;
    code = ule_kafka_partitions(client, copy->changelog, &partitions, error);
    if (code == ULE_OK)
        ule_kafka_cluster(client, cluster, size);
    (void)ule_kafka_destroy(client);
    copy->partitions = (unsigned)partitions;
    return code;
}

enum ule_code ule_explain_catch_up(const char *dir, const char *config, struct ule_error *error) {
    struct copy copy = {.dir = dir, .lock = -1, .running = true};
    char cluster[64] = "";
    enum ule_code code = ule_live_config(config, &copy.config, error);
    if (code != ULE_OK)
        return code;
    copy.changelog = ule_config_topic(copy.config, ULE_CHANGELOG_TOPIC);
    copy.codec = ule_state_codec_new();
    copy.arena = ule_arena_new();
    code = ask_cluster(&copy, cluster, sizeof cluster, error);
    if (code == ULE_OK)
        code = open_copy(&copy, error);
    if (code == ULE_OK)
        code = check_owner(&copy, cluster, error);
    if (code == ULE_OK)
        code = look_at_copy(&copy, error);
    if (code == ULE_OK)
        code = check_owner(&copy, cluster, error); /* of what was made anew, too */
    if (code == ULE_OK)
        code = ule_kafka_reader_open(copy.config, "ule-explain", &copy.reader, error);
    if (code == ULE_OK)
        code = read_all(&copy, error);
    if (code == ULE_OK)
        code = set_today(&copy, error);
    if (code == ULE_OK)
        code = commit(&copy, error);
    if (code == ULE_OK)
        code = say_closed(&copy, error);
    ule_kafka_reader_close(copy.reader);
    close_stores(&copy);
    free(copy.stores);
    free(copy.begun);
    free(copy.positions);
    free(copy.as_of);
    ule_buffer_close(&copy.bytes);
    ule_state_codec_free(copy.codec);
    ule_arena_free(copy.arena);
    if (copy.lock >= 0)
        (void)close(copy.lock);
    ule_config_free(copy.config);
    return code;
}

enum ule_code ule_explain_audit_live(const struct ule_config *config, const char *purpose, const char *person,
                                     struct ule_strings fields, struct ule_error *error) {
    struct ule_producer *producer = NULL;
    struct ule_audit audit = {0};
    const struct ule_audit_entry entry = {
        .type = ULE_TRANSACTION_TYPE_LOOKUP, .purpose = purpose, .person = person, .fields = fields};
    enum ule_code code = ule_producer_open(config, "ule-explain", NULL, NULL, NULL, &producer, error);
    if (code == ULE_OK)
        code = ule_audit_open(&audit, config, producer, error);
    if (code == ULE_OK)
        code = ule_audit_send(&audit, &entry, error);
    if (code == ULE_OK)
        code = ule_producer_flush(producer, FLUSH_MS, error);
    ule_producer_close(producer);
    return code;
}
