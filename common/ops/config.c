/* SPDX-License-Identifier: MIT */
#include "ops/config.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN = 16, SECRET_MAX = 4096, LINE_MAX_BYTES = 65536, COUNT_MAX = 1000000, DAYS_MAX = 36500 };

enum type { BOOLEAN, BYTES, CHOICE, COUNT, DATE, DAYS, LEVEL, NUMBERS, PATH, SHARE, TEXT };

struct setting {
    const char *name;
    enum type type;
    const char *fallback;
    size_t offset;        /* in struct ule_config */
    bool decides;         /* changes what comes out of the core */
    const char *yes, *no; /* CHOICE: the words for true and false */
    const char *help;
};

#define AT(member) offsetof(struct ule_config, member)

/* In alphabetical order. */
static const struct setting settings[] = {
    {"account.close-after-days", DAYS, "60", AT(policy.account_close_after_days), true, NULL, NULL,
     "days that an account without a role and a living relation stays suspended before it is closed (A8)"},
    {"acl.principal.auditor", TEXT, "", AT(principals[ULE_ACL_AUDITOR]), false, NULL, NULL,
     "whom the brokers know by this name, as in User:CN=auditor, several with ; between, reads the audit: ule audit"},
    {"acl.principal.case-worker", TEXT, "", AT(principals[ULE_ACL_CASE_WORKER]), false, NULL, NULL,
     "looks persons up: ule explain --live"},
    {"acl.principal.cpr", TEXT, "", AT(principals[ULE_ACL_CPR]), false, NULL, NULL,
     "sends what CPR says: ule extract --publish"},
    {"acl.principal.dead-letters", TEXT, "", AT(principals[ULE_ACL_DEAD_LETTERS]), false, NULL, NULL,
     "looks at dead letters and sends them again: ule dead-letter"},
    {"acl.principal.engineer", TEXT, "", AT(principals[ULE_ACL_ENGINEER]), false, NULL, NULL,
     "records topics and publishes recordings: ule record, ule publish"},
    {"acl.principal.municipality", TEXT, "", AT(principals[ULE_ACL_MUNICIPALITY]), false, NULL, NULL,
     "sends institutions' persons and requests"},
    {"acl.principal.nemid", TEXT, "", AT(principals[ULE_ACL_NEMID]), false, NULL, NULL, "sends credentials"},
    {"acl.principal.operator", TEXT, "", AT(principals[ULE_ACL_OPERATOR]), false, NULL, NULL,
     "makes topics and rights: ule topics; so it can give itself every right"},
    {"acl.principal.optagelse", TEXT, "", AT(principals[ULE_ACL_OPTAGELSE]), false, NULL, NULL,
     "reads pupils and re-registrations, in groups whose names begin with optagelse"},
    {"acl.principal.platform", TEXT, "", AT(principals[ULE_ACL_PLATFORM]), false, NULL, NULL,
     "reads accounts, relations, cases and re-registrations, in groups named platform..."},
    {"acl.principal.subscriptions", TEXT, "", AT(principals[ULE_ACL_SUBSCRIPTIONS]), false, NULL, NULL,
     "reads whom we want to hear of from CPR, in groups named subscriptions..."},
    {"acl.principal.udlst", TEXT, "", AT(principals[ULE_ACL_UDLST]), false, NULL, NULL, "sends residence permits"},
    {"acl.principal.ule-cpr-change", TEXT, "", AT(principals[ULE_ACL_CPR_CHANGE]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-family", TEXT, "", AT(principals[ULE_ACL_FAMILY]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-institution", TEXT, "", AT(principals[ULE_ACL_INSTITUTION]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-nemid-issuance", TEXT, "", AT(principals[ULE_ACL_NEMID_ISSUANCE]), false, NULL, NULL,
     "the process of this name"},
    {"acl.principal.ule-residence-permit", TEXT, "", AT(principals[ULE_ACL_RESIDENCE_PERMIT]), false, NULL, NULL,
     "the process of this name"},
    {"batch.messages", COUNT, "10000", AT(batch_messages), false, NULL, NULL,
     "a transaction covers so many messages at most"},
    {"batch.milliseconds", COUNT, "100", AT(batch_milliseconds), false, NULL, NULL,
     "and is committed after so long at most; earlier where there is nothing more to read"},
    {"brake.minimum", COUNT, "20", AT(policy.brake_minimum), true, NULL, NULL,
     "so many pupils must leave an institution before the brake on mass leavings can hold them"},
    {"brake.share", SHARE, "0.5", AT(policy.brake_share), true, NULL, NULL,
     "the share of an institution's pupils above which leavings are held until it approves them"},
    {"clock", CHOICE, "wall", AT(clock_publish), false, "publish", "wall",
     "whose days count: the host's, or those that ule publish writes with an old recording (section 6)"},
    {"custody.asserted-consents", BOOLEAN, "false", AT(policy.custody_asserted_consents), true, NULL, NULL,
     "custody that only an institution asserts gives CONSENT too (section 5)"},
    {"custody.institution-asserts", CHOICE, "accept", AT(policy.custody_institution_accept), true, "accept",
     "flag-only", "what an institution's word on custody is worth where CPR is silent (section 3)"},
    {"custody.unregistered", CHOICE, "none", AT(policy.custody_presume_parents), true, "presume-parents", "none",
     "who holds custody of a child for whom CPR has registered none (section 3)"},
    {"http.listen", TEXT, "", AT(http.listen), false, NULL, NULL,
     "where /metrics, /healthz and /readyz are served: a port is one on loopback, [address]:port needs TLS; none: off"},
    {"http.stalled-seconds", COUNT, "120", AT(http.stalled_seconds), false, NULL, NULL,
     "/healthz says that the process is stuck when its loop has not turned for so long"},
    {"http.tls-certificate-file", PATH, "", AT(http.tls_certificate_file), false, NULL, NULL,
     "PEM: the certificate, and those between it and the root, that http.listen shows; TLS alone is spoken then"},
    {"http.tls-client-ca-file", PATH, "", AT(http.tls_client_ca_file), false, NULL, NULL,
     "PEM: who asks must have a certificate signed by one of these; needed where http.listen is not on loopback"},
    {"http.tls-key-file", PATH, "", AT(http.tls_key_file), false, NULL, NULL,
     "PEM: the key of http.tls-certificate-file"},
    {"instance.id", TEXT, "", AT(instance_id), false, NULL, NULL,
     "names this process among all of its kind, the same after every start: group.instance.id and transactional.id"},
    {"institution.foreign", NUMBERS, "", AT(policy.foreign), true, NULL, NULL,
     "institution numbers, with commas between: their contacts may have replacement numbers (A1)"},
    {"log.file", PATH, "", AT(log_file), false, NULL, NULL,
     "the log is appended to this file, which SIGHUP opens anew, and not written to stderr"},
    {"minimise.after-days", DAYS, "90", AT(policy.minimise_after_days), true, NULL, NULL,
     "days after which a person without a tie is reduced; 0 is never, and so is a replay unless set (section 9)"},
    {"nemid.closed-on", DATE, "2023-11-01", AT(policy.nemid_closed_on), true, NULL, NULL,
     "from this date an active NemID counts as expired (A6)"},
    {"partitions", COUNT, "24", AT(partitions), false, NULL, NULL,
     "of the inbox and of the changelog; only ule repartition changes it"},
    {"recording.max-line-bytes", BYTES, "1048576", AT(max_line_bytes), false, NULL, NULL,
     "a longer line of a recording is a dead letter"},
    {"registry.ca-file", PATH, "", AT(registry.ca_file), false, NULL, NULL,
     "certificates, PEM, that the registry's own must come from; without it those that the system trusts"},
    {"registry.certificate-file", PATH, "", AT(registry.certificate_file), false, NULL, NULL,
     "our certificate, PEM, for a registry that asks for one"},
    {"registry.key-file", PATH, "", AT(registry.key_file), false, NULL, NULL,
     "the key of registry.certificate-file, PEM, not encrypted"},
    {"registry.password-file", PATH, "", AT(registry.password_file), false, NULL, NULL,
     "the password of registry.user; a line end after it does not count"},
    {"registry.register", BOOLEAN, "false", AT(registry.registers), false, NULL, NULL,
     "register our schemas where they are not yet; without, somebody else must have (ule topics check)"},
    {"registry.timeout-ms", COUNT, "3000", AT(registry.timeout_ms), false, NULL, NULL,
     "the registry has so long to answer, 100 to 5000: an open transaction waits for it"},
    {"registry.url", TEXT, "", AT(registry.url), false, NULL, NULL,
     "a schema registry of Confluent's interface, https://...; outputs are then framed with its schema ids"},
    {"registry.user", TEXT, "", AT(registry.user), false, NULL, NULL,
     "the name for a registry that wants a password; over https only"},
    {"secret.file", TEXT, "", AT(secret_file), false, NULL, NULL,
     "at least 16 bytes that make person keys and pseudonyms; a line end after them does not count"},
    {"state.dir", TEXT, "", AT(state_dir), false, NULL, NULL,
     "the folder of ule-family's store: a cache of the changelog, for this process alone"},
    {"stil.access-level.non-sensitive", LEVEL, "1", AT(policy.stil_access_level[1]), true, NULL, NULL,
     "the integer that STIL's accessLevel takes for NON_SENSITIVE (section 5)"},
    {"stil.access-level.none", LEVEL, "0", AT(policy.stil_access_level[0]), true, NULL, NULL,
     "the integer that STIL's accessLevel takes for NONE (section 5)"},
    {"stil.access-level.sensitive", LEVEL, "2", AT(policy.stil_access_level[2]), true, NULL, NULL,
     "the integer that STIL's accessLevel takes for SENSITIVE (section 5)"},
    {"store.batch-bytes", BYTES, "67108864", AT(store_batch_bytes), false, NULL, NULL,
     "a replay commits when what it has not committed may take so much memory, a few pages for all that has changed"},
    {"store.map-bytes", BYTES, "68719476736", AT(store_map_bytes), false, NULL, NULL,
     "the largest a state folder may grow to; disk is taken as it is needed"},
    {"store.sync", BOOLEAN, "false", AT(store_sync), false, NULL, NULL,
     "every commit waits for the disk; without, a crash of the machine may cost the state folder, never the input"},
    {"tombstone.after-days", DAYS, "90", AT(policy.tombstone_after_days), true, NULL, NULL,
     "days that the last value of what has ended stands before it is deleted"},
};
_Static_assert(sizeof settings / sizeof *settings == ULE_CONFIG_SETTINGS, "ULE_CONFIG_SETTINGS");

static const char kafka_prefix[] = "kafka.", topic_prefix[] = "topic.", file_suffix[] = "-file";

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Levenshtein's distance, of names of up to 63 bytes; or 3 more than that to the nearest beginning of `b`, so that a
 * name cut short finds its whole. */
static size_t distance(const char *a, const char *b) {
    size_t row[64], width = smaller(strlen(b), 63);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] && i < 64; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(changed, smaller(row[j], row[j - 1]) + 1);
        }
    }
    size_t best = row[width];
    for (size_t j = 0; j < width; j++)
        best = smaller(best, row[j] + 3);
    return best;
}

