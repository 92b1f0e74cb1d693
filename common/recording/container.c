/* SPDX-License-Identifier: MIT */
#include "recording/container.h"

#include "recording/recording.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

enum { BLOCK_MAX = 64 << 20, HEAD_MAX = 1 << 20, METADATA_MAX = 1000 };

static const uint8_t magic[4] = {'O', 'b', 'j', 1};
static const uint8_t sync_marker[ULE_CONTAINER_SYNC] = {'u', 'l', 'e', ' ', 'r', 'e', 'c', 'o',
                                                        'r', 'd', 'i', 'n', 'g', '.', '0', '1'};

static enum ule_code damaged(const struct ule_container *container, struct ule_error *error, const char *what) {
    return ule_fail(error, ULE_MALFORMED, "%s: byte %llu: %s", container->path, (unsigned long long)container->done,
                    what);
}

static enum ule_code read_bytes(struct ule_container *container, void *bytes, size_t size, struct ule_error *error) {
    size_t got = fread(bytes, 1, size, container->file);
    container->done += got;
    if (got == size)
        return ULE_OK;
    if (ferror(container->file))
        return ule_fail(error, ULE_IO, "%s: %s", container->path, strerror(errno));
    return ule_fail(error, ULE_TRUNCATED, "%s: byte %llu: the file ends inside a block", container->path,
                    (unsigned long long)container->done);
}

/* ULE_END when the file ends before the first byte. */
static enum ule_code read_long(struct ule_container *container, int64_t *value, struct ule_error *error) {
    uint64_t raw = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        int byte = fgetc(container->file);
        if (byte == EOF && shift == 0 && !ferror(container->file))
            return ULE_END;
        if (byte == EOF)
            return read_bytes(container, &(uint8_t){0}, 1, error);
        container->done++;
        raw |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
            return ULE_OK;
        }
    }
    return damaged(container, error, "an integer of more than 64 bits");
}

static enum ule_code read_inside(struct ule_container *container, int64_t *value, struct ule_error *error) {
    enum ule_code code = read_long(container, value, error);
    return code == ULE_END ? read_bytes(container, &(uint8_t){0}, 1, error) : code;
}

static enum ule_code read_text(struct ule_container *container, struct ule_buffer *out, struct ule_error *error) {
    int64_t size;
    enum ule_code code = read_inside(container, &size, error);
    if (code != ULE_OK)
        return code;
    if (size < 0 || size > HEAD_MAX)
        return damaged(container, error, "a text of impossible length in the head");
    ule_buffer_clear(out);
    ule_buffer_reserve(out, (size_t)size + 1);
    code = read_bytes(container, out->bytes, (size_t)size, error);
    out->size = (size_t)size;
    return code;
}

static bool is_text(const struct ule_buffer *buffer, const char *text) {
    return buffer->size == strlen(text) && memcmp(buffer->bytes, text, buffer->size) == 0;
}

static enum ule_code check_metadata(const struct ule_container *container, const struct ule_buffer *name,
                                    const struct ule_buffer *value, bool *has_schema, struct ule_error *error) {
    if (is_text(name, "avro.codec") && !is_text(value, "null"))
        return ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: a codec other than null", container->path);
    if (!is_text(name, "avro.schema"))
        return ULE_OK;
    json_t *theirs = json_loadb((const char *)value->bytes, value->size, JSON_REJECT_DUPLICATES, NULL);
    json_t *ours = json_loads(ULE_RECORDED_SCHEMA, 0, NULL);
    *has_schema = theirs && json_equal(theirs, ours);
    json_decref(theirs);
    json_decref(ours);
    return *has_schema ? ULE_OK
                       : ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: not of the schema dk.unilogin.events.Recorded",
                                  container->path);
}

static enum ule_code read_head(struct ule_container *container, struct ule_buffer *name, struct ule_buffer *value,
                               struct ule_error *error) {
    uint8_t bytes[sizeof magic];
    enum ule_code code = read_bytes(container, bytes, sizeof bytes, error);
    if (code != ULE_OK)
        return code;
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return damaged(container, error, "not an Avro object container file");
    bool has_schema = false;
    for (int64_t total = 0, count = 1; count;) {
        code = read_inside(container, &count, error);
        if (code == ULE_OK && count < 0) { /* then the size in bytes stands before the block */
            int64_t size;
            code = read_inside(container, &size, error);
            count = count < -METADATA_MAX ? METADATA_MAX + 1 : -count;
        }
        if (code == ULE_OK && (total += count) > METADATA_MAX)
            code = damaged(container, error, "too much in the head");
        for (int64_t i = 0; i < count && code == ULE_OK; i++) {
            code = read_text(container, name, error);
            if (code == ULE_OK)
                code = read_text(container, value, error);
            if (code == ULE_OK)
                code = check_metadata(container, name, value, &has_schema, error);
        }
        if (code != ULE_OK)
            return code;
    }
    if (!has_schema)
        return ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: no schema in the head", container->path);
    return read_bytes(container, container->sync, sizeof container->sync, error);
}

