/* SPDX-License-Identifier: MIT */
/* Swaps from a person's number, for the rules that look at them (renumber.c). */
#ifndef ULE_CORE_RENUMBER_H
#define ULE_CORE_RENUMBER_H

#include "core/person.h"

/* optagelse_deadline: the first telling + 120 hours, while F or R is an active STUDENT of grades 8-10 (domain.md
 * section 6); ULE_TIME_NONE otherwise. */
int64_t ule_renumber_deadline(const struct ule_person *person, const struct ule_pair *pair);

#endif
