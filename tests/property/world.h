/* SPDX-License-Identifier: MIT */
/* A small made-up world that changes for some days: children, parents and strangers, schools, custody, permits,
 * credentials and requests, and numbers that change in every way in which domain.md section 6 knows of. All of it
 * follows from one seed. The result is what the sources would have sent: records with their stamps, in order. */
#ifndef ULE_TESTS_PROPERTY_WORLD_H
#define ULE_TESTS_PROPERTY_WORLD_H

#include "core/policy.h"
#include "loop/source.h"
#include "records.h"

#include <stdbool.h>

enum {
    WORLD_PERSONS = 10, /* at most */
    WORLD_INSTITUTIONS = 3,
    WORLD_NUMBERS = 3, /* a person's: made up, real, and the real one that replaces it */
    WORLD_RECORDS = 14,
    WORLD_CONTACTS = 4, /* of a record */
    WORLD_PERMITS = 4,
    WORLD_CREDENTIALS = 10,
    WORLD_MADE_UP = 0,
    WORLD_REAL = 1,
    WORLD_SECOND = 2,
    WORLD_ALIEN = -1,
};

/* What may happen. */
enum world_feature {
    WORLD_SWAPS = 1,   /* numbers that change, and requests about them */
    WORLD_LEAVING = 2, /* records that are no longer active */
    WORLD_VOID = 4,    /* CPR statuses that carry no facts */
    WORLD_STALE = 8,   /* versions that come twice or too late */
    WORLD_DAYS = 16,   /* more than one day */
    WORLD_ALL = 31,
};

/* In the order of ule_sources. */
enum world_source { WORLD_CPR, WORLD_PERMIT, WORLD_CREDENTIAL, WORLD_LOCAL, WORLD_REQUEST };

struct world_event {
    enum world_source source;
    const char *key;
    int64_t ts;
    int32_t day;
    const void *record; /* a struct of ule_sources[source].record */
};

struct world_person {
    bool child;
    int32_t birth;
    char numbers[WORLD_NUMBERS][11];
    char alien[12];
    char given[16], family[16], alias[16];
    int says;                                     /* which of its numbers others use, or WORLD_ALIEN */
    struct ule_person_changed cpr[WORLD_NUMBERS]; /* the newest; number NULL where CPR has told nothing */
};

struct world_record {
    int person;
    int contacts[WORLD_CONTACTS]; /* who is meant by each entry */
    struct ule_institution_person_changed value;
};

struct world {
    uint64_t seed, random;
    unsigned features;
    bool shown; /* ULE_SHOW: the events are printed, and the swaps as they are published */
    struct ule_arena *arena;
    struct ule_policy policy;
    int32_t day;
    int64_t ts;
    struct world_event *events;
    size_t events_count, events_room;

    struct world_person persons[WORLD_PERSONS];
    int persons_count, children;
    char institutions[WORLD_INSTITUTIONS][7];
    enum ule_institution_kind kinds[WORLD_INSTITUTIONS];
    int institutions_count;
    struct world_record records[WORLD_RECORDS];
    int records_count;
    struct ule_residence_permit_changed permits[WORLD_PERMITS];
    int permits_count;
    struct ule_credential_changed credentials[WORLD_CREDENTIALS];
    int credentials_count;
};

/* Free with world_free. `changes`: how many after everybody has been introduced. */
struct world *world_new(uint64_t seed, unsigned features, int changes);
void world_free(struct world *world);
/* 0 <= the result < bound. */
int world_draw(struct world *world, int bound);
bool world_chance(struct world *world, int percent);

/* One change more, of whatever kind. */
void world_change(struct world *world);
void world_swap(struct world *world); /* a number changes, in one of the ways of section 6 */
void world_next_day(struct world *world, int days);
/* Sends the current version of a record with a new stamp. */
void world_emit_cpr(struct world *world, int person, int number);
void world_emit_record(struct world *world, int index);
void world_emit_permit(struct world *world, int permit);
void world_emit_credential(struct world *world, int credential);
void world_emit_request(struct world *world, enum ule_request_kind kind, const char *institution, const char *number,
                        const char *other);

/* The number others know a person by now; NULL while it is an alien id. */
const char *world_number(const struct world *world, int person);
/* CPR tells of a person's number in a status that counts, with what it told before of the person. */
void world_cpr_counts(struct world *world, int person, int number);
/* An own record of a person; NULL when there is none at that institution. Makes one. */
struct world_record *world_enrol(struct world *world, int person, int institution);
/* A contact entry for `contact` in a record; NULL when there is no room. Found or made. */
struct ule_contact *world_list(struct world *world, struct world_record *record, int contact);
/* A credential of that person's number, new or the one that is there. */
void world_credential(struct world *world, int person, int number, enum ule_credential_status status,
                      enum ule_credential_assurance assurance);

/* How numbers are shown: "p-" and a hash. */
const char *world_mask(struct ule_arena *arena, const char *number);
/* The events in words, without a number. */
void world_print(const struct world *world);

#endif
