/* SPDX-License-Identifier: MIT */
/* Inside the core: a person while it is derived. person.c gathers what is known, then each rule adds what follows from
 * it, in the order of the prototypes below. */
#ifndef ULE_CORE_PERSON_H
#define ULE_CORE_PERSON_H

#include "core/derive.h"

#define ULE_AGE_ADULT          18
#define ULE_AGE_SELF_ENROLMENT 15

/* What one entity tells: its own word and, once a swap is completed, what it told the number that was replaced. */
struct ule_voice {
    const char *sender;
    struct ule_tell *tell;
};
struct ule_voice_array {
    struct ule_voice *items;
    size_t count;
};

/* A number that is said to replace this one, or to have been replaced by it (domain.md section 6). */
struct ule_pair {
    const char *number;
    const struct ule_pair_tell *heard; /* NULL until it has said something */
    struct ule_telling_array out;      /* this number -> that one */
    struct ule_telling_array back;
    bool cpr_out;  /* CPR says so */
    bool in_force; /* the swap out stands */
    bool wanted;   /* there is something to tell it */
    struct ule_pair_tell *tell;
};
struct ule_pair_array {
    struct ule_pair *items;
    size_t count;
};

/* Addresses to tell of the child: those that are named, and all on the way to what became of them. */
struct ule_told_of {
    struct ule_strings all;     /* of an enrolled child */
    struct ule_strings parents; /* named as parents: of a minor that is not */
};

/* One contact of a child: every number and alien id that turned out to be the same person (domain.md section 3). */
struct ule_relation {
    const char *address;                 /* at the end of the swaps */
    struct ule_strings named;            /* the addresses that CPR or a record names */
    struct ule_told_of told;             /* those that make it a contact, and all on the way to `address` */
    const struct ule_contact_view *view; /* of `address`; NULL until it has answered */
    bool mother, father;                 /* record 015 */
    bool row;                            /* named in a custody row of any date */
    bool custody;                        /* in force today */
    bool presumed;                       /* custody.unregistered = presume-parents */
    bool asserted;                       /* child_custody by an active record */
    bool listed, legacy, foreign, private;
    enum ule_access_level lowered; /* the lowest stated; ULE_ACCESS_LEVEL_NULL when none is */
    enum ule_contact_relationship relation;
    enum ule_authority authority; /* but for the contact's own death */
    bool contradicted;            /* CUSTODY_ASSERTED_AGAINST_CPR */
    bool flagged;                 /* asserted, and the policy only flags it */
    const char *source;           /* of the lowest listing */
    const char *given_names, *family_name;
    int32_t country;
    const char *country_source; /* of the lowest listing that states it */
    struct ule_strings institutions;
    bool enrols; /* the relation that is published has ENROL_CHILD */
};
struct ule_relation_array {
    struct ule_relation *items;
    size_t count;
};

struct ule_person {
    struct ule_derive *derive;
    struct ule_person_state *state;
    struct ule_arena *arena;
    const char *number; /* NULL for an alien id or a record without either */
    struct ule_voice_array voices;
    struct ule_pair_array pairs;
    struct ule_strings disputed;  /* sources whose word on this number does not count */
    struct ule_strings disputing; /* institutions of the disputed that name this number today */
    bool dispute_open;

    /* CPR */
    const struct ule_person_changed *newest; /* its status counts; NULL when CPR has told nothing */
    const struct ule_person_changed *facts;  /* the newest with facts; NULL when there are none */
    const struct ule_person_changed *kept;   /* the same also when it is minimised: links and protection only */
    enum ule_number_class number_class;
    bool dead, gone; /* gone: status 30, or 50 or 60 without a current number */
    int32_t birth_date;

    /* re-registration */
    const char *moved_to;      /* completed, or NULL */
    bool frozen, taken;        /* moved_to publishes, and has said so */
    bool taking;               /* a loan is accepted and not here yet: no account is made meanwhile */
    struct ule_strings became; /* this address, and those that have become it */
    bool awaited;              /* R of a swap that waits for CPR */

    /* roles: active records that count here, by (institution, local id) */
    const struct ule_institution_person_changed **records;
    size_t records_count;
    struct ule_institution_request_array requests;
    bool enrolled, student; /* STUDENT or CHILD; STUDENT of grades 8-10 */

    struct ule_relation_array relations; /* as a child */
    struct ule_told_of selves;           /* named as contacts, and none: what became this child, holders out of force */
    bool adult, married;

    /* as a contact */
    bool listed, living, legacy, foreign, private_tie, related, child_of_enrolled;

    /* credentials, best of all on this number */
    bool credential_active, credential_high, credential_lost;
    const struct ule_credential_changed *credential_newest;

    struct ule_account *account; /* of this person, NULL when there is none */
    enum ule_account_state account_state;
    enum ule_assurance assurance;
    const char *reason;
    bool support, support_withdrawn;
};

/* person.c */
/* All of what ule_person_derive finds out, for who has to tell it: *person lives in derive's arena and borrows
 * derive. */
void ule_person_work_out(struct ule_derive *derive, struct ule_person *person);
struct ule_voice *ule_person_voice(struct ule_person *person, const char *sender);
/* An active record or a listing of this person is that institution's (domain.md section 6, Requests). */
bool ule_person_standing(const struct ule_voice_array *voices, const char *institution);
/* (institution, local id) compared as text. */
int ule_record_order(const struct ule_institution_person_changed *a, const struct ule_institution_person_changed *b);
bool ule_level_of_optagelse(const struct ule_institution_person_changed *record);

/* A file a rule. */
void ule_dispute_derive(struct ule_person *person); /* section 2: two persons, one made-up number */
void ule_class_derive(struct ule_person *person);   /* section 2: number class, birth date */
bool ule_class_counts(enum ule_cpr_status status);
void ule_ring_derive(struct ule_person *person);         /* section 6: swaps that go round */
void ule_renumber_collect(struct ule_person *person);    /* section 6: what was told */
void ule_loan_derive(struct ule_person *person);         /* section 6: swaps to this number */
void ule_credential_best(struct ule_person *person);     /* A4, A6 */
void ule_custody_derive(struct ule_person *person);      /* section 3: who holds custody of this child */
void ule_relation_derive(struct ule_person *person);     /* section 5: authority; tells of row 6 */
void ule_account_derive(struct ule_person *person);      /* A1-A8 */
void ule_renumber_derive(struct ule_person *person);     /* section 6: swaps from this number; tells of rows 4 and 5 */
void ule_relation_publish(struct ule_person *person);    /* section 5: access */
void ule_account_publish(struct ule_person *person);     /* A9, E1, E2; tells of row 7 */
void ule_pupil_derive(struct ule_person *person);        /* section 7 */
void ule_person_cases(struct ule_person *person);        /* section 8 */
void ule_subscription_derive(struct ule_person *person); /* section 9 */

/* names.c: A9 into the account's fields */
bool ule_names_protected(struct ule_person *person);
void ule_names_derive(struct ule_person *person, struct ule_account_changed *account);
/* request.c: the newest request of one of two kinds */
const char *ule_request_enrolled_by(struct ule_person *person);
void ule_request_support(struct ule_person *person);
void ule_request_take(struct ule_derive *derive);
/* loan.c */
struct ule_account *ule_loan_main_account(struct ule_person *person);
bool ule_loan_absorbed(struct ule_person *person, const char *user_key);
bool ule_loan_of_account(const struct ule_published *entry, const char *user_key);
struct ule_pair *ule_renumber_pair(struct ule_person *person, const char *number); /* found or added */

#endif
