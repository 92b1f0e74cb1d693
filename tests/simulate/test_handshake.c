/* SPDX-License-Identifier: MIT */
/* Numbers lend, facts never move (design.md section 2): two swaps, an undoing and a death, in every order in which the
 * tells can arrive; some millions of them.
 * builds: asan */
#include "lib/suite.h"
#include "property/run.h"
#include "simulate/explore.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* One person's: two that somebody made up and two real ones. */
static const char made_up[] = "6706104101", second_made_up[] = "6706104102", real[] = "0706104201",
                  second_real[] = "0706104301";

/* Another of that day, which CPR does not know: it may have a credential. */
static const char same_day[] = "0706104401";

/* Somebody made it up, for another birth date. */
static const char another_day[] = "6806104101";

static const uint8_t secret[16] = "not so secret!!";

struct scenario {
    struct ule_arena *arena;
    struct ule_policy policy;
    struct explore *explore;
    int32_t day;
    int events;
    bool begun;
};

static struct scenario scenario_new(void) {
    struct scenario scenario = {.arena = ule_arena_new(), .day = ule_date_from_ymd(2024, 2, 1)};
    return scenario;
}

static void scenario_start(struct scenario *scenario) {
    ule_policy_default(&scenario->policy);
    scenario->policy.secret = secret;
    scenario->policy.secret_size = sizeof secret;
    scenario->policy.minimise_after_days = 0;
    scenario->explore = explore_new(&scenario->policy, scenario->day);
}

/* Stream 0 is what was there before. */
static void send(struct scenario *scenario, int stream, enum world_source source, const char *key, void *record) {
    struct ule_inbox_message message;
    struct world_event event = {source, key,
                                ule_time_of_date(scenario->day) + INT64_C(3600000) * (1 + scenario->events),
                                scenario->day, record};
    if (!run_translate(&event, (size_t)scenario->events, scenario->arena, &message))
        ck_abort_msg("a scenario is refused");
    if (stream == 0)
        explore_begin(scenario->explore, &message);
    else
        explore_add(scenario->explore, stream - 1, &message);
}

static void record(struct scenario *scenario, int stream, const char *institution, const char *number,
                   const char *replaces) {
    struct ule_institution_person_changed value;
    ule_record_init(&ule_institution_person_changed_record, &value, scenario->arena);
    value.event_id = ule_arena_printf(scenario->arena, "e%d", ++scenario->events);
    value.changed_at = ule_time_of_date(scenario->day) + INT64_C(60000) * scenario->events;
    value.sequence = scenario->events;
    value.institution_number = institution;
    value.local_person_id = "p";
    value.number = number;
    value.replaces_number = replaces;
    value.active = true;
    value.role = ULE_ROLE_EXTERNAL;
    value.source_system = "test";
    send(scenario, stream, WORLD_LOCAL, ule_arena_printf(scenario->arena, "%s/p", institution), &value);
}

static void cpr(struct scenario *scenario, int stream, const char *number, enum ule_cpr_status status,
                const char *current) {
    struct ule_person_changed value;
    ule_record_init(&ule_person_changed_record, &value, scenario->arena);
    value.event_id = ule_arena_printf(scenario->arena, "e%d", ++scenario->events);
    value.changed_at = ule_time_of_date(scenario->day) + INT64_C(60000) * scenario->events;
    value.sequence = scenario->events;
    value.number = number;
    value.status = status;
    value.current_number = current;
    value.marital_status = ULE_MARITAL_STATUS_UNMARRIED;
    send(scenario, stream, WORLD_CPR, number, &value);
}

static void permit(struct scenario *scenario, int stream, const char *id, const char *number, const char *replaces) {
    struct ule_residence_permit_changed value;
    ule_record_init(&ule_residence_permit_changed_record, &value, scenario->arena);
    value.event_id = ule_arena_printf(scenario->arena, "e%d", ++scenario->events);
    value.changed_at = ule_time_of_date(scenario->day) + INT64_C(60000) * scenario->events;
    value.sequence = scenario->events;
    value.permit_id = id;
    value.number = number;
    value.replaces_number = replaces;
    value.ground = ULE_PERMIT_GROUND_WORK;
    value.status = ULE_PERMIT_STATUS_GRANTED;
    send(scenario, stream, WORLD_PERMIT, id, &value);
}

static void credential(struct scenario *scenario, const char *id, const char *number) {
    struct ule_credential_changed value;
    ule_record_init(&ule_credential_changed_record, &value, scenario->arena);
    value.event_id = ule_arena_printf(scenario->arena, "e%d", ++scenario->events);
    value.changed_at = ule_time_of_date(scenario->day) + INT64_C(60000) * scenario->events;
    value.sequence = scenario->events;
    value.credential_id = id;
    value.number = number;
    value.scheme = ULE_CREDENTIAL_SCHEME_MITID;
    value.status = ULE_CREDENTIAL_STATUS_ACTIVE;
    value.assurance = ULE_CREDENTIAL_ASSURANCE_HIGH;
    send(scenario, 0, WORLD_CREDENTIAL, id, &value);
}

static struct explore_result explore(struct scenario *scenario, const char *name) {
    struct explore_result result = explore_run(scenario->explore);
    printf("note: %s: %zu states, %zu transitions, %zu different steps, %zu ends, %zu pictures\n", name, result.states,
           result.transitions, result.steps, result.ends, result.pictures);
    ck_assert_msg(result.wrong == NULL, "%s: %s", name, result.wrong);
    explore_free(scenario->explore);
    ule_arena_free(scenario->arena);
    return result;
}

