/* SPDX-License-Identifier: MIT */
/* What would change it: what the rules would say to a record that is missing (explain_question.c), then what comes by
 * itself on a known day, then what somebody has to do. */
#include "ule/explain.h"

#include "core/renumber.h"
#include "ule/explain_rule.h"

#include <string.h>

enum { LONG_STAY_DAYS = 365 };

/* An item on a day to come, in the order of days; NULL for a day that is past, or none. */
static json_t *on_day(struct ule_explain *explain, json_t *dated, int32_t date, const char *text) {
    if (date == ULE_DATE_NONE || date <= explain->today)
        return NULL;
    const char *day = ule_explain_day(explain->arena, date);
    json_t *item = json_object();
    ule_explain_set(item, "text", ule_arena_printf(explain->arena, "%s: %s", day, text));
    ule_explain_set(item, "kind", "date");
    ule_explain_set(item, "date", day);
    size_t at = 0;
    while (at < json_array_size(dated) &&
           strcmp(json_string_value(json_object_get(json_array_get(dated, at), "date")), day) <= 0)
        at++;
    json_array_insert_new(dated, at, item);
    return item;
}

static void rule(json_t *item, const char *name) {
    if (item)
        ule_explain_rule(item, name);
}

/* Custody of one child that begins or ends, and the birthday that ends all of it. `holder`: this contact's alone. */
static void custody_days(struct ule_explain *explain, json_t *dated, const struct ule_subject *child,
                         const struct ule_subject *holder) {
    const struct ule_person *person = &child->person;
    struct ule_arena *arena = explain->arena;
    const char *of = child == explain->who ? "" : ule_arena_printf(arena, " of %s", child->called);
    if (person->married || person->adult)
        return;
    for (size_t i = 0; person->facts && i < person->facts->custody.count; i++) {
        const struct ule_custody_row *row = &person->facts->custody.items[i];
        const struct ule_parent *parent = row->holder == ULE_CUSTODY_HOLDER_MOTHER   ? person->facts->mother
                                          : row->holder == ULE_CUSTODY_HOLDER_FATHER ? person->facts->father
                                                                                     : NULL;
        const char *number = parent ? parent->number : row->number;
        if (!number)
            continue;
        const struct ule_subject *named = ule_explain_subject(explain, number);
        const struct ule_relation *relation = ule_explain_relation(child, named);
        if (holder && named != holder && (!relation || relation != ule_explain_relation(child, holder)))
            continue;
        const char *with = holder ? "" : ule_arena_printf(arena, " held by %s", named->called);
        rule(on_day(explain, dated, row->from, ule_arena_printf(arena, "custody%s%s begins", of, with)), "3.custody");
        rule(on_day(explain, dated, row->until, ule_arena_printf(arena, "custody%s%s ends", of, with)), "3.custody");
    }
    int32_t eighteen = ule_date_birthday(person->birth_date, ULE_AGE_ADULT);
    rule(on_day(explain, dated, eighteen,
                child == explain->who ? "18 years old: custody ends, and nobody sees anything of this person any more"
                                      : ule_arena_printf(arena, "%s is 18: custody and access end", child->called)),
         "3.ends");
}

