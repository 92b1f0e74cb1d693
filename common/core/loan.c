/* SPDX-License-Identifier: MIT */
/* Swaps to this number (domain.md section 6; design.md section 2, "Numbers lend, facts never move"). F lends what it
 * has heard and its accounts; R judges, answers, and once F is frozen publishes over its own facts and the loan. */
#include "core/number.h"
#include "core/person.h"

#include <string.h>

bool ule_loan_of_account(const struct ule_published *entry, const char *user_key) {
    size_t size = strlen(user_key);
    if (entry->topic == ULE_TOPIC_PROVISIONING)
        return strcmp(entry->key, user_key) == 0;
    /* A verdict moves with the swap: a number's person key is the user key of the account that was made for it. */
    return (entry->topic == ULE_TOPIC_CONTACT_RELATION || entry->topic == ULE_TOPIC_PUPIL) &&
           strncmp(entry->key, user_key, size) == 0 && entry->key[size] == '/';
}

static struct ule_incoming *incoming(struct ule_person *person, const char *from) {
    struct ule_incoming_array *all = &person->state->incoming;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].from_number, from) == 0)
            return &all->items[i];
    struct ule_incoming *made = ULE_PUSH(person->arena, all);
    made->from_number = from;
    made->outcome = ULE_OUTCOME_NULL;
    return made;
}

static const struct ule_loan *loan_of(const struct ule_pair *pair) {
    return pair->heard ? pair->heard->loan : NULL;
}

static const struct ule_loan *loan_from(struct ule_person *person, const char *from) {
    for (size_t i = 0; i < person->pairs.count; i++)
        if (strcmp(person->pairs.items[i].number, from) == 0)
            return loan_of(&person->pairs.items[i]);
    return NULL;
}

/* Closed by a merge: here, or before it came here. */
bool ule_loan_absorbed(struct ule_person *person, const char *user_key) {
    for (size_t i = 0; i < person->state->incoming.count; i++) {
        const struct ule_incoming *in = &person->state->incoming.items[i];
        const struct ule_loan *loan = in->taken ? loan_from(person, in->from_number) : NULL;
        if (loan == NULL)
            continue;
        if (in->absorbed_user_key != NULL && strcmp(in->absorbed_user_key, user_key) == 0)
            return true;
        for (size_t k = 0; k < loan->accounts.count; k++)
            if (loan->accounts.items[k].absorbed && strcmp(loan->accounts.items[k].user_key, user_key) == 0)
                return true;
    }
    return false;
}

struct ule_account *ule_loan_main_account(struct ule_person *person) {
    struct ule_account_array *accounts = &person->state->accounts;
    for (size_t i = 0; i < accounts->count; i++)
        if (!ule_loan_absorbed(person, accounts->items[i].user_key))
            return &accounts->items[i];
    return NULL;
}

static bool account_open(struct ule_person *person, const struct ule_account *account) {
    if (account == NULL)
        return false;
    const struct ule_account_changed *standing = ule_derive_standing(person->derive, ULE_TOPIC_PROVISIONING,
                                                                     account->user_key);
    return standing != NULL && standing->state != ULE_ACCOUNT_STATE_CLOSED;
}

/* Made for this number. One that comes back round a ring of swaps is on its way home, and no other. */
static bool is_own(const struct ule_person *person, const struct ule_account *account) {
    return strcmp(account->origin, person->derive->entity) == 0;
}

/* A borrowed tell takes the place that the sender's own word leaves open. */
static void borrow_tell(struct ule_tell *own, const struct ule_tell *borrowed) {
    if (borrowed->local != NULL && borrowed->local->counts && (own->local == NULL || !own->local->counts)) {
        struct ule_telling_array tellings = {0};
        if (own->local != NULL)
            tellings = own->local->tellings;
        own->local = borrowed->local;
        own->local->tellings = tellings;
    }
    if (borrowed->permit != NULL && (own->permit == NULL || !own->permit->counts)) {
        if (own->permit == NULL)
            own->permit = borrowed->permit;
        else
            own->permit->counts = borrowed->permit->counts;
    }
    if (own->credential == NULL)
        own->credential = borrowed->credential;
    if (own->listing == NULL)
        own->listing = borrowed->listing;
    if (own->view == NULL)
        own->view = borrowed->view;
}

