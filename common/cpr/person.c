/* SPDX-License-Identifier: MIT */
#include "cpr/person.h"

#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

/* What occurs once: a second one means that the group is not one person's. */
static const unsigned once[] = {2, 5, 7, 8, 10, 12, 15, 17};

static enum ule_code refuse(struct ule_cpr_record *record, const char *field, unsigned position, const char *expected) {
    return ule_cpr_record_fail(record, ULE_ENUM_UNKNOWN, field, position, expected);
}

static enum ule_code too_many(struct ule_cpr_record *record, const char *expected) {
    return ule_cpr_record_fail(record, ULE_CONTRADICTION, "record type", 1, expected);
}

static enum ule_cpr_status read_status(struct ule_cpr_record *record) {
    static const struct {
        const char code[3];
        enum ule_cpr_status status;
    } statuses[] = {
        {"01", ULE_CPR_STATUS_RESIDENT},
        {"03", ULE_CPR_STATUS_RESIDENT},
        {"05", ULE_CPR_STATUS_RESIDENT_GREENLAND},
        {"07", ULE_CPR_STATUS_RESIDENT_GREENLAND},
        {"20", ULE_CPR_STATUS_ADMINISTRATIVE},
        {"30", ULE_CPR_STATUS_ANNULLED},
        {"50", ULE_CPR_STATUS_DELETED_DUPLICATE},
        {"60", ULE_CPR_STATUS_NUMBER_CHANGED},
        {"70", ULE_CPR_STATUS_DISAPPEARED},
        {"80", ULE_CPR_STATUS_EMIGRATED},
        {"90", ULE_CPR_STATUS_DEAD},
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (memcmp(record->bytes + 23, statuses[i].code, 2) == 0)
            return statuses[i].status;
    }
    refuse(record, "status", 24, "01, 03, 05, 07, 20, 30, 50, 60, 70, 80 or 90");
    return ULE_CPR_STATUS_NULL;
}

static enum ule_marital_status read_marital_status(struct ule_cpr_record *record) {
    switch (ule_cpr_letter(record, 14)) {
    case ' ': return ULE_MARITAL_STATUS_UNKNOWN;
    case 'U': return ULE_MARITAL_STATUS_UNMARRIED;
    case 'G': return ULE_MARITAL_STATUS_MARRIED;
    case 'F': return ULE_MARITAL_STATUS_DIVORCED;
    case 'E': return ULE_MARITAL_STATUS_WIDOWED;
    case 'P': return ULE_MARITAL_STATUS_REGISTERED_PARTNER;
    case 'O': return ULE_MARITAL_STATUS_DISSOLVED_PARTNER;
    case 'L': return ULE_MARITAL_STATUS_SURVIVING_PARTNER;
    case 'D': return ULE_MARITAL_STATUS_DEAD;
    default: refuse(record, "civil status", 14, "U, G, F, E, P, O, L, D or blank"); return ULE_MARITAL_STATUS_UNKNOWN;
    }
}

static void stamp(struct ule_person_changed *changed, const struct ule_cpr_header *header,
                  struct ule_cpr_record *record) {
    char produced[11];
    char id[ULE_UUID_SIZE];
    const char *parts[] = {header->task, ule_date_format(header->produced, produced), changed->number};
    changed->event_id = ule_arena_string(record->arena, ule_uuid_v5(parts, 3, id));
    changed->changed_at = ule_time_of_date(header->produced);
    changed->sequence = (int64_t)record->position;
}

enum ule_code ule_cpr_person_begin(struct ule_cpr_person *person, const struct ule_cpr_header *header,
                                   struct ule_cpr_record *record) {
    struct ule_person_changed *changed = &person->changed;
    memset(person, 0, sizeof *person);
    ule_record_init(&ule_person_changed_record, changed, record->arena);
    changed->number = ule_cpr_number(record, "person number", 4);
    changed->marital_status = ULE_MARITAL_STATUS_UNKNOWN;
    if (!changed->number)
        return ule_cpr_record_fail(record, ULE_NUMBER_MALFORMED, "person number", 4, "ten digits");
    if (record->type == 997) {
        changed->status = ULE_CPR_STATUS_SUBSCRIPTION_ENDED;
        changed->status_since = ule_cpr_date(record, "timestamp", 14, 12);
        changed->cause = ule_cpr_text(record, 26, 3);
    } else {
        changed->status = read_status(record);
        changed->status_since = ule_cpr_date(record, "status since", 26, 12);
        changed->birth_date = ule_cpr_date(record, "birth date", 40, 10);
        const char *current = ule_cpr_number(record, "current number", 14);
        changed->current_number = current && strcmp(current, changed->number) == 0 ? NULL : current;
    }
    if (record->code == ULE_OK)
        stamp(changed, header, record);
    return record->code;
}