static const char *nearest(const char *name) {
    const char *best = settings[0].name;
    for (size_t i = 1; i < ULE_CONFIG_SETTINGS; i++) {
        if (distance(name, settings[i].name) < distance(name, best))
            best = settings[i].name;
    }
    return best;
}

static bool parse_integer(const char *text, int64_t least, int64_t most, int64_t *value) {
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno || end == text || *end || parsed < least || parsed > most)
        return false;
    *value = parsed;
    return true;
}

static bool parse_numbers(struct ule_config *config, const char *text) {
    size_t count = 1;
    for (const char *at = text; *at; at++)
        count += *at == ',';
    const char **numbers = ule_arena_array(config->arena, count, sizeof *numbers);
    size_t used = 0;
    while (*text) {
        text += strspn(text, " \t,");
        size_t size = strcspn(text, " \t,");
        if (!size)
            break;
        if (size != 6)
            return false;
        numbers[used++] = ule_arena_substring(config->arena, text, size);
        text += size;
    }
    config->policy.foreign = numbers;
    config->policy.foreign_count = used;
    return true;
}

/* NULL, or what was expected. */
static const char *assign(struct ule_config *config, const struct setting *setting, const char *text) {
    void *member = (char *)config + setting->offset;
    int64_t integer = 0;
    switch (setting->type) {
    case BOOLEAN:
        *(bool *)member = strcmp(text, "true") == 0;
        return *(bool *)member || strcmp(text, "false") == 0 ? NULL : "true or false";
    case CHOICE:
        *(bool *)member = strcmp(text, setting->yes) == 0;
        return *(bool *)member || strcmp(text, setting->no) == 0
                   ? NULL
                   : ule_arena_printf(config->arena, "%s or %s", setting->yes, setting->no);
    case BYTES: return parse_integer(text, 1024, INT64_C(1) << 46, member) ? NULL : "a whole number of at least 1024";
    case DAYS:
    case COUNT:
    case LEVEL:
        if (!parse_integer(text, setting->type == LEVEL ? INT16_MIN : 0, setting->type == COUNT ? COUNT_MAX : DAYS_MAX,
                           &integer))
            return setting->type == LEVEL   ? "a whole number"
                   : setting->type == COUNT ? "a whole number from 0 to 1000000"
                                            : "a whole number from 0 to 36500";
        *(int32_t *)member = (int32_t)integer;
        return NULL;
    case DATE:
        *(int32_t *)member = ule_date_parse(text);
        return *(int32_t *)member != ULE_DATE_NONE ? NULL : "a date, yyyy-mm-dd";
    case NUMBERS: return parse_numbers(config, text) ? NULL : "institution numbers of six characters, with commas";
    case PATH: /* made whole when the file has been read */
    case TEXT: *(const char **)member = *text ? text : NULL; return NULL;
    case SHARE: {
        char *end;
        double share = strtod(text, &end);
        *(double *)member = share;
        return end != text && !*end && share >= 0 && share <= 1 ? NULL : "a number from 0 to 1";
    }
    }
    return "nothing";
}

