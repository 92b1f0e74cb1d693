/* SPDX-License-Identifier: MIT */
#include "avro/resolve.h"

#include "avro/canonical.h"
#include "avro/codec.h"

#include <string.h>

/* Deeper than any record that means something; a writer's type may hold itself. */
#define DEPTH_MAX 64
/* Items that take no bytes (nulls, records without fields) cost the writer nothing, so their number is bounded here. */
#define EMPTY_ITEMS_MAX 4096

/* A type of the writer. `count` and `children` are a record's fields, a union's branches, or the items of an array or
 * map. What is wanted has our side of it too. */
struct node {
    avro_type_t type;
    bool wanted;
    bool empty; /* takes no bytes */
    size_t count;
    struct node **children;
    int64_t size;                    /* of a fixed */
    const int32_t *symbols;          /* wanted enum: our value of each symbol, -1 where we have none */
    const struct ule_record *record; /* wanted record */
    const struct ule_field **fields; /* wanted record: whose value a child is; NULL: skipped */
};

struct ule_plan {
    const struct node *root;
};

/* Named types that are skipped, each made once: a type may hold itself. */
struct known {
    avro_schema_t schema;
    struct node *node;
    struct known *next;
};

struct maker {
    struct ule_arena *arena;
    struct ule_error *error;
    struct known *known;
};

static avro_schema_t target_of(avro_schema_t schema) {
    return avro_typeof(schema) == AVRO_LINK ? avro_schema_link_target(schema) : schema;
}

static struct node *node_new(struct maker *maker, avro_schema_t schema) {
    struct node *node = ule_arena_alloc(maker->arena, sizeof *node);
    node->type = avro_typeof(schema);
    switch (node->type) {
    case AVRO_RECORD: node->count = avro_schema_record_size(schema); break;
    case AVRO_UNION: node->count = avro_schema_union_size(schema); break;
    case AVRO_ENUM: node->count = (size_t)avro_schema_enum_number_of_symbols(schema); break;
    case AVRO_ARRAY:
    case AVRO_MAP: node->count = 1; break;
    case AVRO_FIXED: node->size = avro_schema_fixed_size(schema); break;
    default: break;
    }
    node->children = ule_arena_array(maker->arena, node->count, sizeof(struct node *));
    node->empty = node->type == AVRO_NULL || (node->type == AVRO_FIXED && node->size == 0);
    return node;
}

static avro_schema_t child_of(avro_schema_t schema, size_t index) {
    switch (avro_typeof(schema)) {
    case AVRO_RECORD: return avro_schema_record_field_get_by_index(schema, (int)index);
    case AVRO_UNION: return avro_schema_union_branch(schema, (int)index);
    case AVRO_MAP: return avro_schema_map_values(schema);
    default: return avro_schema_array_items(schema);
    }
}

static void find_empty(struct node *record) {
    bool empty = true;
    for (size_t i = 0; i < record->count; i++)
        empty = empty && record->children[i]->empty;
    record->empty = empty;
}

static struct node *make_skipped(struct maker *maker, avro_schema_t schema) {
    schema = target_of(schema);
    for (struct known *known = maker->known; known; known = known->next) {
        if (known->schema == schema)
            return known->node;
    }
    struct node *node = node_new(maker, schema);
    struct known *known = ule_arena_alloc(maker->arena, sizeof *known);
    *known = (struct known){schema, node, maker->known};
    maker->known = known;
    for (size_t i = 0; i < node->count && node->type != AVRO_ENUM; i++)
        node->children[i] = make_skipped(maker, child_of(schema, i));
    if (node->type == AVRO_RECORD)
        find_empty(node);
    return node;
}

static enum ule_code make_record(struct maker *maker, avro_schema_t schema, const struct ule_place *up,
                                 const struct ule_record *record, struct node **made);

/* Whether a writer's type that is neither record, array nor union can be read as a field of ours, or an item of it. */
static bool readable(avro_type_t type, enum ule_kind kind) {
    switch (kind) {
    case ULE_KIND_BOOLEAN: return type == AVRO_BOOLEAN;
    case ULE_KIND_INT:
    case ULE_KIND_DATE: return type == AVRO_INT32;
    case ULE_KIND_LONG:
    case ULE_KIND_TIME: return type == AVRO_INT32 || type == AVRO_INT64;
    case ULE_KIND_STRING:
    case ULE_KIND_BYTES: return type == AVRO_STRING || type == AVRO_BYTES;
    case ULE_KIND_ENUM: return type == AVRO_ENUM;
    case ULE_KIND_RECORD: return false;
    }
    return false;
}

