/* SPDX-License-Identifier: MIT */
/* Person numbers by what can be told from the ten characters alone (domain.md section 2). */
#ifndef ULE_CORE_NUMBER_H
#define ULE_CORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define ULE_NUMBER_LENGTH 10

/* Writes the stored form (no hyphen, letters raised, Æ Ø Å as UTF-8; so up to 20 bytes and a NUL) and returns true;
 * false when it is malformed: not ten characters of 0-9 A-Z Æ Ø Å, or a hyphen elsewhere than after the sixth.
 * Letters among the first six are no calendar date, so such a number is UNKNOWN, not malformed. NULL is malformed. */
bool ule_number_normalise(const char *text, char number[static 21]);

/* A replacement number (fiktivt CPR-nummer): day 61-91; or letters in positions 7-9, KOT style (three letters, then
 * 1 or 2), also with a plain day; or letters in positions 8-9, health style (a digit, two letters, a digit). */
bool ule_number_is_replacement(const char *number);
/* The first six (day less 60 where it is 61-91) are no calendar date, or the last four are neither digits nor one of
 * the two letter styles: class UNKNOWN unless it is a replacement or CPR has told of it. */
bool ule_number_is_unknown(const char *number);
/* The date the number itself says, day less 60 where it is 61-91; century by the 7th digit, without one 00-36 → 2000s,
 * else 1900s; ULE_DATE_NONE when there is none. */
int32_t ule_number_birth_date(const char *number);
/* DDMMYY with day less 60, as it stands in the number: what "birth dates agree" compares (domain.md section 6).
 * Writes six characters and a NUL; false when the six are no digits. */
bool ule_number_ddmmyy(const char *number, char text[static 7]);
/* The same of a date. */
void ule_number_ddmmyy_of(int32_t date, char text[static 7]);
/* Weights 4 3 2 7 6 5 4 3 2 1. A property that may be reported; never a reason to reject. */
bool ule_number_modulus11(const char *number);

#endif
