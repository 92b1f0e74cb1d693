/* SPDX-License-Identifier: MIT */
/* Swaps from this number (domain.md section 6): what is lent to the number that replaces it, and what is published of
 * it. Which tellings stand is seen in told.c; judgement is the other number's (loan.c). */
#include "core/renumber.h"

#include "core/number.h"
#include "core/told.h"

#include <string.h>

/* First telling of a swap, but for CPR's own word. */
static const struct ule_telling *root(const struct ule_pair *pair) {
    return ule_told_first(&pair->out, true);
}

int64_t ule_renumber_deadline(const struct ule_person *person, const struct ule_pair *pair) {
    bool student = person->student || (pair->heard != NULL && pair->heard->student);
    if (!student || person->number == NULL)
        return ULE_TIME_NONE;
    int64_t told = INT64_MAX;
    if (root(pair) != NULL)
        told = root(pair)->first_at;
    if (pair->cpr_out) {
        const char *current = ule_told_cpr_current(person);
        if (current != NULL && strcmp(current, pair->number) == 0) {
            int64_t first = person->state->current_at;
            if (first == ULE_TIME_NONE)
                first = person->newest->changed_at;
            told = first < told ? first : told;
        }
        if (pair->heard != NULL && pair->heard->former_at != ULE_TIME_NONE && pair->heard->former_at < told)
            told = pair->heard->former_at;
    }
    return told == INT64_MAX ? ULE_TIME_NONE : told + 5 * ULE_DAY_MS;
}

static const char *user_key(struct ule_person *person) {
    const struct ule_account *account = ule_loan_main_account(person);
    return account != NULL ? account->user_key : ule_derive_person_key(person->derive);
}

/* Published on each change of outcome. One event a key and step: a second one waits for the next. */
static void publish_outcome(struct ule_person *person, struct ule_outgoing *memory, struct ule_pair *pair,
                            enum ule_outcome outcome) {
    const struct ule_answer *answer = pair->heard ? pair->heard->answer : NULL;
    if (person->number == NULL || memory->outcome == outcome)
        return;
    struct ule_reregistered *value = ule_derive_new(person->derive, &ule_reregistered_record);
    value->user_key = user_key(person);
    value->from_number = person->number;
    value->to_number = memory->to_number;
    value->outcome = outcome;
    const struct ule_telling *first = root(pair) != NULL ? root(pair) : memory->told;
    value->trigger = pair->cpr_out || memory->cpr || first == NULL ? ULE_TRIGGER_CPR : first->trigger;
    if (first != NULL && value->trigger == ULE_TRIGGER_INSTITUTION) {
        value->institution_number = first->institution_number;
        value->case_number = first->case_number;
    }
    if (answer != NULL && outcome != ULE_OUTCOME_REVERSED) {
        if (answer->surviving_user_key != NULL)
            value->user_key = answer->surviving_user_key;
        value->absorbed_user_key = answer->absorbed_user_key;
        value->reason = answer->reason;
        if (answer->case_number != NULL)
            value->case_number = answer->case_number;
    }
    value->optagelse_deadline = ule_renumber_deadline(person, pair);
    if (!ule_derive_event(person->derive, ULE_TOPIC_REREGISTRATION, value->user_key, value)) {
        ule_derive_due(person->derive, person->derive->today + 1);
        return;
    }
    memory->outcome = outcome;
    memory->cpr = pair->cpr_out;
    if (root(pair) != NULL)
        memory->told = ule_arena_copy(person->arena, first, sizeof *first);
}

/* A completed swap is undone by its opposite, or by CPR's word on F: told of it in a status that counts and sending it
 * nowhere, F is a person of its own (section 6, Who is believed). */
