/* SPDX-License-Identifier: MIT */
/* What went wrong, for whom, and what the caller must do about it. Libraries fill a `struct ule_error`; only `main` and
 * the loop log it and act on it. A message never holds a person number, a birth date, a name or a payload: it names the
 * file, line, topic, partition, offset, record and field, and what was expected. */
#ifndef ULE_BASE_ERROR_H
#define ULE_BASE_ERROR_H

#include <stddef.h>

#define ULE_MUST_CHECK __attribute__((warn_unused_result))

/* The first group are data errors: they become the `error.code` header of a dead letter (design.md section 11), by
 * the name that ule_code_name gives. */
enum ule_code {
    ULE_OK = 0,
    ULE_FRAMING,          /* first byte is neither Confluent framing nor single-object encoding */
    ULE_SCHEMA_UNKNOWN,   /* no schema with that fingerprint or id */
    ULE_SCHEMA_MISMATCH,  /* a writer schema that cannot be read as ours */
    ULE_TRUNCATED,        /* bytes end inside a value, or are left after it */
    ULE_MALFORMED,        /* impossible length, union branch, boolean or varint; text that is not JSON */
    ULE_UTF8,             /* a string that is no UTF-8 or holds a NUL */
    ULE_ENUM_UNKNOWN,     /* an enum symbol we do not know */
    ULE_FIELD_MISSING,    /* a field without a default is absent */
    ULE_FIELD_TYPE,       /* a field of the wrong type (JSON) */
    ULE_DATE_IMPOSSIBLE,  /* a date or time that does not exist or is out of range */
    ULE_NUMBER_MALFORMED, /* not a person number (domain.md section 2) */
    ULE_ID_MALFORMED,     /* an id that is empty, longer than 120 bytes or holds control characters */
    ULE_KEY_MISMATCH,     /* the record's key is not the value's */
    ULE_FROM_THE_FUTURE,  /* changed_at more than a day after the record's timestamp */
    ULE_UNDER_AGE,        /* an ACTIVE credential below the scheme's minimum age (A4) */
    ULE_CONTRADICTION,    /* fields that cannot be true together */
    ULE_TOO_LARGE,        /* a value above the configured size */
    ULE_QUARANTINED,      /* to an entity whose messages are set aside since a process died on one, twice */
    ULE_POISON,           /* a record on which a process that reads an input died, twice */
    ULE_DATA_ERRORS_END,  /* not a code: all above are data errors */
    ULE_END,              /* nothing more to read: not an error */
    ULE_IO,               /* a file or socket; message holds strerror */
    ULE_STORE,            /* LMDB refused */
    ULE_CONFIG,           /* configuration */
    ULE_USAGE,            /* command line */
    ULE_GAP,              /* a CPR extract was missed (cpr-extract.md) */
    ULE_KAFKA,            /* a broker or librdkafka refused; the action says what to do */
    ULE_FENCED,           /* a rival with our ids lives: ends the process with status 78 */
    ULE_STATE,            /* a state folder that is another's, older, or does not fit this configuration */
    ULE_REGISTRY,         /* the schema registry's trouble: the action is RETRY */
};

enum ule_action { ULE_ACTION_NONE = 0, ULE_ACTION_RETRY, ULE_ACTION_DEAD_LETTER, ULE_ACTION_RESTART, ULE_ACTION_EXIT };

struct ule_error {
    enum ule_code code;
    enum ule_action action;
    char message[512]; /* truncated where it does not fit */
};

/* Fills *error (which may be NULL) and returns `code`. The action follows from the code: data errors DEAD_LETTER, all
 * others EXIT; a caller that knows better sets it afterwards. */
enum ule_code ule_fail(struct ule_error *error, enum ule_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "<text>: " in front of the message that is there: the place, added by the caller that knows it. Returns
 * error->code; for NULL ULE_MALFORMED, so that returning it never reads as success. */
enum ule_code ule_error_at(struct ule_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "TRUNCATED", "NUMBER_MALFORMED", ...; never NULL. */
const char *ule_code_name(enum ule_code code);

#endif
