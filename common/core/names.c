/* SPDX-License-Identifier: MIT */
/* A9: names, and name and address protection (navne- og adressebeskyttelse). Protection travels with every event that
 * carries a name; a protected person is known by the alias of the lowest record that has one, else by none, and by none
 * wherever a private institution is among its ties. */
#include "core/person.h"

#include <string.h>

bool ule_names_protected(struct ule_person *person) {
    bool is = false;
    if (person->kept != NULL && person->kept->protection != NULL)
        is = ule_derive_within(person->derive, person->kept->protection->from, person->kept->protection->until);
    for (size_t i = 0; i < person->records_count; i++)
        is |= person->records[i]->protected;
    return is;
}

static void alias(const struct ule_person *person, struct ule_account_changed *account) {
    bool is_private = person->private_tie;
    for (size_t i = 0; i < person->records_count; i++)
        is_private |= person->records[i]->institution_kind == ULE_INSTITUTION_KIND_PRIVATE;
    account->names_withheld = true;
    for (size_t i = 0; i < person->records_count && !is_private; i++) {
        const struct ule_institution_person_changed *record = person->records[i];
        if (record->alias_given_names == NULL && record->alias_family_name == NULL)
            continue;
        account->given_names = record->alias_given_names;
        account->family_name = record->alias_family_name;
        account->names_withheld = false;
        return;
    }
}

void ule_names_derive(struct ule_person *person, struct ule_account_changed *account) {
    account->protected = ule_names_protected(person);
    if (account->protected) {
        alias(person, account);
        return;
    }
    if (person->number_class == ULE_NUMBER_CLASS_VERIFIED && person->facts != NULL &&
        (person->facts->given_names != NULL || person->facts->family_name != NULL)) {
        account->given_names = person->facts->given_names;
        account->family_name = person->facts->family_name;
        return;
    }
    for (size_t i = 0; i < person->records_count; i++) {
        const struct ule_institution_person_changed *record = person->records[i];
        if (record->given_names != NULL || record->family_name != NULL) {
            account->given_names = record->given_names;
            account->family_name = record->family_name;
            return;
        }
    }
    const char *lowest = NULL;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_listing *listing = person->voices.items[i].tell->listing;
        if (listing == NULL || !listing->enrolled || listing->source == NULL ||
            (listing->given_names == NULL && listing->family_name == NULL) ||
            (lowest != NULL && strcmp(listing->source, lowest) >= 0))
            continue;
        lowest = listing->source;
        account->given_names = listing->given_names;
        account->family_name = listing->family_name;
    }
}
