/* SPDX-License-Identifier: MIT */
/* `ule extract --publish`: an outbox between the extract files and Kafka. What was loaded stands there, with the
 * production date, before any of it is sent, and goes from there when all is delivered: after a crash it is sent once
 * more, and equal records change nothing; in the other order it would be lost. */
#ifndef ULE_EXTRACT_PUBLISH_H
#define ULE_EXTRACT_PUBLISH_H

#include "base/error.h"

#define ULE_EXTRACT_OUTBOX "cpr-outbox"

struct ule_extract_outbox;

/* The folder `keep`/cpr-outbox, made where there is none and held against a second process; `keep` NULL: beside the
 * configuration file. */
enum ule_code ule_extract_outbox_open(const char *config, const char *keep, struct ule_extract_outbox **out,
                                      struct ule_error *error) ULE_MUST_CHECK;
void ule_extract_outbox_close(struct ule_extract_outbox *outbox); /* takes NULL */
/* Where extracts are loaded (cpr/delivery.h). */
const char *ule_extract_outbox_dir(const struct ule_extract_outbox *outbox);
/* Sends what is in it, if anything, and prints how much; then it is empty but for the production dates. */
enum ule_code ule_extract_outbox_send(struct ule_extract_outbox *outbox, struct ule_error *error) ULE_MUST_CHECK;

#endif
