/* SPDX-License-Identifier: MIT */
#include "kafka/acl.h"

#include "kafka/topics.h"
#include "kafka/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As the protocol numbers them. */
enum {
    CREATE_ACLS = 30,
    DELETE_ACLS = 31,
    DESCRIBE_ACLS = 29,
    VERSION = 1,
    ANY = 1,
    ALLOW = 3,
    LITERAL = 3,
    PREFIXED = 4
};
enum resource { TOPIC = 2, GROUP = 3, CLUSTER = 4, TRANSACTIONAL_ID = 5 };
enum operation { READ = 3, WRITE = 4, CREATE = 5, ALTER = 7, DESCRIBE = 8, ALTER_CONFIGS = 11 };
enum { NAME_SIZE = 256, PRINCIPAL_SIZE = 1024, APPEAR_MS = 30000, APPEAR_STEP_MS = 100 };

static const char *const resource_names[] = {
    NULL, NULL, "topic", "group", "cluster", "transactional-id", "delegation-token", "user",
};
static const char *const operation_names[] = {
    NULL,
    NULL,
    "ALL",
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
    "CREATE_TOKENS",
    "DESCRIBE_TOKENS",
};

/* In place of a topic's name. */
static const char every_topic[] = "*", every_input[] = "input", every_dead_letter[] = "dead letter",
                  every_output[] = "output";
#define CPR_TOPIC         "cpr.person-changed.v1"
#define PERMIT_TOPIC      "udlst.residence-permit.v1"
#define CREDENTIAL_TOPIC  "nemid.credential.v1"
#define INSTITUTION_TOPIC "institution.person-changed.v1"
#define REQUEST_TOPIC     "institution.request.v1"

/* The one table. A group has its process's name, a transactional.id begins with it; the groups of readers outside begin
 * with the role's. */
