/* SPDX-License-Identifier: MIT */
#include "ops/config.h"

#include "ops/settings.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECRET_MIN = 16, SECRET_MAX = 4096, LINE_MAX_BYTES = 65536, COUNT_MAX = 1000000, DAYS_MAX = 36500 };

static const char kafka_prefix[] = ULE_KAFKA_PREFIX, topic_prefix[] = ULE_TOPIC_PREFIX, file_suffix[] = "-file";
static const char byte_order_mark[] = "\xef\xbb\xbf"; /* which some editors put in front of UTF-8 */

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
static const char *assign(struct ule_config *config, const struct ule_setting *setting, const char *text) {
    void *member = (char *)config + setting->offset;
    int64_t integer = 0;
    switch (setting->type) {
    case ULE_SETTING_BOOLEAN:
        *(bool *)member = strcmp(text, "true") == 0;
        return *(bool *)member || strcmp(text, "false") == 0 ? NULL : "true or false";
    case ULE_SETTING_CHOICE:
        *(bool *)member = strcmp(text, setting->yes) == 0;
        return *(bool *)member || strcmp(text, setting->no) == 0
                   ? NULL
                   : ule_arena_printf(config->arena, "%s or %s", setting->yes, setting->no);
    case ULE_SETTING_BYTES:
        return parse_integer(text, 1024, INT64_C(1) << 46, member) ? NULL : "a whole number of at least 1024";
    case ULE_SETTING_DAYS:
    case ULE_SETTING_COUNT:
    case ULE_SETTING_LEVEL:
        if (!parse_integer(text, setting->type == ULE_SETTING_LEVEL ? INT16_MIN : 0,
                           setting->type == ULE_SETTING_COUNT ? COUNT_MAX : DAYS_MAX, &integer))
            return setting->type == ULE_SETTING_LEVEL   ? "a whole number"
                   : setting->type == ULE_SETTING_COUNT ? "a whole number from 0 to 1000000"
                                                        : "a whole number from 0 to 36500";
        *(int32_t *)member = (int32_t)integer;
        return NULL;
    case ULE_SETTING_DATE:
        *(int32_t *)member = ule_date_parse(text);
        return *(int32_t *)member != ULE_DATE_NONE ? NULL : "a date, yyyy-mm-dd";
    case ULE_SETTING_NUMBERS:
        return parse_numbers(config, text) ? NULL : "institution numbers of six characters, with commas";
    case ULE_SETTING_URL: /* what is read is printed by --check-config */
        *(const char **)member = *text ? text : NULL;
        return strchr(text, '@') ? "a URL without name and password, which go into registry.user and "
                                   "registry.password-file"
                                 : NULL;
    case ULE_SETTING_PATH: /* made whole when the file has been read */
    case ULE_SETTING_TEXT: *(const char **)member = *text ? text : NULL; return NULL;
    case ULE_SETTING_SHARE: {
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
    struct stat about;
    if (fstat(fileno(file), &about) == 0 && (about.st_mode & S_IROTH))
        config->readable_by_all = ule_arena_string(config->arena, name);
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
        if (strcmp(text, ule_settings[i].name) != 0)
            continue;
        if (config->set[i])
            return ule_fail(error, ULE_CONFIG, "%s:%u: %s stands here a second time", path, line, text);
        const char *expected = assign(config, &ule_settings[i], value);
        if (expected)
            return ule_fail(error, ULE_CONFIG, "%s:%u: %s: expected %s", path, line, text, expected);
        config->set[i] = true;
        config->texts[i] = value;
        return ULE_OK;
    }
    return ule_fail(error, ULE_CONFIG, "%s:%u: unknown key %.100s; did you mean %s?", path, line, text,
                    ule_settings_nearest(text));
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
        if (line == 1 && strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0) {
            size -= (ssize_t)strlen(byte_order_mark);
            memmove(text, text + strlen(byte_order_mark), (size_t)size + 1);
        }
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
        const char **name = (const char **)(void *)((char *)config + ule_settings[i].offset);
        if (ule_settings[i].type == ULE_SETTING_PATH && *name && **name != '/')
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
        config->texts[i] = ule_settings[i].fallback;
        (void)assign(config, &ule_settings[i], ule_settings[i].fallback);
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
        if (strcmp(ule_settings[i].name, name) == 0)
            return config->set[i];
    }
    return false;
}

const char *ule_config_kafka(const struct ule_config *config, const char *name) {
    for (size_t i = 0; i < config->kafka_count; i++) {
        if (strcmp(config->kafka[i].name, name) == 0)
            return config->kafka[i].value;
    }
    return NULL;
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
        if (strcmp(ule_settings[i].name, "minimise.after-days") == 0 && !config->set[i]) {
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
        if (ule_settings[i].decides &&
            (!EVP_DigestUpdate(context, ule_settings[i].name, strlen(ule_settings[i].name) + 1) ||
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
