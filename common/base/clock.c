/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t milliseconds(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t ule_clock_wall(void) {
    return milliseconds(CLOCK_REALTIME);
}

int64_t ule_clock_steady(void) {
    return milliseconds(CLOCK_MONOTONIC);
}

void ule_clock_boot(char boot[static ULE_BOOT_SIZE]) {
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file || fscanf(file, "%63s", boot) != 1)
        (void)snprintf(boot, ULE_BOOT_SIZE, ULE_BOOT_UNKNOWN);
    if (file)
        (void)fclose(file);
}