static void undo(struct ule_person *person) {
    for (size_t i = 0; i < person->state->outgoing.count; i++) {
        struct ule_outgoing *memory = &person->state->outgoing.items[i];
        struct ule_pair *pair = ule_renumber_pair(person, memory->to_number);
        if (memory->completed && person->number != NULL && person->state->counted && !pair->cpr_out) {
            /* What was told after CPR's word is judged anew. */
            memory->reversed = true;
            memory->reversed_at = person->newest ? person->newest->changed_at : ULE_DATE_MIN * ULE_DAY_MS;
            memory->reversed_sequence = person->newest ? person->newest->sequence : 0;
            pair->in_force = false;
        }
        const struct ule_answer *answer = pair->heard ? pair->heard->answer : NULL;
        if (pair->in_force && (answer == NULL || !answer->ring))
            continue;
        if (!pair->in_force && memory->outcome != ULE_OUTCOME_NULL)
            publish_outcome(person, memory, pair, ULE_OUTCOME_REVERSED);
        if (memory->completed) {
            memory->completed = false;
            person->state->lent.count = 0; /* R has taken it, and returns it when it hears of this */
        }
    }
}

static void complete(struct ule_person *person) {
    bool elsewhere = false;
    for (size_t i = 0; i < person->state->outgoing.count; i++)
        elsewhere |= person->state->outgoing.items[i].completed;
    for (size_t i = 0; i < person->pairs.count; i++) {
        struct ule_pair *pair = &person->pairs.items[i];
        if (!pair->in_force)
            continue;
        struct ule_outgoing *memory = ule_renumber_memory(person, pair->number);
        const struct ule_answer *answer = pair->heard ? pair->heard->answer : NULL;
        if (answer != NULL && answer->taken && (memory == NULL || !memory->completed)) {
            pair->in_force = false; /* R has not let go yet of what was undone: its answer is to that */
            continue;
        }
        if (memory == NULL) {
            memory = ULE_PUSH(person->arena, &person->state->outgoing);
            *memory = (struct ule_outgoing){.to_number = pair->number, .outcome = ULE_OUTCOME_NULL};
        }
        memory->reversed = false;
        enum ule_outcome outcome = answer != NULL ? answer->outcome : ULE_OUTCOME_NULL;
        bool accepted = outcome == ULE_OUTCOME_RENUMBERED || outcome == ULE_OUTCOME_MERGED;
        /* R may not know yet that CPR has told of this number. */
        if (accepted && !elsewhere && (pair->cpr_out || !person->state->counted))
            memory->completed = elsewhere = true;
        if (memory->completed) { /* whatever R answers to what was said before */
            person->moved_to = memory->to_number;
            person->frozen = true;
            person->taken = accepted && answer->taken;
        }
        if (memory->completed ? person->taken : !accepted && outcome != ULE_OUTCOME_NULL)
            publish_outcome(person, memory, pair, outcome);
    }
}

static bool stands_in(const struct ule_published_array *published, const char *user_key) {
    for (size_t i = 0; i < published->count; i++)
        if (ule_loan_of_account(&published->items[i], user_key))
            return true;
    return false;
}

/* A loan still brings what stands under that key. */
static bool offered(const struct ule_person *person, const char *user_key) {
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_loan *loan = person->pairs.items[i].heard ? person->pairs.items[i].heard->loan : NULL;
        if (loan != NULL && stands_in(&loan->published, user_key))
            return true;
    }
    return false;
}

/* What stands under an account's user key is set aside for R, which goes on from it and says so. One that has come back
 * while R still says so of the last time waits until R says it no more; one that R made itself, and that came round a
 * ring, goes back the way it came. */
static void hand_over(struct ule_person *person, struct ule_account *account, const struct ule_answer *answer) {
    struct ule_person_state *state = person->state;
    bool there = (answer != NULL && ule_strings_have(&answer->held, account->user_key)) ||
                 strcmp(account->origin, person->moved_to) == 0;
    for (size_t i = state->published.count; i-- > 0 && !account->away && !there;) {
        if (!ule_loan_of_account(&state->published.items[i], account->user_key))
            continue;
        ule_publish_adopt(person->derive, &state->lent, &state->published.items[i]);
        ule_publish_remove(&state->published, i);
    }
    for (size_t i = state->lent.count; i-- > 0 && account->away && there;)
        if (ule_loan_of_account(&state->lent.items[i], account->user_key))
            ule_publish_remove(&state->lent, i);
    account->away |= !there;
}