START_TEST(one_number_told_to_go_to_two) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", made_up, NULL);
    record(&scenario, 0, "101001", made_up, NULL);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 0, second_real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 1, "101000", real, made_up);
    record(&scenario, 2, "101001", second_real, made_up);
    record(&scenario, 1, "101000", made_up, real);
    cpr(&scenario, 3, real, ULE_CPR_STATUS_DEAD, NULL);
    explore(&scenario, "two for one");
}

START_TEST(a_chain_that_institutions_tell) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", made_up, NULL);
    record(&scenario, 0, "101001", second_made_up, NULL);
    record(&scenario, 1, "101000", second_made_up, made_up);
    record(&scenario, 2, "101001", real, second_made_up);
    record(&scenario, 2, "101001", second_made_up, real);
    cpr(&scenario, 3, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 3, real, ULE_CPR_STATUS_DEAD, NULL);
    explore(&scenario, "a chain told by institutions");
}

START_TEST(a_chain_of_which_cpr_tells_the_end_and_takes_it_back) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", made_up, NULL);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 1, "101000", real, made_up);
    cpr(&scenario, 2, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    cpr(&scenario, 2, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 3, second_real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 3, second_real, ULE_CPR_STATUS_DEAD, NULL);
    explore(&scenario, "a chain with CPR's word");
}

START_TEST(what_cpr_changes_takes_back_and_changes_again) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", real, NULL);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 0, second_real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 2, second_real, ULE_CPR_STATUS_DEAD, NULL);
    record(&scenario, 3, "101001", second_real, NULL);
    explore(&scenario, "CPR's word back and forth");
}

/* A swap that is looked at again and again, to a number whose way on is told, taken back and told again. */
START_TEST(what_cpr_takes_back_and_changes_again_under_a_rejected_swap) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", another_day, NULL);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 0, second_real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 0, "101000", real, another_day);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    explore(&scenario, "CPR's word under a rejected swap");
}

START_TEST(a_chain_of_three_links_that_ends_in_the_middle_and_at_its_end) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", made_up, NULL);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 0, "101000", second_made_up, made_up);
    record(&scenario, 0, "101000", real, second_made_up);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    cpr(&scenario, 1, real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 2, second_real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 3, "101000", second_made_up, real);
    explore(&scenario, "a chain of three links");
}

START_TEST(a_chain_whose_end_cpr_leads_back_to_where_it_began) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    record(&scenario, 0, "101000", second_real, NULL);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 0, "101000", made_up, second_real);
    record(&scenario, 0, "101000", real, made_up);
    cpr(&scenario, 1, second_real, ULE_CPR_STATUS_RESIDENT, NULL);
    cpr(&scenario, 2, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    cpr(&scenario, 2, real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 3, "101001", made_up, NULL);
    explore(&scenario, "a chain that CPR leads back");
}

/* Each link accepted before it was known of the others: nothing may go round in it for ever. */
START_TEST(a_ring_that_closes_at_once_and_stays) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 0, "101000", second_real, NULL);
    permit(&scenario, 0, "t1", made_up, second_real);
    permit(&scenario, 1, "t2", real, made_up);
    cpr(&scenario, 2, real, ULE_CPR_STATUS_NUMBER_CHANGED, second_real);
    record(&scenario, 3, "101001", made_up, NULL);
    explore(&scenario, "a ring that stays");
}

/* A swap that is undone and told once more before R has let go is judged by what each has when it has: two accounts,
 * both active with a credential. One that R were asked about sooner it would take, seeing no account of the other. */
START_TEST(what_is_undone_and_told_once_more_of_two_with_credentials) {
    struct scenario scenario = scenario_new();
    scenario_start(&scenario);
    cpr(&scenario, 0, real, ULE_CPR_STATUS_RESIDENT, NULL);
    record(&scenario, 0, "101000", same_day, NULL);
    record(&scenario, 0, "101001", real, NULL);
    credential(&scenario, "c1", same_day);
    record(&scenario, 0, "101000", real, same_day);
    credential(&scenario, "c2", real);
    record(&scenario, 1, "101000", same_day, real);
    record(&scenario, 1, "101000", real, same_day);
    struct explore_result result = explore(&scenario, "two credentials");
    ck_assert_uint_eq(result.pictures, 1);
}

int main(void) {
    Suite *suite = suite_create("handshake");
    TCase *tcase = tcase_create("every order");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, one_number_told_to_go_to_two);
    tcase_add_test(tcase, a_chain_that_institutions_tell);
    tcase_add_test(tcase, a_chain_of_which_cpr_tells_the_end_and_takes_it_back);
    tcase_add_test(tcase, what_cpr_changes_takes_back_and_changes_again);
    tcase_add_test(tcase, what_cpr_takes_back_and_changes_again_under_a_rejected_swap);
    tcase_add_test(tcase, a_chain_of_three_links_that_ends_in_the_middle_and_at_its_end);
    tcase_add_test(tcase, a_chain_whose_end_cpr_leads_back_to_where_it_began);
    tcase_add_test(tcase, what_is_undone_and_told_once_more_of_two_with_credentials);
    if (getenv("ULE_THOROUGH") != NULL) /* three million states more */
        tcase_add_test(tcase, a_ring_that_closes_at_once_and_stays);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
