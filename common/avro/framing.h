/* SPDX-License-Identifier: MIT */
/* Bytes of a topic to and from records: framing, writer schemas and their resolution to ours by field name
 * (design.md section 3; Avro specification 1.11, "Single-object encoding" and "Schema Resolution").
 * avro-c parses the schemas; its error text is process-global, so all of this belongs to one thread. */
#ifndef ULE_AVRO_FRAMING_H
#define ULE_AVRO_FRAMING_H

#include "avro/record.h"

/* A reader of one record type: our schema and every writer schema met so far, each resolved once. */
struct ule_reader;

/* Where the schema text for a Confluent id comes from. Returns ULE_OK and a text the reader copies at once;
 * ULE_SCHEMA_UNKNOWN when there is no such id; anything else is the registry's trouble and is passed on (action
 * RETRY). */
typedef enum ule_code ule_schema_by_id(void *context, uint32_t id, const char **schema_json, struct ule_error *error);

struct ule_reader *ule_reader_new(const struct ule_record *record);
void ule_reader_free(struct ule_reader *reader);
void ule_reader_set_registry(struct ule_reader *reader, ule_schema_by_id *lookup, void *context);
/* Makes a writer schema known by its fingerprint; those of schemas/ and schemas/history are. */
enum ule_code ule_reader_add_schema(struct ule_reader *reader, const char *schema_json,
                                    struct ule_error *error) ULE_MUST_CHECK;
/* Both framings by the first byte. Unknown fields are skipped, absent ones take the default of our schema; int to long
 * and string/bytes are promoted; an enum symbol we do not know is ULE_ENUM_UNKNOWN. */
enum ule_code ule_reader_decode(struct ule_reader *reader, const uint8_t *bytes, size_t size, struct ule_arena *arena,
                                void *value, struct ule_error *error) ULE_MUST_CHECK;
/* Unframed bytes by a given writer schema (object container files). */
enum ule_code ule_reader_decode_as(struct ule_reader *reader, const char *schema_json, const uint8_t *bytes,
                                   size_t size, struct ule_arena *arena, void *value,
                                   struct ule_error *error) ULE_MUST_CHECK;

/* How the values of a topic are framed. Zero-initialised: single-object encoding. */
struct ule_framing {
    bool confluent;
    uint32_t id; /* of our schema in the registry */
};
/* By our schema; appends. */
void ule_write_framed(const struct ule_record *record, const struct ule_framing *framing, const void *value,
                      struct ule_buffer *out);
/* Single-object encoding by our schema; appends. */
void ule_write_single_object(const struct ule_record *record, const void *value, struct ule_buffer *out);
/* Confluent framing with a schema id; appends. */
void ule_write_confluent(const struct ule_record *record, uint32_t id, const void *value, struct ule_buffer *out);

#endif
