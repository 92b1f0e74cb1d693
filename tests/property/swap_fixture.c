/* SPDX-License-Identifier: MIT */
/* Numbers that change (domain.md section 6): told by a record, a contact entry, a permit, a request or CPR; chains,
 * two real numbers for one made-up one, typing errors, and all of it undone. */
#include "property/world.h"

#include <stdio.h>
#include <string.h>

static int of_number(const struct world *world, const char *number, int *which) {
    for (int i = 0; i < world->persons_count; i++)
        for (int k = 0; k < WORLD_NUMBERS; k++)
            if (number != NULL && strcmp(world->persons[i].numbers[k], number) == 0) {
                *which = k;
                return i;
            }
    return -1;
}

/* A record names another number from now on; `said` in so many words, else by and by. */
static bool renumber_record(struct world *world, int person, const char *to, bool said) {
    for (int tries = 0; tries < 4; tries++) {
        if (world->records_count == 0)
            return false;
        int index = world_draw(world, world->records_count);
        struct ule_institution_person_changed *value = &world->records[index].value;
        if (world->records[index].person != person || value->number == NULL || strcmp(value->number, to) == 0)
            continue;
        value->replaces_number = said ? value->number : NULL;
        value->number = to;
        world_emit_record(world, index);
        return true;
    }
    return false;
}

static bool renumber_contact(struct world *world, int person, const char *to) {
    for (int i = 0; i < world->records_count; i++) {
        struct ule_institution_person_changed *value = &world->records[i].value;
        for (size_t k = 0; k < value->contacts.count; k++) {
            struct ule_contact *entry = &value->contacts.items[k];
            if (world->records[i].contacts[k] != person || entry->number == NULL || strcmp(entry->number, to) == 0)
                continue;
            entry->replaces_number = entry->number;
            entry->number = to;
            world_emit_record(world, i);
            return true;
        }
    }
    return false;
}

static void permit_swap(struct world *world, const char *from, const char *to) {
    if (world->permits_count == WORLD_PERMITS)
        return;
    struct ule_residence_permit_changed *permit = &world->permits[world->permits_count];
    ule_record_init(&ule_residence_permit_changed_record, permit, world->arena);
    permit->permit_id = ule_arena_printf(world->arena, "t%d", world->permits_count);
    int which = 0, person = of_number(world, to, &which);
    permit->alien_number = person < 0 ? NULL : world->persons[person].alien;
    permit->number = to;
    permit->replaces_number = from;
    permit->ground = ULE_PERMIT_GROUND_WORK;
    permit->status = ULE_PERMIT_STATUS_GRANTED;
    world_emit_permit(world, world->permits_count++);
}

/* CPR gives a person another number: by the old number's record, by the new one's, or by both. */
static void cpr_swap(struct world *world, int person) {
    struct world_person *who = &world->persons[person];
    if (who->cpr[WORLD_REAL].number == NULL)
        world_cpr_counts(world, person, WORLD_REAL);
    int how = world_draw(world, 3);
    bool first = world_chance(world, 50);
    if (first || how == 0)
        world_cpr_counts(world, person, WORLD_SECOND);
    if (how > 0) {
        struct ule_person_changed *old = &who->cpr[WORLD_REAL];
        old->status = world_chance(world, 70) ? ULE_CPR_STATUS_NUMBER_CHANGED : ULE_CPR_STATUS_DELETED_DUPLICATE;
        old->current_number = who->numbers[WORLD_SECOND];
        world_emit_cpr(world, person, WORLD_REAL);
    }
    if (how != 1) {
        struct ule_person_changed *now = &who->cpr[WORLD_SECOND];
        if (now->number == NULL)
            world_cpr_counts(world, person, WORLD_SECOND);
        now->former_numbers.items = ule_arena_array(world->arena, 1, sizeof *now->former_numbers.items);
        now->former_numbers.items[0] = who->numbers[WORLD_REAL];
        now->former_numbers.count = 1;
        world_emit_cpr(world, person, WORLD_SECOND);
    }
    if (world_chance(world, 70))
        who->says = WORLD_SECOND;
}

