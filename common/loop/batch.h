/* SPDX-License-Identifier: MIT */
/* How long a batch goes on where there is nothing to be read. */
#ifndef ULE_LOOP_BATCH_H
#define ULE_LOOP_BATCH_H

#include <stdint.h>

/* So long a poll that finds nothing waits before it ends the batch of so many records, in ms. The others are times in
 * ms, too: since the batch began, what the commit before it took, and what a batch may last. */
int ule_batch_linger(int32_t taken, int64_t lasted, int64_t commit, int32_t most);

#endif
