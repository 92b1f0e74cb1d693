/* SPDX-License-Identifier: MIT */
/* What a replay remembers with --state, all in the meta of the first store and so in the same transaction as the
 * states: whose state it is, how far every input partition has been taken, where every output file ended, and what was
 * counted. A run that was killed leaves output beyond what it committed; the next one cuts that off. */
#include "ule/replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool meta_text(const struct ule_replay *replay, const char *name, char *text, size_t size) {
    struct ule_buffer bytes = {0};
    *text = '\0';
    bool there = ule_store_meta_get(replay->stores[0], name, &bytes) && bytes.size < size;
    if (there) {
        if (bytes.size)
            memcpy(text, bytes.bytes, bytes.size);
        text[bytes.size] = '\0';
    }
    ule_buffer_close(&bytes);
    return there;
}

static void meta_set(const struct ule_replay *replay, const char *name, const char *text) {
    ule_store_meta_put(replay->stores[0], name, text, strlen(text));
}

static enum ule_code lock(struct ule_replay *replay, const char *dir, struct ule_error *error) {
    char *path;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return ule_fail(error, ULE_IO, "%s: %s", dir, strerror(errno));
    if (asprintf(&path, "%s/lock", dir) < 0)
        abort();
    replay->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    if (replay->lock < 0)
        return ule_fail(error, ULE_IO, "%s/lock: %s", dir, strerror(errno));
    if (flock(replay->lock, LOCK_EX | LOCK_NB) != 0)
        return ule_fail(error, ULE_STATE, "%s: another replay is using this state", dir);
    return ULE_OK;
}

/* Rules, secret and partitions decide what a state means: another one would go on from it and be wrong in silence. */
static enum ule_code check_owner(const struct ule_replay *replay, struct ule_error *error) {
    static const char name[] = "replay.configuration";
    char digest[65], ours[96], theirs[96];
    ule_config_digest(replay->config, digest);
    (void)snprintf(ours, sizeof ours, "%s %u", digest, replay->options->partitions);
    if (!meta_text(replay, name, theirs, sizeof theirs)) {
        meta_set(replay, name, ours);
        return ULE_OK;
    }
    if (strcmp(ours, theirs) == 0)
        return ULE_OK;
    const char *partitions = strchr(theirs, ' ');
    if (partitions && strcmp(partitions + 1, strchr(ours, ' ') + 1) != 0)
        return ule_fail(error, ULE_STATE, "%s: made with --partitions %s", replay->options->state, partitions + 1);
    return ule_fail(error, ULE_STATE, "%s: made with another configuration or secret; replay from the beginning",
                    replay->options->state);
}

enum ule_code ule_replay_state_open(struct ule_replay *replay, struct ule_error *error) {
    const struct ule_replay_options *options = replay->options;
    replay->stores = calloc(options->partitions, sizeof *replay->stores);
    if (!replay->stores)
        abort();
    if (!options->state) {
        for (unsigned i = 0; i < options->partitions; i++)
            replay->stores[i] = ule_store_memory_new();
        return ULE_OK;
    }
    enum ule_code code = lock(replay, options->state, error);
    if (code == ULE_OK)
        code = ule_store_lmdb_open_group(options->state, options->partitions, (uint64_t)replay->config->store_map_bytes,
                                         replay->config->store_sync, replay->stores, error);
    if (code == ULE_OK)
        code = check_owner(replay, error);
    char text[32];
    if (code == ULE_OK && meta_text(replay, "replay.audit", text, sizeof text))
        replay->audit_count = strtoull(text, NULL, 10);
    if (code == ULE_OK)
        ule_tally_load(&replay->tally, replay->stores[0]);
    return code;
}

void ule_replay_state_close(struct ule_replay *replay) {
    for (unsigned i = 0; replay->stores && i < replay->options->partitions; i++)
        ule_store_free(replay->stores[i]);
    free(replay->stores);
    free(replay->places);
    if (replay->lock >= 0)
        (void)close(replay->lock);
}

/* Whole numbers with blanks between; false when there are fewer. */
static bool parse_integers(const char *text, int64_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *end;
        values[i] = strtoll(text, &end, 10);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

bool ule_replay_position(void *context, size_t topic, int32_t partition, struct ule_position *position) {
    const struct ule_replay *replay = context;
    char name[96], text[96];
    (void)snprintf(name, sizeof name, "replay.position:%s:%d", ule_sources[topic].topic, partition);
    if (!meta_text(replay, name, text, sizeof text))
        return false;
    int64_t values[3] = {0};
    if (!parse_integers(text, values, 3))
        return false;
    *position = (struct ule_position){partition, values[0], values[1], values[2]};
    return true;
}

void ule_replay_taken(struct ule_replay *replay, size_t topic, const struct ule_position *position) {
    replay->taken++;
    for (size_t i = 0; i < replay->place_count; i++) {
        struct ule_place *place = &replay->places[i];
        if (place->topic == topic && place->position.partition == position->partition) {
            place->position = *position;
            return;
        }
    }
    replay->places = realloc(replay->places, (replay->place_count + 1) * sizeof *replay->places);
    if (!replay->places)
        abort();
    replay->places[replay->place_count++] = (struct ule_place){topic, *position};
}

static void save_places(const struct ule_replay *replay) {
    for (size_t i = 0; i < replay->place_count; i++) {
        const struct ule_position *position = &replay->places[i].position;
        char name[96], text[96];
        (void)snprintf(name, sizeof name, "replay.position:%s:%d", ule_sources[replay->places[i].topic].topic,
                       position->partition);
        (void)snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %" PRId64, position->next_offset,
                       position->unreadable, position->time);
        meta_set(replay, name, text);
    }
}

