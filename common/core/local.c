/* SPDX-License-Identifier: MIT */
/* The entity local:<institution>/<local id>: what one municipal system says of one person, and of the contacts that
 * have neither number nor alien id. It keeps the newest version, the last active one while a leaving waits for its
 * release (design.md section 11), and every swap it has told (domain.md section 6): a telling outlives its version. */
#include "base/text.h"
#include "core/case.h"
#include "core/number.h"

#include <string.h>

static bool is_pupil(const struct ule_institution_person_changed *record) {
    return record->role == ULE_ROLE_STUDENT || record->role == ULE_ROLE_CHILD;
}

static void tell_swap(struct ule_derive *derive, const char *from, const char *to, bool explicit, bool contact) {
    const struct ule_institution_person_changed *now = derive->message->local;
    if (from == NULL || to == NULL || strcmp(from, to) == 0)
        return;
    struct ule_telling telling = {
        .from_number = from,
        .to_number = to,
        .trigger = ULE_TRIGGER_INSTITUTION,
        .explicit = explicit,
        .contact = contact,
        .first_at = now->changed_at,
        .first_sequence = now->sequence,
        .last_at = now->changed_at,
        .last_sequence = now->sequence,
        .source = derive->entity,
        .institution_number = now->institution_number,
    };
    ule_telling_add(derive, &derive->state->tellings, &telling);
}

/* The first accepted version that names a replacement number decides who had it first (domain.md section 2); what it
 * says of the person is as it last said it with that number, and as long as it spoke: who leaves takes nothing back. */
static void note_named(struct ule_derive *derive, const char *number, bool contact, int32_t birth_date,
                       const char *given_names, const char *family_name) {
    const struct ule_institution_person_changed *now = derive->message->local;
    struct ule_named_array *all = &derive->state->named;
    if (number == NULL || !ule_number_is_replacement(number))
        return;
    struct ule_named *named = NULL;
    for (size_t i = 0; i < all->count && named == NULL; i++)
        if (all->items[i].contact == contact && strcmp(all->items[i].number, number) == 0)
            named = &all->items[i];
    if (named == NULL) {
        named = ULE_PUSH(derive->arena, all);
        *named = (struct ule_named){
            .number = number, .contact = contact, .at = now->changed_at, .sequence = now->sequence};
    } else if (!now->active) {
        return;
    }
    named->birth_date = birth_date;
    named->given_names = given_names;
    named->family_name = family_name;
}

/* The first entry of a record that names the same replacement number, when that is another entry; else NULL. */
static const struct ule_contact *same_number_before(const struct ule_institution_person_changed *record, size_t index) {
    const char *number = record->contacts.items[index].number;
    for (size_t i = 0; number != NULL && i < index; i++)
        if (ule_text_equal(record->contacts.items[i].number, number) && ule_number_is_replacement(number))
            return &record->contacts.items[i];
    return NULL;
}

/* One made-up number for two contacts of the same child: the first entry has it. */
static bool is_torn(struct ule_derive *derive, const struct ule_institution_person_changed *record, size_t index) {
    const struct ule_contact *first = same_number_before(record, index), *entry = &record->contacts.items[index];
    if (first == NULL)
        return false;
    struct ule_claim a = {.birth_date = ULE_DATE_NONE, .given_names = first->given_names},
                     b = {.birth_date = ULE_DATE_NONE, .given_names = entry->given_names};
    a.family_name = first->family_name;
    b.family_name = entry->family_name;
    return ule_dispute_disagree(derive->arena, &a, &b);
}

/* Which of the two moved on nobody can tell: no swap of the number is told by the version after it. */
static bool was_torn(struct ule_derive *derive, const struct ule_institution_person_changed *before,
                     const char *number) {
    bool torn = false;
    for (size_t i = 0; before != NULL && i < before->contacts.count; i++)
        torn |= ule_text_equal(before->contacts.items[i].number, number) && is_torn(derive, before, i);
    return torn;
}

bool ule_local_take(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    struct ule_institution_person_changed *now = derive->message->local, *before = state->local;
    if (now != NULL) {
        if (before != NULL && ule_stamp_compare(now->changed_at, now->sequence, now->event_id, before->changed_at,
                                                before->sequence, before->event_id) <= 0)
            return false;
        tell_swap(derive, now->replaces_number, now->number, true, false);
        if (before != NULL && !ule_text_equal(before->number, now->replaces_number))
            tell_swap(derive, before->number, now->number, false, false);
        note_named(derive, now->number, false, now->birth_date, now->given_names, now->family_name);
        for (size_t i = 0; i < now->contacts.count; i++) {
            const struct ule_contact *contact = &now->contacts.items[i];
            if (!was_torn(derive, before, contact->replaces_number))
                tell_swap(derive, contact->replaces_number, contact->number, true, true);
            if (same_number_before(now, i) == NULL)
                note_named(derive, contact->number, true, ULE_DATE_NONE, contact->given_names, contact->family_name);
        }
        /* A pupil's leaving waits for the institution; anybody else leaves at once. */
        if (now->active || !is_pupil(now))
            state->active = NULL;
        else if (before != NULL && before->active && is_pupil(before))
            state->active = before;
        state->local = now;
    }
    if (state->active != NULL) {
        char institution[64];
        snprintf(institution, sizeof institution, "institution:%s", state->local->institution_number);
        struct ule_tell *tell = ule_tell_heard(derive, institution);
        if (tell != NULL && tell->release != NULL && tell->release->released &&
            tell->release->leaving_at == state->local->changed_at)
            state->active = NULL;
    }
    return true;
}

