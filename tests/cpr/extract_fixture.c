/* SPDX-License-Identifier: MIT */
#include "cpr/extract_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fixture_read(const char *path, struct ule_buffer *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    char piece[4096];
    size_t size;
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        ule_buffer_append(bytes, piece, size);
    fclose(file);
    return true;
}

void fixture_write(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static char *padded(const char *bytes, size_t size) {
    char type[4] = "";
    memcpy(type, bytes, size < 3 ? size : 3);
    size_t length = ule_cpr_record_length((unsigned)strtoul(type, NULL, 10));
    if (length < size)
        length = size;
    char *line = malloc(length + 1);
    ck_assert_ptr_nonnull(line);
    memset(line, ' ', length);
    memcpy(line, bytes, size);
    line[length] = '\0';
    return line;
}

struct fixture_lines fixture_lines_of(const char *path) {
    struct fixture_lines lines = {NULL, 0};
    struct ule_buffer bytes = {NULL, 0, 0};
    ck_assert_msg(fixture_read(path, &bytes), "%s: cannot be read", path);
    const char *text = (const char *)bytes.bytes;
    const char *end = text + bytes.size;
    while (text < end && *text != 0x1a) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        ck_assert_ptr_nonnull(newline);
        char *line = padded(text, (size_t)(newline - text) - (newline[-1] == '\r'));
        fixture_insert(&lines, lines.count, line);
        free(line);
        text = newline + 1;
    }
    ule_buffer_close(&bytes);
    return lines;
}

void fixture_lines_close(struct fixture_lines *lines) {
    for (size_t i = 0; i < lines->count; i++)
        free(lines->lines[i]);
    free(lines->lines);
    lines->lines = NULL;
    lines->count = 0;
}

size_t fixture_find(const struct fixture_lines *lines, const char *start) {
    for (size_t i = 0; i < lines->count; i++) {
        if (strncmp(lines->lines[i], start, strlen(start)) == 0)
            return i;
    }
    ck_abort_msg("no such line");
    return 0;
}

void fixture_put(struct fixture_lines *lines, size_t line, size_t position, const char *text) {
    ck_assert_uint_le(position - 1 + strlen(text), strlen(lines->lines[line]));
    memcpy(lines->lines[line] + position - 1, text, strlen(text));
}

void fixture_insert(struct fixture_lines *lines, size_t at, const char *line) {
    lines->lines = realloc(lines->lines, (lines->count + 1) * sizeof *lines->lines);
    ck_assert_ptr_nonnull(lines->lines);
    memmove(lines->lines + at + 1, lines->lines + at, (lines->count - at) * sizeof *lines->lines);
    lines->lines[at] = padded(line, strlen(line));
    lines->count++;
}

void fixture_remove(struct fixture_lines *lines, size_t at) {
    free(lines->lines[at]);
    lines->count--;
    memmove(lines->lines + at, lines->lines + at + 1, (lines->count - at) * sizeof *lines->lines);
}

void fixture_count(struct fixture_lines *lines) {
    size_t count = 0;
    for (size_t i = 0; i < lines->count; i++) {
        const char *line = lines->lines[i];
        count += strncmp(line, "000", 3) != 0 && strncmp(line, "999", 3) != 0 && strncmp(line, "910", 3) != 0;
    }
    char text[24];
    snprintf(text, sizeof text, "%08zu", count);
    fixture_put(lines, fixture_find(lines, "999"), 14, text);
}

void fixture_join(const struct fixture_lines *lines, bool trim, const char *end, struct ule_buffer *bytes) {
    for (size_t i = 0; i < lines->count; i++) {
        size_t size = strlen(lines->lines[i]);
        while (trim && size > 0 && lines->lines[i][size - 1] == ' ')
            size--;
        ule_buffer_append(bytes, lines->lines[i], size);
        ule_buffer_append(bytes, end, strlen(end));
    }
}

static enum ule_code collect(void *context, const struct ule_person_changed *person, struct ule_error *error) {
    struct fixture_result *result = context;
    (void)error;
    result->persons = realloc(result->persons, (result->count + 1) * sizeof *result->persons);
    ck_assert_ptr_nonnull(result->persons);
    ule_record_copy(&ule_person_changed_record, person, result->arena, &result->persons[result->count++]);
    return ULE_OK;
}

struct fixture_result fixture_run(const void *bytes, size_t size, size_t piece) {
    struct fixture_result result = {.arena = ule_arena_new()};
    struct ule_cpr_reader *reader = ule_cpr_reader_new("extract", NULL, collect, &result);
    for (size_t done = 0; done < size && !result.code; done += piece)
        result.code = ule_cpr_reader_feed(reader, (const char *)bytes + done, piece < size - done ? piece : size - done,
                                          &result.error);
    if (!result.code)
        result.code = ule_cpr_reader_finish(reader, &result.error);
    result.summary = ule_cpr_reader_summary(reader);
    ule_cpr_reader_free(reader);
    return result;
}

struct fixture_result fixture_run_lines(const struct fixture_lines *lines) {
    struct ule_buffer bytes = {NULL, 0, 0};
    fixture_join(lines, true, "\n", &bytes);
    struct fixture_result result = fixture_run(bytes.bytes, bytes.size, bytes.size);
    ule_buffer_close(&bytes);
    return result;
}

void fixture_result_close(struct fixture_result *result) {
    free(result->persons);
    ule_arena_free(result->arena);
}

const struct ule_person_changed *fixture_person(const struct fixture_result *result, const char *number) {
    const struct ule_person_changed *found = NULL;
    for (size_t i = 0; i < result->count; i++) {
        if (strcmp(result->persons[i].number, number) == 0)
            found = &result->persons[i];
    }
    return found;
}

bool fixture_same(const struct fixture_result *a, const struct fixture_result *b) {
    if (a->code != b->code || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!ule_record_equal(&ule_person_changed_record, &a->persons[i], &b->persons[i]))
            return false;
    }
    return true;
}

bool fixture_is_discreet(const char *message) {
    size_t digits = 0;
    for (; *message; message++) {
        digits = *message >= '0' && *message <= '9' ? digits + 1 : 0;
        if (digits == 6)
            return false;
    }
    return true;
}
