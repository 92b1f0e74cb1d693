/* SPDX-License-Identifier: MIT */
#include "recording/cursor.h"

#include "base/date.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 512 };

static bool time_possible(int64_t ts) {
    return ts >= ULE_DATE_MIN * ULE_DAY_MS && ts <= (ULE_DATE_MAX - 1) * ULE_DAY_MS;
}

static enum ule_code note_partition(struct ule_recorded_file *file, int32_t partition, int64_t offset, int64_t ts,
                                    struct ule_error *error) {
    if (ts != ULE_TIME_NONE && ts > file->last_ts)
        file->last_ts = ts;
    for (size_t i = 0; i < file->count; i++) {
        if (file->partitions[i].partition == partition)
            return ULE_OK;
    }
    if (file->count == PARTITIONS_MAX)
        return ule_fail(error, ULE_MALFORMED, "%s: more than %d partitions", file->path, PARTITIONS_MAX);
    struct ule_partition *all = realloc(file->partitions, (file->count + 1) * sizeof *all);
    if (!all)
        abort();
    all[file->count++] = (struct ule_partition){partition, offset, ts};
    file->partitions = all;
    return ULE_OK;
}

static enum ule_code look_at_lines(struct ule_recorded_file *file, size_t max_bytes,
                                   void (*progress)(void *context, uint64_t done), void *context,
                                   struct ule_error *error) {
    struct ule_lines *lines = calloc(1, sizeof *lines);
    if (!lines)
        abort();
    enum ule_code code = ule_lines_open(lines, file->path, max_bytes, error);
    while (code == ULE_OK && (code = ule_lines_next(lines, error)) == ULE_OK) {
        struct ule_glimpse glimpse;
        ule_line_glimpse(lines->text.bytes, lines->text.size, &glimpse);
        if (glimpse.has_partition && glimpse.has_offset)
            code = note_partition(file, glimpse.partition, glimpse.offset, glimpse.ts, error);
        if (progress)
            progress(context, lines->done);
    }
    file->size = lines->done;
    ule_lines_close(lines);
    free(lines);
    return code;
}

static enum ule_code look_at_container(struct ule_recorded_file *file, void (*progress)(void *context, uint64_t done),
                                       void *context, struct ule_error *error) {
    struct ule_container container;
    struct ule_contained one;
    enum ule_code code = ule_container_open(&container, file->path, error);
    while (code == ULE_OK && (code = ule_container_next(&container, &one, error)) == ULE_OK) {
        code = note_partition(file, one.partition, one.offset, time_possible(one.ts) ? one.ts : ULE_TIME_NONE, error);
        if (progress)
            progress(context, container.done);
    }
    file->size = container.done;
    ule_container_close(&container);
    return code;
}

enum ule_code ule_recorded_file_look(struct ule_recorded_file *file, size_t max_bytes,
                                     void (*progress)(void *context, uint64_t done), void *context,
                                     struct ule_error *error) {
    file->last_ts = ULE_TIME_NONE;
    enum ule_code code = file->format == ULE_FORMAT_JSONL ? look_at_lines(file, max_bytes, progress, context, error)
                                                          : look_at_container(file, progress, context, error);
    if (code != ULE_END)
        return code;
    if (file->count == 0 && file->size > 0)
        return note_partition(file, 0, -1, ULE_TIME_NONE, error);
    return ULE_OK;
}

enum ule_code ule_cursor_open(struct ule_cursor *cursor, const struct ule_recorded_file *file,
                              const struct ule_partition *partition, size_t max_bytes, const struct ule_position *taken,
                              struct ule_error *error) {
    memset(cursor, 0, sizeof *cursor);
    cursor->file = file;
    cursor->partition = partition->partition;
    cursor->current = file->partitions[0].partition;
    cursor->last = -1;
    cursor->time = ULE_TIME_NONE;
    cursor->max_bytes = max_bytes;
    if (taken) {
        cursor->taken = *taken;
        cursor->time = taken->time;
        /* A file that begins after what was taken holds only what is new: its unreadable lines too. */
        if (taken->next_offset > 0 && partition->first_offset >= taken->next_offset) {
            cursor->last = taken->next_offset - 1;
            cursor->unreadable = taken->unreadable;
        }
    }
    if (cursor->time == ULE_TIME_NONE)
        cursor->time = partition->first_ts; /* of unreadable lines before the first readable one */
    enum ule_code code = file->format == ULE_FORMAT_JSONL ? ule_lines_open(&cursor->lines, file->path, max_bytes, error)
                                                          : ule_container_open(&cursor->container, file->path, error);
    if (code != ULE_OK)
        cursor->ended = true;
    return code;
}

