/* SPDX-License-Identifier: MIT */
#include "ule/generate_family.h"

#include "ule/generate_number.h"

#include <stdio.h>
#include <string.h>

enum {
    FAMILIES_A_DISTRICT = 200,
    STEP = 2741, /* coprime to the window: neighbours in a cohort are born years apart */
    DENMARK = 5100,
    OLDEST_PARENT = 17750, /* days before the start: the parents' window is the 18 years from there */
    YOUNGEST_ADULT = 10957,
    YOUNG = 4380,
};

/* First days of the windows of birth dates, as days before the start. They do not overlap. */
static const int32_t adult_windows[] = {OLDEST_PARENT, OLDEST_PARENT + ULE_GENERATE_WINDOW,
                                        OLDEST_PARENT + 2 * ULE_GENERATE_WINDOW};

int ule_generate_age(const struct ule_generate_person *person, int32_t date) {
    int years = (date - person->born) / 365;
    while (years > 0 && ule_date_birthday(person->born, years) > date)
        years--;
    return years;
}

int ule_generate_level(const struct ule_generate_person *person, int32_t day) {
    int year, month, unused, born;
    ule_date_to_ymd(day, &year, &month, &unused);
    const int school_year = month < 8 ? year - 1 : year;
    ule_date_to_ymd(person->born, &born, &month, &unused);
    return school_year - born - 6;
}

int32_t ule_generate_nemid_closes(void) {
    return ule_date_from_ymd(2023, 11, 1);
}

/* Half of them take the tenth. */
static int last_level(const struct ule_generate_family *family) {
    return family->index % 2 ? 9 : 10;
}

void ule_generate_family_age(struct ule_generate_family *family, int32_t day) {
    for (unsigned i = 0; i < family->count; i++) {
        struct ule_generate_person *person = &family->people[i];
        if (person->credential[0].status == ULE_CREDENTIAL_STATUS_ACTIVE && day >= ule_generate_nemid_closes())
            person->credential[0].status = ULE_CREDENTIAL_STATUS_EXPIRED;
        if (!person->child || !person->enrolled)
            continue;
        const int level = ule_generate_level(person, day);
        if (level >= 0)
            person->role = ULE_ROLE_STUDENT;
        if (level > last_level(family))
            person->active = false;
    }
}

static unsigned place_of(const struct ule_generate_world *world, const struct ule_generate_family *family,
                         unsigned who) {
    const uint64_t draw = ule_generate_draw(world, ULE_GENERATE_COHORT, family->cohort, who);
    return (unsigned)((family->index / ULE_GENERATE_COHORTS * STEP + draw) % ULE_GENERATE_WINDOW);
}

static void clear_person(struct ule_generate_person *person) {
    memset(person, 0, sizeof *person);
    person->told = true;
    person->citizenship = DENMARK;
    person->country = DENMARK;
    person->emigrated_on = person->entered_on = person->protected_from = ULE_DATE_NONE;
    person->mother = person->father = ULE_GENERATE_NOBODY;
    person->marital = ULE_MARITAL_STATUS_UNMARRIED;
    person->credential[0].status = person->credential[1].status = ULE_CREDENTIAL_STATUS_NULL;
    person->active = true;
}

static void name_person(struct ule_generate_person *person, uint64_t *draw, unsigned family_name) {
    person->given = ule_generate_take(draw, 36);
    person->family = family_name;
}

static void number_person(const struct ule_generate_family *family, struct ule_generate_person *person) {
    person->born = person->window;
    ule_generate_number(&person->born, family->cohort, person->slot, person->female, false, person->number);
    memcpy(person->known_as, person->number, sizeof person->known_as);
    person->since = person->born;
}

void ule_generate_second_number(const struct ule_generate_family *family, const struct ule_generate_person *person,
                                char number[static 11]) {
    int32_t date = person->window;
    ule_generate_number(&date, family->cohort, person->slot, person->female, true, number);
}

void ule_generate_made_up(const struct ule_generate_family *family, const struct ule_generate_person *person,
                          unsigned style, char number[static 11]) {
    /* Letters that tell families apart; what a school would take, the name's, makes the same number too often. */
    char letters[4] = {(char)('A' + family->index % 25), (char)('A' + family->index / 25 % 25),
                       (char)('A' + family->index / 625 % 25), 0};
    ule_generate_replacement(person->number, (enum ule_generate_style)(style % ULE_GENERATE_STYLES), letters,
                             person->female, number);
}

