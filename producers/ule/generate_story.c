/* SPDX-License-Identifier: MIT */
#include "ule/generate_story.h"

#include "ule/generate_number.h"
#include "ule/generate_plot.h"

#include <string.h>

static const char *const names[ULE_GENERATE_KINDS] = {
    "sent again",
    "moved to another school",
    "left",
    "started",
    "divorced",
    "custody changed",
    "died",
    "moved abroad or back",
    "protection begun or ended",
    "credential changed",
    "born",
    "number changed by CPR or back",
    "support login granted or withdrawn",
    "enrolled by school",
    "subscription ended",
    "married",
    "access lowered or not",
    "disappeared",
    "number annulled",
    "permit changed",
    "level outside the grades, or back",
    "family got its numbers",
    "swap told",
    "swap undone",
    "swap rejected",
    "swap confirmed",
    "CPR told of the number of a swap",
    "double deleted by CPR",
};

const char *ule_generate_kind_name(enum ule_generate_kind kind) {
    return names[kind];
}

/* How often each is drawn, of the sum. */
static const struct {
    enum ule_generate_kind kind;
    unsigned weight;
} shares[] = {
    {ULE_GENERATE_SENT_AGAIN, 250},
    {ULE_GENERATE_MOVED_SCHOOL, 90},
    {ULE_GENERATE_LEFT, 30},
    {ULE_GENERATE_STARTED, 130},
    {ULE_GENERATE_DIVORCED, 30},
    {ULE_GENERATE_CUSTODY_CHANGED, 40},
    {ULE_GENERATE_DIED, 6},
    {ULE_GENERATE_MOVED_ABROAD, 30},
    {ULE_GENERATE_PROTECTED, 30},
    {ULE_GENERATE_CREDENTIAL_CHANGED, 250},
    {ULE_GENERATE_BORN, 12},
    {ULE_GENERATE_NUMBER_CHANGED, 8},
    {ULE_GENERATE_SUPPORTED, 30},
    {ULE_GENERATE_ENROLLED_BY_SCHOOL, 25},
    {ULE_GENERATE_SUBSCRIPTION_ENDED, 6},
    {ULE_GENERATE_MARRIED, 15},
    {ULE_GENERATE_ACCESS_CHANGED, 20},
    {ULE_GENERATE_DISAPPEARED, 3},
    {ULE_GENERATE_ANNULLED, 2},
    {ULE_GENERATE_PERMIT_CHANGED, 5},
    {ULE_GENERATE_LEVEL_CHANGED, 10},
};
enum { SHARES = sizeof shares / sizeof *shares };

static enum ule_generate_kind draw_kind(uint64_t *draw) {
    unsigned sum = 0;
    for (size_t i = 0; i < SHARES; i++)
        sum += shares[i].weight;
    unsigned taken = ule_generate_take(draw, sum);
    size_t i = 0;
    while (taken >= shares[i].weight)
        taken -= shares[i++].weight;
    return shares[i].kind;
}

/* One change on its way. */
struct change {
    struct ule_generate_family *family;
    struct ule_generate_output *out;
    int32_t day;
    unsigned nth; /* of the day */
    uint64_t draw;
    unsigned who; /* whom it concerns, where nothing else says */
};

static struct ule_generate_person *person_of(const struct change *change) {
    return &change->family->people[change->who];
}

static bool lives(const struct ule_generate_person *person) {
    return person->told && person->status != ULE_CPR_STATUS_DEAD && person->status != ULE_CPR_STATUS_ANNULLED &&
           person->status != ULE_CPR_STATUS_SUBSCRIPTION_ENDED;
}

/* The first from where the draw points for whom it is true. */
static bool find(struct change *change, bool (*fits)(const struct ule_generate_person *person)) {
    for (unsigned i = 0; i < change->family->count; i++) {
        if (fits(person_of(change)))
            return true;
        change->who = (change->who + 1) % change->family->count;
    }
    return false;
}

static bool is_pupil(const struct ule_generate_person *person) {
    return person->child && person->enrolled && person->active;
}

