/* SPDX-License-Identifier: MIT */
/* The task of the four source consumers: read, check, and address what was read to the entity that owns it
 * (design.md section 1). They hold no state. What cannot be read goes to the topic's dead letters with the reason. */
#ifndef ULE_LOOP_FORWARD_H
#define ULE_LOOP_FORWARD_H

#include "loop/source.h"

#include <stdbool.h>

struct ule_forwarding {
    const char *name, *says;          /* of the process */
    size_t sources[ULE_SOURCE_COUNT]; /* indices into ule_sources */
    size_t count;
    bool audited; /* each transaction's CPR records are counted in ule.audit.v1 (domain.md section 9, S4 § 4) */
};

/* All of a source consumer's main: see loop/process.h. */
int ule_forward_main(int argc, char **argv, const struct ule_forwarding *forwarding);

#endif
