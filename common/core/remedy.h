/* SPDX-License-Identifier: MIT */
/* What helps a person who is stuck: the remedy that a case publishes (domain.md section 8; S0 is
 * cases-om-cpr-og-nemid, S2 borgere-i-udlandet-n1.7, S3 administrative-personnumre-jobnet).
 *
 * Two steps. Facts become one *route*: the way to a number for a person who has none, the way to a credential for one
 * who has. The remedy is the first row of one table that names the case and that route, or the case and any route.
 *
 * Ways to a number
 *   diplomat                 Identity Card from the Protocol, when registered (S0, Diplomatfamilier)
 *   diplomat's family        Residence Permit Card from the Protocol, on arrival (S0)
 *   asylum, pending family reunification
 *                            a child that is or is about to be taught in the folkeskole: Borgerservice, identity from
 *                            UIS (S0, Asylansøgerbørn, CPR case 1); a child in day care: when its schooling nears;
 *                            an adult: none yet
 *   asylum, personal assistance; EU job seeker; EU employment or Danish-language offer
 *                            the jobcenter (S3), whether or not the person is entitled to a number otherwise. A child
 *                            that is taught goes to Borgerservice all the same
 *   refugee, § 9 (1) 2, 3 and § 9 c
 *                            with the permit, from the Immigration Service, once an address is registered (S0)
 *   EU/EEA                   the certificate of registration first (S2, p. 9): until it is GRANTED that is the remedy,
 *                            then the number from Borgerservice
 *   student                  by application after 3 months, mandatory after 6, counted from valid_from (S0, Processen
 *                            for CPR-nummer); without valid_from the first of the two, which says both limits
 *   work, pay limit, positive list, no Danish passport
 *                            the package at International Citizen Service (S2, group 4); works in Denmark is read from
 *                            the permit: nothing else tells it
 *   any other                wait
 * Ways to a credential, with a number
 *   administrative, early-issued under the pay-limit or positive-list scheme, identity not verified
 *                            none on that number (S2, p. 8). It goes before group 4, which would offer one
 *   administrative, work, no Danish passport
 *                            ICS, or in person at Borgerservice (S2, group 4; S0, S3): both hold
 *   administrative           in person at Borgerservice (S0, S3), abroad too: it is not the number of S2's groups 1, 2
 *   abroad, Danish passport  Danish mission, bank, any Borgerservice (S2, group 1)
 *   abroad, none known       in person at Borgerservice in Denmark (S2, group 2). A passport is assumed of a Danish
 *                            citizen of whom CPR does not tell it; of nobody else
 *   resident                 online or Borgerservice (S0, Proces for borgere med CPR-numre)
 *   neither (disappeared)    in person at Borgerservice, which can see who it is
 * The third group of S2, abroad with neither passport nor number, is case NEMID-2: no channel.
 * STIL support is a channel where S0 names it and the number that a support login needs is there (NEMID-5, 6); the
 * school where it may enrol the child, or has to put its own records right. */
#ifndef ULE_CORE_REMEDY_H
#define ULE_CORE_REMEDY_H

#include "avro/record.h"
#include "records.h"

#define ULE_REMEDY_CHANNELS 5

struct ule_remedy_facts {
    enum ule_case_kind kind;
    int32_t today;
    bool pupil;     /* the subject is a child with an active record, STUDENT or CHILD */
    bool schooling; /* that record is a STUDENT's: S0 speaks of teaching in the folkeskole */
    /* From CPR's newest record, with a VERIFIED number; all false without. */
    bool administrative; /* status 20 */
    bool resident;       /* 01, 03, 05, 07 */
    bool abroad;         /* 80 */
    enum ule_maybe danish_passport;
    int32_t citizenship; /* CPR country code, ULE_INT_NULL */
    /* Without a number the live permit that decided the case, with one the newest live permit; NULL for none. */
    const struct ule_residence_permit_changed *permit;
};

/* All strings are static. */
struct ule_remedy {
    const char *code; /* UPPER_SNAKE */
    const char *da;
    const char *en;
    const char *channels[ULE_REMEDY_CHANNELS]; /* in the order in which to try them */
    size_t channels_count;
};

void ule_remedy_find(const struct ule_remedy_facts *facts, struct ule_remedy *remedy);

/* The next date after facts->today on which the same facts have another remedy (a student's months);
 * ULE_DATE_NONE if there is none. */
int32_t ule_remedy_due(const struct ule_remedy_facts *facts);

#endif