/* 0001 is name and address protection; the others (local directory, marketing, research) are of no concern here. Where
 * there are two, PersonChanged has room for one: it spans both, because protecting too long does no harm and too short
 * does. */
static void take_protection(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    const int32_t kind = ule_cpr_code(record, "protection kind", 14, 4);
    int32_t from = ule_cpr_date(record, "start", 18, 10);
    const int32_t until = ule_cpr_date(record, "end", 28, 10);
    if (kind != 1)
        return;
    if (from == ULE_DATE_NONE) /* PersonChanged has no open start here: from the first day there is */
        from = ULE_DATE_MIN;
    struct ule_protection *protection = &person->protection;
    if (!person->changed.protection) {
        protection->from = from;
        protection->until = until;
        person->changed.protection = protection;
        return;
    }
    if (from < protection->from)
        protection->from = from;
    if (protection->until != ULE_DATE_NONE && (until == ULE_DATE_NONE || until > protection->until))
        protection->until = until;
}

/* 005 is the emigration that lasts. What 024 tells of was before it, and is over. */
static void take_emigration(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    person->is_abroad = true;
    person->changed.residence_country = ule_cpr_code(record, "country", 14, 4);
    person->changed.emigrated_on = ule_cpr_date(record, "emigrated on", 18, 12);
    person->changed.entered_on = ULE_DATE_NONE;
}

/* Former journeys: out, and home again. Only those without a mark count: A never happened, K was put right by another.
 * The one that ended last says how long somebody who is back was away (NEMID-6); both its dates are taken together, or
 * the days between them would be those of no journey. */
static void take_journey(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    struct ule_person_changed *changed = &person->changed;
    const int32_t emigrated_on = ule_cpr_date(record, "emigrated on", 19, 12);
    const int32_t entered_on = ule_cpr_date(record, "entered on", 36, 12);
    const char mark = ule_cpr_letter(record, 14);
    if (mark != ' ' && mark != 'K' && mark != 'A')
        refuse(record, "correction mark", 14, "K, A or blank");
    if (mark != ' ' || person->is_abroad || entered_on == ULE_DATE_NONE)
        return;
    if (changed->entered_on == ULE_DATE_NONE || entered_on > changed->entered_on) {
        changed->entered_on = entered_on;
        changed->emigrated_on = emigrated_on;
    }
}

static void take_names(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    const char *first = ule_cpr_text(record, 14, 50);
    const char *middle = ule_cpr_text(record, 65, 40);
    person->changed.given_names = first && middle ? ule_arena_printf(record->arena, "%s %s", first, middle)
                                                  : (first ? first : middle);
    person->changed.family_name = ule_cpr_text(record, 106, 40);
}

/* A parent of whom only the date is told is nobody. */
static struct ule_parent *take_parent(struct ule_parent *parent, struct ule_cpr_record *record, const char *who,
                                      unsigned position) {
    parent->since = ule_cpr_date(record, who, position, 10);
    parent->number = ule_cpr_number(record, who, position + 11);
    parent->birth_date = ule_cpr_date(record, who, position + 21, 10);
    parent->name = ule_cpr_text(record, position + 32, 34);
    return parent->number || parent->birth_date != ULE_DATE_NONE || parent->name ? parent : NULL;
}

static int32_t later(int32_t a, int32_t b) {
    return a > b ? a : b; /* ULE_DATE_NONE is before every date */
}

