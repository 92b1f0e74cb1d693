/* SPDX-License-Identifier: MIT */
#include "loop/outbox.h"

#include <stdlib.h>

enum { RECORDS = 8192, BYTES = 4 << 20, LARGE = 65536 };

struct ule_outbox_record {
    struct ule_message message; /* without key and value: */
    size_t at;                  /* the key, in `bytes`; the value follows */
    bool keyed, tombstone;
};

void ule_outbox_close(struct ule_outbox *outbox) {
    ule_buffer_close(&outbox->bytes);
    free(outbox->records);
    *outbox = (struct ule_outbox){0};
}

void ule_outbox_clear(struct ule_outbox *outbox) {
    outbox->count = 0;
    ule_buffer_clear(&outbox->bytes);
}

enum ule_code ule_outbox_send(struct ule_outbox *outbox, struct ule_producer *producer, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    for (size_t i = 0; i < outbox->count && code == ULE_OK; i++) {
        const struct ule_outbox_record *record = &outbox->records[i];
        struct ule_message message = record->message;
        const uint8_t *key = outbox->bytes.bytes + record->at;
        message.key = record->keyed ? (const char *)key : NULL;
        message.value = record->tombstone ? NULL : key + message.key_size;
        code = ule_producer_send(producer, &message, error);
    }
    ule_outbox_clear(outbox);
    return code;
}

static void hold(struct ule_outbox *outbox, const struct ule_message *message) {
    if (!outbox->records)
        outbox->records = calloc(RECORDS, sizeof *outbox->records);
    if (!outbox->records)
        abort();
    struct ule_outbox_record *record = &outbox->records[outbox->count++];
    *record = (struct ule_outbox_record){.message = *message,
                                         .at = outbox->bytes.size,
                                         .keyed = message->key != NULL,
                                         .tombstone = message->value == NULL};
    if (message->key)
        ule_buffer_append(&outbox->bytes, message->key, message->key_size);
    /* Never nothing: an empty value would be a tombstone where no byte has been allocated yet. */
    ule_buffer_reserve(&outbox->bytes, message->size + 1);
    if (message->size)
        ule_buffer_append(&outbox->bytes, message->value, message->size);
}

enum ule_code ule_outbox_put(struct ule_outbox *outbox, struct ule_producer *producer,
                             const struct ule_message *message, struct ule_error *error) {
    bool direct = message->headers_count || message->size >= LARGE;
    if (!direct)
        hold(outbox, message);
    bool enough = direct || outbox->count == RECORDS || outbox->bytes.size >= BYTES;
    enum ule_code code = enough ? ule_outbox_send(outbox, producer, error) : ULE_OK;
    return direct && code == ULE_OK ? ule_producer_send(producer, message, error) : code;
}