static bool is_enrolled(const struct ule_generate_person *person) {
    return person->enrolled && person->active;
}

static bool could_start(const struct ule_generate_person *person) {
    return person->child && (!person->enrolled || !person->active) && lives(person);
}

static bool is_adult(const struct ule_generate_person *person) {
    return !person->child && lives(person);
}

static bool has_credential(const struct ule_generate_person *person) {
    return is_adult(person) && person->status != ULE_CPR_STATUS_EMIGRATED;
}

static bool is_parent_in_law(const struct ule_generate_person *person) {
    return person->child && person->custodies > 0 && person->mother >= 0 && person->father >= 0 && lives(person);
}

static void tell_person(const struct change *change) {
    if (change->out)
        ule_generate_put_person(change->out, change->family, change->who);
}

static void tell_record(const struct change *change) {
    if (change->out)
        ule_generate_put_record(change->out, change->family, change->who);
}

static bool send_again(struct change *change) {
    if (find(change, is_enrolled)) {
        tell_record(change);
    } else if (find(change, lives)) {
        tell_person(change);
    }
    return true;
}

static bool move_school(struct change *change) {
    if (!find(change, is_pupil))
        return false;
    struct ule_generate_person *pupil = person_of(change);
    if (change->out)
        ule_generate_put_left(change->out, change->family, change->who);
    pupil->district += 1 + change->draw % 3;
    pupil->replaces[0] = '\0';
    tell_record(change);
    return true;
}

static bool leave(struct change *change) {
    if (!find(change, is_enrolled))
        return false;
    person_of(change)->active = false;
    tell_record(change);
    return true;
}

static bool start(struct change *change) {
    if (!find(change, could_start) || ule_generate_level(person_of(change), change->day) > 9)
        return false;
    struct ule_generate_person *child = person_of(change);
    child->enrolled = child->active = true;
    child->role = ule_generate_level(child, change->day) < 0 ? ULE_ROLE_CHILD : ULE_ROLE_STUDENT;
    tell_record(change);
    return true;
}

static bool divorce(struct change *change) {
    struct ule_generate_family *family = change->family;
    if (family->count < 2 || family->people[1].child || family->people[0].marital != ULE_MARITAL_STATUS_MARRIED)
        return false;
    for (change->who = 0; change->who < 2; change->who++) {
        person_of(change)->marital = ULE_MARITAL_STATUS_DIVORCED;
        if (lives(person_of(change)))
            tell_person(change);
    }
    const bool sole = change->draw % 5 < 2;
    for (change->who = 2; change->who < family->count && sole; change->who++) {
        struct ule_generate_person *child = person_of(change);
        if (child->custodies != 2 || !lives(child))
            continue;
        child->custodies = 1;
        child->custody[0].holder = change->draw % 3 ? ULE_CUSTODY_HOLDER_MOTHER : ULE_CUSTODY_HOLDER_FATHER;
        child->custody[0].from = change->day;
        tell_person(change);
    }
    return true;
}

static bool change_custody(struct change *change) {
    if (!find(change, is_parent_in_law))
        return false;
    struct ule_generate_person *child = person_of(change);
    child->custody[0].other = child->custody[1].other = ULE_GENERATE_NOBODY;
    child->custody[0].until = child->custody[1].until = ULE_DATE_NONE;
    child->custody[0].from = change->day + (change->draw % 4 == 0 ? 20 : 0);
    if (child->custodies == 2) {
        child->custodies = 1;
        child->custody[0].holder = change->draw % 2 ? ULE_CUSTODY_HOLDER_MOTHER : ULE_CUSTODY_HOLDER_FATHER;
    } else {
        child->custodies = 2;
        child->custody[0].holder = ULE_CUSTODY_HOLDER_MOTHER;
        child->custody[1].holder = ULE_CUSTODY_HOLDER_FATHER;
        child->custody[1].from = child->custody[0].from;
        if (change->draw % 7 == 0)
            child->custody[1].until = change->day + 45;
    }
    tell_person(change);
    return true;
}