static void borrow(struct ule_person *person, const struct ule_loan *loan) {
    if (ule_strings_have(&loan->path, person->derive->entity))
        return; /* round a ring all of it would come back, and run after itself for ever */
    for (size_t i = 0; i < loan->path.count; i++)
        ule_strings_add(person->arena, &person->became, loan->path.items[i]);
    for (size_t i = 0; i < loan->heard.count; i++) {
        const struct ule_slot *slot = &loan->heard.items[i];
        if (strcmp(slot->sender, person->derive->entity) == 0)
            continue;
        struct ule_tell *borrowed = ule_tell_decode(person->arena, &slot->tell);
        struct ule_voice *voice = ule_person_voice(person, slot->sender);
        if (voice == NULL) {
            voice = ULE_PUSH(person->arena, &person->voices);
            voice->sender = slot->sender;
            voice->tell = ule_derive_new(person->derive, &ule_tell_record);
        }
        borrow_tell(voice->tell, borrowed);
    }
    for (size_t i = 0; i < loan->requests.count; i++)
        *ULE_PUSH(person->arena, &person->requests) = loan->requests.items[i];
}

/* The accounts of a loan that are not here yet come with what stands under their user keys. */
static void adopt(struct ule_person *person, const struct ule_loan *loan) {
    struct ule_person_state *state = person->state;
    for (size_t i = 0; i < loan->accounts.count; i++) {
        const struct ule_account *account = &loan->accounts.items[i];
        bool held = is_own(person, account);
        for (size_t k = 0; k < state->accounts.count; k++)
            held |= strcmp(state->accounts.items[k].user_key, account->user_key) == 0;
        bool here = false;
        for (size_t k = 0; k < loan->published.count; k++)
            here |= ule_loan_of_account(&loan->published.items[k], account->user_key);
        person->taking |= !held && !here; /* it is on its way: no other is made meanwhile */
        if (held || !here)
            continue;
        struct ule_account *mine = ULE_PUSH(person->arena, &state->accounts);
        *mine = *account;
        mine->absorbed = mine->away = false;
        for (size_t k = 0; k < loan->published.count; k++)
            if (ule_loan_of_account(&loan->published.items[k], account->user_key))
                ule_publish_adopt(person->derive, &state->published, &loan->published.items[k]);
    }
}

/* Which account survives: exactly one active with a credential: that one; neither: F's; both: R's. An account that is
 * closed already does not survive one that is open. */
static void take(struct ule_person *person, struct ule_incoming *in, const struct ule_loan *loan) {
    const struct ule_account *theirs = NULL, *ours = ule_loan_main_account(person);
    for (size_t i = 0; i < loan->accounts.count && theirs == NULL; i++)
        if (!loan->accounts.items[i].absorbed && !is_own(person, &loan->accounts.items[i]))
            theirs = &loan->accounts.items[i];
    bool ours_open = account_open(person, ours), theirs_open = theirs != NULL && loan->account_open;
    bool keep_ours = ours_open && theirs_open ? person->credential_active : ours_open;
    in->taken = true;
    in->outcome = ours_open && theirs_open ? ULE_OUTCOME_MERGED : ULE_OUTCOME_RENUMBERED;
    in->absorbed_user_key = in->surviving_user_key = NULL;
    if (theirs != NULL)
        in->surviving_user_key = theirs->user_key;
    if (ours != NULL && theirs != NULL) {
        in->surviving_user_key = keep_ours ? ours->user_key : theirs->user_key;
        in->absorbed_user_key = keep_ours ? theirs->user_key : ours->user_key;
    } else if (ours != NULL) {
        in->surviving_user_key = ours->user_key;
    }
}

