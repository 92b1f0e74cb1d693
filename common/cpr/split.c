/* SPDX-License-Identifier: MIT */
#include "cpr/split.h"

#include <string.h>

#define END_OF_FILE 0x1a /* what some senders put behind the last record */
#define START_SIZE  35   /* record 000, by whose end the form is told */
#define LOOK_AHEAD  (START_SIZE + 3)

void ule_cpr_split_init(struct ule_cpr_split *split, const char *name, ule_cpr_take_record *take, void *context) {
    memset(split, 0, sizeof *split);
    split->name = name;
    split->take = take;
    split->context = context;
}

enum ule_code ule_cpr_split_at(const struct ule_cpr_split *split, enum ule_code code, struct ule_error *error) {
    const unsigned long long position = split->position > 0 ? split->position : 1;
    if (split->form == ULE_CPR_FORM_FIXED)
        ule_error_at(error, "%s: record %llu at byte %llu", split->name, position, (unsigned long long)split->offset);
    else
        ule_error_at(error, "%s:%llu", split->name, position);
    return code;
}

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

static bool is_filler(char byte) {
    return byte == ' ' || byte == '\r' || byte == '\n' || byte == END_OF_FILE;
}

/* -1 when the record does not begin with three digits. */
static int type_of(const char *bytes, size_t size) {
    if (size < 3 || !is_digit(bytes[0]) || !is_digit(bytes[1]) || !is_digit(bytes[2]))
        return -1;
    return (bytes[0] - '0') * 100 + (bytes[1] - '0') * 10 + (bytes[2] - '0');
}

/* The record gathered in split->bytes is whole: hands it over. */
static enum ule_code take(struct ule_cpr_split *split, struct ule_error *error) {
    size_t size = split->size;
    while (size > 0 && split->bytes[size - 1] == ' ')
        size--;
    const int type = type_of(split->bytes, size);
    if (type < 0)
        return ule_fail(error, ULE_MALFORMED, "record type (position 1): expected three digits");
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)split->bytes[i] < 0x20)
            return ule_fail(error, ULE_MALFORMED, "record %03d (position %zu): expected no control character", type,
                            i + 1);
    }
    memset(split->bytes + size, ' ', sizeof split->bytes - size);
    struct ule_cpr_record record = {
        .type = (unsigned)type, .position = split->position, .bytes = split->bytes, .size = size};
    const enum ule_code code = split->take(split->context, &record, error);
    if (type == 999)
        split->ended = true;
    return code;
}

static enum ule_code append(struct ule_cpr_split *split, const char *bytes, size_t size, struct ule_error *error) {
    if (size > sizeof split->bytes - split->size)
        return ule_fail(error, ULE_TOO_LARGE, "expected a record of the layout, not a line longer than %d",
                        ULE_CPR_RECORD_MAX);
    memcpy(split->bytes + split->size, bytes, size);
    split->size += size;
    return ULE_OK;
}

static enum ule_code end_line(struct ule_cpr_split *split, struct ule_error *error) {
    if (split->size > 0 && split->bytes[split->size - 1] == '\r')
        split->size--;
    bool filler = true;
    for (size_t i = 0; i < split->size && filler; i++)
        filler = is_filler(split->bytes[i]);
    if (filler)
        return split->ended ? ULE_OK : ule_fail(error, ULE_MALFORMED, "expected a record, not an empty line");
    return take(split, error);
}

static enum ule_code feed_lines(struct ule_cpr_split *split, const char *bytes, size_t size, struct ule_error *error) {
    const char *end = bytes + size;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const size_t length = (size_t)((newline ? newline : end) - bytes);
        if (split->size == 0)
            split->position++;
        enum ule_code code = append(split, bytes, length, error);
        if (!code && newline)
            code = end_line(split, error);
        if (code)
            return ule_cpr_split_at(split, code, error);
        if (!newline)
            break;
        split->size = 0;
        bytes = newline + 1;
    }
    return ULE_OK;
}

static enum ule_code feed_fixed(struct ule_cpr_split *split, const char *bytes, size_t size, struct ule_error *error) {
    const char *end = bytes + size;
    while (bytes < end) {
        if (split->size == 0) {
            if (split->ended && is_filler(*bytes)) {
                bytes++;
                split->offset++;
                continue;
            }
            split->position++;
        }
        size_t wanted = 3;
        if (split->size >= 3) {
            const int type = type_of(split->bytes, split->size);
            wanted = type < 0 ? 0 : ule_cpr_record_length((unsigned)type);
            if (wanted == 0) {
                const enum ule_code code =
                    type < 0 ? ule_fail(error, ULE_MALFORMED, "expected a record type of three digits")
                             : ule_fail(error, ULE_MALFORMED,
                                        "expected a record of the layout: %03d is of unknown length, and there are no "
                                        "line ends",
                                        type);
                return ule_cpr_split_at(split, code, error);
            }
        }
        size_t length = wanted - split->size;
        if (length > (size_t)(end - bytes))
            length = (size_t)(end - bytes);
        memcpy(split->bytes + split->size, bytes, length);
        split->size += length;
        bytes += length;
        if (wanted > 3 && split->size == wanted) {
            const enum ule_code code = take(split, error);
            if (code)
                return ule_cpr_split_at(split, code, error);
            split->offset += wanted;
            split->size = 0;
        }
    }
    return ULE_OK;
}

static enum ule_code feed(struct ule_cpr_split *split, const char *bytes, size_t size, struct ule_error *error) {
    return split->form == ULE_CPR_FORM_LINES ? feed_lines(split, bytes, size, error)
                                             : feed_fixed(split, bytes, size, error);
}

/* Fixed when the next record's type stands right behind record 000; else that record has a line of its own. */
static enum ule_code settle_form(struct ule_cpr_split *split, struct ule_error *error) {
    char start[LOOK_AHEAD];
    const size_t size = split->size;
    const bool fixed = size == LOOK_AHEAD && type_of(split->bytes + START_SIZE, 3) >= 0;
    memcpy(start, split->bytes, size);
    split->size = 0;
    split->form = fixed ? ULE_CPR_FORM_FIXED : ULE_CPR_FORM_LINES;
    return feed(split, start, size, error);
}

enum ule_code ule_cpr_split_feed(struct ule_cpr_split *split, const char *bytes, size_t size, struct ule_error *error) {
    while (split->form == ULE_CPR_FORM_UNKNOWN) {
        if (size == 0)
            return ULE_OK;
        const char byte = *bytes++;
        size--;
        split->bytes[split->size++] = byte;
        if (split->size == LOOK_AHEAD || byte == '\n') {
            const enum ule_code code = settle_form(split, error);
            if (code)
                return code;
        }
    }
    return feed(split, bytes, size, error);
}

enum ule_code ule_cpr_split_finish(struct ule_cpr_split *split, struct ule_error *error) {
    if (split->form == ULE_CPR_FORM_UNKNOWN && split->size > 0) {
        const enum ule_code code = settle_form(split, error);
        if (code)
            return code;
    }
    if (split->size == 0)
        return ULE_OK;
    enum ule_code code;
    if (split->form == ULE_CPR_FORM_FIXED) {
        code = ule_fail(error, ULE_TRUNCATED, "the file ends inside this record: expected its whole length");
    } else {
        while (split->size > 0 && split->bytes[split->size - 1] == END_OF_FILE)
            split->size--;
        code = end_line(split, error);
    }
    split->size = 0;
    return code ? ule_cpr_split_at(split, code, error) : ULE_OK;
}
