/* SPDX-License-Identifier: MIT */
#include "store/due.h"

#include <stdlib.h>
#include <string.h>

void ule_due_encode(int32_t due, uint8_t bytes[static ULE_DUE_SIZE]) {
    uint32_t biased = (uint32_t)due ^ UINT32_C(0x80000000);
    for (int i = 0; i < ULE_DUE_SIZE; i++)
        bytes[i] = (uint8_t)(biased >> (24 - 8 * i));
}

int32_t ule_due_decode(const uint8_t bytes[static ULE_DUE_SIZE]) {
    uint32_t biased = 0;
    for (int i = 0; i < ULE_DUE_SIZE; i++)
        biased = biased << 8 | bytes[i];
    return (int32_t)(biased ^ UINT32_C(0x80000000));
}

struct move {
    const char *entity; /* the batch's */
    int32_t due;
    bool put;
};

/* As LMDB orders the keys: by due date, then by bytes. */
static int move_compare(const void *a, const void *b) {
    const struct move *left = a, *right = b;
    if (left->due != right->due)
        return left->due < right->due ? -1 : 1;
    return strcmp(left->entity, right->entity);
}

void ule_due_move(struct ule_buffer *moves, int32_t due, const char *entity, bool put) {
    ule_buffer_append(moves, &(struct move){entity, due, put}, sizeof(struct move));
}

int ule_due_write(const struct ule_buffer *moves, MDB_txn *txn, MDB_dbi dbi) {
    size_t count = moves->size / sizeof(struct move);
    struct move *all = (struct move *)(void *)moves->bytes;
    if (count)
        qsort(all, count, sizeof *all, move_compare);
    int code = 0;
    for (size_t i = 0; i < count && !code; i++) {
        uint8_t bytes[ULE_KEY_MAX];
        size_t size = strlen(all[i].entity); /* a put has seen to it that it fits */
        ule_due_encode(all[i].due, bytes);
        memcpy(bytes + ULE_DUE_SIZE, all[i].entity, size);
        MDB_val key = {.mv_size = ULE_DUE_SIZE + size, .mv_data = bytes}, none = {.mv_data = bytes};
        code = all[i].put ? mdb_put(txn, dbi, &key, &none, 0) : mdb_del(txn, dbi, &key, NULL);
        if (code == MDB_NOTFOUND)
            code = MDB_CORRUPTED; /* the index and the states must never differ */
    }
    return code;
}
