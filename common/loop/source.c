/* SPDX-License-Identifier: MIT */
#include "loop/source.h"

#include "cpr-change/translation.h"
#include "institution/translation.h"
#include "nemid-issuance/translation.h"
#include "residence-permit/translation.h"

/* A call through a pointer of another type is undefined, so each translation gets a step in between. */
#define TRANSLATE(name, type)                                                                                          \
    static enum ule_code translate_##name(void *record, const char *key, int64_t ts, struct ule_arena *arena,          \
                                          const char **entity, unsigned *ignored, struct ule_error *error) {           \
        struct type *value = record;                                                                                   \
        return ule_##name##_translate(value, key, ts, arena, entity, ignored, error);                                  \
    }

TRANSLATE(cpr_change, ule_person_changed)
TRANSLATE(residence_permit, ule_residence_permit_changed)
TRANSLATE(nemid_issuance, ule_credential_changed)
TRANSLATE(institution, ule_institution_person_changed)
TRANSLATE(institution_request, ule_institution_request)

const struct ule_source ule_sources[ULE_SOURCE_COUNT] = {
    {"cpr.person-changed.v1", &ule_person_changed_record, translate_cpr_change},
    {"udlst.residence-permit.v1", &ule_residence_permit_changed_record, translate_residence_permit},
    {"nemid.credential.v1", &ule_credential_changed_record, translate_nemid_issuance},
    {"institution.person-changed.v1", &ule_institution_person_changed_record, translate_institution},
    {"institution.request.v1", &ule_institution_request_record, translate_institution_request},
};
