/* SPDX-License-Identifier: MIT */
/* The log of look-ups where there is no Kafka: `audit.jsonl` beside a state, one CprTransaction a line (S4 § 4,
 * domain.md section 9). Only ever appended to, readable by its owner alone. */
#ifndef ULE_AUDIT_H
#define ULE_AUDIT_H

#include "base/error.h"
#include "records.h"

#include <stdint.h>

#define ULE_AUDIT_FILE "audit.jsonl"

/* What was looked up, by whom and why; all borrowed. */
struct ule_audit_lookup {
    int64_t at;          /* ms since 1970 UTC */
    const char *actor;   /* operating-system user */
    const char *purpose; /* in the user's words */
    const char *person;  /* pseudonym */
    int64_t count;       /* persons found */
    struct ule_strings fields;
};

/* The name of the user that this process works for, copied into `name`; the number of the user where it has no name. */
void ule_audit_actor(char *name, size_t size);
/* NULL, or why a purpose cannot stand in the log: empty, no text, or what looks like a person number in it. */
const char *ule_audit_refuse_purpose(const char *text);
/* Appends to `dir`/audit.jsonl and returns when it is on disk; two at once write one after the other. After an error
 * nothing of it is in the file. */
enum ule_code ule_audit_append(const char *dir, const struct ule_audit_lookup *lookup,
                               struct ule_error *error) ULE_MUST_CHECK;

#endif
