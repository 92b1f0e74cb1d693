/* SPDX-License-Identifier: MIT */
#include "registry/server_fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 65536 };

struct server {
    int listener;
    pthread_t thread;
    char url[64];
    const char *status, *body;
    const char *part, *part_status, *part_body; /* NULL: none */
    size_t more;
    int count;
    char asked[REQUEST_MAX];
};

/* A request of ours comes whole when its body does: head, empty line, Content-Length bytes. */
static bool receive(int link, char *request) {
    size_t size = 0;
    for (;;) {
        ssize_t got = recv(link, request + size, REQUEST_MAX - 1 - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
        request[size] = '\0';
        const char *end = strstr(request, "\r\n\r\n"), *length = strstr(request, "Content-Length: ");
        if (end && strlen(end + 4) >= (length && length < end ? strtoul(length + 16, NULL, 10) : 0))
            return true;
    }
}

static void note(struct server *server, const char *request) {
    const char *body = strstr(request, "\r\n\r\n") + 4, *line = strstr(request, " HTTP/");
    (void)snprintf(server->asked, sizeof server->asked, "%.*s%s%s", (int)(line - request), request, *body ? " " : "",
                   body);
    server->count++;
}

static void answer(const struct server *server, int link) {
    char head[256];
    bool other = server->part && strstr(server->asked, server->part);
    const char *status = other ? server->part_status : server->status, *body = other ? server->part_body : server->body;
    size_t size = strlen(body) + server->more;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %s\r\nContent-Length: %zu\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n",
                   status, size);
    char *text = calloc(1, strlen(head) + size + 1);
    if (!text)
        abort();
    (void)stpcpy(stpcpy(text, head), body);
    memset(text + strlen(head) + strlen(body), ' ', server->more);
    for (size_t sent = 0, all = strlen(head) + size; sent < all;) {
        ssize_t put = send(link, text + sent, all - sent, MSG_NOSIGNAL);
        if (put <= 0)
            break; /* the client has heard enough */
        sent += (size_t)put;
    }
    free(text);
}

static void *serve(void *context) {
    struct server *server = context;
    static char request[REQUEST_MAX];
    for (int link; (link = accept(server->listener, NULL, NULL)) >= 0;) {
        if (receive(link, request)) {
            note(server, request);
            answer(server, link);
        }
        (void)close(link);
    }
    return NULL;
}

struct server *server_start(void) {
    struct server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (!server || (server->listener = socket(AF_INET, SOCK_STREAM, 0)) < 0 ||
        bind(server->listener, (const struct sockaddr *)&address, size) != 0 || listen(server->listener, 10) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    server_answer(server, "500 Internal Server Error", "", 0);
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    if (pthread_create(&server->thread, NULL, serve, server) != 0)
        abort();
    return server;
}

void server_stop(struct server *server) {
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
    free(server);
}

const char *server_url(const struct server *server) {
    return server->url;
}

void server_answer(struct server *server, const char *status, const char *body, size_t more) {
    server->status = status;
    server->body = body;
    server->more = more;
}

void server_answer_to(struct server *server, const char *part, const char *status, const char *body) {
    server->part_status = status;
    server->part_body = body;
    server->part = part;
}

const char *server_asked(const struct server *server) {
    return server->asked;
}

int server_count(const struct server *server) {
    return server->count;
}
