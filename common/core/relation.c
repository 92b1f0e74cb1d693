/* SPDX-License-Identifier: MIT */
/* Relations and access to a child (domain.md section 5), recomputed at every change. */
#include "core/case.h"
#include "core/custody.h"

#include <string.h>

/* Row 6. A child that is not enrolled has no relations; a minor tells its parents of itself all the same, since the
 * child of an enrolled child matters to us (section 9). */
static const struct ule_strings *whom_to_tell(const struct ule_person *person, const struct ule_told_of *told) {
    static const struct ule_strings none = {0};
    if (person->enrolled)
        return &told->all;
    return person->adult ? &none : &told->parents;
}

void ule_relation_derive(struct ule_person *person) {
    if (person->frozen && person->taken)
        return;
    /* A number that became the child itself is no contact, nor is a holder whose row is out of force. They are told all
     * the same: the one answers that it moved, and where that was not known it would be a contact again, and so on
     * without end; the other may be known by another number by now. */
    const struct ule_strings *selves = whom_to_tell(person, &person->selves);
    for (size_t i = 0; i < selves->count; i++) {
        struct ule_listing *listing = ule_derive_new(person->derive, &ule_listing_record);
        listing->authority = ULE_AUTHORITY_NONE;
        listing->named = *selves;
        ule_derive_tell(person->derive, selves->items[i])->listing = listing;
    }
    for (size_t i = 0; i < person->relations.count; i++) {
        const struct ule_relation *relation = &person->relations.items[i];
        const struct ule_strings *told = whom_to_tell(person, &relation->told);
        if (told->count == 0)
            continue;
        struct ule_listing *listing = ule_derive_new(person->derive, &ule_listing_record);
        listing->relation = relation->relation;
        listing->authority = person->enrolled ? relation->authority : ULE_AUTHORITY_NONE;
        listing->enrolled = person->enrolled;
        listing->related = relation->mother || relation->father || relation->custody;
        listing->listed = relation->listed;
        listing->legacy = relation->legacy;
        listing->foreign = relation->foreign;
        listing->private = relation->private;
        listing->source = relation->source;
        listing->given_names = relation->given_names;
        listing->family_name = relation->family_name;
        listing->country = relation->country;
        listing->country_source = relation->country_source;
        listing->institutions = relation->institutions;
        listing->named = relation->named;
        for (size_t k = 0; k < person->records_count; k++)
            ule_strings_add(person->arena, &listing->enrolled_at, person->records[k]->institution_number);
        for (size_t k = 0; k < person->became.count; k++)
            if (strcmp(person->became.items[k], person->derive->entity) != 0)
                ule_strings_add(person->arena, &listing->earlier, person->became.items[k]);
        for (size_t k = 0; k < told->count; k++)
            ule_derive_tell(person->derive, told->items[k])->listing = listing;
    }
}

static void add_basis(struct ule_person *person, struct ule_contact_relation *value, const char *rule) {
    ule_strings_add(person->arena, &value->basis, rule);
}

static enum ule_access_level lower(enum ule_access_level level, const struct ule_relation *relation) {
    return relation->lowered != ULE_ACCESS_LEVEL_NULL && relation->lowered < level ? relation->lowered : level;
}

/* The table of section 5, one cell after the other, then the institution's lowering. */
static void decide_access(struct ule_person *person, struct ule_relation *relation,
                          struct ule_contact_relation *value) {
    enum ule_assurance assurance = relation->view->assurance;
    enum ule_access_level level = ULE_ACCESS_LEVEL_NONE;
    bool custody = value->authority == ULE_AUTHORITY_CUSTODY,
         asserted = value->authority == ULE_AUTHORITY_CUSTODY_ASSERTED;
    if (custody || asserted)
        level = assurance == ULE_ASSURANCE_HIGH  ? ULE_ACCESS_LEVEL_SENSITIVE
                : assurance == ULE_ASSURANCE_LOW ? ULE_ACCESS_LEVEL_NON_SENSITIVE
                                                 : ULE_ACCESS_LEVEL_NONE;
    else if (value->authority == ULE_AUTHORITY_RELATION && relation->listed && assurance != ULE_ASSURANCE_NONE)
        level = ULE_ACCESS_LEVEL_NON_SENSITIVE;
    value->access = lower(level, relation);
    if (value->access != level)
        add_basis(person, value, "5.lowered");
    if (value->access == ULE_ACCESS_LEVEL_SENSITIVE) {
        if (custody || person->derive->policy->custody_asserted_consents)
            *ULE_PUSH(person->arena, &value->capabilities) = ULE_RELATION_CAPABILITY_CONSENT;
        *ULE_PUSH(person->arena, &value->capabilities) = ULE_RELATION_CAPABILITY_ENROL_CHILD;
        relation->enrols = true;
    }
    value->stil_access_level = person->derive->policy->stil_access_level[value->access];
}

