/* SPDX-License-Identifier: MIT */
#include "property/world.h"

#include "loop/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t secret[16] = "not so secret!!";

int world_draw(struct world *world, int bound) {
    return (int)(ule_random_next(&world->random) % (uint64_t)bound);
}

bool world_chance(struct world *world, int percent) {
    return world_draw(world, 100) < percent;
}

static void emit(struct world *world, enum world_source source, const char *key, const void *record) {
    if (world->events_count == world->events_room) {
        world->events_room = world->events_room ? 2 * world->events_room : 64;
        world->events = realloc(world->events, world->events_room * sizeof *world->events);
        if (world->events == NULL)
            abort();
    }
    void *copy = ule_arena_alloc(world->arena, ule_sources[source].record->size);
    ule_record_copy(ule_sources[source].record, record, world->arena, copy);
    world->events[world->events_count++] = (struct world_event){source, ule_arena_string(world->arena, key), world->ts,
                                                                world->day, copy};
}

/* The next stamp: event id, time, sequence. Two in three share a time with the one before. */
static const char *stamp(struct world *world, int64_t *changed_at, int64_t *sequence) {
    if (world_chance(world, 33))
        world->ts += 60000;
    *changed_at = world->ts;
    *sequence = (int64_t)world->events_count;
    return ule_arena_printf(world->arena, "e%zu", world->events_count);
}

void world_emit_cpr(struct world *world, int person, int number) {
    struct ule_person_changed *record = &world->persons[person].cpr[number];
    record->event_id = stamp(world, &record->changed_at, &record->sequence);
    emit(world, WORLD_CPR, record->number, record);
}

void world_emit_record(struct world *world, int index) {
    struct ule_institution_person_changed *record = &world->records[index].value;
    record->event_id = stamp(world, &record->changed_at, &record->sequence);
    const char *key = ule_arena_printf(world->arena, "%s/%s", record->institution_number, record->local_person_id);
    emit(world, WORLD_LOCAL, key, record);
}

void world_emit_permit(struct world *world, int permit) {
    struct ule_residence_permit_changed *record = &world->permits[permit];
    record->event_id = stamp(world, &record->changed_at, &record->sequence);
    emit(world, WORLD_PERMIT, record->permit_id, record);
}

void world_emit_credential(struct world *world, int credential) {
    struct ule_credential_changed *record = &world->credentials[credential];
    record->event_id = stamp(world, &record->changed_at, &record->sequence);
    emit(world, WORLD_CREDENTIAL, record->credential_id, record);
}

void world_emit_request(struct world *world, enum ule_request_kind kind, const char *institution, const char *number,
                        const char *other) {
    struct ule_institution_request record;
    ule_record_init(&ule_institution_request_record, &record, world->arena);
    record.event_id = stamp(world, &record.changed_at, &record.sequence);
    record.kind = kind;
    record.institution_number = institution;
    record.number = number;
    if (kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL)
        record.child_number = other;
    else
        record.from_number = other;
    emit(world, WORLD_REQUEST, number, &record);
}

void world_next_day(struct world *world, int days) {
    world->day += days;
    world->ts = ule_time_of_date(world->day) + ULE_DAY_MS / 3;
}

/* The number one of the others uses: not all know the newest. */
static const char *number_used(struct world *world, int person) {
    const struct world_person *who = &world->persons[person];
    if (who->says == WORLD_MADE_UP && (world->features & WORLD_SWAPS) && world_chance(world, 25))
        return who->numbers[WORLD_REAL];
    return world_number(world, person);
}

const char *world_number(const struct world *world, int person) {
    const struct world_person *who = &world->persons[person];
    return who->says == WORLD_ALIEN ? NULL : who->numbers[who->says];
}

