/* SPDX-License-Identifier: MIT */
/* The state of one entity, and what a step of it needs. For checked fixtures. */
#ifndef TESTS_CORE_STATE_H
#define TESTS_CORE_STATE_H

#include "core/step.h"

extern struct ule_arena *arena;
extern struct ule_policy policy;
extern struct ule_person_state state;

/* Of an entity that nothing is known of yet. */
void open_state(void);
void close_state(void);
/* A value of that record with what is left out in it; the arena's. */
void *blank(const struct ule_record *record);

#endif
