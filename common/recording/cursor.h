/* SPDX-License-Identifier: MIT */
/* The records of one partition in one file, in their order. A file of several partitions is read once for each: kcat
 * writes them in long stretches, so to merge them in one reading would take the memory of a stretch. */
#ifndef ULE_RECORDING_CURSOR_H
#define ULE_RECORDING_CURSOR_H

#include "recording/container.h"
#include "recording/line.h"
#include "recording/recording.h"

/* What the first look through a file found of one partition. */
struct ule_partition {
    int32_t partition;
    int64_t first_offset;
    int64_t first_ts;
};

struct ule_recorded_file {
    char *path;
    const char *topic;
    size_t rank; /* of the topic */
    enum ule_format format;
    uint64_t size;
    struct ule_partition *partitions;
    size_t count;
    int64_t last_ts;
};

struct ule_cursor {
    const struct ule_recorded_file *file;
    int32_t partition;
    int32_t current; /* the partition of the last readable line: an unreadable one is taken to be of it */
    int64_t last;    /* offset, -1 before the first */
    int64_t unreadable, time;
    struct ule_position taken;
    size_t max_bytes;
    struct ule_lines lines;
    struct ule_container container;
    struct ule_recorded recorded;
    json_t *envelope;
    struct ule_buffer key;
    bool ended;
};

/* Fills size, partitions and last_ts. At least one partition: 0 for a file without a readable line. */
enum ule_code ule_recorded_file_look(struct ule_recorded_file *file, size_t max_bytes,
                                     void (*progress)(void *context, uint64_t done), void *context,
                                     struct ule_error *error) ULE_MUST_CHECK;

/* `taken` NULL: from the beginning. Stands before the first record that has not been taken. */
enum ule_code ule_cursor_open(struct ule_cursor *cursor, const struct ule_recorded_file *file,
                              const struct ule_partition *partition, size_t max_bytes, const struct ule_position *taken,
                              struct ule_error *error) ULE_MUST_CHECK;
void ule_cursor_close(struct ule_cursor *cursor);
/* The next record into cursor->recorded, or cursor->ended. */
enum ule_code ule_cursor_next(struct ule_cursor *cursor, struct ule_error *error) ULE_MUST_CHECK;
uint64_t ule_cursor_done(const struct ule_cursor *cursor);

#endif
