/* SPDX-License-Identifier: MIT */
/* Avro binary by our own schema, straight from the field table. */
#include "avro/codec.h"
#include "base/text.h"

#include <string.h>

enum ule_code ule_place_fail_bytes(const struct ule_place *place, struct ule_error *error, enum ule_code code) {
    const char *text = "cannot be read";
    switch (code) {
    case ULE_TRUNCATED: text = "the bytes end inside it"; break;
    case ULE_MALFORMED: text = "an impossible length, count, union branch, boolean or integer"; break;
    case ULE_UTF8: text = "expected UTF-8 without a NUL"; break;
    case ULE_ENUM_UNKNOWN: text = "a symbol that the schema does not have"; break;
    case ULE_DATE_IMPOSSIBLE: text = "a date or time out of range"; break;
    case ULE_FIELD_TYPE: text = "the writer's value cannot be read as this type"; break;
    default: break;
    }
    return ule_place_fail(place, error, code, "%s", text);
}

enum ule_code ule_cursor_long_slowly(struct ule_cursor *in, int64_t *value) {
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end)
            return ULE_TRUNCATED;
        uint64_t byte = *in->at++;
        if (shift == 63 && byte > 1)
            return ULE_MALFORMED; /* more than 64 bits, or an eleventh byte */
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return ULE_OK;
        }
    }
    return ULE_MALFORMED;
}

enum ule_code ule_cursor_block(struct ule_cursor *in, size_t least, size_t *count, int64_t *bytes) {
    int64_t value;
    enum ule_code code = ule_cursor_long(in, &value);
    if (code != ULE_OK)
        return code;
    *bytes = -1;
    if (value < 0) {
        if (value == INT64_MIN)
            return ULE_MALFORMED;
        value = -value;
        code = ule_cursor_long(in, bytes);
        if (code != ULE_OK)
            return code;
        if (*bytes < 0)
            return ULE_MALFORMED;
        if ((uint64_t)*bytes > ule_cursor_left(in))
            return ULE_TRUNCATED;
    }
    if (least > 0 && (uint64_t)value > ule_cursor_left(in) / least)
        return ULE_TRUNCATED;
    *count = (size_t)value;
    return ULE_OK;
}

/* Eight bytes at once: nearly all text is ASCII. A NUL borrows from its high bit, as a byte above 0x7F has it. */
static bool plain_ascii(const uint8_t *bytes, size_t size) {
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        if (((word - ones) | word) & highs)
            return false;
    }
    for (; size > 0; bytes++, size--) {
        if (*bytes == 0 || *bytes > 0x7f)
            return false;
    }
    return true;
}

static enum ule_code read_string(struct ule_cursor *in, const char **text) {
    size_t size;
    enum ule_code code = ule_cursor_size(in, &size);
    if (code != ULE_OK)
        return code;
    if (!plain_ascii(in->at, size) && !ule_text_valid((const char *)in->at, size))
        return ULE_UTF8;
    *text = ule_arena_substring(in->arena, (const char *)in->at, size);
    in->at += size;
    return ULE_OK;
}

static enum ule_code read_bytes(struct ule_cursor *in, struct ule_bytes *bytes) {
    size_t size;
    enum ule_code code = ule_cursor_size(in, &size);
    if (code != ULE_OK)
        return code;
    bytes->bytes = ule_arena_copy(in->arena, in->at, size);
    bytes->size = size;
    in->at += size;
    return ULE_OK;
}

static enum ule_code read_boolean(struct ule_cursor *in, const struct ule_field *field, void *member) {
    if (in->at == in->end)
        return ULE_TRUNCATED;
    if (*in->at > 1)
        return ULE_MALFORMED;
    bool value = *in->at++ == 1;
    if (field->nullable)
        *(int32_t *)member = value ? ULE_MAYBE_TRUE : ULE_MAYBE_FALSE;
    else
        *(bool *)member = value;
    return ULE_OK;
}

