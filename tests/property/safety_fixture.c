/* SPDX-License-Identifier: MIT */
#include "property/safety.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

size_t safety_sensitive, safety_protected;

struct stamp {
    const char *event_id;
    int64_t changed_at, sequence;
};

static void add_link(struct safety_facts *facts, const char *a, const char *b) {
    if (a != NULL && b != NULL && facts->links_count < 256)
        facts->links[facts->links_count++] = (__typeof__(facts->links[0])){a, b};
}

/* Numbers that may be one person: wider than what the core believes, so what is asked of it is never too much. */
static bool one_person(const struct safety_facts *facts, const char *a, const char *b) {
    const char *reached[64] = {a};
    size_t count = 1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(reached[i], b) == 0)
            return true;
        for (size_t k = 0; k < facts->links_count && count < 64; k++) {
            if (facts->links[k].a == NULL || facts->links[k].b == NULL)
                continue;
            const char *next = strcmp(facts->links[k].a, reached[i]) == 0   ? facts->links[k].b
                               : strcmp(facts->links[k].b, reached[i]) == 0 ? facts->links[k].a
                                                                            : NULL;
            bool known = next == NULL;
            for (size_t m = 0; m < count && !known; m++)
                known = strcmp(reached[m], next) == 0;
            if (!known)
                reached[count++] = next;
        }
    }
    return false;
}

static const char *alien(const struct safety_facts *facts, const char *id) {
    return id ? ule_arena_printf(facts->world->arena, "alien:%s", id) : NULL;
}

void safety_learn(struct safety_facts *facts, const struct world_event *event) {
    size_t at = 0;
    const struct stamp *stamp = event->record;
    for (; at < facts->count; at++) {
        const struct world_event *known = facts->newest[at].event;
        const struct stamp *held = known->record;
        if (known->source != event->source || strcmp(known->key, event->key) != 0 || event->source == WORLD_REQUEST)
            continue;
        if (stamp->changed_at < held->changed_at ||
            (stamp->changed_at == held->changed_at && stamp->sequence <= held->sequence))
            return;
        break;
    }
    if (event->source == WORLD_LOCAL) {
        const struct ule_institution_person_changed *now = event->record;
        if (at < facts->count) {
            const struct ule_institution_person_changed *before = facts->newest[at].event->record;
            add_link(facts, before->number, now->number);
            add_link(facts, alien(facts, before->alien_number), now->number);
        }
        add_link(facts, now->replaces_number, now->number);
        add_link(facts, alien(facts, now->alien_number), now->number);
        for (size_t i = 0; i < now->contacts.count; i++) {
            add_link(facts, now->contacts.items[i].replaces_number, now->contacts.items[i].number);
            add_link(facts, alien(facts, now->contacts.items[i].alien_number), now->contacts.items[i].number);
        }
    } else if (event->source == WORLD_PERMIT) {
        const struct ule_residence_permit_changed *now = event->record;
        add_link(facts, now->replaces_number, now->number);
        add_link(facts, alien(facts, now->alien_number), now->number);
    } else if (event->source == WORLD_REQUEST) {
        const struct ule_institution_request *now = event->record;
        add_link(facts, now->from_number, now->number);
    } else if (event->source == WORLD_CPR) {
        const struct ule_person_changed *now = event->record;
        add_link(facts, now->number, now->current_number);
        for (size_t i = 0; i < now->former_numbers.count; i++)
            add_link(facts, now->number, now->former_numbers.items[i]);
    }
    if (at == facts->count && facts->count < 256)
        facts->count++;
    facts->newest[at].event = event;
}

/* Records without facts leave those that came before: the newest that has them. */
static const struct ule_person_changed *cpr_facts(const struct safety_facts *facts, const char *number, size_t upto) {
    const struct ule_person_changed *found = NULL;
    for (size_t i = 0; i <= upto; i++) {
        const struct world_event *event = &facts->world->events[i];
        const struct ule_person_changed *record = event->record;
        if (event->source != WORLD_CPR || strcmp(event->key, number) != 0 ||
            record->status == ULE_CPR_STATUS_ANNULLED || record->status == ULE_CPR_STATUS_DELETED_DUPLICATE ||
            record->status == ULE_CPR_STATUS_NUMBER_CHANGED || record->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED)
            continue;
        if (found == NULL || record->changed_at > found->changed_at ||
            (record->changed_at == found->changed_at && record->sequence > found->sequence))
            found = record;
    }
    return found;
}