/* The four after the date carry the person's index and the number's, so that no two are alike. */
static void number_of(char number[static 11], int32_t birth, int day_more, int index, int which) {
    int year, month, day;
    ule_date_to_ymd(birth, &year, &month, &day);
    unsigned date = (unsigned)((day + day_more) * 10000 + month * 100 + year % 100) % 1000000;
    unsigned rest = (year < 2000 ? 1000U : 4000U) + (unsigned)(which * 100 + index) % 1000;
    (void)snprintf(number, 11, "%06u%04u", date, rest % 10000);
}

static void make_person(struct world *world, int index, bool child) {
    struct world_person *who = &world->persons[index];
    who->child = child;
    int year, month, day;
    ule_date_to_ymd(world->day, &year, &month, &day);
    static const int ages[] = {6, 9, 13, 15, 15, 16, 17, 18, 18};
    int32_t on = world->day - 8 + world_draw(world, 90);
    ule_date_to_ymd(on, &year, &month, &day);
    int age = child ? ages[world_draw(world, sizeof ages / sizeof *ages)] : 30 + world_draw(world, 20);
    if (world_chance(world, 8)) {
        month = 2; /* 29 February of a leap year */
        day = 29;
        age += (year - age) % 4;
    }
    who->birth = ule_date_from_ymd(year - age, month, day);
    if (who->birth == ULE_DATE_NONE)
        who->birth = ule_date_from_ymd(year - age, month, 28);
    number_of(who->numbers[WORLD_MADE_UP], who->birth, 60, index, 0);
    number_of(who->numbers[WORLD_REAL], who->birth, 0, index, 1);
    number_of(who->numbers[WORLD_SECOND], world_chance(world, 50) ? who->birth + 1 : who->birth, 0, index, 2);
    (void)snprintf(who->alien, sizeof who->alien, "A%03d", index);
    (void)snprintf(who->given, sizeof who->given, "Given%d", index);
    (void)snprintf(who->family, sizeof who->family, "Family%d", index);
    (void)snprintf(who->alias, sizeof who->alias, "Alias%d", index);
    int how = world_draw(world, 100);
    who->says = how < 66 ? WORLD_REAL : how < 92 ? WORLD_MADE_UP : WORLD_ALIEN;
    if (child && who->says == WORLD_ALIEN)
        who->says = WORLD_REAL;
}

static struct ule_parent *parent(struct world *world, int person) {
    struct ule_parent *value = ule_arena_alloc(world->arena, sizeof *value);
    ule_record_init(&ule_parent_record, value, world->arena);
    value->number = world->persons[person].numbers[WORLD_REAL];
    return value;
}

static int adult(struct world *world) {
    return world->children + world_draw(world, world->persons_count - world->children);
}

static void draw_custody(struct world *world, struct ule_person_changed *record) {
    int rows = world_draw(world, 10);
    record->custody.count = rows < 2 ? 0 : rows < 6 ? 1 : 2;
    record->custody.items = ule_arena_array(world->arena, 2, sizeof *record->custody.items);
    for (size_t i = 0; i < record->custody.count; i++) {
        struct ule_custody_row *row = &record->custody.items[i];
        ule_record_init(&ule_custody_row_record, row, world->arena);
        row->holder = world_chance(world, 85) ? (i ? ULE_CUSTODY_HOLDER_FATHER : ULE_CUSTODY_HOLDER_MOTHER)
                                              : (i ? ULE_CUSTODY_HOLDER_OTHER_2 : ULE_CUSTODY_HOLDER_OTHER_1);
        if (row->holder >= ULE_CUSTODY_HOLDER_OTHER_1)
            row->number = world->persons[adult(world)].numbers[WORLD_REAL];
        if (world_chance(world, 40))
            row->from = world->day - 3 + world_draw(world, 8);
        if (world_chance(world, 25))
            row->until = world->day - 1 + world_draw(world, 8);
    }
}

static void draw_parents(struct world *world, struct ule_person_changed *record) {
    int mother = adult(world), father = adult(world);
    record->mother = world_chance(world, 90) ? parent(world, mother) : NULL;
    record->father = father != mother && world_chance(world, 80) ? parent(world, father) : NULL;
}