/* False when the name is there already. */
static bool add_pair(struct ule_config *config, struct ule_config_pair **pairs, size_t *count, const char *name,
                     const char *value) {
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*pairs)[i].name, name) == 0)
            return false;
    }
    struct ule_config_pair *all = ule_arena_array(config->arena, *count + 1, sizeof *all);
    if (*count)
        memcpy(all, *pairs, *count * sizeof *all);
    all[*count] = (struct ule_config_pair){ule_arena_string(config->arena, name), value};
    (*count)++;
    *pairs = all;
    return true;
}

/* Kafka's rule for the name of a topic. */
static bool is_topic(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return size >= 1 && size <= 249 && !name[size] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* What stands in the file that `path` calls `name` for its key `key`, without a line end; up to LINE_MAX_BYTES + 1. */
static enum ule_code read_beside(struct ule_config *config, const char *path, const char *key, const char *name,
                                 uint8_t **bytes, size_t *size, struct ule_error *error) {
    const char *slash = strrchr(path, '/');
    if (*name != '/' && slash)
        name = ule_arena_printf(config->arena, "%.*s/%s", (int)(slash - path), path, name);
    FILE *file = fopen(name, "re");
    if (!file)
        return ule_fail(error, ULE_IO, "%.100s %s: %s", key, name, strerror(errno));
    uint8_t *read = ule_arena_alloc(config->arena, LINE_MAX_BYTES + 2);
    *size = fread(read, 1, LINE_MAX_BYTES + 1, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed)
        return ule_fail(error, ULE_IO, "%.100s %s: %s", key, name, strerror(errno));
    while (*size && (read[*size - 1] == '\n' || read[*size - 1] == '\r'))
        (*size)--;
    read[*size] = '\0';
    *bytes = read;
    return ULE_OK;
}

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

/* kafka.NAME-file: *value is the name of a file, and becomes what stands in it. */
static enum ule_code read_value(struct ule_config *config, const char *path, const char *key, char **value,
                                struct ule_error *error) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    const char *name = *value;
    enum ule_code code = read_beside(config, path, key, name, &bytes, &size, error);
    if (code != ULE_OK)
        return code;
    if (!size || size > LINE_MAX_BYTES || strlen((const char *)bytes) != size)
        return ule_fail(error, ULE_CONFIG, "%.100s %s: expected 1 to %d bytes of text", key, name, LINE_MAX_BYTES);
    *value = (char *)bytes;
    return ULE_OK;
}

