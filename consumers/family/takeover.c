/* SPDX-License-Identifier: MIT */
/* Taking a partition over (design.md section 5): the changelog is the truth, the store a cache of it as of an offset,
 * which stands in the store's own meta. The group's offset is fetched first (kafka/consumer.h), then the changelog's
 * end by a handle that sees open transactions, then the changelog is read committed up to there.
 *
 * A topic that was made anew under its name must not read as one where nothing happened yet. The partition's own record
 * in the changelog and the group's first offset in the inbox are written in one transaction, so there are both or none;
 * and that record says when it was begun, which tells one changelog from the next. (librdkafka 2.0.2 knows no ids of
 * topics. The brokers delete a group's offsets with the topic.) */
#include "base/clock.h"
#include "family/family.h"

#include "kafka/topics.h"
#include "ops/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SLICE_MS = 50,          /* then the group is polled again */
    COMMIT_RECORDS = 20000, /* of the changelog: what is held in memory meanwhile */
    SHOW_MS = 5000,
    OLDEST_MS = 5 * 24 * 3600 * 1000, /* of the 7 days that a tombstone stays (delete.retention.ms) */
    ASTRAY_MS = 60 * 1000,            /* by so much the clocks of two hosts may differ */
};

static const char meta_name[] = "cache";

/* What a store says of itself. */
struct cache {
    char cluster[64], topic[256], boot[64], digest[65];
    int32_t partition, partitions, running;
    int64_t position, as_of, written; /* written: wall clock, when it said this */
};

enum ule_code family_lock(struct family *family, struct ule_error *error) {
    const char *dir = family->config->state_dir;
    char path[4096];
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return ule_fail(error, ULE_IO, "state.dir %s: %s", dir, strerror(errno));
    if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path)
        return ule_fail(error, ULE_CONFIG, "state.dir: too long");
    family->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (family->lock < 0)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    if (flock(family->lock, LOCK_EX | LOCK_NB) != 0)
        return ule_fail(error, ULE_STATE, "state.dir %s: another process has it", dir);
    ule_clock_boot(family->boot);
    return family_poison_open(dir, error);
}

static void store_path(const struct family *family, const struct family_partition *partition, const char *file,
                       char path[static 4200]) {
    (void)snprintf(path, 4200, "%s/partition-%" PRId32 "%s", family->config->state_dir, partition->number, file);
}

static void write_cache(const struct family *family, const struct family_partition *partition, bool running) {
    char text[768];
    int size = snprintf(text, sizeof text, "%s %s %" PRId32 " %" PRId32 " %" PRId64 " %" PRId64 " %s %d %s %" PRId64,
                        family->cluster, family->changelog, partition->number, family->config->partitions,
                        partition->position, partition->as_of, family->boot, running ? 1 : 0, family->digest,
                        ule_clock_wall());
    ule_store_meta_put(partition->store, meta_name, text, (size_t)size);
}

enum ule_code family_store_commit(struct family *family, struct family_partition *partition, struct ule_error *error) {
    write_cache(family, partition, true);
    if (!partition->uncounted)
        ule_census_save(partition->store, &partition->census);
    enum ule_code code = ule_store_commit(partition->store, error);
    if (code == ULE_OK && !partition->uncounted)
        partition->committed = partition->census;
    return code;
}

static bool read_cache(struct ule_store *store, struct cache *cache) {
    struct ule_buffer bytes = {0};
    bool known = ule_store_meta_get(store, meta_name, &bytes);
    if (known) {
        ule_buffer_append(&bytes, "", 1);
        /* NOLINTNEXTLINE(cert-err34-c): we wrote it; what is out of range is distrusted like anything else */
        known = sscanf((const char *)bytes.bytes,
                       "%63s %255s %" SCNd32 " %" SCNd32 " %" SCNd64 " %" SCNd64 " %63s %" SCNd32 " %64s %" SCNd64,
                       cache->cluster, cache->topic, &cache->partition, &cache->partitions, &cache->position,
                       &cache->as_of, cache->boot, &cache->running, cache->digest, &cache->written) == 10;
    }
    ule_buffer_close(&bytes);
    return known;
}

