/* SPDX-License-Identifier: MIT */
/* Swaps from this person's numbers and to them: who told them, where they stand and why (domain.md section 6). */
#include "ule/explain.h"

#include "core/renumber.h"
#include "ule/explain_rule.h"

#include <string.h>

static const char *teller(struct ule_arena *arena, const struct ule_telling *telling) {
    const char *source = telling->source;
    if (strncmp(source, "local:", 6) == 0) {
        const char *slash = strchr(source, '/');
        return slash ? ule_arena_printf(arena, "institution %.*s, its record %s", (int)(slash - source - 6), source + 6,
                                        slash + 1)
                     : source + 6;
    }
    if (strncmp(source, "permit:", 7) == 0)
        return ule_arena_printf(arena, "permit %s", source + 7);
    if (strncmp(source, "request:", 8) == 0)
        return ule_arena_printf(arena, "a request of institution %s", source + 8);
    return source;
}

/* The record that told it last, while it is still the one that is held. */
static void set_source(struct ule_explain *explain, json_t *item, const struct ule_telling *telling) {
    const struct ule_person_state *state = ule_explain_state(explain, telling->source);
    if (state && state->local && state->local->changed_at == telling->last_at)
        ule_explain_source(item, state, state->local->event_id);
    else if (state && state->permit && state->permit->changed_at == telling->last_at)
        ule_explain_source(item, state, state->permit->event_id);
}

static void tellings(struct ule_explain *explain, json_t *item, const struct ule_telling_array *all, bool back) {
    json_t *list = json_object_get(item, "told_by");
    for (size_t i = 0; i < all->count; i++) {
        const struct ule_telling *telling = &all->items[i];
        char at[25];
        ule_explain_detail(item, "%s by %s%s, %s%s", back ? "Told the other way round" : "Told",
                           teller(explain->arena, telling), telling->contact ? " (of a contact)" : "",
                           telling->explicit ? "" : "by carrying another number, ",
                           ule_explain_day(explain->arena, ule_date_of_time(telling->first_at)));
        json_t *entry = json_object();
        ule_explain_set(entry, "source_entity", telling->source);
        ule_explain_set(entry, "from_number", telling->from_number);
        ule_explain_set(entry, "to_number", telling->to_number);
        ule_explain_set(entry, "trigger", ule_trigger_enum.symbols[telling->trigger]);
        ule_explain_set(entry, "case_number", telling->case_number);
        ule_explain_set(entry, "first_at", ule_time_format(telling->first_at, at));
        json_object_set_new(entry, "explicit", json_boolean(telling->explicit));
        json_object_set_new(entry, "contact", json_boolean(telling->contact));
        set_source(explain, entry, telling);
        if (json_object_get(entry, "source") && !json_object_get(item, "source"))
            json_object_set(item, "source", json_object_get(entry, "source"));
        json_array_append_new(list, entry);
    }
}

/* CPR's word: on the old number, or that which names it as a former one of the new. */
static void set_cpr_source(struct ule_explain *explain, json_t *item, const struct ule_subject *from, const char *to) {
    const struct ule_person_changed *told = from->state->person;
    if (told && told->current_number && strcmp(told->current_number, to) == 0) {
        ule_explain_source(item, from->state, told->event_id);
        return;
    }
    const struct ule_person_state *state = ule_explain_subject(explain, to)->state;
    told = state->facts ? state->facts : state->person;
    if (told && ule_strings_have(&told->former_numbers, from->entity))
        ule_explain_source(item, state, told->event_id);
}

/* An alien id becomes the number that a permit or a record carries with it. */
static void aliases(struct ule_explain *explain, json_t *item, const struct ule_subject *from, const char *to) {
    for (size_t i = 0; i < from->person.voices.count; i++) {
        const struct ule_voice *voice = &from->person.voices.items[i];
        const struct ule_permit_tell *permit = voice->tell->permit;
        const char *number = permit ? permit->permit.number : voice->tell->local ? voice->tell->local->alias : NULL;
        if (!number || strcmp(number, to) != 0)
            continue;
        const struct ule_telling telling = {.source = voice->sender};
        const struct ule_person_state *state = ule_explain_state(explain, voice->sender);
        ule_explain_detail(item, "Told by %s, which carries both", teller(explain->arena, &telling));
        if (state && (state->permit || state->local))
            ule_explain_source(item, state, state->permit ? state->permit->event_id : state->local->event_id);
    }
}