static const struct granted {
    enum ule_acl_role role;
    enum operation operation;
    enum resource resource;
    const char *name;
    bool prefixed;
} table[] = {
    {ULE_ACL_CPR_CHANGE, READ, GROUP, "ule-cpr-change", false},
    {ULE_ACL_CPR_CHANGE, WRITE, TRANSACTIONAL_ID, "ule-cpr-change-", true},
    {ULE_ACL_CPR_CHANGE, READ, TOPIC, CPR_TOPIC, false},
    {ULE_ACL_CPR_CHANGE, WRITE, TOPIC, CPR_TOPIC ULE_DEAD_LETTER_SUFFIX, false},
    {ULE_ACL_CPR_CHANGE, WRITE, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_CPR_CHANGE, WRITE, TOPIC, ULE_AUDIT_TOPIC, false},
    {ULE_ACL_RESIDENCE_PERMIT, READ, GROUP, "ule-residence-permit", false},
    {ULE_ACL_RESIDENCE_PERMIT, WRITE, TRANSACTIONAL_ID, "ule-residence-permit-", true},
    {ULE_ACL_RESIDENCE_PERMIT, READ, TOPIC, PERMIT_TOPIC, false},
    {ULE_ACL_RESIDENCE_PERMIT, WRITE, TOPIC, PERMIT_TOPIC ULE_DEAD_LETTER_SUFFIX, false},
    {ULE_ACL_RESIDENCE_PERMIT, WRITE, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_NEMID_ISSUANCE, READ, GROUP, "ule-nemid-issuance", false},
    {ULE_ACL_NEMID_ISSUANCE, WRITE, TRANSACTIONAL_ID, "ule-nemid-issuance-", true},
    {ULE_ACL_NEMID_ISSUANCE, READ, TOPIC, CREDENTIAL_TOPIC, false},
    {ULE_ACL_NEMID_ISSUANCE, WRITE, TOPIC, CREDENTIAL_TOPIC ULE_DEAD_LETTER_SUFFIX, false},
    {ULE_ACL_NEMID_ISSUANCE, WRITE, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_INSTITUTION, READ, GROUP, "ule-institution", false},
    {ULE_ACL_INSTITUTION, WRITE, TRANSACTIONAL_ID, "ule-institution-", true},
    {ULE_ACL_INSTITUTION, READ, TOPIC, INSTITUTION_TOPIC, false},
    {ULE_ACL_INSTITUTION, READ, TOPIC, REQUEST_TOPIC, false},
    {ULE_ACL_INSTITUTION, WRITE, TOPIC, INSTITUTION_TOPIC ULE_DEAD_LETTER_SUFFIX, false},
    {ULE_ACL_INSTITUTION, WRITE, TOPIC, REQUEST_TOPIC ULE_DEAD_LETTER_SUFFIX, false},
    {ULE_ACL_INSTITUTION, WRITE, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_FAMILY, READ, GROUP, "ule-family", false},
    {ULE_ACL_FAMILY, WRITE, TRANSACTIONAL_ID, "ule-family-", true},
    {ULE_ACL_FAMILY, READ, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_FAMILY, WRITE, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_FAMILY, READ, TOPIC, ULE_CHANGELOG_TOPIC, false},
    {ULE_ACL_FAMILY, WRITE, TOPIC, ULE_CHANGELOG_TOPIC, false},
    {ULE_ACL_FAMILY, WRITE, TOPIC, every_output, false},
    {ULE_ACL_FAMILY, WRITE, TOPIC, ULE_INBOX_TOPIC ULE_DEAD_LETTER_SUFFIX, false},
    /* People and their tools. ule repartition makes topics of names that are not known here: the brokers' super user.
     */
    {ULE_ACL_OPERATOR, CREATE, TOPIC, every_topic, false},
    {ULE_ACL_OPERATOR, DESCRIBE, TOPIC, every_topic, false},
    {ULE_ACL_OPERATOR, ALTER_CONFIGS, TOPIC, every_topic, false},
    {ULE_ACL_OPERATOR, DESCRIBE, CLUSTER, "kafka-cluster", false},
    {ULE_ACL_OPERATOR, ALTER, CLUSTER, "kafka-cluster", false},
    {ULE_ACL_ENGINEER, READ, TOPIC, every_topic, false},
    {ULE_ACL_ENGINEER, WRITE, TOPIC, every_input, false},
    {ULE_ACL_ENGINEER, WRITE, TOPIC, ULE_INBOX_TOPIC, false}, /* Ticks */
    {ULE_ACL_ENGINEER, DESCRIBE, GROUP, "ule-", true},        /* ule publish --wait: have they taken everything? */
    {ULE_ACL_DEAD_LETTERS, READ, TOPIC, every_dead_letter, false},
    {ULE_ACL_DEAD_LETTERS, WRITE, TOPIC, every_input, false},
    {ULE_ACL_DEAD_LETTERS, WRITE, TOPIC, ULE_INBOX_TOPIC, false},
    {ULE_ACL_DEAD_LETTERS, WRITE, TOPIC, ULE_AUDIT_TOPIC, false},
    {ULE_ACL_CASE_WORKER, READ, TOPIC, ULE_CHANGELOG_TOPIC, false},
    {ULE_ACL_CASE_WORKER, WRITE, TOPIC, ULE_AUDIT_TOPIC, false},
    {ULE_ACL_AUDITOR, READ, TOPIC, ULE_AUDIT_TOPIC, false},
    /* Others: who sends, and who reads. */
    {ULE_ACL_CPR, WRITE, TOPIC, CPR_TOPIC, false},
    {ULE_ACL_UDLST, WRITE, TOPIC, PERMIT_TOPIC, false},
    {ULE_ACL_NEMID, WRITE, TOPIC, CREDENTIAL_TOPIC, false},
    {ULE_ACL_MUNICIPALITY, WRITE, TOPIC, INSTITUTION_TOPIC, false},
    {ULE_ACL_MUNICIPALITY, WRITE, TOPIC, REQUEST_TOPIC, false},
    {ULE_ACL_PLATFORM, READ, GROUP, "platform", true},
    {ULE_ACL_PLATFORM, READ, TOPIC, "unilogin.provisioning.v1", false},
    {ULE_ACL_PLATFORM, READ, TOPIC, "unilogin.reregistration.v1", false},
    {ULE_ACL_PLATFORM, READ, TOPIC, "unilogin.contact-relation.v1", false},
    {ULE_ACL_PLATFORM, READ, TOPIC, "unilogin.case.v1", false},
    {ULE_ACL_OPTAGELSE, READ, GROUP, "optagelse", true},
    {ULE_ACL_OPTAGELSE, READ, TOPIC, "optagelse.pupil.v1", false},
    {ULE_ACL_OPTAGELSE, READ, TOPIC, "unilogin.reregistration.v1", false},
    {ULE_ACL_SUBSCRIPTIONS, READ, GROUP, "subscriptions", true},
    {ULE_ACL_SUBSCRIPTIONS, READ, TOPIC, "cpr.subscription-wanted.v1", false},
};
static const bool is_other[ULE_ACL_ROLES] = {
    [ULE_ACL_CPR] = true,           [ULE_ACL_UDLST] = true,    [ULE_ACL_NEMID] = true,
    [ULE_ACL_MUNICIPALITY] = true,  [ULE_ACL_PLATFORM] = true, [ULE_ACL_OPTAGELSE] = true,
    [ULE_ACL_SUBSCRIPTIONS] = true,
};

