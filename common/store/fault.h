/* SPDX-License-Identifier: MIT */
/* What goes wrong with LMDB: what it says, in words, and that it trusts its pages. Not for use outside common/store. */
#ifndef ULE_STORE_FAULT_H
#define ULE_STORE_FAULT_H

#include "base/error.h"

#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>

/* `code` is LMDB's or an errno; `map_bytes` the largest that the store in `dir` may be. Returns ULE_STORE. */
enum ule_code ule_lmdb_fail(const char *dir, uint64_t map_bytes, int code, struct ule_error *error);
/* mdb_get, and what ule_store_is_reading says meanwhile. */
int ule_lmdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
/* Likewise around other calls that look at pages. */
void ule_lmdb_reads(bool reading);

#endif
