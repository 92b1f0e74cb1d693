/* SPDX-License-Identifier: MIT */
#ifndef ULE_EXPLAIN_LIVE_H
#define ULE_EXPLAIN_LIVE_H

#include "ops/config.h"
#include "records.h"

/* Brings the copy of the changelog in `dir`, which is made where there is none, to the end that the changelog has now.
 * ULE_STATE when `dir` holds something else, or a copy that is older than five days. */
enum ule_code ule_explain_catch_up(const char *dir, const char *config, struct ule_error *error) ULE_MUST_CHECK;
/* The look-up in ule.audit.v1; it stands there when this returns ULE_OK. */
enum ule_code ule_explain_audit_live(const struct ule_config *config, const char *purpose, const char *person,
                                     struct ule_strings fields, struct ule_error *error) ULE_MUST_CHECK;

#endif
