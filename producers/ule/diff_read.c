/* SPDX-License-Identifier: MIT */
#include "avro/framing.h"
#include "loop/source.h"
#include "recording/recording.h"
#include "registry/registry.h"
#include "ule/diff.h"
#include "ule/live.h"
#include "ule/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 64 << 20 };

struct reading {
    const char *dir;
    enum ule_diff_side_name side;
    struct ule_diff_set *set;
    struct ule_recording *recording;
    struct ule_reader *readers[ULE_DIFF_DEAD_LETTERS];
    struct ule_arena *arena;
    struct ule_buffer bytes;
    bool terminal, shown;
    struct timespec started, last_shown;
};

const struct ule_record *ule_diff_record(size_t topic) {
    if (topic < ULE_TOPIC_COUNT)
        return ule_topic_records[topic];
    return topic == ULE_DIFF_AUDIT ? &ule_cpr_transaction_record : NULL;
}

const struct ule_field *ule_diff_level(size_t topic) {
    static const char *const names[ULE_DIFF_DEAD_LETTERS] = {
        [ULE_TOPIC_PROVISIONING] = "state",
        [ULE_TOPIC_REREGISTRATION] = "outcome",
        [ULE_TOPIC_CONTACT_RELATION] = "access",
        [ULE_TOPIC_PUPIL] = "reason",
    };
    const struct ule_record *record = ule_diff_record(topic);
    for (size_t i = 0; record && names[topic] && i < record->count; i++) {
        if (strcmp(record->fields[i].name, names[topic]) == 0)
            return &record->fields[i];
    }
    return NULL;
}

static double seconds_since(const struct timespec *then) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* From the second second on, five times a second. Looking through a file and reading it take about the same time. */
static void show(struct reading *reading, uint64_t done, uint64_t size, unsigned from) {
    if (!reading->terminal || seconds_since(&reading->started) < 1 || seconds_since(&reading->last_shown) < 0.2)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &reading->last_shown);
    reading->shown = true;
    (void)fprintf(stderr, "\r\033[Kreading %s: %u %%", reading->dir, from + (size ? (unsigned)(done * 50 / size) : 0));
    (void)fflush(stderr);
}

static void show_look(void *context, uint64_t done, uint64_t size) {
    show(context, done, size, 0);
}

/* FNV-1a: only ever compared with the digest of the same key on the other side. */
static uint64_t digest(uint64_t before, const void *bytes, size_t size) {
    uint64_t hash = before ? before : UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void *member(const struct ule_record *record, void *value, const char *name) {
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return (char *)value + record->fields[i].offset;
    }
    abort(); /* every output has these fields */
}

/* Where an output comes from is no part of what it says: two recordings that say the same have their own headers. */
static int64_t clear_header(const struct ule_record *record, void *value) {
    int64_t *version = member(record, value, "version");
    const int64_t was = *version;
    *version = 0;
    *(const char **)member(record, value, "event_id") = "";
    *(int32_t *)member(record, value, "effective_on") = 0;
    *(struct ule_caused_by *)member(record, value, "caused_by") = (struct ule_caused_by){.topic = "", .event_id = ""};
    return was;
}

static enum ule_code take_output(struct reading *reading, const struct ule_recorded *recorded,
                                 struct ule_error *error) {
    const struct ule_record *record = ule_diff_record(recorded->topic);
    const bool tombstone = recorded->line ? !recorded->json || json_is_null(recorded->json) : !recorded->bytes;
    void *value = ule_arena_alloc(reading->arena, record->size);
    int64_t version = 0;
    ule_buffer_clear(&reading->bytes);
    if (!tombstone) {
        enum ule_code code = recorded->line ? ule_record_from_json(record, recorded->json, reading->arena, value, error)
                                            : ule_reader_decode(reading->readers[recorded->topic], recorded->bytes,
                                                                recorded->size, reading->arena, value, error);
        if (code != ULE_OK)
            return code;
        version = clear_header(record, value);
        ule_record_encode(record, value, &reading->bytes);
    }
    const char *key = recorded->key ? recorded->key : "";
    const char *label = NULL;
    if (recorded->topic == ULE_TOPIC_REREGISTRATION && !tombstone) { /* events of a swap, and not of an account */
        const struct ule_reregistered *swap = value;
        label = key;
        key = ule_arena_printf(reading->arena, "%s %s", swap->from_number, swap->to_number);
    }
    struct ule_diff_item *item = ule_diff_set_find(reading->set, recorded->topic, key);
    struct ule_diff_side *side = &item->sides[reading->side];
    if (label && !side->label && !(side->label = strdup(label)))
        abort();
    const struct ule_field *level = tombstone ? NULL : ule_diff_level(recorded->topic);
    if (level)
        side->met |= UINT32_C(1) << *(const int32_t *)(const void *)((const char *)value + level->offset);
    side->count++;
    side->digest = digest(side->digest, tombstone ? "-" : "+", 1);
    side->digest = digest(side->digest, reading->bytes.bytes, reading->bytes.size);
    if (tombstone) {
        ule_diff_item_keep(item, reading->side, NULL, 0);
    } else if (version >= side->version) { /* a lower one is old, wherever it stands (design.md section 2) */
        side->version = version;
        ule_diff_item_keep(item, reading->side, reading->bytes.bytes, reading->bytes.size);
    }
    return ULE_OK;
}

