/* SPDX-License-Identifier: MIT */
/* The fingerprint that names a schema in single-object encoding: CRC-64-AVRO of its Parsing Canonical Form (Avro
 * specification 1.11). Our own schemas have theirs from the generator; this is for the others. */
#ifndef ULE_AVRO_CANONICAL_H
#define ULE_AVRO_CANONICAL_H

#include "base/buffer.h"

#include <avro.h>

/* Appends the canonical form, not NUL-terminated. */
void ule_canonical_form(avro_schema_t schema, struct ule_buffer *out);
uint64_t ule_canonical_fingerprint(const uint8_t *form, size_t size);

#endif
