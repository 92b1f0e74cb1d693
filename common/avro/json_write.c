/* SPDX-License-Identifier: MIT */
/* Records as recordings have them, straight into a buffer: what jansson makes of ule_record_to_json with
 * JSON_SORT_KEYS | JSON_COMPACT, byte for byte, without a tree of a hundred small allocations for every record. */
#include "avro/codec.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void put(struct ule_buffer *out, const char *text) {
    ule_buffer_append(out, text, strlen(text));
}

void ule_json_integer(struct ule_buffer *out, int64_t value) {
    char text[20], *at = text + sizeof text;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--at = '-';
    ule_buffer_append(out, at, (size_t)(text + sizeof text - at));
}

static void put_escaped(struct ule_buffer *out, char character) {
    static const char digits[] = "0123456789ABCDEF";
    char text[] = {'\\', 'u', '0', '0', digits[character >> 4 & 15], digits[character & 15], '\0'};
    switch (character) {
    case '"': put(out, "\\\""); break;
    case '\\': put(out, "\\\\"); break;
    case '\b': put(out, "\\b"); break;
    case '\f': put(out, "\\f"); break;
    case '\n': put(out, "\\n"); break;
    case '\r': put(out, "\\r"); break;
    case '\t': put(out, "\\t"); break;
    default: put(out, text); break;
    }
}

bool ule_json_string(struct ule_buffer *out, const char *text, size_t size) {
    bool ascii = true;
    size_t done = 0;
    ule_buffer_reserve(out, size + 2);
    ule_buffer_append(out, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        ascii = ascii && byte < 0x80;
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        ule_buffer_append(out, text + done, i - done);
        put_escaped(out, text[i]);
        done = i + 1;
    }
    ule_buffer_append(out, text + done, size - done);
    ule_buffer_append(out, "\"", 1);
    return ascii || ule_text_valid(text, size);
}

static void put_quoted(struct ule_buffer *out, const char *text) {
    ule_buffer_append(out, "\"", 1);
    put(out, text);
    ule_buffer_append(out, "\"", 1);
}

static void put_bytes(struct ule_buffer *out, const struct ule_bytes *bytes) {
    static const char digits[] = "0123456789abcdef";
    ule_buffer_append(out, "\"", 1);
    for (size_t i = 0; i < bytes->size; i++)
        ule_buffer_append(out, (char[]){digits[bytes->bytes[i] >> 4], digits[bytes->bytes[i] & 15]}, 2);
    ule_buffer_append(out, "\"", 1);
}

/* A date or a time; null where it is none that can be written. */
static void put_moment(struct ule_buffer *out, const char *text) {
    if (*text)
        put_quoted(out, text);
    else
        put(out, "null");
}

/* One value that is not null: a field's, or an item of its array. */
static void put_value(struct ule_buffer *out, const struct ule_field *field, const void *member) {
    char text[32];
    switch (field->kind) {
    case ULE_KIND_BOOLEAN: {
        bool value = field->nullable ? *(const int32_t *)member == ULE_MAYBE_TRUE : *(const bool *)member;
        put(out, value ? "true" : "false");
        break;
    }
    case ULE_KIND_INT: ule_json_integer(out, *(const int32_t *)member); break;
    case ULE_KIND_LONG: ule_json_integer(out, *(const int64_t *)member); break;
    case ULE_KIND_DATE: put_moment(out, ule_date_format(*(const int32_t *)member, text)); break;
    case ULE_KIND_TIME: put_moment(out, ule_time_format(*(const int64_t *)member, text)); break;
    case ULE_KIND_STRING: {
        const char *string = *(const char *const *)member;
        if (!ule_json_string(out, string ? string : "", string ? strlen(string) : 0))
            abort(); /* text that is not UTF-8 does not get into a record */
        break;
    }
    case ULE_KIND_BYTES: put_bytes(out, member); break;
    case ULE_KIND_ENUM: {
        int32_t value = *(const int32_t *)member;
        bool known = value >= 0 && (size_t)value < field->symbols->count;
        put_moment(out, known ? field->symbols->symbols[value] : "");
        break;
    }
    case ULE_KIND_RECORD:
        ule_record_write_json(field->record, field->nullable ? *(void *const *)member : member, out);
        break;
    }
}

static void put_array(struct ule_buffer *out, const struct ule_field *field, const struct ule_items *array) {
    size_t size = ule_item_size(field);
    ule_buffer_append(out, "[", 1);
    for (size_t i = 0; i < array->count; i++) {
        if (i > 0)
            ule_buffer_append(out, ",", 1);
        put_value(out, field, (const char *)array->items + i * size);
    }
    ule_buffer_append(out, "]", 1);
}

void ule_record_write_json(const struct ule_record *record, const void *value, struct ule_buffer *out) {
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[record->by_name[i]];
        const void *member = (const char *)value + field->offset;
        ule_buffer_append(out, i == 0 ? "{" : ",", 1);
        put_quoted(out, field->name);
        ule_buffer_append(out, ":", 1);
        if (field->array)
            put_array(out, field, member);
        else if (field->nullable && ule_member_is_null(field, member))
            put(out, "null");
        else
            put_value(out, field, member);
    }
    put(out, record->count == 0 ? "{}" : "}");
}
