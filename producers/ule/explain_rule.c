/* SPDX-License-Identifier: MIT */
#include "ule/explain_rule.h"

#include <string.h>

struct meaning {
    const char *name, *text;
};

static const char *find(const struct meaning *meanings, size_t count, const char *name) {
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(meanings[i].name, name) == 0)
            return meanings[i].text;
    return NULL;
}
#define FIND(table, name) find(table, sizeof(table) / sizeof *(table), name)

const char *ule_explain_rule_meaning(const char *rule) {
    static const struct meaning rules[] = {
        {"2.alien", "an alien id becomes a number when a permit, or an institution's record, carries both"},
        {"2.class", "what kind of number it is follows from CPR's newest word and from its ten characters"},
        {"2.disputed", "two persons go by one made-up number: the one who was named by it first has it"},
        {"3.asserted", "the institution says that the contact has custody, and CPR does not say otherwise"},
        {"3.contradicted", "an institution says custody, CPR says otherwise: CPR is believed"},
        {"3.custody", "CPR has a custody row that is in force today"},
        {"3.ends", "custody ends at 18, or when the child marries"},
        {"3.unregistered", "CPR has no custody row of any date for this child"},
        {"5.CUSTODY", "custody and a login at HIGH: sensitive data, consent and enrolment; at LOW: non-sensitive"},
        {"5.CUSTODY_ASSERTED", "custody by the institution's word: sensitive data and enrolment at HIGH, consent only "
                               "where the policy allows it; at LOW non-sensitive"},
        {"5.lowered", "the institution has lowered what this contact may see; the lowest level stated holds"},
        {"5.none", "no right to the child: it is 18, married or not enrolled, or the relation has ended, or the "
                   "contact is dead or its number no longer good"},
        {"5.relation", "a parent or contact without custody: non-sensitive at most, and only if listed"},
        {"6", "a swap of numbers, judged anew at every change until it is complete"},
        {"7", "Optagelse.dk gets the pupils of grades 8 to 10 whose number CPR verifies"},
        {"A1", "a contact has an account with a living relation to an enrolled child and a number that CPR knows; it "
               "waits for NemID or MitID"},
        {"A2", "a pupil or employee has an account on the number that the institution gives, active from the first "
               "day"},
        {"A3", "an administrative number is as good as any"},
        {"A4", "an active NemID or MitID on the same number activates the account and decides how sure it is"},
        {"A5", "STIL support has granted a login: non-sensitive data only"},
        {"A6", "the NemID or MitID is suspended, revoked or expired (NemID itself has closed), or a support login is "
               "withdrawn: what is left counts, else no access"},
        {"A7", "the person is dead, or the number is annulled, deleted or merged into another: closed"},
        {"A8", "neither a role nor a living relation any more: suspended at once, closed after some weeks"},
        {"A9", "name and address protection goes with every name that is told"},
        {"E1", "aged 15 and with an own login at HIGH, the pupil may enrol itself"},
        {"E2", "nobody with custody can enrol the child, so the school may"},
    };
    return FIND(rules, rule);
}

const char *ule_explain_reason_meaning(const char *reason) {
    static const struct meaning reasons[] = {
        {"AWAITS_CPR", "CPR has not told of the new number yet; the swap completes by itself when it does"},
        {"BIRTH_DATES_DISAGREE", "the birth dates of the two numbers disagree; the institution confirms or rejects"},
        {"BOTH_ACTIVE", "both accounts are active with a credential; the institution confirms or rejects"},
        {"BOTH_KNOWN_TO_CPR", "CPR knows both numbers, so they are two persons; it ends by a reject, or when CPR "
                              "itself says that one replaces the other"},
        {"CHAIN", "the numbers lead in a circle, or through more than eight others"},
        {"CUSTODY_ASSERTED_AGAINST_CPR", "an institution says that this contact has custody, CPR says otherwise"},
        {"CUSTODY_ASSERTED_UNCONFIRMED", "an institution says that this contact has custody; the policy only notes it"},
        {"MOVED_ELSEWHERE", "the old number has already become another one"},
        {"REJECTED_BY_REQUEST", "the institution has rejected it: two persons"},
    };
    return FIND(reasons, reason);
}

/* A value of an enum that may be null, in words. */
#define WORDS(table, value) ((value) >= 0 && (size_t)(value) < sizeof(table) / sizeof *(table) ? (table)[value] : "?")

const char *ule_explain_class_words(enum ule_number_class number_class) {
    static const char *const words[] = {
        [ULE_NUMBER_CLASS_VERIFIED] = "a number that CPR verifies",
        [ULE_NUMBER_CLASS_UNVERIFIED] = "a number that CPR does not verify",
        [ULE_NUMBER_CLASS_REPLACEMENT] = "a replacement number (erstatningspersonnummer), made up outside CPR",
        [ULE_NUMBER_CLASS_UNKNOWN] = "a number of no known kind",
        [ULE_NUMBER_CLASS_NO_NUMBER] = "no person number yet",
    };
    return WORDS(words, number_class);
}

const char *ule_explain_status_words(enum ule_cpr_status status) {
    static const char *const words[] = {
        [ULE_CPR_STATUS_RESIDENT] = "resident in Denmark",
        [ULE_CPR_STATUS_RESIDENT_GREENLAND] = "resident in Greenland",
        [ULE_CPR_STATUS_ADMINISTRATIVE] = "administrative number",
        [ULE_CPR_STATUS_ANNULLED] = "annulled",
        [ULE_CPR_STATUS_DELETED_DUPLICATE] = "deleted, the person had two",
        [ULE_CPR_STATUS_NUMBER_CHANGED] = "number changed",
        [ULE_CPR_STATUS_DISAPPEARED] = "disappeared",
        [ULE_CPR_STATUS_EMIGRATED] = "emigrated",
        [ULE_CPR_STATUS_DEAD] = "dead",
        [ULE_CPR_STATUS_SUBSCRIPTION_ENDED] = "no longer subscribed to",
    };
    return WORDS(words, status);
}