/* Where a swap stands, as F answers to this telling of it; ULE_PAIR_STATUS_NULL until it has. */
static enum ule_pair_status status(struct ule_derive *derive, const struct ule_telling *telling) {
    struct ule_tell *tell = ule_tell_heard(derive, telling->from_number);
    for (size_t i = 0; tell != NULL && i < tell->answers.count; i++) {
        const struct ule_teller_answer *answer = &tell->answers.items[i];
        if (answer->contact == telling->contact && strcmp(answer->to_number, telling->to_number) == 0 &&
            answer->told_at == telling->last_at && answer->told_sequence == telling->last_sequence)
            return answer->status;
    }
    return ULE_PAIR_STATUS_NULL;
}

/* This record told the opposite first: it takes that back, and counts where it points (domain.md section 6, Undone). */
static bool takes_back(const struct ule_telling_array *tellings, const struct ule_telling *telling) {
    for (size_t i = 0; i < tellings->count; i++) {
        const struct ule_telling *other = &tellings->items[i];
        if (other->contact == telling->contact && strcmp(other->from_number, telling->to_number) == 0 &&
            strcmp(other->to_number, telling->from_number) == 0 &&
            ule_stamp_compare(other->first_at, other->first_sequence, "", telling->first_at, telling->first_sequence,
                              "") < 0)
            return true;
    }
    return false;
}

/* While a swap told by this record is undecided, what it says of R counts for F (domain.md section 6, What holds).
 * Until F has answered it counts for the number on the way that it counted for before, and else for nobody: NULL. */
static const char *counts_for(struct ule_derive *derive, const char *number, bool contact) {
    const struct ule_telling_array *tellings = &derive->state->tellings;
    const struct ule_strings *before = &derive->state->counted_for;
    const char *at = number, *start = number, *was = ule_strings_have(before, number) ? number : NULL;
    bool known = true;
    for (int steps = 0; steps < ULE_CHAIN_MAX; steps++) {
        const char *earlier = NULL, *moved = NULL;
        for (size_t i = 0; i < tellings->count && earlier == NULL; i++) {
            const struct ule_telling *telling = &tellings->items[i];
            if (telling->contact != contact || strcmp(telling->to_number, at) != 0 || takes_back(tellings, telling))
                continue;
            enum ule_pair_status where = status(derive, telling);
            if (where == ULE_PAIR_STATUS_MOVED && moved == NULL)
                moved = telling->from_number; /* a link before it may wait still */
            if (where != ULE_PAIR_STATUS_UNDECIDED && where != ULE_PAIR_STATUS_NULL)
                continue;
            known &= where != ULE_PAIR_STATUS_NULL;
            earlier = telling->from_number;
        }
        at = earlier != NULL ? earlier : moved;
        if (at == NULL || strcmp(at, start) == 0)
            break;
        if (earlier == NULL)
            continue;
        number = earlier;
        if (was == NULL && ule_strings_have(before, number))
            was = number;
    }
    return known ? number : was;
}

/* A replacement number counts once it has looked at this record's claim, and found it to be the same person. */
static bool disputed(struct ule_derive *derive, const char *number, bool contact) {
    if (!ule_number_is_replacement(number))
        return false;
    struct ule_tell *tell = ule_tell_heard(derive, number);
    if (contact)
        return tell == NULL || !tell->judged_contact || tell->disputed_contact;
    return tell == NULL || !tell->judged || tell->disputed;
}

static struct ule_local_tell *local_tell(struct ule_derive *derive, const char *receiver) {
    struct ule_tell *tell = ule_derive_tell(derive, receiver);
    if (tell->local == NULL) {
        tell->local = ule_derive_new(derive, &ule_local_tell_record);
        tell->local->institution_number = derive->state->local->institution_number;
        tell->local->local_person_id = derive->state->local->local_person_id;
        ule_telling_select(derive->arena, &derive->state->tellings, receiver, &tell->local->tellings);
    }
    return tell->local;
}

/* What this record says of the person behind a replacement number, also after it has moved on. */
static void tell_claim(struct ule_derive *derive, const struct ule_institution_person_changed *record,
                       const struct ule_named *named) {
    struct ule_claim *claim = ULE_PUSH(derive->arena, &local_tell(derive, named->number)->claims);
    claim->source = derive->entity + strlen("local:");
    claim->contact = named->contact;
    claim->at = named->at;
    claim->sequence = named->sequence;
    claim->birth_date = named->birth_date;
    claim->given_names = named->given_names;
    claim->family_name = named->family_name;
    if (!record->active)
        return;
    for (size_t i = 0; named->contact && i < record->contacts.count; i++)
        if (ule_text_equal(record->contacts.items[i].number, named->number)) {
            claim->current = true;
            claim->torn |= is_torn(derive, record, i);
        }
    if (!named->contact)
        claim->current = ule_text_equal(record->number, named->number);
}