static void deadline(const struct ule_explain *explain, json_t *item, const struct ule_subject *from,
                     const struct ule_pair *pair, bool complete) {
    int64_t until = ule_renumber_deadline(&from->person, pair);
    if (until == ULE_TIME_NONE || complete)
        return;
    char text[25];
    ule_explain_set(item, "optagelse_deadline", ule_time_format(until, text));
    bool over = ule_date_of_time(until) < explain->today;
    ule_explain_detail(item, "Optagelse.dk must show it by %.16s UTC (five days, S1)%s", text, over ? ": overdue" : "");
}

static void describe(struct ule_explain *explain, json_t *section, const struct ule_subject *from,
                     const struct ule_outgoing *swap) {
    const struct ule_pair *pair = NULL;
    for (size_t i = 0; i < from->person.pairs.count; i++)
        if (strcmp(from->person.pairs.items[i].number, swap->to_number) == 0)
            pair = &from->person.pairs.items[i];
    const struct ule_answer *answer = pair && pair->heard ? pair->heard->answer : NULL;
    bool alias = !from->person.number;
    enum ule_outcome outcome = swap->outcome != ULE_OUTCOME_NULL ? swap->outcome
                               : answer                          ? answer->outcome
                                                                 : ULE_OUTCOME_NULL;
    if (alias && outcome == ULE_OUTCOME_NULL && (!pair || !pair->in_force))
        return; /* nobody says so any more, and nothing came of it */
    const char *to = ule_explain_number(explain->arena, swap->to_number);
    json_t *item = ule_explain_item(
        section, "%s %s %s: %s", from->shown, alias ? "is now known by the number" : "to", to,
        outcome == ULE_OUTCOME_NULL ? "told, not answered yet" : ule_explain_outcome_words(outcome));
    ule_explain_set(item, "from_number", from->entity);
    ule_explain_set(item, "to_number", swap->to_number);
    ule_explain_set(item, "outcome", outcome == ULE_OUTCOME_NULL ? NULL : ule_outcome_enum.symbols[outcome]);
    json_object_set_new(item, "complete", json_boolean(swap->completed));
    json_object_set_new(item, "told_by", json_array());
    ule_explain_rule(item, alias ? "2.alien" : "6");
    if (alias)
        aliases(explain, item, from, swap->to_number);
    const char *reason = answer && outcome != ULE_OUTCOME_REVERSED ? answer->reason : NULL;
    ule_explain_set(item, "reason", reason);
    if (reason) {
        const char *meaning = ule_explain_reason_meaning(reason);
        ule_explain_detail(item, "Why: %s", meaning ? meaning : reason);
    }
    if (pair && pair->cpr_out && !alias) {
        ule_explain_detail(item, "CPR itself says it");
        set_cpr_source(explain, item, from, swap->to_number);
    } else if (outcome == ULE_OUTCOME_REVERSED && (!pair || (pair->out.count == 0 && pair->back.count == 0))) {
        ule_explain_detail(item, "Whoever told it has taken it back (of CPR's own word: fortryd)");
    }
    if (!pair)
        return;
    tellings(explain, item, &pair->out, false);
    tellings(explain, item, &pair->back, true);
    if (!json_object_get(item, "source") && json_array_size(json_object_get(item, "told_by")) > 0)
        ule_explain_detail(item, "Newer records have followed those that told it; their places are not kept");
    deadline(explain, item, from, pair, swap->completed || outcome == ULE_OUTCOME_REVERSED);
}

void ule_explain_swaps(struct ule_explain *explain) {
    json_t *section = ule_explain_section(explain, "swaps");
    const struct ule_person *person = &explain->who->person;
    struct ule_strings froms = {0};
    for (size_t i = person->became.count; i-- > 0;)
        ule_strings_add(explain->arena, &froms, person->became.items[i]);
    for (size_t i = 0; i < person->pairs.count; i++)
        if (person->pairs.items[i].heard)
            ule_strings_add(explain->arena, &froms, person->pairs.items[i].number);
    for (size_t i = 0; i < froms.count; i++) {
        const struct ule_subject *from = ule_explain_subject(explain, froms.items[i]);
        const struct ule_person_state *state = from->derive.state;
        for (size_t k = 0; k < state->outgoing.count; k++)
            if (strcmp(froms.items[i], explain->who->entity) == 0 ||
                ule_strings_have(&person->became, froms.items[i]) ||
                strcmp(state->outgoing.items[k].to_number, explain->who->entity) == 0)
                describe(explain, section, from, &state->outgoing.items[k]);
    }
}
