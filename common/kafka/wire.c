/* SPDX-License-Identifier: MIT */
#include "kafka/wire.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { CONNECT_S = 10, CONNECT_NAP_MS = 50, ANSWER_S = 60, ANSWER_MAX = 16 << 20, CORRELATION = 1, VALUE_SIZE = 4096 };

struct ule_wire {
    SSL_CTX *tls; /* NULL: in plain text */
    BIO *bio;
    uint8_t *answer;
};

/* As librdkafka understands it, defaults included; "" where there is none. */
struct settings {
    rd_kafka_conf_t *conf;
    char value[VALUE_SIZE];
};

static const char *setting(struct settings *settings, const char *name) {
    size_t size = sizeof settings->value;
    if (rd_kafka_conf_get(settings->conf, name, settings->value, &size) != RD_KAFKA_CONF_OK)
        settings->value[0] = '\0';
    return settings->value;
}

/* OpenSSL's reason, which names files and what is wrong with a certificate. */
static enum ule_code fail_tls(struct ule_error *error, enum ule_code code, const char *doing) {
    char text[256] = "";
    unsigned long reason = ERR_peek_last_error();
    if (reason)
        ERR_error_string_n(reason, text, sizeof text);
    ERR_clear_error();
    return ule_fail(error, code, "%s%s%s", doing, *text ? ": " : "", text);
}

static int give_password(char *buffer, int size, int writing, void *context) {
    const char *password = ule_config_kafka(context, "ssl.key.password");
    (void)writing;
    if (!password || strlen(password) > (size_t)size)
        return -1;
    memcpy(buffer, password, strlen(password));
    return (int)strlen(password);
}