static void own_days(struct ule_explain *explain, json_t *dated) {
    const struct ule_person *person = &explain->who->person;
    const struct ule_policy *policy = &explain->config->policy;
    struct ule_arena *arena = explain->arena;
    if (person->kept && person->kept->protection) {
        rule(on_day(explain, dated, person->kept->protection->from, "name and address protection begins"), "A9");
        rule(on_day(explain, dated, person->kept->protection->until, "name and address protection ends"), "A9");
    }
    if (person->enrolled && person->number && !person->dead)
        rule(on_day(explain, dated, ule_date_birthday(person->birth_date, ULE_AGE_SELF_ENROLMENT),
                    "15 years old: may enrol itself, with a login at HIGH"),
             "E1");
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_tell *tell = person->voices.items[i].tell;
        if (tell->credential && tell->credential->scheme == ULE_CREDENTIAL_SCHEME_NEMID &&
            tell->credential->status == ULE_CREDENTIAL_STATUS_ACTIVE)
            rule(on_day(explain, dated, policy->nemid_closed_on, "NemID closes, and counts as expired"), "A6");
        if (!tell->permit || !tell->permit->counts)
            continue;
        const struct ule_residence_permit_changed *permit = &tell->permit->permit;
        (void)on_day(explain, dated, permit->valid_from,
                     ule_arena_printf(arena, "permit %s begins", permit->permit_id));
        (void)on_day(explain, dated, permit->valid_until, ule_arena_printf(arena, "permit %s ends", permit->permit_id));
    }
    int32_t loose = person->account ? person->account->loose_since : ULE_DATE_NONE;
    if (loose != ULE_DATE_NONE && person->account_state == ULE_ACCOUNT_STATE_SUSPENDED)
        rule(on_day(explain, dated, loose + policy->account_close_after_days,
                    "the account is closed, unless there is a role or a living relation again"),
             "A8");
    if (person->facts && person->living && !person->credential_active &&
        person->number_class == ULE_NUMBER_CLASS_VERIFIED && person->facts->entered_on != ULE_DATE_NONE &&
        person->facts->emigrated_on != ULE_DATE_NONE &&
        person->facts->entered_on - person->facts->emigrated_on >= LONG_STAY_DAYS)
        (void)on_day(explain, dated, person->facts->entered_on + LONG_STAY_DAYS + 1,
                     "a year since the return: the case is no longer NEMID_6");
}

/* Swaps of pupils of grades 8-10 that are not complete: the day on which they are overdue. */
static void overdue_days(struct ule_explain *explain, json_t *dated, const struct ule_subject *from) {
    for (size_t i = 0; i < from->person.pairs.count; i++) {
        const struct ule_pair *pair = &from->person.pairs.items[i];
        int64_t deadline = ule_renumber_deadline(&from->person, pair);
        bool ours = from == explain->who || strcmp(pair->number, explain->who->entity) == 0;
        bool complete = from->person.moved_to && strcmp(from->person.moved_to, pair->number) == 0;
        if (!pair->in_force || !ours || complete || deadline == ULE_TIME_NONE)
            continue;
        rule(on_day(explain, dated, ule_date_of_time(deadline) + 1,
                    ule_arena_printf(explain->arena, "the re-registration of %s is overdue, unless it is complete",
                                     from->shown)),
             "6");
    }
}

/* A leaving that is not in effect yet. */
static void leavings(struct ule_explain *explain, json_t *changes) {
    const struct ule_person *person = &explain->who->person;
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_voice *voice = &person->voices.items[i];
        if (!voice->tell->local || !voice->tell->local->counts)
            continue;
        const struct ule_person_state *record = ule_explain_state(explain, voice->sender);
        if (!record || !record->active || !record->local || record->local->active)
            continue;
        const char *institution = voice->tell->local->institution_number;
        const struct ule_person_state *state = ule_explain_state(
            explain, ule_arena_printf(explain->arena, "institution:%s", institution));
        bool held = false, rejected = false;
        for (size_t k = 0; state && k < state->leavers.count; k++) {
            held |= state->leavers.items[k].held && strcmp(state->leavers.items[k].local, voice->sender) == 0;
            rejected |= state->leavers.items[k].rejected && strcmp(state->leavers.items[k].local, voice->sender) == 0;
        }
        json_t *item = ule_explain_item(
            changes,
            rejected ? "Institution %s has rejected its leavings: the pupil stays until a newer record comes"
            : held   ? "Institution %s approves its leavings (LEAVERS_HELD): the pupil has left then. If it rejects "
                       "them, the pupil stays"
                     : "The pupil has left institution %s from the next day on, unless too many leave at once",
            institution);
        ule_explain_set(item, "kind", "leaving");
        ule_explain_set(item, "institution", institution);
    }
}

