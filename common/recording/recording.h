/* SPDX-License-Identifier: MIT */
/* Recorded topics: a folder with a file a topic (design.md section 8).
 *
 * `<topic>.jsonl` has one JSON object a line in kcat's -J envelope: topic, partition, offset, ts (ms), key (string or
 * null), payload, and perhaps headers (names and values in turn). `<topic>.avro` is an Avro object container file of
 * the same envelope, schema ULE_RECORDED_SCHEMA, codec null, payload as the bytes that the topic has: single-object or
 * Confluent framing. Only what the container itself holds wrong stops the reading; a line or a record that cannot be
 * read is handed out as such, and the reading goes on. */
#ifndef ULE_RECORDING_RECORDING_H
#define ULE_RECORDING_RECORDING_H

#include "base/buffer.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ule_format { ULE_FORMAT_JSONL, ULE_FORMAT_AVRO };

#define ULE_RECORDED_SCHEMA                                                                                            \
    "{\"type\":\"record\",\"name\":\"Recorded\",\"namespace\":\"dk.unilogin.events\",\"fields\":["                     \
    "{\"name\":\"topic\",\"type\":\"string\"},{\"name\":\"partition\",\"type\":\"int\"},"                              \
    "{\"name\":\"offset\",\"type\":\"long\"},{\"name\":\"ts\",\"type\":\"long\"},"                                     \
    "{\"name\":\"key\",\"type\":[\"null\",\"string\"]},{\"name\":\"headers\",\"type\":{\"type\":\"array\","            \
    "\"items\":\"string\"}},{\"name\":\"payload\",\"type\":[\"null\",\"bytes\"]}]}"

/* How far the reading of one partition has come. Lines that show no offset are counted since the last one that did. */
struct ule_position {
    int32_t partition;
    int64_t next_offset;
    int64_t unreadable;
    int64_t time; /* the largest ts so far, ULE_TIME_NONE before */
};

/* One record, or one line that is none. All pointers last until the next one is asked for. */
struct ule_recorded {
    size_t topic; /* index among those that were opened */
    const char *file;
    uint64_t line; /* of a .jsonl, from 1; 0 in a .avro */
    int32_t partition;
    int64_t offset; /* -1: not to be seen */
    int64_t ts;     /* as recorded, ULE_TIME_NONE: not to be seen */
    int64_t time;   /* ts, made non-decreasing within the partition; of a line without one that of the line before it */
    const char *key;       /* NULL: null */
    json_t *json;          /* the payload of a .jsonl; NULL when there is none to be seen, json null for a tombstone */
    const json_t *headers; /* of a .jsonl: names and values in turn; NULL without any */
    const uint8_t *bytes;  /* the payload of a .avro; NULL for a tombstone */
    size_t size;
    const uint8_t *raw; /* the line of a .jsonl, where it is not too large; else NULL */
    size_t raw_size;
    struct ule_position after; /* where to go on when this one has been taken */
    struct ule_error failed;   /* code ULE_OK, or why it cannot be read: a data error */
};

struct ule_recording;

/* Opens the files of `topics` in `dir`, in that order of rank; unreadable lines may be `max_bytes` long at most. One
 * look through every file finds its partitions. Other files named in `ours` (without their ending) are stepped over,
 * hidden files and those with other endings too; any other .jsonl or .avro is an error, since leaving a misspelt topic
 * out would go unseen. So is a folder without a file of any topic. `positions(context, topic, partition)` tells where
 * to go on; NULL, or when it returns false: from the beginning. */
struct ule_recording_options {
    const char *const *topics;
    size_t topic_count;
    const char *const *ours;
    size_t ours_count;
    size_t max_bytes;
    bool (*position)(void *context, size_t topic, int32_t partition, struct ule_position *position);
    void *context;
    /* NULL, or called now and then with the bytes read of all. */
    void (*progress)(void *context, uint64_t done, uint64_t size);
};
enum ule_code ule_recording_open(const char *dir, const struct ule_recording_options *options,
                                 struct ule_recording **out, struct ule_error *error) ULE_MUST_CHECK;
void ule_recording_close(struct ule_recording *recording); /* takes NULL */

/* The next by (time, topic, partition, offset) over all; ULE_END after the last. */
enum ule_code ule_recording_next(struct ule_recording *recording, struct ule_recorded **recorded,
                                 struct ule_error *error) ULE_MUST_CHECK;
/* The largest ts in the folder, ULE_TIME_NONE when there is none. */
int64_t ule_recording_last_time(const struct ule_recording *recording);
/* Bytes to read, and read so far. */
uint64_t ule_recording_size(const struct ule_recording *recording);
uint64_t ule_recording_done(const struct ule_recording *recording);

#endif