/* NULL, or why the cache is not to be believed. */
static const char *distrust(const struct family *family, const struct family_partition *partition,
                            const struct cache *cache, int64_t low) {
    if (strcmp(cache->cluster, family->cluster) != 0 || strcmp(cache->topic, family->changelog) != 0 ||
        cache->partition != partition->number || cache->partitions != family->config->partitions)
        return "it is of another cluster, topic or partition";
    if (cache->position < low)
        return "its position is not in the changelog";
    /* Not when it was written last: who gives up in the middle of a restore has not seen the tombstones behind it. */
    int64_t age = ule_clock_wall() - cache->as_of;
    if (age > OLDEST_MS)
        return "it is older than five days";
    if (age < -ASTRAY_MS)
        return "its time has not come yet: the clock was set, and nobody knows how old it is";
    if (cache->running && (strcmp(cache->boot, family->boot) != 0 || strcmp(family->boot, ULE_BOOT_UNKNOWN) == 0))
        return "the machine stopped while it was written";
    return NULL;
}

static enum ule_code open_store(const struct family *family, struct family_partition *partition,
                                struct ule_error *error) {
    char path[4200];
    store_path(family, partition, "", path);
    return ule_store_lmdb_open(path, (uint64_t)family->config->store_map_bytes, family->config->store_sync,
                               &partition->store, error);
}

/* A compacted topic keeps the newest record of each key, and begins at 0. */
static enum ule_code check_beginning(const struct family *family, const struct family_partition *partition, int64_t low,
                                     struct ule_error *error) {
    if (low == 0)
        return ULE_OK;
    return ule_fail(error, ULE_STATE,
                    "%s partition %" PRId32 " begins at offset %" PRId64 ": what stood before it was deleted, and the "
                    "states of whoever was told of there are lost; was its cleanup.policy another than compact? Make "
                    "it and %s anew, and send the inputs again",
                    family->changelog, partition->number, low, family->inbox);
}

