/* SPDX-License-Identifier: MIT */
/* An Avro object container file of recorded envelopes (Avro specification 1.11, "Object Container Files"), codec null,
 * read block by block. Own code and not avro-c's file reader: that one believes the lengths in the file. */
#ifndef ULE_RECORDING_CONTAINER_H
#define ULE_RECORDING_CONTAINER_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { ULE_CONTAINER_SYNC = 16 };

struct ule_container {
    FILE *file;
    const char *path; /* borrowed */
    struct ule_buffer block;
    size_t at;     /* in the block */
    int64_t left;  /* records in it */
    uint64_t done; /* bytes of the file */
    uint8_t sync[ULE_CONTAINER_SYNC];
};

/* Lies in the block until the next one is asked for. Texts have no NUL behind them. */
struct ule_contained {
    const uint8_t *topic, *key, *payload; /* key and payload NULL: null */
    size_t topic_size, key_size, payload_size;
    int32_t partition;
    int64_t offset, ts;
};

/* ULE_IO, or a data error with the file and the byte where it is damaged, or of another schema or codec. */
enum ule_code ule_container_open(struct ule_container *container, const char *path,
                                 struct ule_error *error) ULE_MUST_CHECK;
void ule_container_close(struct ule_container *container);
enum ule_code ule_container_next(struct ule_container *container, struct ule_contained *contained,
                                 struct ule_error *error) ULE_MUST_CHECK;

/* Writing: the head of a file, and a block of `count` encoded envelopes. The sync marker is fixed, so that the same
 * records make the same bytes. */
void ule_container_head(struct ule_buffer *out);
void ule_container_block(int64_t count, const struct ule_buffer *envelopes, struct ule_buffer *out);
/* Avro's variable-length integer. */
void ule_container_long(struct ule_buffer *out, int64_t value);

#endif
