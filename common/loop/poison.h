/* SPDX-License-Identifier: MIT */
/* A record on which the process dies would kill every process that takes it, for ever. Who dies writes down which
 * record was in work, from the handler of the signal that kills: so a death from outside (kill -9, a power cut) accuses
 * no record, and no batch has to be taken record by record to find out which it was. Twice the same one: it is poison,
 * and set aside (design.md section 11).
 *
 * One file a process, 0600, a line for each death: topic, partition, offset, and the entity in whose Tick it was. That
 * stands there by its address; the store beside it holds far more. What the group has gone past is forgotten. */
#ifndef ULE_LOOP_POISON_H
#define ULE_LOOP_POISON_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { ULE_POISON_DEATHS = 2 }; /* on one record: then it is poison */

/* Reads what `path` says of former deaths and catches the signals of those to come. Once a process. ULE_IO, and
 * ULE_CONFIG where the path is too long. */
enum ule_code ule_poison_open(const char *path, struct ule_error *error) ULE_MUST_CHECK;
/* How often the process died on this one: `entity` is "" but for a Tick's. */
unsigned ule_poison_deaths(const char *topic, int32_t partition, int64_t offset, const char *entity);
/* From here to leave a death accuses this one. Borrows the strings until then. */
void ule_poison_enter(const char *topic, int32_t partition, int64_t offset, const char *entity);
void ule_poison_leave(void);
/* The worker's, for all tasks. The open transaction goes past `offset`; when it is committed, all that was met up to
 * there is forgotten. */
void ule_poison_passed(const char *topic, int32_t partition, int64_t offset);
void ule_poison_committed(void);
void ule_poison_aborted(void);

#endif
