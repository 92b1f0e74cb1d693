/* SPDX-License-Identifier: MIT */
#include "recording/writer.h"

#include "avro/framing.h"
#include "base/text.h"
#include "recording/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 20 };

struct topic_file {
    char *topic, *path, *hidden; /* hidden NULL: in place */
    int fd;                      /* -1: not made yet */
    int64_t next_offset;
    uint64_t length;
    struct ule_buffer pending; /* .jsonl: lines; .avro: envelopes of the block to come */
    int64_t pending_count;
};

struct ule_writer {
    char *dir;
    enum ule_format format;
    bool in_place;
    struct topic_file *files;
    size_t count;
    struct ule_buffer block, payload;
};

static char *duplicate(const char *text) {
    char *copy = strdup(text);
    if (!copy)
        abort();
    return copy;
}

enum ule_code ule_writer_open(const char *dir, enum ule_format format, bool in_place, struct ule_writer **out,
                              struct ule_error *error) {
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return ule_fail(error, ULE_IO, "%s: %s", dir, strerror(errno));
    struct ule_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        abort();
    writer->dir = duplicate(dir);
    writer->format = format;
    writer->in_place = in_place;
    *out = writer;
    return ULE_OK;
}

void ule_writer_close(struct ule_writer *writer) {
    if (!writer)
        return;
    for (size_t i = 0; i < writer->count; i++) {
        struct topic_file *file = &writer->files[i];
        if (file->fd >= 0) {
            (void)close(file->fd);
            if (file->hidden)
                (void)unlink(file->hidden);
        }
        free(file->topic);
        free(file->path);
        free(file->hidden);
        ule_buffer_close(&file->pending);
    }
    free(writer->files);
    ule_buffer_close(&writer->block);
    ule_buffer_close(&writer->payload);
    free(writer->dir);
    free(writer);
}

static struct topic_file *file_of(struct ule_writer *writer, const char *topic) {
    for (size_t i = 0; i < writer->count; i++) {
        if (strcmp(writer->files[i].topic, topic) == 0)
            return &writer->files[i];
    }
    struct topic_file *files = realloc(writer->files, (writer->count + 1) * sizeof *files);
    if (!files)
        abort();
    writer->files = files;
    struct topic_file *file = &files[writer->count++];
    *file = (struct topic_file){.topic = duplicate(topic), .fd = -1};
    const char *ending = writer->format == ULE_FORMAT_JSONL ? "jsonl" : "avro";
    if (asprintf(&file->path, "%s/%s.%s", writer->dir, topic, ending) < 0 ||
        (!writer->in_place && asprintf(&file->hidden, "%s/.%s.%s.part", writer->dir, topic, ending) < 0))
        abort();
    return file;
}

static enum ule_code make_file(struct ule_writer *writer, struct topic_file *file, struct ule_error *error) {
    const char *path = file->hidden ? file->hidden : file->path;
    file->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (file->hidden ? O_TRUNC : O_EXCL), 0600);
    if (file->fd < 0)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    file->length = 0;
    if (writer->format == ULE_FORMAT_AVRO)
        ule_container_head(&writer->block);
    return ULE_OK;
}

static enum ule_code write_all(struct topic_file *file, const struct ule_buffer *bytes, struct ule_error *error) {
    for (size_t done = 0; done < bytes->size;) {
        ssize_t wrote = write(file->fd, bytes->bytes + done, bytes->size - done);
        if (wrote < 0 && errno != EINTR)
            return ule_fail(error, ULE_IO, "%s: %s", file->path, strerror(errno));
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    file->length += bytes->size;
    return ULE_OK;
}

static enum ule_code flush_file(struct ule_writer *writer, struct topic_file *file, struct ule_error *error) {
    if (!file->pending_count)
        return ULE_OK;
    ule_buffer_clear(&writer->block);
    enum ule_code code = file->fd < 0 ? make_file(writer, file, error) : ULE_OK;
    if (writer->format == ULE_FORMAT_AVRO)
        ule_container_block(file->pending_count, &file->pending, &writer->block);
    if (code == ULE_OK)
        code = write_all(file, writer->format == ULE_FORMAT_AVRO ? &writer->block : &file->pending, error);
    ule_buffer_clear(&file->pending);
    file->pending_count = 0;
    return code;
}

static void put_text(struct ule_buffer *out, const char *text) {
    ule_buffer_append(out, text, strlen(text));
}

static void put_base64(struct ule_buffer *out, const uint8_t *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    put_text(out, "\"");
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t word = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0U);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63], left > 1 ? digits[word >> 6 & 63] : '=',
                        left > 2 ? digits[word & 63] : '='};
        ule_buffer_append(out, four, sizeof four);
    }
    put_text(out, "\"");
}

