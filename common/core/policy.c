/* SPDX-License-Identifier: MIT */
#include "core/policy.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
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

static char *hexadecimal(const uint8_t *bytes, size_t size, char *text) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
    return text;
}

void ule_policy_person_key(const struct ule_policy *policy, const char *entity, char key[static 37]) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    keyed_hash(policy, entity, hash);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80); /* UUID version 8, variant RFC 9562 */
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
    static const uint8_t parts[] = {4, 2, 2, 2, 6};
    const uint8_t *at = hash;
    for (size_t i = 0; i < sizeof parts; i++) {
        if (i)
            *key++ = '-';
        key = hexadecimal(at, parts[i], key);
        at += parts[i];
    }
}

void ule_policy_pseudonym(const struct ule_policy *policy, const char *text, char pseudonym[static 15]) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    keyed_hash(policy, text, hash);
    memcpy(pseudonym, "p-", 2);
    (void)hexadecimal(hash, 6, pseudonym + 2);
}