const char *ule_explain_outcome_words(enum ule_outcome outcome) {
    static const char *const words[] = {
        [ULE_OUTCOME_PENDING_CPR] = "waits for CPR",
        [ULE_OUTCOME_RENUMBERED] = "complete",
        [ULE_OUTCOME_MERGED] = "complete, two accounts became one",
        [ULE_OUTCOME_CONFLICT] = "in conflict",
        [ULE_OUTCOME_REJECTED] = "rejected",
        [ULE_OUTCOME_REVERSED] = "undone",
    };
    return WORDS(words, outcome);
}

const char *ule_explain_verdict_words(enum ule_verdict_reason reason) {
    static const char *const words[] = {
        [ULE_VERDICT_REASON_VERIFIED] = "CPR verifies the number",
        [ULE_VERDICT_REASON_REPLACEMENT] = "the number is made up outside CPR",
        [ULE_VERDICT_REASON_UNVERIFIED] = "CPR does not verify the number",
        [ULE_VERDICT_REASON_ANNULLED] = "CPR has annulled, deleted or changed the number",
        [ULE_VERDICT_REASON_LEFT] = "the pupil has left, or the record counts for another number",
        [ULE_VERDICT_REASON_LEVEL] = "the pupil is not in grades 8 to 10",
    };
    return WORDS(words, reason);
}

const char *ule_explain_case_words(enum ule_case_kind kind) {
    static const char *const words[] = {
        [ULE_CASE_KIND_CPR_1] = "asylum or pending family reunification, no number yet",
        [ULE_CASE_KIND_CPR_2] = "contact abroad without a number",
        [ULE_CASE_KIND_CPR_3] = "newly moved to Denmark, awaits a number",
        [ULE_CASE_KIND_CPR_4] = "diplomat or family, no number yet",
        [ULE_CASE_KIND_CPR_5] = "known by a replacement number",
        [ULE_CASE_KIND_NEMID_1] = "no credential: asylum applicant without a number",
        [ULE_CASE_KIND_NEMID_2] = "no credential: lives abroad, no number",
        [ULE_CASE_KIND_NEMID_3] = "no credential: awaits a number",
        [ULE_CASE_KIND_NEMID_4] = "no credential: not entitled to a number",
        [ULE_CASE_KIND_NEMID_5] = "no credential: it was revoked",
        [ULE_CASE_KIND_NEMID_6] = "no credential: back after a long stay abroad",
        [ULE_CASE_KIND_NEMID_7] = "no credential: does not want one",
        [ULE_CASE_KIND_NEMID_8] = "no credential: other reasons",
        [ULE_CASE_KIND_CUSTODY_UNREGISTERED] = "CPR has no custody of the child",
        [ULE_CASE_KIND_CUSTODY_DISCREPANCY] = "institution and CPR disagree on custody",
        [ULE_CASE_KIND_REPLACEMENT_DISPUTED] = "two persons on one replacement number",
        [ULE_CASE_KIND_REREGISTRATION_CONFLICT] = "a re-registration is in conflict",
        [ULE_CASE_KIND_REREGISTRATION_REJECTED] = "a re-registration is rejected",
        [ULE_CASE_KIND_REREGISTRATION_OVERDUE] = "a re-registration is overdue",
        [ULE_CASE_KIND_LEAVERS_HELD] = "so many pupils left that the institution must say so",
    };
    return WORDS(words, kind);
}

const char *ule_explain_authority_words(enum ule_authority authority) {
    static const char *const words[] = {
        [ULE_AUTHORITY_CUSTODY] = "has custody",
        [ULE_AUTHORITY_CUSTODY_ASSERTED] = "has custody by the institution's word",
        [ULE_AUTHORITY_RELATION] = "has a relation without custody",
        [ULE_AUTHORITY_NONE] = "has no right to the child (any more)",
    };
    return WORDS(words, authority);
}

const char *ule_explain_access_words(enum ule_access_level access) {
    static const char *const words[] = {
        [ULE_ACCESS_LEVEL_NONE] = "sees nothing",
        [ULE_ACCESS_LEVEL_NON_SENSITIVE] = "sees non-sensitive data",
        [ULE_ACCESS_LEVEL_SENSITIVE] = "sees sensitive data",
    };
    return WORDS(words, access);
}

const char *ule_explain_request_words(enum ule_request_kind kind) {
    static const char *const words[] = {
        [ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED] = "STIL support grants a login",
        [ULE_REQUEST_KIND_SUPPORT_LOGIN_WITHDRAWN] = "STIL support withdraws a login",
        [ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL] = "the school has enrolled the child",
        [ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED] = "the re-registration is confirmed",
        [ULE_REQUEST_KIND_REREGISTRATION_REJECTED] = "the re-registration is rejected",
        [ULE_REQUEST_KIND_LEAVERS_APPROVED] = "the leavings are approved",
        [ULE_REQUEST_KIND_LEAVERS_REJECTED] = "the leavings are rejected",
    };
    return WORDS(words, kind);
}

const char *ule_explain_relation_words(enum ule_contact_relationship relation) {
    static const char *const words[] = {
        [ULE_CONTACT_RELATIONSHIP_MOTHER] = "mother",
        [ULE_CONTACT_RELATIONSHIP_FATHER] = "father",
        [ULE_CONTACT_RELATIONSHIP_OTHER] = "other contact",
        [ULE_CONTACT_RELATIONSHIP_OFFICIAL] = "official contact",
    };
    return WORDS(words, relation);
}
