/* SPDX-License-Identifier: MIT */
/* Who is stuck, and what helps (domain.md section 8). A person has at most one CPR case and one NEMID case; a case
 * closes by itself when nothing wants it any more. */
#include "core/case.h"

#include "core/custody.h"
#include "core/renumber.h"

#include <string.h>

enum { LONG_STAY_DAYS = 365 }; /* NEMID-6: abroad for at least, back for at most */

struct ule_case *ule_derive_case(struct ule_derive *derive, enum ule_case_kind kind, const char *subject_key,
                                 const char *child_key) {
    struct ule_case *value = ule_derive_new(derive, &ule_case_record);
    value->case_ = kind;
    value->open = true;
    ule_derive_output(
        derive, ULE_TOPIC_CASE,
        ule_arena_printf(derive->arena, "%s/%s/%s", subject_key, child_key, ule_case_kind_enum.symbols[kind]), value);
    return value;
}

void ule_case_remedy(struct ule_derive *derive, struct ule_case *value, const struct ule_remedy_facts *facts) {
    struct ule_remedy remedy;
    struct ule_remedy_facts dated = *facts;
    dated.today = derive->today;
    ule_remedy_find(&dated, &remedy);
    ule_derive_due(derive, ule_remedy_due(&dated));
    value->remedy = remedy.code;
    value->remedy_da = remedy.da;
    value->remedy_en = remedy.en;
    for (size_t i = 0; i < remedy.channels_count; i++)
        *ULE_PUSH(derive->arena, &value->channels) = remedy.channels[i];
}

static void open_case(struct ule_person *person, enum ule_case_kind kind,
                      const struct ule_residence_permit_changed *permit) {
    struct ule_derive *derive = person->derive;
    struct ule_case *value = ule_derive_case(derive, kind, ule_derive_person_key(derive), "-");
    if (person->number != NULL)
        value->subject_number = person->number;
    else
        value->alien_number = derive->entity + strlen("alien:");
    bool student = false;
    for (size_t i = 0; i < person->records_count; i++)
        student |= person->records[i]->role == ULE_ROLE_STUDENT;
    enum ule_cpr_status status = person->newest ? person->newest->status : ULE_CPR_STATUS_NULL;
    struct ule_remedy_facts facts = {
        .kind = kind,
        .pupil = person->enrolled,
        .schooling = student,
        .administrative = status == ULE_CPR_STATUS_ADMINISTRATIVE,
        .resident = status == ULE_CPR_STATUS_RESIDENT || status == ULE_CPR_STATUS_RESIDENT_GREENLAND,
        .abroad = status == ULE_CPR_STATUS_EMIGRATED,
        .danish_passport = person->facts ? person->facts->danish_passport : ULE_MAYBE_NULL,
        .citizenship = person->facts ? person->facts->citizenship : ULE_INT_NULL,
        .permit = permit,
    };
    ule_case_remedy(derive, value, &facts);
}

/* PENDING or GRANTED, and valid today. */
static bool is_live(struct ule_person *person, const struct ule_residence_permit_changed *permit) {
    bool within = ule_derive_within(person->derive, permit->valid_from, permit->valid_until);
    return within && (permit->status == ULE_PERMIT_STATUS_PENDING || permit->status == ULE_PERMIT_STATUS_GRANTED);
}

/* The classes of live permits, in the order of "first match". */
static int permit_class(const struct ule_residence_permit_changed *permit) {
    switch (permit->ground) {
    case ULE_PERMIT_GROUND_DIPLOMAT:
    case ULE_PERMIT_GROUND_DIPLOMAT_FAMILY: return 0;
    case ULE_PERMIT_GROUND_ASYLUM_APPLICANT:
    case ULE_PERMIT_GROUND_ASYLUM_PERSONAL_ASSISTANCE:
    case ULE_PERMIT_GROUND_FAMILY_REUNIFICATION_APPLICANT: return 1;
    case ULE_PERMIT_GROUND_FAMILY_REUNIFICATION:
        if (permit->status == ULE_PERMIT_STATUS_PENDING)
            return 1;
        break;
    default: break;
    }
    return permit->entitled_to_number ? 2 : 3;
}

/* The live permit of the first class; of several the newest. */
static const struct ule_residence_permit_changed *deciding_permit(struct ule_person *person, bool newest_only) {
    const struct ule_residence_permit_changed *found = NULL;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_permit_tell *tell = person->voices.items[i].tell->permit;
        if (tell == NULL || !tell->counts || !is_live(person, &tell->permit))
            continue;
        const struct ule_residence_permit_changed *permit = &tell->permit;
        int order = found == NULL ? -1 : newest_only ? 0 : permit_class(permit) - permit_class(found);
        if (order < 0 || (order == 0 && ule_stamp_compare(permit->changed_at, permit->sequence, permit->event_id,
                                                          found->changed_at, found->sequence, found->event_id) > 0))
            found = permit;
    }
    return found;
}

static bool lives_abroad(const struct ule_person *person) {
    const char *lowest = NULL;
    int32_t country = ULE_INT_NULL;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_listing *listing = person->voices.items[i].tell->listing;
        if (listing == NULL || !listing->enrolled || !listing->listed || listing->country == ULE_INT_NULL)
            continue;
        if (lowest == NULL || strcmp(listing->country_source, lowest) < 0) {
            lowest = listing->country_source;
            country = listing->country;
        }
    }
    return country != ULE_INT_NULL && country != ULE_COUNTRY_DENMARK;
}