struct right {
    int8_t resource, pattern, operation, permission;
    char name[NAME_SIZE], principal[PRINCIPAL_SIZE], host[NAME_SIZE];
};

struct rights {
    struct right *items;
    size_t count;
};

struct work {
    const struct ule_config *config;
    struct ule_wire *wire;
    struct rights wanted, there, missing, surplus;
};

static bool same(const struct right *a, const struct right *b) {
    return a->resource == b->resource && a->pattern == b->pattern && a->operation == b->operation &&
           a->permission == b->permission && strcmp(a->name, b->name) == 0 && strcmp(a->principal, b->principal) == 0 &&
           strcmp(a->host, b->host) == 0;
}

static bool has(const struct rights *rights, const struct right *right) {
    for (size_t i = 0; i < rights->count; i++) {
        if (same(&rights->items[i], right))
            return true;
    }
    return false;
}

static void add(struct rights *rights, const struct right *right) {
    if (has(rights, right))
        return;
    rights->items = realloc(rights->items, (rights->count + 1) * sizeof *rights->items);
    if (!rights->items)
        abort();
    rights->items[rights->count++] = *right;
}

static bool stands_for(const char *name, const struct ule_topic_plan *plan) {
    return name == every_topic || (name == every_input && plan->kind == ULE_TOPIC_INPUT) ||
           (name == every_dead_letter && plan->kind == ULE_TOPIC_DEAD_LETTER) ||
           (name == every_output && plan->kind == ULE_TOPIC_OUTPUT && strcmp(plan->name, ULE_AUDIT_TOPIC) != 0) ||
           strcmp(name, plan->name) == 0;
}

static void want(struct work *work, const struct granted *granted, const char *principal) {
    struct right right = {.resource = (int8_t)granted->resource,
                          .pattern = granted->prefixed ? PREFIXED : LITERAL,
                          .operation = (int8_t)granted->operation,
                          .permission = ALLOW,
                          .host = "*"};
    (void)snprintf(right.principal, sizeof right.principal, "%s", principal);
    (void)snprintf(right.name, sizeof right.name, "%s", granted->name);
    size_t count;
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    for (size_t i = 0; i < count && granted->resource == TOPIC; i++) {
        if (!stands_for(granted->name, &plans[i]))
            continue;
        (void)snprintf(right.name, sizeof right.name, "%s", ule_config_topic(work->config, plans[i].name));
        add(&work->wanted, &right);
    }
    if (granted->resource != TOPIC)
        add(&work->wanted, &right);
}

