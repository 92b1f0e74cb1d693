/* SPDX-License-Identifier: MIT */
/* What the four translations ask of every source record (design.md sections 3, 4 and 11; domain.md section 2). The
 * first failure sticks to the check and every later question is passed over, so that a translation reads as the list
 * of what it asks. Messages name the field and what was expected, never a value.
 *
 * Texts that stand for nothing (empty, or blanks only) become null where null is allowed: a system that sends "" for
 * a name does not state a name (domain.md section 2, where two that are both stated are compared). */
#ifndef ULE_CORE_CHECK_H
#define ULE_CORE_CHECK_H

#include "base/arena.h"
#include "base/date.h"
#include "base/error.h"

#include <stdint.h>

struct ule_check {
    struct ule_arena *arena; /* borrowed: stored forms of numbers live there */
    struct ule_error *error; /* borrowed; may be NULL */
    enum ule_code code;      /* the first failure */
    unsigned ignored;        /* numbers and entries taken as absent (domain.md section 2: "and counted") */
};

/* Fails unless it has failed before: "<field>: <expected>". */
void ule_check_fail(struct ule_check *check, enum ule_code code, const char *field, const char *expected);

/* event_id is an id; changed_at lies in the years 1900 to 9999 (ULE_DATE_IMPOSSIBLE) and at most a day after `ts`
 * (ULE_FROM_THE_FUTURE; ULE_TIME_NONE: the record has no timestamp, nothing to compare). */
void ule_check_event(struct ule_check *check, const char *event_id, int64_t changed_at, int64_t ts);
/* 1-120 bytes of UTF-8 without control characters: ULE_ID_MALFORMED. */
void ule_check_id(struct ule_check *check, const char *field, const char *id);
void ule_check_optional_id(struct ule_check *check, const char *field, const char **id);
/* Six of 0-9 A-Z: ULE_ID_MALFORMED. Small letters are refused, not raised: the key would be another. */
void ule_check_institution(struct ule_check *check, const char *field, const char *number);
/* UTF-8: ULE_UTF8. */
void ule_check_text(struct ule_check *check, const char *field, const char **text);
/* ULE_DATE_NONE, or of the years 1 to 9999: ULE_DATE_IMPOSSIBLE. */
void ule_check_date(struct ule_check *check, const char *field, int32_t date);
/* ULE_INT_NULL, or four digits, as CPR writes countries and municipalities: ULE_MALFORMED. */
void ule_check_register_code(struct ule_check *check, const char *field, int32_t code);

/* A person number that must be one: put in stored form, else ULE_NUMBER_MALFORMED. The optional one may be null. */
void ule_check_number(struct ule_check *check, const char *field, const char **number);
void ule_check_optional_number(struct ule_check *check, const char *field, const char **number);
/* A person number that somebody else is named by: put in stored form; one that is malformed becomes null and is
 * counted. */
void ule_check_reference(struct ule_check *check, const char **number);
/* Takes a number away that makes no sense where it stands, and counts it. */
void ule_check_ignore(struct ule_check *check, const char **number);

/* An alien, permit or credential id that is written like a person number (six digits that are a date, a hyphen, four
 * characters) or is the number of the same record stands in the wrong field: ULE_CONTRADICTION. Ten characters alone
 * may be an id like any other. */
void ule_check_no_number(struct ule_check *check, const char *field, const char *id, const char *number);

/* The record's key; NULL is not checked. Compared as bytes, by the second as person numbers: ULE_KEY_MISMATCH. */
void ule_check_key(struct ule_check *check, const char *key, const char *expected);
void ule_check_number_key(struct ule_check *check, const char *key, const char *number);

/* The end of a translation: on success sets *entity and *ignored (which may be NULL). */
enum ule_code ule_check_end(const struct ule_check *check, const char *owner, const char **entity, unsigned *ignored);

#endif
