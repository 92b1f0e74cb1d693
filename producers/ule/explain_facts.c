/* SPDX-License-Identifier: MIT */
/* What is known, and where each of it came from: CPR's record, requests, the records of institutions, permits,
 * credentials, and the children whose records name this person. */
#include "ule/explain.h"

#include "core/custody.h"
#include "ule/explain_rule.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(struct ule_explain *explain, const char *entity) {
    return ule_explain_subject(explain, entity)->called;
}

static void parent(struct ule_explain *explain, json_t *item, const char *title, const struct ule_parent *parent) {
    if (!parent)
        return;
    if (parent->number)
        ule_explain_detail(item, "%s: %s", title, name_of(explain, parent->number));
    else
        ule_explain_detail(item, "%s: known to CPR by name and birth date only; no relation or account", title);
    ule_explain_set(item, strcmp(title, "Mother") == 0 ? "mother" : "father", parent->number);
}

static void custody(struct ule_explain *explain, json_t *item, const struct ule_person_changed *record,
                    const struct ule_subject *child) {
    bool over = child->person.adult || child->person.married;
    json_t *rows = json_array();
    for (size_t i = 0; i < record->custody.count; i++) {
        const struct ule_custody_row *row = &record->custody.items[i];
        bool mother = row->holder == ULE_CUSTODY_HOLDER_MOTHER, father = row->holder == ULE_CUSTODY_HOLDER_FATHER;
        const char *number = mother   ? (record->mother ? record->mother->number : NULL)
                             : father ? (record->father ? record->father->number : NULL)
                                      : row->number;
        const char *holder = mother ? "the mother" : father ? "the father" : "another";
        bool now = !over && ule_date_within(explain->today, row->from, row->until);
        json_t *entry = ule_record_to_json(&ule_custody_row_record, row);
        ule_explain_set(entry, "holder_number", number);
        json_object_set_new(entry, "in_force", json_boolean(now));
        json_array_append_new(rows, entry);
        ule_explain_detail(
            item, "Custody: %s%s%s%s%s; %s", holder, number ? ", " : "", number ? name_of(explain, number) : "",
            ule_explain_period(explain->arena, row->from, row->until), row->from_uncertain ? " (start uncertain)" : "",
            over  ? "ended, the child is 18 or married"
            : now ? "in force"
                  : "not in force today");
    }
    json_object_set_new(item, "custody", rows);
}

static void set_country(json_t *item, const char *name, const char *words, int32_t country) {
    json_object_set_new(item, name, country == ULE_INT_NULL ? json_null() : json_integer(country));
    if (country != ULE_INT_NULL && country != ULE_COUNTRY_DENMARK)
        ule_explain_detail(item, "%s country %d (CPR's code)", words, (int)country);
}

/* What decides how a number or a credential can be had (domain.md section 8); Denmark itself is not worth a line. */
static void belongs(json_t *item, const struct ule_person_changed *record) {
    set_country(item, "citizenship", "Citizen of", record->citizenship);
    set_country(item, "residence_country", "Lives in", record->residence_country);
    const bool passport = record->danish_passport == ULE_MAYBE_TRUE;
    if (record->danish_passport == ULE_MAYBE_NULL)
        return;
    json_object_set_new(item, "danish_passport", json_boolean(passport));
    ule_explain_detail(item, "%s Danish passport", passport ? "Has a" : "Has no");
}

static void cpr_details(struct ule_explain *explain, json_t *item, const struct ule_person_changed *record) {
    for (size_t i = 0; i < record->former_numbers.count; i++)
        ule_explain_detail(item, "Former number: %s",
                           ule_explain_number(explain->arena, record->former_numbers.items[i]));
    if (record->marital_status != ULE_MARITAL_STATUS_UNMARRIED && record->marital_status != ULE_MARITAL_STATUS_UNKNOWN)
        ule_explain_detail(item, "Marital status: %s", ule_marital_status_enum.symbols[record->marital_status]);
    belongs(item, record);
    if (record->emigrated_on != ULE_DATE_NONE)
        ule_explain_detail(item, "Left Denmark %s", ule_explain_day(explain->arena, record->emigrated_on));
    if (record->entered_on != ULE_DATE_NONE)
        ule_explain_detail(item, "Entered Denmark %s", ule_explain_day(explain->arena, record->entered_on));
    if (record->protection)
        ule_explain_detail(item, "Name and address protection%s",
                           ule_explain_period(explain->arena, record->protection->from, record->protection->until));
    parent(explain, item, "Mother", record->mother);
    parent(explain, item, "Father", record->father);
    custody(explain, item, record, explain->who);
    if (record->custody.count == 0 && ule_custody_unregistered(&explain->who->person))
        ule_explain_detail(item, "Custody: CPR has none of any date, which is no proof that nobody has it");
}