static bool set_status(struct change *change, enum ule_cpr_status status) {
    person_of(change)->status = status;
    person_of(change)->since = change->day;
    tell_person(change);
    return true;
}

/* Who was married to the dead is widowed. */
static bool die(struct change *change) {
    if (!find(change, change->draw % 12 == 0 ? lives : is_adult))
        return false;
    (void)set_status(change, ULE_CPR_STATUS_DEAD);
    struct ule_generate_family *family = change->family;
    if (change->who > 1 || family->count < 2 || family->people[1].child ||
        family->people[0].marital != ULE_MARITAL_STATUS_MARRIED)
        return true;
    change->who = 1 - change->who;
    person_of(change)->marital = ULE_MARITAL_STATUS_WIDOWED;
    if (lives(person_of(change)))
        tell_person(change);
    return true;
}

static bool move_abroad(struct change *change) {
    if (!find(change, is_adult))
        return false;
    struct ule_generate_person *person = person_of(change);
    if (person->status == ULE_CPR_STATUS_EMIGRATED) {
        person->entered_on = change->day;
        person->country = 5100;
        return set_status(change, ULE_CPR_STATUS_RESIDENT);
    }
    person->emigrated_on = change->day;
    person->entered_on = ULE_DATE_NONE;
    person->country = 5120;
    return set_status(change, ULE_CPR_STATUS_EMIGRATED);
}

static bool protect(struct change *change) {
    if (!find(change, lives))
        return false;
    person_of(change)->is_protected = !person_of(change)->is_protected;
    person_of(change)->protected_from = change->day;
    tell_person(change);
    return true;
}

static bool change_credential(struct change *change) {
    static const enum ule_credential_status after[] = {ULE_CREDENTIAL_STATUS_ACTIVE,    ULE_CREDENTIAL_STATUS_ACTIVE,
                                                       ULE_CREDENTIAL_STATUS_SUSPENDED, ULE_CREDENTIAL_STATUS_REVOKED,
                                                       ULE_CREDENTIAL_STATUS_EXPIRED,   ULE_CREDENTIAL_STATUS_DECLINED};
    if (!find(change, has_credential))
        return false;
    struct ule_generate_person *person = person_of(change);
    unsigned scheme = person->credential[0].status != ULE_CREDENTIAL_STATUS_NULL && change->draw % 2 ? 0 : 1;
    enum ule_credential_status status = person->credential[scheme].status;
    if (status == ULE_CREDENTIAL_STATUS_ACTIVE) {
        status = after[2 + change->draw / 2 % 4];
    } else if (scheme == 0 && change->day >= ule_generate_nemid_closes()) {
        scheme = 1; /* who had a NemID gets a MitID */
        status = ULE_CREDENTIAL_STATUS_ACTIVE;
    } else {
        status = ULE_CREDENTIAL_STATUS_ACTIVE;
    }
    person->credential[scheme].status = status;
    person->credential[scheme].assurance = ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL;
    person->credential[scheme].channel = ULE_CREDENTIAL_CHANNEL_ONLINE;
    if (change->out)
        ule_generate_put_credential(change->out, change->family, change->who, scheme);
    return true;
}

static bool give_birth(struct change *change) {
    const struct ule_generate_person *mother = &change->family->people[0];
    const int32_t date = change->day - 2;
    int year, month, day;
    ule_date_to_ymd(date, &year, &month, &day);
    if (change->nth >= ULE_GENERATE_BIRTHS || !mother->female || !lives(mother) || (month == 1 && day < 3) ||
        ule_generate_age(mother, change->day) > 45)
        return false;
    if (!ule_generate_family_birth(change->family, date, change->nth, change->draw))
        return false;
    change->who = change->family->count - 1;
    tell_person(change);
    return true;
}

static bool support(struct change *change) {
    if (!find(change, is_adult) || !change->family->people[change->family->count - 1].enrolled)
        return false;
    if (change->out)
        ule_generate_put_request(change->out, change->family, change->family->count - 1,
                                 change->draw % 3 ? ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED
                                                  : ULE_REQUEST_KIND_SUPPORT_LOGIN_WITHDRAWN,
                                 person_of(change)->number, NULL, NULL);
    return true;
}

