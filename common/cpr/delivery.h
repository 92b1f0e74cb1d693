/* SPDX-License-Identifier: MIT */
/* CPR extracts into a recording of cpr.person-changed.v1 (design.md sections 8 and 9). The recording is written anew
 * beside the old one and takes its place when all is well, so that no reader ever sees half an extract, not even after
 * a power cut. Beside it stands the production date of the last extract of each task: the next one has to name it as
 * its previous one, or an extract was missed. The date is written after the recording: whatever happens between the
 * two, the extract is at worst loaded once more, and equal records change nothing; the other way round it would be
 * lost. */
#ifndef ULE_CPR_DELIVERY_H
#define ULE_CPR_DELIVERY_H

#include "cpr/reader.h"

#define ULE_CPR_TOPIC           "cpr.person-changed.v1"
#define ULE_CPR_LAST_PRODUCTION "cpr.last-production"

struct ule_cpr_delivery;

/* Called now and then with the bytes read of a file and its size (0: not known). */
typedef void ule_cpr_progress(void *context, const char *path, uint64_t done, uint64_t size);

/* Makes the folder where there is none, and holds it against a second delivery until closed. */
enum ule_code ule_cpr_delivery_open(const char *directory, struct ule_cpr_delivery **delivery,
                                    struct ule_error *error) ULE_MUST_CHECK;
/* Reads one extract. After an error nothing of it is kept; extracts loaded before it are. ULE_GAP: an extract was
 * missed, or this one has been loaded. *header and *summary are untouched on failure. `progress` may be NULL. */
enum ule_code ule_cpr_delivery_load(struct ule_cpr_delivery *delivery, const char *path, ule_cpr_progress *progress,
                                    void *context, struct ule_cpr_header *header, struct ule_cpr_summary *summary,
                                    struct ule_error *error) ULE_MUST_CHECK;
/* Puts what was loaded in its place; without it a delivery leaves no trace. */
enum ule_code ule_cpr_delivery_commit(struct ule_cpr_delivery *delivery, struct ule_error *error) ULE_MUST_CHECK;
void ule_cpr_delivery_close(struct ule_cpr_delivery *delivery); /* takes NULL */

#endif