static enum ule_code set_up_tls(struct ule_wire *wire, const struct ule_config *config, struct settings *settings,
                                struct ule_error *error) {
    wire->tls = SSL_CTX_new(TLS_client_method());
    if (!wire->tls)
        abort();
    (void)SSL_CTX_set_min_proto_version(wire->tls, TLS1_2_VERSION);
    SSL_CTX_set_default_passwd_cb(wire->tls, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(wire->tls, (void *)(uintptr_t)config);
    bool verified = strcmp(setting(settings, "enable.ssl.certificate.verification"), "false") != 0;
    SSL_CTX_set_verify(wire->tls, verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    const char *name = setting(settings, "ssl.ca.location");
    if (*name && strcmp(name, "probe") != 0 ? SSL_CTX_load_verify_locations(wire->tls, name, NULL) != 1
                                            : SSL_CTX_set_default_verify_paths(wire->tls) != 1)
        return fail_tls(error, ULE_CONFIG, "kafka.ssl.ca.location: no certificates in PEM");
    name = setting(settings, "ssl.certificate.location");
    if (*name && SSL_CTX_use_certificate_chain_file(wire->tls, name) != 1)
        return fail_tls(error, ULE_CONFIG, "kafka.ssl.certificate.location: no certificate in PEM");
    name = setting(settings, "ssl.key.location");
    if (*name && SSL_CTX_use_PrivateKey_file(wire->tls, name, SSL_FILETYPE_PEM) != 1)
        return fail_tls(error, ULE_CONFIG, "kafka.ssl.key.location: no key in PEM that goes with the certificate");
    if (*setting(settings, "ssl.keystore.location") || *setting(settings, "ssl.engine.location"))
        return ule_fail(error, ULE_CONFIG,
                        "rights are not set with key stores or engines, only with keys in PEM files");
    return ULE_OK;
}

/* "host", "host:port", "[address]:port" or either behind "protocol://". */
static void split(const char *server, char *host, size_t host_size, const char **port) {
    const char *scheme = strstr(server, "://");
    if (scheme)
        server = scheme + 3;
    const char *bracket = *server == '[' ? strchr(server, ']') : NULL;
    const char *colon = strrchr(bracket ? bracket : server, ':');
    size_t size = bracket ? (size_t)(bracket - server - 1) : colon ? (size_t)(colon - server) : strlen(server);
    (void)snprintf(host, host_size, "%.*s", (int)size, server + (bracket != NULL));
    *port = colon ? colon + 1 : "9092";
}

static enum ule_code connect_to(struct ule_wire *wire, struct settings *settings, const char *server,
                                struct ule_error *error) {
    char host[256], doing[320];
    const char *port;
    split(server, host, sizeof host, &port);
    (void)snprintf(doing, sizeof doing, "cannot connect to %.250s port %.20s", host, port);
    BIO *bio = BIO_new(BIO_s_connect());
    if (!bio)
        abort();
    wire->bio = bio;
    (void)BIO_set_conn_hostname(bio, host);
    (void)BIO_set_conn_port(bio, port);
    if (BIO_do_connect_retry(bio, CONNECT_S, CONNECT_NAP_MS) != 1)
        return fail_tls(error, ULE_KAFKA, doing);
    int handle = -1;
    (void)BIO_get_fd(bio, &handle);
    const struct timeval patience = {.tv_sec = ANSWER_S};
    (void)BIO_socket_nbio(handle, 0); /* the attempt with a time limit was not blocking */
    (void)setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!wire->tls)
        return ULE_OK;
    BIO *filter = BIO_new_ssl(wire->tls, 1);
    SSL *tls = NULL;
    if (!filter || BIO_get_ssl(filter, &tls) != 1)
        abort();
    wire->bio = BIO_push(filter, bio);
    (void)SSL_set_mode(tls, SSL_MODE_AUTO_RETRY);
    bool named = strcmp(setting(settings, "ssl.endpoint.identification.algorithm"), "none") != 0;
    if (named && SSL_set1_host(tls, host) != 1)
        return fail_tls(error, ULE_KAFKA, doing);
    (void)SSL_set_tlsext_host_name(tls, host);
    return BIO_do_handshake(wire->bio) == 1 ? ULE_OK : fail_tls(error, ULE_KAFKA, doing);
}

static void hang_up(struct ule_wire *wire) {
    BIO_free_all(wire->bio);
    wire->bio = NULL;
}

static enum ule_code connect_to_any(struct ule_wire *wire, struct settings *settings, struct ule_error *error) {
    char *servers = strdup(setting(settings, "bootstrap.servers"));
    if (!servers)
        abort();
    enum ule_code code = ule_fail(error, ULE_CONFIG, "kafka.bootstrap.servers: not set");
    char *rest = NULL;
    for (char *server = strtok_r(servers, ", ", &rest); server && code != ULE_OK;
         server = strtok_r(NULL, ", ", &rest)) {
        code = connect_to(wire, settings, server, error);
        if (code != ULE_OK)
            hang_up(wire);
    }
    free(servers);
    return code;
}

enum ule_code ule_wire_open(const struct ule_config *config, struct ule_wire **out, struct ule_error *error) {
    struct settings *settings = calloc(1, sizeof *settings);
    struct ule_wire *wire = calloc(1, sizeof *wire);
    if (!settings || !wire)
        abort();
    enum ule_code code = ule_kafka_conf(config, "ule", &settings->conf, error);
    if (code == ULE_OK) {
        const char *protocol = setting(settings, "security.protocol");
        if (strncmp(protocol, "sasl", 4) == 0)
            code = ule_fail(
                error, ULE_CONFIG,
                "rights are set with a certificate or in plain text, and not with kafka.security.protocol = %s",
                protocol);
        else if (strcmp(protocol, "ssl") == 0)
            code = set_up_tls(wire, config, settings, error);
    }
    if (code == ULE_OK)
        code = connect_to_any(wire, settings, error);
    if (settings->conf)
        rd_kafka_conf_destroy(settings->conf);
    free(settings);
    if (code != ULE_OK)
        ule_wire_close(wire);
    else
        *out = wire;
    return code;
}

void ule_wire_close(struct ule_wire *wire) {
    if (!wire)
        return;
    hang_up(wire);
    SSL_CTX_free(wire->tls);
    free(wire->answer);
    free(wire);
}

static bool write_all(struct ule_wire *wire, const struct ule_buffer *bytes) {
    for (size_t sent = 0; sent < bytes->size;) {
        int more = BIO_write(wire->bio, bytes->bytes + sent, (int)(bytes->size - sent));
        if (more <= 0)
            return false;
        sent += (size_t)more;
    }
    return BIO_flush(wire->bio) == 1;
}

static bool read_all(struct ule_wire *wire, uint8_t *bytes, size_t size) {
    for (size_t got = 0; got < size;) {
        int more = BIO_read(wire->bio, bytes + got, (int)(size - got));
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

enum ule_code ule_wire_call(struct ule_wire *wire, int16_t key, int16_t version, const struct ule_buffer *body,
                            struct ule_wire_reader *answer, struct ule_error *error) {
    struct ule_buffer header = {0}, request = {0};
    ule_wire_put_int16(&header, key);
    ule_wire_put_int16(&header, version);
    ule_wire_put_int32(&header, CORRELATION);
    ule_wire_put_text(&header, "ule");
    ule_wire_put_int32(&request, (int32_t)(header.size + body->size));
    ule_buffer_append(&request, header.bytes, header.size);
    ule_buffer_append(&request, body->bytes, body->size);
    bool sent = write_all(wire, &request);
    ule_buffer_close(&header);
    ule_buffer_close(&request);
    uint8_t length[4];
    if (!sent || !read_all(wire, length, sizeof length))
        return fail_tls(error, ULE_KAFKA, "the broker hung up, or did not answer");
    struct ule_wire_reader reader = {length, length + sizeof length, false};
    int32_t size = ule_wire_int32(&reader);
    if (size < 4 || size > ANSWER_MAX)
        return ule_fail(error, ULE_KAFKA, "the broker does not speak Kafka's protocol here");
    free(wire->answer);
    wire->answer = malloc((size_t)size);
    if (!wire->answer)
        abort();
    if (!read_all(wire, wire->answer, (size_t)size))
        return fail_tls(error, ULE_KAFKA, "the broker hung up within an answer");
    *answer = (struct ule_wire_reader){wire->answer, wire->answer + size, false};
    if (ule_wire_int32(answer) != CORRELATION)
        return ule_fail(error, ULE_KAFKA, "the broker answered something else");
    return ULE_OK;
}

static uint32_t take(struct ule_wire_reader *reader, size_t size) {
    uint32_t value = 0;
    if (reader->failed || (size_t)(reader->end - reader->at) < size) {
        reader->failed = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value = value << 8 | *reader->at++;
    return value;
}

int8_t ule_wire_int8(struct ule_wire_reader *reader) {
    return (int8_t)take(reader, 1);
}

int16_t ule_wire_int16(struct ule_wire_reader *reader) {
    return (int16_t)take(reader, 2);
}

int32_t ule_wire_int32(struct ule_wire_reader *reader) {
    return (int32_t)take(reader, 4);
}

void ule_wire_text(struct ule_wire_reader *reader, char *text, size_t size) {
    int16_t length = ule_wire_int16(reader);
    text[0] = '\0';
    if (length <= 0)
        return;
    if (reader->end - reader->at < length) {
        reader->failed = true;
        return;
    }
    (void)snprintf(text, size, "%.*s", length, (const char *)reader->at);
    reader->at += length;
}

static void put(struct ule_buffer *body, uint32_t value, size_t size) {
    for (size_t i = size; i-- > 0;) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        ule_buffer_append(body, &byte, 1);
    }
}

void ule_wire_put_int8(struct ule_buffer *body, int8_t value) {
    put(body, (uint8_t)value, 1);
}

void ule_wire_put_int16(struct ule_buffer *body, int16_t value) {
    put(body, (uint16_t)value, 2);
}

void ule_wire_put_int32(struct ule_buffer *body, int32_t value) {
    put(body, (uint32_t)value, 4);
}

void ule_wire_put_text(struct ule_buffer *body, const char *text) {
    if (!text) {
        ule_wire_put_int16(body, -1);
        return;
    }
    size_t size = strnlen(text, INT16_MAX);
    ule_wire_put_int16(body, (int16_t)size);
    ule_buffer_append(body, text, size);
}