enum ule_code ule_cursor_value(struct ule_cursor *in, const struct ule_field *field, void *member) {
    int64_t value;
    enum ule_code code;
    switch (field->kind) {
    case ULE_KIND_BOOLEAN: return read_boolean(in, field, member);
    case ULE_KIND_STRING: return read_string(in, member);
    case ULE_KIND_BYTES: return read_bytes(in, member);
    default: break;
    }
    code = ule_cursor_long(in, &value);
    if (code != ULE_OK)
        return code;
    switch (field->kind) {
    case ULE_KIND_INT:
        if (value < INT32_MIN || value > INT32_MAX || (field->nullable && value == ULE_INT_NULL))
            return ULE_MALFORMED;
        *(int32_t *)member = (int32_t)value;
        return ULE_OK;
    case ULE_KIND_DATE:
        if (value < ULE_DATE_MIN || value > ULE_DATE_MAX)
            return ULE_DATE_IMPOSSIBLE;
        *(int32_t *)member = (int32_t)value;
        return ULE_OK;
    case ULE_KIND_TIME:
        if (value < ULE_DATE_MIN * ULE_DAY_MS || value >= (ULE_DATE_MAX + 1) * ULE_DAY_MS)
            return ULE_DATE_IMPOSSIBLE;
        *(int64_t *)member = value;
        return ULE_OK;
    case ULE_KIND_LONG:
        if (field->nullable && value == INT64_MIN)
            return ULE_MALFORMED;
        *(int64_t *)member = value;
        return ULE_OK;
    default: return ULE_MALFORMED;
    }
}

static enum ule_code read_enum(struct ule_cursor *in, const struct ule_enum *symbols, int32_t *member) {
    int64_t value;
    enum ule_code code = ule_cursor_long(in, &value);
    if (code != ULE_OK)
        return code;
    if (value < 0 || (uint64_t)value >= symbols->count)
        return ULE_ENUM_UNKNOWN;
    *member = (int32_t)value;
    return ULE_OK;
}

static enum ule_code read_record(struct ule_cursor *in, const struct ule_place *up, const struct ule_record *record,
                                 void *value);

/* One value that is not null: a field's, or an item of its array. */
static enum ule_code read_value(struct ule_cursor *in, const struct ule_place *place, void *member) {
    const struct ule_field *field = place->field;
    enum ule_code code;
    switch (field->kind) {
    case ULE_KIND_RECORD: return read_record(in, place, field->record, member);
    case ULE_KIND_ENUM: code = read_enum(in, field->symbols, member); break;
    case ULE_KIND_STRING: code = read_string(in, member); break;
    default: code = ule_cursor_value(in, field, member); break;
    }
    return code == ULE_OK ? ULE_OK : ule_place_fail_bytes(place, in->error, code);
}

static enum ule_code read_array(struct ule_cursor *in, struct ule_place *place, struct ule_items *array) {
    const struct ule_field *field = place->field;
    size_t size = ule_item_size(field), capacity = 0;
    size_t least = field->kind == ULE_KIND_RECORD ? field->record->count : 1; /* a field takes a byte or more */
    *array = (struct ule_items){0};
    for (;;) {
        size_t count;
        int64_t bytes;
        enum ule_code code = ule_cursor_block(in, least, &count, &bytes);
        if (code != ULE_OK)
            return ule_place_fail_bytes(place, in->error, code);
        if (count == 0)
            return ULE_OK;
        ule_items_reserve(array, count, size, &capacity, in->arena);
        for (; count > 0; count--, array->count++) {
            place->index = array->count;
            code = read_value(in, place, (char *)array->items + array->count * size);
            if (code != ULE_OK)
                return code;
        }
        place->index = ULE_PLACE_NO_INDEX;
    }
}

static enum ule_code read_nullable(struct ule_cursor *in, const struct ule_place *place, void *member) {
    int64_t branch;
    enum ule_code code = ule_cursor_long(in, &branch);
    if (code != ULE_OK || branch < 0 || branch > 1)
        return ule_place_fail_bytes(place, in->error, code != ULE_OK ? code : ULE_MALFORMED);
    if (branch == 0)
        return ULE_OK;
    if (place->field->kind != ULE_KIND_RECORD)
        return read_value(in, place, member);
    void *record = ule_arena_alloc(in->arena, place->field->record->size);
    *(void **)member = record;
    return read_value(in, place, record);
}