static bool enrol(struct change *change) {
    if (!find(change, is_pupil) || !person_of(change)->told)
        return false;
    if (change->out)
        ule_generate_put_request(change->out, change->family, change->who, ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL,
                                 person_of(change)->number, NULL, person_of(change)->number);
    return true;
}

static bool marry(struct change *change) {
    struct ule_generate_family *family = change->family;
    if (family->count < 2 || family->people[1].child || family->people[0].marital == ULE_MARITAL_STATUS_MARRIED)
        return false;
    for (change->who = 0; change->who < 2; change->who++) {
        person_of(change)->marital = ULE_MARITAL_STATUS_MARRIED;
        if (lives(person_of(change)))
            tell_person(change);
    }
    return true;
}

static bool change_access(struct change *change) {
    if (!find(change, is_pupil))
        return false;
    change->family->lowered = (enum ule_access_level)((int)(change->draw % 4) - 1);
    tell_record(change);
    return true;
}

static bool is_student(const struct ule_generate_person *person) {
    return is_pupil(person) && person->role == ULE_ROLE_STUDENT;
}

static bool change_level(struct change *change) {
    if (!find(change, is_student))
        return false;
    person_of(change)->special = !person_of(change)->special;
    tell_record(change);
    return true;
}

/* While it is applied for most are live; later anything. */
static bool change_permit(struct change *change) {
    if (!change->family->foreign)
        return false;
    const uint64_t bound = person_of(change)->told || change->draw % 5 == 0 ? ULE_PERMIT_STATUS_REVOKED + 1
                                                                            : ULE_PERMIT_STATUS_GRANTED + 1;
    person_of(change)->permit = (enum ule_permit_status)(change->draw / 5 % bound);
    if (change->out)
        ule_generate_put_permit(change->out, change->family, change->who, NULL);
    return true;
}

/* CPR tells of everybody, then permits and records name them. */
static bool get_numbers(struct change *change) {
    struct ule_generate_family *family = change->family;
    const enum ule_cpr_status status = family->index % 2 ? ULE_CPR_STATUS_ADMINISTRATIVE : ULE_CPR_STATUS_RESIDENT;
    for (unsigned i = 0; i < family->count; i++) {
        struct ule_generate_person *person = &family->people[i];
        if (person->told || !person->permitted)
            continue;
        person->told = true;
        person->status = status;
        person->since = change->day;
        memcpy(person->known_as, person->number, sizeof person->known_as);
        if (person->credential[1].status == ULE_CREDENTIAL_STATUS_ORDERED)
            person->credential[1].status = ULE_CREDENTIAL_STATUS_ACTIVE;
    }
    for (change->who = 0; change->who < family->count && change->out; change->who++) {
        if (lives(person_of(change)))
            tell_person(change);
        if (person_of(change)->credential[1].status == ULE_CREDENTIAL_STATUS_ACTIVE &&
            person_of(change)->credential[1].channel == ULE_CREDENTIAL_CHANNEL_ICS)
            ule_generate_put_credential(change->out, family, change->who, 1);
        if (person_of(change)->permitted)
            ule_generate_put_permit(change->out, family, change->who, NULL);
        if (person_of(change)->enrolled)
            tell_record(change);
    }
    return true;
}

static bool change_number(struct change *change) {
    if (!find(change, lives) || person_of(change)->newborn || change->family->plot == ULE_GENERATE_PLOT_BOTH)
        return false;
    ule_generate_plot_number(change->family, change->who, change->out);
    return true;
}

