/* SPDX-License-Identifier: MIT */
/* Inside common/registry: one connection to one server, question and answer in JSON, over libcurl. Bounded in time and
 * size; no redirects, no proxies of the environment, no protocol but http and https. */
#ifndef ULE_REGISTRY_CLIENT_H
#define ULE_REGISTRY_CLIENT_H

#include "base/error.h"
#include "ops/config.h"

#include <jansson.h>

struct ule_registry_client;

/* No schema is as large, and nobody makes us keep more. */
enum { ULE_REGISTRY_ANSWER_MAX = 1 << 20 };

/* Checks what can be checked without the server: ULE_CONFIG, or ULE_IO when a file cannot be read. */
enum ule_code ule_registry_client_open(const struct ule_config_registry *settings, struct ule_registry_client **out,
                                       struct ule_error *error) ULE_MUST_CHECK;
void ule_registry_client_close(struct ule_registry_client *client); /* takes NULL */

/* POSTs `body`, or GETs where that is NULL. *status and *answer (json_decref; NULL where the body is no JSON) when
 * there was an answer of any status. ULE_REGISTRY, action RETRY, when there was none, or one that is larger than it may
 * be: *status tells which, 0 is none. */
enum ule_code ule_registry_client_ask(struct ule_registry_client *client, const char *path, const json_t *body,
                                      long *status, json_t **answer, struct ule_error *error) ULE_MUST_CHECK;
/* Host and port, to speak of it by. */
const char *ule_registry_client_place(const struct ule_registry_client *client);
/* An error of the server's. */
enum ule_code ule_registry_client_trouble(const struct ule_registry_client *client, struct ule_error *error,
                                          const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