static void save_marks(const struct ule_replay *replay) {
    for (size_t i = 0; i < ule_writer_marks(replay->writer); i++) {
        struct ule_mark mark = ule_writer_mark(replay->writer, i);
        char name[96], text[64];
        (void)snprintf(name, sizeof name, "replay.output:%s", mark.topic);
        (void)snprintf(text, sizeof text, "%" PRId64 " %" PRIu64, mark.next_offset, mark.length);
        meta_set(replay, name, text);
    }
}

static void count_notes(struct ule_replay *replay) {
    struct ule_engine_counts now;
    ule_engine_counts(replay->engine, &now);
    for (size_t i = 0; i < ULE_NOTE_COUNT; i++)
        ule_tally_add(&replay->tally, "note", ule_note_names[i], (int64_t)(now.notes[i] - replay->counted.notes[i]));
    replay->counted = now;
}

enum ule_code ule_replay_commit(struct ule_replay *replay, struct ule_error *error) {
    count_notes(replay);
    if (replay->options->state) {
        enum ule_code code = ule_writer_flush(replay->writer, replay->config->store_sync, error);
        if (code != ULE_OK)
            return code;
        char text[32];
        (void)snprintf(text, sizeof text, "%" PRIu64, replay->audit_count);
        meta_set(replay, "replay.audit", text);
        save_places(replay);
        save_marks(replay);
        ule_tally_save(&replay->tally, replay->stores[0]);
    }
    return ule_engine_commit(replay->engine, error);
}

/* A file of a recording that is in the folder already, "" when there is none. */
static enum ule_code find_recording(const char *dir, char *name, size_t size, struct ule_error *error) {
    DIR *folder = opendir(dir);
    if (!folder)
        return ule_fail(error, ULE_IO, "%s: %s", dir, strerror(errno));
    *name = '\0';
    for (const struct dirent *entry; !*name && (entry = readdir(folder)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && ending && (strcmp(ending, ".jsonl") == 0 || strcmp(ending, ".avro") == 0))
            (void)snprintf(name, size, "%s", entry->d_name);
    }
    (void)closedir(folder);
    return ULE_OK;
}

/* One output file where the last commit left it; in a new folder its offsets alone go on. */
static enum ule_code resume(const struct ule_replay *replay, size_t index, bool same, struct ule_error *error) {
    struct ule_mark mark = {.topic = ule_replay_output_name(index)};
    char name[96], text[64];
    int64_t values[2] = {0};
    (void)snprintf(name, sizeof name, "replay.output:%s", mark.topic);
    if (meta_text(replay, name, text, sizeof text)) {
        if (!parse_integers(text, values, 2))
            return ule_fail(error, ULE_STATE, "%s: damaged", replay->options->state);
        mark.next_offset = values[0];
        mark.length = same ? (uint64_t)values[1] : 0;
    }
    return ule_writer_resume(replay->writer, &mark, error);
}

static enum ule_code resume_all(struct ule_replay *replay, const char *to, bool empty, struct ule_error *error) {
    char before[4200] = "";
    bool known = meta_text(replay, "replay.to", before, sizeof before);
    bool same = known && strcmp(before, to) == 0 && !empty;
    if (!same && !empty)
        return ule_fail(error, ULE_USAGE, "%s: has recordings that this state did not write there in this format",
                        replay->options->to);
    for (size_t i = 0; i < ULE_REPLAY_OUTPUTS; i++) {
        enum ule_code code = resume(replay, i, same, error);
        if (code != ULE_OK)
            return code;
    }
    /* Before anything is written: else a kill would leave files in a folder that the state does not know. */
    meta_set(replay, "replay.to", to);
    return ule_replay_commit(replay, error);
}

enum ule_code ule_replay_output_open(struct ule_replay *replay, struct ule_error *error) {
    const struct ule_replay_options *options = replay->options;
    enum ule_code code = ule_writer_open(options->to, options->format, options->state != NULL, &replay->writer, error);
    char name[256] = "";
    if (code == ULE_OK)
        code = find_recording(options->to, name, sizeof name, error);
    if (code != ULE_OK)
        return code;
    if (!options->state)
        return *name ? ule_fail(error, ULE_USAGE, "%s: has recordings already (%s)", options->to, name) : ULE_OK;
    char *path = realpath(options->to, NULL);
    if (!path)
        return ule_fail(error, ULE_IO, "%s: %s", options->to, strerror(errno));
    char to[4200];
    (void)snprintf(to, sizeof to, "%s %s", options->format == ULE_FORMAT_JSONL ? "jsonl" : "avro", path);
    free(path);
    return resume_all(replay, to, !*name, error);
}
