/* SPDX-License-Identifier: MIT */
#include "registry/registry.h"

#include "base/clock.h"
#include "ops/health.h"
#include "ops/metrics.h"
#include "registry/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Junk may name any id, and each would be asked for again and again; but what is missing now may be registered before
 * the next record comes. */
enum { MISSING = 32, MISSING_MS = 1000 };
/* error_code of Confluent's interface: of a status 404 that is an answer, and not some other server's. */
enum { NO_SUBJECT = 40401, NO_VERSION = 40402, NO_SCHEMA = 40403 };
enum { FOUND = 200, NOT_FOUND = 404, CONFLICT = 409, INVALID = 422 };

/* An id that gave no schema, and why. */
struct missing {
    uint32_t id;
    int64_t until; /* steady clock */
    struct ule_error why;
};

/* An id that our schema has under a subject, for life. */
struct known {
    char *subject;
    const struct ule_record *record;
    uint32_t id;
};

struct ule_registry {
    const struct ule_config *config;
    struct ule_registry_client *client;
    json_t *held; /* the answer whose text was handed out last */
    struct missing missing[MISSING];
    size_t missing_next;
    struct known *known;
    size_t known_count;
    bool owed; /* the schema of owed_id could not be had */
    uint32_t owed_id;
};

enum ule_code ule_registry_open(const struct ule_config *config, struct ule_registry **out, struct ule_error *error) {
    struct ule_registry *registry = NULL;
    if (config->registry.url) {
        struct ule_registry_client *client = NULL;
        enum ule_code code = ule_registry_client_open(&config->registry, &client, error);
        if (code != ULE_OK)
            return code;
        registry = calloc(1, sizeof *registry);
        if (!registry)
            abort();
        registry->config = config;
        registry->client = client;
    }
    *out = registry;
    return ULE_OK;
}

void ule_registry_close(struct ule_registry *registry) {
    if (!registry)
        return;
    json_decref(registry->held);
    for (size_t i = 0; i < registry->known_count; i++)
        free(registry->known[i].subject);
    free(registry->known);
    ule_registry_client_close(registry->client);
    free(registry);
}

/* The loop waits for it meanwhile, which is no reason for a watchdog to bark. */
static enum ule_code ask(const struct ule_registry *registry, const char *path, const json_t *body, long *status,
                         json_t **answer, struct ule_error *error) {
    ule_health_turn();
    enum ule_code code = ule_registry_client_ask(registry->client, path, body, status, answer, error);
    const char *result = code != ULE_OK ? "failed" : *status < 400 ? "answered" : *status < 500 ? "refused" : "failed";
    ule_metric_count(ULE_METRIC_REGISTRY_REQUESTS, result, NULL);
    return code;
}

/* What the caller gets and what /readyz shows; any code but ULE_REGISTRY is an answer. */
static enum ule_code end(enum ule_code code, const struct ule_error *met, struct ule_error *error) {
    ule_ready_set(ULE_READY_REGISTRY, code != ULE_REGISTRY, met->message);
    if (code != ULE_OK && error)
        *error = *met;
    return code;
}

static json_int_t error_code(const json_t *answer) {
    return json_integer_value(json_object_get(answer, "error_code"));
}

static enum ule_code refused(const struct ule_registry *registry, long status, const char *asked,
                             struct ule_error *error) {
    const char *why = status == 401 || status == 403 ? " (it refuses us)"
                      : status == FOUND              ? ", but no answer to what was asked"
                                                     : "";
    return ule_registry_client_trouble(registry->client, error, "%s: HTTP status %ld%s", asked, status, why);
}

/* --- The schema of an id */

/* As far as JSON goes: what else there is to it the reader sees. */
static bool is_schema(const char *text) {
    json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    bool is = json_is_string(json) || json_is_array(json) || json_object_get(json, "type");
    json_decref(json);
    return is;
}

