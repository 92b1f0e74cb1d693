/* SPDX-License-Identifier: MIT */
#include "avro/record.h"

#include "avro/codec.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(enum ule_maybe) == sizeof(int32_t), "an enum that holds -1 is an int");

const struct ule_record *ule_record_named(const char *name) {
    for (size_t i = 0; ule_records[i]; i++) {
        if (strcmp(ule_records[i]->name, name) == 0)
            return ule_records[i];
    }
    return NULL;
}

/* The place as text; what does not fit is left out. */
static size_t place_format(const struct ule_place *place, char *text, size_t size) {
    size_t at = 0;
    if (place->up)
        at = place_format(place->up, text, size);
    else
        at = (size_t)snprintf(text, size, "%s", place->record->name);
    if (at < size && place->field)
        at += (size_t)snprintf(text + at, size - at, ".%s", place->field->name);
    if (at < size && place->index != ULE_PLACE_NO_INDEX)
        at += (size_t)snprintf(text + at, size - at, "[%zu]", place->index);
    return at;
}

enum ule_code ule_place_fail(const struct ule_place *place, struct ule_error *error, enum ule_code code,
                             const char *format, ...) {
    if (!error)
        return code;
    char path[256], text[192];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)place_format(place, path, sizeof path);
    return ule_fail(error, code, "%s: %s", path, text);
}

void ule_member_set_null(const struct ule_field *field, void *member) {
    switch (field->kind) {
    case ULE_KIND_INT:
    case ULE_KIND_DATE: *(int32_t *)member = INT32_MIN; break;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: *(int64_t *)member = INT64_MIN; break;
    case ULE_KIND_BOOLEAN:
    case ULE_KIND_ENUM: *(int32_t *)member = -1; break;
    case ULE_KIND_STRING: *(const char **)member = NULL; break;
    case ULE_KIND_BYTES: *(struct ule_bytes *)member = (struct ule_bytes){0}; break;
    case ULE_KIND_RECORD: *(void **)member = NULL; break;
    }
}

int32_t ule_enum_value(const struct ule_enum *symbols, const char *symbol, size_t size) {
    for (size_t i = 0; i < symbols->count; i++) {
        if (strncmp(symbols->symbols[i], symbol, size) == 0 && symbols->symbols[i][size] == '\0')
            return (int32_t)i;
    }
    return -1;
}

void ule_record_init(const struct ule_record *record, void *value, struct ule_arena *arena) {
    (void)arena; /* for defaults that are not constant; so far all are */
    if (record->blank)
        memcpy(value, record->blank, record->size);
    else
        memset(value, 0, record->size);
}

size_t ule_item_size(const struct ule_field *field) {
    switch (field->kind) {
    case ULE_KIND_STRING: return sizeof(const char *);
    case ULE_KIND_RECORD: return field->record->size;
    default: return sizeof(int32_t);
    }
}

void ule_items_reserve(struct ule_items *items, size_t more, size_t size, size_t *capacity, struct ule_arena *arena) {
    if (more <= *capacity - items->count)
        return;
    size_t room = *capacity * 2;
    if (room < items->count + more)
        room = items->count + more;
    void *moved = ule_arena_array(arena, room, size);
    if (items->count > 0)
        memcpy(moved, items->items, items->count * size);
    items->items = moved;
    *capacity = room;
}

static void copy_member(const struct ule_field *field, struct ule_arena *arena, void *member);

/* Makes a shallow copy deep. */
static void deepen(const struct ule_record *record, struct ule_arena *arena, void *copy) {
    for (size_t i = 0; i < record->count; i++)
        copy_member(&record->fields[i], arena, (char *)copy + record->fields[i].offset);
}

static void copy_array(const struct ule_field *field, struct ule_arena *arena, struct ule_items *array) {
    if (array->count == 0) {
        array->items = NULL;
        return;
    }
    size_t size = ule_item_size(field);
    char *items = ule_arena_copy(arena, array->items, array->count * size);
    array->items = items;
    for (size_t i = 0; i < array->count; i++) {
        if (field->kind == ULE_KIND_STRING)
            ((const char **)items)[i] = ule_arena_string(arena, ((const char **)items)[i]);
        else if (field->kind == ULE_KIND_RECORD)
            deepen(field->record, arena, items + i * size);
    }
}

static void copy_member(const struct ule_field *field, struct ule_arena *arena, void *member) {
    if (field->array) {
        copy_array(field, arena, member);
    } else if (field->kind == ULE_KIND_STRING) {
        const char **text = member;
        *text = ule_arena_string(arena, *text);
    } else if (field->kind == ULE_KIND_BYTES) {
        struct ule_bytes *bytes = member;
        if (bytes->bytes)
            bytes->bytes = ule_arena_copy(arena, bytes->bytes, bytes->size);
    } else if (field->kind == ULE_KIND_RECORD && !field->nullable) {
        deepen(field->record, arena, member);
    } else if (field->kind == ULE_KIND_RECORD) {
        void **record = member;
        if (!*record)
            return;
        *record = ule_arena_copy(arena, *record, field->record->size);
        deepen(field->record, arena, *record);
    }
}

void ule_record_copy(const struct ule_record *record, const void *value, struct ule_arena *arena, void *copy) {
    memmove(copy, value, record->size);
    deepen(record, arena, copy);
}

static bool equal_strings(const struct ule_field *field, const char *a, const char *b) {
    if (field->nullable)
        return ule_text_equal(a, b);
    return ule_text_equal(a ? a : "", b ? b : ""); /* as they are encoded */
}

static bool equal_arrays(const struct ule_field *field, const struct ule_items *a, const struct ule_items *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        bool same;
        if (field->kind == ULE_KIND_STRING)
            same = equal_strings(field, ((const char **)a->items)[i], ((const char **)b->items)[i]);
        else if (field->kind == ULE_KIND_RECORD)
            same = ule_record_equal(field->record, (const char *)a->items + i * field->record->size,
                                    (const char *)b->items + i * field->record->size);
        else
            same = ((const int32_t *)a->items)[i] == ((const int32_t *)b->items)[i];
        if (!same)
            return false;
    }
    return true;
}

static bool equal_bytes(const struct ule_field *field, const struct ule_bytes *a, const struct ule_bytes *b) {
    if (field->nullable && (!a->bytes || !b->bytes))
        return !a->bytes && !b->bytes;
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

static bool equal_member(const struct ule_field *field, const void *a, const void *b) {
    if (field->array)
        return equal_arrays(field, a, b);
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        if (!field->nullable)
            return *(const bool *)a == *(const bool *)b;
        return *(const int32_t *)a == *(const int32_t *)b;
    case ULE_KIND_INT:
    case ULE_KIND_DATE:
    case ULE_KIND_ENUM: return *(const int32_t *)a == *(const int32_t *)b;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: return *(const int64_t *)a == *(const int64_t *)b;
    case ULE_KIND_STRING: return equal_strings(field, *(const char *const *)a, *(const char *const *)b);
    case ULE_KIND_BYTES: return equal_bytes(field, a, b);
    case ULE_KIND_RECORD: break;
    }
    if (!field->nullable)
        return ule_record_equal(field->record, a, b);
    const void *x = *(void *const *)a, *y = *(void *const *)b;
    return x && y ? ule_record_equal(field->record, x, y) : x == y;
}

bool ule_record_equal(const struct ule_record *record, const void *a, const void *b) {
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        if (!equal_member(field, (const char *)a + field->offset, (const char *)b + field->offset))
            return false;
    }
    return true;
}
