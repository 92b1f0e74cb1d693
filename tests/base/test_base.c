/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ule_arena *arena;

static void setup(void) {
    arena = ule_arena_new();
}

static void teardown(void) {
    ule_arena_free(arena);
    arena = NULL;
}

START_TEST(an_arena_hands_out_zeroed_aligned_memory_of_any_size) {
    for (int round = 0; round < 3; round++) {
        size_t used = 0;
        for (size_t size = 0; size < 300000; size = size * 3 + 1) {
            unsigned char *bytes = ule_arena_alloc(arena, size);
            ck_assert_ptr_nonnull(bytes);
            ck_assert_uint_eq((uintptr_t)bytes % 16, 0);
            for (size_t i = 0; i < size; i++)
                ck_assert_uint_eq(bytes[i], 0);
            memset(bytes, 0xAB, size);
            used += size ? size : 1;
        }
        ck_assert_uint_eq(ule_arena_used(arena), used);
        ule_arena_reset(arena);
        ck_assert_uint_eq(ule_arena_used(arena), 0);
    }
}

START_TEST(an_arena_that_is_reset_gives_the_same_memory_again) {
    void *first = ule_arena_alloc(arena, 100);
    ule_arena_reset(arena);
    ck_assert_ptr_eq(ule_arena_alloc(arena, 100), first);
}

START_TEST(an_arena_copies_bytes_and_text) {
    ck_assert_ptr_null(ule_arena_string(arena, NULL));
    ck_assert_str_eq(ule_arena_string(arena, ""), "");
    ck_assert_str_eq(ule_arena_string(arena, "Aa"), "Aa");
    ck_assert_str_eq(ule_arena_substring(arena, "abc", 2), "ab");
    ck_assert_str_eq(ule_arena_substring(arena, NULL, 0), "");
    ck_assert_str_eq(ule_arena_printf(arena, "%s/%d", "a", 7), "a/7");
    ck_assert_int_eq(memcmp(ule_arena_copy(arena, "x\0y", 3), "x\0y", 3), 0);
    ck_assert_ptr_nonnull(ule_arena_copy(arena, NULL, 0));
    ck_assert_ptr_nonnull(ule_arena_array(arena, 3, sizeof(int)));
    ck_assert_ptr_nonnull(ule_arena_array(arena, 0, 0));
    ule_arena_free(NULL);
}

START_TEST(a_buffer_grows_and_can_be_used_again) {
    struct ule_buffer buffer = {0};
    ule_buffer_append(&buffer, NULL, 0);
    for (int i = 0; i < 100000; i++)
        ule_buffer_append(&buffer, &i, sizeof i);
    ck_assert_uint_eq(buffer.size, 100000 * sizeof(int));
    for (int i = 0; i < 100000; i++) {
        int value;
        memcpy(&value, buffer.bytes + (size_t)i * sizeof i, sizeof value);
        ck_assert_int_eq(value, i);
    }
    size_t capacity = buffer.capacity;
    ule_buffer_clear(&buffer);
    ck_assert_uint_eq(buffer.size, 0);
    ck_assert_uint_eq(buffer.capacity, capacity);
    ule_buffer_close(&buffer);
    ck_assert_ptr_null(buffer.bytes);
    ule_buffer_append(&buffer, "a", 1);
    ck_assert_uint_eq(buffer.size, 1);
    ule_buffer_close(&buffer);
}

START_TEST(an_error_says_what_the_caller_must_do) {
    struct ule_error error = {0};
    ck_assert_int_eq(ule_fail(&error, ULE_TRUNCATED, "%d bytes are missing", 3), ULE_TRUNCATED);
    ck_assert_int_eq(error.action, ULE_ACTION_DEAD_LETTER);
    ck_assert_str_eq(error.message, "3 bytes are missing");
    ck_assert_int_eq(ule_error_at(&error, "line %d", 7), ULE_TRUNCATED);
    ck_assert_str_eq(error.message, "line 7: 3 bytes are missing");
    ck_assert_int_eq(ule_fail(&error, ULE_IO, "no such file"), ULE_IO);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
    ck_assert_int_eq(ule_fail(&error, ULE_END, "end"), ULE_END);
    ck_assert_int_eq(error.action, ULE_ACTION_NONE);
    ck_assert_int_eq(ule_fail(NULL, ULE_STORE, "nobody listens"), ULE_STORE);
    ck_assert_int_ne(ule_error_at(NULL, "nowhere"), ULE_OK);
}

