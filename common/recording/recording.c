/* SPDX-License-Identifier: MIT */
#include "recording/recording.h"

#include "base/date.h"
#include "recording/cursor.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct ule_recording {
    struct ule_recorded_file *files;
    size_t file_count;
    struct ule_cursor *cursors;
    size_t cursor_count;
    struct ule_cursor *given; /* the one whose record the caller has */
    int64_t last_time;
    uint64_t size;
};

static const char *const endings[] = {[ULE_FORMAT_JSONL] = ".jsonl", [ULE_FORMAT_AVRO] = ".avro"};

/* The format by the ending, -1 for another; *stem is the length of the name without it. */
static int format_of(const char *name, size_t *stem) {
    size_t size = strlen(name);
    for (int i = 0; i < 2; i++) {
        size_t ending = strlen(endings[i]);
        if (size > ending && strcmp(name + size - ending, endings[i]) == 0) {
            *stem = size - ending;
            return i;
        }
    }
    return -1;
}

static bool is_named(const char *name, size_t stem, const char *topic) {
    return strlen(topic) == stem && memcmp(name, topic, stem) == 0;
}

static enum ule_code add_file(struct ule_recording *recording, const char *dir, const char *name, size_t stem,
                              int format, const struct ule_recording_options *options, struct ule_error *error) {
    size_t rank = 0;
    while (rank < options->topic_count && !is_named(name, stem, options->topics[rank]))
        rank++;
    for (size_t i = 0; rank == options->topic_count && i < options->ours_count; i++) {
        if (is_named(name, stem, options->ours[i]))
            return ULE_OK;
    }
    if (rank == options->topic_count)
        return ule_fail(error, ULE_CONFIG, "%s/%s: no topic is called so", dir, name);
    for (size_t i = 0; i < recording->file_count; i++) {
        if (recording->files[i].rank == rank)
            return ule_fail(error, ULE_CONFIG, "%s: %s stands there twice, as .jsonl and as .avro", dir,
                            options->topics[rank]);
    }
    struct ule_recorded_file *all = realloc(recording->files, (recording->file_count + 1) * sizeof *all);
    if (!all)
        abort();
    recording->files = all;
    struct ule_recorded_file *file = &all[recording->file_count++];
    *file = (struct ule_recorded_file){.topic = options->topics[rank], .rank = rank, .format = (enum ule_format)format};
    if (asprintf(&file->path, "%s/%s", dir, name) < 0)
        abort();
    struct stat status;
    if (stat(file->path, &status) == 0)
        recording->size += (uint64_t)status.st_size;
    return ULE_OK;
}

static enum ule_code find_files(struct ule_recording *recording, const char *dir,
                                const struct ule_recording_options *options, struct ule_error *error) {
    struct dirent **entries;
    int count = scandir(dir, &entries, NULL, alphasort);
    if (count < 0)
        return ule_fail(error, ULE_IO, "%s: %s", dir, strerror(errno));
    enum ule_code code = ULE_OK;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t stem;
        int format = format_of(name, &stem);
        if (code == ULE_OK && name[0] != '.' && format >= 0)
            code = add_file(recording, dir, name, stem, format, options, error);
        free(entries[i]);
    }
    free(entries);
    if (code == ULE_OK && recording->file_count == 0)
        code = ule_fail(error, ULE_CONFIG, "%s: no recording of an input topic in it (%s.jsonl, ...)", dir,
                        options->topics[0]);
    return code;
}

struct looking {
    const struct ule_recording_options *options;
    uint64_t before, size;
};

static void look_on(void *context, uint64_t done) {
    const struct looking *looking = context;
    looking->options->progress(looking->options->context, looking->before + done, looking->size);
}

static enum ule_code open_cursors(struct ule_recording *recording, const struct ule_recorded_file *file,
                                  const struct ule_recording_options *options, struct ule_error *error) {
    struct ule_cursor *all = realloc(recording->cursors, (recording->cursor_count + file->count) * sizeof *all);
    if (!all)
        abort();
    recording->cursors = all;
    for (size_t i = 0; i < file->count; i++) {
        struct ule_position position = {0};
        bool taken = options->position &&
                     options->position(options->context, file->rank, file->partitions[i].partition, &position);
        enum ule_code code = ule_cursor_open(&recording->cursors[recording->cursor_count++], file, &file->partitions[i],
                                             options->max_bytes, taken ? &position : NULL, error);
        if (code == ULE_OK)
            code = ule_cursor_next(&recording->cursors[recording->cursor_count - 1], error);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

enum ule_code ule_recording_open(const char *dir, const struct ule_recording_options *options,
                                 struct ule_recording **out, struct ule_error *error) {
    struct ule_recording *recording = calloc(1, sizeof *recording);
    if (!recording)
        abort();
    recording->last_time = ULE_TIME_NONE;
    struct looking looking = {.options = options};
    enum ule_code code = find_files(recording, dir, options, error);
    looking.size = recording->size;
    for (size_t i = 0; i < recording->file_count && code == ULE_OK; i++) {
        struct ule_recorded_file *file = &recording->files[i];
        code = ule_recorded_file_look(file, options->max_bytes, options->progress ? look_on : NULL, &looking, error);
        looking.before += file->size;
        if (file->last_ts != ULE_TIME_NONE && file->last_ts > recording->last_time)
            recording->last_time = file->last_ts;
    }
    recording->size = 0;
    for (size_t i = 0; i < recording->file_count && code == ULE_OK; i++) {
        const struct ule_recorded_file *file = &recording->files[i];
        recording->size += file->size * file->count;
        if (file->count > 0)
            code = open_cursors(recording, file, options, error);
    }
    if (code != ULE_OK) {
        ule_recording_close(recording);
        return code;
    }
    *out = recording;
    return ULE_OK;
}

void ule_recording_close(struct ule_recording *recording) {
    if (!recording)
        return;
    for (size_t i = 0; i < recording->cursor_count; i++)
        ule_cursor_close(&recording->cursors[i]);
    for (size_t i = 0; i < recording->file_count; i++) {
        free(recording->files[i].path);
        free(recording->files[i].partitions);
    }
    free(recording->cursors);
    free(recording->files);
    free(recording);
}

static bool before(const struct ule_recorded *a, const struct ule_recorded *b) {
    if (a->time != b->time)
        return a->time < b->time;
    if (a->topic != b->topic)
        return a->topic < b->topic;
    return a->partition < b->partition;
}

enum ule_code ule_recording_next(struct ule_recording *recording, struct ule_recorded **recorded,
                                 struct ule_error *error) {
    if (recording->given) {
        enum ule_code code = ule_cursor_next(recording->given, error);
        if (code != ULE_OK)
            return code;
        recording->given = NULL;
    }
    for (size_t i = 0; i < recording->cursor_count; i++) {
        struct ule_cursor *cursor = &recording->cursors[i];
        if (!cursor->ended && (!recording->given || before(&cursor->recorded, &recording->given->recorded)))
            recording->given = cursor;
    }
    if (!recording->given)
        return ULE_END;
    *recorded = &recording->given->recorded;
    return ULE_OK;
}

int64_t ule_recording_last_time(const struct ule_recording *recording) {
    return recording->last_time;
}

uint64_t ule_recording_size(const struct ule_recording *recording) {
    return recording->size;
}

uint64_t ule_recording_done(const struct ule_recording *recording) {
    uint64_t done = 0;
    for (size_t i = 0; i < recording->cursor_count; i++)
        done += ule_cursor_done(&recording->cursors[i]);
    return done;
}
