/* SPDX-License-Identifier: MIT */
/* The core: one pure function. step(state, message, today, policy) -> new state + effects. No clock, no I/O, no memory
 * that outlives the message (design.md sections 1 and 2). */
#ifndef ULE_CORE_STEP_H
#define ULE_CORE_STEP_H

#include "avro/record.h"
#include "core/policy.h"
#include "records.h"

#include <string.h>

/* The topics that the core writes, in the order of design.md section 3. */
enum ule_topic {
    ULE_TOPIC_PROVISIONING,
    ULE_TOPIC_REREGISTRATION,
    ULE_TOPIC_CONTACT_RELATION,
    ULE_TOPIC_CASE,
    ULE_TOPIC_PUPIL,
    ULE_TOPIC_SUBSCRIPTION_WANTED,
    ULE_TOPIC_COUNT,
};
/* "unilogin.provisioning.v1", ... */
extern const char *const ule_topic_names[ULE_TOPIC_COUNT];
extern const struct ule_record *const ule_topic_records[ULE_TOPIC_COUNT];

/* One record to publish. `value` is a struct of ule_topic_records[topic], NULL for a tombstone. */
struct ule_output {
    enum ule_topic topic;
    const char *key;
    const void *value;
};

/* What a message did besides what it published; for counters and logs. */
enum ule_note {
    ULE_NOTE_STALE,              /* older than what is held: changed nothing */
    ULE_NOTE_REQUEST_IGNORED,    /* from an institution that has neither record nor listing (kept) */
    ULE_NOTE_SUBSCRIPTION_ALARM, /* SUBSCRIPTION_ENDED for a person with a tie */
    ULE_NOTE_RING,               /* tells went round a ring of swaps: it is broken here */
    ULE_NOTE_CUT_SHORT,          /* tells without end: nothing is said of this one before the next Tick */
    ULE_NOTE_COUNT,
};
extern const char *const ule_note_names[ULE_NOTE_COUNT];

struct ule_effects {
    struct ule_inbox_message *tells; /* in order; receivers in `entity` */
    size_t tells_count;
    struct ule_output *outputs; /* in order of topic and key */
    size_t outputs_count;
    unsigned notes[ULE_NOTE_COUNT];
};

/* An entity that hears thousands (an institution) keeps what each sender told in a record of its own, and a step needs
 * the sender's only: `state->heard` then has that one slot, or none, before and after (design.md section 7). */
static inline bool ule_step_hears_apart(const char *entity) {
    return strncmp(entity, "institution:", sizeof "institution:" - 1) == 0;
}

/* Takes `message` into `state` (an all-default record for an entity that has none yet) and derives. `state` is
 * changed in place; everything new in it and in `effects` lives in `arena`, borrows from `message`, and lasts until
 * the arena is reset. state->due is the next date on which a Tick concerns the entity, later than `today`, or
 * ULE_DATE_NONE. Messages come from the engine and have passed a translation's checks; one that makes no sense
 * changes nothing. */
void ule_step(const char *entity, struct ule_person_state *state, const struct ule_inbox_message *message,
              int32_t today, const struct ule_policy *policy, struct ule_arena *arena, struct ule_effects *effects);

#endif