/* The next of a role's principals, into `principal`; false after the last. `*at` moves on. */
static bool next_principal(const char **at, char *principal, size_t size) {
    *at += strspn(*at, "; \t");
    size_t length = strcspn(*at, ";"), kept = length;
    while (kept && ((*at)[kept - 1] == ' ' || (*at)[kept - 1] == '\t'))
        kept--;
    (void)snprintf(principal, size, "%.*s", (int)(kept < size ? kept : size - 1), *at);
    *at += length;
    return *principal != '\0';
}

static enum ule_code want_all(struct work *work, struct ule_error *error) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *at = work->config->principals[table[i].role];
        char principal[PRINCIPAL_SIZE];
        while (at && next_principal(&at, principal, sizeof principal)) {
            const char *colon = strchr(principal, ':');
            if (!colon || colon == principal || !colon[1] || strcmp(colon + 1, "*") == 0)
                return ule_fail(error, ULE_CONFIG,
                                "acl.principal.*: expected a principal as in User:CN=name, not %.200s", principal);
            want(work, &table[i], principal);
        }
    }
    return ULE_OK;
}

/* A broker's error, which the protocol numbers as librdkafka does. */
static enum ule_code fail_broker(struct ule_error *error, int16_t failed, const char *text, const char *doing) {
    enum ule_code code = ule_kafka_fail_code(error, (rd_kafka_resp_err_t)failed, text, doing);
    if (error)
        error->action = ULE_ACTION_EXIT;
    return code;
}

static enum ule_code describe(struct work *work, struct ule_error *error) {
    static const char doing[] = "cannot ask for the rights, which needs DESCRIBE on the cluster";
    struct ule_buffer body = {0};
    struct ule_wire_reader answer;
    char text[256];
    ule_wire_put_int8(&body, ANY);
    ule_wire_put_text(&body, NULL);
    ule_wire_put_int8(&body, ANY);
    ule_wire_put_text(&body, NULL);
    ule_wire_put_text(&body, NULL);
    ule_wire_put_int8(&body, ANY);
    ule_wire_put_int8(&body, ANY);
    enum ule_code code = ule_wire_call(work->wire, DESCRIBE_ACLS, VERSION, &body, &answer, error);
    ule_buffer_close(&body);
    if (code != ULE_OK)
        return code;
    (void)ule_wire_int32(&answer);
    int16_t failed = ule_wire_int16(&answer);
    ule_wire_text(&answer, text, sizeof text);
    if (failed)
        return fail_broker(error, failed, text, doing);
    for (int32_t resources = ule_wire_int32(&answer); resources > 0 && !answer.failed; resources--) {
        struct right right = {.resource = ule_wire_int8(&answer)};
        ule_wire_text(&answer, right.name, sizeof right.name);
        right.pattern = ule_wire_int8(&answer);
        for (int32_t entries = ule_wire_int32(&answer); entries > 0 && !answer.failed; entries--) {
            ule_wire_text(&answer, right.principal, sizeof right.principal);
            ule_wire_text(&answer, right.host, sizeof right.host);
            right.operation = ule_wire_int8(&answer);
            right.permission = ule_wire_int8(&answer);
            if (!answer.failed)
                add(&work->there, &right);
        }
    }
    return answer.failed ? ule_fail(error, ULE_KAFKA, "%s: a short answer", doing) : ULE_OK;
}

/* Or, of names that all begin alike, one of them. */
static bool covers(const struct right *right, const char *name, bool prefixed) {
    if (right->pattern == PREFIXED && strncmp(right->name, name, strlen(right->name)) == 0)
        return true;
    return strcmp(right->name, name) == 0 || (right->pattern == LITERAL && strcmp(right->name, "*") == 0) ||
           (prefixed && strncmp(right->name, name, strlen(name)) == 0);
}

