/* SPDX-License-Identifier: MIT */
/* Records as recordings have them (design.md sections 4 and 8): unions plain, dates and times ISO 8601. Bytes, which
 * only internal records have, are lower-case hexadecimal: Avro's own way would put NULs into text. */
#include "avro/codec.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static json_t *must(json_t *json) {
    if (!json)
        abort(); /* out of memory; text that is not UTF-8 does not get into a record */
    return json;
}

static void set(json_t *object, const char *name, json_t *value) {
    if (json_object_set_new_nocheck(object, name, must(value)) != 0)
        abort();
}

static json_t *bytes_to_json(const struct ule_bytes *bytes) {
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(bytes->size * 2 + 1);
    if (!text)
        abort();
    for (size_t i = 0; i < bytes->size; i++) {
        text[2 * i] = digits[bytes->bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes->bytes[i] & 15];
    }
    json_t *json = json_stringn_nocheck(text, bytes->size * 2);
    free(text);
    return json;
}

static json_t *date_to_json(int32_t date) {
    char text[11];
    return *ule_date_format(date, text) ? json_string_nocheck(text) : json_null();
}

static json_t *time_to_json(int64_t time) {
    char text[25];
    return *ule_time_format(time, text) ? json_string_nocheck(text) : json_null();
}

static json_t *value_to_json(const struct ule_field *field, const void *member) {
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        return json_boolean(field->nullable ? *(const int32_t *)member == ULE_MAYBE_TRUE : *(const bool *)member);
    case ULE_KIND_INT: return json_integer(*(const int32_t *)member);
    case ULE_KIND_LONG: return json_integer(*(const int64_t *)member);
    case ULE_KIND_DATE: return date_to_json(*(const int32_t *)member);
    case ULE_KIND_TIME: return time_to_json(*(const int64_t *)member);
    case ULE_KIND_STRING: {
        const char *text = *(const char *const *)member;
        return json_string(text ? text : "");
    }
    case ULE_KIND_BYTES: return bytes_to_json(member);
    case ULE_KIND_ENUM: {
        int32_t value = *(const int32_t *)member;
        bool known = value >= 0 && (size_t)value < field->symbols->count;
        return known ? json_string_nocheck(field->symbols->symbols[value]) : json_null();
    }
    case ULE_KIND_RECORD: return ule_record_to_json(field->record, field->nullable ? *(void *const *)member : member);
    }
    return json_null();
}

static json_t *array_to_json(const struct ule_field *field, const struct ule_items *array) {
    json_t *json = must(json_array());
    size_t size = ule_item_size(field);
    for (size_t i = 0; i < array->count; i++) {
        if (json_array_append_new(json, must(value_to_json(field, (const char *)array->items + i * size))) != 0)
            abort();
    }
    return json;
}

json_t *ule_record_to_json(const struct ule_record *record, const void *value) {
    json_t *json = must(json_object());
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        const void *member = (const char *)value + field->offset;
        if (field->array)
            set(json, field->name, array_to_json(field, member));
        else if (field->nullable && ule_member_is_null(field, member))
            set(json, field->name, json_null());
        else
            set(json, field->name, value_to_json(field, member));
    }
    return json;
}

static enum ule_code wrong_type(const struct ule_place *place, struct ule_error *error, const char *expected) {
    return ule_place_fail(place, error, ULE_FIELD_TYPE, "expected %s", expected);
}

static enum ule_code integer_from_json(const struct ule_place *place, const json_t *json, int64_t least, int64_t most,
                                       int64_t *value, struct ule_error *error) {
    if (!json_is_integer(json))
        return wrong_type(place, error, "an integer");
    *value = json_integer_value(json);
    if (*value < least || *value > most)
        return wrong_type(place, error, "an integer within its type's range");
    return ULE_OK;
}

/* ISO 8601, or the number that Avro has, as kcat writes it. */
static enum ule_code moment_from_json(const struct ule_place *place, const json_t *json, int64_t *value,
                                      struct ule_error *error) {
    bool date = place->field->kind == ULE_KIND_DATE;
    if (json_is_integer(json)) {
        int64_t unit = date ? 1 : ULE_DAY_MS;
        *value = json_integer_value(json);
        if (*value >= ULE_DATE_MIN * unit && *value < (ULE_DATE_MAX + 1) * unit)
            return ULE_OK;
        return ule_place_fail_bytes(place, error, ULE_DATE_IMPOSSIBLE);
    }
    if (!json_is_string(json))
        return wrong_type(place, error, date ? "a date" : "a time");
    const char *text = json_string_value(json);
    int32_t day = date ? ule_date_parse(text) : 0;
    *value = date ? day : ule_time_parse(text);
    if (strlen(text) != json_string_length(json) || (date ? day == ULE_DATE_NONE : *value == ULE_TIME_NONE))
        return ule_place_fail(place, error, ULE_DATE_IMPOSSIBLE,
                              date ? "expected a date that exists, yyyy-mm-dd"
                                   : "expected a time that exists, yyyy-mm-ddThh:mm:ss.mmmZ");
    return ULE_OK;
}

static enum ule_code string_from_json(const struct ule_place *place, const json_t *json, struct ule_arena *arena,
                                      const char **member, struct ule_error *error) {
    if (!json_is_string(json))
        return wrong_type(place, error, "text");
    if (!ule_text_valid(json_string_value(json), json_string_length(json)))
        return ule_place_fail_bytes(place, error, ULE_UTF8);
    *member = ule_arena_substring(arena, json_string_value(json), json_string_length(json));
    return ULE_OK;
}

