/* SPDX-License-Identifier: MIT */
#include "registry/client.h"

#include "base/buffer.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024, TIMEOUT_LEAST = 100, TIMEOUT_MOST = 5000 };

struct ule_registry_client {
    CURL *curl;
    struct curl_slist *headers;
    char *base, *place;
    struct ule_buffer answer;
    bool too_large;
};

enum ule_code ule_registry_client_trouble(const struct ule_registry_client *client, struct ule_error *error,
                                          const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 does not see the va_start above */
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)ule_fail(error, ULE_REGISTRY, "schema registry %s: %s", client->place, text);
    if (error)
        error->action = ULE_ACTION_RETRY;
    return ULE_REGISTRY;
}

const char *ule_registry_client_place(const struct ule_registry_client *client) {
    return client->place;
}

static size_t receive(char *bytes, size_t one, size_t count, void *context) {
    struct ule_registry_client *client = context;
    if (client->answer.size + one * count > ULE_REGISTRY_ANSWER_MAX) {
        client->too_large = true;
        return 0;
    }
    ule_buffer_append(&client->answer, bytes, one * count);
    return one * count;
}

static char *part(CURLU *url, CURLUPart which) {
    char *text = NULL;
    return curl_url_get(url, which, &text, 0) == CURLUE_OK ? text : NULL;
}

/* http(s)://host[:port][/path] and no more: what names a person or holds a password has no place in a URL. */
static enum ule_code take_url(struct ule_registry_client *client, const struct ule_config_registry *settings,
                              struct ule_error *error) {
    CURLU *url = curl_url();
    if (!url)
        abort();
    bool parsed = curl_url_set(url, CURLUPART_URL, settings->url, 0) == CURLUE_OK;
    char *scheme = part(url, CURLUPART_SCHEME), *host = part(url, CURLUPART_HOST), *port = part(url, CURLUPART_PORT);
    char *user = part(url, CURLUPART_USER), *password = part(url, CURLUPART_PASSWORD);
    char *query = part(url, CURLUPART_QUERY), *fragment = part(url, CURLUPART_FRAGMENT);
    enum ule_code code = ULE_OK;
    if (!parsed || !scheme || !host || query || fragment ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        code = ule_fail(error, ULE_CONFIG, "registry.url: expected https://host[:port][/path]");
    else if (user || password)
        code = ule_fail(error, ULE_CONFIG,
                        "registry.url: name and password go into registry.user and "
                        "registry.password-file");
    else if (settings->user && strcmp(scheme, "https") != 0)
        code = ule_fail(error, ULE_CONFIG, "registry.user: a password goes over https only");
    else if (asprintf(&client->place, "%s%s%s", host, port ? ":" : "", port ? port : "") < 0)
        abort();
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_free(password);
    curl_free(query);
    curl_free(fragment);
    curl_url_cleanup(url);
    return code;
}

static enum ule_code check_file(const char *key, const char *path, struct ule_error *error) {
    if (!path || access(path, R_OK) == 0)
        return ULE_OK;
    return ule_fail(error, ULE_IO, "%s %s: %s", key, path, strerror(errno));
}

static enum ule_code check(const struct ule_config_registry *settings, struct ule_error *error) {
    if (settings->timeout_ms < TIMEOUT_LEAST || settings->timeout_ms > TIMEOUT_MOST)
        return ule_fail(error, ULE_CONFIG, "registry.timeout-ms: expected a whole number from %d to %d", TIMEOUT_LEAST,
                        TIMEOUT_MOST);
    if (!settings->user != !settings->password_file)
        return ule_fail(error, ULE_CONFIG, "registry.user and registry.password-file go together");
    if (settings->key_file && !settings->certificate_file)
        return ule_fail(error, ULE_CONFIG, "registry.key-file goes with registry.certificate-file");
    enum ule_code code = check_file("registry.ca-file", settings->ca_file, error);
    if (code == ULE_OK)
        code = check_file("registry.certificate-file", settings->certificate_file, error);
    return code == ULE_OK ? check_file("registry.key-file", settings->key_file, error) : code;
}

static enum ule_code take_password(struct ule_registry_client *client, const struct ule_config_registry *settings,
                                   struct ule_error *error) {
    char password[PASSWORD_MAX + 2];
    FILE *file = fopen(settings->password_file, "re");
    if (!file)
        return ule_fail(error, ULE_IO, "registry.password-file %s: %s", settings->password_file, strerror(errno));
    size_t size = fread(password, 1, sizeof password - 1, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    while (size && (password[size - 1] == '\n' || password[size - 1] == '\r'))
        size--;
    password[size] = '\0';
    enum ule_code code = ULE_OK;
    if (failed || size == 0 || size > PASSWORD_MAX || strlen(password) != size)
        code = ule_fail(error, ULE_CONFIG, "registry.password-file %s: expected 1 to %d bytes of text",
                        settings->password_file, PASSWORD_MAX);
    else if (curl_easy_setopt(client->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) != CURLE_OK ||
             curl_easy_setopt(client->curl, CURLOPT_USERNAME, settings->user) != CURLE_OK ||
             curl_easy_setopt(client->curl, CURLOPT_PASSWORD, password) != CURLE_OK)
        abort();
    explicit_bzero(password, sizeof password);
    return code;
}

#define SET(option, value) failed = failed || curl_easy_setopt(client->curl, option, value) != CURLE_OK

static void set_up(struct ule_registry_client *client, const struct ule_config_registry *settings) {
    bool failed = false;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* where it goes is for the configuration to say, not the environment */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_TIMEOUT_MS, (long)settings->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)settings->timeout_ms);
    /* A name is asked for on a thread of libcurl's, and glibc asks for longer than we have: it is not waited for. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_USERAGENT, "unilogin-events/" ULE_VERSION);
    SET(CURLOPT_WRITEFUNCTION, receive);
    SET(CURLOPT_WRITEDATA, client);
    if (settings->ca_file) {
        SET(CURLOPT_CAINFO, settings->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (settings->certificate_file) {
        SET(CURLOPT_SSLCERT, settings->certificate_file);
        SET(CURLOPT_SSLKEY, settings->key_file ? settings->key_file : settings->certificate_file);
    }
    client->headers = curl_slist_append(client->headers, "Content-Type: application/vnd.schemaregistry.v1+json");
    client->headers = curl_slist_append(client->headers,
                                        "Accept: application/vnd.schemaregistry.v1+json, application/json");
    client->headers = curl_slist_append(client->headers, "Expect:"); /* no pause before a body */
    SET(CURLOPT_HTTPHEADER, client->headers);
    if (failed || !client->headers)
        abort(); /* memory, or a libcurl without https */
}

