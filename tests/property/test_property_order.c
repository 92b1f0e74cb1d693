/* SPDX-License-Identifier: MIT */
/* The end depends on the facts: not on the order in which they came, on how many processes share them, or on where one
 * stopped and another went on (design.md sections 2, 5 and 8). */
#include "property/run.h"

#include "loop/queue.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t shown, left_out, outcomes[6];

/* Persons whose end rests on which fact came first (design.md section 2, What converges). */
struct excepted {
    const struct world *world;
    bool persons[WORLD_PERSONS];
};

static int changes_of(uint64_t seed) {
    return 4 + (int)(seed * UINT64_C(0x9e3779b97f4a7c15) >> 60);
}

/* The same record: the newest version replaces the others (design.md section 4). */
static bool same_record(const struct world_event *a, const struct world_event *b) {
    if (a->source != b->source || strcmp(a->key, b->key) != 0)
        return false;
    if (a->source != WORLD_REQUEST)
        return true;
    const struct ule_institution_request *one = a->record, *other = b->record;
    bool enrols = one->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL;
    if (enrols != (other->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL))
        return false;
    return enrols || strcmp(one->institution_number, other->institution_number) == 0;
}

static bool differ(const struct run *a, const struct run *b, const char *what) {
    if (a->wrong != NULL)
        return true;
    if (a->digest == b->digest && a->outputs == b->outputs)
        return false;
    size_t first = 0;
    while (first < a->outputs && first < b->outputs && a->lines[first].digest == b->lines[first].digest)
        first++;
    printf("%s: %zu and %zu outputs, the first that differs is number %zu, of %s\n", what, a->outputs, b->outputs,
           first, first < a->outputs ? ule_topic_names[a->lines[first].topic] : "none");
    return true;
}

static bool compare(const struct run *a, const struct run *b, bool (*skip)(const void *context, const char *line),
                    const void *context) {
    struct picture *one = picture_of(a), *other = picture_of(b);
    size_t skipped = 0, differences = picture_differences(one, other, skip, context, &skipped);
    shown += one->count;
    left_out += skipped;
    picture_free(one);
    picture_free(other);
    return differences == 0;
}

/* What every source record begins with. */
struct stamp {
    const char *event_id;
    int64_t changed_at, sequence;
};

static int compare_stamps(const struct world_event *a, const struct world_event *b) {
    const struct stamp *one = a->record, *other = b->record;
    if (one->changed_at != other->changed_at)
        return one->changed_at < other->changed_at ? -1 : 1;
    return one->sequence < other->sequence ? -1 : one->sequence > other->sequence;
}

static bool is_newest(const struct world *world, size_t index) {
    const struct world_event *event = &world->events[index];
    for (size_t i = 0; i < world->events_count; i++) {
        const struct world_event *other = &world->events[i];
        if (i == index || !same_record(event, other))
            continue;
        int order = compare_stamps(event, other);
        if (order < 0 || (order == 0 && i < index))
            return false;
    }
    return true;
}

static bool mentions(const struct world *world, int person, const char *line) {
    for (int i = 0; i < WORLD_NUMBERS; i++)
        if (strstr(line, world_mask(world->arena, world->persons[person].numbers[i])) != NULL)
            return true;
    return strstr(line, world->persons[person].alien) != NULL;
}

static bool is_excepted(const void *context, const char *line) {
    const struct excepted *excepted = context;
    for (int i = 0; i < excepted->world->persons_count; i++)
        if (excepted->persons[i] && mentions(excepted->world, i, line))
            return true;
    return false;
}

