/* SPDX-License-Identifier: MIT */
/* Parents, custody (forældremyndighed) and what institutions assert (domain.md section 3): who stands in which relation
 * to this child, before access is decided. Every number and alien id that turned out to be one person is one contact.
 */
#include "core/custody.h"

#include <string.h>

/* Where an address leads, as those who were renumbered say. */
static const char *end_of(struct ule_person *person, const char *address) {
    for (int steps = 0; steps < ULE_CHAIN_MAX; steps++) {
        struct ule_voice *voice = ule_person_voice(person, address);
        if (voice == NULL || voice->tell->view == NULL || voice->tell->view->moved_to == NULL)
            return address;
        address = voice->tell->view->moved_to;
    }
    return address;
}

/* The contact behind an address, added when it is new; NULL for the child itself. */
static struct ule_relation *contact(struct ule_person *person, const char *address) {
    const char *end = end_of(person, address);
    if (strcmp(address, person->derive->entity) == 0 || strcmp(end, person->derive->entity) == 0)
        return NULL;
    struct ule_relation *relation = NULL;
    for (size_t i = 0; i < person->relations.count && relation == NULL; i++)
        if (strcmp(person->relations.items[i].address, end) == 0)
            relation = &person->relations.items[i];
    if (relation == NULL) {
        relation = ULE_PUSH(person->arena, &person->relations);
        relation->address = end;
        relation->lowered = ULE_ACCESS_LEVEL_NULL;
        relation->relation = ULE_CONTACT_RELATIONSHIP_NULL;
        relation->country = ULE_INT_NULL;
    }
    ule_strings_add(person->arena, &relation->named, address);
    return relation;
}

/* Whom to tell of the child: who is named, and all on the way to what became of them: they answer where they went, and
 * have to hear when that is undone. Whether one is told must not follow from its own answer, nor from what else is said
 * of the contact that it became: it would be told because it moved, and say that it moved because it is told, and two
 * such tells that cross would go back and forth for ever. */
static void tell(struct ule_person *person, struct ule_relation *relation, const char *address, bool parent) {
    struct ule_told_of *told = relation != NULL ? &relation->told : &person->selves;
    const char *end = end_of(person, address);
    for (int steps = 0; steps <= ULE_CHAIN_MAX && strcmp(address, person->derive->entity) != 0; steps++) {
        ule_strings_add(person->arena, &told->all, address);
        if (parent)
            ule_strings_add(person->arena, &told->parents, address);
        if (strcmp(address, end) == 0)
            break;
        address = ule_person_voice(person, address)->tell->view->moved_to;
    }
}

/* MOTHER and FATHER mean whoever record 015 names now. */
static const char *holder_number(const struct ule_person_changed *facts, const struct ule_custody_row *row) {
    switch (row->holder) {
    case ULE_CUSTODY_HOLDER_MOTHER: return facts->mother ? facts->mother->number : NULL;
    case ULE_CUSTODY_HOLDER_FATHER: return facts->father ? facts->father->number : NULL;
    default: return row->number;
    }
}

/* The child has CPR facts, a parent by number, and no custody row of any date: not proof of no custody. */
bool ule_custody_unregistered(const struct ule_person *person) {
    const struct ule_person_changed *facts = person->facts;
    return facts != NULL && facts->custody.count == 0 && !person->adult && !person->married &&
           ((facts->mother != NULL && facts->mother->number != NULL) ||
            (facts->father != NULL && facts->father->number != NULL));
}

static void from_cpr(struct ule_person *person) {
    const struct ule_person_changed *facts = person->facts;
    if (facts == NULL)
        return;
    bool presume = ule_custody_unregistered(person) && person->derive->policy->custody_presume_parents;
    for (int i = 0; i < 2; i++) {
        const struct ule_parent *named = i == 0 ? facts->mother : facts->father;
        if (named == NULL || named->number == NULL)
            continue;
        struct ule_relation *parent = contact(person, named->number);
        tell(person, parent, named->number, true);
        if (parent == NULL)
            continue;
        parent->mother |= i == 0;
        parent->father |= i == 1;
        parent->presumed |= presume;
    }
    for (size_t i = 0; i < facts->custody.count; i++) {
        const struct ule_custody_row *row = &facts->custody.items[i];
        bool in_force = ule_derive_within(person->derive, row->from, row->until);
        const char *number = holder_number(facts, row);
        struct ule_relation *holder = number != NULL ? contact(person, number) : NULL;
        /* Out of force it makes no contact, but it has to answer: who is named by another number is contradicted. */
        if (number != NULL)
            tell(person, in_force ? holder : NULL, number, false);
        if (holder == NULL)
            continue;
        holder->row = true;
        holder->custody |= in_force;
    }
}