static void without_number(struct ule_person *person) {
    if (!person->enrolled && !person->listed)
        return;
    const struct ule_residence_permit_changed *permit = deciding_permit(person, false);
    enum ule_case_kind cpr = ULE_CASE_KIND_NULL, nemid = ULE_CASE_KIND_NULL;
    static const enum ule_case_kind by_class[4][2] = {
        {ULE_CASE_KIND_CPR_4, ULE_CASE_KIND_NEMID_3},
        {ULE_CASE_KIND_CPR_1, ULE_CASE_KIND_NEMID_1},
        {ULE_CASE_KIND_CPR_3, ULE_CASE_KIND_NEMID_3},
        {ULE_CASE_KIND_NULL, ULE_CASE_KIND_NEMID_4},
    };
    if (permit != NULL) {
        cpr = by_class[permit_class(permit)][0];
        nemid = by_class[permit_class(permit)][1];
    } else if (!person->enrolled && lives_abroad(person)) {
        cpr = ULE_CASE_KIND_CPR_2;
        nemid = ULE_CASE_KIND_NEMID_2;
    }
    if (cpr != ULE_CASE_KIND_NULL)
        open_case(person, cpr, permit);
    if (nemid != ULE_CASE_KIND_NULL && !person->enrolled)
        open_case(person, nemid, permit);
}

/* NEMID-6: resident again after at least 365 days abroad, for at most 365 days. */
static bool is_back(struct ule_person *person) {
    const struct ule_person_changed *facts = person->facts;
    if (facts == NULL || facts->emigrated_on == ULE_DATE_NONE || facts->entered_on == ULE_DATE_NONE ||
        (person->newest->status != ULE_CPR_STATUS_RESIDENT &&
         person->newest->status != ULE_CPR_STATUS_RESIDENT_GREENLAND))
        return false;
    ule_derive_due(person->derive, facts->entered_on);
    ule_derive_due(person->derive, facts->entered_on + LONG_STAY_DAYS + 1);
    return facts->entered_on - facts->emigrated_on >= LONG_STAY_DAYS && person->derive->today >= facts->entered_on &&
           person->derive->today - facts->entered_on <= LONG_STAY_DAYS;
}

static void with_verified_number(struct ule_person *person) {
    if (!person->living || person->credential_active || person->dead)
        return;
    const struct ule_credential_changed *newest = person->credential_newest;
    enum ule_case_kind kind = ULE_CASE_KIND_NEMID_8;
    if (newest != NULL && newest->status == ULE_CREDENTIAL_STATUS_REVOKED)
        kind = ULE_CASE_KIND_NEMID_5;
    else if (newest != NULL && newest->status == ULE_CREDENTIAL_STATUS_DECLINED)
        kind = ULE_CASE_KIND_NEMID_7;
    else if (is_back(person))
        kind = ULE_CASE_KIND_NEMID_6;
    open_case(person, kind, deciding_permit(person, true));
}

/* REREGISTRATION_*: subject F, published by it. */
static void reregistration(struct ule_person *person) {
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_pair *pair = &person->pairs.items[i];
        const struct ule_answer *answer = pair->heard ? pair->heard->answer : NULL;
        if (!pair->in_force || (answer != NULL && answer->decided) ||
            (person->moved_to != NULL && strcmp(person->moved_to, pair->number) == 0))
            continue;
        if (answer != NULL && answer->outcome == ULE_OUTCOME_CONFLICT)
            open_case(person, ULE_CASE_KIND_REREGISTRATION_CONFLICT, NULL);
        if (answer != NULL && answer->outcome == ULE_OUTCOME_REJECTED)
            open_case(person, ULE_CASE_KIND_REREGISTRATION_REJECTED, NULL);
        int64_t deadline = ule_renumber_deadline(person, pair);
        if (deadline == ULE_TIME_NONE)
            continue;
        int32_t overdue = ule_date_of_time(deadline) + 1; /* the first Tick after it */
        ule_derive_due(person->derive, overdue);
        if (overdue <= person->derive->today)
            open_case(person, ULE_CASE_KIND_REREGISTRATION_OVERDUE, NULL);
    }
}

void ule_person_cases(struct ule_person *person) {
    if (strncmp(person->derive->entity, "unnamed:", 8) == 0)
        return;
    if (person->number == NULL) {
        if (person->frozen)
            return;
        without_number(person);
        return;
    }
    reregistration(person);
    if (person->frozen)
        return;
    if (person->dispute_open)
        open_case(person, ULE_CASE_KIND_REPLACEMENT_DISPUTED, NULL);
    if (person->enrolled && ule_custody_unregistered(person))
        open_case(person, ULE_CASE_KIND_CUSTODY_UNREGISTERED, NULL);
    if (person->number_class == ULE_NUMBER_CLASS_REPLACEMENT && (person->records_count > 0 || person->living))
        open_case(person, ULE_CASE_KIND_CPR_5, deciding_permit(person, true));
    if (person->number_class == ULE_NUMBER_CLASS_VERIFIED)
        with_verified_number(person);
}