enum ule_code ule_registry_client_open(const struct ule_config_registry *settings, struct ule_registry_client **out,
                                       struct ule_error *error) {
    struct ule_registry_client *client = calloc(1, sizeof *client);
    if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    client->curl = curl_easy_init();
    client->base = strdup(settings->url);
    if (!client->curl || !client->base)
        abort();
    for (size_t size = strlen(client->base); size && client->base[size - 1] == '/';)
        client->base[--size] = '\0';
    enum ule_code code = check(settings, error);
    if (code == ULE_OK)
        code = take_url(client, settings, error);
    if (code == ULE_OK)
        set_up(client, settings);
    if (code == ULE_OK && settings->user)
        code = take_password(client, settings, error);
    if (code != ULE_OK) {
        ule_registry_client_close(client);
        return code;
    }
    *out = client;
    return ULE_OK;
}

void ule_registry_client_close(struct ule_registry_client *client) {
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    ule_buffer_close(&client->answer);
    free(client->base);
    free(client->place);
    free(client);
    curl_global_cleanup();
}

/* In our own words and libcurl's for the code, none of the server's. */
static enum ule_code no_answer(const struct ule_registry_client *client, CURLcode failed, struct ule_error *error) {
    long verified = 0;
    if (failed == CURLE_PEER_FAILED_VERIFICATION &&
        curl_easy_getinfo(client->curl, CURLINFO_SSL_VERIFYRESULT, &verified) == CURLE_OK && verified != X509_V_OK)
        return ule_registry_client_trouble(client, error, "its certificate is not accepted: %s",
                                           X509_verify_cert_error_string(verified));
    return ule_registry_client_trouble(client, error, "%s", curl_easy_strerror(failed));
}

enum ule_code ule_registry_client_ask(struct ule_registry_client *client, const char *path, const json_t *body,
                                      long *status, json_t **answer, struct ule_error *error) {
    char *url = NULL, *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    bool failed = false;
    if (asprintf(&url, "%s%s", client->base, path) < 0 || (body && !text))
        abort();
    ule_buffer_clear(&client->answer);
    client->too_large = false;
    SET(CURLOPT_URL, url);
    if (text) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE, (long)strlen(text));
        SET(CURLOPT_POSTFIELDS, text);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    if (failed)
        abort();
    CURLcode done = curl_easy_perform(client->curl);
    free(url);
    free(text);
    *status = 0;
    if (client->too_large || done == CURLE_OK)
        (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, status);
    if (client->too_large)
        return ule_registry_client_trouble(client, error, "an answer of more than %d bytes", ULE_REGISTRY_ANSWER_MAX);
    if (done != CURLE_OK)
        return no_answer(client, done, error);
    *answer = json_loadb((const char *)client->answer.bytes, client->answer.size, JSON_REJECT_DUPLICATES, NULL);
    return ULE_OK;
}
