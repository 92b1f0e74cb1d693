/* SPDX-License-Identifier: MIT */
/* What a municipality or STIL may decide without a change of program: the configuration keys of domain.md. The core
 * gets them as a value and reads nothing else. */
#ifndef ULE_CORE_POLICY_H
#define ULE_CORE_POLICY_H

#include "base/date.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ule_policy {
    bool custody_presume_parents;    /* custody.unregistered = none | presume-parents (section 3) */
    bool custody_institution_accept; /* custody.institution-asserts = accept | flag-only (section 3) */
    bool custody_asserted_consents;  /* custody.asserted-consents, default false (section 5) */
    const char *const *foreign;      /* institution.foreign: institution numbers (A1) */
    size_t foreign_count;
    int32_t nemid_closed_on;          /* nemid.closed-on, default 2023-11-01 (A6) */
    int32_t account_close_after_days; /* account.close-after-days, default 60 (A8) */
    int32_t tombstone_after_days;     /* tombstone.after-days, default 90 (design.md section 4) */
    int32_t minimise_after_days;      /* minimise.after-days, default 90; 0 is off, and so in a replay unless set */
    double brake_share;               /* brake.share, default 0.5 (design.md section 11) */
    int32_t brake_minimum;            /* brake.minimum, default 20 */
    int32_t stil_access_level[3];     /* stil.access-level.none, .non-sensitive, .sensitive: 0, 1, 2 */
    const uint8_t *secret;            /* secret.file: for person keys and pseudonyms; borrowed */
    size_t secret_size;               /* at least 16 bytes */
};

/* The defaults above; the secret is empty and has to be set. */
void ule_policy_default(struct ule_policy *policy);

/* Person key of an entity address: UUID v8 of HMAC-SHA-256(secret, address); writes 36 characters and a NUL. */
void ule_policy_person_key(const struct ule_policy *policy, const char *entity, char key[static 37]);
/* For logs: "p-" and 12 hexadecimal digits of the same function. Writes 14 characters and a NUL. */
void ule_policy_pseudonym(const struct ule_policy *policy, const char *text, char pseudonym[static 15]);

#endif
