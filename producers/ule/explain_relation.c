/* SPDX-License-Identifier: MIT */
/* Relations, as the rules work them out and as they stand published: who may see what of this child, and of which
 * children this person may see what. */
#include "ule/explain.h"

#include "ule/explain_rule.h"

#include <string.h>

const struct ule_relation *ule_explain_relation(const struct ule_subject *child, const struct ule_subject *contact) {
    const struct ule_relation_array *relations = &child->person.relations;
    for (size_t i = 0; i < relations->count; i++)
        if (strcmp(relations->items[i].address, contact->entity) == 0 ||
            ule_strings_have(&relations->items[i].told.all, contact->entity))
            return &relations->items[i];
    return NULL;
}

static const struct ule_contact_relation *standing(const struct ule_subject *child, const char *user_key) {
    struct ule_derive derive = child->derive;
    if (!child->person.account || !user_key)
        return NULL;
    return ule_derive_standing(&derive, ULE_TOPIC_CONTACT_RELATION,
                               ule_arena_printf(derive.arena, "%s/%s", child->person.account->user_key, user_key));
}

const struct ule_contact_relation *ule_explain_published(const struct ule_subject *child,
                                                         const struct ule_subject *contact) {
    const struct ule_relation *relation = ule_explain_relation(child, contact);
    const char *key = relation && relation->view ? relation->view->user_key : NULL;
    if (!key && contact->person.account)
        key = contact->person.account->user_key;
    return standing(child, key);
}

static const char *why_not_published(const struct ule_subject *child, const struct ule_subject *contact,
                                     const struct ule_relation *relation) {
    if (!child->person.enrolled)
        return "the child is not enrolled";
    if (!child->published)
        return "the child has no account";
    if (!contact->person.number)
        return "the contact has no person number yet";
    if (contact->person.dead || contact->person.gone)
        return contact->person.dead ? "the contact is dead" : "the contact's number is no longer good";
    if (relation->authority == ULE_AUTHORITY_NONE)
        return "the child is 18 or married";
    if (!relation->view || !relation->view->account)
        return "the contact has no account, or a closed one";
    return "it has ended, or is on its way";
}

/* The cell of the table in section 5 that was read. */
static const char *cell(enum ule_authority authority) {
    switch (authority) {
    case ULE_AUTHORITY_CUSTODY: return "5.CUSTODY";
    case ULE_AUTHORITY_CUSTODY_ASSERTED: return "5.CUSTODY_ASSERTED";
    default: return NULL; /* 5.relation stands among the basis */
    }
}

/* What decided a relation that nobody is told of: the relation itself, and which account is missing. */
static void why_unpublished(json_t *item, const struct ule_subject *child, const struct ule_subject *contact,
                            const struct ule_relation *relation) {
    bool over = contact->person.dead || contact->person.gone || relation->authority == ULE_AUTHORITY_NONE;
    ule_explain_detail(item, "Not published: %s", why_not_published(child, contact, relation));
    if (over)
        ule_explain_rule(item, "5.none");
    else if (relation->authority == ULE_AUTHORITY_CUSTODY)
        ule_explain_rule(item, relation->custody ? "3.custody" : "3.unregistered");
    else
        ule_explain_rule(item, relation->authority == ULE_AUTHORITY_RELATION ? "5.relation" : "3.asserted");
    if (relation->contradicted)
        ule_explain_rule(item, "3.contradicted");
    if (relation->flagged)
        ule_explain_rule(item, "3.asserted");
    if (!child->published)
        ule_explain_rule(item, "A2");
    if (!contact->published && !over)
        ule_explain_rule(item, "A1");
}

static const char *may(const struct ule_contact_relation *published, struct ule_arena *arena) {
    bool consents = false, enrols = false;
    for (size_t i = 0; i < published->capabilities.count; i++) {
        consents |= published->capabilities.items[i] == ULE_RELATION_CAPABILITY_CONSENT;
        enrols |= published->capabilities.items[i] == ULE_RELATION_CAPABILITY_ENROL_CHILD;
    }
    return ule_arena_printf(arena, "%s%s%s%s", consents || enrols ? "; may " : "", consents ? "consent" : "",
                            consents && enrols ? " and " : "", enrols ? "enrol the child" : "");
}

static void set_published(const struct ule_explain *explain, json_t *item,
                          const struct ule_contact_relation *published) {
    struct ule_strings able = {0};
    for (size_t i = 0; i < published->capabilities.count; i++)
        ule_strings_add(explain->arena, &able, ule_relation_capability_enum.symbols[published->capabilities.items[i]]);
    ule_explain_set(item, "authority", ule_authority_enum.symbols[published->authority]);
    ule_explain_set(item, "access", ule_access_level_enum.symbols[published->access]);
    json_object_set_new(item, "stil_access_level", json_integer(published->stil_access_level));
    ule_explain_set_strings(item, "capabilities", &able);
    ule_explain_set_strings(item, "basis", &published->basis);
    ule_explain_set(item, "discrepancy", published->discrepancy);
    for (size_t i = 0; i < published->basis.count; i++)
        ule_explain_rule(item, published->basis.items[i]);
    if (cell(published->authority))
        ule_explain_rule(item, cell(published->authority));
    const char *reason = ule_explain_reason_meaning(published->discrepancy);
    if (reason)
        ule_explain_detail(item, "Discrepancy: %s", reason);
}

