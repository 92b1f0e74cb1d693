/* SPDX-License-Identifier: MIT */
#include "ule/generate_number.h"

#include "base/date.h"
#include "core/number.h"

#include <stdio.h>
#include <string.h>

enum { SECOND_JANUARY = 200, THIS_CENTURY = 400 };

/* The seventh digit says the century: 0-3 the last one, 4-9 this one until 2036 (domain.md section 2). */
static void write_number(int32_t date, unsigned three, unsigned slot, bool female, char number[static 11]) {
    int year, month, day;
    ule_date_to_ymd(date, &year, &month, &day);
    (void)snprintf(number, 11, "%02u%02u%02u%03u0", (unsigned)day % 100, (unsigned)month % 100, (unsigned)year % 100,
                   three % 1000);
    /* Of ten last digits at most one passes, so of the five of a sex at least four do not. */
    for (unsigned digit = female ? 0 : 1; digit < 10; digit += 2) {
        number[9] = (char)('0' + digit);
        if (!ule_number_modulus11(number) && slot-- == 0)
            return;
    }
}

static bool move_new_year(int32_t *date, int *year) {
    int month, day;
    ule_date_to_ymd(*date, year, &month, &day);
    const bool moved = month == 1 && day == 1;
    *date += moved;
    return moved;
}

void ule_generate_number(int32_t *date, unsigned cohort, unsigned slot, bool female, bool second,
                         char number[static 11]) {
    int year;
    const bool moved = move_new_year(date, &year);
    unsigned three = cohort;
    if (year < 2000) {
        three += moved ? SECOND_JANUARY : 0;
        slot = !second ? slot : slot == 1 ? 2 : 3;
    } else {
        three += THIS_CENTURY + (moved ? 2U * SECOND_JANUARY : second ? 1U * SECOND_JANUARY : 0U);
        slot = moved && second ? 3 : slot;
    }
    write_number(*date, three, slot, female, number);
}

void ule_generate_newborn_number(int32_t date, unsigned nth, bool female, char number[static 11]) {
    write_number(date, THIS_CENTURY + nth, 3, female, number);
}

void ule_generate_replacement(const char *number, enum ule_generate_style style, const char *letters, bool female,
                              char replacement[static 11]) {
    memcpy(replacement, number, 11);
    if (style == ULE_GENERATE_HEALTH) {
        memcpy(replacement + 7, letters, 2);
        return;
    }
    replacement[0] = (char)(replacement[0] + 6);
    if (style == ULE_GENERATE_KOT) {
        memcpy(replacement + 6, letters, 3);
        replacement[9] = female ? '2' : '1';
    } else if (style == ULE_GENERATE_DAY_CHECKED) {
        const char last = replacement[9];
        for (replacement[9] = '0'; replacement[9] <= '9'; replacement[9]++) {
            if (ule_number_modulus11(replacement))
                return;
        }
        replacement[9] = last;
    }
}
