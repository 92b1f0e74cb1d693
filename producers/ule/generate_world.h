/* SPDX-License-Identifier: MIT */
/* What is fixed for a whole run: the seed, the families, and whose turn it is when. Draws are made by counting and not
 * by a generator with a state: the same (seed, purpose, indices) is the same draw wherever it is asked for. */
#ifndef ULE_GENERATE_WORLD_H
#define ULE_GENERATE_WORLD_H

#include "ule/generate.h"

struct ule_generate_world {
    uint64_t seed;
    uint64_t families;
    uint64_t last_size; /* persons of the last family: what is left of N */
    uint64_t changes;
    int32_t start;
    uint64_t stride, inverse, offset; /* family = (turn * stride + offset) mod families */
};

enum ule_generate_purpose {
    ULE_GENERATE_SIZE,
    ULE_GENERATE_FAMILY,
    ULE_GENERATE_COHORT,
    ULE_GENERATE_PERSON,
    ULE_GENERATE_STEP,
    ULE_GENERATE_CREDENTIAL,
    ULE_GENERATE_INSTITUTION,
    ULE_GENERATE_FLAW,
    ULE_GENERATE_TURN,
    ULE_GENERATE_MASS,
};

struct ule_generate_world ule_generate_world_of(const struct ule_generate_options *options);
uint64_t ule_generate_draw(const struct ule_generate_world *world, enum ule_generate_purpose purpose, uint64_t a,
                           uint64_t b);
/* One draw taken apart: a number below `bound`; the rest stays in *draw. For a few small bounds only. */
unsigned ule_generate_take(uint64_t *draw, unsigned bound);

uint64_t ule_generate_size(const struct ule_generate_world *world, uint64_t family);
/* The family whose turn change `turn` (of all days, from 0) is, and the first turn of a family. Its step k is the turn
 * `first + k * families`. */
uint64_t ule_generate_family_of(const struct ule_generate_world *world, uint64_t turn);
uint64_t ule_generate_first_turn(const struct ule_generate_world *world, uint64_t family);
/* How many of the family's changes have been before `turn`. */
uint64_t ule_generate_steps_before(const struct ule_generate_world *world, uint64_t family, uint64_t turn);
int32_t ule_generate_day_of(const struct ule_generate_world *world, uint64_t turn);

#endif
