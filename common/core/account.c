/* SPDX-License-Identifier: MIT */
/* Accounts (domain.md section 4, A1-A8): whether there is one, its state and its assurance. */
#include "core/case.h"
#include "core/person.h"

#include <string.h>

/* A6: NemID is closed, whatever its issuer last said. */
static enum ule_credential_status status_today(struct ule_person *person,
                                               const struct ule_credential_changed *credential) {
    int32_t closed = person->derive->policy->nemid_closed_on;
    if (credential->scheme != ULE_CREDENTIAL_SCHEME_NEMID || credential->status != ULE_CREDENTIAL_STATUS_ACTIVE)
        return credential->status;
    ule_derive_due(person->derive, closed);
    return person->derive->today >= closed ? ULE_CREDENTIAL_STATUS_EXPIRED : ULE_CREDENTIAL_STATUS_ACTIVE;
}

void ule_credential_best(struct ule_person *person) {
    person->credential_active = person->credential_high = person->credential_lost = false;
    person->credential_newest = NULL;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_credential_changed *credential = person->voices.items[i].tell->credential;
        if (credential == NULL)
            continue;
        const struct ule_credential_changed *newest = person->credential_newest;
        if (newest == NULL || ule_stamp_compare(credential->changed_at, credential->sequence, credential->event_id,
                                                newest->changed_at, newest->sequence, newest->event_id) > 0)
            person->credential_newest = credential;
        /* A2: on a replacement number it is kept and counts after the swap. */
        if (person->number_class == ULE_NUMBER_CLASS_REPLACEMENT)
            continue;
        switch (status_today(person, credential)) {
        case ULE_CREDENTIAL_STATUS_ACTIVE:
            person->credential_active = true;
            person->credential_high |= credential->assurance != ULE_CREDENTIAL_ASSURANCE_LOW;
            break;
        case ULE_CREDENTIAL_STATUS_SUSPENDED:
        case ULE_CREDENTIAL_STATUS_REVOKED:
        case ULE_CREDENTIAL_STATUS_EXPIRED: person->credential_lost = true; break;
        default: break;
        }
    }
}

/* A1, A2, A7: whether an account is made today. One that was made is not refused later. */
static bool may_have_account(const struct ule_person *person) {
    if (person->number == NULL || person->dead || person->gone || person->taking || person->frozen)
        return false;
    if (person->records_count > 0)
        return true;
    if (!person->living)
        return false;
    switch (person->number_class) {
    case ULE_NUMBER_CLASS_VERIFIED: return true;
    case ULE_NUMBER_CLASS_REPLACEMENT: return person->legacy || person->foreign;
    default: return false;
    }
}

static void decide_state(struct ule_person *person) {
    struct ule_derive *derive = person->derive;
    int32_t *loose = &person->account->loose_since; /* it goes with the account */
    bool tied = person->records_count > 0 || person->living;
    if (tied || person->frozen) /* lent, it is another number's to look after */
        *loose = ULE_DATE_NONE;
    else if (*loose == ULE_DATE_NONE)
        *loose = derive->today;
    int32_t closes = *loose == ULE_DATE_NONE ? ULE_DATE_NONE : *loose + derive->policy->account_close_after_days;
    ule_derive_due(derive, closes);

    person->assurance = ULE_ASSURANCE_NONE;
    if (person->dead || person->gone) {
        person->account_state = ULE_ACCOUNT_STATE_CLOSED;
        person->reason = "A7";
    } else if (!tied) {
        person->account_state = closes != ULE_DATE_NONE && closes <= derive->today ? ULE_ACCOUNT_STATE_CLOSED
                                                                                   : ULE_ACCOUNT_STATE_SUSPENDED;
        person->reason = "A8";
    } else if (person->credential_active || person->support || person->records_count > 0) {
        person->account_state = ULE_ACCOUNT_STATE_ACTIVE;
        person->assurance = person->credential_high ? ULE_ASSURANCE_HIGH : ULE_ASSURANCE_LOW;
        person->reason = person->credential_active ? "A4" : person->records_count > 0 ? "A2" : "A5";
    } else if (person->credential_lost || person->support_withdrawn) {
        person->account_state = ULE_ACCOUNT_STATE_SUSPENDED;
        person->reason = "A6";
    } else {
        person->account_state = ULE_ACCOUNT_STATE_CREATED;
        person->reason = "A1";
    }
}

void ule_account_derive(struct ule_person *person) {
    person->account = ule_loan_main_account(person);
    if (person->account == NULL && may_have_account(person)) {
        struct ule_account *made = ULE_PUSH(person->arena, &person->state->accounts);
        made->user_key = ule_derive_person_key(person->derive);
        made->origin = person->derive->entity;
        made->loose_since = ULE_DATE_NONE;
        for (size_t i = 0; i < person->records_count; i++)
            made->legacy |= person->records[i]->legacy;
        person->account = made;
    }
    person->account_state = ULE_ACCOUNT_STATE_NULL;
    if (person->account != NULL)
        decide_state(person);
}

/* An account that a merge closed keeps what was said of it, but for what it could do, and for the names of a person who
 * is protected (A9). */
static void publish_absorbed(struct ule_person *person, const struct ule_account *account) {
    const struct ule_account_changed *standing = ule_derive_standing(person->derive, ULE_TOPIC_PROVISIONING,
                                                                     account->user_key);
    if (standing == NULL)
        return;
    struct ule_account_changed *value = ule_arena_copy(person->arena, standing, sizeof *standing);
    value->state = ULE_ACCOUNT_STATE_CLOSED;
    value->assurance = ULE_ASSURANCE_NONE;
    value->groups.count = value->institutions.count = value->capabilities.count = 0;
    value->enrolled_by = NULL;
    value->reason = "A7";
    if (ule_names_protected(person) && !value->protected) {
        value->given_names = value->family_name = NULL;
        value->protected = value->names_withheld = true;
    }
    ule_derive_output(person->derive, ULE_TOPIC_PROVISIONING, account->user_key, value);
}