static void draw_protection(struct world *world, struct ule_person_changed *record) {
    record->protection = NULL;
    if (world_chance(world, 40))
        return;
    record->protection = ule_arena_alloc(world->arena, sizeof *record->protection);
    record->protection->from = world->day - 1 + world_draw(world, 3);
    record->protection->until = world_chance(world, 50) ? ULE_DATE_NONE : record->protection->from + 2;
}

static struct ule_person_changed *cpr_of(struct world *world, int person, int number) {
    struct world_person *who = &world->persons[person];
    struct ule_person_changed *record = &who->cpr[number];
    if (record->number != NULL)
        return record;
    int other = number == WORLD_SECOND ? WORLD_REAL : WORLD_SECOND;
    if (who->cpr[other].number != NULL) {
        ule_record_copy(&ule_person_changed_record, &who->cpr[other], world->arena, record);
        record->former_numbers.count = 0;
        record->current_number = NULL;
    } else {
        ule_record_init(&ule_person_changed_record, record, world->arena);
        record->marital_status = ULE_MARITAL_STATUS_UNMARRIED;
        record->given_names = who->given;
        record->family_name = who->family;
        record->birth_date = world_chance(world, 95) ? who->birth : ULE_DATE_NONE;
        record->citizenship = world_chance(world, 80) ? 5100 : 5130;
        if (who->child) {
            draw_parents(world, record);
            draw_custody(world, record);
        }
        if (world_chance(world, 15))
            draw_protection(world, record);
    }
    record->number = who->numbers[number];
    record->status = world_chance(world, 85) ? ULE_CPR_STATUS_RESIDENT : ULE_CPR_STATUS_ADMINISTRATIVE;
    return record;
}

void world_cpr_counts(struct world *world, int person, int number) {
    struct ule_person_changed *record = cpr_of(world, person, number);
    if (record->status > ULE_CPR_STATUS_ADMINISTRATIVE)
        record->status = ULE_CPR_STATUS_RESIDENT;
    record->current_number = NULL;
    world_emit_cpr(world, person, number);
}

struct world_record *world_enrol(struct world *world, int person, int institution) {
    if (world->records_count == WORLD_RECORDS)
        return NULL;
    struct world_person *who = &world->persons[person];
    struct world_record *record = &world->records[world->records_count];
    struct ule_institution_person_changed *value = &record->value;
    record->person = person;
    ule_record_init(&ule_institution_person_changed_record, value, world->arena);
    value->institution_number = world->institutions[institution];
    value->institution_kind = world->kinds[institution];
    value->local_person_id = ule_arena_printf(world->arena, "p%d", world->records_count++);
    value->number = number_used(world, person);
    value->alien_number = who->says == WORLD_ALIEN ? who->alien : NULL;
    value->legacy = world_chance(world, 10);
    value->active = true;
    value->role = who->child ? (world_chance(world, 75) ? ULE_ROLE_STUDENT : ULE_ROLE_CHILD)
                             : (world_chance(world, 75) ? ULE_ROLE_EMPLOYEE : ULE_ROLE_EXTERNAL);
    if (value->role == ULE_ROLE_STUDENT)
        value->level = world_chance(world, 50) ? "9" : "5";
    value->birth_date = world_chance(world, 50) ? who->birth : ULE_DATE_NONE;
    value->given_names = who->given;
    value->family_name = who->family;
    if (world_chance(world, 20))
        value->alias_given_names = value->alias_family_name = who->alias;
    value->protected = world_chance(world, 12);
    value->source_system = "test";
    value->contacts.items = ule_arena_array(world->arena, WORLD_CONTACTS, sizeof *value->contacts.items);
    return record;
}

