/* SPDX-License-Identifier: MIT */
#include "ule/generate_plot.h"

#include "ule/generate_number.h"

#include <string.h>

void ule_generate_plot_number(struct ule_generate_family *family, unsigned who, struct ule_generate_output *out) {
    struct ule_generate_person *person = &family->people[who];
    char old[11], other[11];
    memcpy(old, person->number, sizeof old);
    if (person->formers) {
        memcpy(person->number, person->former[0], sizeof person->number);
        memcpy(person->former[0], old, sizeof old);
    } else {
        ule_generate_second_number(family, person, other);
        memcpy(person->former[person->formers++], old, sizeof old);
        memcpy(person->number, other, sizeof other);
    }
    if (strcmp(person->known_as, old) == 0)
        memcpy(person->known_as, person->number, sizeof person->known_as);
    if (!out)
        return;
    ule_generate_put_void(out, old, ULE_CPR_STATUS_NUMBER_CHANGED, person->number);
    ule_generate_put_person(out, family, who);
}

/* The institution calls the person by another number. */
static enum ule_generate_kind swap(struct ule_generate_family *family, unsigned who, const char *number, bool says_so,
                                   struct ule_generate_output *out) {
    struct ule_generate_person *person = &family->people[who];
    if (says_so && strcmp(person->known_as, number) != 0)
        memcpy(person->replaces, person->known_as, sizeof person->replaces);
    memcpy(person->known_as, number, sizeof person->known_as);
    if (out)
        ule_generate_put_record(out, family, (unsigned)family->hero);
    return ULE_GENERATE_SWAP_TOLD;
}

/* The made-up number, in the style that it was not made up in at first. */
static void make_up_again(const struct ule_generate_family *family, const struct ule_generate_person *person,
                          char number[static 11]) {
    for (unsigned style = 0; style < 4; style++) {
        ule_generate_made_up(family, person, style, number);
        if (strcmp(number, person->known_as) != 0)
            return;
    }
}

static enum ule_generate_kind request(const struct ule_generate_family *family, enum ule_request_kind kind,
                                      const char *from, struct ule_generate_output *out) {
    if (out)
        ule_generate_put_request(out, family, (unsigned)family->hero, kind, family->people[family->hero].number, from,
                                 NULL);
    return kind == ULE_REQUEST_KIND_REREGISTRATION_REJECTED ? ULE_GENERATE_SWAP_REJECTED : ULE_GENERATE_SWAP_CONFIRMED;
}

static enum ule_generate_kind undo(struct ule_generate_family *family, struct ule_generate_output *out) {
    char made_up[11];
    ule_generate_made_up(family, &family->people[family->hero], (unsigned)(family->index % 4), made_up);
    (void)swap(family, (unsigned)family->hero, made_up, true, out);
    return ULE_GENERATE_SWAP_UNDONE;
}

static enum ule_generate_kind double_told(struct ule_generate_family *family, struct ule_generate_output *out) {
    struct ule_generate_person *hero = &family->people[family->hero];
    char other[11], old[11];
    memcpy(old, hero->number, sizeof old);
    ule_generate_second_number(family, hero, other);
    memcpy(hero->number, other, sizeof other);
    if (out)
        ule_generate_put_person(out, family, (unsigned)family->hero); /* as if there were two of them */
    const enum ule_generate_kind kind = swap(family, (unsigned)family->hero, other, true, out);
    memcpy(hero->former[0], old, sizeof old);
    return kind;
}

static enum ule_generate_kind double_deleted(struct ule_generate_family *family, struct ule_generate_output *out) {
    struct ule_generate_person *hero = &family->people[family->hero];
    hero->formers = 1;
    if (out) {
        ule_generate_put_void(out, hero->former[0], ULE_CPR_STATUS_DELETED_DUPLICATE, hero->number);
        ule_generate_put_person(out, family, (unsigned)family->hero);
    }
    return ULE_GENERATE_DOUBLE_DELETED;
}

static enum ule_generate_kind permit_told(struct ule_generate_family *family, struct ule_generate_output *out) {
    struct ule_generate_person *hero = &family->people[family->hero];
    hero->permitted = true;
    hero->ground = ULE_PERMIT_GROUND_REFUGEE;
    hero->permit = ULE_PERMIT_STATUS_GRANTED;
    if (out)
        ule_generate_put_permit(out, family, (unsigned)family->hero, hero->known_as);
    memcpy(hero->known_as, hero->number, sizeof hero->known_as);
    return ULE_GENERATE_SWAP_TOLD;
}

/* The school calls its employee by the number that CPR knows; both accounts are active with a credential. */
static enum ule_generate_kind both_told(struct ule_generate_family *family, struct ule_generate_output *out) {
    struct ule_generate_person *father = &family->people[1];
    memcpy(father->replaces, father->known_as, sizeof father->replaces);
    memcpy(father->known_as, father->number, sizeof father->known_as);
    if (out)
        ule_generate_put_record(out, family, 1);
    return ULE_GENERATE_SWAP_TOLD;
}