START_TEST(a_message_that_does_not_fit_is_cut) {
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct ule_error error = {0};
    ule_fail(&error, ULE_MALFORMED, "%s", text);
    ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
    ule_error_at(&error, "here");
    ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
    ck_assert_int_eq(strncmp(error.message, "here: xxx", 9), 0);
    ule_error_at(&error, "%s", text);
    ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
}

START_TEST(every_code_has_a_name) {
    for (int code = ULE_OK; code <= ULE_STATE; code++) {
        if (code == ULE_DATA_ERRORS_END)
            continue;
        ck_assert_str_ne(ule_code_name((enum ule_code)code), "UNKNOWN");
    }
    ck_assert_str_eq(ule_code_name(ULE_NUMBER_MALFORMED), "NUMBER_MALFORMED");
    ck_assert_str_eq(ule_code_name((enum ule_code)9999), "UNKNOWN");
}

static const struct {
    const char *bytes;
    size_t size;
    bool valid;
} texts[] = {
    {"", 0, true},
    {"abc", 3, true},
    {"a\0c", 3, false},
    {"\xC3\x86", 2, true},          /* AE */
    {"\xC3", 1, false},             /* cut */
    {"\xC3\x28", 2, false},         /* no continuation */
    {"\x80", 1, false},             /* a continuation alone */
    {"\xC0\x80", 2, false},         /* overlong NUL */
    {"\xC1\xBF", 2, false},         /* overlong */
    {"\xE0\x80\x80", 3, false},     /* overlong */
    {"\xE2\x82\xAC", 3, true},      /* euro sign */
    {"\xED\xA0\x80", 3, false},     /* surrogate */
    {"\xED\x9F\xBF", 3, true},      /* the last before the surrogates */
    {"\xF0\x8F\xBF\xBF", 4, false}, /* overlong */
    {"\xF0\x90\x80\x80", 4, true},  /* U+10000 */
    {"\xF4\x8F\xBF\xBF", 4, true},  /* U+10FFFF */
    {"\xF4\x90\x80\x80", 4, false}, /* above */
    {"\xF5\x80\x80\x80", 4, false}, /* above */
    {"\xFF", 1, false},
    {"a\xF0\x90\x80", 4, false}, /* cut */
};

START_TEST(only_well_formed_utf8_without_nul_is_valid) {
    /* From the heap, to the byte: an overrun is seen. */
    char *bytes = malloc(texts[_i].size ? texts[_i].size : 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, texts[_i].bytes, texts[_i].size);
    ck_assert(ule_text_valid(bytes, texts[_i].size) == texts[_i].valid);
    free(bytes);
}

START_TEST(an_id_has_1_to_120_bytes_without_control_characters) {
    char text[130];
    memset(text, 'x', sizeof text);
    text[120] = '\0';
    ck_assert(ule_text_id(text));
    text[120] = 'x';
    text[121] = '\0';
    ck_assert(!ule_text_id(text));
    ck_assert(!ule_text_id(NULL));
    ck_assert(!ule_text_id(""));
    ck_assert(ule_text_id("a"));
    ck_assert(ule_text_id("elev 12/\xC3\xA6"));
    ck_assert(!ule_text_id("a\nb"));
    ck_assert(!ule_text_id("a\x7F"));
    ck_assert(!ule_text_id("a\xC2\x85")); /* a C1 control */
    ck_assert(ule_text_id("a\xC2\xA0"));  /* the first after them */
    ck_assert(!ule_text_id("a\xC3"));
}

