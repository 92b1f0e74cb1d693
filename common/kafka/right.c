/* SPDX-License-Identifier: MIT */
#include "kafka/right.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static const char *setting(rd_kafka_t *client, const char *name, char *value, size_t size) {
    if (rd_kafka_conf_get(rd_kafka_conf(client), name, value, &size) != RD_KAFKA_CONF_OK)
        value[0] = '\0';
    return value;
}

/* The subject as Java's brokers write it, who know nobody by another name unless told to. */
static bool read_subject(const char *path, char *name, size_t size) {
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    BIO *text = BIO_new(BIO_s_mem());
    bool read = certificate && text &&
                X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) > 0;
    char *bytes = NULL;
    long length = read ? BIO_get_mem_data(text, &bytes) : 0;
    if (read)
        (void)snprintf(name, size, "User:%.*s", (int)length, bytes);
    BIO_free(text);
    X509_free(certificate);
    return read;
}

void ule_kafka_principal(rd_kafka_t *client, char *name, size_t size) {
    char value[1024];
    bool tls = strstr(setting(client, "security.protocol", value, sizeof value), "ssl") != NULL;
    if (strncmp(value, "sasl", 4) == 0) {
        bool named = *setting(client, "sasl.username", value, sizeof value) != '\0';
        (void)snprintf(name, size, "%s%s", named ? "User:" : "this client", value);
    } else if (!tls) {
        (void)snprintf(name, size, "User:ANONYMOUS");
    } else if (!*setting(client, "ssl.certificate.location", value, sizeof value) || !read_subject(value, name, size)) {
        (void)snprintf(name, size, "this client");
    }
}

static bool is_refusal(rd_kafka_resp_err_t failed) {
    return failed == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           failed == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           failed == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
           failed == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

void ule_kafka_needs(rd_kafka_t *client, rd_kafka_resp_err_t failed, const char *operation, const char *resource,
                     const char *name, struct ule_error *error) {
    if (!error || !is_refusal(failed))
        return;
    char principal[256];
    ule_kafka_principal(client, principal, sizeof principal);
    (void)ule_error_at(error, "not authorised: %s needs %s on %s%s%s", principal, operation, resource, *name ? " " : "",
                       name);
}

void ule_kafka_needs_topic(rd_kafka_t *client, rd_kafka_resp_err_t failed, const char *topic, struct ule_error *error) {
    if (failed == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        ule_kafka_needs(client, failed, rd_kafka_type(client) == RD_KAFKA_PRODUCER ? "WRITE" : "READ", "topic", topic,
                        error);
}

void ule_kafka_needs_group(rd_kafka_t *client, rd_kafka_resp_err_t failed, struct ule_error *error) {
    char group[256];
    if (failed == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        ule_kafka_needs(client, failed, "READ", "group", setting(client, "group.id", group, sizeof group), error);
}