void ule_cursor_close(struct ule_cursor *cursor) {
    json_decref(cursor->envelope);
    cursor->envelope = NULL;
    ule_buffer_close(&cursor->key);
    ule_lines_close(&cursor->lines);
    ule_container_close(&cursor->container);
}

/* The place of a line in its partition, counted on; false when it was taken by an earlier run. A line shows an offset
 * only if that is larger than all before: a repeated one would be taken twice, or never. */
static bool place(struct ule_cursor *cursor, bool has_offset, int64_t offset, bool *in_order) {
    *in_order = has_offset && offset > cursor->last;
    if (*in_order) {
        cursor->last = offset;
        cursor->unreadable = 0;
    } else {
        cursor->unreadable++;
    }
    int64_t next = cursor->last + 1;
    return next > cursor->taken.next_offset ||
           (next == cursor->taken.next_offset && cursor->unreadable > cursor->taken.unreadable);
}

static void record_begin(struct ule_cursor *cursor, bool has_offset, int64_t offset, int64_t ts, bool in_order) {
    json_decref(cursor->envelope);
    cursor->envelope = NULL;
    cursor->recorded = (struct ule_recorded){
        .topic = cursor->file->rank,
        .file = cursor->file->path,
        .line = cursor->lines.number,
        .partition = cursor->partition,
        .offset = has_offset ? offset : -1,
        .ts = ts,
        .time = cursor->time,
        .after = {cursor->partition, cursor->last + 1, cursor->unreadable, cursor->time},
    };
    if (has_offset && !in_order)
        (void)ule_fail(&cursor->recorded.failed, ULE_CONTRADICTION, "envelope: the offset does not rise");
}

static enum ule_code fail_json(struct ule_error *error, const json_error_t *json) {
    switch (json_error_code(json)) {
    case json_error_invalid_utf8:
    case json_error_null_character:
    case json_error_null_byte_in_key: return ule_fail(error, ULE_UTF8, "column %d: not UTF-8, or a NUL", json->column);
    case json_error_duplicate_key: return ule_fail(error, ULE_MALFORMED, "column %d: a name twice", json->column);
    case json_error_premature_end_of_input:
        return ule_fail(error, ULE_TRUNCATED, "column %d: the line ends inside a value", json->column);
    default: return ule_fail(error, ULE_MALFORMED, "column %d: not JSON", json->column);
    }
}

static enum ule_code check_envelope(const struct ule_cursor *cursor, struct ule_error *error) {
    const json_t *envelope = cursor->envelope;
    static const char *const fields[] = {"topic", "partition", "offset", "ts", "key", "payload"};
    if (!json_is_object(envelope))
        return ule_fail(error, ULE_FIELD_TYPE, "envelope: not an object");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!json_object_get(envelope, fields[i]))
            return ule_fail(error, ULE_FIELD_MISSING, "envelope: %s is missing", fields[i]);
    }
    const json_t *topic = json_object_get(envelope, "topic"), *key = json_object_get(envelope, "key");
    const json_t *ts = json_object_get(envelope, "ts");
    if (!json_is_string(topic) || strcmp(json_string_value(topic), cursor->file->topic) != 0)
        return ule_fail(error, ULE_CONTRADICTION, "envelope: topic is another than the file's");
    if (!json_is_string(key) && !json_is_null(key))
        return ule_fail(error, ULE_FIELD_TYPE, "envelope: key is neither a string nor null");
    if (!json_is_integer(json_object_get(envelope, "partition")) ||
        json_integer_value(json_object_get(envelope, "partition")) != cursor->partition)
        return ule_fail(error, ULE_FIELD_TYPE, "envelope: partition is no whole number of at most 31 bits");
    if (!json_is_integer(json_object_get(envelope, "offset")) ||
        json_integer_value(json_object_get(envelope, "offset")) != cursor->recorded.offset)
        return ule_fail(error, ULE_FIELD_TYPE, "envelope: offset is no whole number");
    if (!json_is_integer(ts))
        return ule_fail(error, ULE_FIELD_TYPE, "envelope: ts is no whole number");
    if (json_integer_value(ts) != cursor->recorded.ts)
        return ule_fail(error, ULE_DATE_IMPOSSIBLE, "envelope: ts is no time of the years 1 to 9999");
    return ULE_OK;
}

