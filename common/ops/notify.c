/* SPDX-License-Identifier: MIT */
#include "ops/notify.h"

#include "base/clock.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if ULE_SYSTEMD
#include <systemd/sd-daemon.h>
static const bool is_there = true;
#else
static const bool is_there = false;
static int sd_notify(int unset, const char *state) {
    (void)unset;
    (void)state;
    return 0;
}
static int sd_watchdog_enabled(int unset, uint64_t *usec) {
    (void)unset;
    *usec = 0;
    return 0;
}
#endif

/* A wait in the loop that says nothing is at most a minute long (kafka/producer.h); units allow twice that. */
enum { ALIVE_MS = 1000, EXTEND_SECONDS = 180 };

static bool ready_told, stopping;
static char status_told[1024];
static int64_t alive_told;

void ule_notify_ready(bool ready, const char *status) {
    char text[sizeof status_told + 40];
    bool first = ready && !ready_told;
    ready_told |= ready;
    if (!first && strncmp(status, status_told, sizeof status_told - 1) == 0)
        return;
    (void)snprintf(status_told, sizeof status_told, "%s", status);
    (void)snprintf(text, sizeof text, "%sSTATUS=%s", first ? "READY=1\n" : "", status_told);
    (void)sd_notify(0, text);
}

void ule_notify_alive(void) {
    int64_t now = ule_clock_steady();
    uint64_t watchdog = 0;
    int64_t pause = ALIVE_MS;
    if (sd_watchdog_enabled(0, &watchdog) > 0 && watchdog / 4000 < ALIVE_MS)
        pause = (int64_t)(watchdog / 4000);
    if (alive_told && now - alive_told < pause)
        return;
    alive_told = now;
    char text[64] = "WATCHDOG=1";
    if (!ready_told || stopping)
        (void)snprintf(text, sizeof text, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%d000000", EXTEND_SECONDS);
    (void)sd_notify(0, text);
}

void ule_notify_stopping(void) {
    if (stopping)
        return;
    stopping = true;
    (void)sd_notify(0, "STOPPING=1\nSTATUS=stopping: committing what was taken");
}

bool ule_notify_is_there(void) {
    return is_there;
}

void ule_notify_reset(void) {
    ready_told = stopping = false;
    status_told[0] = '\0';
    alive_told = 0;
}
