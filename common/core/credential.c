/* SPDX-License-Identifier: MIT */
/* The entity credential:<id>: the newest CredentialChanged, told to the number that it names (design.md section 2, row
 * 3). Without a number it waits here until one names it. */
#include "core/derive.h"

bool ule_credential_take(struct ule_derive *derive) {
    const struct ule_credential_changed *now = derive->message->credential, *before = derive->state->credential;
    if (now == NULL)
        return true;
    if (before != NULL && ule_stamp_compare(now->changed_at, now->sequence, now->event_id, before->changed_at,
                                            before->sequence, before->event_id) <= 0)
        return false;
    derive->state->credential = derive->message->credential;
    return true;
}

void ule_credential_derive(struct ule_derive *derive) {
    struct ule_credential_changed *credential = derive->state->credential;
    if (credential != NULL && credential->number != NULL)
        ule_derive_tell(derive, credential->number)->credential = credential;
}