/* A dead letter is compared by what is in it: its key is what somebody sent. As text it says the same in a .jsonl and
 * in a .avro. */
static void take_dead_letter(struct reading *reading, const struct ule_recorded *recorded) {
    const char *bytes = (const char *)recorded->bytes;
    size_t size = bytes ? recorded->size : 0;
    json_t *json = recorded->line ? json_incref(recorded->json) : NULL;
    if (json_is_string(json)) {
        bytes = json_string_value(recorded->json);
        size = json_string_length(recorded->json);
        json_decref(json);
        json = NULL;
    }
    if (!json && bytes)
        json = json_loadb(bytes, size, JSON_DECODE_ANY, NULL);
    char *text = json ? json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    uint64_t hash = digest(0, recorded->key ? recorded->key : "", recorded->key ? strlen(recorded->key) : 0);
    hash = text ? digest(hash, text, strlen(text)) : digest(hash, bytes, size);
    char key[24];
    (void)snprintf(key, sizeof key, "%016" PRIx64, hash);
    struct ule_diff_side *side = &ule_diff_set_find(reading->set, recorded->topic, key)->sides[reading->side];
    if (!side->label && asprintf(&side->label, "offset %" PRId64, recorded->offset) < 0)
        abort();
    side->count++;
    side->digest = side->count;
    free(text);
    json_decref(json);
}

static enum ule_code take(struct reading *reading, const struct ule_recorded *recorded, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    if (recorded->failed.code != ULE_OK)
        code = ule_fail(error, recorded->failed.code, "%s", recorded->failed.message);
    else if (recorded->topic >= ULE_DIFF_DEAD_LETTERS)
        take_dead_letter(reading, recorded);
    else
        code = take_output(reading, recorded, error);
    if (code == ULE_OK)
        return code;
    return recorded->line ? ule_error_at(error, "%s:%" PRIu64, recorded->file, recorded->line)
                          : ule_error_at(error, "%s: offset %" PRId64, recorded->file, recorded->offset);
}

/* The recording's own message would speak of inputs. */
static bool has_outputs(const char *dir) {
    bool found = false;
    for (size_t i = 0; i < ULE_REPLAY_OUTPUTS && !found; i++) {
        for (int format = 0; format < 2 && !found; format++) {
            char *path;
            if (asprintf(&path, "%s/%s%s", dir, ule_replay_output_name(i), format ? ".avro" : ".jsonl") < 0)
                abort();
            found = access(path, F_OK) == 0;
            free(path);
        }
    }
    return found;
}

static enum ule_code open_recording(struct reading *reading, struct ule_error *error) {
    const char *topics[ULE_REPLAY_OUTPUTS];
    for (size_t i = 0; i < ULE_REPLAY_OUTPUTS; i++)
        topics[i] = ule_replay_output_name(i);
    struct stat status;
    if (stat(reading->dir, &status) == 0 && S_ISDIR(status.st_mode) && !has_outputs(reading->dir))
        return ule_fail(error, ULE_CONFIG,
                        "%s: no output topic in it (%s.jsonl, ...): not what 'ule replay --to' wrote", reading->dir,
                        topics[0]);
    struct ule_recording_options options = {
        .topics = topics,
        .topic_count = ULE_REPLAY_OUTPUTS,
        .max_bytes = MAX_BYTES,
        .context = reading,
        .progress = reading->terminal ? show_look : NULL,
    };
    options.ours = ule_live_files(&options.ours_count);
    return ule_recording_open(reading->dir, &options, &reading->recording, error);
}

enum ule_code ule_diff_read(const char *dir, enum ule_diff_side_name side, struct ule_registry *registry,
                            struct ule_diff_set *set, struct ule_error *error) {
    struct reading reading = {.dir = dir, .side = side, .set = set, .terminal = isatty(STDERR_FILENO) == 1};
    (void)clock_gettime(CLOCK_MONOTONIC, &reading.started);
    reading.arena = ule_arena_new();
    for (size_t i = 0; i < ULE_DIFF_DEAD_LETTERS; i++) {
        reading.readers[i] = ule_reader_new(ule_diff_record(i));
        ule_registry_serve(registry, reading.readers[i]);
    }
    enum ule_code code = open_recording(&reading, error);
    while (code == ULE_OK) {
        struct ule_recorded *recorded;
        code = ule_recording_next(reading.recording, &recorded, error);
        if (code != ULE_OK)
            break;
        ule_arena_reset(reading.arena);
        code = take(&reading, recorded, error);
        show(&reading, ule_recording_done(reading.recording), ule_recording_size(reading.recording), 50);
    }
    if (reading.shown)
        (void)fputs("\r\033[K", stderr);
    ule_recording_close(reading.recording);
    for (size_t i = 0; i < ULE_DIFF_DEAD_LETTERS; i++)
        ule_reader_free(reading.readers[i]);
    ule_buffer_close(&reading.bytes);
    ule_arena_free(reading.arena);
    return code == ULE_END ? ULE_OK : code;
}