static enum ule_code take_schema(struct ule_registry *registry, uint32_t id, long status, json_t *answer,
                                 const char **schema_json, struct ule_error *error) {
    char asked[40];
    (void)snprintf(asked, sizeof asked, "schema id %" PRIu32, id);
    if (status == NOT_FOUND && error_code(answer) == NO_SCHEMA)
        return ule_fail(error, ULE_SCHEMA_UNKNOWN, "%s: the schema registry has none of this id", asked);
    const char *type = json_string_value(json_object_get(answer, "schemaType"));
    const char *text = json_string_value(json_object_get(answer, "schema"));
    if (status != FOUND || !text)
        return refused(registry, status, asked, error);
    /* Whoever may register can register any text (comments, which Java's Avro lets pass; \u0000, which jansson does
     * not; no JSON at all). Waiting would mend none of them, and stop everybody's records for one sender's. */
    if ((type && strcmp(type, "AVRO") != 0) || !is_schema(text))
        return ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: not an Avro schema", asked);
    if (json_array_size(json_object_get(answer, "references")) > 0)
        return ule_fail(error, ULE_SCHEMA_MISMATCH, "%s: refers to other schemas, which is not read", asked);
    json_decref(registry->held);
    registry->held = json_incref(answer);
    *schema_json = text;
    return ULE_OK;
}

static enum ule_code schema_by_id(void *context, uint32_t id, const char **schema_json, struct ule_error *error) {
    struct ule_registry *registry = context;
    struct ule_error met = {0};
    /* Registries count in Java's int, and say to more not that there is none, but that they do not understand. */
    if (id > INT32_MAX)
        return ule_fail(error, ULE_SCHEMA_UNKNOWN, "schema id %" PRIu32 ": no schema registry has such an id", id);
    for (size_t i = 0; i < MISSING; i++) {
        const struct missing *missing = &registry->missing[i];
        if (missing->id == id && ule_clock_steady() < missing->until) {
            met = missing->why;
            return end(met.code, &met, error);
        }
    }
    char path[40];
    (void)snprintf(path, sizeof path, "/schemas/ids/%" PRIu32, id);
    long status = 0;
    json_t *answer = NULL;
    enum ule_code code = ask(registry, path, NULL, &status, &answer, &met);
    if (code == ULE_OK)
        code = take_schema(registry, id, status, answer, schema_json, &met);
    else if (status == FOUND) /* and more than is read */
        code = ule_fail(&met, ULE_SCHEMA_MISMATCH, "schema id %" PRIu32 ": an answer of more than %d bytes", id,
                        ULE_REGISTRY_ANSWER_MAX);
    json_decref(answer);
    if (code != ULE_OK && code != ULE_REGISTRY) {
        registry->missing[registry->missing_next] = (struct missing){id, ule_clock_steady() + MISSING_MS, met};
        registry->missing_next = (registry->missing_next + 1) % MISSING;
    }
    registry->owed = code == ULE_REGISTRY;
    registry->owed_id = id;
    return end(code, &met, error);
}

enum ule_code ule_registry_again(struct ule_registry *registry, struct ule_error *error) {
    const char *schema_json = NULL;
    if (!registry || !registry->owed)
        return ULE_OK;
    enum ule_code code = schema_by_id(registry, registry->owed_id, &schema_json, error);
    return code == ULE_REGISTRY ? code : ULE_OK;
}

void ule_registry_serve(struct ule_registry *registry, struct ule_reader *reader) {
    if (registry)
        ule_reader_set_registry(reader, schema_by_id, registry);
}

/* --- The id of a schema */

/* Our schema POSTed to <front><topic>-value<rest>. Topics have no character that a URL would not. */
static enum ule_code post(struct ule_registry *registry, const char *front, const char *topic, const char *rest,
                          const struct ule_record *record, long *status, json_t **answer, struct ule_error *error) {
    char path[400];
    (void)snprintf(path, sizeof path, "%s%s-value%s", front, topic, rest);
    json_t *body = json_pack("{s:s}", "schema", record->schema_json);
    if (!body)
        abort();
    enum ule_code code = ask(registry, path, body, status, answer, error);
    json_decref(body);
    return code;
}

static bool is_id(const json_t *answer, uint32_t *id) {
    const json_t *found = json_object_get(answer, "id");
    json_int_t value = json_integer_value(found);
    if (!json_is_integer(found) || value < 0 || value > UINT32_MAX)
        return false;
    *id = (uint32_t)value;
    return true;
}

/* *registered false: not under this subject. Registries compare texts first: one that was registered with other blanks,
 * or its members in another order, is found by its normal form. */
