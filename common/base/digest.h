/* SPDX-License-Identifier: MIT */
/* SHA-1, where names and changes are told apart and nobody is kept out by it (RFC 9562 asks for it in UUIDs). */
#ifndef ULE_BASE_DIGEST_H
#define ULE_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define ULE_SHA1_SIZE 20

void ule_sha1(const void *bytes, size_t size, uint8_t digest[static ULE_SHA1_SIZE]);

#endif