/* What was lent to this number and went on is forgotten here, though not while the loan still brings it: it would be
 * taken once more. */
static void hand_over_all(struct ule_person *person) {
    struct ule_person_state *state = person->state;
    const struct ule_pair *pair = person->frozen ? ule_renumber_pair(person, person->moved_to) : NULL;
    for (size_t i = 0; pair != NULL && i < state->accounts.count; i++)
        hand_over(person, &state->accounts.items[i], pair->heard ? pair->heard->answer : NULL);
    for (size_t i = state->accounts.count; i-- > 0;) {
        const struct ule_account *account = &state->accounts.items[i];
        if (!account->away || strcmp(account->origin, person->derive->entity) == 0 ||
            stands_in(&state->lent, account->user_key) || offered(person, account->user_key))
            continue;
        person->taking = true; /* no other is made until it has come back or is lent no more */
        memmove(&state->accounts.items[i], &state->accounts.items[i + 1],
                (state->accounts.count - i - 1) * sizeof *state->accounts.items);
        state->accounts.count--;
    }
}

static void add_account(struct ule_person *person, struct ule_loan *loan, const struct ule_account *account) {
    for (size_t i = 0; i < loan->accounts.count; i++)
        if (strcmp(loan->accounts.items[i].user_key, account->user_key) == 0)
            return;
    struct ule_account *added = ULE_PUSH(person->arena, &loan->accounts);
    *added = *account;
    added->absorbed = ule_loan_absorbed(person, account->user_key);
    added->away = false;
    const struct ule_account_array *here = &person->state->accounts;
    for (size_t i = 0; i < here->count; i++) /* who looks after it knows best */
        if (strcmp(here->items[i].user_key, account->user_key) == 0)
            added->loose_since = here->items[i].loose_since;
}

