/* SPDX-License-Identifier: MIT */
/* The log of a process: logfmt lines to stderr, each with the priority that journald reads (sd-daemon(3)), or to a
 * file:
 *
 *     <6>event=restored process=ule-family partition=3 records=120000
 *     time=2026-01-05T07:12:44.017Z level=info event=restored process=ule-family partition=3 records=120000
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
/* From now on the log is in this file, and so is whatever else is written to stderr: appended, made with 0600. A line
 * has a time and a word for its priority there, which journald would have added. ULE_IO. The path is kept. */
enum ule_code ule_log_to_file(const char *path, struct ule_error *error) ULE_MUST_CHECK;
/* Asks for the file to be opened anew: safe within a signal handler. */
void ule_log_ask_reopen(void);
/* Does it, where it was asked for. Where that fails the former file goes on, and says so. */
void ule_log_serve(void);
/* `fields` is printf's: the rest of the line, "" for none. */
void ule_log(enum ule_level level, const char *event, const char *fields, ...) __attribute__((format(printf, 3, 4)));
/* "code=... action=... message=..." of an error. */
void ule_log_error(enum ule_level level, const char *event, const struct ule_error *error);
/* Text as a value of logfmt: quoted where it must be, controls as \xNN, into `out`, which is returned; cut off where it
 * does not fit. */
const char *ule_log_quote(const char *text, char *out, size_t size);

#endif
