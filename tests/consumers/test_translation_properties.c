/* SPDX-License-Identifier: MIT */
/* What holds for every record of every source, good or bad: random ones, filled by walking the table of fields. */
#include "avro/record.h"
#include "base/text.h"
#include "consumers/outcome.h"
#include "core/number.h"
#include "lib/suite.h"
#include "loop/source.h"
#include "records.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t state;
static long cases;

static uint32_t chance(uint32_t bound) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

#define PICK(array) (array)[chance((uint32_t)COUNT(array))]

/* Mostly good ones: else few records came through. */
static const char *random_number(void) {
    static const char *const good[] = {"0101804321", "020280-4322", "030380abc1", "6404104324",  "0505152AB4",
                                       "0606106426", "999999-9427", "0101804321", "020280-4322", "A112134569"};
    static const char *const bad[] = {"", "", "123456", "010180_4321", "U-778899", "G54321", "01018043210", "\xC3"};
    return chance(12) ? PICK(good) : PICK(bad);
}

static const char *random_id(void) {
    static const char *const good[] = {"id-223344", "id-223345", "elev/998877", "\xC3\xA6-112233", "0707701111"};
    static const char *const bad[] = {"", "id\n223344", "080880-4328", "0101804321", "\xFFid"};
    return chance(15) ? PICK(good) : PICK(bad);
}

static const char *random_text(void) {
    static const char *const texts[] = {"", " ", "Zacharias", "Yrsa Xenia", "\xC3\x98rnulf", "090990-4329"};
    return chance(60) ? PICK(texts) : "Wal\xFFter";
}

static const char *random_level(void) {
    static const char *const levels[] = {"DT", "0", "8", "10", "U4", "VU", "Andet", ""};
    return chance(15) ? PICK(levels) : "quuxlevel";
}

