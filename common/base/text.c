/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

/* Reads one code point and returns its length in bytes; 0 when it is malformed. */
static size_t decode(const uint8_t *bytes, size_t size, uint32_t *point) {
    uint8_t first = bytes[0];
    if (first < 0x80) {
        *point = first;
        return 1;
    }
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > size)
        return 0;
    uint32_t value = first & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3FU);
    }
    if ((length == 3 && value < 0x800) || (length == 4 && value < 0x10000))
        return 0; /* overlong */
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *point = value;
    return length;
}

bool ule_text_valid(const char *bytes, size_t size) {
    const uint8_t *at = (const uint8_t *)bytes;
    for (size_t i = 0; i < size;) {
        uint32_t point;
        size_t length = decode(at + i, size - i, &point);
        if (length == 0 || point == 0)
            return false;
        i += length;
    }
    return true;
}

bool ule_text_id(const char *text) {
    if (!text)
        return false;
    size_t size = strnlen(text, 121);
    if (size == 0 || size > 120)
        return false;
    const uint8_t *at = (const uint8_t *)text;
    for (size_t i = 0; i < size;) {
        uint32_t point;
        size_t length = decode(at + i, size - i, &point);
        if (length == 0 || point < 0x20 || (point >= 0x7F && point <= 0x9F))
            return false;
        i += length;
    }
    return true;
}

/* Unicode's simple lower case for Basic Latin, Latin-1 and Latin Extended-A. Its mappings there never need more bytes
 * than the letter itself. */
static uint32_t lower(uint32_t point) {
    if (point >= 'A' && point <= 'Z')
        return point + 0x20;
    if (point >= 0xC0 && point <= 0xDE && point != 0xD7)
        return point + 0x20;
    if (point < 0x100 || point > 0x17F)
        return point;
    if (point == 0x130)
        return 'i'; /* dotted capital I */
    if (point == 0x178)
        return 0xFF; /* capital Y with diaeresis */
    bool odd_is_capital = (point >= 0x139 && point <= 0x148) || (point >= 0x179 && point <= 0x17E);
    bool no_pair = point == 0x138 || point == 0x149 || point == 0x17F;
    return !no_pair && (point % 2 == 1) == odd_is_capital ? point + 1 : point;
}

static const char *fold(struct ule_arena *arena, const char *text, size_t size) {
    char *folded = ule_arena_alloc(arena, size + 1);
    size_t at = 0;
    for (size_t i = 0; i < size;) {
        uint32_t point = 0;
        size_t length = decode((const uint8_t *)text + i, size - i, &point);
        uint32_t folded_point = lower(point);
        if (length > 0 && folded_point < 0x80) {
            folded[at++] = (char)folded_point;
        } else if (length == 2) {
            folded[at++] = (char)(0xC0 | folded_point >> 6);
            folded[at++] = (char)(0x80 | (folded_point & 0x3F));
        } else { /* longer ones have no case here; what is no UTF-8 is taken as it is */
            if (length == 0)
                length = 1;
            memcpy(folded + at, text + i, length);
            at += length;
        }
        i += length;
    }
    return folded;
}

static const char blanks[] = " \t\n\r\f\v";

const char *ule_text_first_folded(struct ule_arena *arena, const char *names) {
    if (!names)
        return "";
    names += strspn(names, blanks);
    return fold(arena, names, strcspn(names, blanks));
}

const char *ule_text_last_folded(struct ule_arena *arena, const char *names) {
    if (!names)
        return "";
    size_t end = strlen(names);
    while (end > 0 && strchr(blanks, names[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && !strchr(blanks, names[start - 1]))
        start--;
    return fold(arena, names + start, end - start);
}

bool ule_text_equal(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}
