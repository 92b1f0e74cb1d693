/* SPDX-License-Identifier: MIT */
/* The log of a process: logfmt lines to stderr, each with the priority that journald reads (sd-daemon(3)):
 *
 *     <6>event=restored process=ule-family partition=3 records=120000
 *
 * Never a person number, a name or a payload: topic, partition and offset, and the pseudonym where a person must be
 * told from another (ule_policy_pseudonym). */
#ifndef ULE_OPS_LOG_H
#define ULE_OPS_LOG_H

#include "base/error.h"

/* syslog's numbers. */
enum ule_level { ULE_LOG_ERROR = 3, ULE_LOG_WARNING = 4, ULE_LOG_NOTICE = 5, ULE_LOG_INFO = 6, ULE_LOG_DEBUG = 7 };

/* Names the process on every line, and the least urgent level that is written. `process` is kept, not copied. */
void ule_log_open(const char *process, enum ule_level level);
/* `fields` is printf's: the rest of the line, "" for none. */
void ule_log(enum ule_level level, const char *event, const char *fields, ...) __attribute__((format(printf, 3, 4)));
/* "code=... action=... message=..." of an error. */
void ule_log_error(enum ule_level level, const char *event, const struct ule_error *error);
/* Text as a value of logfmt: quoted where it must be, controls as \xNN, into `out`, which is returned; cut off where it
 * does not fit. */
const char *ule_log_quote(const char *text, char *out, size_t size);

#endif