/* With our transactional ids a process is fenced, with our groups it is sent away. */
static bool covers_ours(const struct work *work, const struct right *right) {
    size_t count;
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    for (size_t i = 0; i < count && right->resource == TOPIC; i++) {
        if (covers(right, ule_config_topic(work->config, plans[i].name), false))
            return true;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table && right->resource != TOPIC; i++) {
        if (!is_other[table[i].role] && (int8_t)table[i].resource == right->resource && right->resource != CLUSTER &&
            covers(right, table[i].name, table[i].prefixed))
            return true;
    }
    return false;
}

/* Is it more than needed? Of principals that are not ours nothing is. */
static bool is_surplus(const struct work *work, const struct right *right) {
    if (has(&work->wanted, right))
        return false;
    if (strcmp(right->principal, "User:*") == 0)
        return covers_ours(work, right);
    for (int role = 0; role < ULE_ACL_ROLES; role++) {
        const char *at = work->config->principals[role];
        char principal[PRINCIPAL_SIZE];
        while (at && next_principal(&at, principal, sizeof principal)) {
            if (strcmp(principal, right->principal) == 0 && (!is_other[role] || covers_ours(work, right)))
                return true;
        }
    }
    return false;
}

static enum ule_code compare(struct work *work, struct ule_error *error) {
    enum ule_code code = want_all(work, error);
    if (code == ULE_OK)
        code = ule_wire_open(work->config, &work->wire, error);
    if (code == ULE_OK)
        code = describe(work, error);
    for (size_t i = 0; i < work->wanted.count && code == ULE_OK; i++) {
        if (!has(&work->there, &work->wanted.items[i]))
            add(&work->missing, &work->wanted.items[i]);
    }
    for (size_t i = 0; i < work->there.count && code == ULE_OK; i++) {
        if (is_surplus(work, &work->there.items[i]))
            add(&work->surplus, &work->there.items[i]);
    }
    return code;
}

static const char *name_of(const char *const *names, size_t count, int8_t number) {
    return number >= 0 && (size_t)number < count && names[number] ? names[number] : "(unknown)";
}

static void tell_all(const struct rights *rights, bool missing, ule_acl_difference *tell, void *context) {
    for (size_t i = 0; i < rights->count; i++) {
        const struct right *right = &rights->items[i];
        char resource[NAME_SIZE + 32], operation[64];
        const char *kind = name_of(resource_names, sizeof resource_names / sizeof *resource_names, right->resource);
        bool cluster = right->resource == CLUSTER;
        (void)snprintf(resource, sizeof resource, "%s%s%s%s", kind, cluster ? "" : " ", cluster ? "" : right->name,
                       right->pattern == PREFIXED ? "*" : "");
        (void)snprintf(operation, sizeof operation, "%s%s",
                       name_of(operation_names, sizeof operation_names / sizeof *operation_names, right->operation),
                       right->permission == ALLOW ? "" : " (denied)");
        tell(context, resource, right->principal, operation, missing);
    }
}

