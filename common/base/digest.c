/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* libcrypto refuses only when memory is out or SHA-1 was built away: nothing that a caller could act on. */
static void must(int succeeded) {
    if (succeeded != 1)
        abort();
}

void ule_sha1(const void *bytes, size_t size, uint8_t digest[static ULE_SHA1_SIZE]) {
    /* libcrypto 3 looks an algorithm up by name, under locks, for every context: longer work than the digest of a
     * hundred bytes. */
    static _Thread_local EVP_MD_CTX *context;
    if (!context) {
        context = EVP_MD_CTX_new();
        must(context != NULL);
        must(EVP_DigestInit_ex2(context, EVP_sha1(), NULL));
    }
    must(EVP_DigestInit_ex2(context, NULL, NULL));
    must(EVP_DigestUpdate(context, bytes, size));
    must(EVP_DigestFinal_ex(context, digest, NULL));
}