static void give_credential(const struct ule_generate_world *world, struct ule_generate_person *person,
                            uint64_t *draw) {
    const unsigned kind = ule_generate_take(draw, 100);
    const int age = ule_generate_age(person, world->start - 2); /* old enough also when told a day late */
    const unsigned channel = ule_generate_take(draw, ULE_CREDENTIAL_CHANNEL_OTHER + 1);
    const unsigned scheme = age >= 15 && ule_generate_take(draw, 8) == 0 ? 0 : 1;
    if (age < 13 || (age < 18 && kind < 40))
        return;
    static const struct {
        unsigned below;
        enum ule_credential_status status;
    } shares[] = {{86, ULE_CREDENTIAL_STATUS_ACTIVE},   {88, ULE_CREDENTIAL_STATUS_SUSPENDED},
                  {90, ULE_CREDENTIAL_STATUS_REVOKED},  {92, ULE_CREDENTIAL_STATUS_EXPIRED},
                  {94, ULE_CREDENTIAL_STATUS_DECLINED}, {96, ULE_CREDENTIAL_STATUS_ORDERED},
                  {100, ULE_CREDENTIAL_STATUS_NULL}};
    size_t i = 0;
    while (kind >= shares[i].below)
        i++;
    person->credential[scheme].status = shares[i].status;
    person->credential[scheme].assurance = kind % 20 == 19 ? ULE_CREDENTIAL_ASSURANCE_LOW
                                           : kind % 5 == 0 ? ULE_CREDENTIAL_ASSURANCE_HIGH
                                                           : ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL;
    person->credential[scheme].channel = (enum ule_credential_channel)channel;
    if (scheme == 0 && kind % 3 == 0) { /* who has both */
        person->credential[1] = person->credential[0];
    }
}

static void make_adult(const struct ule_generate_world *world, struct ule_generate_family *family, unsigned who,
                       unsigned window, uint64_t *draw) {
    struct ule_generate_person *person = &family->people[family->count++];
    clear_person(person);
    const unsigned place = place_of(world, family, who);
    person->female = who == 0 ? window == 0 || ule_generate_take(draw, 2) == 0
                              : ule_generate_take(draw, 40) == 0; /* two mothers now and then */
    person->slot = who;
    person->window = world->start - adult_windows[window] + (int32_t)place;
    if (window == 0 && who == 0 && family->young && place < YOUNG) { /* the young, who live alone */
        person->window = world->start - YOUNGEST_ADULT + (int32_t)place;
        int year, month, day;
        ule_date_to_ymd(person->window, &year, &month, &day);
        person->slot = year < 2000 ? 2 : 3;
    }
    name_person(person, draw, (unsigned)(family->index * 7 + who * (family->index % 3)));
    number_person(family, person);
    if (ule_generate_take(draw, 30) == 0) {
        person->is_protected = true;
        person->protected_from = world->start - (int32_t)ule_generate_take(draw, 900);
    }
    give_credential(world, person, draw);
    if (ule_generate_take(draw, 12) == 0) { /* works at the school */
        person->enrolled = ule_generate_age(person, world->start) < 67;
        person->role = ule_generate_take(draw, 6) == 0 ? ULE_ROLE_EXTERNAL : ULE_ROLE_EMPLOYEE;
    }
    person->guarded = window == 2 && ule_generate_take(draw, 20) == 0;
}

static void make_child(const struct ule_generate_world *world, struct ule_generate_family *family, unsigned nth,
                       uint64_t *draw) {
    struct ule_generate_person *person = &family->people[family->count++];
    clear_person(person);
    person->child = true;
    person->female = ule_generate_take(draw, 2) == 0;
    person->slot = nth;
    /* Thirty years after the mother, give or take seven, the same for all of a cohort: so two of it never meet. */
    uint64_t cohort = ule_generate_draw(world, ULE_GENERATE_COHORT, family->cohort, 9);
    const unsigned shift = ule_generate_take(&cohort, 2800) + nth * 900 + (unsigned)(cohort >> (8 * nth)) % 300;
    const unsigned place = (place_of(world, family, 0) + shift + ULE_GENERATE_WINDOW - 2300) % ULE_GENERATE_WINDOW;
    person->window = world->start - ULE_GENERATE_WINDOW + (int32_t)place;
    name_person(person, draw, family->people[0].family);
    number_person(family, person);
    give_credential(world, person, draw);
    const int level = ule_generate_level(person, world->start);
    person->role = level < 0 ? ULE_ROLE_CHILD : ULE_ROLE_STUDENT;
    person->enrolled = level < 0 ? ule_generate_age(person, world->start) >= 1 && ule_generate_take(draw, 6) > 0
                                 : level <= last_level(family);
    if (ule_generate_take(draw, 40) == 0) {
        person->is_protected = true;
        person->protected_from = person->born;
    }
}

