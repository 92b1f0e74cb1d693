/* SPDX-License-Identifier: MIT */
/* Person numbers nobody has: all of them fail modulus 11, none is of a day for which CPR has run out of those that pass
 * (1 January; those born then are born on the 2nd here). No two persons get the same, and nothing is remembered for it:
 * a family is (cohort, place in it), its birth dates differ from those of all others of its cohort, and the cohort is
 * in the number's last four. Room: 200 cohorts of 6,570 families. */
#ifndef ULE_GENERATE_NUMBER_H
#define ULE_GENERATE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ULE_GENERATE_COHORTS = 200,
    ULE_GENERATE_WINDOW = 6570, /* days; birth dates of a kind lie in a window of so many */
    ULE_GENERATE_BIRTHS = 300,  /* a day at most */
};

/* Slots keep apart those of a family, a sex and a date: adults 0 and 1, the young 2, second numbers 2 (of 1) and 3;
 * children 0 to 2, the young born since 2000 and those born later 3. `date` is moved when it is 1 January. `second`:
 * another number of the same person. */
void ule_generate_number(int32_t *date, unsigned cohort, unsigned slot, bool female, bool second,
                         char number[static 11]);
/* Of the `nth` child born on a day of the period, nth < ULE_GENERATE_BIRTHS; not for 1 and 2 January. */
void ule_generate_newborn_number(int32_t date, unsigned nth, bool female, char number[static 11]);

enum ule_generate_style {
    ULE_GENERATE_DAY_AS_IT_IS, /* day + 60, the last four of the number to come */
    ULE_GENERATE_DAY_CHECKED,  /* day + 60, the last digit such that modulus 11 fits, where one does */
    ULE_GENERATE_KOT,          /* day + 60, three letters and the sex */
    ULE_GENERATE_HEALTH,       /* plain day, letters in positions 8-9 */
    ULE_GENERATE_STYLES,
};
/* A replacement number, made of what a school knows; `number` is the real one, `letters` two or more capitals. */
void ule_generate_replacement(const char *number, enum ule_generate_style style, const char *letters, bool female,
                              char replacement[static 11]);

#endif