/* The newest request about this swap that counts: ULE_REQUEST_KIND_NULL when none does. */
static enum ule_request_kind decision(struct ule_person *person, const struct ule_pair *pair,
                                      const struct ule_incoming *in, const char **case_number) {
    const struct ule_loan *loan = loan_of(pair);
    struct ule_voice_array theirs = {0};
    for (size_t i = 0; i < loan->heard.count; i++) {
        struct ule_voice *voice = ULE_PUSH(person->arena, &theirs);
        voice->sender = loan->heard.items[i].sender;
        voice->tell = ule_tell_decode(person->arena, &loan->heard.items[i].tell);
    }
    const struct ule_institution_request *newest = NULL;
    for (size_t i = 0; i < person->requests.count; i++) {
        const struct ule_institution_request *request = &person->requests.items[i];
        bool confirm = request->kind == ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED;
        if (!confirm && request->kind != ULE_REQUEST_KIND_REREGISTRATION_REJECTED)
            continue;
        if (request->from_number != NULL && strcmp(request->from_number, pair->number) != 0)
            continue;
        bool standing = ule_person_standing(&person->voices, request->institution_number) ||
                        ule_person_standing(&theirs, request->institution_number) || (!confirm && in->rejected);
        const char *prefix = ule_arena_printf(person->arena, "local:%s/", request->institution_number);
        for (size_t k = 0; k < pair->heard->disputed.count; k++)
            if (strncmp(pair->heard->disputed.items[k], prefix, strlen(prefix)) == 0)
                standing = false;
        if (confirm && request->from_number != NULL) {
            /* One that tells the swap does not also confirm it. */
            bool first = true;
            for (size_t k = 0; k < pair->back.count; k++)
                first &= strncmp(pair->back.items[k].source, "request:", 8) == 0 ||
                         ule_stamp_compare(request->changed_at, request->sequence, "", pair->back.items[k].first_at,
                                           pair->back.items[k].first_sequence, "") < 0;
            for (size_t k = 0; k < pair->back.count; k++)
                if (strncmp(pair->back.items[k].source, "request:", 8) == 0 &&
                    ule_stamp_compare(pair->back.items[k].first_at, pair->back.items[k].first_sequence, "",
                                      request->changed_at, request->sequence, "") < 0)
                    first = false;
            if (first)
                continue;
        }
        if (!standing) {
            person->derive->notes[ULE_NOTE_REQUEST_IGNORED]++;
            continue;
        }
        if (newest == NULL || ule_stamp_compare(request->changed_at, request->sequence, request->event_id,
                                                newest->changed_at, newest->sequence, newest->event_id) > 0)
            newest = request;
    }
    if (newest == NULL)
        return ULE_REQUEST_KIND_NULL;
    *case_number = newest->case_number;
    return newest->kind;
}

/* F's DDMMYY equals R's by its digits or by CPR, or that of what R has become; or F says none. */
static bool births_agree(struct ule_person *person, const char *from) {
    char theirs[7], ours[7];
    if (ule_number_birth_date(from) == ULE_DATE_NONE || !ule_number_ddmmyy(from, theirs))
        return true;
    if (person->number != NULL && ule_number_ddmmyy(person->number, ours) && strcmp(ours, theirs) == 0)
        return true;
    if (person->facts != NULL && person->facts->birth_date != ULE_DATE_NONE) {
        ule_number_ddmmyy_of(person->facts->birth_date, ours);
        if (strcmp(ours, theirs) == 0)
            return true;
    }
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_pair *pair = &person->pairs.items[i];
        for (size_t k = 0; k < person->state->outgoing.count; k++)
            if (person->state->outgoing.items[k].completed && pair->heard != NULL &&
                strcmp(person->state->outgoing.items[k].to_number, pair->number) == 0 &&
                ule_strings_have(&pair->heard->birth_digits, theirs))
                return true;
    }
    return false;
}

/* CPR has told of this number, or of what it has become, in a status that counts. */
static bool told_by_cpr(const struct ule_person *person) {
    if (person->state->counted)
        return true;
    for (size_t i = 0; i < person->pairs.count; i++)
        for (size_t k = 0; k < person->state->outgoing.count; k++)
            if (person->state->outgoing.items[k].completed && person->pairs.items[i].heard != NULL &&
                strcmp(person->state->outgoing.items[k].to_number, person->pairs.items[i].number) == 0 &&
                (person->pairs.items[i].heard->counted || person->pairs.items[i].heard->end_counted))
                return true;
    return false;
}