static enum ule_code take_line(struct ule_config *config, const char *path, unsigned line, char *text,
                               struct ule_error *error) {
    text += strspn(text, " \t\r\n");
    if (!*text || *text == '#')
        return ULE_OK;
    char *equals = strchr(text, '=');
    if (!equals)
        return ule_fail(error, ULE_CONFIG, "%s:%u: expected key = value", path, line);
    char *value = equals + 1 + strspn(equals + 1, " \t");
    for (char *end = value + strlen(value); end > value && strchr(" \t\r\n", end[-1]);)
        *--end = '\0';
    *equals = '\0';
    for (char *end = equals; end > text && strchr(" \t", end[-1]);)
        *--end = '\0';
    value = (char *)(uintptr_t)ule_arena_string(config->arena, value);
    if (strncmp(text, kafka_prefix, strlen(kafka_prefix)) == 0) {
        if (ends_with(text, file_suffix)) {
            enum ule_code code = read_value(config, path, text, &value, error);
            if (code != ULE_OK)
                return code;
            text[strlen(text) - strlen(file_suffix)] = '\0';
        }
        return add_pair(config, &config->kafka, &config->kafka_count, text + strlen(kafka_prefix), value)
                   ? ULE_OK
                   : ule_fail(error, ULE_CONFIG, "%s:%u: %.100s stands here a second time", path, line, text);
    }
    if (strncmp(text, topic_prefix, strlen(topic_prefix)) == 0) {
        if (!is_topic(value) || !is_topic(text + strlen(topic_prefix)))
            return ule_fail(error, ULE_CONFIG, "%s:%u: %.100s: expected the name of a topic", path, line, text);
        return add_pair(config, &config->topics, &config->topics_count, text + strlen(topic_prefix), value)
                   ? ULE_OK
                   : ule_fail(error, ULE_CONFIG, "%s:%u: %.100s stands here a second time", path, line, text);
    }
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        if (strcmp(text, settings[i].name) != 0)
            continue;
        if (config->set[i])
            return ule_fail(error, ULE_CONFIG, "%s:%u: %s stands here a second time", path, line, text);
        const char *expected = assign(config, &settings[i], value);
        if (expected)
            return ule_fail(error, ULE_CONFIG, "%s:%u: %s: expected %s", path, line, text, expected);
        config->set[i] = true;
        config->texts[i] = value;
        return ULE_OK;
    }
    return ule_fail(error, ULE_CONFIG, "%s:%u: unknown key %.100s; did you mean %s?", path, line, text, nearest(text));
}

