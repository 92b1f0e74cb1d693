/* SPDX-License-Identifier: MIT */
/* What helps whom, written from domain.md section 8 and the scenarios of S0, S2 and S3. */
#include "core/remedy.h"

#include "lib/suite.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A row names only what it is about and overrides the nulls. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define PERMIT(...) PERMIT_AND(__VA_ARGS__, .sequence = 0)
#define PERMIT_AND(g, s, ...)                                                                                          \
    &(struct ule_residence_permit_changed) {                                                                           \
        .ground = ULE_PERMIT_GROUND_##g, .status = ULE_PERMIT_STATUS_##s, .valid_from = ULE_DATE_NONE, __VA_ARGS__     \
    }
#define FACTS(...) FACTS_AND(__VA_ARGS__, .today = 0)
#define FACTS_AND(k, ...)                                                                                              \
    &(struct ule_remedy_facts) {                                                                                       \
        .kind = ULE_CASE_KIND_##k, .danish_passport = ULE_MAYBE_NULL, .citizenship = ULE_INT_NULL, __VA_ARGS__         \
    }

static int32_t day(const char *text) {
    int32_t date = ule_date_parse(text);

    ck_assert_msg(date != ULE_DATE_NONE, "no such date: %s", text);
    return date;
}

/* `channels` with blanks between them, in order. */
static void helps(const struct ule_remedy_facts *facts, const char *code, const char *channels) {
    struct ule_remedy remedy;
    char found[128] = "";
    size_t size = 0;

    ule_remedy_find(facts, &remedy);
    for (size_t i = 0; i < remedy.channels_count; i++)
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%s", i == 0 ? "" : " ", remedy.channels[i]);
    ck_assert_str_eq(remedy.code, code);
    ck_assert_str_eq(found, channels);
}

START_TEST(an_asylum_child_that_is_taught_goes_to_borgerservice) {
    helps(FACTS(CPR_1, .pupil = true, .schooling = true, .permit = PERMIT(ASYLUM_APPLICANT, PENDING)),
          "BORGERSERVICE_ADMINISTRATIVE_NUMBER", "BORGERSERVICE");
    helps(FACTS(CPR_1, .pupil = true, .schooling = true, .permit = PERMIT(FAMILY_REUNIFICATION_APPLICANT, PENDING)),
          "BORGERSERVICE_ADMINISTRATIVE_NUMBER", "BORGERSERVICE");
    helps(FACTS(CPR_1, .pupil = true, .schooling = true, .permit = PERMIT(FAMILY_REUNIFICATION, PENDING)),
          "BORGERSERVICE_ADMINISTRATIVE_NUMBER", "BORGERSERVICE");
    helps(FACTS(CPR_1, .pupil = true, .schooling = true, .permit = PERMIT(ASYLUM_PERSONAL_ASSISTANCE, GRANTED)),
          "BORGERSERVICE_ADMINISTRATIVE_NUMBER", "BORGERSERVICE");
    helps(FACTS(CPR_1, .pupil = true, .permit = PERMIT(ASYLUM_APPLICANT, PENDING)),
          "ADMINISTRATIVE_NUMBER_WITH_SCHOOLING", "BORGERSERVICE");
}

START_TEST(an_asylum_parent_has_no_way_to_a_number_but_the_jobcenter) {
    helps(FACTS(CPR_1, .permit = PERMIT(ASYLUM_APPLICANT, PENDING)), "ADMINISTRATIVE_NUMBER_APPLIED_FOR", "");
    helps(FACTS(NEMID_1, .permit = PERMIT(ASYLUM_APPLICANT, PENDING)), "NUMBER_THEN_CREDENTIAL", "");
    helps(FACTS(CPR_1, .permit = PERMIT(ASYLUM_PERSONAL_ASSISTANCE, GRANTED)), "JOBCENTER_ADMINISTRATIVE_NUMBER",
          "JOBCENTER");
    helps(FACTS(NEMID_1, .permit = PERMIT(ASYLUM_PERSONAL_ASSISTANCE, GRANTED)), "JOBCENTER_NUMBER_THEN_CREDENTIAL",
          "JOBCENTER BORGERSERVICE");
}

