/* SPDX-License-Identifier: MIT */
#include "loop/state.h"

#include "avro/framing.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 10 }; /* of single-object encoding: two bytes and the fingerprint */

struct ule_state_codec {
    struct ule_reader *reader; /* states written by an older version */
    uint8_t header[HEADER_SIZE];
};

static const char today_name[] = "today";

struct ule_state_codec *ule_state_codec_new(void) {
    struct ule_state_codec *codec = calloc(1, sizeof *codec);
    if (!codec)
        abort();
    codec->reader = ule_reader_new(&ule_person_state_record);
    codec->header[0] = 0xc3;
    codec->header[1] = 0x01;
    for (int i = 0; i < 8; i++)
        codec->header[2 + i] = (uint8_t)(ule_person_state_record.fingerprint >> (8 * i));
    return codec;
}

void ule_state_codec_free(struct ule_state_codec *codec) {
    if (!codec)
        return;
    ule_reader_free(codec->reader);
    free(codec);
}

unsigned ule_partition_of(uint32_t hash, unsigned partitions) {
    return (unsigned)((hash & UINT32_C(0x7fffffff)) % partitions);
}

unsigned ule_state_partition(const char *entity, unsigned partitions) {
    return ule_partition_of(ule_murmur2(entity, strlen(entity)), partitions);
}

static bool is_ours(const struct ule_state_codec *codec, const uint8_t *bytes, size_t size) {
    return size >= HEADER_SIZE && memcmp(bytes, codec->header, HEADER_SIZE) == 0;
}

enum ule_code ule_state_decode(struct ule_state_codec *codec, const uint8_t *bytes, size_t size,
                               struct ule_arena *arena, struct ule_person_state *state, struct ule_error *error) {
    enum ule_code code = is_ours(codec, bytes, size)
                             ? ule_record_decode(&ule_person_state_record, bytes + HEADER_SIZE, size - HEADER_SIZE,
                                                 arena, state, error)
                             : ule_reader_decode(codec->reader, bytes, size, arena, state, error);
    if (code == ULE_OK)
        return ULE_OK;
    (void)ule_error_at(error, "a state in the store cannot be read");
    if (error) {
        error->code = ULE_STATE;
        error->action = ULE_ACTION_EXIT;
    }
    return ULE_STATE;
}

/* An Avro int or long at *at, which is moved behind it; false at the end of the bytes. */
static bool varint(const uint8_t **at, const uint8_t *end, int64_t *value) {
    uint64_t bits = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return false;
}

/* version, due: the first two fields of PersonState. */
enum ule_code ule_state_due(struct ule_state_codec *codec, const uint8_t *bytes, size_t size, struct ule_arena *arena,
                            int32_t *due, struct ule_error *error) {
    const uint8_t *at = bytes + HEADER_SIZE, *end = bytes + size;
    int64_t version, branch, date;
    if (is_ours(codec, bytes, size) && varint(&at, end, &version) && varint(&at, end, &branch)) {
        if (branch == 0) {
            *due = ULE_DATE_NONE;
            return ULE_OK;
        }
        if (branch == 1 && varint(&at, end, &date) && date > ULE_DATE_NONE && date <= ULE_DATE_MAX) {
            *due = (int32_t)date;
            return ULE_OK;
        }
    }
    struct ule_person_state state;
    enum ule_code code = ule_state_decode(codec, bytes, size, arena, &state, error);
    if (code == ULE_OK)
        *due = state.due;
    return code;
}

enum ule_code ule_state_restore(struct ule_state_codec *codec, struct ule_store *store, const char *key,
                                const uint8_t *bytes, size_t size, struct ule_arena *arena, struct ule_error *error) {
    int32_t due = ULE_DATE_NONE;
    if (!bytes) {
        ule_store_delete(store, key);
        return ULE_OK;
    }
    enum ule_code code = ule_state_due(codec, bytes, size, arena, &due, error);
    if (code == ULE_OK)
        ule_store_put(store, key, bytes, size, due);
    return code;
}

enum ule_code ule_state_read(struct ule_state_codec *codec, struct ule_store *store, const char *entity,
                             struct ule_arena *arena, struct ule_buffer *stored, struct ule_person_state *state,
                             bool *found, struct ule_error *error) {
    ule_buffer_clear(stored);
    bool there = ule_store_get(store, entity, stored);
    if (found)
        *found = there;
    if (there)
        return ule_state_decode(codec, stored->bytes, stored->size, arena, state, error);
    ule_record_init(&ule_person_state_record, state, arena);
    return ULE_OK;
}

void ule_state_write(const struct ule_state_codec *codec, const struct ule_person_state *state,
                     struct ule_buffer *bytes) {
    ule_buffer_clear(bytes);
    ule_buffer_append(bytes, codec->header, HEADER_SIZE);
    ule_record_encode(&ule_person_state_record, state, bytes);
}

int32_t ule_state_today(struct ule_store *store) {
    struct ule_buffer bytes = {0};
    char text[16];
    int32_t today = ULE_DATE_NONE;
    if (ule_store_meta_get(store, today_name, &bytes) && bytes.size < sizeof text) {
        memcpy(text, bytes.bytes, bytes.size);
        text[bytes.size] = '\0';
        today = ule_date_parse(text);
    }
    ule_buffer_close(&bytes);
    return today;
}

void ule_state_set_today(struct ule_store *store, int32_t date) {
    char text[11];
    ule_store_meta_put(store, today_name, ule_date_format(date, text), 10);
}