static void cpr_undo(struct world *world, int person) {
    struct world_person *who = &world->persons[person];
    if (who->cpr[WORLD_SECOND].number == NULL)
        return;
    who->cpr[WORLD_SECOND].former_numbers.count = 0;
    who->cpr[WORLD_SECOND].status = ULE_CPR_STATUS_ANNULLED;
    if (world_chance(world, 50)) {
        world_emit_cpr(world, person, WORLD_SECOND);
        world_cpr_counts(world, person, WORLD_REAL);
    } else {
        world_cpr_counts(world, person, WORLD_REAL);
        world_emit_cpr(world, person, WORLD_SECOND);
    }
    who->says = WORLD_REAL;
}

static void decide(struct world *world, int person) {
    const struct world_person *who = &world->persons[person];
    const char *institution = world->institutions[world_draw(world, world->institutions_count)];
    const char *from = world_chance(world, 70) ? who->numbers[WORLD_MADE_UP] : NULL;
    world_emit_request(world,
                       world_chance(world, 60) ? ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED
                                               : ULE_REQUEST_KIND_REREGISTRATION_REJECTED,
                       institution, who->numbers[WORLD_REAL], from);
}

void world_swap(struct world *world) {
    int person = world_draw(world, world->persons_count);
    for (int tries = 0; tries < 2 && world->persons[person].says != WORLD_MADE_UP; tries++)
        person = world_draw(world, world->persons_count);
    struct world_person *who = &world->persons[person];
    const char *from = who->numbers[WORLD_MADE_UP], *to = who->numbers[WORLD_REAL];
    int kind = world_draw(world, 100);
    bool told = false;
    if (world_chance(world, 15)) /* known to CPR, and perhaps with a credential, before the swap is told */
        world_cpr_counts(world, person, WORLD_REAL);
    if (world_chance(world, 15))
        world_credential(world, person, world_draw(world, 2), ULE_CREDENTIAL_STATUS_ACTIVE,
                         ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL);
    if (kind < 20)
        told = renumber_record(world, person, to, true);
    else if (kind < 35)
        told = renumber_record(world, person, to, false);
    else if (kind < 48)
        told = renumber_contact(world, person, to);
    else if (kind < 56)
        permit_swap(world, from, to);
    else if (kind < 68)
        cpr_swap(world, person);
    else if (kind < 74)
        cpr_undo(world, person);
    else if (kind < 82)
        decide(world, person);
    else if (kind < 88) /* back again */
        told = renumber_record(world, person, from, world_chance(world, 50));
    else if (kind < 91)
        told = renumber_contact(world, person, from);
    else if (kind < 94) /* on to the second real number, or an institution that knows better than CPR */
        told = renumber_record(world, person, who->numbers[WORLD_SECOND], world_chance(world, 50));
    else /* a slip of the keyboard, or two real numbers for one made-up one */
        (void)renumber_record(world, person,
                              world->persons[world_draw(world, world->persons_count)].numbers[WORLD_REAL],
                              world_chance(world, 50));
    if (told && world_chance(world, 60))
        who->says = WORLD_REAL;
    if (told && world_chance(world, 60) && who->cpr[WORLD_REAL].number == NULL)
        world_cpr_counts(world, person, WORLD_REAL);
}

const char *world_mask(struct ule_arena *arena, const char *number) {
    if (number == NULL)
        return "-";
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *number; number++)
        hash = (hash ^ (uint8_t)*number) * UINT64_C(0x100000001b3);
    return ule_arena_printf(arena, "p-%08x", (unsigned)(hash ^ hash >> 32));
}

static const char *symbol(const struct ule_enum *symbols, int value) {
    return value < 0 ? "-" : symbols->symbols[value];
}