/* A record that told the swap counts here already, as after a reject that is confirmed later: it stays, or its person
 * would be without a role until the loan has been taken. */
static bool counts_here(const struct ule_person *person, const char *from) {
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_local_tell *local = person->voices.items[i].tell->local;
        for (size_t k = 0; local != NULL && local->counts && k < local->tellings.count; k++)
            if (!local->tellings.items[k].contact && strcmp(local->tellings.items[k].from_number, from) == 0)
                return true;
    }
    return false;
}

/* Section 6, Judgement: first match. */
static void judge(struct ule_person *person, struct ule_pair *pair, struct ule_incoming *in,
                  struct ule_answer *answer) {
    const struct ule_loan *loan = loan_of(pair);
    const struct ule_account *ours = ule_loan_main_account(person);
    bool merge = account_open(person, ours) && loan->account_open;
    enum ule_outcome accept = merge ? ULE_OUTCOME_MERGED : ULE_OUTCOME_RENUMBERED;
    if (loan->alias) {
        answer->outcome = ULE_OUTCOME_RENUMBERED;
        return;
    }
    if (person->state->ring || ule_strings_have(&loan->path, person->derive->entity) ||
        loan->path.count > ULE_CHAIN_MAX) {
        answer->outcome = ULE_OUTCOME_CONFLICT;
        answer->reason = "CHAIN";
        return;
    }
    if (loan->cpr) {
        answer->outcome = told_by_cpr(person) ? accept : ULE_OUTCOME_PENDING_CPR;
        answer->reason = told_by_cpr(person) ? NULL : "AWAITS_CPR";
        return;
    }
    enum ule_request_kind decided = decision(person, pair, in, &answer->case_number);
    bool confirmed = decided == ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED;
    in->rejected = decided == ULE_REQUEST_KIND_REREGISTRATION_REJECTED;
    answer->outcome = ULE_OUTCOME_CONFLICT;
    if (in->rejected) {
        answer->outcome = ULE_OUTCOME_REJECTED;
        answer->decided = true;
        answer->reason = "REJECTED_BY_REQUEST";
    } else if (!told_by_cpr(person)) {
        answer->outcome = ULE_OUTCOME_PENDING_CPR;
        answer->reason = "AWAITS_CPR";
    } else if (loan->elsewhere) {
        answer->reason = "MOVED_ELSEWHERE";
    } else if (!confirmed && !births_agree(person, pair->number)) {
        answer->outcome = ULE_OUTCOME_REJECTED;
        answer->reason = "BIRTH_DATES_DISAGREE";
    } else if (loan->counted) {
        answer->reason = "BOTH_KNOWN_TO_CPR";
    } else if (!confirmed && merge && loan->credential_active && person->credential_active) {
        answer->reason = "BOTH_ACTIVE";
    } else {
        answer->outcome = accept;
        answer->decided = counts_here(person, pair->number);
    }
}

/* Who lent an account that is lent no more: whose word just changed that. Where that is nobody, who made it. By way of
 * the lender it cannot overtake what the lender said of it before. Who has just given it back has no use for it: two
 * numbers that are said to be each other's would pass it to and fro. */
static const char *lender(struct ule_person *person, const struct ule_account *account) {
    const struct ule_inbox_message *message = person->derive->message;
    const struct ule_tell *tell = message->tell.bytes != NULL ? ule_tell_decode(person->arena, &message->tell) : NULL;
    for (size_t i = 0; tell != NULL && tell->pair != NULL && i < tell->pair->returned.count; i++)
        if (strcmp(tell->pair->returned.items[i].user_key, account->user_key) == 0)
            return account->origin;
    for (size_t i = 0; i < person->state->incoming.count; i++)
        if (strcmp(person->state->incoming.items[i].from_number, message->sender) == 0)
            return person->state->incoming.items[i].from_number;
    return account->origin;
}

