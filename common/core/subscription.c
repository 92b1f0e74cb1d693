/* SPDX-License-Identifier: MIT */
/* Only what the decision needs is kept or asked for (domain.md section 9): whom CPR is to tell us of, and when a person
 * without a tie is reduced to status, links, protection and its account. */
#include "core/person.h"

#include <string.h>

static void publish_wanted(struct ule_person *person) {
    const char *key = ule_derive_person_key(person->derive);
    const struct ule_subscription_wanted *standing = ule_derive_standing(person->derive, ULE_TOPIC_SUBSCRIPTION_WANTED,
                                                                         key);
    bool never = person->number == NULL || person->number_class == ULE_NUMBER_CLASS_REPLACEMENT ||
                 person->number_class == ULE_NUMBER_CLASS_UNKNOWN;
    bool matters = !person->frozen && (person->records_count > 0 || person->listed || person->related ||
                                       person->child_of_enrolled || person->awaited);
    bool wanted = !never && matters;
    if (!wanted && standing == NULL)
        return;
    struct ule_subscription_wanted *value = ule_derive_new(person->derive, &ule_subscription_wanted_record);
    value->number = person->number;
    value->wanted = wanted;
    ule_derive_output(person->derive, ULE_TOPIC_SUBSCRIPTION_WANTED, key, value);
}

/* What is left: which record it was, the status, the links, and the protection where it is to stay. */
static struct ule_person_changed *reduced(struct ule_person *person, const struct ule_person_changed *from,
                                          bool protection) {
    struct ule_person_changed *kept = ule_derive_new(person->derive, &ule_person_changed_record);
    kept->event_id = from->event_id;
    kept->changed_at = from->changed_at;
    kept->sequence = from->sequence;
    kept->number = from->number;
    kept->status = from->status;
    kept->current_number = from->current_number;
    kept->former_numbers = from->former_numbers;
    if (protection)
        kept->protection = from->protection;
    return kept;
}

static void reduce(struct ule_person *person, bool protection) {
    struct ule_person_state *state = person->state;
    if (person->kept != NULL)
        state->facts = reduced(person, person->kept, protection);
    if (state->person != NULL)
        state->person = reduced(person, state->person, protection);
    state->minimised = true;
}

/* Nothing stays but the links: of the status only what leads on to another number. */
static void erase(struct ule_person *person) {
    reduce(person, false);
    if (person->state->person->current_number == NULL)
        person->state->person->status = ULE_CPR_STATUS_SUBSCRIPTION_ENDED;
}

void ule_subscription_derive(struct ule_person *person) {
    struct ule_derive *derive = person->derive;
    struct ule_person_state *state = person->state;
    publish_wanted(person);

    /* An account that has gone on to another number is that number's tie. */
    bool open = person->account != NULL && !person->frozen && person->account_state != ULE_ACCOUNT_STATE_CLOSED;
    bool tied = person->records_count > 0 || person->listed || person->related || open;
    if (derive->subscription_ended) {
        /* The facts will not be renewed: somebody has to know while they are used; else they go at once. */
        if (tied)
            derive->notes[ULE_NOTE_SUBSCRIPTION_ALARM]++;
        else
            erase(person);
    }
    if (tied || state->person == NULL || state->minimised) {
        state->untied_since = ULE_DATE_NONE;
        return;
    }
    if (state->untied_since == ULE_DATE_NONE)
        state->untied_since = derive->today;
    if (derive->policy->minimise_after_days <= 0)
        return;
    int32_t on = state->untied_since + derive->policy->minimise_after_days;
    if (on > derive->today)
        ule_derive_due(derive, on);
    else if (derive->message->tick != ULE_DATE_NONE)
        reduce(person, true);
    else
        ule_derive_due(derive, derive->today + 1);
}