START_TEST(abroad_without_a_number_there_is_no_channel) {
    helps(FACTS(CPR_2), "NO_NUMBER_ABROAD", "");
    helps(FACTS(NEMID_2), "NO_CREDENTIAL_ABROAD", "");
}

START_TEST(who_is_entitled_waits_and_then_applies) {
    helps(FACTS(CPR_3, .permit = PERMIT(FAMILY_REUNIFICATION, GRANTED)), "WAIT_FOR_NUMBER", "");
    helps(FACTS(NEMID_3, .permit = PERMIT(FAMILY_REUNIFICATION, GRANTED)), "WAIT_THEN_APPLY", "ONLINE BORGERSERVICE");
    helps(FACTS(NEMID_4, .permit = PERMIT(FAMILY_REUNIFICATION, GRANTED)), "CANNOT_ACTIVATE", "");
}

START_TEST(diplomats_and_their_families_get_numbers_from_the_protocol) {
    helps(FACTS(CPR_4, .permit = PERMIT(DIPLOMAT, GRANTED)), "PROTOCOL_IDENTITY_CARD", "PROTOCOL");
    helps(FACTS(CPR_4, .permit = PERMIT(DIPLOMAT_FAMILY, PENDING)), "PROTOCOL_RESIDENCE_PERMIT_CARD", "PROTOCOL");
    helps(FACTS(CPR_4, .pupil = true, .schooling = true, .permit = PERMIT(DIPLOMAT_FAMILY, GRANTED)),
          "PROTOCOL_RESIDENCE_PERMIT_CARD", "PROTOCOL");
    helps(FACTS(NEMID_3, .permit = PERMIT(DIPLOMAT, GRANTED)), "PROTOCOL_NUMBER_THEN_CREDENTIAL",
          "PROTOCOL BORGERSERVICE");
    helps(FACTS(NEMID_3, .permit = PERMIT(DIPLOMAT_FAMILY, GRANTED)), "PROTOCOL_NUMBER_THEN_CREDENTIAL",
          "PROTOCOL BORGERSERVICE");
}

START_TEST(the_number_of_a_refugee_comes_with_the_permit_once_an_address_is_registered) {
    static const enum ule_permit_ground grounds[] = {ULE_PERMIT_GROUND_REFUGEE, ULE_PERMIT_GROUND_ALIENS_ACT_9_1_2,
                                                     ULE_PERMIT_GROUND_ALIENS_ACT_9_1_3,
                                                     ULE_PERMIT_GROUND_ALIENS_ACT_9C};

    for (size_t i = 0; i < sizeof(grounds) / sizeof(grounds[0]); i++) {
        struct ule_residence_permit_changed permit = *PERMIT(REFUGEE, GRANTED);

        permit.ground = grounds[i];
        helps(FACTS(CPR_3, .permit = &permit), "REGISTER_ADDRESS", "BORGERSERVICE IMMIGRATION_SERVICE");
        helps(FACTS(NEMID_4, .permit = &permit), "REGISTER_ADDRESS_THEN_CREDENTIAL",
              "IMMIGRATION_SERVICE BORGERSERVICE");
        permit.address_registered = true;
        helps(FACTS(CPR_3, .permit = &permit), "NUMBER_WITH_PERMIT", "IMMIGRATION_SERVICE");
        helps(FACTS(NEMID_3, .permit = &permit), "NUMBER_WITH_PERMIT_THEN_CREDENTIAL",
              "IMMIGRATION_SERVICE BORGERSERVICE");
    }
}

START_TEST(the_jobcenter_gives_numbers_to_eu_job_seekers_and_those_with_offers) {
    helps(FACTS(CPR_3, .permit = PERMIT(EU_JOBSEEKER, GRANTED)), "JOBCENTER_ADMINISTRATIVE_NUMBER", "JOBCENTER");
    helps(FACTS(CPR_3, .permit = PERMIT(EU_EMPLOYMENT_OFFER, PENDING)), "JOBCENTER_ADMINISTRATIVE_NUMBER", "JOBCENTER");
    helps(FACTS(NEMID_3, .permit = PERMIT(EU_EMPLOYMENT_OFFER, GRANTED)), "JOBCENTER_NUMBER_THEN_CREDENTIAL",
          "JOBCENTER BORGERSERVICE");
    helps(FACTS(NEMID_4, .permit = PERMIT(EU_JOBSEEKER, GRANTED)), "JOBCENTER_NUMBER_THEN_CREDENTIAL",
          "JOBCENTER BORGERSERVICE");
}