static void kind_item(json_t *changes, const char *kind, const char *name, const char *text) {
    json_t *item = ule_explain_item(changes, "%s", text);
    ule_explain_set(item, "kind", kind);
    ule_explain_rule(item, name);
}

/* Where the institution's word is what decides today; where it states no less than the table gives, nothing would
 * change. `of_child`: told to who asks for the child. */
static void lowered(struct ule_explain *explain, json_t *changes, const struct ule_subject *child,
                    const struct ule_subject *contact, bool of_child) {
    const struct ule_contact_relation *published = ule_explain_published(child, contact);
    if (!published || !ule_strings_have(&published->basis, "5.lowered"))
        return;
    const struct ule_subject *other = of_child ? contact : child;
    kind_item(changes, "lowered", "5.lowered",
              ule_arena_printf(explain->arena, "The institution no longer lowers what %s %s",
                               of_child ? "is seen by" : "may be seen of", other->called));
}

/* What somebody has to do, where no record of a kind that we know would do it alone. */
static void deeds(struct ule_explain *explain, json_t *changes) {
    const struct ule_person *person = &explain->who->person;
    if (!person->number)
        kind_item(changes, "number", person->enrolled ? "A2" : "A1",
                  strncmp(explain->who->entity, "unnamed:", 8) == 0
                      ? "A person number: the institution's record names it, or an alien id"
                      : "A person number: a permit, or the institution's record, that names it together with the alien "
                        "id carries everything over");
    bool moving = false;
    for (size_t i = 0; i < person->pairs.count; i++)
        moving |= person->pairs.items[i].in_force;
    if (person->number_class == ULE_NUMBER_CLASS_REPLACEMENT && !moving)
        kind_item(changes, "re-register", "A2",
                  "Re-registration: the institution sends the real number for the same person, or names this one as "
                  "replaced. Until then nothing comes from CPR and no NemID or MitID counts");
    if (person->dispute_open)
        kind_item(changes, "dispute", "2.disputed",
                  "The institution that named this number later gives its person another one");
    if (person->account && strcmp(person->reason, "A8") == 0)
        kind_item(changes, "tie", "A8",
                  "A role at an institution, or a living relation to an enrolled child, brings the account back");
    for (size_t i = 0; i < person->relations.count && person->enrolled; i++)
        lowered(explain, changes, explain->who, ule_explain_subject(explain, person->relations.items[i].address), true);
    for (size_t i = 0; i < person->voices.count; i++)
        if (person->voices.items[i].tell->listing)
            lowered(explain, changes, ule_explain_subject(explain, person->voices.items[i].sender), explain->who,
                    false);
}

void ule_explain_changes(struct ule_explain *explain) {
    json_t *changes = ule_explain_section(explain, "changes"), *dated = json_array();
    const struct ule_subject *who = explain->who;
    ule_explain_questions(explain, changes);
    deeds(explain, changes);
    leavings(explain, changes);
    own_days(explain, dated);
    if (who->person.enrolled && who->person.relations.count > 0)
        custody_days(explain, dated, who, NULL);
    for (size_t i = 0; i < who->person.voices.count && !who->person.dead; i++) {
        const struct ule_voice *voice = &who->person.voices.items[i];
        if (voice->tell->listing && voice->tell->listing->enrolled)
            custody_days(explain, dated, ule_explain_subject(explain, voice->sender), who);
    }
    overdue_days(explain, dated, who);
    for (size_t i = 0; i < who->person.pairs.count; i++)
        if (who->person.pairs.items[i].heard)
            overdue_days(explain, dated, ule_explain_subject(explain, who->person.pairs.items[i].number));
    json_array_extend(changes, dated);
    json_decref(dated);
}