/* The record with the facts; where a newer one without facts stands, that one says the status, but for the end of a
 * subscription, which leaves it as it was. Of a number that became this one only that is of interest. */
static void cpr(struct ule_explain *explain, json_t *facts, const char *entity) {
    const struct ule_person_state *state = ule_explain_state(explain, entity);
    if (!state || !state->person)
        return;
    const struct ule_person_changed *newest = state->person, *record = state->facts ? state->facts : newest;
    const char *shown = ule_explain_number(explain->arena, entity);
    const bool earlier = strcmp(newest->event_id, record->event_id) != 0;
    const bool ended = earlier && ule_class_counts(newest->status);
    const int32_t since = ended ? record->status_since : newest->status_since;
    json_t *item = ule_explain_item(
        facts, "CPR on %s: %s%s%s%s%s%s", shown, ule_explain_status_words(newest->status),
        since != ULE_DATE_NONE ? " since " : "", since != ULE_DATE_NONE ? ule_explain_day(explain->arena, since) : "",
        newest->current_number ? ", now " : "",
        newest->current_number ? ule_explain_number(explain->arena, newest->current_number) : "",
        ended ? ", as last told; the subscription has ended" : "");
    ule_explain_set(item, "kind", "cpr");
    ule_explain_set(item, "number", entity);
    ule_explain_set(item, "status", ule_cpr_status_enum.symbols[newest->status]);
    ule_explain_set(item, "marital_status", ule_marital_status_enum.symbols[record->marital_status]);
    json_object_set_new(item, "subscription_ended", json_boolean(ended));
    ule_explain_source(item, state, newest->event_id);
    if (strcmp(entity, explain->who->entity) != 0)
        return;
    cpr_details(explain, item, record);
    if (earlier) {
        json_t *older = ule_explain_item(facts, "CPR on %s: %s", shown,
                                         ended ? "all but that end is from an earlier record"
                                               : "the facts above are from an earlier record");
        ule_explain_set(older, "kind", "cpr-facts");
        ule_explain_source(older, state, record->event_id);
    }
}

/* What came with a number that became this one, or names one that this has not become. */
static void under(struct ule_explain *explain, json_t *item, const char *number) {
    ule_explain_set(item, "number", number);
    if (!number || strcmp(number, explain->who->entity) == 0)
        return;
    const char *shown = ule_explain_number(explain->arena, number);
    if (ule_strings_have(&explain->who->person.became, number))
        ule_explain_detail(item, "Under the number %s", shown);
    else
        ule_explain_detail(item, "It names %s by now, and counts here while that swap is undecided", shown);
}

static void requests(struct ule_explain *explain, json_t *facts, const char *entity) {
    const struct ule_person_state *state = ule_explain_state(explain, entity);
    for (size_t i = 0; state && i < state->requests.count; i++) {
        const struct ule_institution_request *request = &state->requests.items[i];
        json_t *item = ule_explain_item(facts, "Request of %s: %s", request->institution_number,
                                        ule_explain_request_words(request->kind));
        ule_explain_set(item, "kind", "request");
        ule_explain_set(item, "request", ule_request_kind_enum.symbols[request->kind]);
        ule_explain_set(item, "institution", request->institution_number);
        ule_explain_set(item, "case_number", request->case_number);
        if (request->from_number)
            ule_explain_detail(item, "From %s to %s", ule_explain_number(explain->arena, request->from_number),
                               ule_explain_number(explain->arena, request->number));
        if (request->case_number)
            ule_explain_detail(item, "Case number there: %s", request->case_number);
        if (!ule_person_standing(&explain->who->person.voices, request->institution_number))
            ule_explain_detail(item, "That institution has no active record or listing here today");
        ule_explain_source(item, state, request->event_id);
    }
}

/* Contacts whom nothing but a name is known of: no relation and no account, but perhaps a case of this record. */
static void by_name_only(json_t *item, const struct ule_institution_person_changed *held) {
    size_t count = 0;
    for (size_t i = 0; held && i < held->contacts.count; i++)
        count += !held->contacts.items[i].number && !held->contacts.items[i].alien_number;
    json_object_set_new(item, "contacts_by_name_only", json_integer((json_int_t)count));
    if (count > 0)
        ule_explain_detail(item, "%zu contact%s known there by name only: no relation, no account", count,
                           count == 1 ? "" : "s");
}