START_TEST(an_eu_citizen_needs_the_certificate_of_registration_first) {
    helps(FACTS(CPR_3, .permit = PERMIT(EU_REGISTRATION, PENDING)), "EU_CERTIFICATE_FIRST", "BORGERSERVICE");
    helps(FACTS(NEMID_4, .permit = PERMIT(EU_REGISTRATION, PENDING)), "EU_CERTIFICATE_FIRST", "BORGERSERVICE");
    helps(FACTS(CPR_3, .permit = PERMIT(EU_REGISTRATION, GRANTED)), "NUMBER_WITH_EU_CERTIFICATE", "BORGERSERVICE");
}

START_TEST(a_student_may_apply_after_three_months_and_must_after_six) {
    static const struct {
        const char *from, *today, *code, *due;
    } cases[] = {
        {"2024-01-15", "2024-01-15", "STUDENT_NUMBER_LATER", "2024-04-15"},
        {"2024-01-15", "2024-04-14", "STUDENT_NUMBER_LATER", "2024-04-15"},
        {"2024-01-15", "2024-04-15", "STUDENT_MAY_APPLY", "2024-07-16"},
        {"2024-01-15", "2024-07-15", "STUDENT_MAY_APPLY", "2024-07-16"},
        {"2024-01-15", "2024-07-16", "STUDENT_MUST_APPLY", NULL},
        {"2023-11-30", "2024-02-28", "STUDENT_NUMBER_LATER", "2024-02-29"},
        {"2023-11-30", "2024-02-29", "STUDENT_MAY_APPLY", "2024-05-31"},
        {"2023-08-31", "2024-02-29", "STUDENT_MAY_APPLY", "2024-03-01"},
        {"2023-08-31", "2024-03-01", "STUDENT_MUST_APPLY", NULL},
        {NULL, "2024-03-01", "STUDENT_MAY_APPLY", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ule_residence_permit_changed permit = *PERMIT(STUDY, GRANTED);
        struct ule_remedy_facts facts = *FACTS(CPR_3, .permit = &permit);

        permit.valid_from = cases[i].from == NULL ? ULE_DATE_NONE : day(cases[i].from);
        facts.today = day(cases[i].today);
        helps(&facts, cases[i].code, strcmp(cases[i].code, "STUDENT_NUMBER_LATER") == 0 ? "" : "BORGERSERVICE");
        ck_assert_int_eq(ule_remedy_due(&facts), cases[i].due == NULL ? ULE_DATE_NONE : day(cases[i].due));
        facts.kind = ULE_CASE_KIND_CPR_5;
        ck_assert_int_eq(ule_remedy_due(&facts), ULE_DATE_NONE);
    }
    ck_assert_int_eq(ule_remedy_due(FACTS(CPR_2)), ULE_DATE_NONE);
    ck_assert_int_eq(ule_remedy_due(FACTS(CPR_3, .permit = PERMIT(WORK, GRANTED))), ULE_DATE_NONE);
}

START_TEST(who_works_in_denmark_without_a_full_number_gets_the_package_at_ics) {
    helps(FACTS(CPR_3, .permit = PERMIT(WORK, GRANTED)), "ICS_PACKAGE", "ICS");
    helps(FACTS(NEMID_3, .permit = PERMIT(PAY_LIMIT, GRANTED)), "ICS_PACKAGE", "ICS");
    helps(FACTS(NEMID_4, .permit = PERMIT(POSITIVE_LIST, GRANTED)), "ICS_PACKAGE", "ICS");
    helps(FACTS(NEMID_8, .administrative = true, .permit = PERMIT(WORK, GRANTED)), "ICS_CREDENTIAL",
          "ICS BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .administrative = true, .permit = PERMIT(PAY_LIMIT, GRANTED, .identity_verified = true)),
          "ICS_CREDENTIAL", "ICS BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .administrative = true, .danish_passport = ULE_MAYBE_TRUE, .permit = PERMIT(WORK, GRANTED)),
          "ADMINISTRATIVE_IN_PERSON", "BORGERSERVICE SCHOOL");
    helps(FACTS(CPR_3, .citizenship = 5100, .permit = PERMIT(WORK, GRANTED)), "WAIT_FOR_NUMBER", "");
}

START_TEST(an_early_number_without_identification_gives_no_credential) {
    helps(FACTS(NEMID_8, .administrative = true, .permit = PERMIT(PAY_LIMIT, GRANTED)),
          "EARLY_NUMBER_GIVES_NO_CREDENTIAL", "SCHOOL");
    helps(FACTS(NEMID_8, .administrative = true, .permit = PERMIT(POSITIVE_LIST, PENDING)),
          "EARLY_NUMBER_GIVES_NO_CREDENTIAL", "SCHOOL");
    /* once resident it is an ordinary number */
    helps(FACTS(NEMID_8, .resident = true, .permit = PERMIT(PAY_LIMIT, GRANTED)), "ORDER_CREDENTIAL",
          "ONLINE BORGERSERVICE SCHOOL");
}

START_TEST(a_number_tells_which_channel_can_issue_the_credential) {
    helps(FACTS(NEMID_8, .resident = true), "ORDER_CREDENTIAL", "ONLINE BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .administrative = true), "ADMINISTRATIVE_IN_PERSON", "BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .administrative = true, .permit = PERMIT(EU_JOBSEEKER, GRANTED)), "ADMINISTRATIVE_IN_PERSON",
          "BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8), "BORGERSERVICE_IN_PERSON", "BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .abroad = true, .danish_passport = ULE_MAYBE_TRUE), "ABROAD_WITH_DANISH_PASSPORT",
          "DANISH_MISSION BANK BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .abroad = true, .citizenship = 5100), "ABROAD_WITH_DANISH_PASSPORT",
          "DANISH_MISSION BANK BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .abroad = true, .danish_passport = ULE_MAYBE_FALSE, .citizenship = 5100), "ABROAD_IN_PERSON",
          "BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .abroad = true, .citizenship = 5130), "ABROAD_IN_PERSON", "BORGERSERVICE SCHOOL");
    helps(FACTS(NEMID_8, .abroad = true), "ABROAD_IN_PERSON", "BORGERSERVICE SCHOOL");
}

