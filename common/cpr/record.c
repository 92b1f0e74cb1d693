/* SPDX-License-Identifier: MIT */
#include "cpr/record.h"

#include <string.h>

/* Lengths of P12170 / U12170: of what we read and of what we step over. */
static const struct {
    unsigned short type;
    unsigned short length;
} layout[] = {
    {0, 35},    /* start */
    {1, 106},   /* person */
    {2, 306},   /* address */
    {3, 249},   /* address in words */
    {4, 37},    /* protection */
    {5, 200},   /* emigration */
    {6, 203},   /* contact address */
    {7, 26},    /* disappearance */
    {8, 193},   /* name */
    {9, 37},    /* place of birth registration */
    {10, 30},   /* citizenship */
    {11, 25},   /* church */
    {12, 95},   /* civil status */
    {13, 36},   /* separation */
    {14, 23},   /* child */
    {15, 147},  /* parents */
    {16, 58},   /* custody */
    {17, 272},  /* guardianship */
    {18, 60},   /* municipal matters */
    {19, 75},   /* notes */
    {20, 47},   /* elections */
    {21, 63},   /* order to move */
    {22, 45},   /* former number */
    {23, 96},   /* former address */
    {24, 218},  /* former emigration and immigration */
    {25, 40},   /* former disappearance */
    {26, 173},  /* former name */
    {27, 44},   /* former citizenship */
    {28, 36},   /* former church */
    {29, 109},  /* former civil status */
    {30, 48},   /* former separation */
    {99, 45},   /* event */
    {910, 157}, /* error in what was ordered */
    {997, 43},  /* subscription ended */
    {999, 21},  /* end */
};

size_t ule_cpr_record_length(unsigned type) {
    for (size_t i = 0; i < sizeof layout / sizeof layout[0]; i++) {
        if (layout[i].type == type)
            return layout[i].length;
    }
    return 0;
}

enum ule_code ule_cpr_record_fail(struct ule_cpr_record *record, enum ule_code code, const char *field,
                                  unsigned position, const char *expected) {
    if (record->code == ULE_OK)
        record->code = ule_fail(record->error, code, "record %03u, %s (position %u): expected %s", record->type, field,
                                position, expected);
    return record->code;
}

static const char *at(const struct ule_cpr_record *record, unsigned position) {
    return record->bytes + position - 1;
}

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

static bool is_empty(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != ' ' && bytes[i] != '0' && bytes[i] != '-')
            return false;
    }
    return true;
}

static int digits(const char *bytes, size_t length) {
    int value = 0;
    for (size_t i = 0; i < length; i++)
        value = value * 10 + (bytes[i] - '0');
    return value;
}

int32_t ule_cpr_date(struct ule_cpr_record *record, const char *field, unsigned position, unsigned length) {
    const char *bytes = at(record, position);
    const bool dashes = length == 10;
    if (is_empty(bytes, length))
        return ULE_DATE_NONE;
    for (unsigned i = 0; i < length; i++) {
        const bool dash = dashes && (i == 4 || i == 7);
        if (dash ? bytes[i] != '-' : !is_digit(bytes[i])) {
            ule_cpr_record_fail(record, ULE_DATE_IMPOSSIBLE, field, position,
                                dashes         ? "yyyy-mm-dd, blanks or zeros"
                                : length == 12 ? "yyyymmddhhmm, blanks or zeros"
                                               : "yyyymmdd");
            return ULE_DATE_NONE;
        }
    }
    const int year = digits(bytes, 4);
    const int month = digits(bytes + (dashes ? 5 : 4), 2);
    const int day = digits(bytes + (dashes ? 8 : 6), 2);
    if (year == 0 || month == 0 || day == 0)
        return ULE_DATE_NONE;
    const int32_t date = ule_date_from_ymd(year, month, day);
    if (date == ULE_DATE_NONE)
        ule_cpr_record_fail(record, ULE_DATE_IMPOSSIBLE, field, position, "a day of the calendar");
    return date;
}

bool ule_cpr_uncertain(struct ule_cpr_record *record, const char *field, unsigned position) {
    const char mark = *at(record, position);
    if (mark != '*' && mark != ' ')
        ule_cpr_record_fail(record, ULE_MALFORMED, field, position, "* or blank");
    return mark == '*';
}

static bool is_all(const char *bytes, char byte, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != byte)
            return false;
    }
    return true;
}

/* False for blanks, zeros, and for anything but digits, which is an error. */
static bool has_digits(struct ule_cpr_record *record, enum ule_code code, const char *field, unsigned position,
                       unsigned length, const char *expected) {
    const char *bytes = at(record, position);
    if (is_all(bytes, ' ', length) || is_all(bytes, '0', length))
        return false;
    for (unsigned i = 0; i < length; i++) {
        if (!is_digit(bytes[i])) {
            ule_cpr_record_fail(record, code, field, position, expected);
            return false;
        }
    }
    return true;
}

const char *ule_cpr_number(struct ule_cpr_record *record, const char *field, unsigned position) {
    return has_digits(record, ULE_NUMBER_MALFORMED, field, position, 10, "ten digits, blanks or zeros")
               ? ule_arena_substring(record->arena, at(record, position), 10)
               : NULL;
}

int32_t ule_cpr_code(struct ule_cpr_record *record, const char *field, unsigned position, unsigned length) {
    return has_digits(record, ULE_MALFORMED, field, position, length, "a code of digits, blanks or zeros")
               ? digits(at(record, position), length)
               : ULE_INT_NULL;
}

const char *ule_cpr_text(struct ule_cpr_record *record, unsigned position, unsigned length) {
    const char *bytes = at(record, position);
    while (length > 0 && *bytes == ' ') {
        bytes++;
        length--;
    }
    while (length > 0 && bytes[length - 1] == ' ')
        length--;
    if (length == 0)
        return NULL;
    char *text = ule_arena_alloc(record->arena, 2 * (size_t)length + 1);
    char *end = text;
    for (unsigned i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x80) {
            *end++ = (char)byte;
        } else { /* ISO-8859-1 is the first 256 code points */
            *end++ = (char)(0xc0 | (byte >> 6));
            *end++ = (char)(0x80 | (byte & 0x3f));
        }
    }
    return text;
}

char ule_cpr_letter(const struct ule_cpr_record *record, unsigned position) {
    return *at(record, position);
}
