/* SPDX-License-Identifier: MIT */
/* Any record of ours with random values in all its fields, by its table. */
#ifndef ULE_TESTS_RANDOM_RECORD_H
#define ULE_TESTS_RANDOM_RECORD_H

#include "avro/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct random {
    uint64_t state;
    struct ule_arena *arena;
};

static inline uint64_t random_seed(void) {
    const char *given = getenv("ULE_SEED");
    uint64_t drawn = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu (ULE_SEED sets it)\n", (unsigned long long)drawn);
    return drawn;
}

/* splitmix64 */
static inline uint64_t random_next(struct random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t random_below(struct random *random, uint64_t limit) {
    return random_next(random) % limit;
}

static inline int64_t random_long(struct random *random) {
    int64_t value = (int64_t)(random_next(random) >> random_below(random, 64));
    return value == INT64_MIN ? 0 : value;
}

static inline const char *random_string(struct random *random) {
    static const char *const letters[] = {"a", "Z", "0", "-", " ", "\"", "\\", "æ", "Ø", "å", "€", "𝄞", "\n"};
    size_t count = random_below(random, 20), size = 0;
    char *text = ule_arena_alloc(random->arena, count * 4 + 1);
    for (size_t i = 0; i < count; i++) {
        const char *letter = letters[random_below(random, sizeof letters / sizeof *letters)];
        memcpy(text + size, letter, strlen(letter));
        size += strlen(letter);
    }
    return text;
}

static inline void random_record(struct random *random, const struct ule_record *record, void *value);

static inline void random_value(struct random *random, const struct ule_field *field, void *member) {
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        if (field->nullable)
            *(int32_t *)member = (int32_t)random_below(random, 2);
        else
            *(bool *)member = random_below(random, 2) == 1;
        break;
    case ULE_KIND_INT: {
        int64_t value = random_long(random) % INT32_MAX;
        *(int32_t *)member = (int32_t)value;
        break;
    }
    case ULE_KIND_LONG: *(int64_t *)member = random_long(random); break;
    case ULE_KIND_DATE:
        *(int32_t *)member = ULE_DATE_MIN + (int32_t)random_below(random, ULE_DATE_MAX - ULE_DATE_MIN + 1);
        break;
    case ULE_KIND_TIME: {
        uint64_t days = ULE_DATE_MAX - ULE_DATE_MIN + 1;
        *(int64_t *)member = ULE_DATE_MIN * ULE_DAY_MS + (int64_t)random_below(random, days * (uint64_t)ULE_DAY_MS);
        break;
    }
    case ULE_KIND_STRING: *(const char **)member = random_string(random); break;
    case ULE_KIND_BYTES: {
        size_t size = random_below(random, 20);
        uint8_t *made = ule_arena_alloc(random->arena, size);
        for (size_t i = 0; i < size; i++)
            made[i] = (uint8_t)random_next(random);
        *(struct ule_bytes *)member = (struct ule_bytes){made, size};
        break;
    }
    case ULE_KIND_ENUM: *(int32_t *)member = (int32_t)random_below(random, field->symbols->count); break;
    case ULE_KIND_RECORD: random_record(random, field->record, member); break;
    }
}

static inline void random_member(struct random *random, const struct ule_field *field, void *member) {
    if (field->array) {
        size_t size = field->kind == ULE_KIND_RECORD   ? field->record->size
                      : field->kind == ULE_KIND_STRING ? sizeof(const char *)
                                                       : sizeof(int32_t);
        struct ule_strings *array = member;
        array->count = random_below(random, 4);
        array->items = array->count > 0 ? ule_arena_array(random->arena, array->count, size) : NULL;
        for (size_t i = 0; i < array->count; i++)
            random_value(random, field, (char *)array->items + i * size);
    } else if (field->nullable && random_below(random, 3) == 0) {
        return; /* null by default */
    } else if (field->nullable && field->kind == ULE_KIND_RECORD) {
        void *made = ule_arena_alloc(random->arena, field->record->size);
        random_record(random, field->record, made);
        *(void **)member = made;
    } else {
        random_value(random, field, member);
    }
}

static inline void random_record(struct random *random, const struct ule_record *record, void *value) {
    ule_record_init(record, value, random->arena);
    for (size_t i = 0; i < record->count; i++)
        random_member(random, &record->fields[i], (char *)value + record->fields[i].offset);
}

static inline void *random_new(struct random *random, const struct ule_record *record) {
    void *value = ule_arena_alloc(random->arena, record->size);
    random_record(random, record, value);
    return value;
}

#endif
