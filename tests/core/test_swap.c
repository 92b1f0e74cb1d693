/* SPDX-License-Identifier: MIT */
/* What two sides of a swap do with tells that cross on their way: what one says of the past is not the last word on
 * what the other knows by now (domain.md section 6). */
#include "core/derive.h"

#include "core/state.h"
#include "lib/suite.h"

#include <check.h>

#define F      "6303803001"
#define FIRST  "0303803019"
#define SECOND "0303803027"
#define TELLER "local:101001/p1"
#define AT     INT64_C(1704704400000)
#define DAY    19732 /* 2024-01-10 */

static int64_t version = 1; /* ever newer */

static struct ule_bytes encoded(const struct ule_tell *tell) {
    struct ule_buffer bytes = {0};
    ule_record_encode(&ule_tell_record, tell, &bytes);
    struct ule_bytes made = {ule_arena_copy(arena, bytes.bytes, bytes.size), bytes.size};
    ule_buffer_close(&bytes);
    return made;
}

static struct ule_effects step(const char *entity, const char *sender, const struct ule_tell *tell) {
    struct ule_inbox_message *made = blank(&ule_inbox_message_record);
    made->entity = entity;
    made->sender = sender;
    made->version = version++;
    made->at = AT;
    made->hops = 1;
    made->caused_by.topic = "institution.person-changed.v1";
    made->caused_by.event_id = "e1";
    made->tell = encoded(tell);
    struct ule_effects effects;
    ule_step(entity, &state, made, DAY, &policy, arena, &effects);
    return effects;
}

static struct ule_tell *tell_of_teller(void) {
    struct ule_tell *tell = blank(&ule_tell_record);
    tell->local = blank(&ule_local_tell_record);
    tell->local->institution_number = "101001";
    tell->local->local_person_id = "p1";
    return tell;
}

/* Its record, of the one it counts for. */
static struct ule_tell *tell_of_record(const char *number, const char *given_names) {
    struct ule_tell *tell = tell_of_teller();
    struct ule_institution_person_changed *record = blank(&ule_institution_person_changed_record);
    record->event_id = "e1";
    record->institution_number = "101001";
    record->institution_kind = ULE_INSTITUTION_KIND_PUBLIC;
    record->local_person_id = "p1";
    record->number = number;
    record->given_names = given_names;
    record->active = true;
    record->role = ULE_ROLE_EMPLOYEE;
    tell->local->counts = true;
    tell->local->record = record;
    return tell;
}

/* Two entries of one record say that they replace F. */
static void step_of_teller(void) {
    struct ule_tell *tell = tell_of_teller();
    struct ule_telling *tellings = ule_arena_array(arena, 2, sizeof *tellings);
    for (size_t i = 0; i < 2; i++) {
        ule_record_init(&ule_telling_record, &tellings[i], arena);
        tellings[i].from_number = F;
        tellings[i].to_number = i == 0 ? FIRST : SECOND;
        tellings[i].trigger = ULE_TRIGGER_INSTITUTION;
        tellings[i].explicit = tellings[i].contact = true;
        tellings[i].first_at = tellings[i].last_at = AT;
        tellings[i].source = TELLER;
        tellings[i].institution_number = "101001";
    }
    tell->local->tellings = (struct ule_telling_array){tellings, 2};
    (void)step(F, TELLER, tell);
}

static struct ule_effects step_of_answer(const char *sender, enum ule_outcome outcome, bool taken) {
    struct ule_tell *tell = blank(&ule_tell_record);
    tell->pair = blank(&ule_pair_tell_record);
    tell->pair->counted = true;
    tell->pair->answer = blank(&ule_answer_record);
    tell->pair->answer->outcome = outcome;
    tell->pair->answer->taken = taken;
    return step(F, sender, tell);
}

/* The one re-registration that came out; NULL when none did. */
static const struct ule_reregistered *published(const struct ule_effects *effects) {
    const struct ule_reregistered *found = NULL;
    for (size_t i = 0; i < effects->outputs_count; i++)
        if (effects->outputs[i].topic == ULE_TOPIC_REREGISTRATION) {
            ck_assert_ptr_null(found);
            found = effects->outputs[i].value;
        }
    return found;
}

START_TEST(of_two_that_accept_only_the_first_is_published_as_the_new_number) {
    step_of_teller();
    struct ule_effects effects = step_of_answer(FIRST, ULE_OUTCOME_RENUMBERED, false);
    ck_assert_ptr_null(published(&effects)); /* not before it has taken over */
    effects = step_of_answer(SECOND, ULE_OUTCOME_RENUMBERED, false);
    ck_assert_ptr_null(published(&effects)); /* it has not heard yet that F has gone elsewhere */
    effects = step_of_answer(FIRST, ULE_OUTCOME_RENUMBERED, true);
    ck_assert_str_eq(published(&effects)->to_number, FIRST);
    ck_assert_int_eq(published(&effects)->outcome, ULE_OUTCOME_RENUMBERED);
    effects = step_of_answer(SECOND, ULE_OUTCOME_CONFLICT, false);
    ck_assert_str_eq(published(&effects)->to_number, SECOND);
    ck_assert_int_eq(published(&effects)->outcome, ULE_OUTCOME_CONFLICT);
}

/* The names of the one account that came out; NULL when none did. */
static const char *names(const struct ule_effects *effects) {
    for (size_t i = 0; i < effects->outputs_count; i++)
        if (effects->outputs[i].topic == ULE_TOPIC_PROVISIONING)
            return ((const struct ule_account_changed *)effects->outputs[i].value)->given_names;
    return NULL;
}

/* What F lends it heard before the record moved on to the number that replaces F. */
START_TEST(what_a_record_says_itself_comes_before_what_is_lent_of_it) {
    struct ule_effects effects = step(FIRST, TELLER, tell_of_record(FIRST, "Mette Marie"));
    ck_assert_str_eq(names(&effects), "Mette Marie");
    struct ule_tell *tell = blank(&ule_tell_record);
    tell->pair = blank(&ule_pair_tell_record);
    struct ule_loan *loan = tell->pair->loan = blank(&ule_loan_record);
    loan->frozen = true;
    loan->person_key = "k";
    const char *path = F;
    loan->path = (struct ule_strings){&path, 1};
    struct ule_slot slots[2];
    ule_record_init(&ule_slot_record, &slots[0], arena);
    ule_record_init(&ule_slot_record, &slots[1], arena);
    slots[0].sender = TELLER;
    slots[0].tell = encoded(tell_of_record(F, "Mette"));
    struct ule_tell *other = tell_of_record(F, "Mette");
    other->local->institution_number = other->local->record->institution_number = "202002";
    slots[1].sender = "local:202002/p1";
    slots[1].tell = encoded(other);
    loan->heard = (struct ule_slot_array){slots, 2};
    effects = step(FIRST, F, tell);
    ck_assert_str_eq(names(&effects), "Mette Marie"); /* and a role at the other institution */
}

int main(void) {
    Suite *suite = suite_create("swap");
    TCase *tcase = tcase_create("core");
    tcase_add_checked_fixture(tcase, open_state, close_state);
    tcase_add_test(tcase, of_two_that_accept_only_the_first_is_published_as_the_new_number);
    tcase_add_test(tcase, what_a_record_says_itself_comes_before_what_is_lent_of_it);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
