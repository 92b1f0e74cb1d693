/* SPDX-License-Identifier: MIT */
/* The store on disk. Three databases a store: entity -> due (4 bytes) + state; due (4 bytes) + entity -> nothing; meta.
 * A due date (store/due.h) stands before the state too, so that a put finds the index entry it replaces without being
 * told.
 *
 * A batch is kept in memory and written in key order at the commit: random writes cost more than twice as much
 * (design.md section 7), and no write transaction stays open while messages are worked on. Reads look into the batch
 * first. Between commits one read transaction is held, so what they see stands still.
 *
 * Several stores may share one environment; their batches are then written in one transaction, so a crash cannot leave
 * one ahead of another. */
#include "store/backend.h"
#include "store/due.h"
#include "store/fault.h"
#include "store/table.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* LMDB keeps a copy of every page that a transaction changes until it commits. Keys lie far apart in a large store, so
 * each has a leaf and the page above it to itself; an entity has two more of either in the index of due dates, where it
 * was and where it comes to be. What is higher up is shared by all. */
enum { STATE_PAGES = 6, META_PAGES = 2 };
enum { LARGEST = 64 << 20 }; /* four times what a state may be */

struct environment {
    MDB_env *env;
    MDB_txn *read; /* reset between batches */
    bool reading;
    bool sync;
    uint64_t map_bytes;
    char *dir;
    struct lmdb **members;
    unsigned member_count, open_count, committed_count;
    size_t page_size, pending;
};

struct lmdb {
    struct ule_store store;
    struct environment *environment;
    MDB_dbi states, due, meta;
    struct ule_table state_batch, meta_batch;
    struct ule_buffer due_from; /* every index entry before this one is overridden by the batch */
    bool committed;             /* waits for the other members */
};

static void stick(struct lmdb *lmdb, int code) {
    if (!lmdb->store.failed) /* an LMDB or errno code */
        lmdb->store.failed = code;
}

/* NULL when there is no reading; that sticks. */
static MDB_txn *read_begin(struct lmdb *lmdb) {
    struct environment *environment = lmdb->environment;
    if (environment->reading)
        return environment->read;
    int code = environment->read ? mdb_txn_renew(environment->read)
                                 : mdb_txn_begin(environment->env, NULL, MDB_RDONLY, &environment->read);
    if (code) {
        stick(lmdb, code);
        return NULL;
    }
    environment->reading = true;
    return environment->read;
}

static void read_end(struct environment *environment) {
    if (environment->reading)
        mdb_txn_reset(environment->read);
    environment->reading = false;
}

static MDB_val value_of(const void *bytes, size_t size) {
    MDB_val value = {.mv_size = size, .mv_data = (void *)(uintptr_t)bytes};
    return value;
}

/* False when there is none or it cannot be read, and that sticks. */
static bool read_value(struct lmdb *lmdb, MDB_dbi dbi, const char *name, MDB_val *value) {
    MDB_txn *txn = read_begin(lmdb);
    if (!txn)
        return false;
    MDB_val key = value_of(name, strlen(name));
    int code = ule_lmdb_get(txn, dbi, &key, value);
    if (code && code != MDB_NOTFOUND)
        stick(lmdb, code);
    return code == 0;
}

static bool lmdb_get(struct ule_store *store, const char *entity, struct ule_buffer *out) {
    struct lmdb *lmdb = (struct lmdb *)store;
    const struct ule_entry *entry = ule_table_find(&lmdb->state_batch, entity);
    if (entry) {
        if (entry->present)
            ule_buffer_append(out, entry->bytes, entry->size);
        return entry->present;
    }
    MDB_val value;
    if (!read_value(lmdb, lmdb->states, entity, &value))
        return false;
    if (value.mv_size < ULE_DUE_SIZE || value.mv_size > LARGEST) { /* it was damaged */
        stick(lmdb, MDB_CORRUPTED);
        return false;
    }
    ule_buffer_append(out, (const uint8_t *)value.mv_data + ULE_DUE_SIZE, value.mv_size - ULE_DUE_SIZE);
    return true;
}

static struct ule_entry *batch_at(struct lmdb *lmdb, struct ule_table *batch, const char *key) {
    size_t count = batch->count, pages = batch == &lmdb->meta_batch ? META_PAGES : STATE_PAGES;
    struct ule_entry *entry = ule_table_at(batch, key);
    if (batch->count > count)
        lmdb->environment->pending += sizeof *entry + strlen(key) + pages * lmdb->environment->page_size;
    lmdb->environment->pending -= 2 * entry->size; /* to be replaced */
    return entry;
}