static void give_custody(struct ule_generate_person *child, enum ule_custody_holder holder, int other) {
    child->custody[child->custodies].holder = holder;
    child->custody[child->custodies].other = other;
    child->custody[child->custodies].from = child->born;
    child->custody[child->custodies].until = ULE_DATE_NONE;
    child->custodies++;
}

/* Who the parents are and who holds custody, by a hundred ways a family may be. */
static void bind_children(struct ule_generate_family *family, unsigned adults, unsigned way) {
    if (adults == 2 && way < 60)
        family->people[0].marital = family->people[1].marital = family->people[0].female && family->people[1].female &&
                                                                        family->index % 2
                                                                    ? ULE_MARITAL_STATUS_REGISTERED_PARTNER
                                                                    : ULE_MARITAL_STATUS_MARRIED;
    else if (way < 80)
        family->people[0].marital = ULE_MARITAL_STATUS_DIVORCED;
    for (unsigned i = adults; i < family->count; i++) {
        struct ule_generate_person *child = &family->people[i];
        child->mother = 0;
        child->father = adults == 2 ? 1 : ULE_GENERATE_NOBODY;
        if (adults < 2) {
            give_custody(child, ULE_CUSTODY_HOLDER_MOTHER, ULE_GENERATE_NOBODY);
        } else if (way < 70) {
            give_custody(child, ULE_CUSTODY_HOLDER_MOTHER, ULE_GENERATE_NOBODY);
            give_custody(child, ULE_CUSTODY_HOLDER_FATHER, ULE_GENERATE_NOBODY);
        } else if (way < 78) { /* sole, the other one listed; some institutions assert what CPR denies */
            give_custody(child, way < 75 ? ULE_CUSTODY_HOLDER_MOTHER : ULE_CUSTODY_HOLDER_FATHER, ULE_GENERATE_NOBODY);
            family->asserts = way >= 73;
            family->lowered = way % 3 == 0 ? ULE_ACCESS_LEVEL_NONE : ULE_ACCESS_LEVEL_NULL;
        } else if (way < 82) { /* born before registration was complete, or abroad */
            family->asserts = way == 81;
        } else if (way < 90) { /* a foster home: the adults are no parents, and CPR is silent of them */
            child->mother = child->father = ULE_GENERATE_NOBODY;
            family->asserts = true;
        } else if (way < 94) { /* a holder who is no parent */
            child->father = ULE_GENERATE_NOBODY;
            give_custody(child, ULE_CUSTODY_HOLDER_OTHER_1, 1);
        } else {
            give_custody(child, ULE_CUSTODY_HOLDER_MOTHER, ULE_GENERATE_NOBODY);
            give_custody(child, ULE_CUSTODY_HOLDER_FATHER, ULE_GENERATE_NOBODY);
            family->lowered = way % 2 ? ULE_ACCESS_LEVEL_NONE : ULE_ACCESS_LEVEL_NON_SENSITIVE;
        }
    }
}

/* Families from abroad, by the grounds there are and by where they are in it. */
static void make_foreign(struct ule_generate_family *family, uint64_t draw) {
    enum { STEPS = 12 }; /* more than a year has: some still wait at its end */
    static const int32_t countries[] = {5704, 5432, 5120, 5180, 5390, 5164};
    const enum ule_permit_ground ground = (enum ule_permit_ground)ule_generate_take(
        &draw, ULE_PERMIT_GROUND_FAMILY_REUNIFICATION_APPLICANT + 1);
    const unsigned way = ule_generate_take(&draw, 4);
    const int32_t country = countries[ule_generate_take(&draw, 6)];
    family->foreign = true;
    family->arrives = ule_generate_take(&draw, STEPS);
    for (unsigned i = 0; i < family->count; i++) {
        struct ule_generate_person *person = &family->people[i];
        person->citizenship = country;
        (void)snprintf(person->alien, sizeof person->alien, "udl-%llu-%u", (unsigned long long)family->index, i);
        person->permitted = true;
        person->ground = ground;
        if (ground == ULE_PERMIT_GROUND_DIPLOMAT && i > 0)
            person->ground = ULE_PERMIT_GROUND_DIPLOMAT_FAMILY;
        person->permit = way % 2 ? ULE_PERMIT_STATUS_GRANTED : ULE_PERMIT_STATUS_PENDING;
        person->entitled = way >= 2;
        if (way == 3) { /* has come through: an administrative number, or a resident's */
            person->status = family->index % 2 ? ULE_CPR_STATUS_ADMINISTRATIVE : ULE_CPR_STATUS_RESIDENT;
            continue;
        }
        person->told = false;
        person->known_as[0] = '\0';
        person->country = way == 0 && i == 1 ? country : DENMARK;
        for (unsigned scheme = 0; scheme < 2; scheme++)
            person->credential[scheme].status = ULE_CREDENTIAL_STATUS_NULL;
        if (way == 1 && !person->child) { /* ordered before there is a number */
            person->credential[1].status = ULE_CREDENTIAL_STATUS_ORDERED;
            person->credential[1].assurance = ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL;
            person->credential[1].channel = ULE_CREDENTIAL_CHANNEL_ICS;
        }
    }
}