static void map_symbols(struct maker *maker, avro_schema_t schema, const struct ule_enum *ours, struct node *node) {
    int32_t *symbols = ule_arena_array(maker->arena, node->count, sizeof *symbols);
    for (size_t i = 0; i < node->count; i++) {
        const char *symbol = avro_schema_enum_get(schema, (int)i);
        symbols[i] = ule_enum_value(ours, symbol, strlen(symbol));
    }
    node->symbols = symbols;
}

static enum ule_code mismatch(const struct ule_place *place, struct ule_error *error, avro_schema_t schema) {
    return ule_place_fail(place, error, ULE_SCHEMA_MISMATCH, "the writer's %s cannot be read as it",
                          avro_schema_type_name(schema));
}

/* A field of ours, or with `item` an item of its array. */
static enum ule_code make_value(struct maker *maker, avro_schema_t schema, const struct ule_place *place, bool item,
                                struct node **made) {
    const struct ule_field *field = place->field;
    schema = target_of(schema);
    struct node *node = node_new(maker, schema);
    enum ule_code code = ULE_OK;
    if (node->type == AVRO_UNION) {
        bool any = false;
        for (size_t i = 0; i < node->count; i++) {
            avro_schema_t branch = avro_schema_union_branch(schema, (int)i);
            if (avro_typeof(branch) == AVRO_NULL) {
                node->children[i] = node_new(maker, branch);
                any = any || field->nullable;
                continue;
            }
            enum ule_code fits = make_value(maker, branch, place, item, &node->children[i]);
            if (fits == ULE_OK)
                any = true;
            else if (fits == ULE_SCHEMA_MISMATCH)
                node->children[i] = make_skipped(maker, branch); /* an error when a value has it */
            else
                return fits;
        }
        if (!any)
            return mismatch(place, maker->error, schema);
    } else if (field->array && !item) {
        if (node->type != AVRO_ARRAY)
            return mismatch(place, maker->error, schema);
        code = make_value(maker, avro_schema_array_items(schema), place, true, &node->children[0]);
    } else if (node->type == AVRO_RECORD && field->kind == ULE_KIND_RECORD) {
        return make_record(maker, schema, place, field->record, made);
    } else if (!readable(node->type, field->kind) && !(node->type == AVRO_NULL && field->nullable)) {
        return mismatch(place, maker->error, schema);
    } else if (node->type == AVRO_ENUM) {
        map_symbols(maker, schema, field->symbols, node);
    }
    node->wanted = true;
    *made = node;
    return code;
}

static const struct ule_field *field_named(const struct ule_record *record, const char *name) {
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    }
    return NULL;
}

static enum ule_code make_record(struct maker *maker, avro_schema_t schema, const struct ule_place *up,
                                 const struct ule_record *record, struct node **made) {
    struct ule_place place = {up, record, NULL, ULE_PLACE_NO_INDEX};
    struct node *node = node_new(maker, schema);
    node->wanted = true;
    node->record = record;
    node->fields = ule_arena_array(maker->arena, node->count, sizeof *node->fields);
    for (size_t i = 0; i < node->count; i++) {
        avro_schema_t type = avro_schema_record_field_get_by_index(schema, (int)i);
        enum ule_code code = ULE_OK;
        place.field = field_named(record, avro_schema_record_field_name(schema, (int)i));
        node->fields[i] = place.field;
        if (place.field)
            code = make_value(maker, type, &place, false, &node->children[i]);
        else
            node->children[i] = make_skipped(maker, type);
        if (code != ULE_OK)
            return code;
    }
    for (size_t i = 0; i < record->count; i++) {
        place.field = &record->fields[i];
        if (avro_schema_record_field_get_index(schema, place.field->name) >= 0)
            continue;
        if (!place.field->default_json)
            return ule_place_fail(&place, maker->error, ULE_FIELD_MISSING,
                                  "the writer's schema does not have it, and there is no default");
    }
    find_empty(node);
    *made = node;
    return ULE_OK;
}

/* Whether a named type is defined twice: that is no schema, and avro-c 1.11 says so and leaks the second. `names` holds
 * the full names that have been met, `space` is the namespace around. */
static bool defines_twice(const json_t *json, const char *space, json_t *names, struct ule_arena *arena) {
    static const char *const named[] = {"record", "error", "enum", "fixed"};
    static const char *const inner[] = {"type", "items", "values", "fields"};
    if (!json_is_object(json) && !json_is_array(json))
        return false;
    for (size_t i = 0; i < json_array_size(json); i++)
        if (defines_twice(json_array_get(json, i), space, names, arena))
            return true;
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *name = json_string_value(json_object_get(json, "name"));
    bool has_name = false;
    for (size_t i = 0; type && name && i < sizeof named / sizeof *named; i++)
        has_name |= strcmp(type, named[i]) == 0;
    if (has_name) {
        const char *own = json_string_value(json_object_get(json, "namespace")), *dot = strrchr(name, '.');
        space = dot ? ule_arena_substring(arena, name, (size_t)(dot - name)) : own ? own : space;
        const char *full = dot ? name : ule_arena_printf(arena, "%s.%s", space, name);
        if (json_object_get(names, full))
            return true;
        json_object_set_new(names, full, json_true());
    }
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        if (defines_twice(json_object_get(json, inner[i]), space, names, arena))
            return true;
    return false;
}