START_TEST(without_a_credential_support_or_the_school_helps) {
    helps(FACTS(NEMID_5, .resident = true), "SUPPORT_LOGIN_OR_SCHOOL_ENROLS", "STIL_SUPPORT SCHOOL");
    helps(FACTS(NEMID_6, .resident = true), "AWAIT_CREDENTIAL_AFTER_RETURN",
          "ONLINE BORGERSERVICE STIL_SUPPORT SCHOOL");
    helps(FACTS(NEMID_7, .resident = true), "SCHOOL_ENROLS", "SCHOOL");
}

START_TEST(a_fictitious_number_is_re_registered_to_the_number_that_the_person_can_get) {
    helps(FACTS(CPR_5), "REREGISTER", "SCHOOL");
    helps(FACTS(CPR_5, .pupil = true, .schooling = true, .permit = PERMIT(ASYLUM_APPLICANT, PENDING)),
          "REREGISTER_FROM_BORGERSERVICE", "BORGERSERVICE SCHOOL");
    helps(FACTS(CPR_5, .permit = PERMIT(ASYLUM_APPLICANT, PENDING)), "REREGISTER", "SCHOOL");
    helps(FACTS(CPR_5, .permit = PERMIT(EU_JOBSEEKER, GRANTED)), "REREGISTER_FROM_JOBCENTER", "JOBCENTER SCHOOL");
    helps(FACTS(CPR_5, .permit = PERMIT(DIPLOMAT_FAMILY, GRANTED)), "REREGISTER_FROM_PROTOCOL", "PROTOCOL SCHOOL");
}