/* The made-up number with the birth date a day off. */
static void spoil_date(char number[static 11]) {
    number[1] = number[1] == '9' ? '8' : number[0] == '9' ? '0' : (char)(number[1] + 1);
}

/* A pupil whom no number is known of, or one that is none: the 30th of February. */
static void make_odd(struct ule_generate_person *pupil, unsigned odd) {
    if (odd == 0)
        pupil->known_as[0] = '\0';
    else if (odd == 1)
        memcpy(pupil->known_as, "3002", 4);
}

/* The second adult has a number in the family that CPR does not know, and works by it; the own one is that of a father
 * with custody. Both get MitID. */
static bool make_both(struct ule_generate_family *family, unsigned adults) {
    const struct ule_generate_person *hero = &family->people[family->hero];
    struct ule_generate_person *father = &family->people[1];
    if (adults != 2 || hero->father != 1 || hero->custodies != 2)
        return false;
    ule_generate_second_number(family, father, father->known_as);
    father->enrolled = true;
    father->role = ULE_ROLE_EMPLOYEE;
    father->credential[1].status = ULE_CREDENTIAL_STATUS_ACTIVE;
    father->credential[1].assurance = ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL;
    father->credential[1].channel = ULE_CREDENTIAL_CHANNEL_ONLINE;
    return true;
}

static void make_plot(struct ule_generate_family *family, unsigned adults, uint64_t draw) {
    for (unsigned i = adults; i < family->count && family->hero < 0; i++) {
        if (family->people[i].enrolled && family->people[i].role == ULE_ROLE_STUDENT)
            family->hero = (int)i;
    }
    if (family->hero < 0)
        return;
    struct ule_generate_person *hero = &family->people[family->hero];
    if (ule_generate_take(&draw, 4)) {
        make_odd(hero, ule_generate_take(&draw, 80));
        return;
    }
    family->plot = (enum ule_generate_plot)(1 + ule_generate_take(&draw, ULE_GENERATE_PLOTS - 1));
    if (family->plot == ULE_GENERATE_PLOT_BOTH) {
        if (!make_both(family, adults))
            family->plot = ULE_GENERATE_NO_PLOT;
        return;
    }
    const unsigned style = family->plot == ULE_GENERATE_PLOT_ELSEWHERE ? (unsigned)(family->index % ULE_GENERATE_STYLES)
                                                                       : ule_generate_take(&draw, ULE_GENERATE_STYLES);
    hero->legacy = ule_generate_take(&draw, 10) == 0;
    if (family->plot == ULE_GENERATE_PLOT_CONTACT) {
        ule_generate_made_up(family, &family->people[0], style, family->people[0].known_as);
        family->people[0].enrolled = false;
        family->people[0].legacy = style % 2 == 0;
        return;
    }
    if (family->plot == ULE_GENERATE_PLOT_DOUBLE || family->plot == ULE_GENERATE_PLOT_FORTRYD)
        return;
    ule_generate_made_up(family, hero, style, hero->known_as);
    hero->told = family->plot != ULE_GENERATE_PLOT_PENDING && family->plot != ULE_GENERATE_PLOT_REJECT;
    hero->twice = family->plot == ULE_GENERATE_PLOT_MERGE;
    if (family->plot == ULE_GENERATE_PLOT_WRONG)
        spoil_date(hero->known_as);
    if (family->plot == ULE_GENERATE_PLOT_SHARED) /* what a school took for whomever it did not know */
        (void)snprintf(hero->known_as, sizeof hero->known_as, "6%u0115A%cB%c", 1 + (unsigned)(hero->district % 8),
                       (char)('A' + hero->district / 8 % 26), hero->female ? '2' : '1');
    if (!hero->told) {
        hero->credential[0].status = hero->credential[1].status = ULE_CREDENTIAL_STATUS_NULL;
    }
}

