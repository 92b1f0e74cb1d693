/* SPDX-License-Identifier: MIT */
/* The rules of domain.md in words, for a caseworker: what `ule explain` says beside a rule's name. All texts are
 * static. */
#ifndef ULE_EXPLAIN_RULE_H
#define ULE_EXPLAIN_RULE_H

#include "core/step.h"

/* "A4" -> what A4 says; NULL for a rule that is not known here. */
const char *ule_explain_rule_meaning(const char *rule);
/* Why a swap waits, is rejected or in conflict: the codes of Reregistered.reason; NULL as above. */
const char *ule_explain_reason_meaning(const char *reason);
/* Titles of what stands in the enums, as a caseworker would say it; never NULL. */
const char *ule_explain_class_words(enum ule_number_class number_class);
const char *ule_explain_status_words(enum ule_cpr_status status);
const char *ule_explain_outcome_words(enum ule_outcome outcome);
const char *ule_explain_verdict_words(enum ule_verdict_reason reason);
const char *ule_explain_case_words(enum ule_case_kind kind);
const char *ule_explain_authority_words(enum ule_authority authority);
const char *ule_explain_access_words(enum ule_access_level access);
const char *ule_explain_request_words(enum ule_request_kind kind);
const char *ule_explain_relation_words(enum ule_contact_relationship relation);

#endif
