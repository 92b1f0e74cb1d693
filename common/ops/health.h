/* SPDX-License-Identifier: MIT */
/* Is this process alive, and does it do its work? /healthz, /readyz and the service manager are told from here
 * (ops/http.h, ops/notify.h). Any thread may call ule_ready_set; the rest is the loop's. */
#ifndef ULE_OPS_HEALTH_H
#define ULE_OPS_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a process needs in order to work. One that was never set does not count. */
enum ule_ready {
    ULE_READY_BROKERS,  /* a broker can be reached, and lets us in */
    ULE_READY_ASSIGNED, /* the group has given out its partitions */
    ULE_READY_RESTORED, /* the stores are as of the changelog's end */
    ULE_READY_REGISTRY, /* the schema registry answers */
    ULE_READY_COUNT,
};

/* `why` says in plain words what is missing (never who: no person, no payload); it is copied, cut off where it does not
 * fit, and ignored while ready. */
void ule_ready_set(enum ule_ready what, bool ready, const char *why);
/* Nothing that was set is missing, and something was set. What is missing into `out`, a line each; "" where nothing. */
bool ule_ready_print(char *out, size_t size);

/* The loop has turned, or waits for something in a way that ends: every wait of more than a second says so. Tells the
 * service manager's watchdog, and does what signals have asked for (reopening the log). */
void ule_health_turn(void);
/* When that was, by the steady clock, 0 before the first: a time that costs no look at a clock. Any thread. */
int64_t ule_health_turned(void);
/* ms since then; 0 before the first. Any thread. */
int64_t ule_health_age(void);
/* Forgets everything: for tests. */
void ule_health_reset(void);

#endif
