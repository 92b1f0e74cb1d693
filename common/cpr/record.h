/* SPDX-License-Identifier: MIT */
/* One record of a CPR extract and its fields, by the layout of CPR-kontoret's P12170 / U12160 (public specification).
 * Positions are 1-based, as the specification counts them. A field that cannot be read is remembered in the record, the
 * first one only, so a caller reads all it wants and looks at `code` once. No error shows what stands in a field. */
#ifndef ULE_CPR_RECORD_H
#define ULE_CPR_RECORD_H

#include "avro/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than the longest record (306) by enough that padding with blanks does no harm. */
#define ULE_CPR_RECORD_MAX 1024

struct ule_cpr_record {
    unsigned type;           /* 0..999 */
    uint64_t position;       /* in the file: the first is 1; the line where records are lines */
    const char *bytes;       /* ULE_CPR_RECORD_MAX of them, blanks behind what was delivered; not NUL-terminated */
    size_t size;             /* without trailing blanks */
    struct ule_arena *arena; /* for what the fields give; borrowed */
    enum ule_code code;      /* ULE_OK until a field cannot be read */
    struct ule_error *error; /* may be NULL */
};

/* Length of a record of the layout, the skipped ones too; 0 when the layout has no such type. */
size_t ule_cpr_record_length(unsigned type);
/* The first error in a record stays: what comes after it may only follow from it. Returns record->code. */
enum ule_code ule_cpr_record_fail(struct ule_cpr_record *record, enum ule_code code, const char *field,
                                  unsigned position, const char *expected);

/* `length` 8 (yyyymmdd), 10 (yyyy-mm-dd) or 12 (yyyymmddhhmm, of which the date counts). ULE_DATE_NONE for blanks,
 * zeros, and zeros in a part of it (domain.md section 2: an uncertain date counts as written, zeros as open). */
int32_t ule_cpr_date(struct ule_cpr_record *record, const char *field, unsigned position, unsigned length);
/* The mark beside a date: `*` or blank. */
bool ule_cpr_uncertain(struct ule_cpr_record *record, const char *field, unsigned position);
/* A person number: ten digits, as CPR knows no others. NULL for blanks or zeros. */
const char *ule_cpr_number(struct ule_cpr_record *record, const char *field, unsigned position);
/* A code of at most nine digits. ULE_INT_NULL for blanks or zeros. */
int32_t ule_cpr_code(struct ule_cpr_record *record, const char *field, unsigned position, unsigned length);
/* Words from ISO-8859-1 to UTF-8, blanks around them taken off. NULL when nothing is left. */
const char *ule_cpr_text(struct ule_cpr_record *record, unsigned position, unsigned length);
char ule_cpr_letter(const struct ule_cpr_record *record, unsigned position);

#endif