static bool is_number_field(const char *name) {
    static const char *const names[] = {"number",         "replaces_number", "current_number",
                                        "former_numbers", "child_number",    "from_number"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static const char *random_string(const char *name) {
    if (strcmp(name, "institution_number") == 0)
        return chance(15) ? "G54321" : "0101804321";
    if (is_number_field(name))
        return random_number();
    if (strcmp(name, "level") == 0)
        return random_level();
    if (strcmp(name, "alien_number") == 0 || (strlen(name) > 3 && strcmp(name + strlen(name) - 3, "_id") == 0))
        return random_id();
    return random_text();
}

static int32_t random_date(void) {
    if (chance(40) == 0)
        return ULE_DATE_MAX + 1 + (int32_t)chance(1000);
    return 10000 + (int32_t)chance(9800);
}

static void fill(const struct ule_record *record, void *value, struct ule_arena *arena);

static void fill_one(const struct ule_field *field, void *at, struct ule_arena *arena) {
    switch (field->kind) {
    case ULE_KIND_BOOLEAN:
        if (field->nullable)
            *(enum ule_maybe *)at = (enum ule_maybe)chance(2);
        else
            *(bool *)at = chance(2) != 0;
        break;
    case ULE_KIND_INT: *(int32_t *)at = chance(30) ? (int32_t)chance(10000) : 445566; break;
    case ULE_KIND_DATE: *(int32_t *)at = random_date(); break;
    case ULE_KIND_LONG: *(int64_t *)at = chance(1000); break;
    case ULE_KIND_TIME:
        *(int64_t *)at = chance(30) ? NOON - (int64_t)chance(1000) * ULE_DAY_MS : NOON + 70 * ULE_DAY_MS;
        break;
    case ULE_KIND_STRING: *(const char **)at = random_string(field->name); break;
    case ULE_KIND_ENUM: *(int *)at = (int)chance((uint32_t)field->symbols->count); break;
    case ULE_KIND_RECORD:
        if (field->nullable && !field->array) {
            *(void **)at = ule_arena_alloc(arena, field->record->size);
            at = *(void **)at;
        }
        fill(field->record, at, arena);
        break;
    case ULE_KIND_BYTES: break;
    }
}

static size_t item_size(const struct ule_field *field) {
    return field->kind == ULE_KIND_RECORD ? field->record->size : sizeof(const char *);
}

/* Every array is a pointer and a count. */
struct array {
    void *items;
    size_t count;
};

static void fill(const struct ule_record *record, void *value, struct ule_arena *arena) {
    ule_record_init(record, value, arena);
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        char *at = (char *)value + field->offset;
        if (field->array) {
            struct array array = {.count = chance(3)};
            array.items = ule_arena_array(arena, array.count, item_size(field));
            for (size_t k = 0; k < array.count; k++)
                fill_one(field, (char *)array.items + k * item_size(field), arena);
            memcpy(at, &array, sizeof array);
        } else if (!field->nullable || chance(3) != 0) {
            fill_one(field, at, arena);
        }
    }
}

typedef void visitor(const struct ule_field *field, const char *text, const void *context);

static void each_string(const struct ule_record *record, const void *value, visitor *visit, const void *context) {
    if (!value)
        return;
    for (size_t i = 0; i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        const char *at = (const char *)value + field->offset;
        struct array array = {.items = NULL, .count = 1};
        if (field->array) {
            memcpy(&array, at, sizeof array);
            if (array.count == 0)
                continue;
            at = array.items;
        }
        for (size_t k = 0; at && k < array.count; k++, at += item_size(field)) {
            if (field->kind == ULE_KIND_STRING) {
                const char *text;
                memcpy(&text, at, sizeof text);
                visit(field, text, context);
            } else if (field->kind == ULE_KIND_RECORD) {
                const void *inner = at;
                if (field->nullable && !field->array)
                    memcpy(&inner, at, sizeof inner);
                each_string(field->record, inner, visit, context);
            }
        }
    }
}

static void does_not_show(const struct ule_field *field, const char *text, const void *context) {
    const char *message = context;
    if (text && strlen(text) > 3 && strstr(message, text))
        ck_abort_msg("the value of %s stands in the message", field->name);
}

static void is_in_stored_form(const struct ule_field *field, const char *text, const void *context) {
    const struct ule_source *source = context;
    char stored[21];
    if (!text || !is_number_field(field->name))
        return;
    ck_assert_msg(ule_number_normalise(text, stored) && strcmp(text, stored) == 0, "%s: %s is not in stored form",
                  source->topic, field->name);
}

static unsigned longest_digits(const char *text) {
    unsigned longest = 0, run = 0;
    for (; *text; text++) {
        run = isdigit((unsigned char)*text) ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static bool names_an_institution(const struct ule_source *source, const void *value) {
    if (source->record != &ule_institution_request_record)
        return false;
    const struct ule_institution_request *request = value;
    return request->kind == ULE_REQUEST_KIND_LEAVERS_APPROVED || request->kind == ULE_REQUEST_KIND_LEAVERS_REJECTED;
}

/* True when the record came through. */
static bool try_one(const struct ule_source *source, struct ule_arena *arena) {
    void *value = ule_arena_alloc(arena, source->record->size);
    fill(source->record, value, arena);
    if (names_an_institution(source, value) && chance(4))
        ((struct ule_institution_request *)value)->number = "G54321";
    void *given = ule_arena_alloc(arena, source->record->size);
    ule_record_copy(source->record, value, arena, given);

    const char *key = chance(20) ? NULL : "101112-1314";
    struct outcome outcome = {.ignored = 77};
    outcome.code = source->translate(value, key, NOON, arena, &outcome.entity, &outcome.ignored, &outcome.error);
    if (outcome.code != ULE_OK) {
        ck_assert_int_lt(outcome.code, ULE_DATA_ERRORS_END);
        ck_assert_int_eq(outcome.code, outcome.error.code);
        ck_assert_ptr_null(outcome.entity);
        ck_assert_uint_eq(outcome.ignored, 77);
        each_string(source->record, given, does_not_show, outcome.error.message);
        ck_assert_uint_lt(longest_digits(outcome.error.message), 5);
        return false;
    }
    ck_assert_ptr_nonnull(outcome.entity);
    ck_assert_ptr_null(key);
    if (!names_an_institution(source, value))
        each_string(source->record, value, is_in_stored_form, source);

    void *once = ule_arena_alloc(arena, source->record->size);
    ule_record_copy(source->record, value, arena, once);
    struct outcome again = {.ignored = 77};
    again.code = source->translate(value, NULL, NOON, arena, &again.entity, &again.ignored, &again.error);
    ck_assert_int_eq(again.code, ULE_OK);
    ck_assert_uint_eq(again.ignored, 0);
    ck_assert_str_eq(again.entity, outcome.entity);
    ck_assert_msg(ule_record_equal(source->record, once, value), "%s: twice is not once", source->topic);
    return true;
}

/* A refusal shows nothing of the record; what comes through has its numbers in stored form, and comes through a second
 * time as it is. */
START_TEST(every_record_is_refused_in_silence_or_comes_through_for_good) {
    const struct ule_source *source = &ule_sources[_i];
    struct ule_arena *arena = ule_arena_new();
    long through = 0;
    for (long i = 0; i < cases; i++) {
        through += try_one(source, arena) ? 1 : 0;
        ule_arena_reset(arena);
    }
    ule_arena_free(arena);
    /* Else the test would show nothing. */
    ck_assert_msg(through > cases / 20 && through < cases * 19 / 20, "%s: %ld of %ld came through", source->topic,
                  through, cases);
}

START_TEST(the_sources_stand_in_topic_order) {
    static const char *const topics[] = {"cpr.person-changed.v1", "udlst.residence-permit.v1", "nemid.credential.v1",
                                         "institution.person-changed.v1", "institution.request.v1"};
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++)
        ck_assert_str_eq(ule_sources[i].topic, topics[i]);
}

int main(void) {
    const char *given = getenv("ULE_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("seed %u (ULE_SEED sets it)\n", seed);
    state = seed;
    cases = getenv("ULE_THOROUGH") ? 20000 : 500;
    Suite *suite = suite_create("translation properties");
    TCase *tcase = tcase_create("random records");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, every_record_is_refused_in_silence_or_comes_through_for_good, 0, ULE_SOURCE_COUNT);
    tcase_add_test(tcase, the_sources_stand_in_topic_order);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
