/* SPDX-License-Identifier: MIT */
/* Who may see what, by a second reading of domain.md that knows nothing of entities and tells: only the newest facts.
 * What is wrong is printed. */
#ifndef ULE_TESTS_PROPERTY_SAFETY_H
#define ULE_TESTS_PROPERTY_SAFETY_H

#include "property/run.h"

/* The newest version of each record that was fed, in order of feeding. */
struct safety_facts {
    const struct world *world;
    struct {
        const struct world_event *event;
        const void *record; /* as translated */
    } newest[256];
    size_t count;
    struct { /* two numbers that somebody ever said are one person's */
        const char *a, *b;
    } links[256];
    size_t links_count;
    int32_t today;
};

/* How often there was something to look at. */
extern size_t safety_sensitive, safety_protected;

/* The event is one of facts->world and was not refused. */
void safety_learn(struct safety_facts *facts, const struct world_event *event);
/* Every standing output, when all that the events up to that index cause has been done. */
bool safety_is_sound(const struct safety_facts *facts, const struct run *run, size_t upto);
/* Each user key stands at one entity, and nobody waits for a number that never takes over. */
bool safety_handshakes_are_over(struct run *run);

#endif