static struct ule_loan *make_loan(struct ule_person *person, const struct ule_pair *pair) {
    struct ule_person_state *state = person->state;
    struct ule_loan *loan = ule_derive_new(person->derive, &ule_loan_record);
    loan->alias = person->number == NULL;
    loan->cpr = pair->cpr_out;
    loan->counted = state->counted;
    loan->frozen = person->moved_to != NULL && strcmp(person->moved_to, pair->number) == 0;
    loan->elsewhere = person->moved_to != NULL && !loan->frozen;
    loan->person_key = ule_derive_person_key(person->derive);
    loan->credential_active = person->credential_active;
    /* First, or round a ring every order that there has been would last. */
    for (size_t i = 0; i < state->accounts.count; i++)
        add_account(person, loan, &state->accounts.items[i]);

    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_loan *theirs = person->pairs.items[i].heard ? person->pairs.items[i].heard->loan : NULL;
        /* What others said of a number that CPR has told of is never taken: no link of a chain, nor of a ring. */
        if (theirs == NULL || (theirs->counted && !theirs->cpr) || (state->ring && !theirs->alias))
            continue;
        /* What others said the other way ends when it hears that CPR says this one. */
        if (loan->cpr && !theirs->cpr && strcmp(person->pairs.items[i].number, pair->number) == 0)
            continue;
        bool taken = false;
        for (size_t k = 0; k < state->incoming.count; k++)
            taken |= state->incoming.items[k].taken &&
                     strcmp(state->incoming.items[k].from_number, person->pairs.items[i].number) == 0;
        /* Round a ring, only what came after this number on the last lap: a path that has changed would else run after
         * the one before it for ever. */
        size_t lap = 0;
        for (size_t k = 0; k < theirs->path.count; k++)
            if (strcmp(theirs->path.items[k], person->derive->entity) == 0)
                lap = k + 1;
        for (size_t k = lap; k < theirs->path.count; k++)
            ule_strings_add(person->arena, &loan->path, theirs->path.items[k]);
        for (size_t k = 0; taken && k < theirs->accounts.count; k++)
            add_account(person, loan, &theirs->accounts.items[k]);
    }
    ule_strings_add(person->arena, &loan->path, person->derive->entity);
    const struct ule_account *account = ule_loan_main_account(person);
    if (account != NULL) {
        const struct ule_account_changed *standing = ule_derive_standing(person->derive, ULE_TOPIC_PROVISIONING,
                                                                         account->user_key);
        struct ule_published *lent = ule_publish_find(&state->lent, ULE_TOPIC_PROVISIONING, account->user_key);
        loan->account_open = lent != NULL ? lent->ended_on == ULE_DATE_NONE
                                          : standing != NULL && standing->state != ULE_ACCOUNT_STATE_CLOSED;
    }
    if (loan->frozen)
        loan->published = state->lent;
    loan->requests = person->requests;

    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_voice *voice = &person->voices.items[i];
        struct ule_tell tell = *voice->tell;
        tell.pair = NULL;
        tell.answers.count = 0;
        if (tell.local != NULL && !tell.local->counts)
            tell.local = NULL;
        if (tell.permit != NULL && !tell.permit->counts)
            tell.permit = NULL;
        if (strcmp(voice->sender, pair->number) == 0 ||
            (tell.local == NULL && tell.permit == NULL && tell.credential == NULL && tell.listing == NULL &&
             tell.view == NULL))
            continue;
        struct ule_buffer bytes = {0};
        ule_record_encode(&ule_tell_record, &tell, &bytes);
        struct ule_slot *slot = ULE_PUSH(person->arena, &loan->heard);
        slot->sender = voice->sender;
        slot->tell = (struct ule_bytes){ule_arena_copy(person->arena, bytes.bytes, bytes.size), bytes.size};
        ule_buffer_close(&bytes);
    }
    return loan;
}

static void add_digits(struct ule_person *person, struct ule_pair_tell *tell) {
    char text[7];
    if (person->number != NULL && ule_number_ddmmyy(person->number, text))
        ule_strings_add(person->arena, &tell->birth_digits, ule_arena_string(person->arena, text));
    if (person->facts != NULL && person->facts->birth_date != ULE_DATE_NONE) {
        ule_number_ddmmyy_of(person->facts->birth_date, text);
        ule_strings_add(person->arena, &tell->birth_digits, ule_arena_string(person->arena, text));
    }
}

/* The accounts of a loan that are here: said after those that went on to another number have been dropped, or F would
 * take one that it gets back for one that is still here. */
static void fill_held(struct ule_person *person, const struct ule_loan *loan, struct ule_answer *answer) {
    const struct ule_account_array *accounts = &person->state->accounts;
    for (size_t i = 0; i < loan->accounts.count; i++)
        for (size_t k = 0; k < accounts->count; k++)
            if (strcmp(loan->accounts.items[i].user_key, accounts->items[k].user_key) == 0)
                ule_strings_add(person->arena, &answer->held, accounts->items[k].user_key);
}