static bool has_types_once(const char *schema_json, struct ule_arena *arena) {
    json_t *json = json_loads(schema_json, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, NULL), *names = json_object();
    bool once = json && !defines_twice(json, "", names, arena);
    json_decref(names);
    json_decref(json);
    return once;
}

enum ule_code ule_plan_make(const struct ule_record *record, const char *schema_json, struct ule_arena *arena,
                            const struct ule_plan **plan, uint64_t *fingerprint, struct ule_error *error) {
    avro_schema_t schema;
    struct maker maker = {.arena = arena, .error = error};
    struct node *root = NULL;
    enum ule_code code = ULE_OK;
    if (!has_types_once(schema_json, arena) ||
        avro_schema_from_json_length(schema_json, strlen(schema_json), &schema) != 0)
        return ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: the writer's schema is not an Avro schema", record->name);
    if (fingerprint) {
        struct ule_buffer form = {0};
        ule_canonical_form(schema, &form);
        *fingerprint = ule_canonical_fingerprint(form.bytes, form.size);
        ule_buffer_close(&form);
    }
    if (avro_typeof(schema) == AVRO_RECORD)
        code = make_record(&maker, schema, NULL, record, &root);
    else
        code = ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: the writer's schema is not a record", record->name);
    avro_schema_decref(schema);
    if (code != ULE_OK)
        return code;
    struct ule_plan *made = ule_arena_alloc(arena, sizeof *made);
    made->root = root;
    *plan = made;
    return ULE_OK;
}

static enum ule_code skip(struct ule_cursor *in, const struct node *node, unsigned depth);

static enum ule_code skip_size(struct ule_cursor *in, size_t size) {
    if (size > ule_cursor_left(in))
        return ULE_TRUNCATED;
    in->at += size;
    return ULE_OK;
}

static enum ule_code skip_blocks(struct ule_cursor *in, const struct node *node, unsigned depth) {
    const struct node *item = node->children[0];
    bool map = node->type == AVRO_MAP;
    for (;;) {
        size_t count, size;
        int64_t bytes;
        enum ule_code code = ule_cursor_block(in, map || !item->empty ? 1 : 0, &count, &bytes);
        if (code != ULE_OK || count == 0)
            return code;
        if (bytes >= 0) {
            in->at += bytes;
            continue;
        }
        if (!map && item->empty)
            continue; /* whatever their number */
        for (; count > 0 && code == ULE_OK; count--) {
            if (map) {
                code = ule_cursor_size(in, &size);
                in->at += code == ULE_OK ? size : 0;
            }
            if (code == ULE_OK)
                code = skip(in, item, depth + 1);
        }
        if (code != ULE_OK)
            return code;
    }
}

static enum ule_code read_branch(struct ule_cursor *in, const struct node **node) {
    int64_t branch;
    enum ule_code code = ule_cursor_long(in, &branch);
    if (code != ULE_OK)
        return code;
    if (branch < 0 || (uint64_t)branch >= (*node)->count)
        return ULE_MALFORMED;
    *node = (*node)->children[branch];
    return ULE_OK;
}

static enum ule_code skip(struct ule_cursor *in, const struct node *node, unsigned depth) {
    int64_t value;
    size_t size;
    enum ule_code code = ULE_OK;
    if (node->empty)
        return ULE_OK;
    if (depth > DEPTH_MAX)
        return ULE_MALFORMED;
    switch (node->type) {
    case AVRO_BOOLEAN: return skip_size(in, 1);
    case AVRO_INT32:
    case AVRO_INT64:
    case AVRO_ENUM: return ule_cursor_long(in, &value);
    case AVRO_FLOAT: return skip_size(in, 4);
    case AVRO_DOUBLE: return skip_size(in, 8);
    case AVRO_FIXED: return node->size < 0 ? ULE_MALFORMED : skip_size(in, (size_t)node->size);
    case AVRO_STRING:
    case AVRO_BYTES: code = ule_cursor_size(in, &size); return code == ULE_OK ? skip_size(in, size) : code;
    case AVRO_ARRAY:
    case AVRO_MAP: return skip_blocks(in, node, depth);
    case AVRO_UNION: code = read_branch(in, &node); return code == ULE_OK ? skip(in, node, depth + 1) : code;
    case AVRO_RECORD:
        for (size_t i = 0; i < node->count && code == ULE_OK; i++)
            code = skip(in, node->children[i], depth + 1);
        return code;
    default: return ULE_MALFORMED;
    }
}