/* Accounts that came with a loan that is gone go back, with what stands under their keys: at once, or when they have
 * come back to here. */
static void give_back(struct ule_person *person) {
    struct ule_person_state *state = person->state;
    for (size_t i = state->accounts.count; i-- > 0;) {
        const struct ule_account account = state->accounts.items[i];
        bool lent = is_own(person, &account);
        for (size_t k = 0; k < state->incoming.count && !lent; k++) {
            const struct ule_loan *loan = state->incoming.items[k].taken
                                              ? loan_from(person, state->incoming.items[k].from_number)
                                              : NULL;
            for (size_t m = 0; loan != NULL && m < loan->accounts.count; m++)
                lent |= strcmp(loan->accounts.items[m].user_key, account.user_key) == 0;
        }
        if (lent)
            continue;
        struct ule_pair *pair = account.away ? NULL : ule_renumber_pair(person, lender(person, &account));
        if (pair != NULL) {
            pair->wanted = true;
            *ULE_PUSH(person->arena, &pair->tell->returned) = account;
        }
        for (size_t k = state->published.count; pair != NULL && k-- > 0;) {
            if (!ule_loan_of_account(&state->published.items[k], account.user_key))
                continue;
            *ULE_PUSH(person->arena, &pair->tell->returned_published) = state->published.items[k];
            ule_publish_remove(&state->published, k);
        }
        for (size_t k = state->lent.count; k-- > 0;)
            if (ule_loan_of_account(&state->lent.items[k], account.user_key))
                ule_publish_remove(&state->lent, k);
        memmove(&state->accounts.items[i], &state->accounts.items[i + 1],
                (state->accounts.count - i - 1) * sizeof *state->accounts.items);
        state->accounts.count--;
    }
}

void ule_loan_derive(struct ule_person *person) {
    struct ule_person_state *state = person->state;
    person->requests = (struct ule_institution_request_array){0};
    for (size_t i = 0; i < state->requests.count; i++)
        *ULE_PUSH(person->arena, &person->requests) = state->requests.items[i];

    for (size_t i = 0; i < state->incoming.count; i++) {
        struct ule_incoming *in = &state->incoming.items[i];
        const struct ule_loan *loan = loan_from(person, in->from_number);
        if (in->taken && (loan == NULL || !loan->frozen))
            in->taken = false;
        if (in->taken)
            borrow(person, loan);
    }
    ule_credential_best(person);
    for (size_t i = 0; i < person->pairs.count; i++) {
        struct ule_pair *pair = &person->pairs.items[i];
        const struct ule_loan *loan = loan_of(pair);
        if (loan == NULL)
            continue;
        struct ule_incoming *in = incoming(person, pair->number);
        struct ule_answer *answer = ule_derive_new(person->derive, &ule_answer_record);
        pair->wanted = true;
        pair->tell->answer = answer;
        if (loan->frozen) { /* it was accepted, so it is taken whatever has come since */
            if (!in->taken) {
                take(person, in, loan);
                borrow(person, loan);
                ule_credential_best(person);
            }
            adopt(person, loan);
            answer->outcome = in->outcome;
            answer->taken = true;
            answer->ring = state->ring && !loan->alias;
            answer->absorbed_user_key = in->outcome == ULE_OUTCOME_MERGED ? in->absorbed_user_key : NULL;
            answer->surviving_user_key = in->surviving_user_key;
            continue;
        }
        judge(person, pair, in, answer);
        person->taking |= answer->outcome == ULE_OUTCOME_RENUMBERED || answer->outcome == ULE_OUTCOME_MERGED;
        person->awaited |= answer->outcome == ULE_OUTCOME_PENDING_CPR;
    }
    give_back(person);
    for (size_t i = state->incoming.count; i-- > 0;) {
        const struct ule_incoming *in = &state->incoming.items[i];
        if (in->rejected || loan_from(person, in->from_number) != NULL)
            continue;
        memmove(&state->incoming.items[i], &state->incoming.items[i + 1],
                (state->incoming.count - i - 1) * sizeof *state->incoming.items);
        state->incoming.count--;
    }
}
