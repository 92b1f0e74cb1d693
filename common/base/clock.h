/* SPDX-License-Identifier: MIT */
/* The two clocks, for everything around the core: the core itself reads none. */
#ifndef ULE_BASE_CLOCK_H
#define ULE_BASE_CLOCK_H

#include <stdint.h>

int64_t ule_clock_wall(void);   /* ms since 1970 UTC */
int64_t ule_clock_steady(void); /* ms, from somewhere; never goes back */

/* Which boot of the machine this is, one word; ULE_BOOT_UNKNOWN where the kernel does not say. */
enum { ULE_BOOT_SIZE = 64 };
#define ULE_BOOT_UNKNOWN "unknown"
void ule_clock_boot(char boot[static ULE_BOOT_SIZE]);

#endif