static void fill_pair(struct ule_person *person, struct ule_pair *pair) {
    struct ule_pair_tell *tell = pair->tell;
    if (tell->answer != NULL && tell->answer->taken && pair->heard != NULL && pair->heard->loan != NULL)
        fill_held(person, pair->heard->loan, tell->answer);
    if (person->number != NULL && person->kept != NULL &&
        ule_strings_have(&person->kept->former_numbers, pair->number)) {
        tell->former_at = person->kept->changed_at;
        tell->former_sequence = person->kept->sequence;
    }
    for (size_t i = 0; i < person->state->tellings.count; i++) {
        struct ule_telling telling = person->state->tellings.items[i];
        if ((strcmp(telling.from_number, pair->number) != 0 && strcmp(telling.to_number, pair->number) != 0) ||
            !ule_told_by_request(&telling))
            continue;
        *ULE_PUSH(person->arena, &tell->tellings) = telling;
    }
    tell->counted = person->state->counted;
    tell->student = person->student;
    tell->cpr_to = person->number == NULL ? NULL : pair->cpr_out ? pair->number : ule_told_cpr_current(person);
    tell->disputed = person->disputed;
    add_digits(person, tell);
    const struct ule_pair *end = person->moved_to ? ule_renumber_pair(person, person->moved_to) : NULL;
    if (end != NULL && strcmp(end->number, pair->number) != 0) {
        ule_strings_add(person->arena, &tell->chain, end->number);
        if (end->heard != NULL) {
            tell->end_counted = end->heard->counted || end->heard->end_counted;
            for (size_t i = 0; i < end->heard->chain.count && i < ULE_CHAIN_MAX; i++)
                ule_strings_add(person->arena, &tell->chain, end->heard->chain.items[i]);
            for (size_t i = 0; i < end->heard->birth_digits.count; i++)
                ule_strings_add(person->arena, &tell->birth_digits, end->heard->birth_digits.items[i]);
        }
    }
    if (pair->in_force)
        tell->loan = make_loan(person, pair);
}

/* Row 5 to whoever told a swap from this number: whom its record counts for. */
static void answer_tellers(struct ule_person *person) {
    for (size_t i = 0; i < person->state->heard.count && person->number != NULL; i++) {
        const char *sender = person->state->heard.items[i].sender;
        if (strncmp(sender, "local:", 6) != 0)
            continue;
        const struct ule_local_tell *local = ule_person_voice(person, sender)->tell->local;
        for (size_t k = 0; local != NULL && k < local->tellings.count; k++) {
            const struct ule_telling *telling = &local->tellings.items[k];
            if (strcmp(telling->from_number, person->derive->entity) != 0)
                continue;
            const struct ule_pair *pair = ule_renumber_pair(person, telling->to_number);
            const struct ule_outgoing *memory = ule_renumber_memory(person, telling->to_number);
            const struct ule_answer *answer = pair->heard ? pair->heard->answer : NULL;
            struct ule_teller_answer *out = ULE_PUSH(person->arena, &ule_derive_tell(person->derive, sender)->answers);
            out->to_number = telling->to_number;
            out->contact = telling->contact;
            out->told_at = telling->last_at;
            out->told_sequence = telling->last_sequence;
            out->status = !pair->in_force || ule_told_by_disputed(&person->disputed, telling) ? ULE_PAIR_STATUS_NONE
                          : memory != NULL && memory->completed && person->taken              ? ULE_PAIR_STATUS_MOVED
                          : answer != NULL && answer->decided                                 ? ULE_PAIR_STATUS_DECIDED
                                                              : ULE_PAIR_STATUS_UNDECIDED;
        }
    }
}

void ule_renumber_derive(struct ule_person *person) {
    undo(person);
    complete(person);
    hand_over_all(person);
    for (size_t i = 0; i < person->pairs.count; i++) {
        struct ule_pair *pair = &person->pairs.items[i];
        if (!pair->wanted)
            continue;
        fill_pair(person, pair);
        ule_derive_tell(person->derive, pair->number)->pair = pair->tell;
    }
    answer_tellers(person);
    person->derive->hold = person->frozen && !person->taken;
    for (size_t i = 0; i < person->state->accounts.count; i++)
        person->derive->hold |= person->frozen && !person->state->accounts.items[i].away;
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_loan *loan = person->pairs.items[i].heard ? person->pairs.items[i].heard->loan : NULL;
        person->derive->hold |= loan != NULL && loan->frozen && !loan->cpr &&
                                ule_told_taken_back(&person->pairs.items[i]);
    }
}
