/* SPDX-License-Identifier: MIT */
#include "loop/batch.h"

enum { LINGER_MS = 2, LEAST_MS = 8, FEW = 256 };

/* A commit's marks are written when it has returned: until then what it told ourselves is not to be read, and the next
 * transaction is refused. A batch of a few records lasts a quarter of what the commit before it took, so that what is
 * told does not wait for long; one of many lasts as long as that, since the broker is what is waited for then. */
int ule_batch_linger(int32_t taken, int64_t lasted, int64_t commit, int32_t most) {
    int64_t least = taken < FEW ? commit / 4 : commit;
    if (least < LEAST_MS)
        least = LEAST_MS;
    if (least > most)
        least = most;
    return least - lasted > LINGER_MS ? (int)(least - lasted) : LINGER_MS;
}