static enum ule_code look_up(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                             bool *registered, uint32_t *id, struct ule_error *error) {
    static const char *const ways[] = {"", "?normalize=true"};
    enum ule_code code = ULE_OK;
    *registered = false;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && code == ULE_OK && !*registered; i++) {
        long status = 0;
        json_t *answer = NULL;
        code = post(registry, "/subjects/", topic, ways[i], record, &status, &answer, error);
        if (code == ULE_OK && status == FOUND && is_id(answer, id))
            *registered = true;
        else if (code == ULE_OK &&
                 (status != NOT_FOUND || (error_code(answer) != NO_SUBJECT && error_code(answer) != NO_SCHEMA)))
            code = refused(registry, status, topic, error);
        json_decref(answer);
    }
    return code;
}

static enum ule_code put(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                         uint32_t *id, struct ule_error *error) {
    long status = 0;
    json_t *answer = NULL;
    enum ule_code code = post(registry, "/subjects/", topic, "/versions", record, &status, &answer, error);
    if (code == ULE_OK && (status == CONFLICT || status == INVALID))
        code = ule_registry_client_trouble(registry->client, error,
                                           "%s-value: refuses our schema, HTTP status %ld: see ule topics "
                                           "check",
                                           topic, status);
    else if (code == ULE_OK && (status != FOUND || !is_id(answer, id)))
        code = refused(registry, status, topic, error);
    json_decref(answer);
    return code;
}

static enum ule_code id_of(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                           uint32_t *id, struct ule_error *error) {
    bool registered = false;
    enum ule_code code = look_up(registry, topic, record, &registered, id, error);
    if (code != ULE_OK || registered)
        return code;
    if (registry->config->registry.registers)
        return put(registry, topic, record, id, error);
    return ule_registry_client_trouble(
        registry->client, error,
        "%s-value: our schema is not registered, and registry.register is false: see ule "
        "topics check",
        topic);
}

enum ule_code ule_registry_framing(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                                   struct ule_framing *framing, struct ule_error *error) {
    struct ule_error met = {0};
    *framing = (struct ule_framing){0};
    if (!registry)
        return ULE_OK;
    for (size_t i = 0; i < registry->known_count; i++) {
        const struct known *known = &registry->known[i];
        if (known->record == record && strcmp(known->subject, topic) == 0) {
            *framing = (struct ule_framing){true, known->id};
            return ULE_OK;
        }
    }
    uint32_t id = 0;
    enum ule_code code = id_of(registry, topic, record, &id, &met);
    if (code == ULE_OK) {
        struct known *all = realloc(registry->known, (registry->known_count + 1) * sizeof *all);
        char *subject = strdup(topic);
        if (!all || !subject)
            abort();
        registry->known = all;
        all[registry->known_count++] = (struct known){subject, record, id};
        *framing = (struct ule_framing){true, id};
    }
    return end(code, &met, error);
}

enum ule_code ule_registry_check(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                                 enum ule_registered *found, struct ule_error *error) {
    struct ule_error met = {0};
    bool registered = true;
    uint32_t id = 0;
    *found = ULE_REGISTERED;
    if (!registry)
        return ULE_OK;
    enum ule_code code = look_up(registry, topic, record, &registered, &id, &met);
    if (code == ULE_OK && !registered) {
        long status = 0;
        json_t *answer = NULL;
        code = post(registry, "/compatibility/subjects/", topic, "/versions/latest", record, &status, &answer, &met);
        const json_t *compatible = json_object_get(answer, "is_compatible");
        bool nothing = status == NOT_FOUND && (error_code(answer) == NO_SUBJECT || error_code(answer) == NO_VERSION);
        if (code == ULE_OK && !nothing && (status != FOUND || !json_is_boolean(compatible)))
            code = refused(registry, status, topic, &met);
        *found = json_is_false(compatible) ? ULE_NOT_COMPATIBLE : ULE_NOT_REGISTERED;
        json_decref(answer);
    }
    return end(code, &met, error);
}

enum ule_code ule_registry_register(struct ule_registry *registry, const char *topic, const struct ule_record *record,
                                    struct ule_error *error) {
    struct ule_error met = {0};
    uint32_t id = 0;
    return registry ? end(put(registry, topic, record, &id, &met), &met, error) : ULE_OK;
}
