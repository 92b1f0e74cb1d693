/* SPDX-License-Identifier: MIT */
#include "ops/http.h"

#include "base/clock.h"
#include "ops/health.h"
#include "ops/log.h"
#include "ops/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

/* What whoever asks can cost. Who comes when all connections are taken waits in the kernel's queue, and costs no file
 * descriptor: those are librdkafka's and LMDB's. A timeout that counts from the last byte does not end one who sends a
 * byte now and then, so a connection also ends when it is old; the sooner, the more of them there are. */
enum {
    CONNECTIONS = 128,
    WAITING = 1024,
    CONNECTION_BYTES = 8192, /* a request and the head of its answer; more is refused with 431 */
    IDLE_SECONDS = 5,
    OLD_MS = 10000,
    CROWDED_OLD_MS = 1000,
    PAGE_MS = 250, /* so long a page of metrics is shown before it is made anew */
    TURN_MS = 200,
    NAP_MS = 10,
    NICE = 10, /* this thread alone: the records come first */
    TEXT_MAX = 2048,
    PEM_MAX = 1 << 20,
};

static const char tls_versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct connection {
    bool used;
    int socket;
    int64_t began;
};

struct ule_http {
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool running;
    atomic_bool stop;
    struct connection connections[CONNECTIONS];
    unsigned count;
    struct MHD_Response *page;
    int64_t page_made, stalled_ms;
    char *certificate, *key, *client_ca; /* NULL without */
    unsigned port;
};

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket;
    bool loopback;
};

/* PORT, ADDRESS:PORT or [ADDRESS]:PORT. */
static enum ule_code parse_address(const char *text, struct address *address, struct ule_error *error) {
    char host[64] = "127.0.0.1";
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    size_t size = colon ? (size_t)(colon - text) : 0;
    bool six = size >= 2 && text[0] == '[' && text[size - 1] == ']';
    if (colon && size - (six ? 2 : 0) < sizeof host)
        (void)snprintf(host, sizeof host, "%.*s", (int)(size - (six ? 2 : 0)), text + (six ? 1 : 0));
    char *end;
    errno = 0;
    long number = strtol(port, &end, 10);
    bool fits = *port >= '0' && *port <= '9' && !*end && !errno && number <= 65535 && size < sizeof host;
    *address = (struct address){.loopback = false};
    if (fits && !six && inet_pton(AF_INET, host, &address->socket.v4.sin_addr) == 1) {
        address->socket.v4.sin_family = AF_INET;
        address->socket.v4.sin_port = htons((uint16_t)number);
        address->loopback = ntohl(address->socket.v4.sin_addr.s_addr) >> 24 == 127;
        return ULE_OK;
    }
    if (fits && six && inet_pton(AF_INET6, host, &address->socket.v6.sin6_addr) == 1) {
        address->socket.v6.sin6_family = AF_INET6;
        address->socket.v6.sin6_port = htons((uint16_t)number);
        address->loopback = IN6_IS_ADDR_LOOPBACK(&address->socket.v6.sin6_addr);
        return ULE_OK;
    }
    return ule_fail(error, ULE_CONFIG, "http.listen: expected a port, address:port or [address]:port");
}

static enum ule_code check(const struct ule_config_http *config, const struct address *address,
                           struct ule_error *error) {
    if (!config->tls_certificate_file != !config->tls_key_file)
        return ule_fail(error, ULE_CONFIG, "http.tls-certificate-file and http.tls-key-file: one needs the other");
    if (config->tls_client_ca_file && !config->tls_certificate_file)
        return ule_fail(error, ULE_CONFIG, "http.tls-client-ca-file: needs http.tls-certificate-file");
    if (!address->loopback && !config->tls_client_ca_file)
        return ule_fail(error, ULE_CONFIG,
                        "http.listen: not on loopback, so it needs http.tls-certificate-file, http.tls-key-file and "
                        "http.tls-client-ca-file");
    return ULE_OK;
}

static enum ule_code read_pem(const char *name, const char *path, char **text, struct ule_error *error) {
    if (!path)
        return ULE_OK;
    FILE *file = fopen(path, "re");
    if (!file)
        return ule_fail(error, ULE_IO, "%s %s: %s", name, path, strerror(errno));
    *text = calloc(1, PEM_MAX + 1);
    if (!*text)
        abort();
    size_t size = fread(*text, 1, PEM_MAX, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed)
        return ule_fail(error, ULE_IO, "%s %s: %s", name, path, strerror(errno));
    return size && size < PEM_MAX ? ULE_OK : ule_fail(error, ULE_CONFIG, "%s %s: not a PEM file", name, path);
}

