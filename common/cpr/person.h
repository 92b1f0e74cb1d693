/* SPDX-License-Identifier: MIT */
/* A person of an extract: the records 001 to 099 of one number, put together to one PersonChanged (design.md section
 * 4). Replace on 001: nothing is carried over from an earlier group, so an absent record means removed. */
#ifndef ULE_CPR_PERSON_H
#define ULE_CPR_PERSON_H

#include "cpr/record.h"

#include "records.h"

/* More than CPR has ever had for one person, and a bound for what one person may cost. */
#define ULE_CPR_FORMER_MAX  64
#define ULE_CPR_CUSTODY_MAX 2 /* layout: 016 occurs at most twice */

struct ule_cpr_person {
    struct ule_person_changed changed;
    const char *former[ULE_CPR_FORMER_MAX];
    struct ule_custody_row custody[ULE_CPR_CUSTODY_MAX];
    struct ule_protection protection;
    struct ule_parent mother;
    struct ule_parent father;
    struct ule_guardianship guardianship;
    uint64_t seen;  /* a bit a record type: those that occur once */
    bool is_abroad; /* 005 was there: the journey in 024 is an older one */
};

/* Which extract the person comes from. */
struct ule_cpr_header {
    char task[7];
    int32_t produced;
    int32_t previous; /* production date of the extract before this one */
};

/* Begins with a record 001, or with a 997, which is all there is to that person. `record->arena` has to last until the
 * person was handed on. All return record->code. */
enum ule_code ule_cpr_person_begin(struct ule_cpr_person *person, const struct ule_cpr_header *header,
                                   struct ule_cpr_record *record) ULE_MUST_CHECK;
/* A later record of the same person; those that nobody needs are stepped over. */
enum ule_code ule_cpr_person_take(struct ule_cpr_person *person, struct ule_cpr_record *record) ULE_MUST_CHECK;
/* All records are there: person->changed is what the extract says. */
void ule_cpr_person_finish(struct ule_cpr_person *person, struct ule_arena *arena);

#endif