static void set_relation(struct ule_arena *arena, json_t *item, const struct ule_relation *relation,
                         const struct ule_subject *contact) {
    json_object_set_new(item, "parent", json_boolean(relation->mother || relation->father));
    json_object_set_new(item, "custody_in_force", json_boolean(relation->custody));
    json_object_set_new(item, "listed", json_boolean(relation->listed));
    json_object_set_new(item, "custody_asserted", json_boolean(relation->asserted));
    const char *by = relation->mother || relation->father ? "A parent in CPR"
                     : relation->custody                  ? "Holds custody in CPR by number"
                                                          : "Not a parent in CPR";
    const char *listed = relation->listed ? "" : "; listed by no institution";
    for (size_t i = 0; i < relation->institutions.count; i++)
        listed = ule_arena_printf(arena, "%s%s%s", listed, i ? ", " : "; listed by institution ",
                                  relation->institutions.items[i]);
    ule_explain_detail(item, "%s%s%s", by, listed, relation->asserted ? ", which states custody" : "");
    if (relation->lowered != ULE_ACCESS_LEVEL_NULL)
        ule_explain_detail(item, "The institution lowers it to %s", ule_access_level_enum.symbols[relation->lowered]);
    if (contact->published && contact->published->state == ULE_ACCOUNT_STATE_ACTIVE)
        ule_explain_detail(item, "The contact's account: ACTIVE at %s (%s)",
                           ule_assurance_enum.symbols[contact->published->assurance], contact->published->reason);
    else if (contact->published)
        ule_explain_detail(item, "The contact's account: %s (%s)",
                           ule_account_state_enum.symbols[contact->published->state], contact->published->reason);
}

/* One relation; `of_child`: told to who asks for the child. */
static void describe(struct ule_explain *explain, json_t *section, const struct ule_subject *child,
                     const struct ule_relation *relation, bool of_child) {
    const struct ule_subject *contact = ule_explain_subject(explain, relation->address);
    const struct ule_contact_relation *published = ule_explain_published(child, contact);
    const char *role = ule_explain_relation_words(published ? published->relation : relation->relation);
    enum ule_authority authority = published ? published->authority : relation->authority;
    enum ule_access_level access = published ? published->access : ULE_ACCESS_LEVEL_NONE;
    json_t *item = of_child ? ule_explain_item(section, "%s, %s: %s; %s%s", contact->called, role,
                                               ule_explain_authority_words(authority), ule_explain_access_words(access),
                                               published ? may(published, explain->arena) : "")
                            : ule_explain_item(section, "%s, as %s: %s; %s%s", child->called, role,
                                               ule_explain_authority_words(authority), ule_explain_access_words(access),
                                               published ? may(published, explain->arena) : "");
    ule_explain_set(item, "child_number", child->person.number);
    ule_explain_set(item, "contact_number", contact->person.number);
    ule_explain_set(item, "relation", ule_contact_relationship_enum.symbols[relation->relation]);
    json_object_set_new(item, "protected", json_boolean(of_child ? contact->names.protected : child->names.protected));
    json_object_set_new(item, "published", json_boolean(published != NULL));
    if (published) {
        set_published(explain, item, published);
    } else {
        ule_explain_set(item, "authority", ule_authority_enum.symbols[authority]);
        ule_explain_set(item, "access", ule_access_level_enum.symbols[access]);
        why_unpublished(item, child, contact, relation);
    }
    set_relation(explain->arena, item, relation, contact);
}

/* Ended, and not yet followed by a tombstone: those who read our topics still see the end. */
static void ended(struct ule_explain *explain, json_t *section, const struct ule_subject *child) {
    const struct ule_published_array *all = &child->state->published;
    for (size_t i = 0; i < all->count; i++) {
        const struct ule_published *entry = &all->items[i];
        if (entry->topic != ULE_TOPIC_CONTACT_RELATION || entry->ended_on == ULE_DATE_NONE)
            continue;
        struct ule_derive derive = child->derive;
        const struct ule_contact_relation *value = ule_derive_standing(&derive, ULE_TOPIC_CONTACT_RELATION, entry->key);
        if (!value)
            continue;
        const struct ule_subject *contact = ule_explain_subject(explain, value->contact_number);
        if (ule_explain_relation(child, contact))
            continue;
        json_t *item = ule_explain_item(section, "%s: the relation ended on %s", contact->called,
                                        ule_explain_day(explain->arena, entry->ended_on));
        ule_explain_set(item, "contact_number", value->contact_number);
        ule_explain_set(item, "authority", "NONE");
        ule_explain_set(item, "access", "NONE");
        ule_explain_rule(item, "5.none");
    }
}

void ule_explain_relations(struct ule_explain *explain) {
    const struct ule_subject *who = explain->who;
    json_t *contacts = ule_explain_section(explain, "contacts");
    for (size_t i = 0; i < who->person.relations.count && who->person.enrolled; i++)
        describe(explain, contacts, who, &who->person.relations.items[i], true);
    ended(explain, contacts, who);
    json_t *children = ule_explain_section(explain, "children");
    for (size_t i = 0; i < who->person.voices.count; i++) {
        const struct ule_voice *voice = &who->person.voices.items[i];
        if (!voice->tell->listing || !voice->tell->listing->enrolled)
            continue;
        const struct ule_subject *child = ule_explain_subject(explain, voice->sender);
        const struct ule_relation *relation = ule_explain_relation(child, who);
        if (relation)
            describe(explain, children, child, relation, false);
    }
}