static const char *holder(const struct ule_person_changed *child, const struct ule_custody_row *row) {
    if (row->holder == ULE_CUSTODY_HOLDER_MOTHER)
        return child->mother ? child->mother->number : NULL;
    if (row->holder == ULE_CUSTODY_HOLDER_FATHER)
        return child->father ? child->father->number : NULL;
    return row->number;
}

static bool is(const struct safety_facts *facts, const char *a, const char *b) {
    return a != NULL && one_person(facts, a, b);
}

/* As a parent or in a row of any date: without a look at what the number may have become. */
static bool names_exactly(const struct ule_person_changed *child, const char *contact) {
    bool named = (child->mother && ule_text_equal(child->mother->number, contact)) ||
                 (child->father && ule_text_equal(child->father->number, contact));
    for (size_t i = 0; i < child->custody.count; i++)
        named |= ule_text_equal(holder(child, &child->custody.items[i]), contact);
    return named;
}

/* CPR: a row in force today names the contact, or the policy takes parents for holders; the child a minor, unmarried.*/
static bool custody_by_cpr(const struct safety_facts *facts, const char *child, const char *contact, size_t upto,
                           bool *contradicted) {
    bool custody = false;
    for (int i = 0; i < facts->world->persons_count; i++)
        for (int k = 0; k < WORLD_NUMBERS; k++) {
            const char *number = facts->world->persons[i].numbers[k];
            const struct ule_person_changed *record = one_person(facts, child, number) ? cpr_facts(facts, number, upto)
                                                                                       : NULL;
            if (record == NULL)
                continue;
            int32_t adult = ule_date_birthday(record->birth_date, 18);
            if ((adult != ULE_DATE_NONE && adult <= facts->today) ||
                (record->marital_status != ULE_MARITAL_STATUS_UNMARRIED &&
                 record->marital_status != ULE_MARITAL_STATUS_UNKNOWN))
                continue;
            bool parent = is(facts, record->mother ? record->mother->number : NULL, contact) ||
                          is(facts, record->father ? record->father->number : NULL, contact);
            custody |= parent && record->custody.count == 0 && facts->world->policy.custody_presume_parents;
            bool in_force = false;
            for (size_t m = 0; m < record->custody.count; m++) {
                const struct ule_custody_row *at = &record->custody.items[m];
                bool named = is(facts, holder(record, at), contact);
                in_force |= named && (at->from == ULE_DATE_NONE || at->from <= facts->today) &&
                            (at->until == ULE_DATE_NONE || facts->today < at->until);
            }
            custody |= in_force;
            if (strcmp(number, child) == 0 && record->custody.count > 0 && !in_force)
                *contradicted |= names_exactly(record, contact);
        }
    return custody;
}

/* Leavings wait: the last active version counts too. */
static bool asserted(const struct safety_facts *facts, const char *child, const char *contact, size_t upto) {
    for (size_t i = 0; i <= upto; i++) {
        const struct world_event *event = &facts->world->events[i];
        const struct ule_institution_person_changed *record = event->record;
        if (event->source != WORLD_LOCAL || !record->active || !is(facts, record->number, child))
            continue;
        bool newest = true;
        for (size_t k = 0; k <= upto && newest; k++) {
            const struct world_event *other = &facts->world->events[k];
            const struct ule_institution_person_changed *later = other->record;
            newest = other->source != WORLD_LOCAL || strcmp(other->key, event->key) != 0 || !later->active ||
                     later->changed_at < record->changed_at ||
                     (later->changed_at == record->changed_at && later->sequence <= record->sequence);
        }
        for (size_t k = 0; newest && k < record->contacts.count; k++) {
            const struct ule_contact *entry = &record->contacts.items[k];
            const char *address = entry->number ? entry->number : alien(facts, entry->alien_number);
            if (entry->child_custody && is(facts, address, contact))
                return true;
        }
    }
    return false;
}

static bool high(const struct safety_facts *facts, const char *contact) {
    for (size_t i = 0; i < facts->count; i++) {
        const struct ule_credential_changed *record = facts->newest[i].event->record;
        if (facts->newest[i].event->source != WORLD_CREDENTIAL || record->status != ULE_CREDENTIAL_STATUS_ACTIVE ||
            record->assurance == ULE_CREDENTIAL_ASSURANCE_LOW || !is(facts, record->number, contact))
            continue;
        if (record->scheme == ULE_CREDENTIAL_SCHEME_NEMID && facts->world->policy.nemid_closed_on <= facts->today)
            continue;
        return true;
    }
    return false;
}

