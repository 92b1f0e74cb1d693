/* SPDX-License-Identifier: MIT */
/* The class of a person's number, its birth date, and whether CPR lets it live (domain.md section 2). */
#include "core/number.h"
#include "core/person.h"

bool ule_class_counts(enum ule_cpr_status status) {
    switch (status) {
    case ULE_CPR_STATUS_RESIDENT:
    case ULE_CPR_STATUS_RESIDENT_GREENLAND:
    case ULE_CPR_STATUS_ADMINISTRATIVE:
    case ULE_CPR_STATUS_DISAPPEARED:
    case ULE_CPR_STATUS_EMIGRATED:
    case ULE_CPR_STATUS_DEAD: return true;
    default: return false;
    }
}

/* 50 and 60 with a current number: good until that one takes over. */
static bool is_moving(const struct ule_person_changed *newest) {
    return (newest->status == ULE_CPR_STATUS_DELETED_DUPLICATE || newest->status == ULE_CPR_STATUS_NUMBER_CHANGED) &&
           newest->current_number != NULL;
}

static bool is_gone(const struct ule_person_changed *newest) {
    switch (newest->status) {
    case ULE_CPR_STATUS_ANNULLED:
    case ULE_CPR_STATUS_DELETED_DUPLICATE:
    case ULE_CPR_STATUS_NUMBER_CHANGED: return newest->current_number == NULL;
    default: return false;
    }
}

static enum ule_number_class number_class(const struct ule_person *person) {
    if (person->number == NULL)
        return ULE_NUMBER_CLASS_NO_NUMBER;
    if (person->newest != NULL) {
        if (ule_class_counts(person->newest->status) || (is_moving(person->newest) && person->state->counted))
            return ULE_NUMBER_CLASS_VERIFIED;
    }
    if (ule_number_is_replacement(person->number))
        return ULE_NUMBER_CLASS_REPLACEMENT;
    if (ule_number_is_unknown(person->number))
        return ULE_NUMBER_CLASS_UNKNOWN;
    return ULE_NUMBER_CLASS_UNVERIFIED;
}

void ule_class_derive(struct ule_person *person) {
    person->number_class = number_class(person);
    person->dead = person->newest != NULL && person->newest->status == ULE_CPR_STATUS_DEAD;
    person->gone = person->newest != NULL && is_gone(person->newest);

    /* CPR's, else the institution's, else the number's. */
    person->birth_date = person->facts ? person->facts->birth_date : ULE_DATE_NONE;
    for (size_t i = 0; i < person->records_count && person->birth_date == ULE_DATE_NONE; i++)
        person->birth_date = person->records[i]->birth_date;
    if (person->birth_date == ULE_DATE_NONE && person->number != NULL)
        person->birth_date = ule_number_birth_date(person->number);

    int32_t eighteen = ule_date_birthday(person->birth_date, ULE_AGE_ADULT);
    ule_derive_due(person->derive, eighteen);
    person->adult = eighteen != ULE_DATE_NONE && eighteen <= person->derive->today;
    enum ule_marital_status marital = person->facts ? person->facts->marital_status : ULE_MARITAL_STATUS_UNKNOWN;
    person->married = marital != ULE_MARITAL_STATUS_UNMARRIED && marital != ULE_MARITAL_STATUS_UNKNOWN;
}