static enum ule_number_type number_type(enum ule_number_class number_class) {
    switch (number_class) {
    case ULE_NUMBER_CLASS_VERIFIED: return ULE_NUMBER_TYPE_CPR_VERIFIED;
    case ULE_NUMBER_CLASS_REPLACEMENT: return ULE_NUMBER_TYPE_CPR_REPLACEMENT_ID;
    case ULE_NUMBER_CLASS_UNKNOWN: return ULE_NUMBER_TYPE_CPR_UNKNOWN_TYPE;
    default: return ULE_NUMBER_TYPE_CPR_UNVERIFIED;
    }
}

static void add_groups(struct ule_person *person, struct ule_account_changed *value) {
    bool in[4] = {false};
    for (size_t i = 0; i < person->records_count; i++) {
        const struct ule_institution_person_changed *record = person->records[i];
        in[record->role == ULE_ROLE_EMPLOYEE   ? ULE_ACCOUNT_GROUP_EMPLOYEE
           : record->role == ULE_ROLE_EXTERNAL ? ULE_ACCOUNT_GROUP_EXTERNAL
                                               : ULE_ACCOUNT_GROUP_PUPIL] = true;
        bool known = false;
        for (size_t k = 0; k < value->institutions.count; k++)
            known |= value->institutions.items[k].role == record->role &&
                     strcmp(value->institutions.items[k].number, record->institution_number) == 0;
        if (known)
            continue;
        struct ule_institution_role *role = ULE_PUSH(person->arena, &value->institutions);
        role->number = record->institution_number;
        role->kind = record->institution_kind;
        role->role = record->role;
    }
    in[ULE_ACCOUNT_GROUP_CONTACT] = person->living;
    for (int group = 0; group < 4; group++)
        if (in[group])
            *ULE_PUSH(person->arena, &value->groups) = group;
}

/* E1, E2 (section 5). */
static void add_capabilities(struct ule_person *person, struct ule_account_changed *value) {
    if (!person->enrolled)
        return;
    int32_t fifteen = ule_date_birthday(person->birth_date, ULE_AGE_SELF_ENROLMENT);
    ule_derive_due(person->derive, fifteen);
    if (person->assurance == ULE_ASSURANCE_HIGH && fifteen != ULE_DATE_NONE && fifteen <= person->derive->today)
        *ULE_PUSH(person->arena, &value->capabilities) = ULE_ACCOUNT_CAPABILITY_ENROL_SELF;
    value->enrolled_by = ule_request_enrolled_by(person);
    bool enrols = false;
    for (size_t i = 0; i < person->relations.count; i++)
        enrols |= person->relations.items[i].enrols;
    if (!person->adult && !person->married && !enrols && value->enrolled_by == NULL)
        *ULE_PUSH(person->arena, &value->capabilities) = ULE_ACCOUNT_CAPABILITY_SCHOOL_ENROLMENT;
}

/* Row 7: the contact's view of itself, to every child that names it. */
static void tell_children(struct ule_person *person) {
    struct ule_contact_view *view = ule_derive_new(person->derive, &ule_contact_view_record);
    /* As before until R has taken over; and as it will be again while the account is on its way back: no gap. */
    bool moved = person->frozen && person->taken;
    bool open = person->account != NULL && !moved && person->account_state != ULE_ACCOUNT_STATE_CLOSED;
    view->number_class = person->number_class;
    view->dead = person->dead;
    view->void_ = person->gone;
    view->account = open;
    view->tied = person->records_count > 0 || person->living;
    view->state = open ? person->account_state : ULE_ACCOUNT_STATE_CLOSED;
    view->assurance = open ? person->assurance : ULE_ASSURANCE_NONE;
    view->enrolled = person->enrolled;
    view->user_key = open ? person->account->user_key : NULL;
    view->person_key = ule_derive_person_key(person->derive);
    view->basis = open ? person->reason : "";
    view->moved_to = moved ? person->moved_to : NULL;
    for (size_t i = 0; i < person->voices.count; i++)
        if (person->voices.items[i].tell->listing != NULL)
            ule_derive_tell(person->derive, person->voices.items[i].sender)->view = view;
}

void ule_account_publish(struct ule_person *person) {
    tell_children(person);
    if (person->frozen)
        return;
    struct ule_account_array *accounts = &person->state->accounts;
    for (size_t i = 0; i < accounts->count; i++)
        if (&accounts->items[i] != person->account && !accounts->items[i].away)
            publish_absorbed(person, &accounts->items[i]);
    if (person->account == NULL || person->account->away)
        return; /* it is on its way back */
    struct ule_account_changed *value = ule_derive_new(person->derive, &ule_account_changed_record);
    value->user_key = person->account->user_key;
    value->number = person->number;
    value->number_type = number_type(person->number_class);
    value->action = person->account->legacy ? ULE_ACCOUNT_ACTION_UPDATE : ULE_ACCOUNT_ACTION_CREATE;
    value->state = person->account_state;
    value->assurance = person->assurance;
    value->reason = person->reason;
    if (person->account_state != ULE_ACCOUNT_STATE_CLOSED) {
        add_groups(person, value);
        add_capabilities(person, value);
    }
    ule_names_derive(person, value);
    ule_derive_output(person->derive, ULE_TOPIC_PROVISIONING, value->user_key, value);
}