static void publish(struct ule_person *person, struct ule_relation *relation) {
    const struct ule_contact_view *view = relation->view;
    struct ule_contact_relation *value = ule_derive_new(person->derive, &ule_contact_relation_record);
    value->child_user_key = person->account->user_key;
    value->contact_user_key = view->user_key;
    value->child_number = person->number;
    value->contact_number = relation->address;
    value->relation = relation->relation;
    value->authority = relation->authority;
    switch (relation->authority) {
    case ULE_AUTHORITY_CUSTODY: add_basis(person, value, relation->custody ? "3.custody" : "3.unregistered"); break;
    case ULE_AUTHORITY_CUSTODY_ASSERTED: add_basis(person, value, "3.asserted"); break;
    case ULE_AUTHORITY_RELATION: add_basis(person, value, "5.relation"); break;
    default: add_basis(person, value, "5.none"); break;
    }
    if (relation->contradicted) {
        add_basis(person, value, "3.contradicted");
        value->discrepancy = "CUSTODY_ASSERTED_AGAINST_CPR";
    } else if (relation->flagged) {
        add_basis(person, value, "3.asserted");
        value->discrepancy = "CUSTODY_ASSERTED_UNCONFIRMED";
    }
    /* Without authority it is to the letter the value that ends a relation, so that an end is said once. */
    if (relation->authority != ULE_AUTHORITY_NONE) {
        if (view->assurance == ULE_ASSURANCE_HIGH)
            add_basis(person, value, "A4");
        else if (view->assurance == ULE_ASSURANCE_LOW || strcmp(view->basis, "A6") == 0)
            add_basis(person, value, view->basis);
    }
    decide_access(person, relation, value);
    ule_derive_output(person->derive, ULE_TOPIC_CONTACT_RELATION,
                      ule_arena_printf(person->arena, "%s/%s", value->child_user_key, value->contact_user_key), value);
}

/* CPR wins over what an institution asserts, and somebody has to look into it (section 3). */
static void discrepancy_case(struct ule_person *person, const struct ule_relation *relation) {
    const struct ule_contact_view *view = relation->view;
    struct ule_case *value = ule_derive_case(person->derive, ULE_CASE_KIND_CUSTODY_DISCREPANCY, view->person_key,
                                             ule_derive_person_key(person->derive));
    bool alien = strncmp(relation->address, "alien:", 6) == 0;
    if (alien)
        value->alien_number = relation->address + 6;
    else
        value->subject_number = relation->address;
    value->child_number = person->number;
    ule_case_remedy(person->derive, value, &(struct ule_remedy_facts){.kind = ULE_CASE_KIND_CUSTODY_DISCREPANCY});
}

void ule_relation_publish(struct ule_person *person) {
    if (!person->enrolled || person->frozen)
        return;
    for (size_t i = 0; i < person->relations.count; i++) {
        struct ule_relation *relation = &person->relations.items[i];
        const struct ule_contact_view *view = relation->view;
        if (view == NULL)
            continue;
        bool over = view->dead || view->void_;
        if (relation->contradicted && !over)
            discrepancy_case(person, relation);
        bool child_has_account = person->account != NULL && !person->account->away &&
                                 person->account_state != ULE_ACCOUNT_STATE_CLOSED;
        if (child_has_account && view->account && view->tied && !over)
            publish(person, relation);
    }
}
