/* SPDX-License-Identifier: MIT */
#include "core/number.h"

#include "base/date.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* One of the ten characters of a number, of which all but normalising asks only this. */
#define LETTER 'A'

static const char *read_character(const char *text, char character[static 3]) {
    unsigned char first = (unsigned char)text[0];
    character[1] = '\0';
    if ((first >= '0' && first <= '9') || (first >= 'A' && first <= 'Z')) {
        character[0] = (char)first;
        return text + 1;
    }
    if (first >= 'a' && first <= 'z') {
        character[0] = (char)(first - 'a' + 'A');
        return text + 1;
    }
    if (first != 0xC3)
        return NULL;
    /* Æ Å Ø are C3 86, C3 85, C3 98; the small ones are 20 higher. */
    unsigned char second = (unsigned char)text[1] & 0xDFU;
    if ((unsigned char)text[1] < 0x80 || (second != 0x86 && second != 0x85 && second != 0x98))
        return NULL;
    character[0] = (char)0xC3;
    character[1] = (char)second;
    character[2] = '\0';
    return text + 2;
}

bool ule_number_normalise(const char *text, char number[static 21]) {
    if (!text)
        return false;
    char stored[2 * ULE_NUMBER_LENGTH + 1];
    size_t size = 0;
    for (int position = 0; position < ULE_NUMBER_LENGTH; position++) {
        if (position == 6 && *text == '-')
            text++;
        char character[3];
        text = read_character(text, character);
        if (!text)
            return false;
        for (const char *byte = character; *byte; byte++)
            stored[size++] = *byte;
    }
    if (*text)
        return false;
    stored[size] = '\0';
    memcpy(number, stored, size + 1);
    return true;
}

/* The ten characters, with LETTER for every letter; false when the text is no stored form. */
static bool shape(const char *number, char characters[static ULE_NUMBER_LENGTH]) {
    if (!number)
        return false;
    for (int position = 0; position < ULE_NUMBER_LENGTH; position++) {
        char character[3];
        number = read_character(number, character);
        if (!number)
            return false;
        characters[position] = character[0] >= '0' && character[0] <= '9' ? character[0] : LETTER;
    }
    return *number == '\0';
}

static int two(const char *characters) {
    return (characters[0] - '0') * 10 + (characters[1] - '0');
}

static bool all_digits(const char *characters, int count) {
    for (int i = 0; i < count; i++) {
        if (characters[i] == LETTER)
            return false;
    }
    return true;
}

/* "KOT": three letters, then 1 or 2. "Health": a digit, two letters, a digit. */
static bool letter_style(const char last_four[static 4]) {
    bool letters = last_four[1] == LETTER && last_four[2] == LETTER;
    if (!letters)
        return false;
    if (last_four[0] == LETTER)
        return last_four[3] == '1' || last_four[3] == '2';
    return last_four[3] != LETTER;
}

static int plain_day(int day) {
    return day >= 61 && day <= 91 ? day - 60 : day;
}

bool ule_number_is_replacement(const char *number) {
    char characters[ULE_NUMBER_LENGTH];
    if (!shape(number, characters) || !all_digits(characters, 6))
        return false;
    return plain_day(two(characters)) != two(characters) || letter_style(characters + 6);
}

bool ule_number_is_unknown(const char *number) {
    char characters[ULE_NUMBER_LENGTH];
    if (!shape(number, characters))
        return true;
    if (!all_digits(characters + 6, 4) && !letter_style(characters + 6))
        return true;
    return ule_number_birth_date(number) == ULE_DATE_NONE;
}

static int century(const char characters[static ULE_NUMBER_LENGTH], int year) {
    if (!all_digits(characters + 6, 4))
        return year <= 36 ? 2000 : 1900;
    switch (characters[6]) {
    case '0':
    case '1':
    case '2':
    case '3': return 1900;
    case '4':
    case '9': return year <= 36 ? 2000 : 1900;
    default: return year <= 57 ? 2000 : 1800;
    }
}

int32_t ule_number_birth_date(const char *number) {
    char characters[ULE_NUMBER_LENGTH];
    if (!shape(number, characters) || !all_digits(characters, 6))
        return ULE_DATE_NONE;
    int year = two(characters + 4);
    return ule_date_from_ymd(century(characters, year) + year, two(characters + 2), plain_day(two(characters)));
}

bool ule_number_ddmmyy(const char *number, char text[static 7]) {
    char characters[ULE_NUMBER_LENGTH];
    if (!shape(number, characters) || !all_digits(characters, 6))
        return false;
    memcpy(text, characters, 6);
    text[6] = '\0';
    int day = plain_day(two(characters));
    text[0] = (char)('0' + day / 10);
    text[1] = (char)('0' + day % 10);
    return true;
}

void ule_number_ddmmyy_of(int32_t date, char text[static 7]) {
    int year, month, day;
    ule_date_to_ymd(date, &year, &month, &day);
    (void)snprintf(text, 7, "%02u%02u%02u", (unsigned)day % 100U, (unsigned)month % 100U, (unsigned)year % 100U);
}

bool ule_number_modulus11(const char *number) {
    static const int weights[ULE_NUMBER_LENGTH] = {4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    char characters[ULE_NUMBER_LENGTH];
    if (!shape(number, characters) || !all_digits(characters, ULE_NUMBER_LENGTH))
        return false;
    int sum = 0;
    for (int i = 0; i < ULE_NUMBER_LENGTH; i++)
        sum += (characters[i] - '0') * weights[i];
    return sum % 11 == 0;
}