static int append_text(const char *text, size_t size, void *context) {
    ule_buffer_append(context, text, size);
    return 0;
}

static bool put_headers(struct ule_buffer *out, const struct ule_written *written, bool encoded) {
    bool written_out = true;
    put_text(out, "\"headers\":[");
    for (size_t i = 0; i < written->headers_count; i++) {
        if (i > 0)
            put_text(out, ",");
        written_out = ule_json_string(out, written->headers[i], strlen(written->headers[i])) && written_out;
    }
    if (encoded)
        put_text(out, written->headers_count ? ",\"encoding\",\"base64\"" : "\"encoding\",\"base64\"");
    put_text(out, "],");
    return written_out;
}

static bool put_payload(struct ule_buffer *out, const struct ule_written *written, bool encoded) {
    if (written->value)
        ule_record_write_json(written->record, written->value, out);
    else if (written->json)
        return json_dump_callback(written->json, append_text, out, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY) ==
               0;
    else if (!written->bytes)
        put_text(out, "null");
    else if (encoded)
        put_base64(out, written->bytes, written->size);
    else
        return ule_json_string(out, (const char *)written->bytes, written->size);
    return true;
}

static int64_t offset_of(const struct topic_file *file, const struct ule_written *written) {
    return written->placed ? written->offset : file->next_offset;
}

static int32_t partition_of(const struct ule_written *written) {
    return written->placed ? written->partition : 0;
}

/* The names in their order. */
static enum ule_code put_json(const struct topic_file *file, const struct ule_written *written, struct ule_buffer *out,
                              struct ule_error *error) {
    bool encoded = !written->value && !written->json && written->bytes &&
                   !ule_text_valid((const char *)written->bytes, written->size);
    bool good = true;
    size_t before = out->size;
    put_text(out, "{");
    if (written->headers_count || encoded)
        good = put_headers(out, written, encoded);
    put_text(out, "\"key\":");
    if (written->key)
        good = ule_json_string(out, written->key, strlen(written->key)) && good;
    else
        put_text(out, "null");
    put_text(out, ",\"offset\":");
    ule_json_integer(out, offset_of(file, written));
    put_text(out, ",\"partition\":");
    ule_json_integer(out, partition_of(written));
    put_text(out, ",\"payload\":");
    good = put_payload(out, written, encoded) && good;
    put_text(out, ",\"topic\":");
    good = ule_json_string(out, written->topic, strlen(written->topic)) && good;
    put_text(out, ",\"ts\":");
    ule_json_integer(out, written->ts);
    put_text(out, "}\n");
    if (good)
        return ULE_OK;
    /* Only what is no UTF-8, and nothing of that kind came in. */
    out->size = before;
    return ule_fail(error, ULE_IO, "%s: a record cannot be written as JSON", file->path);
}

static void put_bytes(struct ule_buffer *out, const void *bytes, size_t size) {
    ule_container_long(out, (int64_t)size);
    if (size)
        ule_buffer_append(out, bytes, size);
}

