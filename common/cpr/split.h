/* SPDX-License-Identifier: MIT */
/* Bytes of an extract to records, fed in pieces of any size. The file itself says which of its two forms it has:
 * records as lines (LF or CRLF, right-trimmed or not), or one after another at the length of their type. Memory is one
 * record. */
#ifndef ULE_CPR_SPLIT_H
#define ULE_CPR_SPLIT_H

#include "cpr/record.h"

/* Takes one record; its `arena` and `error` are the callee's to set and `bytes` are valid until it returns. */
typedef enum ule_code ule_cpr_take_record(void *context, struct ule_cpr_record *record, struct ule_error *error);

enum ule_cpr_form { ULE_CPR_FORM_UNKNOWN = 0, ULE_CPR_FORM_LINES, ULE_CPR_FORM_FIXED };

struct ule_cpr_split {
    const char *name; /* of the file, for errors; borrowed */
    ule_cpr_take_record *take;
    void *context;
    enum ule_cpr_form form;
    uint64_t position; /* records taken, or lines begun */
    uint64_t offset;   /* bytes up to the record being gathered */
    bool ended;        /* record 999 has been: only 910, 0x1A and blanks may follow */
    size_t size;
    char bytes[ULE_CPR_RECORD_MAX];
};

void ule_cpr_split_init(struct ule_cpr_split *split, const char *name, ule_cpr_take_record *take, void *context);
/* The first error is final. It begins with the place: `name:line`, or name, record and byte where there are no lines.
 */
enum ule_code ule_cpr_split_feed(struct ule_cpr_split *split, const char *bytes, size_t size,
                                 struct ule_error *error) ULE_MUST_CHECK;
/* No more bytes: takes what is left, where it is a whole record. */
enum ule_code ule_cpr_split_finish(struct ule_cpr_split *split, struct ule_error *error) ULE_MUST_CHECK;
/* Puts the place where the file is in front of an error; returns `code`. */
enum ule_code ule_cpr_split_at(const struct ule_cpr_split *split, enum ule_code code, struct ule_error *error);

#endif