struct ule_contact *world_list(struct world *world, struct world_record *record, int contact) {
    struct ule_contact_array *contacts = &record->value.contacts;
    for (size_t i = 0; i < contacts->count; i++)
        if (record->contacts[i] == contact)
            return &contacts->items[i];
    if (contacts->count == WORLD_CONTACTS)
        return NULL;
    record->contacts[contacts->count] = contact;
    struct ule_contact *entry = &contacts->items[contacts->count++];
    ule_record_init(&ule_contact_record, entry, world->arena);
    const struct world_person *who = &world->persons[contact];
    entry->number = number_used(world, contact);
    entry->alien_number = who->says == WORLD_ALIEN ? who->alien : NULL;
    entry->given_names = who->given;
    entry->family_name = who->family;
    entry->relation = (enum ule_contact_relationship)world_draw(world, 4);
    entry->child_custody = world_chance(world, 35);
    entry->access = world_chance(world, 15) ? (enum ule_access_level)world_draw(world, 3) : ULE_ACCESS_LEVEL_NULL;
    entry->country = world_chance(world, 30) ? (world_chance(world, 50) ? 5100 : 5130) : ULE_INT_NULL;
    entry->legacy = who->says == WORLD_MADE_UP && world_chance(world, 60);
    return entry;
}

void world_credential(struct world *world, int person, int number, enum ule_credential_status status,
                      enum ule_credential_assurance assurance) {
    const char *holder = world->persons[person].numbers[number];
    int index = 0;
    while (index < world->credentials_count && strcmp(world->credentials[index].number, holder) != 0)
        index++;
    if (index == WORLD_CREDENTIALS)
        return;
    struct ule_credential_changed *record = &world->credentials[index];
    if (index == world->credentials_count) {
        world->credentials_count++;
        ule_record_init(&ule_credential_changed_record, record, world->arena);
        record->credential_id = ule_arena_printf(world->arena, "c%d", index);
        record->number = holder;
        record->scheme = world_chance(world, 25) ? ULE_CREDENTIAL_SCHEME_NEMID : ULE_CREDENTIAL_SCHEME_MITID;
    }
    record->status = status;
    record->assurance = assurance;
    world_emit_credential(world, index);
}

static void introduce(struct world *world) {
    for (int i = 0; i < world->persons_count; i++) {
        const struct world_person *who = &world->persons[i];
        if (who->says == WORLD_REAL && world_chance(world, 90)) {
            (void)cpr_of(world, i, WORLD_REAL);
            world_emit_cpr(world, i, WORLD_REAL);
        }
        if (world_chance(world, who->child ? 20 : 70))
            world_credential(
                world, i, who->says == WORLD_MADE_UP ? WORLD_MADE_UP : WORLD_REAL, ULE_CREDENTIAL_STATUS_ACTIVE,
                world_chance(world, 80) ? ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL : ULE_CREDENTIAL_ASSURANCE_LOW);
        int times = who->child ? 1 + world_draw(world, 2) : world_chance(world, 20);
        for (int k = 0; k < times; k++) {
            struct world_record *record = world_enrol(world, i, world_draw(world, world->institutions_count));
            if (record == NULL)
                break;
            for (int left = who->child ? world_draw(world, 4) : 0; left > 0; left--)
                (void)world_list(world, record, adult(world));
            world_emit_record(world, (int)(record - world->records));
        }
    }
}