static void batch_put(struct lmdb *lmdb, struct ule_table *batch, const char *key, const void *bytes, size_t size,
                      int32_t due) {
    size_t length = strlen(key);
    if (!length || length > ULE_KEY_MAX - ULE_DUE_SIZE) {
        stick(lmdb, MDB_BAD_VALSIZE);
        return;
    }
    uint8_t *copy = ule_table_memory(NULL, size);
    if (size)
        memcpy(copy, bytes, size);
    ule_table_set(batch, batch_at(lmdb, batch, key), copy, size, due);
    lmdb->environment->pending += 2 * size;
}

static void lmdb_put(struct ule_store *store, const char *entity, const void *bytes, size_t size, int32_t due) {
    struct lmdb *lmdb = (struct lmdb *)store;
    batch_put(lmdb, &lmdb->state_batch, entity, bytes, size, due);
}

static void lmdb_delete(struct ule_store *store, const char *entity) {
    struct lmdb *lmdb = (struct lmdb *)store;
    ule_table_unset(&lmdb->state_batch, batch_at(lmdb, &lmdb->state_batch, entity));
}

/* The first index entry on disk that the batch does not override. The place is kept: in a batch of ticks, starting at
 * the front every time would cost the square of what is due. */
static bool due_on_disk(struct lmdb *lmdb, int32_t date, struct ule_buffer *entity, int32_t *due) {
    MDB_txn *txn = read_begin(lmdb);
    if (!txn)
        return false;
    MDB_cursor *cursor;
    int code = mdb_cursor_open(txn, lmdb->due, &cursor);
    if (code) {
        stick(lmdb, code);
        return false;
    }
    bool found = false;
    ule_lmdb_reads(true);
    MDB_val key = value_of(lmdb->due_from.bytes, lmdb->due_from.size), none;
    code = mdb_cursor_get(cursor, &key, &none, key.mv_size ? MDB_SET_RANGE : MDB_FIRST);
    while (!code && !found) {
        if (key.mv_size <= ULE_DUE_SIZE) {
            code = MDB_CORRUPTED;
            break;
        }
        ule_buffer_clear(&lmdb->due_from);
        ule_buffer_append(&lmdb->due_from, key.mv_data, key.mv_size);
        *due = ule_due_decode(key.mv_data);
        if (*due > date)
            break;
        ule_buffer_clear(entity);
        ule_buffer_append(entity, (const uint8_t *)key.mv_data + ULE_DUE_SIZE, key.mv_size - ULE_DUE_SIZE);
        ule_buffer_append(entity, "", 1);
        found = !ule_table_find(&lmdb->state_batch, (const char *)entity->bytes);
        if (!found)
            code = mdb_cursor_get(cursor, &key, &none, MDB_NEXT);
    }
    if (code && code != MDB_NOTFOUND)
        stick(lmdb, code);
    mdb_cursor_close(cursor);
    ule_lmdb_reads(false);
    return found;
}

static bool lmdb_due_first(struct ule_store *store, int32_t date, struct ule_buffer *entity, int32_t *due) {
    struct lmdb *lmdb = (struct lmdb *)store;
    bool found = due_on_disk(lmdb, date, entity, due);
    const struct ule_entry *entry = ule_table_due_first(&lmdb->state_batch);
    if (!entry || entry->due > date)
        return found;
    if (found && (*due < entry->due || (*due == entry->due && strcmp((char *)entity->bytes, entry->key) < 0)))
        return true;
    ule_buffer_clear(entity);
    ule_buffer_append(entity, entry->key, strlen(entry->key) + 1);
    *due = entry->due;
    return true;
}

static bool lmdb_meta_get(struct ule_store *store, const char *name, struct ule_buffer *out) {
    struct lmdb *lmdb = (struct lmdb *)store;
    const struct ule_entry *entry = ule_table_find(&lmdb->meta_batch, name);
    if (entry) {
        ule_buffer_append(out, entry->bytes, entry->size);
        return true;
    }
    MDB_val value;
    if (!read_value(lmdb, lmdb->meta, name, &value))
        return false;
    ule_buffer_append(out, value.mv_data, value.mv_size);
    return true;
}

