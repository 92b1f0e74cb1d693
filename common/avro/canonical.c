/* SPDX-License-Identifier: MIT */
#include "avro/canonical.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void put(struct ule_buffer *out, const char *text) {
    ule_buffer_append(out, text, strlen(text));
}

/* Names and symbols hold nothing that JSON escapes: avro-c lets no others in. */
static void put_quoted(struct ule_buffer *out, const char *text) {
    put(out, "\"");
    put(out, text);
    put(out, "\"");
}

static void put_full_name(struct ule_buffer *out, avro_schema_t schema) {
    const char *space = avro_schema_namespace(schema);
    put(out, "\"");
    if (space && *space) {
        put(out, space);
        put(out, ".");
    }
    put(out, avro_schema_name(schema));
    put(out, "\"");
}

static void put_head(struct ule_buffer *out, avro_schema_t schema, const char *type) {
    put(out, "{\"name\":");
    put_full_name(out, schema);
    put(out, ",\"type\":");
    put_quoted(out, type);
}

static void put_record(struct ule_buffer *out, avro_schema_t schema) {
    size_t count = avro_schema_record_size(schema);
    put_head(out, schema, "record");
    put(out, ",\"fields\":[");
    for (size_t i = 0; i < count; i++) {
        put(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        put_quoted(out, avro_schema_record_field_name(schema, (int)i));
        put(out, ",\"type\":");
        ule_canonical_form(avro_schema_record_field_get_by_index(schema, (int)i), out);
        put(out, "}");
    }
    put(out, "]}");
}

static void put_enum(struct ule_buffer *out, avro_schema_t schema) {
    int count = avro_schema_enum_number_of_symbols(schema);
    put_head(out, schema, "enum");
    put(out, ",\"symbols\":[");
    for (int i = 0; i < count; i++) {
        put(out, i > 0 ? "," : "");
        put_quoted(out, avro_schema_enum_get(schema, i));
    }
    put(out, "]}");
}

void ule_canonical_form(avro_schema_t schema, struct ule_buffer *out) {
    switch (avro_typeof(schema)) {
    case AVRO_RECORD: put_record(out, schema); break;
    case AVRO_ENUM: put_enum(out, schema); break;
    case AVRO_FIXED: {
        char size[32];
        (void)snprintf(size, sizeof size, ",\"size\":%" PRId64 "}", avro_schema_fixed_size(schema));
        put_head(out, schema, "fixed");
        put(out, size);
        break;
    }
    case AVRO_ARRAY:
    case AVRO_MAP: {
        bool array = avro_typeof(schema) == AVRO_ARRAY;
        put(out, array ? "{\"type\":\"array\",\"items\":" : "{\"type\":\"map\",\"values\":");
        ule_canonical_form(array ? avro_schema_array_items(schema) : avro_schema_map_values(schema), out);
        put(out, "}");
        break;
    }
    case AVRO_UNION:
        put(out, "[");
        for (size_t i = 0; i < avro_schema_union_size(schema); i++) {
            put(out, i > 0 ? "," : "");
            ule_canonical_form(avro_schema_union_branch(schema, (int)i), out);
        }
        put(out, "]");
        break;
    case AVRO_LINK: put_full_name(out, avro_schema_link_target(schema)); break;
    default: put_quoted(out, avro_schema_type_name(schema)); break;
    }
}

uint64_t ule_canonical_fingerprint(const uint8_t *form, size_t size) {
    const uint64_t empty = UINT64_C(0xc15d213aa4d7a795);
    uint64_t crc = empty;
    for (size_t i = 0; i < size; i++) {
        crc ^= form[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? empty : 0);
    }
    return crc;
}
