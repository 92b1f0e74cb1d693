/* SPDX-License-Identifier: MIT */
/* Who may see what, asked of every output after every source record. */
#include "property/safety.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>

static bool safety(uint64_t seed) {
    struct world *world = world_new(seed, seed % 3 ? WORLD_ALL : WORLD_DAYS | WORLD_VOID, 4 + (int)(seed % 12));
    struct run *run = run_new(world, 1);
    struct safety_facts facts = {.world = world};
    bool good = true;
    if (seed % 2)
        ule_engine_shuffle(run->engine, seed);
    for (size_t i = 0; i < world->events_count && good; i++) {
        size_t refused = run->refused;
        run_feed(run, &world->events[i]);
        facts.today = ule_engine_today(run->engine);
        if (run->refused == refused)
            safety_learn(&facts, &world->events[i]);
        good = safety_is_sound(&facts, run, i);
        if (good && run->wrong != NULL)
            printf("%s\n", run->wrong);
        good = good && run->wrong == NULL && safety_handshakes_are_over(run);
        if (!good)
            printf("after event %zu of the world\n", i);
    }
    run_free(run);
    world_free(world);
    return good;
}

START_TEST(nobody_sees_more_than_the_newest_facts_allow_after_any_record) {
    int failed = cases_run("safety", safety);
    printf("note: %zu times sensitive access, %zu times a protected name\n", safety_sensitive, safety_protected);
    ck_assert_int_eq(failed, 0);
}

int main(void) {
    Suite *suite = suite_create("property safety");
    TCase *tcase = tcase_create("safety");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, nobody_sees_more_than_the_newest_facts_allow_after_any_record);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
