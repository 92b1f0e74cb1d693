/* SPDX-License-Identifier: MIT */
/* A little HTTP server on loopback that gives one answer to every question and remembers the last. */
#ifndef ULE_TEST_SERVER_FIXTURE_H
#define ULE_TEST_SERVER_FIXTURE_H

#include <stddef.h>

struct server;

struct server *server_start(void);
void server_stop(struct server *server);
/* "http://127.0.0.1:PORT" */
const char *server_url(const struct server *server);
/* From now on: "404 Not Found" and a body, of `more` bytes besides. */
void server_answer(struct server *server, const char *status, const char *body, size_t more);
/* And to what has `part` in its path. */
void server_answer_to(struct server *server, const char *part, const char *status, const char *body);
/* "POST /subjects/t-value {...}", as long as the server is not asked again; and how often it was asked. */
const char *server_asked(const struct server *server);
int server_count(const struct server *server);

#endif