static void take_custody(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    struct ule_custody_row_array *custody = &person->changed.custody;
    const int32_t relation = ule_cpr_code(record, "relation", 14, 4);
    if (custody->count == ULE_CPR_CUSTODY_MAX) {
        too_many(record, "at most two of a person");
        return;
    }
    if (relation < 3 || relation > 6) {
        refuse(record, "relation", 14, "0003, 0004, 0005 or 0006");
        return;
    }
    static const enum ule_custody_holder holders[] = {ULE_CUSTODY_HOLDER_MOTHER, ULE_CUSTODY_HOLDER_FATHER,
                                                      ULE_CUSTODY_HOLDER_OTHER_1, ULE_CUSTODY_HOLDER_OTHER_2};
    struct ule_custody_row *row = &person->custody[custody->count++];
    row->holder = holders[relation - 3];
    row->from = ule_cpr_date(record, "start", 18, 10);
    row->from_uncertain = ule_cpr_uncertain(record, "uncertain start", 28);
    row->until = ule_cpr_date(record, "end", 29, 10);
    row->number = ule_cpr_number(record, "other holder", 39);
    /* The other holder has a start of its own: nobody holds before both have begun. */
    row->from = later(row->from, ule_cpr_date(record, "other holder's start", 49, 10));
    custody->items = person->custody;
}

static void take_guardianship(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    person->guardianship.from = ule_cpr_date(record, "start", 14, 10);
    person->guardianship.until = ule_cpr_date(record, "end", 25, 10);
    person->guardianship.guardian = ule_cpr_number(record, "guardian", 39);
    person->changed.guardianship = &person->guardianship;
}

static void take_former_number(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    struct ule_strings *former = &person->changed.former_numbers;
    const char *number = ule_cpr_number(record, "former number", 14);
    ule_cpr_date(record, "start", 24, 10);
    ule_cpr_date(record, "end", 35, 10);
    if (!number || strcmp(number, person->changed.number) == 0)
        return;
    for (size_t i = 0; i < former->count; i++) {
        if (strcmp(former->items[i], number) == 0)
            return;
    }
    if (former->count == ULE_CPR_FORMER_MAX) {
        too_many(record, "fewer former numbers");
        return;
    }
    former->items = person->former;
    former->items[former->count++] = number;
}

static bool is_repeated(struct ule_cpr_person *person, unsigned type) {
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        if (once[i] == type) {
            const bool repeated = (person->seen >> type & 1) != 0;
            person->seen |= UINT64_C(1) << type;
            return repeated;
        }
    }
    return false;
}

enum ule_code ule_cpr_person_take(struct ule_cpr_person *person, struct ule_cpr_record *record) {
    struct ule_person_changed *changed = &person->changed;
    if (is_repeated(person, record->type))
        return too_many(record, "at most one of a person");
    switch (record->type) {
    case 2: changed->municipality = ule_cpr_code(record, "municipality", 14, 4); break;
    case 4: take_protection(person, record); break;
    case 5: take_emigration(person, record); break;
    case 7: ule_cpr_date(record, "disappeared on", 14, 12); break; /* 001 tells it as the status */
    case 8: take_names(person, record); break;
    case 10: changed->citizenship = ule_cpr_code(record, "country", 14, 4); break;
    case 12: changed->marital_status = read_marital_status(record); break;
    case 15:
        changed->mother = take_parent(&person->mother, record, "mother", 14);
        changed->father = take_parent(&person->father, record, "father", 81);
        break;
    case 16: take_custody(person, record); break;
    case 17: take_guardianship(person, record); break;
    case 22: take_former_number(person, record); break;
    case 24: take_journey(person, record); break;
    case 99: changed->cause = ule_cpr_text(record, 26, 3); break;
    default: break; /* known, and of no concern: stepped over */
    }
    return record->code;
}

/* 30, 50, 60 carry no other facts (domain.md section 2): what an extract still has under such a number was read, so
 * that a damaged file is noticed, and goes no further. */
void ule_cpr_person_finish(struct ule_cpr_person *person, struct ule_arena *arena) {
    struct ule_person_changed *changed = &person->changed;
    if (changed->status != ULE_CPR_STATUS_ANNULLED && changed->status != ULE_CPR_STATUS_DELETED_DUPLICATE &&
        changed->status != ULE_CPR_STATUS_NUMBER_CHANGED)
        return;
    const struct ule_person_changed told = *changed;
    ule_record_init(&ule_person_changed_record, changed, arena);
    changed->event_id = told.event_id;
    changed->changed_at = told.changed_at;
    changed->sequence = told.sequence;
    changed->number = told.number;
    changed->status = told.status;
    changed->status_since = told.status_since;
    changed->current_number = told.current_number;
    changed->marital_status = ULE_MARITAL_STATUS_UNKNOWN;
    changed->cause = told.cause;
}
