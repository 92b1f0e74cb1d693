/* SPDX-License-Identifier: MIT */
/* The core applied to one message: loads the state of its entity from a store, steps, stores it, and hands on what it
 * tells and publishes. Replay and ule-family both step with it. */
#ifndef ULE_LOOP_STEPPER_H
#define ULE_LOOP_STEPPER_H

#include "core/step.h"
#include "loop/census.h"
#include "loop/state.h"
#include "store/store.h"

struct ule_stepper;

/* In a store, `<entity>\x1f<sender>` holds what one sender told an entity that hears thousands (core/step.h): a state
 * that has heard that one. */
#define ULE_SLOT_SEPARATOR '\x1f'

struct ule_stepper_sink {
    void *context;
    /* One output record, in order. `at` is the timestamp of the root (ms). Whatever but ULE_OK it returns is returned.
     */
    enum ule_code (*output)(void *context, const struct ule_output *output, int64_t at, struct ule_error *error);
    enum ule_code (*tell)(void *context, const struct ule_inbox_message *tell, struct ule_error *error);
};

struct ule_stepper_counts {
    uint64_t messages, outputs, notes[ULE_NOTE_COUNT];
};

/* Borrows `policy`; copies *sink. */
struct ule_stepper *ule_stepper_new(const struct ule_policy *policy, const struct ule_stepper_sink *sink);
void ule_stepper_free(struct ule_stepper *stepper); /* takes NULL */

/* From now on `census` is kept: that of the store which is handed over with a message. NULL: none is, as at first. */
void ule_stepper_count_in(struct ule_stepper *stepper, struct ule_census *census);

/* Of what a message may lead to, in bytes; 0: there is no limit. */
struct ule_stepper_limits {
    size_t state, output;
    size_t (*output_size)(void *context, const struct ule_output *output); /* the sink's context */
};

/* From now on a message that would make a state or an output larger is ULE_TOO_LARGE, and nothing has come of it. A
 * Tick is not asked: what it adds is little. */
void ule_stepper_limit(struct ule_stepper *stepper, const struct ule_stepper_limits *limits);

/* `message` to its entity in `store`. *stored (may be NULL): the entity's state has changed. ULE_STATE when a state
 * cannot be read. */
enum ule_code ule_stepper_take(struct ule_stepper *stepper, struct ule_store *store, int32_t today,
                               const struct ule_inbox_message *message, bool *stored,
                               struct ule_error *error) ULE_MUST_CHECK;
/* Likewise an encoded InboxMessage. */
enum ule_code ule_stepper_take_bytes(struct ule_stepper *stepper, struct ule_store *store, int32_t today,
                                     const void *bytes, size_t size, bool *stored,
                                     struct ule_error *error) ULE_MUST_CHECK;
/* Likewise the Tick of `today` to an entity that is due. */
enum ule_code ule_stepper_tick(struct ule_stepper *stepper, struct ule_store *store, int32_t today, const char *entity,
                               bool *stored, struct ule_error *error) ULE_MUST_CHECK;
/* Who is asked before each Tick to an entity, and told when it is done. *aside: no Tick to this one, which has been
 * seen to otherwise and is due no more; then there is no after, and what follows is for the next call. */
struct ule_tick_watch {
    void *context;
    enum ule_code (*before)(void *context, const char *entity, int32_t date, bool *aside, struct ule_error *error);
    void (*after)(void *context);
};

/* Ticks to all that are due in `store`, day by day after *today up to `date`, `most` at the most. *today is the last
 * day that is done: short of `date` where there is more, or after an error. `watch` may be NULL. */
enum ule_code ule_stepper_tick_to(struct ule_stepper *stepper, struct ule_store *store, int32_t date, int32_t most,
                                  const struct ule_tick_watch *watch, int32_t *today,
                                  struct ule_error *error) ULE_MUST_CHECK;
/* The Tick of `date` as a message, to `entity`. It lives in `arena`. */
void ule_tick_message(int32_t date, const char *entity, struct ule_arena *arena, struct ule_inbox_message *tick);

const struct ule_stepper_counts *ule_stepper_counts(const struct ule_stepper *stepper);

#endif
