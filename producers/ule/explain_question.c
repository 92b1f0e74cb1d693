/* SPDX-License-Identifier: MIT */
/* The questions of `what would change it`: a credential, a support login, CPR's word on a number that it has not told
 * of, the institution's word on a swap, custody. Each is a record that might come, given to the rules. */
#include "ule/explain.h"

#include "core/number.h"

#include <string.h>

enum { MITID_AGE = 13, CUSTODY_ROWS = 2 };

/* The last moment of the day: later than anything that is held. */
static int64_t moment(const struct ule_explain *explain) {
    return ule_time_of_date(explain->today + 1) - 1;
}

static struct ule_inbox_message *message_to(struct ule_explain *explain, const char *entity) {
    struct ule_inbox_message *message = ule_arena_alloc(explain->arena, sizeof *message);
    ule_record_init(&ule_inbox_message_record, message, explain->arena);
    message->entity = entity;
    message->sender = "";
    message->at = moment(explain);
    message->caused_by = (struct ule_caused_by){.topic = "what-if", .event_id = "what-if"};
    return message;
}

static struct ule_inbox_message *mitid(struct ule_explain *explain, const char *number) {
    struct ule_inbox_message *message = message_to(explain, "credential:what if");
    message->credential = ule_arena_alloc(explain->arena, sizeof *message->credential);
    ule_record_init(&ule_credential_changed_record, message->credential, explain->arena);
    message->credential->event_id = "what-if";
    message->credential->credential_id = "what if";
    message->credential->changed_at = message->at;
    message->credential->number = number;
    message->credential->scheme = ULE_CREDENTIAL_SCHEME_MITID;
    message->credential->status = ULE_CREDENTIAL_STATUS_ACTIVE;
    message->credential->assurance = ULE_CREDENTIAL_ASSURANCE_HIGH;
    return message;
}

static void credential(struct ule_explain *explain, json_t *changes) {
    const struct ule_person *person = &explain->who->person;
    if (!person->number || person->credential_high || person->dead || person->gone ||
        ule_date_birthday(ule_number_birth_date(person->number), MITID_AGE) > explain->today)
        return;
    bool nemid = explain->today < explain->config->policy.nemid_closed_on;
    ule_explain_ask(explain, changes,
                    &(struct ule_question){
                        .message = mitid(explain, person->number),
                        .only_contact = person->enrolled ? NULL : person->number,
                        .of_children = true,
                        .kind = "credential",
                        .number = person->number,
                        .text = nemid ? "An active NemID or MitID at substantial or high on this number"
                                      : "An active MitID at substantial or high on this number",
                    });
}

static struct ule_inbox_message *request(struct ule_explain *explain, const char *institution, const char *number,
                                         const char *from, enum ule_request_kind kind) {
    struct ule_inbox_message *message = message_to(explain, number);
    message->request = ule_arena_alloc(explain->arena, sizeof *message->request);
    ule_record_init(&ule_institution_request_record, message->request, explain->arena);
    message->request->event_id = "what-if";
    message->request->changed_at = message->at;
    message->request->institution_number = institution;
    message->request->number = number;
    message->request->from_number = from;
    message->request->kind = kind;
    return message;
}

static void support(struct ule_explain *explain, json_t *changes) {
    const struct ule_person *person = &explain->who->person;
    if (!person->number || person->credential_active || person->support || person->records_count > 0)
        return;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_listing *listing = person->voices.items[i].tell->listing;
        if (!listing || listing->institutions.count == 0)
            continue;
        const char *institution = listing->institutions.items[0];
        ule_explain_ask(
            explain, changes,
            &(struct ule_question){
                .message = request(explain, institution, person->number, NULL, ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED),
                .only_contact = person->number,
                .of_children = true,
                .kind = "support-login",
                .institution = institution,
                .number = person->number,
                .text = ule_arena_printf(explain->arena, "A login by STIL support, if institution %s asks for it,",
                                         institution),
            });
        return;
    }
}

/* Parents and custody are not known then: only what rests on the number itself is looked at. */
static void cpr_tells(struct ule_explain *explain, json_t *changes, const char *number) {
    const struct ule_subject *subject = ule_explain_subject(explain, number);
    if (subject->state->counted || subject->person.number_class == ULE_NUMBER_CLASS_REPLACEMENT)
        return;
    struct ule_inbox_message *message = message_to(explain, number);
    message->person = ule_arena_alloc(explain->arena, sizeof *message->person);
    ule_record_init(&ule_person_changed_record, message->person, explain->arena);
    message->person->event_id = "what-if";
    message->person->changed_at = message->at;
    message->person->number = number;
    message->person->status = ULE_CPR_STATUS_RESIDENT;
    message->person->marital_status = ULE_MARITAL_STATUS_UNKNOWN;
    message->person->birth_date = ule_number_birth_date(number);
    ule_explain_ask(explain, changes,
                    &(struct ule_question){
                        .message = message,
                        .only_contact = number,
                        .kind = "cpr-tells",
                        .number = number,
                        .text = ule_arena_printf(explain->arena, "CPR tells of %s, which it has not done yet",
                                                 ule_explain_number(explain->arena, number)),
                    });
}

static void decision(struct ule_explain *explain, json_t *changes, const struct ule_subject *from,
                     const struct ule_pair *pair, bool confirm) {
    const char *institution = NULL;
    for (size_t i = 0; i < pair->out.count && !institution; i++)
        institution = pair->out.items[i].institution_number;
    if (!institution)
        return;
    ule_explain_ask(explain, changes,
                    &(struct ule_question){
                        .message = request(explain, institution, pair->number, from->entity,
                                           confirm ? ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED
                                                   : ULE_REQUEST_KIND_REREGISTRATION_REJECTED),
                        .kind = confirm ? "confirm" : "reject",
                        .institution = institution,
                        .from_number = from->entity,
                        .number = pair->number,
                        .text = ule_arena_printf(explain->arena, "Institution %s %s the re-registration", institution,
                                                 confirm ? "confirms" : "rejects"),
                    });
}