static enum ule_code read_record(struct ule_cursor *in, const struct node *node, const struct ule_place *up,
                                 void *value);

static enum ule_code read_enum(struct ule_cursor *in, const struct node *node, int32_t *member) {
    int64_t value;
    enum ule_code code = ule_cursor_long(in, &value);
    if (code != ULE_OK)
        return code;
    if (value < 0 || (uint64_t)value >= node->count || node->symbols[value] < 0)
        return ULE_ENUM_UNKNOWN;
    *member = node->symbols[value];
    return ULE_OK;
}

/* One value that is no array: a field's, or an item of its array. */
static enum ule_code read_value(struct ule_cursor *in, const struct node *node, const struct ule_place *place,
                                void *member) {
    const struct ule_field *field = place->field;
    enum ule_code code = ULE_OK;
    if (node->type == AVRO_UNION)
        code = read_branch(in, &node);
    if (code == ULE_OK && node->type == AVRO_NULL && field->nullable) {
        ule_member_set_null(field, member);
        return ULE_OK;
    }
    if (code == ULE_OK && !node->wanted)
        code = ULE_FIELD_TYPE;
    if (code == ULE_OK && field->kind == ULE_KIND_RECORD) {
        if (field->nullable) {
            void *record = ule_arena_alloc(in->arena, field->record->size);
            *(void **)member = record;
            member = record;
        }
        return read_record(in, node, place, member);
    }
    if (code == ULE_OK && field->kind == ULE_KIND_ENUM)
        code = read_enum(in, node, member);
    else if (code == ULE_OK)
        code = ule_cursor_value(in, field, member);
    return code == ULE_OK ? ULE_OK : ule_place_fail_bytes(place, in->error, code);
}

static enum ule_code read_array(struct ule_cursor *in, const struct node *node, struct ule_place *place,
                                struct ule_items *array) {
    size_t size = ule_item_size(place->field), capacity = 0;
    enum ule_code code = ULE_OK;
    *array = (struct ule_items){0};
    if (node->type == AVRO_UNION)
        code = read_branch(in, &node);
    if (code == ULE_OK && !node->wanted)
        code = ULE_FIELD_TYPE;
    for (;;) {
        size_t count = 0;
        int64_t bytes;
        if (code == ULE_OK)
            code = ule_cursor_block(in, node->children[0]->empty ? 0 : 1, &count, &bytes);
        if (code == ULE_OK && node->children[0]->empty && count > EMPTY_ITEMS_MAX - array->count)
            code = ULE_MALFORMED;
        if (code != ULE_OK)
            return ule_place_fail_bytes(place, in->error, code);
        if (count == 0)
            return ULE_OK;
        for (; count > 0; count--, array->count++) {
            place->index = array->count;
            ule_items_reserve(array, 1, size, &capacity, in->arena);
            code = read_value(in, node->children[0], place, (char *)array->items + array->count * size);
            if (code != ULE_OK)
                return code;
        }
        place->index = ULE_PLACE_NO_INDEX;
    }
}

static enum ule_code read_record(struct ule_cursor *in, const struct node *node, const struct ule_place *up,
                                 void *value) {
    struct ule_place place = {up, node->record, NULL, ULE_PLACE_NO_INDEX};
    ule_record_init(node->record, value, in->arena); /* what the writer does not have stays as that leaves it */
    for (size_t i = 0; i < node->count; i++) {
        enum ule_code code;
        place.field = node->fields[i];
        if (!place.field) {
            code = skip(in, node->children[i], 0);
            if (code != ULE_OK)
                return ule_place_fail_bytes(&place, in->error, code);
            continue;
        }
        void *member = (char *)value + place.field->offset;
        if (place.field->array)
            code = read_array(in, node->children[i], &place, member);
        else
            code = read_value(in, node->children[i], &place, member);
        if (code != ULE_OK)
            return code;
    }
    return ULE_OK;
}

enum ule_code ule_plan_decode(const struct ule_plan *plan, const uint8_t *bytes, size_t size, struct ule_arena *arena,
                              void *value, struct ule_error *error) {
    struct ule_cursor in = ule_cursor_over(bytes, size, arena, error);
    const struct ule_record *record = plan->root->record;
    enum ule_code code = read_record(&in, plan->root, NULL, value);
    if (code == ULE_OK && in.at != in.end)
        return ule_fail(error, ULE_TRUNCATED, "%s: bytes are left after it", record->name);
    return code;
}