static enum ule_code rebuild(const struct family *family, struct family_partition *partition, int64_t low,
                             const char *why, struct ule_error *error) {
    char path[4200];
    enum ule_code code = check_beginning(family, partition, low, error);
    if (code != ULE_OK)
        return code;
    ule_log(ULE_LOG_NOTICE, "rebuilding", "partition=%" PRId32 " reason=\"%s\"", partition->number, why);
    ule_store_free(partition->store);
    partition->store = NULL;
    store_path(family, partition, "/data.mdb", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    partition->position = low;
    partition->census = (struct ule_census){0};
    partition->uncounted = true;
    return open_store(family, partition, error);
}

/* What the changelog says of the partition as a whole; kept in the store like any other record of it. */
static enum ule_code load_partition(struct family *family, struct family_partition *partition,
                                    struct ule_error *error) {
    struct ule_person_state state;
    bool found = false;
    ule_arena_reset(family->arena);
    enum ule_code code = ule_state_read(family->codec, partition->store, ULE_PARTITION_KEY, family->arena,
                                        &family->bytes, &state, &found, error);
    if (code != ULE_OK)
        return code;
    partition->today = found ? state.today : ULE_DATE_NONE;
    partition->asked = found ? state.untied_since : ULE_DATE_NONE;
    partition->begun = found ? state.version : 0;
    for (size_t i = 0; i < state.quarantined.count; i++)
        family_quarantine(partition, state.quarantined.items[i]);
    partition->changed = false;
    return ULE_OK;
}

/* What the cache says of its changelog, for ready(). */
static enum ule_code believe(struct family *family, struct family_partition *partition, const struct cache *cache,
                             int64_t high, struct ule_error *error) {
    if (cache->position > high)
        return ule_fail(error, ULE_STATE,
                        "%s partition %" PRId32 " ends at offset %" PRId64 ", and the store here is as of %" PRId64
                        ": the topic was made anew, or the brokers lost the end of it; to go on with what it has, "
                        "delete %s/partition-%" PRId32,
                        family->changelog, partition->number, high, cache->position, family->config->state_dir,
                        partition->number);
    partition->position = cache->position;
    partition->as_of = cache->as_of;
    if (strcmp(cache->digest, family->digest) != 0)
        ule_log(ULE_LOG_NOTICE, "rules-changed",
                "partition=%" PRId32
                " message=\"persons who get no message keep what the former configuration said of them\"",
                partition->number);
    struct ule_person_state state;
    bool found = false;
    ule_arena_reset(family->arena);
    enum ule_code code = ule_state_read(family->codec, partition->store, ULE_PARTITION_KEY, family->arena,
                                        &family->bytes, &state, &found, error);
    partition->begun = found ? state.version : 0;
    return code;
}

/* NULL, or why a cache that says nothing wrong of itself is of another changelog of the same name. What stood before
 * its position when it was written is no younger than it. */
static enum ule_code find_out(struct family *family, const struct family_partition *partition,
                              const struct cache *cache, const char **why, struct ule_error *error) {
    int64_t younger = INT64_MAX;
    enum ule_code code = ule_kafka_reader_since(family->restorer, family->changelog, partition->number,
                                                cache->written + ASTRAY_MS, &younger, error);
    if (code == ULE_OK && younger < cache->position)
        *why = "the changelog was made anew after it was written";
    return code;
}

static enum ule_code use_cache(struct family *family, struct family_partition *partition, const struct cache *cache,
                               int64_t low, int64_t high, struct ule_error *error) {
    const char *why = distrust(family, partition, cache, low);
    enum ule_code code = ULE_OK;
    if (!why && cache->position <= high)
        code = find_out(family, partition, cache, &why, error);
    if (code != ULE_OK)
        return code;
    partition->uncounted = !why && !ule_census_load(partition->store, &partition->census);
    return why ? rebuild(family, partition, low, why, error) : believe(family, partition, cache, high, error);
}

static enum ule_code open_cache(struct family *family, struct family_partition *partition, struct ule_error *error) {
    int64_t low = 0, high = 0;
    partition->restore_as_of = ule_clock_wall();
    enum ule_code code = ule_kafka_reader_bounds(family->restorer, family->changelog, partition->number, &low, &high,
                                                 error);
    if (code != ULE_OK)
        return code;
    struct cache cache = {0};
    partition->as_of = partition->restore_as_of; /* of a new one: what is read from now on has its tombstones still */
    code = open_store(family, partition, error);
    /* A file that is no store any more is as good as none. */
    if (code != ULE_OK)
        code = rebuild(family, partition, low, "it cannot be opened", error);
    else if (read_cache(partition->store, &cache)) {
        code = use_cache(family, partition, &cache, low, high, error);
    } else if (ule_store_count(partition->store) > 0) {
        code = rebuild(family, partition, low, "it does not say what it is", error);
    } else {
        partition->position = low; /* a new one */
        partition->uncounted = true;
        code = check_beginning(family, partition, low, error);
    }
    if (code != ULE_OK)
        return code;
    partition->restore_to = high;
    partition->restored = 0;
    code = family_store_commit(family, partition, error);
    /* That it runs stands on the disk before any page is used again: a machine that stops may leave pages that are
     * newer than what says where they are, and that would say of itself that it was closed. */
    return code == ULE_OK ? ule_store_sync(partition->store, error) : code;
}

static enum ule_code start(struct family *family, size_t index, struct ule_error *error) {
    struct family_partition *partition = &family->partitions[index];
    enum ule_code code = ULE_OK;
    if (!family->restorer) {
        code = ule_kafka_reader_open(family->config, family->task.name, &family->restorer, error);
        family->restoring_count = 0;
        family->restore_began = family->restore_shown = ule_clock_steady();
    }
    if (code == ULE_OK)
        code = open_cache(family, partition, error);
    if (code == ULE_OK)
        code = ule_kafka_reader_start(family->restorer, family->changelog, partition->number, partition->position,
                                      partition->restore_to, error);
    if (code != ULE_OK)
        return code;
    family->restoring[family->restoring_count++] = index;
    partition->stage = FAMILY_RESTORING;
    return ULE_OK;
}

/* What a record of the changelog changes in the census. */
static void count(struct family *family, struct family_partition *partition, const char *key,
                  const rd_kafka_message_t *message) {
    struct ule_person_state before, after;
    if (strchr(key, ULE_SLOT_SEPARATOR)) /* publishes nothing */
        return;
    if (ule_state_read(family->codec, partition->store, key, family->arena, &family->bytes, &before, NULL, NULL) !=
        ULE_OK)
        return;
    ule_record_init(&ule_person_state_record, &after, family->arena);
    if (!message->payload ||
        ule_state_decode(family->codec, message->payload, message->len, family->arena, &after, NULL) == ULE_OK)
        ule_census_change(&partition->census, &before.published, &after.published, family->arena);
}

struct counting {
    struct family *family;
    struct ule_census *census;
};

static bool count_state(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    const struct counting *counting = context;
    const struct family *family = counting->family;
    const struct ule_published_array none = {0};
    struct ule_person_state state;
    ule_arena_reset(family->arena);
    if (!strchr(entity, ULE_SLOT_SEPARATOR) &&
        ule_state_decode(family->codec, bytes, size, family->arena, &state, NULL) == ULE_OK)
        ule_census_change(counting->census, &none, &state.published, family->arena);
    return true;
}

/* Of a store that was built from nothing: each state once, where the changelog may have had it many times, and read and
 * decoded what was there before each time. */
static void count_all(struct family *family, struct family_partition *partition) {
    struct counting counting = {family, &partition->census};
    partition->census = (struct ule_census){0};
    ule_store_each(partition->store, count_state, &counting);
    partition->uncounted = false;
}

static enum ule_code apply(struct family *family, const rd_kafka_message_t *message, struct ule_error *error) {
    struct family_partition *partition = family_partition(family, message->partition);
    if (!partition || !message->key)
        return ULE_OK;
    ule_arena_reset(family->arena);
    const char *key = ule_arena_substring(family->arena, message->key, message->key_len);
    if (!partition->uncounted)
        count(family, partition, key, message);
    enum ule_code code = ule_state_restore(family->codec, partition->store, key, message->payload, message->len,
                                           family->arena, error);
    if (code != ULE_OK)
        return ule_error_at(error, "%s partition %" PRId32 " offset %" PRId64, family->changelog, message->partition,
                            message->offset);
    partition->position = message->offset + 1;
    partition->restored++;
    family->restore_uncommitted++;
    return ULE_OK;
}

static enum ule_code commit_restored(struct family *family, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < family->partitions_count && code == ULE_OK; i++) {
        if (family->partitions[i].stage == FAMILY_RESTORING)
            code = family_store_commit(family, &family->partitions[i], error);
    }
    family->restore_uncommitted = 0;
    return code;
}

