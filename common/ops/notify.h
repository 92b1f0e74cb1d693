/* SPDX-License-Identifier: MIT */
/* What the service manager is told (sd_notify(3)); nothing without one, or where libsystemd was not there when this was
 * built. The loop's thread. */
#ifndef ULE_OPS_NOTIFY_H
#define ULE_OPS_NOTIFY_H

#include <stdbool.h>

/* READY=1 the first time that `ready` is true, and STATUS= whenever `status` (one line) is another than before. */
void ule_notify_ready(bool ready, const char *status);
/* WATCHDOG=1, often enough for WatchdogSec= and not more often; before READY and after STOPPING EXTEND_TIMEOUT_USEC=,
 * so that a start or a stop may take its time as long as the loop turns. */
void ule_notify_alive(void);
/* STOPPING=1. */
void ule_notify_stopping(void);
/* For tests: was libsystemd there? And: as if nothing had been told. */
bool ule_notify_is_there(void);
void ule_notify_reset(void);

#endif
