/* SPDX-License-Identifier: MIT */
/* Persons whose end rests on which fact came first (design.md section 2, What converges). */
#ifndef ULE_TESTS_PROPERTY_EXCEPTED_H
#define ULE_TESTS_PROPERTY_EXCEPTED_H

#include "property/run.h"

struct excepted {
    const struct world *world;
    bool persons[WORLD_PERSONS];
};

struct excepted excepted_of(const struct world *world);
/* An account kept under A1 after its reason went: of a contact on a number that gives it none. */
void excepted_add_kept(struct excepted *excepted, const struct run *run);
/* For picture_differences; the context is a struct excepted. */
bool excepted_line(const void *context, const char *line);

#endif