static void lmdb_meta_put(struct ule_store *store, const char *name, const void *bytes, size_t size) {
    struct lmdb *lmdb = (struct lmdb *)store;
    batch_put(lmdb, &lmdb->meta_batch, name, bytes, size, ULE_DATE_NONE);
}

/* Two sorted rows, the batch and the disk, as one; of the same key the batch's. */
static void lmdb_each(struct ule_store *store,
                      bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                      void *context) {
    struct lmdb *lmdb = (struct lmdb *)store;
    MDB_txn *txn = read_begin(lmdb);
    MDB_cursor *cursor;
    int code = txn ? mdb_cursor_open(txn, lmdb->states, &cursor) : MDB_BAD_TXN;
    if (code) {
        stick(lmdb, code);
        return;
    }
    struct ule_entry **batch = ule_table_sorted(&lmdb->state_batch);
    struct ule_buffer entity = {0};
    size_t at = 0;
    bool on = true;
    MDB_val key, value;
    code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (on && (!code || at < lmdb->state_batch.count)) {
        int order = 1; /* of the disk's key after the batch's */
        if (!code) {
            ule_buffer_clear(&entity);
            ule_buffer_append(&entity, key.mv_data, key.mv_size);
            ule_buffer_append(&entity, "", 1);
            order = at < lmdb->state_batch.count ? strcmp((char *)entity.bytes, batch[at]->key) : -1;
        }
        if (order < 0) {
            if (value.mv_size < ULE_DUE_SIZE) {
                stick(lmdb, MDB_CORRUPTED);
                break;
            }
            on = visit(context, (char *)entity.bytes, (const uint8_t *)value.mv_data + ULE_DUE_SIZE,
                       value.mv_size - ULE_DUE_SIZE);
        } else {
            if (batch[at]->present)
                on = visit(context, batch[at]->key, batch[at]->bytes, batch[at]->size);
            at++;
        }
        if (order <= 0)
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (code && code != MDB_NOTFOUND)
        stick(lmdb, code);
    ule_buffer_close(&entity);
    free(batch);
    mdb_cursor_close(cursor);
}

static void lmdb_each_change(struct ule_store *store,
                             bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                             void *context) {
    const struct lmdb *lmdb = (const struct lmdb *)store;
    struct ule_entry **batch = ule_table_sorted(&lmdb->state_batch);
    for (size_t i = 0; i < lmdb->state_batch.count; i++) {
        const struct ule_entry *entry = batch[i];
        if (!visit(context, entry->key, entry->present ? entry->bytes : NULL, entry->present ? entry->size : 0))
            break;
    }
    free(batch);
}

static uint64_t lmdb_count(struct ule_store *store) {
    struct lmdb *lmdb = (struct lmdb *)store;
    MDB_txn *txn = read_begin(lmdb);
    MDB_stat stat;
    int code = txn ? mdb_stat(txn, lmdb->states, &stat) : MDB_BAD_TXN;
    if (code) {
        stick(lmdb, code);
        return 0;
    }
    uint64_t count = stat.ms_entries + lmdb->state_batch.present_count;
    for (size_t i = 0; i < lmdb->state_batch.bucket_count; i++) {
        for (const struct ule_entry *entry = lmdb->state_batch.buckets[i]; entry; entry = entry->next) {
            MDB_val value;
            if (read_value(lmdb, lmdb->states, entry->key, &value))
                count--;
        }
    }
    return count;
}

static size_t lmdb_pending(const struct ule_store *store) {
    return ((const struct lmdb *)store)->environment->pending;
}

static int write_state(const struct lmdb *lmdb, MDB_txn *txn, const struct ule_entry *entry, struct ule_buffer *moves) {
    MDB_val key = value_of(entry->key, strlen(entry->key)), value;
    int32_t old_due = ULE_DATE_NONE;
    int code = mdb_get(txn, lmdb->states, &key, &value);
    if (code && code != MDB_NOTFOUND)
        return code;
    bool there = code == 0;
    if (there) {
        if (value.mv_size < ULE_DUE_SIZE)
            return MDB_CORRUPTED;
        old_due = ule_due_decode(value.mv_data);
    }
    if (entry->due != old_due) {
        if (old_due != ULE_DATE_NONE)
            ule_due_move(moves, old_due, entry->key, false);
        if (entry->due != ULE_DATE_NONE)
            ule_due_move(moves, entry->due, entry->key, true);
    }
    if (!entry->present)
        return there ? mdb_del(txn, lmdb->states, &key, NULL) : 0;
    value.mv_size = ULE_DUE_SIZE + entry->size;
    code = mdb_put(txn, lmdb->states, &key, &value, MDB_RESERVE);
    if (code)
        return code;
    ule_due_encode(entry->due, value.mv_data);
    if (entry->size)
        memcpy((uint8_t *)value.mv_data + ULE_DUE_SIZE, entry->bytes, entry->size);
    return 0;
}

static int write_member(const struct lmdb *lmdb, MDB_txn *txn) {
    struct ule_buffer moves = {0};
    int code = 0;
    struct ule_entry **all = ule_table_sorted(&lmdb->state_batch);
    for (size_t i = 0; i < lmdb->state_batch.count && !code; i++)
        code = write_state(lmdb, txn, all[i], &moves);
    free(all);
    if (!code)
        code = ule_due_write(&moves, txn, lmdb->due);
    ule_buffer_close(&moves);
    all = ule_table_sorted(&lmdb->meta_batch);
    for (size_t i = 0; i < lmdb->meta_batch.count && !code; i++) {
        MDB_val key = value_of(all[i]->key, strlen(all[i]->key)), value = value_of(all[i]->bytes, all[i]->size);
        code = mdb_put(txn, lmdb->meta, &key, &value, 0);
    }
    free(all);
    return code;
}

static void batch_clear(struct lmdb *lmdb) {
    ule_table_close(&lmdb->state_batch);
    ule_table_close(&lmdb->meta_batch);
    ule_buffer_clear(&lmdb->due_from);
    lmdb->committed = false;
    lmdb->store.failed = 0;
}

static void environment_clear(struct environment *environment) {
    read_end(environment);
    for (unsigned i = 0; i < environment->member_count; i++) {
        if (environment->members[i])
            batch_clear(environment->members[i]);
    }
    environment->committed_count = 0;
    environment->pending = 0;
}

static enum ule_code lmdb_commit(struct ule_store *store, struct ule_error *error) {
    struct lmdb *lmdb = (struct lmdb *)store;
    struct environment *environment = lmdb->environment;
    environment->committed_count += !lmdb->committed;
    lmdb->committed = true;
    if (environment->committed_count < environment->open_count)
        return ULE_OK;
    read_end(environment);
    MDB_txn *txn = NULL;
    int code = 0;
    for (unsigned i = 0; i < environment->member_count && !code; i++)
        code = environment->members[i] ? environment->members[i]->store.failed : 0;
    if (!code)
        code = mdb_txn_begin(environment->env, NULL, 0, &txn);
    for (unsigned i = 0; i < environment->member_count && !code; i++)
        code = environment->members[i] ? write_member(environment->members[i], txn) : 0;
    if (txn && code)
        mdb_txn_abort(txn);
    else if (txn)
        code = mdb_txn_commit(txn);
    environment_clear(environment);
    return code ? ule_lmdb_fail(environment->dir, environment->map_bytes, code, error) : ULE_OK;
}

static void lmdb_abort(struct ule_store *store) {
    environment_clear(((struct lmdb *)store)->environment);
}

static enum ule_code lmdb_sync(struct ule_store *store, struct ule_error *error) {
    const struct environment *environment = ((struct lmdb *)store)->environment;
    int code = mdb_env_sync(environment->env, 1);
    return code ? ule_lmdb_fail(environment->dir, environment->map_bytes, code, error) : ULE_OK;
}

static void environment_free(struct environment *environment) {
    if (environment->read)
        mdb_txn_abort(environment->read);
    if (environment->env) {
        /* Without a sync at every commit, one at the end: only a crash of the machine while it runs can do harm. */
        if (!environment->sync)
            (void)mdb_env_sync(environment->env, 1);
        mdb_env_close(environment->env);
    }
    free(environment->members);
    free(environment->dir);
    free(environment);
}

static void lmdb_free(struct ule_store *store) {
    struct lmdb *lmdb = (struct lmdb *)store;
    struct environment *environment = lmdb->environment;
    batch_clear(lmdb);
    ule_buffer_close(&lmdb->due_from);
    for (unsigned i = 0; i < environment->member_count; i++) {
        if (environment->members[i] == lmdb)
            environment->members[i] = NULL;
    }
    free(lmdb);
    if (--environment->open_count == 0)
        environment_free(environment);
}

static const struct ule_store_backend backend = {
    .get = lmdb_get,
    .put = lmdb_put,
    .delete = lmdb_delete,
    .due_first = lmdb_due_first,
    .meta_get = lmdb_meta_get,
    .meta_put = lmdb_meta_put,
    .each = lmdb_each,
    .each_change = lmdb_each_change,
    .count = lmdb_count,
    .pending = lmdb_pending,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .sync = lmdb_sync,
    .free = lmdb_free,
};

/* A file that ends before its last page would end the process where that is read. (One that lacks only pages that are
 * free looks the same: it is rare, and costs no more than to build it anew.) */
static int check_length(const struct environment *environment) {
    MDB_envinfo info;
    struct stat about;
    int file;
    int code = mdb_env_info(environment->env, &info);
    if (!code)
        code = mdb_env_get_fd(environment->env, &file);
    if (!code)
        code = fstat(file, &about) == 0 ? 0 : errno;
    if (code)
        return code;
    return (size_t)about.st_size / environment->page_size > info.me_last_pgno ? 0 : MDB_CORRUPTED;
}

static int open_databases(const struct environment *environment) {
    MDB_txn *txn;
    int code = mdb_txn_begin(environment->env, NULL, 0, &txn);
    if (code)
        return code;
    for (unsigned i = 0; i < environment->member_count && !code; i++) {
        struct lmdb *lmdb = environment->members[i];
        struct {
            const char *name;
            MDB_dbi *dbi;
        } all[] = {{"state", &lmdb->states}, {"due", &lmdb->due}, {"meta", &lmdb->meta}};
        for (size_t j = 0; j < sizeof all / sizeof *all && !code; j++) {
            char name[32];
            (void)snprintf(name, sizeof name, "%s.%u", all[j].name, i);
            code = mdb_dbi_open(txn, name, MDB_CREATE, all[j].dbi);
        }
    }
    if (code) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

enum ule_code ule_store_lmdb_open_group(const char *dir, unsigned count, uint64_t map_bytes, bool sync,
                                        struct ule_store **stores, struct ule_error *error) {
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return ule_fail(error, ULE_IO, "%s: %s", dir, strerror(errno));
    struct environment *environment = ule_table_memory(NULL, sizeof *environment);
    *environment = (struct environment){.sync = sync, .map_bytes = map_bytes, .member_count = count};
    size_t size = strlen(dir) + 1;
    environment->dir = memcpy(ule_table_memory(NULL, size), dir, size);
    environment->members = ule_table_memory(NULL, count * sizeof(struct lmdb *));
    for (unsigned i = 0; i < count; i++) {
        environment->members[i] = ule_table_memory(NULL, sizeof(struct lmdb));
        *environment->members[i] = (struct lmdb){.store.backend = &backend, .environment = environment};
    }
    environment->open_count = count;
    int code = mdb_env_create(&environment->env);
    if (!code)
        code = mdb_env_set_maxdbs(environment->env, 3 * count);
    if (!code)
        code = mdb_env_set_mapsize(environment->env, (size_t)map_bytes);
    if (!code)
        code = mdb_env_open(environment->env, dir, MDB_NOTLS | (sync ? 0U : MDB_NOSYNC), 0600);
    MDB_stat stat;
    if (!code)
        code = mdb_env_stat(environment->env, &stat);
    if (!code) {
        environment->page_size = stat.ms_psize;
        code = check_length(environment);
    }
    if (!code)
        code = open_databases(environment);
    if (code) {
        enum ule_code failed = ule_lmdb_fail(environment->dir, environment->map_bytes, code, error);
        for (unsigned i = 0; i < count; i++)
            free(environment->members[i]);
        environment_free(environment);
        return failed;
    }
    for (unsigned i = 0; i < count; i++)
        stores[i] = &environment->members[i]->store;
    return ULE_OK;
}

enum ule_code ule_store_lmdb_open(const char *dir, uint64_t map_bytes, bool sync, struct ule_store **store,
                                  struct ule_error *error) {
    return ule_store_lmdb_open_group(dir, 1, map_bytes, sync, store, error);
}