static enum ule_code read_file(struct ule_config *config, const char *path, struct ule_error *error) {
    FILE *file = fopen(path, "re");
    if (!file)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    char *text = NULL;
    size_t capacity = 0;
    unsigned line = 0;
    enum ule_code code = ULE_OK;
    for (ssize_t size; code == ULE_OK && (size = getline(&text, &capacity, file)) >= 0;) {
        line++;
        if ((size_t)size != strlen(text) || size > LINE_MAX_BYTES)
            code = ule_fail(error, ULE_CONFIG, "%s:%u: not a line of text", path, line);
        else
            code = take_line(config, path, line, text, error);
    }
    if (code == ULE_OK && ferror(file))
        code = ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    free(text);
    (void)fclose(file);
    return code;
}

static enum ule_code read_secret(struct ule_config *config, const char *path, struct ule_error *error) {
    uint8_t *secret = NULL;
    size_t size = 0;
    enum ule_code code = read_beside(config, path, "secret.file", config->secret_file, &secret, &size, error);
    if (code != ULE_OK)
        return code;
    if (size < SECRET_MIN || size > SECRET_MAX)
        return ule_fail(error, ULE_CONFIG, "secret.file %s: expected %d to %d bytes", config->secret_file, SECRET_MIN,
                        SECRET_MAX);
    config->policy.secret = secret;
    config->policy.secret_size = size;
    return ULE_OK;
}