static void local(struct ule_explain *explain, json_t *facts, const struct ule_voice *voice) {
    const struct ule_local_tell *tell = voice->tell->local;
    const struct ule_institution_person_changed *record = tell->counts ? tell->record : NULL;
    bool disputed = ule_strings_have(&explain->who->person.disputed, voice->sender);
    if (!record && !disputed)
        return;
    const struct ule_person_state *state = ule_explain_state(explain, voice->sender);
    if (!record && state)
        record = state->local;
    if (!record)
        return;
    bool leaving = state && state->active && state->local && !state->local->active;
    json_t *item = ule_explain_item(facts, "Institution %s (%s): %s%s%s%s", tell->institution_number,
                                    ule_institution_kind_enum.symbols[record->institution_kind],
                                    ule_role_enum.symbols[record->role], record->level ? ", grade " : "",
                                    record->level ? record->level : "", record->active ? "" : ", has left");
    ule_explain_set(item, "kind", "institution");
    ule_explain_set(item, "institution", tell->institution_number);
    ule_explain_set(item, "local_person_id", tell->local_person_id);
    ule_explain_set(item, "role", ule_role_enum.symbols[record->role]);
    ule_explain_set(item, "level", record->level);
    json_object_set_new(item, "active", json_boolean(record->active));
    json_object_set_new(item, "leaving", json_boolean(leaving));
    json_object_set_new(item, "disputed", json_boolean(disputed));
    ule_explain_detail(item, "Known there as local id %s", tell->local_person_id);
    under(explain, item, record->number);
    if (record->protected)
        ule_explain_detail(item, "The institution says that the name is protected");
    if (!disputed)
        by_name_only(item, state && state->active ? state->active : state ? state->local : NULL);
    if (disputed) {
        ule_explain_detail(item, "Disputed: somebody else was named by this number first");
        ule_explain_rule(item, "2.disputed");
    }
    if (leaving)
        ule_explain_detail(item, "It has reported that the pupil leaves; not in effect until the institution's "
                                 "leavings are released");
    ule_explain_source(item, state, record->event_id);
    if (leaving) {
        json_t *left = ule_explain_item(facts, "Institution %s: the pupil leaves, as reported",
                                        tell->institution_number);
        ule_explain_set(left, "kind", "leaving");
        ule_explain_source(left, state, state->local->event_id);
    }
}

static void permit(struct ule_explain *explain, json_t *facts, const struct ule_voice *voice) {
    const struct ule_residence_permit_changed *permit = &voice->tell->permit->permit;
    if (!voice->tell->permit->counts)
        return;
    json_t *item = ule_explain_item(facts, "Permit %s: %s, %s%s", permit->permit_id,
                                    ule_permit_ground_enum.symbols[permit->ground],
                                    ule_permit_status_enum.symbols[permit->status],
                                    ule_explain_period(explain->arena, permit->valid_from, permit->valid_until));
    ule_explain_set(item, "kind", "permit");
    ule_explain_set(item, "permit_id", permit->permit_id);
    ule_explain_set(item, "ground", ule_permit_ground_enum.symbols[permit->ground]);
    ule_explain_set(item, "status", ule_permit_status_enum.symbols[permit->status]);
    ule_explain_set_date(item, "valid_from", permit->valid_from);
    ule_explain_set_date(item, "valid_until", permit->valid_until);
    ule_explain_detail(item, "Entitled to a number: %s; address registered: %s; identity verified: %s",
                       permit->entitled_to_number ? "yes" : "no", permit->address_registered ? "yes" : "no",
                       permit->identity_verified ? "yes" : "no");
    ule_explain_source(item, ule_explain_state(explain, voice->sender), permit->event_id);
}

const char *ule_explain_credential_today(const struct ule_explain *explain,
                                         const struct ule_credential_changed *credential) {
    bool closed = credential->scheme == ULE_CREDENTIAL_SCHEME_NEMID &&
                  credential->status == ULE_CREDENTIAL_STATUS_ACTIVE &&
                  explain->today >= explain->config->policy.nemid_closed_on;
    return ule_credential_status_enum.symbols[closed ? ULE_CREDENTIAL_STATUS_EXPIRED : credential->status];
}