/* A swap that waits: for CPR, or for a word of the institution. */
static void swap(struct ule_explain *explain, json_t *changes, const struct ule_subject *from,
                 const struct ule_pair *pair) {
    const struct ule_answer *answer = pair->heard ? pair->heard->answer : NULL;
    if (!pair->in_force || !answer || !from->person.number)
        return;
    if (answer->outcome == ULE_OUTCOME_PENDING_CPR)
        cpr_tells(explain, changes, pair->number);
    if (answer->outcome != ULE_OUTCOME_CONFLICT && (answer->outcome != ULE_OUTCOME_REJECTED || answer->decided))
        return;
    decision(explain, changes, from, pair, true);
    decision(explain, changes, from, pair, false);
}

static void swaps(struct ule_explain *explain, json_t *changes) {
    const struct ule_subject *who = explain->who;
    for (size_t i = 0; i < who->person.pairs.count; i++) {
        const struct ule_pair *pair = &who->person.pairs.items[i];
        swap(explain, changes, who, pair);
        if (!pair->heard || !pair->heard->loan || ule_strings_have(&who->person.became, pair->number))
            continue;
        const struct ule_subject *from = ule_explain_subject(explain, pair->number);
        for (size_t k = 0; k < from->person.pairs.count; k++)
            if (strcmp(from->person.pairs.items[k].number, who->entity) == 0)
                swap(explain, changes, from, &from->person.pairs.items[k]);
    }
}

/* The child's record with a row for this parent. CPR has two at most, so rows that have ended make room, then one that
 * another holds: NULL for nobody, else in whose place. */
static const char *give_custody(struct ule_explain *explain, struct ule_person_changed *record, bool mother) {
    const enum ule_custody_holder holder = mother ? ULE_CUSTODY_HOLDER_MOTHER : ULE_CUSTODY_HOLDER_FATHER;
    const struct ule_custody_row_array before = record->custody;
    const char *instead = NULL;
    record->custody = (struct ule_custody_row_array){0};
    for (size_t i = 0; i < before.count; i++) {
        const struct ule_custody_row *row = &before.items[i];
        if (row->holder == holder || (row->until != ULE_DATE_NONE && row->until <= explain->today))
            continue;
        if (record->custody.count == CUSTODY_ROWS - 1) {
            const struct ule_parent *parent = row->holder == ULE_CUSTODY_HOLDER_MOTHER   ? record->mother
                                              : row->holder == ULE_CUSTODY_HOLDER_FATHER ? record->father
                                                                                         : NULL;
            const char *number = parent ? parent->number : row->number;
            instead = number ? ule_explain_subject(explain, number)->called : "another holder";
            continue;
        }
        *ULE_PUSH(explain->arena, &record->custody) = *row;
    }
    struct ule_custody_row *row = ULE_PUSH(explain->arena, &record->custody);
    *row = (struct ule_custody_row){.holder = holder, .from = explain->today, .until = ULE_DATE_NONE};
    return instead;
}

/* CPR registers custody with a parent who has none, jointly with whoever holds it; where that alone opens nothing,
 * together with a credential. */
static void custody(struct ule_explain *explain, json_t *changes, const struct ule_subject *child,
                    const struct ule_relation *relation) {
    const struct ule_person *person = &child->person;
    if (!person->facts || (!relation->mother && !relation->father) || relation->custody || person->adult ||
        person->married || person->dead || (relation->view && (relation->view->dead || relation->view->void_)))
        return;
    struct ule_inbox_message *message = message_to(explain, child->entity);
    message->person = ule_arena_copy(explain->arena, person->facts, sizeof *person->facts);
    message->person->event_id = "what-if";
    message->person->changed_at = message->at;
    const char *instead = give_custody(explain, message->person, relation->mother);
    const struct ule_subject *parent = ule_explain_subject(explain, relation->address);
    bool high = parent->person.credential_high;
    ule_explain_ask(
        explain, changes,
        &(struct ule_question){
            .message = message,
            .second = high || !parent->person.number ? NULL : mitid(explain, parent->person.number),
            .only_contact = relation->address,
            .kind = "custody",
            .child = child->person.number,
            .contact = parent->person.number,
            .text = ule_arena_printf(explain->arena, "Custody in CPR %s %s%s%s%s", child == explain->who ? "for" : "of",
                                     child == explain->who ? parent->called : child->called,
                                     instead ? ", in the place of " : "", instead ? instead : "",
                                     high ? "" : ", together with an active MitID at substantial or high"),
        });
}

void ule_explain_questions(struct ule_explain *explain, json_t *changes) {
    const struct ule_subject *who = explain->who;
    if (who->person.dead || who->person.gone)
        return;
    credential(explain, changes);
    support(explain, changes);
    if (who->person.number)
        cpr_tells(explain, changes, who->entity);
    swaps(explain, changes);
    for (size_t i = 0; i < who->person.relations.count && who->person.enrolled; i++)
        custody(explain, changes, who, &who->person.relations.items[i]);
    for (size_t i = 0; i < who->person.voices.count; i++) {
        const struct ule_voice *voice = &who->person.voices.items[i];
        if (!voice->tell->listing || !voice->tell->listing->enrolled)
            continue;
        const struct ule_subject *child = ule_explain_subject(explain, voice->sender);
        const struct ule_relation *relation = ule_explain_relation(child, who);
        if (relation)
            custody(explain, changes, child, relation);
    }
}
