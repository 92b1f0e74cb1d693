/* SPDX-License-Identifier: MIT */
/* A CPR extract, fed in pieces of any size: checks that it is whole and in order, and hands on one person at a time.
 * Order (CPR-kontoret): 000, all 997, each person's 001-099 but 003, all 003, 999, then any 910; 999 counts all but
 * 000, 999 and 910. What was handed on counts only when ule_cpr_reader_finish says that the extract was whole. */
#ifndef ULE_CPR_READER_H
#define ULE_CPR_READER_H

#include "cpr/person.h"

struct ule_cpr_reader;

struct ule_cpr_summary {
    uint64_t records; /* of any type */
    uint64_t persons; /* 001 */
    uint64_t ended;   /* 997: subscriptions that CPR has ended */
    uint64_t errors;  /* 910: orders that CPR could not follow */
    uint64_t unknown; /* of types that the layout does not have, stepped over */
};

/* Called once, by record 000: may refuse the extract. */
typedef enum ule_code ule_cpr_take_header(void *context, const struct ule_cpr_header *header, struct ule_error *error);
/* The person is valid until it returns. */
typedef enum ule_code ule_cpr_take_person(void *context, const struct ule_person_changed *person,
                                          struct ule_error *error);

/* `name` is the file's, for errors; it and `context` are borrowed. `header` may be NULL. */
struct ule_cpr_reader *ule_cpr_reader_new(const char *name, ule_cpr_take_header *header, ule_cpr_take_person *person,
                                          void *context);
void ule_cpr_reader_free(struct ule_cpr_reader *reader); /* takes NULL */
/* The first error is final: an extract is loaded whole or not at all. */
enum ule_code ule_cpr_reader_feed(struct ule_cpr_reader *reader, const void *bytes, size_t size,
                                  struct ule_error *error) ULE_MUST_CHECK;
enum ule_code ule_cpr_reader_finish(struct ule_cpr_reader *reader, struct ule_error *error) ULE_MUST_CHECK;
struct ule_cpr_summary ule_cpr_reader_summary(const struct ule_cpr_reader *reader);

#endif
