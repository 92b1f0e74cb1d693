/* SPDX-License-Identifier: MIT */
/* The state of one entity in a store: which partition's it is, and its bytes (design.md section 7). A state carries the
 * fingerprint of the schema that wrote it, so that a new version reads what an old one left. */
#ifndef ULE_LOOP_STATE_H
#define ULE_LOOP_STATE_H

#include "records.h"
#include "store/store.h"

struct ule_state_codec;

struct ule_state_codec *ule_state_codec_new(void);
void ule_state_codec_free(struct ule_state_codec *codec); /* takes NULL */

/* The key, in a changelog, of what concerns a partition of the inbox as a whole: a PersonState with `today` and
 * `quarantined`. No entity has this address. */
#define ULE_PARTITION_KEY "partition"

uint32_t ule_murmur2(const void *bytes, size_t size);
/* Kafka's default partitioner: (murmur2(bytes) & 0x7fffffff) % partitions; of a hash that is known, and of an address.
 */
unsigned ule_partition_of(uint32_t hash, unsigned partitions);
unsigned ule_state_partition(const char *entity, unsigned partitions);

/* The state into *state, its strings in `arena`, its bytes in *stored (cleared first). *found, which may be NULL, is
 * false where the store has none: then the state is an all-default one. ULE_STATE when it cannot be read. */
enum ule_code ule_state_read(struct ule_state_codec *codec, struct ule_store *store, const char *entity,
                             struct ule_arena *arena, struct ule_buffer *stored, struct ule_person_state *state,
                             bool *found, struct ule_error *error) ULE_MUST_CHECK;
/* The next date of a state's bytes, for the index; most of the state is not decoded for it. ULE_STATE when they cannot
 * be read. */
enum ule_code ule_state_due(struct ule_state_codec *codec, const uint8_t *bytes, size_t size, struct ule_arena *arena,
                            int32_t *due, struct ule_error *error) ULE_MUST_CHECK;
/* A record of the changelog into the store: a state, or that there is none any more (bytes NULL). */
enum ule_code ule_state_restore(struct ule_state_codec *codec, struct ule_store *store, const char *key,
                                const uint8_t *bytes, size_t size, struct ule_arena *arena,
                                struct ule_error *error) ULE_MUST_CHECK;
/* Bytes to a state and no more. */
enum ule_code ule_state_decode(struct ule_state_codec *codec, const uint8_t *bytes, size_t size,
                               struct ule_arena *arena, struct ule_person_state *state,
                               struct ule_error *error) ULE_MUST_CHECK;
/* Its bytes into *bytes (cleared first). */
void ule_state_write(const struct ule_state_codec *codec, const struct ule_person_state *state,
                     struct ule_buffer *bytes);

/* The last day whose Tick is done, from the meta of the first store; ULE_DATE_NONE before the first. */
int32_t ule_state_today(struct ule_store *store);
void ule_state_set_today(struct ule_store *store, int32_t date);

#endif
