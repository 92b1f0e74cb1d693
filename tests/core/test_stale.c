/* SPDX-License-Identifier: MIT */
/* What an entity holds is the newest version: an older one is counted and leaves no trace, and of each that is held it
 * is known where it came from last. */
#include "core/step.h"

#include "core/state.h"
#include "lib/suite.h"

#include <check.h>

#define EARLIER INT64_C(1704704400000)
#define LATER   INT64_C(1704790800000)
#define TODAY   19732 /* 2024-01-10 */

static const char *const entities[] = {"0202154017", "credential:c1", "permit:p1", "local:101001/p1",
                                       "institution:101001"};

/* The source record of such an entity, into the message. */
static void put_record(struct ule_inbox_message *message, const char *entity, int64_t at) {
    const char *event_id = message->caused_by.event_id;
    if (strncmp(entity, "credential:", 11) == 0) {
        message->credential = blank(&ule_credential_changed_record);
        message->credential->event_id = event_id;
        message->credential->changed_at = at;
        message->credential->credential_id = "c1";
        message->credential->number = "0202154017";
    } else if (strncmp(entity, "permit:", 7) == 0) {
        message->permit = blank(&ule_residence_permit_changed_record);
        message->permit->event_id = event_id;
        message->permit->changed_at = at;
        message->permit->permit_id = "p1";
        message->permit->number = "0202154017";
    } else if (strncmp(entity, "local:", 6) == 0) {
        message->local = blank(&ule_institution_person_changed_record);
        message->local->event_id = event_id;
        message->local->changed_at = at;
        message->local->institution_number = "101001";
        message->local->local_person_id = "p1";
        message->local->number = "0202154017";
        message->local->active = true;
        message->local->role = ULE_ROLE_STUDENT;
    } else if (strncmp(entity, "institution:", 12) == 0) {
        message->request = blank(&ule_institution_request_record);
        message->request->event_id = event_id;
        message->request->changed_at = at;
        message->request->institution_number = message->request->number = "101001";
        message->request->kind = ULE_REQUEST_KIND_LEAVERS_APPROVED;
    } else {
        message->person = blank(&ule_person_changed_record);
        message->person->event_id = event_id;
        message->person->changed_at = at;
        message->person->number = entity;
        message->person->status = ULE_CPR_STATUS_RESIDENT;
    }
}

static struct ule_effects step_of_version(const char *entity, const char *event_id, int64_t at, int64_t offset,
                                          int64_t version) {
    struct ule_inbox_message *message = blank(&ule_inbox_message_record);
    message->entity = entity;
    message->sender = "";
    message->at = at;
    message->version = version;
    message->tick = ULE_DATE_NONE;
    message->caused_by = (struct ule_caused_by){.topic = "a topic", .offset = offset, .event_id = event_id};
    put_record(message, entity, at);
    struct ule_effects effects;
    ule_step(entity, &state, message, TODAY, &policy, arena, &effects);
    return effects;
}

static struct ule_effects step(const char *entity, const char *event_id, int64_t at, int64_t offset) {
    return step_of_version(entity, event_id, at, offset, 0);
}

START_TEST(an_older_record_is_counted_and_leaves_no_trace) {
    const char *entity = entities[_i];
    open_state();
    ck_assert_uint_eq(step(entity, "e2", LATER, 7).notes[ULE_NOTE_STALE], 0);
    struct ule_buffer before = {0}, after = {0};
    ule_record_encode(&ule_person_state_record, &state, &before);
    struct ule_effects effects = step(entity, "e1", EARLIER, 8);
    ck_assert_uint_eq(effects.notes[ULE_NOTE_STALE], 1);
    ck_assert_uint_eq(effects.tells_count, 0);
    ck_assert_uint_eq(effects.outputs_count, 0);
    ule_record_encode(&ule_person_state_record, &state, &after);
    ck_assert_uint_eq(after.size, before.size);
    ck_assert_mem_eq(after.bytes, before.bytes, before.size);
    ule_buffer_close(&before);
    ule_buffer_close(&after);
    close_state();
}

/* A source that gives two versions the same id. */
START_TEST(a_version_came_from_where_it_came_from_last) {
    const char *entity = entities[_i];
    open_state();
    step(entity, "e1", EARLIER, 7);
    step(entity, "e1", LATER, 8);
    ck_assert_uint_eq(state.origins.count, 1);
    ck_assert_int_eq(state.origins.items[0].offset, 8);
    ck_assert_int_eq(state.origins.items[0].at, LATER);
    close_state();
}

/* Or what is said next would come before what it follows from. */
START_TEST(the_clock_goes_on_from_what_was_heard_in_silence) {
    open_state();
    (void)step(entities[0], "e1", EARLIER, 7);
    struct ule_effects effects = step_of_version(entities[0], "e2", EARLIER + 1, 8, LATER);
    ck_assert_uint_eq(effects.tells_count, 0);
    ck_assert_uint_eq(effects.outputs_count, 0);
    ck_assert_int_gt(state.version, LATER);
    close_state();
}

START_TEST(what_is_held_no_more_has_no_origin) {
    const char *entity = entities[_i];
    open_state();
    step(entity, "e1", EARLIER, 7);
    step(entity, "e2", LATER, 8);
    ck_assert_uint_eq(state.origins.count, 1);
    ck_assert_str_eq(state.origins.items[0].event_id, "e2");
    close_state();
}

int main(void) {
    Suite *suite = suite_create("stale");
    TCase *tests = tcase_create("stale");
    int kinds = sizeof entities / sizeof *entities;

    tcase_add_loop_test(tests, an_older_record_is_counted_and_leaves_no_trace, 0, kinds);
    tcase_add_loop_test(tests, a_version_came_from_where_it_came_from_last, 0, kinds);
    tcase_add_loop_test(tests, what_is_held_no_more_has_no_origin, 0, kinds);
    tcase_add_test(tests, the_clock_goes_on_from_what_was_heard_in_silence);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