static bool happen(struct change *change, enum ule_generate_kind kind) {
    switch (kind) {
    case ULE_GENERATE_MOVED_SCHOOL: return move_school(change);
    case ULE_GENERATE_LEFT: return leave(change);
    case ULE_GENERATE_STARTED: return start(change);
    case ULE_GENERATE_DIVORCED: return divorce(change);
    case ULE_GENERATE_CUSTODY_CHANGED: return change_custody(change);
    case ULE_GENERATE_DIED: return die(change);
    case ULE_GENERATE_MOVED_ABROAD: return move_abroad(change);
    case ULE_GENERATE_PROTECTED: return protect(change);
    case ULE_GENERATE_CREDENTIAL_CHANGED: return change_credential(change);
    case ULE_GENERATE_BORN: return give_birth(change);
    case ULE_GENERATE_NUMBER_CHANGED: return change_number(change);
    case ULE_GENERATE_SUPPORTED: return support(change);
    case ULE_GENERATE_ENROLLED_BY_SCHOOL: return enrol(change);
    case ULE_GENERATE_SUBSCRIPTION_ENDED:
        return find(change, is_adult) && set_status(change, ULE_CPR_STATUS_SUBSCRIPTION_ENDED);
    case ULE_GENERATE_MARRIED: return marry(change);
    case ULE_GENERATE_ACCESS_CHANGED: return change_access(change);
    case ULE_GENERATE_DISAPPEARED: return find(change, is_adult) && set_status(change, ULE_CPR_STATUS_DISAPPEARED);
    case ULE_GENERATE_ANNULLED:
        if (!find(change, lives))
            return false;
        person_of(change)->status = ULE_CPR_STATUS_ANNULLED;
        if (change->out)
            ule_generate_put_void(change->out, person_of(change)->number, ULE_CPR_STATUS_ANNULLED, NULL);
        return true;
    case ULE_GENERATE_PERMIT_CHANGED: return change_permit(change);
    case ULE_GENERATE_LEVEL_CHANGED: return change_level(change);
    case ULE_GENERATE_GOT_NUMBERS: return get_numbers(change);
    default: return false;
    }
}

static uint64_t draw_of(const struct ule_generate_world *world, uint64_t turn) {
    return ule_generate_draw(world, ULE_GENERATE_STEP, turn, 0);
}

bool ule_generate_may_end_subscription(const struct ule_generate_world *world, uint64_t turn) {
    uint64_t draw = draw_of(world, turn);
    return draw_kind(&draw) == ULE_GENERATE_SUBSCRIPTION_ENDED;
}

enum ule_generate_kind ule_generate_change(const struct ule_generate_world *world, struct ule_generate_family *family,
                                           uint64_t turn, struct ule_generate_output *out) {
    const uint64_t step = turn / world->families;
    struct change change = {
        .family = family,
        .out = out,
        .day = ule_generate_day_of(world, turn),
        .nth = (unsigned)(turn % world->changes < ULE_GENERATE_BIRTHS ? turn % world->changes : ULE_GENERATE_BIRTHS),
        .draw = draw_of(world, turn)};
    ule_generate_family_age(family, change.day);
    enum ule_generate_kind kind = draw_kind(&change.draw);
    change.who = ule_generate_take(&change.draw, family->count);
    for (unsigned i = 0; i < family->count; i++)
        family->people[i].replaces[0] = '\0'; /* told once is enough */
    const enum ule_generate_kind plotted = ule_generate_plot_step(family, step, change.day, out);
    if (plotted != ULE_GENERATE_KINDS)
        return plotted;
    if (family->foreign && (step == family->arrives || change.draw % 3 == 0))
        kind = step == family->arrives ? ULE_GENERATE_GOT_NUMBERS : ULE_GENERATE_PERMIT_CHANGED;
    if (family->away && step == family->returns) {
        kind = ULE_GENERATE_MOVED_ABROAD;
        change.who = 1;
    }
    const unsigned who = change.who;
    if (happen(&change, kind))
        return kind;
    change.who = who;
    (void)send_again(&change);
    return ULE_GENERATE_SENT_AGAIN;
}

void ule_generate_family_before(const struct ule_generate_world *world, uint64_t index, uint64_t turn,
                                struct ule_generate_family *family) {
    ule_generate_family_make(world, index, family);
    const uint64_t first = ule_generate_first_turn(world, index);
    for (uint64_t steps = ule_generate_steps_before(world, index, turn), step = 0; step < steps; step++)
        (void)ule_generate_change(world, family, first + step * world->families, NULL);
}