static void print_cpr(struct ule_arena *arena, const struct ule_person_changed *record) {
    printf("%s current %s mother %s father %s %s", symbol(&ule_cpr_status_enum, (int)record->status),
           world_mask(arena, record->current_number), world_mask(arena, record->mother ? record->mother->number : NULL),
           world_mask(arena, record->father ? record->father->number : NULL),
           symbol(&ule_marital_status_enum, (int)record->marital_status));
    for (size_t i = 0; i < record->former_numbers.count; i++)
        printf(" former %s", world_mask(arena, record->former_numbers.items[i]));
    for (size_t i = 0; i < record->custody.count; i++)
        printf(" %s %s %d..%d", symbol(&ule_custody_holder_enum, (int)record->custody.items[i].holder),
               world_mask(arena, record->custody.items[i].number), record->custody.items[i].from,
               record->custody.items[i].until);
    if (record->protection)
        printf(" protected %d..%d", record->protection->from, record->protection->until);
}

static void print_local(struct ule_arena *arena, const struct ule_institution_person_changed *record) {
    printf("%s replaces %s %s %s%s%s%s%s", world_mask(arena, record->number),
           world_mask(arena, record->replaces_number), symbol(&ule_role_enum, (int)record->role),
           record->level ? record->level : "", record->active ? "" : " left", record->alien_number ? " alien " : "",
           record->alien_number ? record->alien_number : "", record->protected ? " protected" : "");
    for (size_t i = 0; i < record->contacts.count; i++) {
        const struct ule_contact *entry = &record->contacts.items[i];
        printf(" [%s replaces %s %s%s%s%s %s]", world_mask(arena, entry->number),
               world_mask(arena, entry->replaces_number), entry->alien_number ? entry->alien_number : "",
               symbol(&ule_contact_relationship_enum, (int)entry->relation), entry->child_custody ? " custody" : "",
               entry->legacy ? " legacy" : "", symbol(&ule_access_level_enum, (int)entry->access));
    }
}

void world_print(const struct world *world) {
    struct ule_arena *arena = world->arena;
    for (int i = 0; i < world->persons_count; i++)
        printf("person %d%s: %s %s %s %s born %d\n", i, world->persons[i].child ? " (child)" : "",
               world_mask(arena, world->persons[i].numbers[0]), world_mask(arena, world->persons[i].numbers[1]),
               world_mask(arena, world->persons[i].numbers[2]), world->persons[i].alien, world->persons[i].birth);
    for (size_t i = 0; i < world->events_count; i++) {
        const struct world_event *event = &world->events[i];
        bool person_key = event->source == WORLD_CPR || event->source == WORLD_REQUEST;
        printf("%3zu day %d %s %s: ", i, event->day, ule_sources[event->source].topic,
               person_key ? world_mask(arena, event->key) : event->key);
        switch (event->source) {
        case WORLD_CPR: print_cpr(arena, event->record); break;
        case WORLD_LOCAL: print_local(arena, event->record); break;
        case WORLD_PERMIT: {
            const struct ule_residence_permit_changed *record = event->record;
            printf("%s %s %s %s replaces %s %d..%d", record->alien_number ? record->alien_number : "-",
                   world_mask(arena, record->number), symbol(&ule_permit_ground_enum, (int)record->ground),
                   symbol(&ule_permit_status_enum, (int)record->status), world_mask(arena, record->replaces_number),
                   record->valid_from, record->valid_until);
            break;
        }
        case WORLD_CREDENTIAL: {
            const struct ule_credential_changed *record = event->record;
            printf("%s %s %s %s", world_mask(arena, record->number),
                   symbol(&ule_credential_scheme_enum, (int)record->scheme),
                   symbol(&ule_credential_status_enum, (int)record->status),
                   symbol(&ule_credential_assurance_enum, (int)record->assurance));
            break;
        }
        case WORLD_REQUEST: {
            const struct ule_institution_request *record = event->record;
            printf("%s %s from %s child %s", record->institution_number,
                   symbol(&ule_request_kind_enum, (int)record->kind), world_mask(arena, record->from_number),
                   world_mask(arena, record->child_number));
            break;
        }
        }
        printf("\n");
    }
}
