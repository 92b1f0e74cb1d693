/* SPDX-License-Identifier: MIT */
/* What ends when tells go on without end: the number that they have reached after ULE_HOPS_RING completes no swap to it
 * until it hears news, and at ULE_HOPS_MAX nothing is said at all before the next day. */
#include "core/derive.h"

#include "core/state.h"
#include "lib/suite.h"

#include <check.h>

#define F   "0202154021"
#define R   "0202154013"
#define AT  INT64_C(1704704400000)
#define DAY 19732 /* 2024-01-10 */

static int64_t version = 1; /* ever newer */

static struct ule_inbox_message *message(const char *sender, int32_t hops) {
    struct ule_inbox_message *made = blank(&ule_inbox_message_record);
    made->entity = R;
    made->sender = sender;
    made->version = version++;
    made->at = AT;
    made->hops = hops;
    made->caused_by.topic = "cpr.person-changed.v1";
    made->caused_by.event_id = "e1";
    return made;
}

static struct ule_effects step(const struct ule_inbox_message *made) {
    struct ule_effects effects;
    ule_step(R, &state, made, DAY, &policy, arena, &effects);
    return effects;
}

/* CPR says that F has become R, which it knows. */
static struct ule_effects step_of_cpr(const char *event_id) {
    struct ule_inbox_message *made = message("", 0);
    made->person = blank(&ule_person_changed_record);
    made->person->event_id = made->caused_by.event_id = event_id;
    made->person->changed_at = AT + version;
    made->person->number = R;
    made->person->status = ULE_CPR_STATUS_RESIDENT;
    return step(made);
}

static struct ule_effects step_of_loan(int32_t hops, bool student) {
    struct ule_tell *tell = blank(&ule_tell_record);
    tell->pair = blank(&ule_pair_tell_record);
    tell->pair->student = student;
    tell->pair->loan = blank(&ule_loan_record);
    tell->pair->loan->cpr = true;
    tell->pair->loan->person_key = "k";
    const char **path = ule_arena_array(arena, 1, sizeof *path);
    *path = F;
    tell->pair->loan->path = (struct ule_strings){path, 1};
    struct ule_buffer bytes = {0};
    ule_record_encode(&ule_tell_record, tell, &bytes);
    struct ule_inbox_message *made = message(F, hops);
    made->tell = (struct ule_bytes){ule_arena_copy(arena, bytes.bytes, bytes.size), bytes.size};
    ule_buffer_close(&bytes);
    return step(made);
}

/* What F was answered; NULL when it was told nothing. */
static const struct ule_answer *answer(const struct ule_effects *effects) {
    for (size_t i = 0; i < effects->tells_count; i++)
        if (strcmp(effects->tells[i].entity, F) == 0 && effects->tells[i].tell.bytes != NULL)
            return ule_tell_decode(arena, &effects->tells[i].tell)->pair->answer;
    return NULL;
}

START_TEST(a_tell_lies_a_hop_further_from_its_root_than_what_caused_it) {
    (void)step_of_cpr("e1");
    struct ule_effects effects = step_of_loan(7, false);
    ck_assert_uint_gt(effects.tells_count, 0);
    for (size_t i = 0; i < effects.tells_count; i++)
        ck_assert_int_eq(effects.tells[i].hops, 8);
    ck_assert_int_eq(answer(&effects)->outcome, ULE_OUTCOME_RENUMBERED);
}

START_TEST(what_tells_reach_after_many_hops_is_in_a_ring_until_there_is_news) {
    (void)step_of_cpr("e1");
    struct ule_effects effects = step_of_loan(ULE_HOPS_RING, false);
    ck_assert_uint_eq(effects.notes[ULE_NOTE_RING], 1);
    ck_assert_int_eq(answer(&effects)->outcome, ULE_OUTCOME_CONFLICT);
    ck_assert_str_eq(answer(&effects)->reason, "CHAIN");
    /* Later tells of the same kind are no news, nor is a day that passes. */
    effects = step_of_loan(5, true);
    ck_assert_ptr_null(answer(&effects));
    struct ule_inbox_message *tick = message("", 0);
    tick->tick = DAY;
    effects = step(tick);
    ck_assert_ptr_null(answer(&effects));
    ck_assert(state.ring);
    effects = step_of_cpr("e2");
    ck_assert(!state.ring);
    ck_assert_int_eq(answer(&effects)->outcome, ULE_OUTCOME_RENUMBERED);
    /* A number that nobody lends to is in none. */
    (void)step(message(F, 2));
    effects = step(message(F, 2 * ULE_HOPS_RING));
    ck_assert_uint_eq(effects.notes[ULE_NOTE_RING], 0);
}

START_TEST(news_is_a_record_a_request_and_who_tells_of_a_swap_by_its_own) {
    (void)step_of_cpr("e1");
    (void)step_of_loan(ULE_HOPS_RING, false);
    (void)step_of_loan(2, true);
    ck_assert(state.ring);
    (void)step_of_loan(1, false);
    ck_assert(!state.ring);
    (void)step_of_loan(2 * ULE_HOPS_RING, true);
    ck_assert(state.ring);
    struct ule_inbox_message *asked = message("", 0);
    asked->request = blank(&ule_institution_request_record);
    asked->request->event_id = "e3";
    asked->request->institution_number = "101001";
    asked->request->number = R;
    asked->request->kind = ULE_REQUEST_KIND_REREGISTRATION_REJECTED;
    (void)step(asked);
    ck_assert(!state.ring);
}

START_TEST(nothing_is_said_at_the_last_hop_but_on_the_next_day) {
    (void)step_of_cpr("e1");
    struct ule_effects effects = step_of_loan(ULE_HOPS_MAX, false);
    ck_assert_uint_eq(effects.notes[ULE_NOTE_CUT_SHORT], 1);
    ck_assert_uint_eq(effects.tells_count, 0);
    ck_assert_uint_eq(effects.outputs_count, 0);
    ck_assert_int_eq(state.due, DAY + 1);
    ck_assert_uint_eq(state.heard.count, 1); /* it is held, and looked at then */
    struct ule_inbox_message *tick = message("", 0);
    tick->tick = DAY + 1;
    struct ule_effects later;
    ule_step(R, &state, tick, DAY + 1, &policy, arena, &later);
    ck_assert_int_eq(answer(&later)->outcome, ULE_OUTCOME_RENUMBERED);
}

int main(void) {
    Suite *suite = suite_create("ring");
    TCase *tcase = tcase_create("core");
    tcase_add_checked_fixture(tcase, open_state, close_state);
    tcase_add_test(tcase, a_tell_lies_a_hop_further_from_its_root_than_what_caused_it);
    tcase_add_test(tcase, what_tells_reach_after_many_hops_is_in_a_ring_until_there_is_news);
    tcase_add_test(tcase, news_is_a_record_a_request_and_who_tells_of_a_swap_by_its_own);
    tcase_add_test(tcase, nothing_is_said_at_the_last_hop_but_on_the_next_day);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