struct world *world_new(uint64_t seed, unsigned features, int changes) {
    struct world *world = calloc(1, sizeof *world);
    if (world == NULL)
        abort();
    world->seed = world->random = seed;
    world->features = features;
    world->shown = getenv("ULE_SHOW") != NULL;
    world->arena = ule_arena_new();
    ule_policy_default(&world->policy);
    world->policy.secret = secret;
    world->policy.secret_size = sizeof secret;
    world->policy.minimise_after_days = 0;
    world->policy.custody_presume_parents = world_chance(world, 15);
    world->policy.custody_institution_accept = world_chance(world, 85);
    world->policy.custody_asserted_consents = world_chance(world, 10);
    world->day = ule_date_from_ymd(2023, 10, 25) + world_draw(world, 200);
    world_next_day(world, 0);
    world->children = 1 + world_draw(world, 3);
    world->persons_count = world->children + 2 + world_draw(world, 4);
    world->institutions_count = 1 + world_draw(world, WORLD_INSTITUTIONS);
    for (int i = 0; i < world->institutions_count; i++) {
        (void)snprintf(world->institutions[i], 7, "10100%d", i);
        world->kinds[i] = world_chance(world, 70)   ? ULE_INSTITUTION_KIND_PUBLIC
                          : world_chance(world, 50) ? ULE_INSTITUTION_KIND_PRIVATE
                                                    : ULE_INSTITUTION_KIND_FOREIGN;
    }
    for (int i = 0; i < world->persons_count; i++)
        make_person(world, i, i < world->children);
    introduce(world);
    while (changes-- > 0)
        world_change(world);
    if (world->shown)
        world_print(world);
    return world;
}

void world_free(struct world *world) {
    ule_arena_free(world->arena);
    free(world->events);
    free(world);
}

static void change_cpr(struct world *world, int person) {
    struct world_person *who = &world->persons[person];
    int number = who->cpr[WORLD_SECOND].number != NULL && world_chance(world, 60) ? WORLD_SECOND : WORLD_REAL;
    if (who->cpr[number].number == NULL && world_chance(world, 50))
        return;
    struct ule_person_changed *record = cpr_of(world, person, number);
    switch (world_draw(world, 9)) {
    case 0: record->status = ULE_CPR_STATUS_DEAD; break;
    case 1: record->status = ULE_CPR_STATUS_EMIGRATED; break;
    case 2: record->status = ULE_CPR_STATUS_DISAPPEARED; break;
    case 3:
        record->marital_status = world_chance(world, 50) ? ULE_MARITAL_STATUS_MARRIED : ULE_MARITAL_STATUS_UNMARRIED;
        break;
    case 4: draw_protection(world, record); break;
    case 5:
        if ((world->features & WORLD_VOID) && world_chance(world, 50)) {
            record->status = world_chance(world, 50) ? ULE_CPR_STATUS_ANNULLED : ULE_CPR_STATUS_SUBSCRIPTION_ENDED;
            break;
        } /* fall through */
    case 6:
        if (who->child)
            draw_parents(world, record);
        record->status = ULE_CPR_STATUS_RESIDENT;
        break;
    default:
        if (who->child)
            draw_custody(world, record);
        record->status = ULE_CPR_STATUS_RESIDENT;
        break;
    }
    world_emit_cpr(world, person, number);
}

static void new_record(struct world *world) {
    int person = world_draw(world, world->persons_count);
    struct world_record *record = world_enrol(world, person, world_draw(world, world->institutions_count));
    if (record == NULL)
        return;
    if (world->persons[person].child)
        (void)world_list(world, record, adult(world));
    world_emit_record(world, (int)(record - world->records));
}

static void change_record(struct world *world) {
    int index = world_draw(world, world->records_count);
    struct world_record *record = &world->records[index];
    struct ule_institution_person_changed *value = &record->value;
    size_t entries = value->contacts.count;
    size_t at = entries ? (size_t)world_draw(world, (int)entries) : 0;
    bool has_contacts = world->persons[record->person].child;
    switch (world_draw(world, 8)) {
    case 0:
        if (world->features & WORLD_LEAVING)
            value->active = !value->active;
        break;
    case 1: value->protected = !value->protected; break;
    case 2: value->level = value->role == ULE_ROLE_STUDENT ? (world_chance(world, 50) ? "8" : "7") : NULL; break;
    case 3:
        if (entries) {
            value->contacts.items[at] = value->contacts.items[--value->contacts.count];
            record->contacts[at] = record->contacts[value->contacts.count];
        }
        break;
    case 4:
        if (entries)
            value->contacts.items[at].child_custody = !value->contacts.items[at].child_custody;
        break;
    case 5:
        if (entries)
            value->contacts.items[at].access = (enum ule_access_level)(world_draw(world, 4) - 1);
        break;
    default:
        if (has_contacts)
            (void)world_list(world, record, adult(world));
        break;
    }
    world_emit_record(world, index);
}