/* Inbox and changelog are of one life. `cached`: when the changelog was begun, as the cache knew it. */
static enum ule_code check_life(struct family *family, struct family_partition *partition, int64_t cached,
                                struct ule_error *error) {
    if (cached && cached != partition->begun) {
        enum ule_code code = rebuild(family, partition, 0, "the changelog is another one of the same name", error);
        if (code != ULE_OK)
            return code;
        code = ule_fail(error, ULE_STATE, "%s was made anew: its partition %" PRId32 " is restored once more",
                        family->changelog, partition->number);
        if (error)
            error->action = ULE_ACTION_RESTART;
        return code;
    }
    if (!partition->begun && !partition->fresh)
        return ule_fail(error, ULE_STATE,
                        "partition %" PRId32 ": the group has taken %s up to offset %" PRId64
                        ", and %s has nothing of it: was it made anew? Without it the states are lost; to begin with "
                        "nothing, delete the group's offsets too",
                        partition->number, family->inbox, partition->next, family->changelog);
    if (!partition->begun || !partition->fresh)
        return ULE_OK;
    if (!family->permits.new_inbox)
        return ule_fail(error, ULE_STATE,
                        "partition %" PRId32 ": %s has states, and the group has no offset in %s: was that made anew, "
                        "or were the offsets lost? To take it from its beginning, start once with --allow-new-inbox",
                        partition->number, family->changelog, family->inbox);
    partition->asked = ULE_DATE_NONE; /* a Tick that was on its way is gone with it */
    partition->changed = true;
    ule_log(ULE_LOG_WARNING, "new-inbox", "partition=%" PRId32 " offset=%" PRId64, partition->number, partition->next);
    return family_move_to(family, partition, partition->next, error); /* once is enough */
}

static enum ule_code ready(struct family *family, struct family_partition *partition, struct ule_error *error) {
    int64_t cached = partition->begun;
    if (partition->position < partition->restore_to)
        partition->position = partition->restore_to; /* the rest were marks of transactions, and aborted ones */
    partition->delivered = partition->position;
    partition->as_of = partition->restore_as_of;
    if (partition->uncounted)
        count_all(family, partition);
    enum ule_code code = family_store_commit(family, partition, error);
    if (code == ULE_OK)
        code = load_partition(family, partition, error);
    if (code == ULE_OK)
        code = check_life(family, partition, cached, error);
    if (code != ULE_OK)
        return code;
    partition->stage = FAMILY_READY;
    /* At once: a new partition takes the time of its first message for a day that was done. */
    family->day_looked = 0;
    ule_log(ULE_LOG_INFO, "restored", "partition=%" PRId32 " records=%" PRId64 " position=%" PRId64 " inbox=%" PRId64,
            partition->number, partition->restored, partition->position, partition->next);
    family_show_committed(family);
    family_show_stages(family, true);
    return family_resume(family, partition, error);
}