static bool is_foreign(const struct ule_policy *policy, const struct ule_institution_person_changed *record) {
    bool is = record->institution_kind == ULE_INSTITUTION_KIND_FOREIGN;
    for (size_t i = 0; i < policy->foreign_count; i++)
        is |= strcmp(policy->foreign[i], record->institution_number) == 0;
    return is;
}

/* Records come by (institution, local id), so the first that says something is the lowest. */
static void from_record(struct ule_person *person, const struct ule_institution_person_changed *record) {
    for (size_t i = 0; i < record->contacts.count; i++) {
        const struct ule_contact *entry = &record->contacts.items[i];
        const char *address = entry->number != NULL ? entry->number
                                                    : ule_arena_printf(person->arena, "alien:%s", entry->alien_number);
        struct ule_relation *relation = contact(person, address);
        tell(person, relation, address, false);
        if (relation == NULL)
            continue;
        relation->listed = true;
        relation->asserted |= entry->child_custody;
        relation->legacy |= entry->legacy;
        relation->foreign |= is_foreign(person->derive->policy, record);
        relation->private |= record->institution_kind == ULE_INSTITUTION_KIND_PRIVATE;
        if (entry->access != ULE_ACCESS_LEVEL_NULL &&
            (relation->lowered == ULE_ACCESS_LEVEL_NULL || entry->access < relation->lowered))
            relation->lowered = entry->access;
        if (relation->relation == ULE_CONTACT_RELATIONSHIP_NULL)
            relation->relation = entry->relation;
        const char *source = ule_arena_printf(person->arena, "%s/%s", record->institution_number,
                                              record->local_person_id);
        if (relation->country == ULE_INT_NULL && entry->country != ULE_INT_NULL) {
            relation->country = entry->country;
            relation->country_source = source;
        }
        if (relation->given_names == NULL && relation->family_name == NULL) {
            relation->given_names = entry->given_names;
            relation->family_name = entry->family_name;
            relation->source = source;
        }
        ule_strings_add(person->arena, &relation->institutions, record->institution_number);
    }
}

/* Section 3, first what ends custody, then CPR, then what an institution asserts. */
static void decide(struct ule_person *person, struct ule_relation *relation) {
    bool child_known = person->number_class != ULE_NUMBER_CLASS_UNVERIFIED && !person->state->minimised;
    bool rows = person->facts != NULL && person->facts->custody.count > 0;
    if (relation->mother || relation->father)
        relation->relation = relation->mother ? ULE_CONTACT_RELATIONSHIP_MOTHER : ULE_CONTACT_RELATIONSHIP_FATHER;
    else if (relation->relation == ULE_CONTACT_RELATIONSHIP_NULL)
        relation->relation = ULE_CONTACT_RELATIONSHIP_OTHER;

    if (person->adult || person->married) {
        relation->authority = ULE_AUTHORITY_NONE;
    } else if (relation->custody || relation->presumed) {
        relation->authority = ULE_AUTHORITY_CUSTODY;
    } else if (relation->asserted) {
        relation->contradicted = rows && (relation->mother || relation->father || relation->row);
        relation->flagged = !relation->contradicted && !person->derive->policy->custody_institution_accept;
        relation->authority = relation->contradicted || relation->flagged || !child_known
                                  ? ULE_AUTHORITY_RELATION
                                  : ULE_AUTHORITY_CUSTODY_ASSERTED;
    } else {
        relation->authority = ULE_AUTHORITY_RELATION;
    }
}

void ule_custody_derive(struct ule_person *person) {
    from_cpr(person);
    for (size_t i = 0; i < person->records_count; i++)
        from_record(person, person->records[i]); /* whatever its role: what it lowers is lowered */
    /* A row that is not in force and names nobody who is a parent or listed makes no relation. */
    for (size_t i = person->relations.count; i-- > 0;) {
        struct ule_relation *relation = &person->relations.items[i];
        if (relation->mother || relation->father || relation->listed || relation->custody) {
            struct ule_voice *voice = ule_person_voice(person, relation->address);
            relation->view = voice ? voice->tell->view : NULL;
            decide(person, relation);
            continue;
        }
        memmove(relation, relation + 1, (person->relations.count - i - 1) * sizeof *relation);
        person->relations.count--;
    }
}
