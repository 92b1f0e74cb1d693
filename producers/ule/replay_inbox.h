/* SPDX-License-Identifier: MIT */
#ifndef ULE_REPLAY_INBOX_H
#define ULE_REPLAY_INBOX_H

#include "ops/config.h"
#include "recording/recording.h"

/* The recorded inbox of `from` (NULL config: defaults) into a recording in `to`, and a summary to stdout. States are
 * kept in memory. Unlike a replay of sources it minimises as ule-family does, since the inbox says what day it was. */
enum ule_code ule_replay_inbox(const char *from, const char *to, const char *config, enum ule_format format,
                               struct ule_error *error) ULE_MUST_CHECK;

#endif