/* GnuTLS leaves memory behind where it is given a certificate and a key together and the certificate is none. */
static int check_certificate(const gnutls_datum_t *pem) {
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    int result = gnutls_x509_crt_list_import2(&list, &count, pem, GNUTLS_X509_FMT_PEM, 0);
    for (unsigned i = 0; result >= 0 && i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    if (result >= 0)
        gnutls_free(list);
    return result;
}

/* What GnuTLS says of them; and libmicrohttpd, refused later, would leave half of it in memory. */
static enum ule_code check_pems(const struct ule_http *http, struct ule_error *error) {
    gnutls_certificate_credentials_t credentials;
    if (!http->certificate || !http->key)
        return ULE_OK;
    if (gnutls_certificate_allocate_credentials(&credentials) != 0)
        abort();
    const char *name = "http.tls-certificate-file, http.tls-key-file";
    const gnutls_datum_t certificate = {(unsigned char *)http->certificate, (unsigned)strlen(http->certificate)};
    const gnutls_datum_t key = {(unsigned char *)http->key, (unsigned)strlen(http->key)};
    int result = check_certificate(&certificate);
    if (result >= 0)
        result = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    if (result >= 0 && http->client_ca) {
        const gnutls_datum_t trust = {(unsigned char *)http->client_ca, (unsigned)strlen(http->client_ca)};
        name = "http.tls-client-ca-file";
        result = gnutls_certificate_set_x509_trust_mem(credentials, &trust, GNUTLS_X509_FMT_PEM);
        if (result == 0)
            result = GNUTLS_E_NO_CERTIFICATE_FOUND;
    }
    gnutls_certificate_free_credentials(credentials);
    return result >= 0 ? ULE_OK : ule_fail(error, ULE_CONFIG, "%s: %s", name, gnutls_strerror(result));
}

/* Counted, and remembered for its age. */
static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode what) {
    struct ule_http *http = context;
    struct connection *mine = *slot;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED && mine) {
        mine->used = false;
        http->count--;
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; i < CONNECTIONS && info && what == MHD_CONNECTION_NOTIFY_STARTED; i++) {
        if (http->connections[i].used)
            continue;
        http->connections[i] = (struct connection){true, info->connect_fd, ule_clock_steady()};
        http->count++;
        *slot = &http->connections[i];
        return;
    }
}

static void end_old(struct ule_http *http) {
    int64_t now = ule_clock_steady(), most = http->count < CONNECTIONS / 2 ? OLD_MS : CROWDED_OLD_MS;
    for (size_t i = 0; i < CONNECTIONS && http->count; i++) {
        const struct connection *connection = &http->connections[i];
        if (connection->used && now - connection->began > most)
            (void)shutdown(connection->socket, SHUT_RDWR); /* libmicrohttpd sees the end, and closes it */
    }
}

