/* SPDX-License-Identifier: MIT */
#include "store/fault.h"

#include "store/due.h"
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <sys/statvfs.h>

enum { FEW_BLOCKS = 256 };

static volatile sig_atomic_t reading_pages;

enum ule_code ule_lmdb_fail(const char *dir, uint64_t map_bytes, int code, struct ule_error *error) {
    struct statvfs disk;
    /* To LMDB a write that stops half way is an EIO, whatever stopped it. */
    if (code == ENOSPC || (code == EIO && statvfs(dir, &disk) == 0 && disk.f_bavail < FEW_BLOCKS))
        return ule_fail(error, ULE_STORE, "%s: the disk is full", dir);
    if (code == MDB_MAP_FULL)
        return ule_fail(error, ULE_STORE, "%s: the store is full at %llu MiB; raise store.map-bytes", dir,
                        (unsigned long long)(map_bytes >> 20));
    if (code == MDB_BAD_VALSIZE)
        return ule_fail(error, ULE_STORE, "%s: a key of no or more than %d bytes", dir, ULE_KEY_MAX);
    if (code == MDB_CORRUPTED || code == MDB_INVALID || code == MDB_PAGE_NOTFOUND || code == MDB_VERSION_MISMATCH)
        return ule_fail(error, ULE_STORE, "%s: the store is damaged or not a store (%s); delete it and build it anew",
                        dir, mdb_strerror(code));
    return ule_fail(error, ULE_STORE, "%s: %s", dir, mdb_strerror(code));
}

int ule_lmdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value) {
    ule_lmdb_reads(true);
    int code = mdb_get(txn, dbi, key, value);
    ule_lmdb_reads(false);
    return code;
}

void ule_lmdb_reads(bool reading) {
    reading_pages = reading;
}

bool ule_store_is_reading(void) {
    return reading_pages != 0;
}
