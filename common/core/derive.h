/* SPDX-License-Identifier: MIT */
/* Inside the core: one derivation, from an entity's own record, what it has heard, today and the policy, to what it
 * should say and publish. The rules (a file each) add to it; step.c then sends and publishes the difference. */
#ifndef ULE_CORE_DERIVE_H
#define ULE_CORE_DERIVE_H

#include "core/step.h"

#define ULE_COUNTRY_DENMARK 5100 /* CPR country code */
#define ULE_CHAIN_MAX       8    /* design.md section 2: a longer chain is CONFLICT */
/* Tells between one and its root: 44 are the most that a chain takes to complete or to be undone. The number that is
 * reached after each further ULE_HOPS_RING is taken to be in a ring (ring.c); a prime, so that it is not the same one
 * of two that answer each other. At ULE_HOPS_MAX nothing is said any more (step.c). */
#define ULE_HOPS_RING 199
#define ULE_HOPS_MAX  1000

struct ule_derive {
    const char *entity;
    struct ule_person_state *state;
    const struct ule_inbox_message *message;
    int32_t today;
    const struct ule_policy *policy;
    struct ule_arena *arena;
    int32_t due;             /* the earliest date after today on which something changes by itself */
    bool hold;               /* publish nothing and end nothing in this step: another number is taking over */
    bool subscription_ended; /* by this message */
    unsigned *notes;

    struct ule_wanted_tell {
        const char *receiver;
        struct ule_tell *tell;
    } * tells;
    size_t tells_count, tells_room;

    struct ule_output *outputs; /* wanted, then replaced by what is emitted */
    size_t outputs_count, outputs_room;
    struct ule_output *events;
    size_t events_count;
};

/* The tell to a receiver, made empty on first use: rules fill their part of it. */
struct ule_tell *ule_derive_tell(struct ule_derive *derive, const char *receiver);
/* Wants `value` (a struct of the topic's record, header fields unset) to stand under `key`. */
void ule_derive_output(struct ule_derive *derive, enum ule_topic topic, const char *key, void *value);
/* Publishes `value` once, whatever stands: for a topic whose values are events. One a key in a step: false when there
 * is one already. */
bool ule_derive_event(struct ule_derive *derive, enum ule_topic topic, const char *key, void *value);
/* Something changes by itself on `date`; dates that are past and ULE_DATE_NONE are ignored. */
void ule_derive_due(struct ule_derive *derive, int32_t date);
/* ule_date_within today, and the bounds become due dates. */
bool ule_derive_within(struct ule_derive *derive, int32_t from, int32_t until);
/* A value of `record`, all defaults. */
void *ule_derive_new(struct ule_derive *derive, const struct ule_record *record);

/* Key "<subject>/<child or ->/<case>" and the case to stand under it; remedy and texts are filled by the caller. */
struct ule_case *ule_derive_case(struct ule_derive *derive, enum ule_case_kind kind, const char *subject_key,
                                 const char *child_key);

/* The person key of this entity: stored at first use and never recomputed (design.md section 4). */
const char *ule_derive_person_key(struct ule_derive *derive);

/* The value that stands under a key, decoded, or NULL. */
const void *ule_derive_standing(struct ule_derive *derive, enum ule_topic topic, const char *key);

/* tell.c: heard and said */
void ule_tell_hear(struct ule_derive *derive); /* the message's tell into state->heard */
struct ule_tell *ule_tell_decode(struct ule_arena *arena, const struct ule_bytes *bytes);
struct ule_tell *ule_tell_heard(struct ule_derive *derive, const char *sender); /* NULL when nothing */
void ule_tell_send(struct ule_derive *derive, struct ule_effects *effects);     /* the difference of wanted and said */

/* publish.c */
void ule_publish(struct ule_derive *derive, struct ule_effects *effects);
/* The entry under topic and key, or NULL. */
struct ule_published *ule_publish_find(const struct ule_published_array *published, enum ule_topic topic,
                                       const char *key);
/* Adds or replaces. */
void ule_publish_adopt(struct ule_derive *derive, struct ule_published_array *into, const struct ule_published *entry);
void ule_publish_remove(struct ule_published_array *published, size_t index);

/* Source stamps: (changed_at, sequence, event_id); negative, zero or positive like strcmp. */
int ule_stamp_compare(int64_t at, int64_t sequence, const char *event_id, int64_t other_at, int64_t other_sequence,
                      const char *other_event_id);

/* A file an entity: take the source record in (false when it is stale), then derive. */
bool ule_credential_take(struct ule_derive *derive);
void ule_credential_derive(struct ule_derive *derive);
bool ule_permit_take(struct ule_derive *derive);
void ule_permit_derive(struct ule_derive *derive);
bool ule_local_take(struct ule_derive *derive);
void ule_local_derive(struct ule_derive *derive);
bool ule_institution_take(struct ule_derive *derive);
void ule_institution_derive(struct ule_derive *derive);
bool ule_person_take(struct ule_derive *derive);
void ule_person_derive(struct ule_derive *derive);

/* dispute.c: two claims on one replacement number are of two persons (domain.md section 2) */
bool ule_dispute_disagree(struct ule_arena *arena, const struct ule_claim *a, const struct ule_claim *b);

/* telling.c: swaps that were told */
void ule_telling_add(struct ule_derive *derive, struct ule_telling_array *tellings, const struct ule_telling *telling);
/* Those of `tellings` in which `number` takes part, appended. */
void ule_telling_select(struct ule_arena *arena, const struct ule_telling_array *tellings, const char *number,
                        struct ule_telling_array *out);

/* Grows an array in the arena by one zeroed item and returns it. */
#define ULE_PUSH(arena, array)                                                                                         \
    ((array)->items = ule_array_grow((arena), (array)->items, (array)->count, sizeof *(array)->items),                 \
     &(array)->items[(array)->count++])
void *ule_array_grow(struct ule_arena *arena, void *items, size_t count, size_t size);
void ule_strings_add(struct ule_arena *arena, struct ule_strings *strings, const char *text); /* once each */
bool ule_strings_have(const struct ule_strings *strings, const char *text);

#endif