static bool relation_is_safe(const struct safety_facts *facts, const struct ule_contact_relation *value, size_t upto) {
    bool consents = false;
    for (size_t i = 0; i < value->capabilities.count; i++)
        consents |= value->capabilities.items[i] == ULE_RELATION_CAPABILITY_CONSENT;
    if (value->access != ULE_ACCESS_LEVEL_SENSITIVE) {
        if (value->capabilities.count > 0)
            printf("capabilities without sensitive access\n");
        return value->capabilities.count == 0;
    }
    safety_sensitive++;
    bool contradicted = false;
    bool custody = custody_by_cpr(facts, value->child_number, value->contact_number, upto, &contradicted);
    bool assertion = !contradicted && facts->world->policy.custody_institution_accept &&
                     asserted(facts, value->child_number, value->contact_number, upto);
    bool may_consent = custody || facts->world->policy.custody_asserted_consents;
    const char *wrong = !custody && !assertion                ? "sensitive access without custody"
                        : !high(facts, value->contact_number) ? "sensitive access without a credential that gives HIGH"
                        : consents && !may_consent            ? "consent without custody by CPR"
                                                              : NULL;
    if (wrong != NULL)
        printf("%s: child %s contact %s\n", wrong, world_mask(facts->world->arena, value->child_number),
               world_mask(facts->world->arena, value->contact_number));
    return wrong == NULL;
}

/* CPR's subscription ended after it told of the number in full: without a tie at that moment all but the links was
 * erased, protection too (domain.md section 9), so what it once said is not asked for. */
static bool may_be_erased(const struct safety_facts *facts, const char *number, size_t upto) {
    const struct ule_person_changed *full = cpr_facts(facts, number, upto);
    for (size_t i = 0; i <= upto && full != NULL; i++) {
        const struct ule_person_changed *record = facts->world->events[i].record;
        if (facts->world->events[i].source == WORLD_CPR && strcmp(facts->world->events[i].key, number) == 0 &&
            record->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED && record->changed_at >= full->changed_at)
            return true;
    }
    return false;
}

static bool protected_by_cpr(const struct safety_facts *facts, const char *number, size_t upto) {
    const struct ule_person_changed *record = may_be_erased(facts, number, upto) ? NULL
                                                                                 : cpr_facts(facts, number, upto);
    return record != NULL && record->protection != NULL && record->protection->from <= facts->today &&
           (record->protection->until == ULE_DATE_NONE || facts->today < record->protection->until);
}

static bool protected_by_record(const struct safety_facts *facts, const char *number, bool *private) {
    bool is_protected = false;
    for (size_t i = 0; i < facts->count; i++) {
        const struct ule_institution_person_changed *record = facts->newest[i].event->record;
        if (facts->newest[i].event->source != WORLD_LOCAL || !record->active || record->number == NULL ||
            strcmp(record->number, number) != 0 || record->replaces_number != NULL)
            continue;
        is_protected |= record->protected;
        *private |= record->institution_kind == ULE_INSTITUTION_KIND_PRIVATE;
    }
    return is_protected;
}

/* A9. A number that changes may leave its records behind, so where it was ever linked only CPR's word is asked. */
static bool names_are_safe(const struct safety_facts *facts, const struct ule_account_changed *value, size_t upto) {
    if (value->state == ULE_ACCOUNT_STATE_CLOSED)
        return true;
    bool linked = false, private = false;
    for (size_t i = 0; i < facts->links_count; i++)
        linked |= strcmp(facts->links[i].a, value->number) == 0 || strcmp(facts->links[i].b, value->number) == 0;
    bool by_cpr = protected_by_cpr(facts, value->number, upto);
    bool by_record = !linked && protected_by_record(facts, value->number, &private);
    if (!by_cpr && !by_record)
        return true;
    safety_protected++;
    bool real = (value->given_names != NULL && strncmp(value->given_names, "Alias", 5) != 0) ||
                (value->family_name != NULL && strncmp(value->family_name, "Alias", 5) != 0);
    bool told = private && (value->given_names != NULL || value->family_name != NULL);
    const char *wrong = real ? "a protected name" : told ? "a name to a private institution" : NULL;
    if (!value->protected)
        wrong = "protection is not told";
    if (wrong != NULL)
        printf("%s: %s\n", wrong, world_mask(facts->world->arena, value->number));
    return wrong == NULL;
}