void ule_generate_family_make(const struct ule_generate_world *world, uint64_t index,
                              struct ule_generate_family *family) {
    uint64_t draw = ule_generate_draw(world, ULE_GENERATE_FAMILY, index, 0);
    const unsigned size = (unsigned)ule_generate_size(world, index);
    *family = (struct ule_generate_family){.index = index,
                                           .cohort = (unsigned)(index % ULE_GENERATE_COHORTS),
                                           .hero = ULE_GENERATE_NOBODY,
                                           .lowered = ULE_ACCESS_LEVEL_NULL};
    const unsigned way = ule_generate_take(&draw, 100), kind = ule_generate_take(&draw, 24);
    const bool alone = size == 1 || (size == 2 && way < 75);
    const unsigned adults = size < 3 ? (alone ? size : 1) : size == 3 && way >= 85 ? 1 : 2;
    family->young = size == 1 && way < 55;
    const unsigned window = !alone || way < (size == 1 ? 60U : 15U) ? 0 : way < (size == 1 ? 75U : 50U) ? 1 : 2;
    for (unsigned who = 0; who < adults; who++) {
        uint64_t one = ule_generate_draw(world, ULE_GENERATE_PERSON, index, who);
        make_adult(world, family, who, window, &one);
    }
    for (unsigned nth = 0; nth + adults < size; nth++) {
        uint64_t one = ule_generate_draw(world, ULE_GENERATE_PERSON, index, adults + nth);
        make_child(world, family, nth, &one);
    }
    bind_children(family, size > adults ? adults : 2, way);
    for (unsigned i = 0; i < family->count; i++)
        family->people[i].district = index / FAMILIES_A_DISTRICT;
    if (size > adults && kind == 0)
        make_foreign(family, draw);
    else if (size > adults)
        make_plot(family, adults, draw);
    family->stranger = size > adults && adults == 1 && kind < 6;
    if (alone && way % 20 == 7 && size == 1) { /* abroad for now, or just home after years */
        family->people[0].status = ULE_CPR_STATUS_EMIGRATED;
        family->people[0].emigrated_on = world->start - 300;
        family->people[0].country = 5120;
    } else if (alone && way % 10 == 8) { /* neither lives in Denmark proper */
        family->people[0].status = way % 20 == 8 ? ULE_CPR_STATUS_RESIDENT_GREENLAND : ULE_CPR_STATUS_ADMINISTRATIVE;
    } else if (size > adults && adults == 2 && way % 12 == 9 && !family->foreign &&
               family->plot == ULE_GENERATE_NO_PLOT) {
        family->away = true;
        family->returns = 1 + (unsigned)(index % 10);
        family->people[1].status = ULE_CPR_STATUS_EMIGRATED;
        family->people[1].emigrated_on = world->start - 1500;
        family->people[1].country = 5120;
        family->people[1].credential[0].status = family->people[1].credential[1].status = ULE_CREDENTIAL_STATUS_NULL;
    } else if (size > adults && way % 12 == 5 && !family->foreign) {
        family->people[0].emigrated_on = world->start - 1500;
        family->people[0].entered_on = world->start - 100;
        family->people[0].credential[0].status = family->people[0].credential[1].status = ULE_CREDENTIAL_STATUS_NULL;
    }
    ule_generate_family_age(family, world->start);
}

struct ule_generate_person *ule_generate_family_birth(struct ule_generate_family *family, int32_t date, unsigned nth,
                                                      uint64_t draw) {
    if (family->count == ULE_GENERATE_PEOPLE || family->people[0].child)
        return NULL;
    struct ule_generate_person *person = &family->people[family->count++];
    clear_person(person);
    person->child = person->newborn = true;
    person->female = ule_generate_take(&draw, 2) == 0;
    person->born = person->window = date;
    name_person(person, &draw, family->people[0].family);
    ule_generate_newborn_number(person->born, nth, person->female, person->number);
    memcpy(person->known_as, person->number, sizeof person->known_as);
    person->since = person->born;
    person->mother = 0;
    person->district = family->people[0].district;
    give_custody(person, ULE_CUSTODY_HOLDER_MOTHER, ULE_GENERATE_NOBODY);
    if (family->count > 2 && !family->people[1].child) {
        person->father = 1;
        give_custody(person, ULE_CUSTODY_HOLDER_FATHER, ULE_GENERATE_NOBODY);
    }
    return person;
}
