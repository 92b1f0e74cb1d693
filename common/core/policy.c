/* SPDX-License-Identifier: MIT */
#include "core/policy.h"

#include "base/uuid.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ule_policy_default(struct ule_policy *policy) {
    *policy = (struct ule_policy){
        .custody_institution_accept = true,
        .nemid_closed_on = ule_date_from_ymd(2023, 11, 1),
        .account_close_after_days = 60,
        .tombstone_after_days = 90,
        .minimise_after_days = 90,
        .brake_share = 0.5,
        .brake_minimum = 20,
        .stil_access_level = {0, 1, 2},
    };
}

/* A plain hash of a person number is undone by trying them all; without the secret this one is not. */
static void keyed_hash(const struct ule_policy *policy, const char *text, uint8_t hash[static EVP_MAX_MD_SIZE]) {
    unsigned size = 0;
    if (!HMAC(EVP_sha256(), policy->secret, (int)policy->secret_size, (const unsigned char *)text, strlen(text), hash,
              &size) ||
        size < 16)
        abort(); /* libcrypto without SHA-256 or memory: nothing could be published under any name */
}

void ule_policy_person_key(const struct ule_policy *policy, const char *entity, char key[static 37]) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    keyed_hash(policy, entity, hash);
    (void)ule_uuid_v8(hash, key);
}

void ule_policy_pseudonym(const struct ule_policy *policy, const char *text, char pseudonym[static 15]) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    keyed_hash(policy, text, hash);
    (void)snprintf(pseudonym, 15, "p-%02x%02x%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3], hash[4], hash[5]);
}
