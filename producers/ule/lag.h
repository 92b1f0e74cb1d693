/* SPDX-License-Identifier: MIT */
/* How far the processes are behind what has been sent to them. An offset alone does not tell: in a topic that is
 * written in transactions the last offsets are marks that no consumer gets. So what lies between the offset that a
 * group has committed and the end is looked at. */
#ifndef ULE_LAG_H
#define ULE_LAG_H

#include "ule/live.h"

struct ule_lag;

#define ULE_FAMILY_GROUP "ule-family"

/* The groups of all five processes and the topics that they read; `group` NULL: all, else that one. Borrows config. */
enum ule_code ule_lag_open(const struct ule_config *config, const char *group, struct ule_lag **out,
                           struct ule_error *error) ULE_MUST_CHECK;
void ule_lag_close(struct ule_lag *lag); /* takes NULL */

/* *none: at one moment during this call every group had committed all that was in its topics, and nothing was on its
 * way in an open transaction. The topics end at the end of the call where they did at its beginning, and in between
 * each group was seen to have taken all up to there; since offsets only rise, it was so at once at the end; and what a
 * process tells stands in the inbox when the offset of what made it tell is committed. Else *behind is about how many
 * records are to be read, of the groups that were asked. */
enum ule_code ule_lag_look(struct ule_lag *lag, bool *none, int64_t *behind, struct ule_error *error) ULE_MUST_CHECK;
/* Until there is none, or `waiting` (called some times a second; NULL: never) returns false: then *none is false. */
enum ule_code ule_lag_wait(struct ule_lag *lag, bool (*waiting)(void *context, int64_t behind), void *context,
                           bool *none, struct ule_error *error) ULE_MUST_CHECK;

/* Members of the groups, alive or static and not yet given up. */
enum ule_code ule_lag_members(struct ule_lag *lag, size_t *members, struct ule_error *error) ULE_MUST_CHECK;

#endif
