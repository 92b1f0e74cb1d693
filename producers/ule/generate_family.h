/* SPDX-License-Identifier: MIT */
/* A made-up family: a household, and those who belong to its children without living there. */
#ifndef ULE_GENERATE_FAMILY_H
#define ULE_GENERATE_FAMILY_H

#include "ule/generate_world.h"

#include "records.h"

enum {
    ULE_GENERATE_PEOPLE = 8, /* the household is drawn with five at most; births make it more */
    ULE_GENERATE_FORMERS = 2,
    ULE_GENERATE_NOBODY = -1,
};

/* What is to happen in the family's first changes; without one they are drawn from what happens to anybody. */
enum ule_generate_plot {
    ULE_GENERATE_NO_PLOT,
    ULE_GENERATE_PLOT_PENDING,  /* swap told before CPR tells of the number */
    ULE_GENERATE_PLOT_IMPLICIT, /* swap told by the record alone, then undone */
    ULE_GENERATE_PLOT_REJECT,   /* swap told, then rejected by request */
    ULE_GENERATE_PLOT_WRONG,    /* made up with a wrong birth date: judged REJECTED, then confirmed */
    ULE_GENERATE_PLOT_CHAIN,    /* made up, made up anew by the next school, then real */
    ULE_GENERATE_PLOT_MERGE,    /* known to two institutions, by a made-up and by the real number */
    ULE_GENERATE_PLOT_DOUBLE,   /* two numbers alive in CPR: CONFLICT, until CPR deletes one */
    ULE_GENERATE_PLOT_SHARED,   /* two families got the same made-up number */
    ULE_GENERATE_PLOT_PERMIT,   /* a permit names the number that it replaces */
    ULE_GENERATE_PLOT_FORTRYD,  /* CPR changes the number, and back */
    ULE_GENERATE_PLOT_CONTACT,  /* a mother is listed by a made-up number, then by hers */
    ULE_GENERATE_PLOT_BOTH, /* a father works at the school by a number that CPR does not know, with MitID on both */
    ULE_GENERATE_PLOT_ELSEWHERE, /* the made-up number that has become the real one is told to be another's */
    ULE_GENERATE_PLOTS,
};

struct ule_generate_person {
    char number[11];                       /* what CPR calls the person, or will */
    char former[ULE_GENERATE_FORMERS][11]; /* newest last */
    unsigned formers;
    char known_as[11]; /* what institutions call the person; empty: nothing yet */
    char replaces[11]; /* told with the record */
    char alien[24];    /* empty: none */
    bool told;         /* CPR has told of the number */
    bool child, female, newborn, legacy;
    int32_t born;   /* as CPR has it */
    int32_t window; /* birth date before it was moved off 1 January */
    unsigned slot;
    unsigned given, family; /* names, by their place in the tables */
    enum ule_cpr_status status;
    int32_t since, emigrated_on, entered_on;
    enum ule_marital_status marital;
    int32_t citizenship, country;
    bool is_protected;
    int32_t protected_from;
    bool guarded;
    int mother, father;
    size_t custodies;
    struct { /* as struct ule_custody_row, `other` by place */
        enum ule_custody_holder holder;
        int other;
        int32_t from, until;
    } custody[2];
    struct {                               /* 0 NemID, 1 MitID */
        enum ule_credential_status status; /* NULL: there is none */
        enum ule_credential_assurance assurance;
        enum ule_credential_channel channel;
    } credential[2];
    bool enrolled; /* has a record */
    bool active;   /* and has not left */
    bool twice;    /* a second record, by the real number, at an institution of its own */
    enum ule_role role;
    bool special;      /* a level outside grades 0 to 10 */
    uint64_t district; /* where the institution is */
    bool permitted;
    enum ule_permit_ground ground;
    enum ule_permit_status permit;
    bool entitled;
};

struct ule_generate_family {
    uint64_t index;
    unsigned cohort;
    unsigned count;
    struct ule_generate_person people[ULE_GENERATE_PEOPLE];
    enum ule_generate_plot plot;
    int hero;                      /* the child that the plot is about */
    bool asserts;                  /* the institution asserts custody for all contacts */
    enum ule_access_level lowered; /* for the second contact; NULL: not */
    bool stranger;                 /* a contact known by name only, living abroad */
    bool young;                    /* lives alone, and is of an age for it */
    bool foreign;
    unsigned arrives; /* the step at which CPR tells of those from abroad */
    bool away;        /* the second adult has been abroad for years, and comes home at the step `returns` */
    unsigned returns;
};

/* As on the first day. */
void ule_generate_family_make(const struct ule_generate_world *world, uint64_t index,
                              struct ule_generate_family *family);
/* What the days alone bring until `day`: NemID closes, who is old enough for school goes there and not to day care, who
 * has been through it leaves. */
void ule_generate_family_age(struct ule_generate_family *family, int32_t day);
/* A child of the first two adults; NULL when there is no room. */
struct ule_generate_person *ule_generate_family_birth(struct ule_generate_family *family, int32_t date, unsigned nth,
                                                      uint64_t draw);
/* A second number of the same person. */
void ule_generate_second_number(const struct ule_generate_family *family, const struct ule_generate_person *person,
                                char number[static 11]);
/* The made-up one. */
void ule_generate_made_up(const struct ule_generate_family *family, const struct ule_generate_person *person,
                          unsigned style, char number[static 11]);
/* When NemID closes (domain.md section 10). */
int32_t ule_generate_nemid_closes(void);
/* Of the school year that the day is in, which begins in August: 0 in the year of the sixth birthday, less before. */
int ule_generate_level(const struct ule_generate_person *person, int32_t day);
int ule_generate_age(const struct ule_generate_person *person, int32_t date);

const char *ule_generate_given_name(bool female, unsigned index);
const char *ule_generate_family_name(unsigned index);

#endif
