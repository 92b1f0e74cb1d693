/* SPDX-License-Identifier: MIT */
/* Where states live between messages: entity -> bytes, an index of due dates, and a few named values ("meta"). Two
 * stores behind one interface: LMDB, and memory. The bytes are opaque here (design.md section 7).
 *
 * Writes belong to a batch and are seen by the reads of the same store at once. commit makes the batch last; abort,
 * and anything else that ends the process, leaves the store as of the last commit. Errors stick to the batch: put
 * and meta_put return nothing, commit tells the first thing that went wrong (CZ-NIC/knot does it so). */
#ifndef ULE_STORE_STORE_H
#define ULE_STORE_STORE_H

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ule_store;

struct ule_store *ule_store_memory_new(void);
/* Opens or makes `dir` (0700, files 0600). map_bytes is the largest the store may grow to; it grows on disk as needed.
 * sync false is MDB_NOSYNC: a crash of the machine may lose it, a crash of the process does not. */
enum ule_code ule_store_lmdb_open(const char *dir, uint64_t map_bytes, bool sync, struct ule_store **store,
                                  struct ule_error *error) ULE_MUST_CHECK;
/* `count` stores in one folder that commit together: the commit of the last of them writes all, and tells what went
 * wrong in any; an abort of one aborts all. So a crash never finds one partition ahead of another. */
enum ule_code ule_store_lmdb_open_group(const char *dir, unsigned count, uint64_t map_bytes, bool sync,
                                        struct ule_store **stores, struct ule_error *error) ULE_MUST_CHECK;
/* For a signal handler: does LMDB look at its pages just now? It trusts them, and may die of one that was damaged. */
bool ule_store_is_reading(void);
void ule_store_free(struct ule_store *store); /* takes NULL; aborts an open batch */

/* The state of an entity into *out (cleared first); false when there is none or the read failed (it sticks). */
bool ule_store_get(struct ule_store *store, const char *entity, struct ule_buffer *out);
/* Replaces the state and moves the entity in the due index; ULE_DATE_NONE is in no index. */
void ule_store_put(struct ule_store *store, const char *entity, const void *bytes, size_t size, int32_t due);
void ule_store_delete(struct ule_store *store, const char *entity);
/* The first entity, by (due date, entity as bytes), that is due on or before `date`, into *entity (NUL-terminated) and
 * *due; false when there is none. */
bool ule_store_due_first(struct ule_store *store, int32_t date, struct ule_buffer *entity, int32_t *due);

bool ule_store_meta_get(struct ule_store *store, const char *name, struct ule_buffer *out);
void ule_store_meta_put(struct ule_store *store, const char *name, const void *bytes, size_t size);

/* Every entity in key order, for explain, sweep and tests. Stops when `visit` returns false. */
void ule_store_each(struct ule_store *store,
                    bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size), void *context);
/* What the open batch has put and deleted (bytes NULL), in key order: what a changelog has to be told. */
void ule_store_each_change(struct ule_store *store,
                           bool (*visit)(void *context, const char *entity, const uint8_t *bytes, size_t size),
                           void *context);
uint64_t ule_store_count(struct ule_store *store);
/* The most memory, in bytes, that the open batch takes, its commit included: so much for each entity and meta value
 * that it has touched, as if each had pages of the store for itself, and twice the bytes put. In a group: all batches.
 */
size_t ule_store_pending(const struct ule_store *store);

/* Something went wrong in the open batch, so that a commit will say what and write nothing: what was read may not be
 * what there is, and nobody else must be told what came of it. */
bool ule_store_failed(const struct ule_store *store);
enum ule_code ule_store_commit(struct ule_store *store, struct ule_error *error) ULE_MUST_CHECK;
void ule_store_abort(struct ule_store *store);
/* What is committed stands on the disk when this returns, whatever `sync` was when the store was opened. */
enum ule_code ule_store_sync(struct ule_store *store, struct ule_error *error) ULE_MUST_CHECK;

#endif