static void show(struct family *family) {
    int64_t now = ule_clock_steady(), restored = 0, left = 0;
    if (now - family->restore_shown < SHOW_MS)
        return;
    family->restore_shown = now;
    for (size_t i = 0; i < family->partitions_count; i++) {
        const struct family_partition *partition = &family->partitions[i];
        restored += partition->restored;
        if (partition->stage == FAMILY_RESTORING)
            left += partition->restore_to - partition->position;
    }
    ule_log(ULE_LOG_INFO, "restoring", "records=%" PRId64 " offsets-left=%" PRId64, restored, left);
}

/* Records for SLICE_MS; *all: there is nothing left to restore. */
static enum ule_code restore(struct family *family, bool *all, struct ule_error *error) {
    int64_t until = ule_clock_steady() + SLICE_MS;
    enum ule_code code = ULE_OK;
    for (unsigned i = 0; code == ULE_OK && (i % 64 || ule_clock_steady() < until); i++) {
        rd_kafka_message_t *message = NULL;
        int ended = -1;
        code = ule_kafka_reader_next(family->restorer, 10, &message, &ended, error);
        if (code == ULE_OK && message)
            code = apply(family, message, error);
        if (message)
            rd_kafka_message_destroy(message);
        if (code == ULE_OK && ended >= 0)
            code = ready(family, &family->partitions[family->restoring[ended]], error);
        if (code == ULE_OK && family->restore_uncommitted >= COMMIT_RECORDS)
            code = commit_restored(family, error);
        if (code == ULE_OK && !message && ended < 0)
            break;
    }
    *all = code == ULE_END;
    return code == ULE_END ? ULE_OK : code;
}

enum ule_code family_take_over(struct family *family, bool *busy, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < family->partitions_count && code == ULE_OK; i++) {
        if (family->partitions[i].stage == FAMILY_NEW)
            code = start(family, i, error);
    }
    if (code != ULE_OK || !family->restorer)
        return code;
    bool all = false;
    code = restore(family, &all, error);
    if (code != ULE_OK)
        return code;
    show(family);
    *busy = true;
    if (all) {
        ule_log(ULE_LOG_INFO, "restored-all", "milliseconds=%" PRId64, ule_clock_steady() - family->restore_began);
        ule_kafka_reader_close(family->restorer);
        family->restorer = NULL;
    }
    return ULE_OK;
}

/* The store is closed, so it stands on the disk whole; said before that, a machine that stops in between would leave
 * one that is believed and is not whole. */
static enum ule_code say_closed(const struct family *family, struct family_partition *partition,
                                struct ule_error *error) {
    char path[4200];
    store_path(family, partition, "", path);
    enum ule_code code = ule_store_lmdb_open(path, (uint64_t)family->config->store_map_bytes, true, &partition->store,
                                             error);
    if (code != ULE_OK)
        return code;
    write_cache(family, partition, false);
    code = ule_store_commit(partition->store, error);
    ule_store_free(partition->store);
    partition->store = NULL;
    return code;
}

void family_give_up(struct family *family) {
    ule_kafka_reader_close(family->restorer);
    family->restorer = NULL;
    family->restore_uncommitted = 0;
    family_show_none(family);
    for (size_t i = 0; i < family->partitions_count; i++) {
        struct family_partition *partition = &family->partitions[i];
        struct ule_error error;
        if (partition->store) {
            ule_store_free(partition->store);
            partition->store = NULL;
            if (partition->stage >= FAMILY_READY && say_closed(family, partition, &error) != ULE_OK)
                ule_log_error(ULE_LOG_WARNING, "store-not-closed", &error);
        }
        for (size_t j = 0; j < partition->quarantined_count; j++)
            free(partition->quarantined[j]);
        free(partition->quarantined);
    }
    free(family->partitions);
    free(family->restoring);
    family->partitions = NULL;
    family->restoring = NULL;
    family->partitions_count = 0;
}
