/* SPDX-License-Identifier: MIT */
/* /metrics, /healthz and /readyz (libmicrohttpd), on a thread of their own that sees nothing of the loop but
 * ops/metrics.h and ops/health.h. Off unless `http.listen` is set; a port alone is on loopback. Another address needs
 * TLS and clients with certificates (domain.md section 9: no anonymous listener).
 *
 * Whoever asks, and however: at most so many connections, bytes and seconds are spent on it (http.c says how many), and
 * nothing that was sent is sent back. */
#ifndef ULE_OPS_HTTP_H
#define ULE_OPS_HTTP_H

#include "base/error.h"
#include "ops/config.h"

struct ule_http;

/* What ule_http_open would refuse without looking at a file. */
enum ule_code ule_http_check(const struct ule_config *config, struct ule_error *error) ULE_MUST_CHECK;
/* *out is NULL where `http.listen` is not set. ULE_CONFIG for what cannot be meant, ULE_IO for an address that cannot
 * be had. */
enum ule_code ule_http_open(const struct ule_config *config, struct ule_http **out,
                            struct ule_error *error) ULE_MUST_CHECK;
/* Where it listens: the port that was given out where the configuration says 0. */
unsigned ule_http_port(const struct ule_http *http);
void ule_http_close(struct ule_http *http); /* takes NULL */

#endif