static void read_line(struct ule_cursor *cursor) {
    const struct ule_buffer *text = &cursor->lines.text;
    struct ule_recorded *recorded = &cursor->recorded;
    if (cursor->lines.too_large) {
        (void)ule_fail(&recorded->failed, ULE_TOO_LARGE, "the line is longer than %zu bytes", cursor->max_bytes);
        return;
    }
    recorded->raw = text->bytes;
    recorded->raw_size = text->size;
    json_error_t json;
    cursor->envelope = json_loadb((const char *)text->bytes, text->size, JSON_REJECT_DUPLICATES, &json);
    if (!cursor->envelope) {
        (void)fail_json(&recorded->failed, &json);
        return;
    }
    recorded->key = json_string_value(json_object_get(cursor->envelope, "key"));
    recorded->json = json_object_get(cursor->envelope, "payload");
    recorded->headers = json_object_get(cursor->envelope, "headers");
    struct ule_error failed = {0};
    if (check_envelope(cursor, &failed) == ULE_OK)
        return;
    if (recorded->failed.code == ULE_OK)
        recorded->failed = failed;
    if (failed.code != ULE_CONTRADICTION)
        recorded->json = NULL; /* the line as a whole says more */
}

static void advance_time(struct ule_cursor *cursor, int64_t ts) {
    if (ts != ULE_TIME_NONE && (cursor->time == ULE_TIME_NONE || ts > cursor->time))
        cursor->time = ts;
}

static enum ule_code next_line(struct ule_cursor *cursor, struct ule_error *error) {
    for (;;) {
        enum ule_code code = ule_lines_next(&cursor->lines, error);
        if (code != ULE_OK)
            return code;
        struct ule_glimpse glimpse;
        ule_line_glimpse(cursor->lines.text.bytes, cursor->lines.text.size, &glimpse);
        bool whose = glimpse.has_partition && glimpse.has_offset;
        if (whose)
            cursor->current = glimpse.partition;
        if (cursor->current != cursor->partition)
            continue;
        bool in_order;
        advance_time(cursor, glimpse.ts);
        if (!place(cursor, whose, glimpse.offset, &in_order))
            continue;
        record_begin(cursor, whose, glimpse.offset, glimpse.ts, in_order);
        read_line(cursor);
        return ULE_OK;
    }
}

static void read_contained(struct ule_cursor *cursor, const struct ule_contained *one) {
    struct ule_recorded *recorded = &cursor->recorded;
    struct ule_error *failed = &recorded->failed;
    bool readable = one->key && ule_text_valid((const char *)one->key, one->key_size);
    if (readable) {
        ule_buffer_clear(&cursor->key);
        ule_buffer_append(&cursor->key, one->key, one->key_size);
        ule_buffer_append(&cursor->key, "", 1);
        recorded->key = (const char *)cursor->key.bytes;
    }
    if (failed->code == ULE_OK && one->key && !readable)
        (void)ule_fail(failed, ULE_UTF8, "envelope: key is not UTF-8, or holds a NUL");
    else if (failed->code == ULE_OK && (one->topic_size != strlen(cursor->file->topic) ||
                                        memcmp(one->topic, cursor->file->topic, one->topic_size) != 0))
        (void)ule_fail(failed, ULE_CONTRADICTION, "envelope: topic is another than the file's");
    else if (failed->code == ULE_OK && recorded->ts == ULE_TIME_NONE)
        (void)ule_fail(failed, ULE_DATE_IMPOSSIBLE, "envelope: ts is no time of the years 1 to 9999");
    if (one->payload_size > cursor->max_bytes) {
        (void)ule_fail(failed, ULE_TOO_LARGE, "the payload is larger than %zu bytes", cursor->max_bytes);
        return;
    }
    recorded->bytes = one->payload;
    recorded->size = one->payload_size;
}

static enum ule_code next_contained(struct ule_cursor *cursor, struct ule_error *error) {
    for (;;) {
        struct ule_contained one;
        enum ule_code code = ule_container_next(&cursor->container, &one, error);
        if (code != ULE_OK)
            return code;
        if (one.partition != cursor->partition)
            continue;
        int64_t ts = time_possible(one.ts) ? one.ts : ULE_TIME_NONE;
        bool in_order;
        advance_time(cursor, ts);
        if (!place(cursor, true, one.offset, &in_order))
            continue;
        record_begin(cursor, true, one.offset, ts, in_order);
        read_contained(cursor, &one);
        return ULE_OK;
    }
}

enum ule_code ule_cursor_next(struct ule_cursor *cursor, struct ule_error *error) {
    if (cursor->ended)
        return ULE_OK;
    enum ule_code code = cursor->file->format == ULE_FORMAT_JSONL ? next_line(cursor, error)
                                                                  : next_contained(cursor, error);
    if (code != ULE_END)
        return code;
    cursor->ended = true;
    return ULE_OK;
}

uint64_t ule_cursor_done(const struct ule_cursor *cursor) {
    return cursor->file->format == ULE_FORMAT_JSONL ? cursor->lines.done : cursor->container.done;
}
