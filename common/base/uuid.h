/* SPDX-License-Identifier: MIT */
/* UUIDs that are computed, never drawn: the same facts give the same id on every machine (RFC 9562). */
#ifndef ULE_BASE_UUID_H
#define ULE_BASE_UUID_H

#include <stddef.h>
#include <stdint.h>

#define ULE_UUID_SIZE 37 /* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and a NUL */

/* Version 5 (SHA-1) in this project's own namespace, of `count` parts joined with a NUL byte: no two lists of parts
 * give the same name, because no part holds a NUL. Returns `out`. */
char *ule_uuid_v5(const char *const *parts, size_t count, char out[static ULE_UUID_SIZE]);
/* Version 8 of sixteen bytes that are already a keyed hash: sets the version and variant bits and writes it out.
 * Returns `out`. */
char *ule_uuid_v8(const uint8_t bytes[static 16], char out[static ULE_UUID_SIZE]);

#endif