static void put_contained(struct ule_writer *writer, const struct topic_file *file, const struct ule_written *written,
                          struct ule_buffer *out) {
    put_bytes(out, written->topic, strlen(written->topic));
    ule_container_long(out, partition_of(written));
    ule_container_long(out, offset_of(file, written));
    ule_container_long(out, written->ts);
    ule_container_long(out, written->key != NULL);
    if (written->key)
        put_bytes(out, written->key, strlen(written->key));
    if (written->headers_count)
        ule_container_long(out, (int64_t)written->headers_count);
    for (size_t i = 0; i < written->headers_count; i++)
        put_bytes(out, written->headers[i], strlen(written->headers[i]));
    ule_container_long(out, 0);
    ule_buffer_clear(&writer->payload);
    if (written->value)
        ule_write_single_object(written->record, written->value, &writer->payload);
    else if (written->json)
        (void)json_dump_callback(written->json, append_text, &writer->payload,
                                 JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
    else if (written->bytes)
        ule_buffer_append(&writer->payload, written->bytes, written->size);
    bool there = written->value || written->json || written->bytes;
    ule_container_long(out, there);
    if (there)
        put_bytes(out, writer->payload.bytes, writer->payload.size);
}

enum ule_code ule_writer_write(struct ule_writer *writer, const struct ule_written *written, struct ule_error *error) {
    struct topic_file *file = file_of(writer, written->topic);
    enum ule_code code = ULE_OK;
    if (writer->format == ULE_FORMAT_JSONL)
        code = put_json(file, written, &file->pending, error);
    else
        put_contained(writer, file, written, &file->pending);
    if (code != ULE_OK)
        return code;
    file->next_offset = offset_of(file, written) + 1;
    file->pending_count++;
    return file->pending.size >= FLUSH_AT ? flush_file(writer, file, error) : ULE_OK;
}

enum ule_code ule_writer_flush(struct ule_writer *writer, bool sync, struct ule_error *error) {
    for (size_t i = 0; i < writer->count; i++) {
        struct topic_file *file = &writer->files[i];
        enum ule_code code = flush_file(writer, file, error);
        if (code != ULE_OK)
            return code;
        if (sync && file->fd >= 0 && fdatasync(file->fd) != 0)
            return ule_fail(error, ULE_IO, "%s: %s", file->path, strerror(errno));
    }
    return ULE_OK;
}

enum ule_code ule_writer_finish(struct ule_writer *writer, struct ule_error *error) {
    enum ule_code code = ule_writer_flush(writer, false, error);
    for (size_t i = 0; i < writer->count && code == ULE_OK; i++) {
        struct topic_file *file = &writer->files[i];
        if (file->fd < 0)
            continue;
        int failed = close(file->fd); /* a full network disk may say so only here */
        file->fd = -1;
        if (!failed && file->hidden)
            failed = rename(file->hidden, file->path);
        if (failed)
            code = ule_fail(error, ULE_IO, "%s: %s", file->path, strerror(errno));
    }
    return code;
}

size_t ule_writer_marks(const struct ule_writer *writer) {
    return writer->count;
}

struct ule_mark ule_writer_mark(const struct ule_writer *writer, size_t index) {
    const struct topic_file *file = &writer->files[index];
    return (struct ule_mark){file->topic, file->next_offset, file->length};
}

enum ule_code ule_writer_resume(struct ule_writer *writer, const struct ule_mark *mark, struct ule_error *error) {
    struct topic_file *file = file_of(writer, mark->topic);
    file->next_offset = mark->next_offset;
    if (mark->length == 0) { /* what a run that was killed left of a file it had just made */
        if (unlink(file->path) != 0 && errno != ENOENT)
            return ule_fail(error, ULE_IO, "%s: %s", file->path, strerror(errno));
        return ULE_OK;
    }
    struct stat status;
    file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &status) != 0)
        return ule_fail(error, ULE_IO, "%s: %s", file->path, strerror(errno));
    if ((uint64_t)status.st_size < mark->length)
        return ule_fail(error, ULE_STATE, "%s: shorter than the state says it was", file->path);
    if (ftruncate(file->fd, (off_t)mark->length) != 0 || lseek(file->fd, 0, SEEK_END) < 0)
        return ule_fail(error, ULE_IO, "%s: %s", file->path, strerror(errno));
    file->length = mark->length;
    return ULE_OK;
}
