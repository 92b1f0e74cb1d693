/* SPDX-License-Identifier: MIT */
#include "recording/line.h"

#include "base/date.h"

#include <errno.h>
#include <string.h>

enum ule_code ule_lines_open(struct ule_lines *lines, const char *path, size_t max, struct ule_error *error) {
    lines->file = fopen(path, "re");
    if (!lines->file)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    lines->path = path;
    lines->max = max;
    lines->number = lines->done = 0;
    lines->at = lines->filled = 0;
    return ULE_OK;
}

void ule_lines_close(struct ule_lines *lines) {
    if (lines->file)
        (void)fclose(lines->file);
    lines->file = NULL;
    ule_buffer_close(&lines->text);
}

static bool fill(struct ule_lines *lines) {
    if (lines->at < lines->filled)
        return true;
    lines->at = 0;
    lines->filled = fread(lines->chunk, 1, sizeof lines->chunk, lines->file);
    lines->done += lines->filled;
    return lines->filled > 0;
}

static bool blank(const struct ule_buffer *text) {
    for (size_t i = 0; i < text->size; i++) {
        if (text->bytes[i] != ' ' && text->bytes[i] != '\t')
            return false;
    }
    return true;
}

/* One line into `text`, and no more of it than `max`. */
static void take_line(struct ule_lines *lines) {
    ule_buffer_clear(&lines->text);
    lines->too_large = false;
    lines->number++;
    for (bool end = false; !end && fill(lines);) {
        const char *from = lines->chunk + lines->at;
        size_t left = lines->filled - lines->at;
        const char *newline = memchr(from, '\n', left);
        size_t size = newline ? (size_t)(newline - from) : left;
        lines->at += size + (newline != NULL);
        end = newline != NULL;
        size_t room = lines->max - lines->text.size;
        /* A carriage return before the line feed is not of the line, so it may stand behind a line of the largest size.
         */
        if (size > room && !(size == room + 1 && end && from[room] == '\r')) {
            lines->too_large = true;
            size = room;
        }
        ule_buffer_append(&lines->text, from, size);
    }
    if (!lines->too_large && lines->text.size && lines->text.bytes[lines->text.size - 1] == '\r')
        lines->text.size--;
}

enum ule_code ule_lines_next(struct ule_lines *lines, struct ule_error *error) {
    while (fill(lines)) {
        take_line(lines);
        if (!blank(&lines->text))
            return ULE_OK;
    }
    if (ferror(lines->file))
        return ule_fail(error, ULE_IO, "%s: %s", lines->path, strerror(errno));
    return ULE_END;
}

struct text {
    const uint8_t *at, *end;
};

static void skip_blanks(struct text *text) {
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t' || *text->at == '\r' || *text->at == '\n'))
        text->at++;
}

static bool take(struct text *text, char expected) {
    skip_blanks(text);
    if (text->at == text->end || *text->at != (uint8_t)expected)
        return false;
    text->at++;
    return true;
}

static bool skip_string(struct text *text) {
    if (!take(text, '"'))
        return false;
    while (text->at < text->end && *text->at != '"')
        text->at += *text->at == '\\' && text->end - text->at > 1 ? 2 : 1;
    if (text->at >= text->end)
        return false;
    text->at++;
    return true;
}

/* Over any value; brackets are counted, not matched: whether it is JSON is found out later. */
static bool skip_value(struct text *text) {
    size_t depth = 0;
    do {
        skip_blanks(text);
        if (text->at >= text->end)
            return false;
        if (*text->at == '"') {
            if (!skip_string(text))
                return false;
            continue;
        }
        if (*text->at == '{' || *text->at == '[')
            depth++;
        else if (*text->at == '}' || *text->at == ']') {
            if (depth == 0)
                return true;
            depth--;
        } else if (depth == 0) {
            while (text->at < text->end && *text->at != ',' && *text->at != '}')
                text->at++;
            return true;
        }
        text->at++;
    } while (depth > 0);
    return true;
}

static bool take_integer(const uint8_t *at, const uint8_t *end, int64_t *value) {
    uint64_t magnitude = 0;
    bool negative = at < end && *at == '-';
    at += negative;
    const uint8_t *first = at;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (magnitude > (uint64_t)INT64_MAX / 10 - 1)
            return false;
        magnitude = magnitude * 10 + (uint64_t)(*at - '0');
    }
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at > first && at == end;
}

static bool named(const uint8_t *from, const uint8_t *to, const char *name) {
    return (size_t)(to - from) == strlen(name) && memcmp(from, name, strlen(name)) == 0;
}

void ule_line_glimpse(const uint8_t *text, size_t size, struct ule_glimpse *glimpse) {
    *glimpse = (struct ule_glimpse){.offset = -1, .ts = ULE_TIME_NONE};
    struct text left = {text, text + size};
    if (!take(&left, '{'))
        return;
    do {
        skip_blanks(&left);
        const uint8_t *name = left.at + 1;
        if (!skip_string(&left))
            return;
        const uint8_t *name_end = left.at - 1;
        if (!take(&left, ':'))
            return;
        skip_blanks(&left);
        const uint8_t *value = left.at;
        int64_t integer;
        if (!skip_value(&left))
            return;
        if (left.at == left.end || !take_integer(value, left.at, &integer))
            continue; /* a number that ends where the text does may be cut */
        if (named(name, name_end, "partition") && integer >= 0 && integer <= INT32_MAX) {
            glimpse->has_partition = true;
            glimpse->partition = (int32_t)integer;
        } else if (named(name, name_end, "offset") && integer >= 0 && integer < INT64_MAX) {
            glimpse->has_offset = true;
            glimpse->offset = integer;
        } else if (named(name, name_end, "ts") && integer >= ULE_DATE_MIN * ULE_DAY_MS &&
                   integer <= (ULE_DATE_MAX - 1) * ULE_DAY_MS) {
            glimpse->has_ts = true;
            glimpse->ts = integer;
        }
    } while (take(&left, ','));
}