static enum ule_generate_kind both_confirmed(const struct ule_generate_family *family,
                                             struct ule_generate_output *out) {
    const struct ule_generate_person *father = &family->people[1];
    char other[11];
    ule_generate_second_number(family, father, other);
    if (out)
        ule_generate_put_request(out, family, 1, ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, father->number, other,
                                 NULL);
    return ULE_GENERATE_SWAP_CONFIRMED;
}

/* By mistake the mother's number is told to replace the child's, which the school has replaced already. */
static enum ule_generate_kind told_elsewhere(struct ule_generate_family *family, struct ule_generate_output *out) {
    struct ule_generate_person *hero = &family->people[family->hero];
    ule_generate_made_up(family, hero, (unsigned)(family->index % ULE_GENERATE_STYLES), hero->replaces);
    memcpy(hero->known_as, family->people[0].number, sizeof hero->known_as);
    if (out)
        ule_generate_put_record(out, family, (unsigned)family->hero);
    return ULE_GENERATE_SWAP_TOLD;
}

/* With the record corrected the school also says that it was another person. */
static enum ule_generate_kind reject_elsewhere(const struct ule_generate_family *family,
                                               struct ule_generate_output *out) {
    char made_up[11];
    ule_generate_made_up(family, &family->people[family->hero], (unsigned)(family->index % ULE_GENERATE_STYLES),
                         made_up);
    if (out)
        ule_generate_put_request(out, family, (unsigned)family->hero, ULE_REQUEST_KIND_REREGISTRATION_REJECTED,
                                 family->people[0].number, made_up, NULL);
    return ULE_GENERATE_SWAP_REJECTED;
}

static enum ule_generate_kind first_step(struct ule_generate_family *family, struct ule_generate_output *out) {
    const unsigned who = (unsigned)family->hero;
    struct ule_generate_person *hero = &family->people[who];
    char made_up[11];
    switch (family->plot) {
    case ULE_GENERATE_PLOT_PENDING:
    case ULE_GENERATE_PLOT_REJECT:
    case ULE_GENERATE_PLOT_WRONG:
    case ULE_GENERATE_PLOT_MERGE:
    case ULE_GENERATE_PLOT_ELSEWHERE:
    case ULE_GENERATE_PLOT_SHARED: return swap(family, who, hero->number, true, out);
    case ULE_GENERATE_PLOT_IMPLICIT: return swap(family, who, hero->number, false, out);
    case ULE_GENERATE_PLOT_CHAIN: make_up_again(family, hero, made_up); return swap(family, who, made_up, true, out);
    case ULE_GENERATE_PLOT_DOUBLE: return double_told(family, out);
    case ULE_GENERATE_PLOT_PERMIT: return permit_told(family, out);
    case ULE_GENERATE_PLOT_BOTH: return both_told(family, out);
    case ULE_GENERATE_PLOT_CONTACT: return swap(family, 0, family->people[0].number, true, out);
    case ULE_GENERATE_PLOT_FORTRYD: ule_generate_plot_number(family, who, out); return ULE_GENERATE_NUMBER_CHANGED;
    default: return ULE_GENERATE_KINDS;
    }
}

static enum ule_generate_kind second_step(struct ule_generate_family *family, int32_t day,
                                          struct ule_generate_output *out) {
    const unsigned who = (unsigned)family->hero;
    struct ule_generate_person *hero = &family->people[who];
    switch (family->plot) {
    case ULE_GENERATE_PLOT_PENDING:
        hero->told = true;
        hero->since = day;
        if (out)
            ule_generate_put_person(out, family, who);
        return ULE_GENERATE_CPR_TOLD;
    case ULE_GENERATE_PLOT_REJECT: return request(family, ULE_REQUEST_KIND_REREGISTRATION_REJECTED, NULL, out);
    case ULE_GENERATE_PLOT_WRONG: return request(family, ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, NULL, out);
    case ULE_GENERATE_PLOT_IMPLICIT:
    case ULE_GENERATE_PLOT_MERGE: return undo(family, out);
    case ULE_GENERATE_PLOT_CHAIN: return swap(family, who, hero->number, true, out);
    case ULE_GENERATE_PLOT_DOUBLE: return double_deleted(family, out);
    case ULE_GENERATE_PLOT_BOTH: return both_confirmed(family, out);
    case ULE_GENERATE_PLOT_ELSEWHERE: return told_elsewhere(family, out);
    case ULE_GENERATE_PLOT_FORTRYD: ule_generate_plot_number(family, who, out); return ULE_GENERATE_NUMBER_CHANGED;
    default: return ULE_GENERATE_KINDS;
    }
}

enum ule_generate_kind ule_generate_plot_step(struct ule_generate_family *family, uint64_t step, int32_t day,
                                              struct ule_generate_output *out) {
    if (family->plot == ULE_GENERATE_NO_PLOT)
        return ULE_GENERATE_KINDS;
    if (step == 2 && family->plot == ULE_GENERATE_PLOT_ELSEWHERE)
        return swap(family, (unsigned)family->hero, family->people[family->hero].number, false, out);
    if (step == 3 && family->plot == ULE_GENERATE_PLOT_ELSEWHERE)
        return reject_elsewhere(family, out);
    return step == 0 ? first_step(family, out) : step == 1 ? second_step(family, day, out) : ULE_GENERATE_KINDS;
}