static void add_headers(struct MHD_Response *response, const char *type) {
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text) {
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                                    MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    add_headers(response, "text/plain; charset=utf-8");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* One page for all who ask at about the same time. */
static enum MHD_Result answer_metrics(struct ule_http *http, struct MHD_Connection *connection) {
    int64_t now = ule_clock_steady();
    if (!http->page || now - http->page_made >= PAGE_MS) {
        struct ule_buffer page = {0};
        ule_metrics_render(&page);
        struct MHD_Response *made = MHD_create_response_from_buffer(page.size, page.bytes, MHD_RESPMEM_MUST_COPY);
        ule_buffer_close(&page);
        if (!made)
            return MHD_NO;
        add_headers(made, "text/plain; version=0.0.4; charset=utf-8");
        if (http->page)
            MHD_destroy_response(http->page);
        http->page = made;
        http->page_made = now;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, http->page);
}

static enum MHD_Result answer_health(const struct ule_http *http, struct MHD_Connection *connection) {
    int64_t age = ule_health_age();
    char text[80] = "ok\n";
    if (age > http->stalled_ms)
        (void)snprintf(text, sizeof text, "the loop has not turned for %lld s\n", (long long)(age / 1000));
    return answer_text(connection, age > http->stalled_ms ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, text);
}

static enum MHD_Result answer_ready(struct MHD_Connection *connection) {
    char text[TEXT_MAX];
    bool ready = ule_ready_print(text, sizeof text);
    return answer_text(connection, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, ready ? "ready\n" : text);
}

/* libmicrohttpd asks for a certificate, and does not look at it. */
static bool is_known(const struct ule_http *http, struct MHD_Connection *connection) {
    if (!http->client_ca)
        return true;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned status = 1;
    return info && gnutls_certificate_verify_peers2((gnutls_session_t)info->tls_session, &status) == 0 && status == 0;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request) {
    struct ule_http *http = context;
    (void)version;
    (void)upload;
    (void)request;
    *upload_size = 0;
    if (!is_known(http, connection))
        return answer_text(connection, MHD_HTTP_FORBIDDEN, "a client certificate is needed\n");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    if (strcmp(url, "/metrics") == 0)
        return answer_metrics(http, connection);
    if (strcmp(url, "/healthz") == 0)
        return answer_health(http, connection);
    if (strcmp(url, "/readyz") == 0)
        return answer_ready(connection);
    return answer_text(connection, MHD_HTTP_NOT_FOUND, "not found\n");
}

/* Where the process has no file left for a first connection, libmicrohttpd does not wait for one, but tries again. */
static void rest(const struct ule_http *http, int64_t began) {
    if (!http->count && ule_clock_steady() - began < NAP_MS)
        (void)nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
}

static void *serve(void *context) {
    struct ule_http *http = context;
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of the calling thread, on Linux */
    while (!atomic_load(&http->stop)) {
        int64_t began = ule_clock_steady();
        if (MHD_run_wait(http->daemon, TURN_MS) != MHD_YES)
            break;
        end_old(http);
        rest(http, began);
    }
    return NULL;
}

static enum ule_code start_daemon(struct ule_http *http, const struct address *address, struct ule_error *error) {
    unsigned flags = MHD_USE_EPOLL;
    struct MHD_OptionItem options[5] = {{MHD_OPTION_END, 0, NULL}};
    size_t used = 0;
    if (address->socket.any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    if (http->certificate) {
        flags |= MHD_USE_TLS;
        options[used++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate};
        options[used++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, http->key};
        options[used++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_versions};
    }
    if (http->client_ca)
        options[used++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, http->client_ca};
    options[used] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    errno = 0;
    http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR, &address->socket.any,
                                    MHD_OPTION_ARRAY, options, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                                    MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)WAITING, MHD_OPTION_CONNECTION_TIMEOUT,
                                    (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                    (size_t)CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
    if (!http->daemon)
        return ule_fail(error, ULE_IO, "http.listen: %s", errno ? strerror(errno) : "cannot listen there");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info ? info->port : 0;
    return ULE_OK;
}

/* Signals are the loop's: they end its waits. */
static enum ule_code start_thread(struct ule_http *http, struct ule_error *error) {
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&http->thread, NULL, serve, http);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    http->running = !failed;
    return failed ? ule_fail(error, ULE_IO, "http.listen: no thread: %s", strerror(failed)) : ULE_OK;
}

static enum ule_code find_address(const struct ule_config *config, struct address *address, struct ule_error *error) {
    enum ule_code code = parse_address(config->http.listen, address, error);
    return code == ULE_OK ? check(&config->http, address, error) : code;
}

enum ule_code ule_http_check(const struct ule_config *config, struct ule_error *error) {
    struct address address;
    return config->http.listen ? find_address(config, &address, error) : ULE_OK;
}

enum ule_code ule_http_open(const struct ule_config *config, struct ule_http **out, struct ule_error *error) {
    const struct ule_config_http *settings = &config->http;
    struct address address;
    *out = NULL;
    if (!settings->listen)
        return ULE_OK;
    enum ule_code code = find_address(config, &address, error);
    if (code != ULE_OK)
        return code;
    struct ule_http *http = calloc(1, sizeof *http);
    if (!http)
        abort();
    http->stalled_ms = (int64_t)settings->stalled_seconds * 1000;
    code = read_pem("http.tls-certificate-file", settings->tls_certificate_file, &http->certificate, error);
    if (code == ULE_OK)
        code = read_pem("http.tls-key-file", settings->tls_key_file, &http->key, error);
    if (code == ULE_OK)
        code = read_pem("http.tls-client-ca-file", settings->tls_client_ca_file, &http->client_ca, error);
    if (code == ULE_OK)
        code = check_pems(http, error);
    if (code == ULE_OK)
        code = start_daemon(http, &address, error);
    if (code == ULE_OK)
        code = start_thread(http, error);
    if (code != ULE_OK) {
        ule_http_close(http);
        return code;
    }
    ule_log(ULE_LOG_INFO, "http", "port=%u tls=%s", http->port, http->certificate ? "true" : "false");
    *out = http;
    return ULE_OK;
}

unsigned ule_http_port(const struct ule_http *http) {
    return http->port;
}

void ule_http_close(struct ule_http *http) {
    if (!http)
        return;
    atomic_store(&http->stop, true);
    if (http->running)
        (void)pthread_join(http->thread, NULL);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    if (http->page)
        MHD_destroy_response(http->page);
    if (http->key)
        explicit_bzero(http->key, strlen(http->key));
    free(http->certificate);
    free(http->key);
    free(http->client_ca);
    free(http);
}