/* Contacts known by name only: one case of a kind for all of them (domain.md section 8). */
static void unnamed_contacts(struct ule_derive *derive, const struct ule_institution_person_changed *record) {
    bool abroad = false;
    for (size_t i = 0; i < record->contacts.count; i++) {
        const struct ule_contact *contact = &record->contacts.items[i];
        if (contact->number == NULL && contact->alien_number == NULL && contact->country != ULE_INT_NULL &&
            contact->country != ULE_COUNTRY_DENMARK)
            abroad = true;
    }
    if (!abroad || !is_pupil(record))
        return;
    static const enum ule_case_kind kinds[] = {ULE_CASE_KIND_CPR_2, ULE_CASE_KIND_NEMID_2};
    for (size_t i = 0; i < 2; i++) {
        struct ule_case *c = ule_derive_case(derive, kinds[i], ule_derive_person_key(derive), "-");
        c->institution_number = record->institution_number;
        struct ule_remedy_facts facts = {
            .kind = kinds[i], .abroad = true, .danish_passport = ULE_MAYBE_NULL, .citizenship = ULE_INT_NULL};
        ule_case_remedy(derive, c, &facts);
    }
}

/* An alien id becomes the number that the record or entry counts for: neither one that is another person's nor one that
 * a swap has yet to reach (domain.md sections 2 and 6). */
static void tell_alias(struct ule_derive *derive, const char *alien_number, const char *number) {
    if (alien_number != NULL)
        local_tell(derive, ule_arena_printf(derive->arena, "alien:%s", alien_number))->alias = number;
}

/* The version in force to the person it counts for, each contact under the number that its entry counts for. */
static void tell_record(struct ule_derive *derive, const struct ule_institution_person_changed *record,
                        struct ule_strings *counted_for) {
    struct ule_institution_person_changed *told = ule_arena_copy(derive->arena, record, sizeof *record);
    told->contacts = (struct ule_contact_array){0};
    told->source_system = "";
    for (size_t i = 0; i < record->contacts.count; i++) {
        struct ule_contact contact = record->contacts.items[i];
        if (contact.number == NULL && contact.alien_number == NULL)
            continue;
        if (contact.number != NULL) {
            contact.number = counts_for(derive, contact.number, true);
            if (contact.number == NULL || disputed(derive, contact.number, true) || is_torn(derive, record, i))
                continue;
            ule_strings_add(derive->arena, counted_for, contact.number);
            tell_alias(derive, contact.alien_number, contact.number);
            contact.alien_number = NULL;
        }
        contact.replaces_number = NULL;
        *ULE_PUSH(derive->arena, &told->contacts) = contact;
    }
    unnamed_contacts(derive, record);

    const char *receiver = NULL;
    if (record->number != NULL) {
        receiver = counts_for(derive, record->number, false);
        if (receiver == NULL || disputed(derive, receiver, false))
            return; /* no role, relation or account from it (domain.md section 2) */
        ule_strings_add(derive->arena, counted_for, receiver);
        tell_alias(derive, record->alien_number, receiver);
    } else if (record->alien_number != NULL) {
        receiver = ule_arena_printf(derive->arena, "alien:%s", record->alien_number);
    } else {
        receiver = ule_arena_printf(derive->arena, "unnamed:%s", derive->entity + strlen("local:"));
    }
    struct ule_local_tell *tell = local_tell(derive, receiver);
    tell->counts = true;
    tell->record = told;
}

void ule_local_derive(struct ule_derive *derive) {
    struct ule_person_state *state = derive->state;
    const struct ule_institution_person_changed *newest = state->local;
    if (newest == NULL)
        return;
    const struct ule_institution_person_changed *record = state->active ? state->active : newest;

    if (is_pupil(newest)) {
        struct ule_pupil_notice *notice = ule_derive_new(derive, &ule_pupil_notice_record);
        notice->active = newest->active;
        notice->leaving = state->active != NULL;
        notice->leaving_at = notice->leaving ? newest->changed_at : ULE_TIME_NONE;
        notice->leaving_sequence = notice->leaving ? newest->sequence : 0;
        if (notice->active || notice->leaving)
            ule_derive_tell(derive, ule_arena_printf(derive->arena, "institution:%s", newest->institution_number))
                ->notice = notice;
    }

    for (size_t i = 0; i < state->tellings.count; i++) {
        local_tell(derive, state->tellings.items[i].from_number);
        local_tell(derive, state->tellings.items[i].to_number);
    }
    for (size_t i = 0; i < state->named.count; i++)
        tell_claim(derive, record, &state->named.items[i]);

    struct ule_strings counted_for = {0};
    if (record->active)
        tell_record(derive, record, &counted_for);
    state->counted_for = counted_for;
}