static const struct {
    const char *names, *first, *last;
} foldings[] = {
    {NULL, "", ""},
    {"", "", ""},
    {"   ", "", ""},
    {"Anne", "anne", "anne"},
    {"  Anne  Marie ", "anne", "marie"},
    {"ANNE-MARIE Louise", "anne-marie", "louise"},
    {"\xC3\x86gir \xC3\x98stergaard \xC3\x85gesen", "\xC3\xA6gir", "\xC3\xA5gesen"},
    {"Aase", "aase", "aase"}, /* not the same as with a ring */
    {"\xC3\x97\xC3\x9F", "\xC3\x97\xC3\x9F", "\xC3\x97\xC3\x9F"},
    {"\xC3\x89MILE", "\xC3\xA9mile", "\xC3\xA9mile"},
    {"\xC5\xBD"
     "eljko",
     "\xC5\xBE"
     "eljko",
     "\xC5\xBE"
     "eljko"},                                           /* Z caron: odd is the capital */
    {"\xC5\x81ukasz", "\xC5\x82ukasz", "\xC5\x82ukasz"}, /* L stroke: odd is the capital */
    {"\xC4\x90or\xC4\x91"
     "e",
     "\xC4\x91or\xC4\x91"
     "e",
     "\xC4\x91or\xC4\x91"
     "e"}, /* D stroke: even */
    {"\xC5\xA0ime", "\xC5\xA1ime", "\xC5\xA1ime"},
    {"\xC4\xB0lker", "ilker", "ilker"},                                                   /* dotted capital I */
    {"\xC4\xB1", "\xC4\xB1", "\xC4\xB1"},                                                 /* dotless small i */
    {"\xC5\xB8", "\xC3\xBF", "\xC3\xBF"},                                                 /* Y diaeresis */
    {"\xC4\xB8\xC5\x89\xC5\xBF", "\xC4\xB8\xC5\x89\xC5\xBF", "\xC4\xB8\xC5\x89\xC5\xBF"}, /* no pairs */
    {"\xE1\xB8\x80x \xF0\x9F\x98\x80", "\xE1\xB8\x80x", "\xF0\x9F\x98\x80"},
    {"A\xFF", "a\xFF", "a\xFF"},
};

START_TEST(names_are_compared_by_their_first_or_last_word_in_lower_case) {
    ck_assert_str_eq(ule_text_first_folded(arena, foldings[_i].names), foldings[_i].first);
    ck_assert_str_eq(ule_text_last_folded(arena, foldings[_i].names), foldings[_i].last);
}

START_TEST(null_equals_null_only) {
    ck_assert(ule_text_equal(NULL, NULL));
    ck_assert(!ule_text_equal(NULL, ""));
    ck_assert(!ule_text_equal("", NULL));
    ck_assert(ule_text_equal("a", "a"));
    ck_assert(!ule_text_equal("a", "b"));
}

int main(void) {
    Suite *suite = suite_create("base");
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_add_test(memory, an_arena_hands_out_zeroed_aligned_memory_of_any_size);
    tcase_add_test(memory, an_arena_that_is_reset_gives_the_same_memory_again);
    tcase_add_test(memory, an_arena_copies_bytes_and_text);
    tcase_add_test(memory, a_buffer_grows_and_can_be_used_again);
    suite_add_tcase(suite, memory);
    TCase *errors = tcase_create("errors");
    tcase_add_test(errors, an_error_says_what_the_caller_must_do);
    tcase_add_test(errors, a_message_that_does_not_fit_is_cut);
    tcase_add_test(errors, every_code_has_a_name);
    suite_add_tcase(suite, errors);
    TCase *text = tcase_create("text");
    tcase_add_checked_fixture(text, setup, teardown);
    tcase_add_loop_test(text, only_well_formed_utf8_without_nul_is_valid, 0, sizeof texts / sizeof *texts);
    tcase_add_test(text, an_id_has_1_to_120_bytes_without_control_characters);
    tcase_add_loop_test(text, names_are_compared_by_their_first_or_last_word_in_lower_case, 0,
                        sizeof foldings / sizeof *foldings);
    tcase_add_test(text, null_equals_null_only);
    suite_add_tcase(suite, text);
    return suite_run(suite);
}