static int digit(char letter) {
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static enum ule_code bytes_from_json(const struct ule_place *place, const json_t *json, struct ule_arena *arena,
                                     struct ule_bytes *member, struct ule_error *error) {
    const char *text = json_string_value(json);
    size_t size = json_is_string(json) ? json_string_length(json) : 1;
    if (size % 2 != 0)
        return wrong_type(place, error, "bytes in lower-case hexadecimal");
    uint8_t *bytes = ule_arena_alloc(arena, size / 2);
    for (size_t i = 0; i < size / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return wrong_type(place, error, "bytes in lower-case hexadecimal");
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *member = (struct ule_bytes){bytes, size / 2};
    return ULE_OK;
}

static enum ule_code enum_from_json(const struct ule_place *place, const json_t *json, int32_t *member,
                                    struct ule_error *error) {
    if (!json_is_string(json))
        return wrong_type(place, error, "a symbol");
    if (strlen(json_string_value(json)) == json_string_length(json))
        *member = ule_enum_value(place->field->symbols, json_string_value(json), json_string_length(json));
    else
        *member = -1;
    return *member >= 0 ? ULE_OK : ule_place_fail_bytes(place, error, ULE_ENUM_UNKNOWN);
}

static enum ule_code record_from_json(const struct ule_place *up, const struct ule_record *record, const json_t *json,
                                      struct ule_arena *arena, void *value, struct ule_error *error);

/* One value that is not null: a field's, or an item of its array. */
static enum ule_code value_from_json(const struct ule_place *place, const json_t *json, struct ule_arena *arena,
                                     void *member, struct ule_error *error) {
    const struct ule_field *field = place->field;
    int64_t value = 0;
    enum ule_code code = ULE_OK;
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        if (!json_is_boolean(json))
            return wrong_type(place, error, "true or false");
        if (field->nullable)
            *(int32_t *)member = json_is_true(json) ? ULE_MAYBE_TRUE : ULE_MAYBE_FALSE;
        else
            *(bool *)member = json_is_true(json);
        return ULE_OK;
    case ULE_KIND_INT:
        code = integer_from_json(place, json, INT32_MIN + (field->nullable ? 1 : 0), INT32_MAX, &value, error);
        *(int32_t *)member = (int32_t)value;
        return code;
    case ULE_KIND_LONG:
        code = integer_from_json(place, json, INT64_MIN + (field->nullable ? 1 : 0), INT64_MAX, &value, error);
        *(int64_t *)member = value;
        return code;
    case ULE_KIND_DATE:
        code = moment_from_json(place, json, &value, error);
        *(int32_t *)member = (int32_t)value;
        return code;
    case ULE_KIND_TIME:
        code = moment_from_json(place, json, &value, error);
        *(int64_t *)member = value;
        return code;
    case ULE_KIND_STRING: return string_from_json(place, json, arena, member, error);
    case ULE_KIND_BYTES: return bytes_from_json(place, json, arena, member, error);
    case ULE_KIND_ENUM: return enum_from_json(place, json, member, error);
    case ULE_KIND_RECORD: return record_from_json(place, field->record, json, arena, member, error);
    }
    return ULE_OK;
}

static enum ule_code array_from_json(const struct ule_place *place, const json_t *json, struct ule_arena *arena,
                                     struct ule_items *array, struct ule_error *error) {
    if (!json_is_array(json))
        return wrong_type(place, error, "an array");
    size_t count = json_array_size(json), size = ule_item_size(place->field);
    struct ule_place item = *place;
    *array = (struct ule_items){0};
    if (count == 0)
        return ULE_OK;
    array->items = ule_arena_array(arena, count, size);
    array->count = count;
    for (item.index = 0; item.index < count; item.index++) {
        enum ule_code code = value_from_json(&item, json_array_get(json, item.index), arena,
                                             (char *)array->items + item.index * size, error);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

enum ule_code ule_member_from_json(const struct ule_place *place, const json_t *json, struct ule_arena *arena,
                                   void *member, struct ule_error *error) {
    const struct ule_field *field = place->field;
    if (field->array)
        return array_from_json(place, json, arena, member, error);
    if (field->nullable && json_is_null(json)) {
        ule_member_set_null(field, member);
        return ULE_OK;
    }
    if (!field->nullable || field->kind != ULE_KIND_RECORD)
        return value_from_json(place, json, arena, member, error);
    void *record = ule_arena_alloc(arena, field->record->size);
    *(void **)member = record;
    return value_from_json(place, json, arena, record, error);
}

static enum ule_code record_from_json(const struct ule_place *up, const struct ule_record *record, const json_t *json,
                                      struct ule_arena *arena, void *value, struct ule_error *error) {
    struct ule_place place = {up, record, NULL, ULE_PLACE_NO_INDEX};
    if (!json_is_object(json))
        return wrong_type(up ? up : &place, error, "an object");
    ule_record_init(record, value, arena);
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        void *member = (char *)value + field->offset;
        const json_t *one = json_object_get(json, field->name);
        place.field = field;
        if (!one && !field->default_json)
            return ule_place_fail(&place, error, ULE_FIELD_MISSING, "it is absent and has no default");
        if (!one)
            continue;
        enum ule_code code = ule_member_from_json(&place, one, arena, member, error);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

enum ule_code ule_record_from_json(const struct ule_record *record, const json_t *json, struct ule_arena *arena,
                                   void *value, struct ule_error *error) {
    return record_from_json(NULL, record, json, arena, value, error);
}