START_TEST(what_only_people_can_settle_goes_to_the_school) {
    helps(FACTS(CUSTODY_UNREGISTERED), "CHECK_CUSTODY", "SCHOOL");
    helps(FACTS(CUSTODY_DISCREPANCY), "CORRECT_CUSTODY", "SCHOOL");
    helps(FACTS(REPLACEMENT_DISPUTED), "NAME_ANOTHER_NUMBER", "SCHOOL");
    helps(FACTS(REREGISTRATION_CONFLICT), "CONFIRM_OR_REJECT", "SCHOOL STIL_SUPPORT");
    helps(FACTS(REREGISTRATION_REJECTED), "CHECK_BIRTH_DATES", "SCHOOL");
    helps(FACTS(REREGISTRATION_OVERDUE), "COMPLETE_REREGISTRATION", "SCHOOL STIL_SUPPORT");
    helps(FACTS(LEAVERS_HELD), "APPROVE_OR_REJECT_LEAVERS", "SCHOOL");
}

START_TEST(every_kind_and_ground_has_a_remedy_with_a_code_and_two_texts) {
    for (int kind = 0; kind <= ULE_CASE_KIND_LEAVERS_HELD; kind++)
        for (int ground = -1; ground <= ULE_PERMIT_GROUND_FAMILY_REUNIFICATION_APPLICANT; ground++)
            for (int flags = 0; flags < 32; flags++) {
                struct ule_residence_permit_changed permit = *PERMIT(REFUGEE, GRANTED);
                struct ule_remedy_facts facts = *FACTS(CPR_1);
                struct ule_remedy remedy = {0};

                permit.ground = (enum ule_permit_ground)ground;
                permit.status = flags & 1 ? ULE_PERMIT_STATUS_PENDING : ULE_PERMIT_STATUS_GRANTED;
                facts.kind = (enum ule_case_kind)kind;
                facts.permit = ground < 0 ? NULL : &permit;
                facts.pupil = facts.schooling = flags & 2;
                facts.administrative = flags & 4;
                facts.resident = flags & 8;
                facts.abroad = flags & 16;
                ule_remedy_find(&facts, &remedy);
                ck_assert(remedy.code != NULL && remedy.channels_count <= ULE_REMEDY_CHANNELS);
                for (const char *c = remedy.code; *c != '\0'; c++)
                    ck_assert(isupper((unsigned char)*c) || *c == '_');
                ck_assert(remedy.da[strlen(remedy.da) - 1] == '.' && remedy.en[strlen(remedy.en) - 1] == '.');
                for (size_t i = 0; i < ULE_REMEDY_CHANNELS; i++)
                    ck_assert_int_eq(remedy.channels[i] != NULL, i < remedy.channels_count);
            }
}

int main(void) {
    Suite *suite = suite_create("remedy");
    TCase *tests = tcase_create("remedy");

    tcase_add_test(tests, an_asylum_child_that_is_taught_goes_to_borgerservice);
    tcase_add_test(tests, an_asylum_parent_has_no_way_to_a_number_but_the_jobcenter);
    tcase_add_test(tests, abroad_without_a_number_there_is_no_channel);
    tcase_add_test(tests, who_is_entitled_waits_and_then_applies);
    tcase_add_test(tests, diplomats_and_their_families_get_numbers_from_the_protocol);
    tcase_add_test(tests, the_number_of_a_refugee_comes_with_the_permit_once_an_address_is_registered);
    tcase_add_test(tests, the_jobcenter_gives_numbers_to_eu_job_seekers_and_those_with_offers);
    tcase_add_test(tests, an_eu_citizen_needs_the_certificate_of_registration_first);
    tcase_add_test(tests, a_student_may_apply_after_three_months_and_must_after_six);
    tcase_add_test(tests, who_works_in_denmark_without_a_full_number_gets_the_package_at_ics);
    tcase_add_test(tests, an_early_number_without_identification_gives_no_credential);
    tcase_add_test(tests, a_number_tells_which_channel_can_issue_the_credential);
    tcase_add_test(tests, without_a_credential_support_or_the_school_helps);
    tcase_add_test(tests, a_fictitious_number_is_re_registered_to_the_number_that_the_person_can_get);
    tcase_add_test(tests, what_only_people_can_settle_goes_to_the_school);
    tcase_add_test(tests, every_kind_and_ground_has_a_remedy_with_a_code_and_two_texts);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