/* CreateAcls and DeleteAcls, whose filters name one entry each. */
static enum ule_code change(struct work *work, int16_t key, const struct rights *rights, struct ule_error *error) {
    if (!rights->count)
        return ULE_OK;
    static const char doing[] = "cannot change the rights, which needs ALTER on the cluster";
    struct ule_buffer body = {0};
    struct ule_wire_reader answer;
    ule_wire_put_int32(&body, (int32_t)rights->count);
    for (size_t i = 0; i < rights->count; i++) {
        const struct right *right = &rights->items[i];
        ule_wire_put_int8(&body, right->resource);
        ule_wire_put_text(&body, right->name);
        ule_wire_put_int8(&body, right->pattern);
        ule_wire_put_text(&body, right->principal);
        ule_wire_put_text(&body, right->host);
        ule_wire_put_int8(&body, right->operation);
        ule_wire_put_int8(&body, right->permission);
    }
    enum ule_code code = ule_wire_call(work->wire, key, VERSION, &body, &answer, error);
    ule_buffer_close(&body);
    if (code != ULE_OK)
        return code;
    (void)ule_wire_int32(&answer);
    for (int32_t left = ule_wire_int32(&answer); left > 0; left--) {
        char text[256];
        int16_t failed = ule_wire_int16(&answer);
        ule_wire_text(&answer, text, sizeof text);
        if (answer.failed)
            return ule_fail(error, ULE_KAFKA, "%s: a short answer", doing);
        if (failed)
            return fail_broker(error, failed, text, doing);
        int32_t matching = key == DELETE_ACLS ? ule_wire_int32(&answer) : 0;
        for (; matching > 0 && !answer.failed; matching--) {
            (void)ule_wire_int16(&answer);
            ule_wire_text(&answer, text, sizeof text);
            (void)ule_wire_int8(&answer);
            ule_wire_text(&answer, text, sizeof text);
            (void)ule_wire_int8(&answer);
            ule_wire_text(&answer, text, sizeof text);
            ule_wire_text(&answer, text, sizeof text);
            (void)ule_wire_int16(&answer);
        }
    }
    return ULE_OK;
}

/* A broker learns of new rights a moment after they were granted. */
static enum ule_code await_rights(struct work *work, bool revoked, struct ule_error *error) {
    for (int waited = 0;; waited += APPEAR_STEP_MS) {
        work->there.count = 0;
        enum ule_code code = describe(work, error);
        bool as_told = true;
        for (size_t i = 0; i < work->missing.count; i++)
            as_told = as_told && has(&work->there, &work->missing.items[i]);
        for (size_t i = 0; i < work->surplus.count && revoked; i++)
            as_told = as_told && !has(&work->there, &work->surplus.items[i]);
        if (code != ULE_OK || as_told)
            return code;
        if (waited >= APPEAR_MS)
            return ule_fail(error, ULE_KAFKA, "rights were changed but stay as they were");
        (void)usleep(APPEAR_STEP_MS * 1000);
    }
}

static void work_end(struct work *work) {
    ule_wire_close(work->wire);
    free(work->wanted.items);
    free(work->there.items);
    free(work->missing.items);
    free(work->surplus.items);
}

bool ule_acl_configured(const struct ule_config *config) {
    for (int role = 0; role < ULE_ACL_ROLES; role++) {
        if (config->principals[role])
            return true;
    }
    return false;
}

enum ule_code ule_acl_check(const struct ule_config *config, ule_acl_difference *tell, void *context,
                            size_t *differences, struct ule_error *error) {
    struct work work = {.config = config};
    enum ule_code code = ule_acl_configured(config) ? compare(&work, error) : ULE_OK;
    if (code == ULE_OK) {
        tell_all(&work.missing, true, tell, context);
        tell_all(&work.surplus, false, tell, context);
        *differences = work.missing.count + work.surplus.count;
    }
    work_end(&work);
    return code;
}

enum ule_code ule_acl_apply(const struct ule_config *config, bool revoke, ule_acl_difference *tell, void *context,
                            size_t *left, struct ule_error *error) {
    struct work work = {.config = config};
    enum ule_code code = ule_acl_configured(config) ? compare(&work, error) : ULE_OK;
    if (code == ULE_OK)
        code = change(&work, CREATE_ACLS, &work.missing, error);
    if (code == ULE_OK && revoke)
        code = change(&work, DELETE_ACLS, &work.surplus, error);
    if (code == ULE_OK && ule_acl_configured(config))
        code = await_rights(&work, revoke, error);
    if (code == ULE_OK) {
        tell_all(&work.missing, true, tell, context);
        tell_all(&work.surplus, false, tell, context);
        *left = revoke ? 0 : work.surplus.count;
    }
    work_end(&work);
    return code;
}