/* A relative path is beside the file that names it. */
static void complete_paths(struct ule_config *config, const char *path) {
    const char *slash = strrchr(path, '/');
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS && slash; i++) {
        const char **name = (const char **)(void *)((char *)config + settings[i].offset);
        if (settings[i].type == PATH && *name && **name != '/')
            *name = ule_arena_printf(config->arena, "%.*s/%s", (int)(slash - path), path, *name);
    }
}

enum ule_code ule_config_read(const char *path, struct ule_config **out, struct ule_error *error) {
    struct ule_config *config = calloc(1, sizeof *config);
    if (!config)
        abort();
    config->arena = ule_arena_new();
    ule_policy_default(&config->policy);
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        config->texts[i] = settings[i].fallback;
        (void)assign(config, &settings[i], settings[i].fallback);
    }
    enum ule_code code = path ? read_file(config, path, error) : ULE_OK;
    if (code == ULE_OK && path)
        complete_paths(config, path);
    if (code == ULE_OK && config->secret_file)
        code = read_secret(config, path, error);
    if (code != ULE_OK) {
        ule_config_free(config);
        return code;
    }
    *out = config;
    return ULE_OK;
}

void ule_config_free(struct ule_config *config) {
    if (!config)
        return;
    ule_arena_free(config->arena);
    free(config);
}

bool ule_config_is_set(const struct ule_config *config, const char *name) {
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        if (strcmp(settings[i].name, name) == 0)
            return config->set[i];
    }
    return false;
}

const char *ule_config_topic(const struct ule_config *config, const char *name) {
    for (size_t i = 0; i < config->topics_count; i++) {
        if (strcmp(config->topics[i].name, name) == 0)
            return config->topics[i].value;
    }
    return name;
}

bool ule_config_develop(struct ule_config *config) {
    static const char everybody_knows[] = "unilogin-events development secret";
    if (config->policy.secret)
        return false;
    config->policy.secret = (const uint8_t *)everybody_knows;
    config->policy.secret_size = strlen(everybody_knows);
    return true;
}

void ule_config_for_replay(struct ule_config *config) {
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        if (strcmp(settings[i].name, "minimise.after-days") == 0 && !config->set[i]) {
            config->policy.minimise_after_days = 0;
            config->texts[i] = "0";
        }
    }
}

/* Names, values and the secret each with a NUL behind, so that no two configurations read alike. */
void ule_config_digest(const struct ule_config *config, char digest[static 65]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
        abort();
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++) {
        if (settings[i].decides && (!EVP_DigestUpdate(context, settings[i].name, strlen(settings[i].name) + 1) ||
                                    !EVP_DigestUpdate(context, config->texts[i], strlen(config->texts[i]) + 1)))
            abort();
    }
    if (!EVP_DigestUpdate(context, config->policy.secret, config->policy.secret_size) ||
        !EVP_DigestFinal_ex(context, hash, NULL))
        abort();
    EVP_MD_CTX_free(context);
    for (size_t i = 0; i < 32; i++) {
        digest[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        digest[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    digest[64] = '\0';
}

static bool is_secret(const char *name) {
    return strstr(name, "password") || strstr(name, "secret") || strstr(name, "token") || strstr(name, "key.pem");
}

void ule_config_print(const struct ule_config *config, FILE *file) {
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++)
        (void)fprintf(file, "%s = %s\n", settings[i].name, config->texts[i]);
    for (size_t i = 0; i < config->topics_count; i++)
        (void)fprintf(file, "%s%s = %s\n", topic_prefix, config->topics[i].name, config->topics[i].value);
    for (size_t i = 0; i < config->kafka_count; i++)
        (void)fprintf(file, "%s%s = %s\n", kafka_prefix, config->kafka[i].name,
                      is_secret(config->kafka[i].name) ? "(hidden)" : config->kafka[i].value);
}

void ule_config_print_help(FILE *file) {
    for (size_t i = 0; i < ULE_CONFIG_SETTINGS; i++)
        (void)fprintf(file, "# %s\n# %s = %s\n\n", settings[i].help, settings[i].name, settings[i].fallback);
}