enum ule_code ule_container_open(struct ule_container *container, const char *path, struct ule_error *error) {
    memset(container, 0, sizeof *container);
    container->file = fopen(path, "re");
    if (!container->file)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    container->path = path;
    struct ule_buffer name = {0}, value = {0};
    enum ule_code code = read_head(container, &name, &value, error);
    ule_buffer_close(&name);
    ule_buffer_close(&value);
    if (code != ULE_OK)
        ule_container_close(container);
    return code;
}

void ule_container_close(struct ule_container *container) {
    if (container->file)
        (void)fclose(container->file);
    container->file = NULL;
    ule_buffer_close(&container->block);
}

static enum ule_code read_block(struct ule_container *container, struct ule_error *error) {
    int64_t size = 0;
    enum ule_code code = read_long(container, &container->left, error);
    if (code == ULE_OK)
        code = read_inside(container, &size, error);
    if (code != ULE_OK)
        return code;
    if (size < 0 || size > BLOCK_MAX || container->left < 0 || container->left > size)
        return damaged(container, error, "a block of impossible length");
    ule_buffer_clear(&container->block);
    ule_buffer_reserve(&container->block, (size_t)size + 1);
    code = read_bytes(container, container->block.bytes, (size_t)size, error);
    container->block.size = (size_t)size;
    container->at = 0;
    uint8_t sync[ULE_CONTAINER_SYNC];
    if (code == ULE_OK)
        code = read_bytes(container, sync, sizeof sync, error);
    if (code == ULE_OK && memcmp(sync, container->sync, sizeof sync) != 0)
        code = damaged(container, error, "a block does not end where it says");
    return code;
}

static bool take_long(struct ule_container *container, int64_t least, int64_t most, int64_t *value) {
    uint64_t raw = 0;
    for (unsigned shift = 0; shift < 64 && container->at < container->block.size; shift += 7) {
        uint8_t byte = container->block.bytes[container->at++];
        raw |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
            return *value >= least && *value <= most;
        }
    }
    return false;
}

static bool take_bytes(struct ule_container *container, const uint8_t **bytes, size_t *size) {
    int64_t length;
    if (!take_long(container, 0, (int64_t)(container->block.size - container->at), &length) ||
        (size_t)length > container->block.size - container->at)
        return false;
    *bytes = container->block.bytes + container->at;
    *size = (size_t)length;
    container->at += *size;
    return true;
}

static bool take_union(struct ule_container *container, const uint8_t **bytes, size_t *size) {
    int64_t branch;
    *bytes = NULL;
    *size = 0;
    return take_long(container, 0, 1, &branch) && (branch == 0 || take_bytes(container, bytes, size));
}

static bool take_headers(struct ule_container *container) {
    for (int64_t count; take_long(container, INT32_MIN, INT32_MAX, &count);) {
        if (count == 0)
            return true;
        int64_t size;
        if (count < 0 && !take_long(container, 0, BLOCK_MAX, &size))
            return false;
        for (count = count < 0 ? -count : count; count; count--) {
            const uint8_t *bytes;
            size_t length;
            if (!take_bytes(container, &bytes, &length))
                return false;
        }
    }
    return false;
}

enum ule_code ule_container_next(struct ule_container *container, struct ule_contained *contained,
                                 struct ule_error *error) {
    while (container->left == 0) {
        if (container->at < container->block.size)
            return damaged(container, error, "a block holds more than it says");
        enum ule_code code = read_block(container, error);
        if (code != ULE_OK)
            return code;
    }
    int64_t partition = 0;
    if (!take_bytes(container, &contained->topic, &contained->topic_size) ||
        !take_long(container, 0, INT32_MAX, &partition) ||
        !take_long(container, 0, INT64_MAX - 1, &contained->offset) ||
        !take_long(container, INT64_MIN, INT64_MAX, &contained->ts) ||
        !take_union(container, &contained->key, &contained->key_size) || !take_headers(container) ||
        !take_union(container, &contained->payload, &contained->payload_size))
        return damaged(container, error, "the block that ends here is damaged");
    contained->partition = (int32_t)partition;
    container->left--;
    return ULE_OK;
}

void ule_container_long(struct ule_buffer *out, int64_t value) {
    uint64_t raw = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    uint8_t bytes[10];
    size_t size = 0;
    do {
        bytes[size++] = (uint8_t)((raw & 0x7f) | (raw > 0x7f ? 0x80 : 0));
        raw >>= 7;
    } while (raw);
    ule_buffer_append(out, bytes, size);
}

static void put_text(struct ule_buffer *out, const char *text) {
    ule_container_long(out, (int64_t)strlen(text));
    ule_buffer_append(out, text, strlen(text));
}

void ule_container_head(struct ule_buffer *out) {
    ule_buffer_append(out, magic, sizeof magic);
    ule_container_long(out, 2);
    put_text(out, "avro.schema");
    put_text(out, ULE_RECORDED_SCHEMA);
    put_text(out, "avro.codec");
    put_text(out, "null");
    ule_container_long(out, 0);
    ule_buffer_append(out, sync_marker, sizeof sync_marker);
}

void ule_container_block(int64_t count, const struct ule_buffer *envelopes, struct ule_buffer *out) {
    ule_container_long(out, count);
    ule_container_long(out, (int64_t)envelopes->size);
    ule_buffer_append(out, envelopes->bytes, envelopes->size);
    ule_buffer_append(out, sync_marker, sizeof sync_marker);
}