/* Most of a state is null or empty, one byte of zero each, and so the blank record has it already. */
static enum ule_code read_record(struct ule_cursor *in, const struct ule_place *up, const struct ule_record *record,
                                 void *value) {
    struct ule_place place = {up, record, NULL, ULE_PLACE_NO_INDEX};
    ule_record_init(record, value, in->arena);
    for (const struct ule_field *field = record->fields, *end = field + record->count; field < end; field++) {
        if ((field->nullable || field->array) && in->at < in->end && *in->at == 0) {
            in->at++;
            continue;
        }
        void *member = (char *)value + field->offset;
        enum ule_code code;
        place.field = field;
        if (field->nullable)
            code = read_nullable(in, &place, member);
        else if (field->array)
            code = read_array(in, &place, member);
        else
            code = read_value(in, &place, member);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

enum ule_code ule_record_decode(const struct ule_record *record, const uint8_t *bytes, size_t size,
                                struct ule_arena *arena, void *value, struct ule_error *error) {
    struct ule_cursor in = ule_cursor_over(bytes, size, arena, error);
    enum ule_code code = read_record(&in, NULL, record, value);
    if (code == ULE_OK && in.at != in.end)
        return ule_fail(error, ULE_TRUNCATED, "%s: bytes are left after it", record->name);
    return code;
}

/* Room for `more` bytes behind the last. */
static inline uint8_t *room(struct ule_buffer *out, size_t more) {
    if (out->capacity - out->size < more)
        ule_buffer_reserve(out, more);
    return out->bytes + out->size;
}

static inline void put_byte(struct ule_buffer *out, uint8_t byte) {
    *room(out, 1) = byte;
    out->size++;
}

static inline void put_long(struct ule_buffer *out, int64_t value) {
    uint8_t *at = room(out, 10);
    uint64_t bits = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    while (bits > 0x7f) {
        *at++ = (uint8_t)(bits | 0x80);
        bits >>= 7;
    }
    *at++ = (uint8_t)bits;
    out->size = (size_t)(at - out->bytes);
}

static void put_bytes(struct ule_buffer *out, const void *bytes, size_t size) {
    put_long(out, (int64_t)size);
    if (size == 0)
        return; /* memcpy of a NULL is undefined, also for no bytes */
    memcpy(room(out, size), bytes, size);
    out->size += size;
}

/* A field without a table entry of its own kind of null: nullable ones are known not to be null here. */
static void put_value(struct ule_buffer *out, const struct ule_field *field, const void *member) {
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        put_byte(out, field->nullable ? *(const int32_t *)member == ULE_MAYBE_TRUE : *(const bool *)member);
        break;
    case ULE_KIND_INT:
    case ULE_KIND_DATE:
    case ULE_KIND_ENUM: put_long(out, *(const int32_t *)member); break;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: put_long(out, *(const int64_t *)member); break;
    case ULE_KIND_STRING: {
        const char *text = *(const char *const *)member;
        put_bytes(out, text, text ? strlen(text) : 0);
        break;
    }
    case ULE_KIND_BYTES: {
        const struct ule_bytes *bytes = member;
        put_bytes(out, bytes->bytes, bytes->size);
        break;
    }
    case ULE_KIND_RECORD:
        ule_record_encode(field->record, field->nullable ? *(void *const *)member : member, out);
        break;
    }
}

static void put_array(struct ule_buffer *out, const struct ule_field *field, const struct ule_items *array) {
    if (array->count > 0) {
        size_t size = ule_item_size(field);
        put_long(out, (int64_t)array->count);
        for (size_t i = 0; i < array->count; i++)
            put_value(out, field, (const char *)array->items + i * size);
    }
    put_byte(out, 0);
}

void ule_record_encode(const struct ule_record *record, const void *value, struct ule_buffer *out) {
    for (const struct ule_field *field = record->fields, *end = field + record->count; field < end; field++) {
        const void *member = (const char *)value + field->offset;
        if (field->array) {
            put_array(out, field, member);
        } else if (field->nullable && ule_member_is_null(field, member)) {
            put_byte(out, 0);
        } else {
            if (field->nullable)
                put_byte(out, 2);
            put_value(out, field, member);
        }
    }
}
