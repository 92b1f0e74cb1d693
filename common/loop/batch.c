/* SPDX-License-Identifier: MIT */
#include "loop/batch.h"

enum { LINGER_MS = 2 };

/* A commit's marks are written when it has returned: until then what it told ourselves is not to be read, and the next
 * transaction is refused. So a batch lasts as long as the commit before it took, unless there is more to do sooner. */
int ule_batch_linger(int64_t lasted, int64_t commit, int32_t most) {
    int64_t least = commit < most ? commit : most;
    return least - lasted > LINGER_MS ? (int)(least - lasted) : LINGER_MS;
}