static int owner(const struct world *world, const char *number) {
    for (int i = 0; i < world->persons_count && number != NULL; i++)
        for (int k = 0; k < WORLD_NUMBERS; k++)
            if (strcmp(world->persons[i].numbers[k], number) == 0)
                return i;
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
        const char *numbers[2 + 2 + WORLD_CONTACTS + 1];
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
            for (size_t k = 0; k < record->contacts.count; k++)
                numbers[count++] = record->contacts.items[k].number;
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

static struct excepted excepted_of(const struct world *world) {
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

/* An account kept under A1 after its reason went: of a contact on a number that gives it none. */
static void except_kept(struct excepted *excepted, const struct run *run) {
    for (size_t i = 0; i < run->standing_count; i++) {
        const struct ule_account_changed *value = run->standing[i].value;
        if (run->standing[i].topic == ULE_TOPIC_PROVISIONING && value != NULL &&
            value->number_type != ULE_NUMBER_TYPE_CPR_VERIFIED && value->groups.count == 1 &&
            value->groups.items[0] == ULE_ACCOUNT_GROUP_CONTACT)
            except_number(excepted, value->number);
    }
    except_neighbours(excepted);
}

/* Worlds whose past leaves no trace by intention: no swaps, no leavings, no statuses that keep older facts. */
static bool scratch(uint64_t seed) {
    struct world *world = world_new(seed, WORLD_STALE | WORLD_DAYS, changes_of(seed));
    struct run *history = run_new(world, 1), *anew = run_new(world, 1);
    run_feed_all(history, world->events_count);
    run_tick(history, world->day);
    run_tick(anew, world->day);
    for (size_t i = 0; i < world->events_count; i++)
        if (is_newest(world, i))
            run_feed(anew, &world->events[i]);
    struct excepted excepted = {.world = world};
    except_kept(&excepted, history);
    except_kept(&excepted, anew);
    bool same = compare(history, anew, is_excepted, &excepted);
    run_free(history);
    run_free(anew);
    world_free(world);
    return same;
}

static bool same_key(const struct world_event *a, const struct world_event *b) {
    return a->source == b->source && strcmp(a->key, b->key) == 0;
}

/* The events of one day in an order drawn at random, each key's in its own. */
static void feed_shuffled(struct run *run, const struct world *world, uint64_t seed) {
    const struct world_event **left = calloc(world->events_count, sizeof *left);
    if (left == NULL)
        abort();
    for (size_t begin = 0, end; begin < world->events_count; begin = end) {
        size_t count = 0;
        for (end = begin; end < world->events_count && world->events[end].day == world->events[begin].day; end++)
            left[count++] = &world->events[end];
        while (count > 0) {
            size_t pick = (size_t)(ule_random_next(&seed) % count), first = 0;
            while (!same_key(left[first], left[pick]))
                first++;
            run_feed(run, left[first]);
            memmove(&left[first], &left[first + 1], (--count - first) * sizeof *left);
        }
    }
    free(left);
}

static bool shuffle(uint64_t seed) {
    struct world *world = world_new(seed, WORLD_ALL, changes_of(seed));
    struct run *one = run_new(world, 1), *other = run_new(world, 1);
    run_feed_all(one, world->events_count);
    if (seed % 4 != 0)
        ule_engine_shuffle(other->engine, seed);
    if (seed % 4 == 1)
        run_feed_all(other, world->events_count);
    else
        feed_shuffled(other, world, seed);
    struct excepted excepted = excepted_of(world);
    except_kept(&excepted, one);
    except_kept(&excepted, other);
    for (size_t i = 0; i < 6; i++)
        outcomes[i] += one->outcomes[i];
    bool same = compare(one, other, is_excepted, &excepted) && one->wrong == NULL && other->wrong == NULL;
    run_free(one);
    run_free(other);
    world_free(world);
    return same;
}

static bool partitions(uint64_t seed) {
    struct world *world = world_new(seed, WORLD_ALL, changes_of(seed));
    struct run *one = run_new(world, 1), *two = run_new(world, 2), *seven = run_new(world, 7);
    run_feed_all(one, world->events_count);
    run_feed_all(two, world->events_count);
    run_feed_all(seven, world->events_count);
    bool same = !differ(one, two, "two partitions") && !differ(one, seven, "seven partitions");
    run_free(one);
    run_free(two);
    run_free(seven);
    world_free(world);
    return same;
}

static bool restart(uint64_t seed) {
    struct world *world = world_new(seed, WORLD_ALL, changes_of(seed));
    struct run *through = run_new(world, 2), *stopping = run_new(world, 2);
    uint64_t random = seed;
    for (size_t i = 0; i < world->events_count; i++) {
        run_feed(through, &world->events[i]);
        run_feed(stopping, &world->events[i]);
        if (ule_random_next(&random) % 2)
            run_restart(stopping);
    }
    bool same = !differ(through, stopping, "stopped and gone on");
    run_free(through);
    run_free(stopping);
    world_free(world);
    return same;
}

START_TEST(the_newest_versions_alone_give_the_same_picture_as_the_whole_history) {
    ck_assert_int_eq(cases_run("derived from scratch", scratch), 0);
}

START_TEST(any_order_within_a_day_ends_in_the_same_picture) {
    shown = left_out = 0;
    int failed = cases_run("shuffled", shuffle);
    printf("note: %zu lines compared, %zu left out; ", shown, left_out);
    for (int i = 0; i < 6; i++)
        printf("%s %zu%s", ule_outcome_enum.symbols[i], outcomes[i], i < 5 ? ", " : "\n");
    ck_assert_int_eq(failed, 0);
}

START_TEST(any_number_of_partitions_gives_the_same_bytes) {
    ck_assert_int_eq(cases_run("partitions", partitions), 0);
}

START_TEST(stopping_anywhere_and_going_on_gives_the_same_bytes) {
    ck_assert_int_eq(cases_run("stop and go on", restart), 0);
}

int main(void) {
    Suite *suite = suite_create("property order");
    TCase *tcase = tcase_create("order");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, the_newest_versions_alone_give_the_same_picture_as_the_whole_history);
    tcase_add_test(tcase, any_order_within_a_day_ends_in_the_same_picture);
    tcase_add_test(tcase, any_number_of_partitions_gives_the_same_bytes);
    tcase_add_test(tcase, stopping_anywhere_and_going_on_gives_the_same_bytes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}
