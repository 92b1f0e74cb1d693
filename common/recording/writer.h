/* SPDX-License-Identifier: MIT */
/* Writes a recording: a file a topic, made with its first record, readable by its owner alone. The same records make
 * the same bytes (.jsonl). */
#ifndef ULE_RECORDING_WRITER_H
#define ULE_RECORDING_WRITER_H

#include "avro/record.h"
#include "recording/recording.h"

struct ule_writer;

/* `dir` is made where there is none. `in_place` false: files get their names only from ule_writer_finish, and until
 * then are hidden, so that half a recording is never taken for one; true: they are written in place, for a caller that
 * remembers their lengths (ule_writer_mark). */
enum ule_code ule_writer_open(const char *dir, enum ule_format format, bool in_place, struct ule_writer **out,
                              struct ule_error *error) ULE_MUST_CHECK;
void ule_writer_close(struct ule_writer *writer); /* takes NULL; hidden files are removed */

/* One record. The payload is the first of value (a struct of `record`), json, bytes; without any it is null. Bytes go
 * into a .jsonl as a string, or, where they are no UTF-8, in base64 and a header `encoding` that says so. */
struct ule_written {
    const char *topic;
    int64_t ts;
    const char *key; /* NULL: null */
    const struct ule_record *record;
    const void *value;
    json_t *json; /* borrowed */
    const uint8_t *bytes;
    size_t size;
    const char *const *headers; /* names and values in turn */
    size_t headers_count;       /* of both */
    bool placed;                /* it has a place already: this one */
    int32_t partition;
    int64_t offset;
};
/* Where it has no place: partition 0, and offsets count from 0, or from where ule_writer_resume says. */
enum ule_code ule_writer_write(struct ule_writer *writer, const struct ule_written *written,
                               struct ule_error *error) ULE_MUST_CHECK;
/* Everything written so far is in the files (with `sync`: on the disk). */
enum ule_code ule_writer_flush(struct ule_writer *writer, bool sync, struct ule_error *error) ULE_MUST_CHECK;
/* Flushes and gives the files their names. */
enum ule_code ule_writer_finish(struct ule_writer *writer, struct ule_error *error) ULE_MUST_CHECK;

/* Where a file ended at the last flush. */
struct ule_mark {
    const char *topic; /* the writer's */
    int64_t next_offset;
    uint64_t length;
};
size_t ule_writer_marks(const struct ule_writer *writer);
struct ule_mark ule_writer_mark(const struct ule_writer *writer, size_t index);
/* Goes on there: what the file has beyond it is cut off. With length 0 the offsets alone go on, in a file that is yet
 * to be made. ULE_STATE when the file is shorter. */
enum ule_code ule_writer_resume(struct ule_writer *writer, const struct ule_mark *mark,
                                struct ule_error *error) ULE_MUST_CHECK;

#endif
