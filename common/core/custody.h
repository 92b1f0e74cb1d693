/* SPDX-License-Identifier: MIT */
/* Custody, for the rules that look at it (custody.c). */
#ifndef ULE_CORE_CUSTODY_H
#define ULE_CORE_CUSTODY_H

#include "core/person.h"

/* CUSTODY_UNREGISTERED but for enrolment: CPR facts, a parent by number, an empty custody list, a minor, unmarried. */
bool ule_custody_unregistered(const struct ule_person *person);

#endif