static void credential(struct ule_explain *explain, json_t *facts, const struct ule_voice *voice) {
    const struct ule_credential_changed *credential = voice->tell->credential;
    const char *scheme = credential->scheme == ULE_CREDENTIAL_SCHEME_NEMID ? "NemID" : "MitID";
    const char *today = ule_explain_credential_today(explain, credential);
    const char *told = ule_credential_status_enum.symbols[credential->status];
    json_t *item = ule_explain_item(facts, "%s %s: %s at %s, issued by %s", scheme, credential->credential_id, today,
                                    ule_credential_assurance_enum.symbols[credential->assurance],
                                    ule_credential_channel_enum.symbols[credential->channel]);
    ule_explain_set(item, "kind", "credential");
    ule_explain_set(item, "credential_id", credential->credential_id);
    ule_explain_set(item, "scheme", ule_credential_scheme_enum.symbols[credential->scheme]);
    ule_explain_set(item, "status", told);
    ule_explain_set(item, "status_today", today);
    ule_explain_set(item, "assurance", ule_credential_assurance_enum.symbols[credential->assurance]);
    under(explain, item, credential->number);
    if (strcmp(told, today) != 0) {
        ule_explain_detail(item, "Its issuer said %s last; NemID closed on %s", told,
                           ule_explain_day(explain->arena, explain->config->policy.nemid_closed_on));
        ule_explain_rule(item, "A6");
    }
    if (explain->who->person.number_class == ULE_NUMBER_CLASS_REPLACEMENT)
        ule_explain_detail(item, "On a replacement number it is kept, and counts after the re-registration");
    ule_explain_source(item, ule_explain_state(explain, voice->sender), credential->event_id);
}

/* By which record of a child this person is its contact. */
static void listing(struct ule_explain *explain, json_t *facts, const struct ule_voice *voice) {
    const struct ule_listing *listing = voice->tell->listing;
    if (!listing->enrolled)
        return;
    const char *child = voice->sender;
    const struct ule_subject *subject = ule_explain_subject(explain, child);
    json_t *item = ule_explain_item(facts, "%s of %s, %s", ule_explain_relation_words(listing->relation),
                                    subject->called,
                                    listing->listed ? "as the child's institution lists" : "as CPR says");
    json_t *text = json_object_get(item, "text");
    char *capital = strdup(json_string_value(text));
    if (capital && capital[0] >= 'a' && capital[0] <= 'z')
        capital[0] = (char)(capital[0] - 'a' + 'A');
    ule_explain_set(item, "text", capital);
    free(capital);
    ule_explain_set(item, "kind", "listing");
    ule_explain_set(item, "child_number", subject->person.number);
    ule_explain_set_strings(item, "institutions", &listing->institutions);
    for (size_t i = 0; i < listing->institutions.count; i++)
        ule_explain_detail(item, "Listed by institution %s", listing->institutions.items[i]);
    set_country(item, "country", "Listed as living in", listing->country);
    if (listing->related)
        ule_explain_detail(item, "A parent or holder of custody in CPR's record of the child");
    if (listing->listed && listing->source) {
        const char *record = ule_arena_printf(explain->arena, "local:%s", listing->source);
        const struct ule_person_state *state = ule_explain_state(explain, record);
        const struct ule_institution_person_changed *held = state && state->active ? state->active
                                                            : state                ? state->local
                                                                                   : NULL;
        if (held)
            ule_explain_source(item, state, held->event_id);
    }
    const struct ule_person_state *state = subject->state;
    if (!json_object_get(item, "source") && (state->facts || state->person))
        ule_explain_source(item, state, (state->facts ? state->facts : state->person)->event_id);
}

void ule_explain_facts(struct ule_explain *explain) {
    json_t *facts = ule_explain_section(explain, "facts");
    const struct ule_person *person = &explain->who->person;
    for (size_t i = 0; i < person->became.count; i++)
        cpr(explain, facts, person->became.items[i]);
    if (person->number && !explain->who->state->person)
        ule_explain_set(ule_explain_item(facts, "CPR on %s: has told nothing", explain->who->shown), "kind", "cpr");
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_voice *voice = &person->voices.items[i];
        if (voice->tell->local)
            local(explain, facts, voice);
        if (voice->tell->permit)
            permit(explain, facts, voice);
        if (voice->tell->credential)
            credential(explain, facts, voice);
        if (voice->tell->listing)
            listing(explain, facts, voice);
    }
    for (size_t i = 0; i < person->became.count; i++)
        requests(explain, facts, person->became.items[i]);
}