static void change_credential(struct world *world, int person) {
    const struct world_person *who = &world->persons[person];
    int number = who->says == WORLD_ALIEN || world_chance(world, 30) ? WORLD_REAL : who->says;
    world_credential(world, person, number,
                     world_chance(world, 50) ? ULE_CREDENTIAL_STATUS_ACTIVE
                                             : (enum ule_credential_status)world_draw(world, 6),
                     (enum ule_credential_assurance)world_draw(world, 3));
}

static void change_request(struct world *world, int person) {
    const char *number = world_number(world, person);
    const char *institution = world->institutions[world_draw(world, world->institutions_count)];
    if (number == NULL)
        return;
    int kind = world_draw(world, 4);
    if (kind < 2)
        world_emit_request(world, ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, institution, number, NULL);
    else if (kind == 2)
        world_emit_request(world, ULE_REQUEST_KIND_SUPPORT_LOGIN_WITHDRAWN, institution, number, NULL);
    else
        world_emit_request(world, ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL, institution, number, number);
}

static void change_permit(struct world *world, int person) {
    int index = world_draw(world, WORLD_PERMITS);
    struct world_person *who = &world->persons[person];
    if (index >= world->permits_count) {
        index = world->permits_count++;
        ule_record_init(&ule_residence_permit_changed_record, &world->permits[index], world->arena);
        world->permits[index].permit_id = ule_arena_printf(world->arena, "t%d", index);
        world->permits[index].alien_number = who->alien;
        world->permits[index].ground = (enum ule_permit_ground)world_draw(world, 17);
    } else {
        for (int i = 0; i < world->persons_count; i++)
            if (strcmp(world->persons[i].alien, world->permits[index].alien_number) == 0)
                who = &world->persons[i];
        world->permits[index].ground = (enum ule_permit_ground)world_draw(world, 17);
        if (who->says == WORLD_ALIEN && world_chance(world, 40))
            world->permits[index].number = who->numbers[WORLD_REAL];
    }
    struct ule_residence_permit_changed *permit = &world->permits[index];
    permit->status = (enum ule_permit_status)world_draw(world, 3);
    permit->valid_from = world_chance(world, 50) ? world->day - 2 + world_draw(world, 5) : ULE_DATE_NONE;
    permit->valid_until = world_chance(world, 30) ? world->day + 3 + world_draw(world, 9) : ULE_DATE_NONE;
    permit->entitled_to_number = world_chance(world, 30);
    world_emit_permit(world, index);
}

/* What was sent before comes once more: the same, or older than what is held. */
static void repeat(struct world *world) {
    const struct world_event event = world->events[world_draw(world, (int)world->events_count)];
    emit(world, event.source, event.key, event.record);
}

void world_change(struct world *world) {
    static const int gaps[] = {1, 1, 1, 2, 7, 31, 61};
    if ((world->features & WORLD_DAYS) && world_chance(world, 15))
        world_next_day(world, gaps[world_draw(world, sizeof gaps / sizeof *gaps)]);
    int person = world_draw(world, world->persons_count);
    int what = world_draw(world, 100);
    if (what < 30 && (world->features & WORLD_SWAPS))
        world_swap(world);
    else if (what < 50)
        change_cpr(world, person);
    else if (what < 65 && world->records_count > 0)
        change_record(world);
    else if (what < 69)
        new_record(world);
    else if (what < 79)
        change_credential(world, person);
    else if (what < 86)
        change_request(world, person);
    else if (what < 92)
        change_permit(world, person);
    else if ((world->features & WORLD_STALE) && what < 95)
        repeat(world);
    else
        change_cpr(world, world_draw(world, world->children));
}
