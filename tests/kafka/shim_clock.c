/* SPDX-License-Identifier: MIT */
/* For LD_PRELOAD: a host whose clock is SHIM_CLOCK_AHEAD seconds ahead. What waits is not deceived: deadlines are made
 * with timespec_get and the steady clock. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t ahead(void) {
    const char *seconds = getenv("SHIM_CLOCK_AHEAD");
    return seconds ? (time_t)strtoll(seconds, NULL, 10) : 0;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's own names are not for us */

static int real(clockid_t clock, struct timespec *now) {
    int (*function)(clockid_t, struct timespec *);
    *(void **)&function = dlsym(RTLD_NEXT, "clock_gettime");
    return function(clock, now);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = real(clock, now);
    if (clock == CLOCK_REALTIME && result == 0)
        now->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = (suseconds_t)(precise.tv_nsec / 1000);
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
