/* SPDX-License-Identifier: MIT */
/* A record type described once. `schemas/<Record>.avsc` is that description: at build time it becomes a plain C struct
 * and a table of fields (generated/records.h, records.c), and decoding, encoding, JSON, defaults, copying and
 * comparison all walk the table. No record has code of its own.
 *
 * How Avro becomes C
 *   record PersonChanged          struct ule_person_changed, and const struct ule_record ule_person_changed_record
 *   field `given_names`           member given_names (a C keyword gets a trailing underscore: case_)
 *   boolean                       bool
 *   int, long                     int32_t, int64_t
 *   int/date, long/timestamp-millis   int32_t days, int64_t ms (base/date.h)
 *   string                        const char *, NUL-terminated UTF-8
 *   bytes                         struct ule_bytes
 *   enum Role                     enum ule_role { ULE_ROLE_NULL = -1, ULE_ROLE_STUDENT, ... }
 *   record                        struct ule_x, by value
 *   array of string/enum/record   struct ule_strings / ule_ints / ule_xs_array {struct ule_x *items; size_t count;}
 *                                 (named struct ule_<x>_array); array of enum: struct ule_ints
 *   ["null", T]                   NULL for string; ULE_DATE_NONE, ULE_TIME_NONE, ULE_<ENUM>_NULL; for a record a
 *                                 pointer, NULL for null; for boolean enum ule_maybe; for a plain int or long
 *                                 ULE_INT_NULL / ULE_TIME_NONE; for bytes those whose `bytes` is NULL
 * Other unions, maps, fixed and floats are not used by our schemas (a writer's may hold them: they are skipped).
 * A named type that stands in several files must be the same in all; the generator refuses otherwise.
 * All pointers lead into the arena that the record was decoded to. */
#ifndef ULE_AVRO_RECORD_H
#define ULE_AVRO_RECORD_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ule_bytes {
    const uint8_t *bytes;
    size_t size;
};
struct ule_strings {
    const char **items;
    size_t count;
};
struct ule_ints {
    int32_t *items;
    size_t count;
};
enum ule_maybe { ULE_MAYBE_NULL = -1, ULE_MAYBE_FALSE, ULE_MAYBE_TRUE };
#define ULE_INT_NULL INT32_MIN

enum ule_kind {
    ULE_KIND_BOOLEAN,
    ULE_KIND_INT,
    ULE_KIND_LONG,
    ULE_KIND_DATE,
    ULE_KIND_TIME,
    ULE_KIND_STRING,
    ULE_KIND_BYTES,
    ULE_KIND_ENUM,
    ULE_KIND_RECORD,
};

struct ule_enum {
    const char *name;           /* "Role" */
    const char *const *symbols; /* in schema order: index = C value */
    size_t count;
};

struct ule_record;
struct ule_field {
    const char *name; /* as in the schema */
    enum ule_kind kind;
    bool nullable;
    bool array; /* an array of `kind`; never nullable at once */
    size_t offset;
    const struct ule_enum *symbols;  /* kind ENUM */
    const struct ule_record *record; /* kind RECORD */
    const char *default_json;        /* NULL: the field must be there */
};

/* A schema that a record once had (schemas/history): what was written by it is still read. */
struct ule_past_schema {
    uint64_t fingerprint;
    const char *json; /* NULL ends a list */
};

struct ule_record {
    const char *name; /* "PersonChanged" */
    size_t size;      /* of the struct */
    const struct ule_field *fields;
    size_t count;
    const char *schema_json; /* the .avsc, compact; NULL for a record defined inside another's file */
    uint64_t fingerprint;    /* CRC-64-AVRO of the schema's parsing canonical form */
    const void *blank;       /* a struct with all fields at their defaults, or zero or null; NULL: all zero bits */
    const uint8_t *by_name;  /* which field comes first, second, ... in the order of their names */
    const struct ule_past_schema *past; /* NULL: none */
};

/* Every record that has a file of its own, NULL-terminated. */
extern const struct ule_record *const ule_records[];
const struct ule_record *ule_record_named(const char *name); /* NULL when there is none */

/* All fields to their defaults, those without one to zero or null. Arena: for default strings and arrays. */
void ule_record_init(const struct ule_record *record, void *value, struct ule_arena *arena);

/* Avro binary by our own schema, no framing. `encode` appends. `decode` reads exactly `size` bytes: every length is
 * checked against what is left before anything is allocated, so hostile bytes cost no more than their own size.
 * *value is undefined after an error. */
void ule_record_encode(const struct ule_record *record, const void *value, struct ule_buffer *out);
enum ule_code ule_record_decode(const struct ule_record *record, const uint8_t *bytes, size_t size,
                                struct ule_arena *arena, void *value, struct ule_error *error) ULE_MUST_CHECK;

/* JSON as recordings have it (design.md sections 4 and 8): unions plain, dates and times ISO 8601, null written out,
 * bytes in hexadecimal. from_json: absent fields take the default, unknown ones are ignored, dates and times may be the
 * numbers that Avro has. The error names record and field, no value. */
json_t *ule_record_to_json(const struct ule_record *record, const void *value);
/* The text of the same, keys sorted, no blanks; appended. */
void ule_record_write_json(const struct ule_record *record, const void *value, struct ule_buffer *out);
/* A string with its quotes; false when it is not UTF-8. An integer. */
bool ule_json_string(struct ule_buffer *out, const char *text, size_t size) ULE_MUST_CHECK;
void ule_json_integer(struct ule_buffer *out, int64_t value);
enum ule_code ule_record_from_json(const struct ule_record *record, const json_t *json, struct ule_arena *arena,
                                   void *value, struct ule_error *error) ULE_MUST_CHECK;

/* Deep copy into an arena; equality of everything. */
void ule_record_copy(const struct ule_record *record, const void *value, struct ule_arena *arena, void *copy);
bool ule_record_equal(const struct ule_record *record, const void *a, const void *b);

#endif
