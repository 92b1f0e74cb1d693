/* SPDX-License-Identifier: MIT */
/* Every order in which the messages of a few entities can be taken. A global state is the entities' states, what is on
 * its way from each to each, how far each source has been read, and what stands published; two orders that lead to the
 * same one are followed once. The logical clock is left out of it: nothing is decided by it but what is delivered
 * twice, and here nothing is. */
#ifndef ULE_TESTS_SIMULATE_EXPLORE_H
#define ULE_TESTS_SIMULATE_EXPLORE_H

#include "core/step.h"

#include <stdbool.h>

struct explore;

/* Borrows the policy. `day` is the day of all that happens. */
struct explore *explore_new(const struct ule_policy *policy, int32_t day);
void explore_free(struct explore *explore);
/* What was there before: taken at once, with all that it causes. */
void explore_begin(struct explore *explore, const struct ule_inbox_message *message);
/* What may come at any time, but for the order of its stream. */
void explore_add(struct explore *explore, int stream, const struct ule_inbox_message *message);

struct explore_result {
    size_t states, transitions, steps, ends, pictures;
    const char *wrong; /* NULL; else what, and how it came about was printed */
};
/* Follows every order. No user key ever stands at two entities. At each end: every one stands at an entity, none that
 * was there is lost, and no swap has been accepted and not taken. No order goes on for ever. */
struct explore_result explore_run(struct explore *explore);

#endif