/* Every account that is closed, and every user key that is no account's any more, has no live relation. */
static bool closed_has_nothing(const struct run *run, const struct ule_contact_relation *value) {
    if (value->authority == ULE_AUTHORITY_NONE && value->access == ULE_ACCESS_LEVEL_NONE)
        return true;
    const char *keys[2] = {value->child_user_key, value->contact_user_key};
    for (int i = 0; i < 2; i++) {
        const struct run_standing *account = run_find(run, ULE_TOPIC_PROVISIONING, keys[i]);
        if (account == NULL || account->value == NULL ||
            ((const struct ule_account_changed *)account->value)->state == ULE_ACCOUNT_STATE_CLOSED) {
            printf("a closed account has a relation: child %s contact %s, the %s\n",
                   world_mask(run->arena, value->child_number), world_mask(run->arena, value->contact_number),
                   i ? "contact" : "child");
            return false;
        }
    }
    return true;
}

/* No two open accounts of one number; a number that has become another has none. */
static bool one_account_each(const struct run *run) {
    for (size_t i = 0; i < run->standing_count; i++) {
        const struct ule_account_changed *value = run->standing[i].value;
        if (run->standing[i].topic != ULE_TOPIC_PROVISIONING || value == NULL ||
            value->state == ULE_ACCOUNT_STATE_CLOSED)
            continue;
        for (size_t k = i + 1; k < run->standing_count; k++) {
            const struct ule_account_changed *other = run->standing[k].value;
            if (run->standing[k].topic != ULE_TOPIC_PROVISIONING || other == NULL ||
                other->state == ULE_ACCOUNT_STATE_CLOSED || strcmp(value->number, other->number) != 0)
                continue;
            printf("two open accounts of %s\n", world_mask(run->arena, value->number));
            return false;
        }
    }
    return true;
}

struct held {
    struct run *run;
    struct ule_arena *arena;
    const char *keys[256];
    size_t count;
    bool good;
};

/* Each user key stands at one entity; nobody waits for a number that never takes over. */
static bool visit(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct held *held = context;
    struct ule_person_state state;
    if (strchr(entity, ':') != NULL || size < 10)
        return true;
    if (ule_record_decode(&ule_person_state_record, bytes + 10, size - 10, held->arena, &state, NULL) != ULE_OK)
        return true; /* a slot of an entity, kept on its own */
    for (size_t i = 0; i < state.published.count; i++) {
        const struct ule_published *entry = &state.published.items[i];
        if (entry->topic != ULE_TOPIC_PROVISIONING || entry->value.size == 0)
            continue;
        for (size_t k = 0; k < held->count; k++)
            if (strcmp(held->keys[k], entry->key) == 0) {
                printf("a user key stands at two numbers, one of them %s\n", world_mask(held->arena, entity));
                held->good = false;
            }
        if (held->count < 256)
            held->keys[held->count++] = entry->key;
    }
    for (size_t i = 0; i < state.outgoing.count; i++) {
        const struct ule_outgoing *out = &state.outgoing.items[i];
        if (out->completed && out->outcome != ULE_OUTCOME_RENUMBERED && out->outcome != ULE_OUTCOME_MERGED &&
            strncmp(entity, "alien", 5) != 0) {
            printf("%s is frozen and never taken\n", world_mask(held->arena, entity));
            held->good = false;
        }
    }
    return true;
}

bool safety_handshakes_are_over(struct run *run) {
    struct held held = {.run = run, .arena = ule_arena_new(), .good = true};
    for (unsigned i = 0; i < run->partitions; i++)
        ule_store_each(run->stores[i], visit, &held);
    for (size_t i = 0; i < run->standing_count; i++) {
        bool found = run->standing[i].topic != ULE_TOPIC_PROVISIONING || run->standing[i].value == NULL;
        for (size_t k = 0; k < held.count && !found; k++)
            found = strcmp(held.keys[k], run->standing[i].key) == 0;
        if (!found) {
            printf("nobody publishes the account of %s any more\n",
                   world_mask(run->arena, ((const struct ule_account_changed *)run->standing[i].value)->number));
            held.good = false;
        }
    }
    ule_arena_free(held.arena);
    return held.good;
}

bool safety_is_sound(const struct safety_facts *facts, const struct run *run, size_t upto) {
    bool good = one_account_each(run);
    for (size_t i = 0; i < run->standing_count && good; i++) {
        const void *value = run->standing[i].value;
        if (value != NULL && run->standing[i].topic == ULE_TOPIC_CONTACT_RELATION)
            good = relation_is_safe(facts, value, upto) && closed_has_nothing(run, value);
        else if (value != NULL && run->standing[i].topic == ULE_TOPIC_PROVISIONING)
            good = names_are_safe(facts, value, upto);
    }
    return good;
}
