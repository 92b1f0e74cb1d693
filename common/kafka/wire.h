/* SPDX-License-Identifier: MIT */
/* As much of Kafka's protocol as librdkafka 2.0.2 leaves out: requests about rights. Its own know no transactional.id,
 * and every process needs a right on one. One connection, one request at a time, over what kafka.* says. */
#ifndef ULE_KAFKA_WIRE_H
#define ULE_KAFKA_WIRE_H

#include "base/buffer.h"
#include "kafka/client.h"

#include <stdbool.h>

struct ule_wire;

/* To the first of kafka.bootstrap.servers that answers. In plain text, or by TLS as kafka.ssl.* say (PEM files);
 * ULE_CONFIG for what is not spoken here: SASL, key stores. */
enum ule_code ule_wire_open(const struct ule_config *config, struct ule_wire **out,
                            struct ule_error *error) ULE_MUST_CHECK;
void ule_wire_close(struct ule_wire *wire); /* takes NULL */

/* Of the answer, big-endian, up to 16 MiB. `failed` sticks: what is read past the end is 0 or empty. */
struct ule_wire_reader {
    const uint8_t *at, *end;
    bool failed;
};
/* `body` follows the request's header, whose version is 1. The answer lives until the next call. */
enum ule_code ule_wire_call(struct ule_wire *wire, int16_t key, int16_t version, const struct ule_buffer *body,
                            struct ule_wire_reader *answer, struct ule_error *error) ULE_MUST_CHECK;

int8_t ule_wire_int8(struct ule_wire_reader *reader);
int16_t ule_wire_int16(struct ule_wire_reader *reader);
int32_t ule_wire_int32(struct ule_wire_reader *reader);
/* Into `text` with a NUL, cut off where it does not fit; a null is empty. */
void ule_wire_text(struct ule_wire_reader *reader, char *text, size_t size);

void ule_wire_put_int8(struct ule_buffer *body, int8_t value);
void ule_wire_put_int16(struct ule_buffer *body, int16_t value);
void ule_wire_put_int32(struct ule_buffer *body, int32_t value);
void ule_wire_put_text(struct ule_buffer *body, const char *text); /* NULL: null */

#endif
