/* SPDX-License-Identifier: MIT */
/* The end depends on the facts: not on the order in which they came, on how many processes share them, or on where one
 * stopped and another went on (design.md sections 2, 5 and 8). */
#include "property/excepted.h"

#include "lib/suite.h"
#include "loop/queue.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t shown, left_out, outcomes[6];

static int changes_of(uint64_t seed) {
    return 4 + (int)(seed * UINT64_C(0x9e3779b97f4a7c15) >> 60);
}

/* The same record: the newest version replaces the others (design.md section 4). A request is its institution's own:
 * one without standing takes the place of no other's. */
static bool same_record(const struct world_event *a, const struct world_event *b) {
    if (a->source != b->source || strcmp(a->key, b->key) != 0)
        return false;
    if (a->source != WORLD_REQUEST)
        return true;
    const struct ule_institution_request *one = a->record, *other = b->record;
    bool enrols = one->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL;
    return enrols == (other->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL) &&
           strcmp(one->institution_number, other->institution_number) == 0;
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
    excepted_add_kept(&excepted, history);
    excepted_add_kept(&excepted, anew);
    bool same = compare(history, anew, excepted_line, &excepted);
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
            while (first < pick && !same_key(left[first], left[pick]))
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
    excepted_add_kept(&excepted, one);
    excepted_add_kept(&excepted, other);
    for (size_t i = 0; i < 6; i++)
        outcomes[i] += one->outcomes[i];
    bool same = compare(one, other, excepted_line, &excepted) && one->wrong == NULL && other->wrong == NULL;
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
    return suite_run(suite);
}
