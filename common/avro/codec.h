/* SPDX-License-Identifier: MIT */
/* Inside common/avro: where in a record an error is, the bounded reader of Avro binary, and single values. */
#ifndef ULE_AVRO_CODEC_H
#define ULE_AVRO_CODEC_H

#include "avro/record.h"

/* Where a walk over a record is; one a level, on the stack. */
struct ule_place {
    const struct ule_place *up; /* NULL at the outermost record */
    const struct ule_record *record;
    const struct ule_field *field; /* NULL: the record itself */
    size_t index;                  /* of the array item; ULE_PLACE_NO_INDEX */
};
#define ULE_PLACE_NO_INDEX SIZE_MAX

/* "InstitutionPersonChanged.contacts[2].relation: <text>"; the text is a format without values of the record. */
enum ule_code ule_place_fail(const struct ule_place *place, struct ule_error *error, enum ule_code code,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with the text that all readers of bytes have for `code`. */
enum ule_code ule_place_fail_bytes(const struct ule_place *place, struct ule_error *error, enum ule_code code);

/* Bytes that are read, never past their end. avro-c leaks on truncated input and allocates what a hostile length says,
 * so its lengths would have to be checked in a walk of our own anyway; this is that walk, and it needs no other. The
 * readers return a code and fill no error: who calls them knows the place. */
struct ule_cursor {
    const uint8_t *at;
    const uint8_t *end;
    struct ule_arena *arena;
    struct ule_error *error;
};

static inline struct ule_cursor ule_cursor_over(const uint8_t *bytes, size_t size, struct ule_arena *arena,
                                                struct ule_error *error) {
    static const uint8_t none[1];
    const uint8_t *at = size > 0 ? bytes : none; /* no arithmetic on NULL */
    return (struct ule_cursor){at, at + size, arena, error};
}

static inline size_t ule_cursor_left(const struct ule_cursor *in) {
    return (size_t)(in->end - in->at);
}

enum ule_code ule_cursor_long_slowly(struct ule_cursor *in, int64_t *value);

/* Zigzag varint. */
static inline enum ule_code ule_cursor_long(struct ule_cursor *in, int64_t *value) {
    if (in->at < in->end && *in->at < 0x80) {
        unsigned byte = *in->at++;
        *value = (int64_t)(byte >> 1) ^ -(int64_t)(byte & 1);
        return ULE_OK;
    }
    return ule_cursor_long_slowly(in, value);
}

/* The length of a string or bytes, not more than what is left. */
static inline enum ule_code ule_cursor_size(struct ule_cursor *in, size_t *size) {
    int64_t value;
    enum ule_code code = ule_cursor_long(in, &value);
    if (code != ULE_OK)
        return code;
    if (value < 0)
        return ULE_MALFORMED;
    if ((uint64_t)value > ule_cursor_left(in))
        return ULE_TRUNCATED;
    *size = (size_t)value;
    return ULE_OK;
}

/* The head of an array or map block: how many items follow, 0 at the end; *bytes is what the writer says they take, or
 * -1. Each item takes at least `least` bytes. */
enum ule_code ule_cursor_block(struct ule_cursor *in, size_t least, size_t *count, int64_t *bytes);

/* One value of a kind that is neither ENUM nor RECORD, not null, into a member of the field's type. */
enum ule_code ule_cursor_value(struct ule_cursor *in, const struct ule_field *field, void *member);

/* Any of the arrays: struct ule_strings, ule_ints, ule_<x>_array. */
struct ule_items {
    void *items;
    size_t count;
} __attribute__((may_alias));
/* Room for `more` items behind items->count; what is there is moved. */
void ule_items_reserve(struct ule_items *items, size_t more, size_t size, size_t *capacity, struct ule_arena *arena);
size_t ule_item_size(const struct ule_field *field);

/* A member that is null. */
static inline bool ule_member_is_null(const struct ule_field *field, const void *member) {
    switch (field->kind) {
    case ULE_KIND_INT:
    case ULE_KIND_DATE: return *(const int32_t *)member == INT32_MIN;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: return *(const int64_t *)member == INT64_MIN;
    case ULE_KIND_BOOLEAN:
    case ULE_KIND_ENUM: return *(const int32_t *)member == -1;
    case ULE_KIND_STRING: return *(const char *const *)member == NULL;
    case ULE_KIND_BYTES: return ((const struct ule_bytes *)member)->bytes == NULL;
    case ULE_KIND_RECORD: return *(void *const *)member == NULL;
    }
    return false;
}
void ule_member_set_null(const struct ule_field *field, void *member);
/* A member from JSON, null too. */
enum ule_code ule_member_from_json(const struct ule_place *place, const json_t *json, struct ule_arena *arena,
                                   void *member, struct ule_error *error);
/* The C value of a symbol, -1 when there is none. */
int32_t ule_enum_value(const struct ule_enum *symbols, const char *symbol, size_t size);

#endif
