/* SPDX-License-Identifier: MIT */
/* The two clocks, for everything around the core: the core itself reads none. */
#ifndef ULE_BASE_CLOCK_H
#define ULE_BASE_CLOCK_H

#include <stdint.h>

int64_t ule_clock_wall(void);   /* ms since 1970 UTC */
int64_t ule_clock_steady(void); /* ms, from somewhere; never goes back */

#endif
