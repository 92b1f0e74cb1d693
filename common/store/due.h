/* SPDX-License-Identifier: MIT */
/* The index of due dates of the store on disk: due (4 bytes) + entity -> nothing. A due date is kept big-endian with
 * its sign bit turned, so that LMDB's order of bytes is the order of dates. Not for use outside common/store. */
#ifndef ULE_STORE_DUE_H
#define ULE_STORE_DUE_H

#include "base/buffer.h"

#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>

enum { ULE_DUE_SIZE = 4, ULE_KEY_MAX = 511 }; /* LMDB takes no longer keys */

void ule_due_encode(int32_t due, uint8_t bytes[static ULE_DUE_SIZE]);
int32_t ule_due_decode(const uint8_t bytes[static ULE_DUE_SIZE]);

/* Gathers a change of the index, to be made in key order; borrows `entity`, of ULE_KEY_MAX - ULE_DUE_SIZE at most. */
void ule_due_move(struct ule_buffer *moves, int32_t due, const char *entity, bool put);
/* Makes the changes. Returns LMDB's code: MDB_CORRUPTED where one is to be taken out that is not there. */
int ule_due_write(const struct ule_buffer *moves, MDB_txn *txn, MDB_dbi dbi);

#endif
