/* SPDX-License-Identifier: MIT */
#include "property/excepted.h"

#include <string.h>

static bool mentions(const struct world *world, int person, const char *line) {
    for (int i = 0; i < WORLD_NUMBERS; i++)
        if (strstr(line, world_mask(world->arena, world->persons[person].numbers[i])) != NULL)
            return true;
    return strstr(line, world->persons[person].alien) != NULL;
}

bool excepted_line(const void *context, const char *line) {
    const struct excepted *excepted = context;
    for (int i = 0; i < excepted->world->persons_count; i++)
        if (excepted->persons[i] && mentions(excepted->world, i, line))
            return true;
    return false;
}

/* Of a number, or of an alien id. */
static int owner(const struct world *world, const char *name) {
    for (int i = 0; i < world->persons_count && name != NULL; i++) {
        if (strcmp(world->persons[i].alien, name) == 0)
            return i;
        for (int k = 0; k < WORLD_NUMBERS; k++)
            if (strcmp(world->persons[i].numbers[k], name) == 0)
                return i;
    }
    return -1;
}

static void except_number(struct excepted *excepted, const char *number) {
    int person = owner(excepted->world, number);
    if (person >= 0)
        excepted->persons[person] = true;
}

/* And those about whom something follows from such a person: its children, parents, contacts. */
static void except_neighbours(struct excepted *excepted) {
    struct excepted wider = *excepted;
    for (size_t i = 0; i < excepted->world->events_count; i++) {
        const struct world_event *event = &excepted->world->events[i];
        const char *numbers[2 + 2 + 2 * WORLD_CONTACTS + 2];
        size_t count = 0;
        if (event->source == WORLD_CPR) {
            const struct ule_person_changed *record = event->record;
            numbers[count++] = record->number;
            numbers[count++] = record->mother ? record->mother->number : NULL;
            numbers[count++] = record->father ? record->father->number : NULL;
            for (size_t k = 0; k < record->custody.count; k++)
                numbers[count++] = record->custody.items[k].number;
        } else if (event->source == WORLD_LOCAL) {
            const struct ule_institution_person_changed *record = event->record;
            numbers[count++] = record->number;
            numbers[count++] = record->alien_number;
            for (size_t k = 0; k < record->contacts.count; k++) {
                numbers[count++] = record->contacts.items[k].number;
                numbers[count++] = record->contacts.items[k].alien_number;
            }
        }
        bool any = false;
        for (size_t k = 0; k < count; k++)
            any |= owner(excepted->world, numbers[k]) >= 0 && excepted->persons[owner(excepted->world, numbers[k])];
        for (size_t k = 0; any && k < count; k++)
            except_number(&wider, numbers[k]);
    }
    *excepted = wider;
}

static bool names(const struct world_event *event, const struct world *world, int person) {
    const struct ule_institution_person_changed *record = event->record;
    bool found = record->active && owner(world, record->number) == person;
    for (size_t i = 0; i < record->contacts.count && record->active; i++)
        found |= owner(world, record->contacts.items[i].number) == person;
    return found;
}

/* A request told a swap or rejected it, on a day on which its institution came to know the person or ceased to: "a swap
 * once told stays told, and a reject that has counted goes on counting", so it matters whether it counted first. */
static bool standing_changes(const struct world *world, const struct world_event *request, int person) {
    bool known = false, unknown = false;
    for (size_t i = 0; i < world->events_count; i++) {
        const struct world_event *event = &world->events[i];
        const struct ule_institution_request *asks = request->record;
        if (event->source != WORLD_LOCAL || strncmp(event->key, asks->institution_number, 6) != 0)
            continue;
        known |= names(event, world, person);
        unknown |= event->day >= request->day && !names(event, world, person);
    }
    return known && unknown;
}

struct excepted excepted_of(const struct world *world) {
    struct excepted excepted = {.world = world};
    for (size_t i = 0; i < world->events_count; i++) {
        const struct world_event *event = &world->events[i];
        if (event->source == WORLD_CPR) { /* what was minimised: a subscription that ended before there was a tie */
            if (((const struct ule_person_changed *)event->record)->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED)
                except_number(&excepted, event->key);
        } else if (event->source == WORLD_REQUEST) {
            const struct ule_institution_request *record = event->record;
            int person = owner(world, record->number);
            /* A reject may come before or after the swap that it would have held. */
            if (record->kind == ULE_REQUEST_KIND_REREGISTRATION_REJECTED ||
                (record->kind == ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED && standing_changes(world, event, person)))
                except_number(&excepted, record->number);
        }
    }
    except_neighbours(&excepted);
    return excepted;
}

void excepted_add_kept(struct excepted *excepted, const struct run *run) {
    for (size_t i = 0; i < run->standing_count; i++) {
        const struct ule_account_changed *value = run->standing[i].value;
        if (run->standing[i].topic == ULE_TOPIC_PROVISIONING && value != NULL &&
            value->number_type != ULE_NUMBER_TYPE_CPR_VERIFIED && value->groups.count == 1 &&
            value->groups.items[0] == ULE_ACCOUNT_GROUP_CONTACT)
            except_number(excepted, value->number);
    }
    except_neighbours(excepted);
}
