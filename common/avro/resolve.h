/* SPDX-License-Identifier: MIT */
/* A writer's schema, made once into a plan that reads the writer's bytes as a record of ours (Avro specification 1.11,
 * "Schema Resolution"): fields by name in whatever order, unknown ones skipped whatever their type, absent ones to our
 * default; int as long, bytes as string and back; enums by symbol; unions by branch, also where we have none. Names of
 * records and enums are not compared: systems that send to us have names of their own. */
#ifndef ULE_AVRO_RESOLVE_H
#define ULE_AVRO_RESOLVE_H

#include "avro/record.h"

struct ule_plan;

/* Parses the text (avro-c) and resolves it. ULE_SCHEMA_MISMATCH, ULE_FIELD_MISSING: it cannot be read as `record`. The
 * plan lives in `arena`. *fingerprint (may be NULL) is set whenever the text is a schema. */
enum ule_code ule_plan_make(const struct ule_record *record, const char *schema_json, struct ule_arena *arena,
                            const struct ule_plan **plan, uint64_t *fingerprint,
                            struct ule_error *error) ULE_MUST_CHECK;
/* Like ule_record_decode. */
enum ule_code ule_plan_decode(const struct ule_plan *plan, const uint8_t *bytes, size_t size, struct ule_arena *arena,
                              void *value, struct ule_error *error) ULE_MUST_CHECK;

#endif
