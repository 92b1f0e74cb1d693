/* SPDX-License-Identifier: MIT */
#include "ops/health.h"

#include "base/clock.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "ops/notify.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WHY_SIZE = 256, TURN_MS = 20 };

static const char *const names[ULE_READY_COUNT] = {
    [ULE_READY_BROKERS] = "brokers",
    [ULE_READY_ASSIGNED] = "partitions",
    [ULE_READY_RESTORED] = "stores",
    [ULE_READY_REGISTRY] = "schema registry",
};

static struct {
    bool set, ready;
    char why[WHY_SIZE];
} needs[ULE_READY_COUNT];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool changed;
static _Atomic int64_t turned; /* steady clock */

/* One line, whatever a library says. */
static void copy_line(char *out, const char *text) {
    size_t size = strlen(text);
    if (size >= WHY_SIZE)
        size = WHY_SIZE - 1;
    for (size_t i = 0; i < size; i++)
        out[i] = (char)((unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
    out[size] = '\0';
}

void ule_ready_set(enum ule_ready what, bool ready, const char *why) {
    (void)pthread_mutex_lock(&mutex);
    char line[WHY_SIZE];
    copy_line(line, ready || !why ? "" : why);
    if (!needs[what].set || needs[what].ready != ready || strcmp(needs[what].why, line) != 0) {
        needs[what].set = true;
        needs[what].ready = ready;
        memcpy(needs[what].why, line, sizeof line);
        atomic_store(&changed, true);
    }
    (void)pthread_mutex_unlock(&mutex);
}

bool ule_ready_print(char *out, size_t size) {
    size_t used = 0;
    bool any = false, ready = true;
    *out = '\0';
    (void)pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < ULE_READY_COUNT; i++) {
        any |= needs[i].set;
        if (!needs[i].set || needs[i].ready)
            continue;
        ready = false;
        int written = snprintf(out + used, size - used, "%s: %s\n", names[i], needs[i].why);
        if (written > 0 && used + (size_t)written < size)
            used += (size_t)written;
        else
            out[used] = '\0'; /* whole lines only */
    }
    (void)pthread_mutex_unlock(&mutex);
    if (!any)
        (void)snprintf(out, size, "starting\n");
    return any && ready;
}

static void tell_manager(void) {
    char text[ULE_READY_COUNT * (WHY_SIZE + 20)];
    bool ready = ule_ready_print(text, sizeof text);
    for (char *at = text; *at; at++) {
        if (*at == '\n')
            *at = at[1] ? ';' : '\0';
    }
    ule_metric_set(ULE_METRIC_READY, NULL, NULL, ready);
    ule_notify_ready(ready, ready ? "working" : text);
}

void ule_health_turn(void) {
    int64_t now = ule_clock_steady();
    if (now - atomic_load(&turned) < TURN_MS)
        return;
    atomic_store(&turned, now);
    ule_log_serve();
    if (atomic_exchange(&changed, false))
        tell_manager();
    ule_notify_alive();
}

int64_t ule_health_turned(void) {
    return atomic_load(&turned);
}

int64_t ule_health_age(void) {
    int64_t last = ule_health_turned();
    return last ? ule_clock_steady() - last : 0;
}

void ule_health_reset(void) {
    (void)pthread_mutex_lock(&mutex);
    memset(needs, 0, sizeof needs);
    (void)pthread_mutex_unlock(&mutex);
    atomic_store(&turned, 0);
    atomic_store(&changed, false);
    ule_notify_reset();
}
