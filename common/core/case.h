/* SPDX-License-Identifier: MIT */
/* Who is stuck, and what helps (domain.md section 8). */
#ifndef ULE_CORE_CASE_H
#define ULE_CORE_CASE_H

#include "core/derive.h"
#include "core/remedy.h"

/* The remedy of these facts into the case; a remedy that changes with time makes the entity due. */
void ule_case_remedy(struct ule_derive *derive, struct ule_case *value, const struct ule_remedy_facts *facts);

#endif
