/* SPDX-License-Identifier: MIT */
/* Swaps of person numbers in a few steps each, so that every way one can go does occur (domain.md section 6). */
#ifndef ULE_GENERATE_PLOT_H
#define ULE_GENERATE_PLOT_H

#include "ule/generate_story.h"

/* What the plot of the family has for its change `step`; ULE_GENERATE_KINDS when it has nothing. */
enum ule_generate_kind ule_generate_plot_step(struct ule_generate_family *family, uint64_t step, int32_t day,
                                              struct ule_generate_output *out);
/* CPR gives somebody another number; or, when it has done so, takes it back. */
void ule_generate_plot_number(struct ule_generate_family *family, unsigned who, struct ule_generate_output *out);

#endif
