/* SPDX-License-Identifier: MIT */
/* Made-up persons as records of the five input topics, with the flaws that sources have: records that come twice, old
 * ones that come late, and a few that cannot be read. */
#ifndef ULE_GENERATE_OUTPUT_H
#define ULE_GENERATE_OUTPUT_H

#include "recording/writer.h"
#include "ule/generate_extract.h"
#include "ule/generate_family.h"

enum ule_generate_topic {
    ULE_GENERATE_CPR,
    ULE_GENERATE_PERMIT,
    ULE_GENERATE_NEMID,
    ULE_GENERATE_LOCAL,
    ULE_GENERATE_REQUEST,
    ULE_GENERATE_TOPICS,
};
extern const char *const ule_generate_topics[ULE_GENERATE_TOPICS];

struct ule_generate_output {
    const struct ule_generate_world *world;
    struct ule_writer *writer;
    struct ule_generate_extract extract;
    struct ule_arena *arena; /* a record */
    int32_t day;
    int64_t ts; /* of all topics but CPR's, which are of the first moment of the day */
    uint64_t counts[ULE_GENERATE_TOPICS];
    uint64_t broken, stale, repeated; /* of them */
    enum ule_code code;               /* the first failure; nothing is written after it */
    struct ule_error error;
};

/* CPR's word on a person; on a number that no longer is anybody's, `current` NULL when there is none. */
void ule_generate_put_person(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who);
void ule_generate_put_void(struct ule_generate_output *out, const char *number, enum ule_cpr_status status,
                           const char *current);
/* An institution's: as it is, as left, and the record of another institution by the real number. */
void ule_generate_put_record(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who);
void ule_generate_put_left(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who);
void ule_generate_put_second(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who);
void ule_generate_put_credential(struct ule_generate_output *out, const struct ule_generate_family *family,
                                 unsigned who, unsigned scheme);
/* An active MitID on a number that is not what CPR calls the person. */
void ule_generate_put_other_credential(struct ule_generate_output *out, const struct ule_generate_family *family,
                                       unsigned who, const char *number);
/* `replaces` may be NULL. */
void ule_generate_put_permit(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who,
                             const char *replaces);
/* By the institution of `who`; `number` may be the institution's own (LEAVERS_*), the others NULL. */
void ule_generate_put_request(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who,
                              enum ule_request_kind kind, const char *number, const char *from, const char *child);
/* All of a family as it is on the first day. */
void ule_generate_put_family(struct ule_generate_output *out, const struct ule_generate_family *family);
/* The institution of `who`, six characters. */
void ule_generate_institution(const struct ule_generate_world *world, const struct ule_generate_person *person,
                              char number[static 7], enum ule_institution_kind *kind);

#endif
