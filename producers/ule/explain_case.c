/* SPDX-License-Identifier: MIT */
/* Open cases with what helps, and the verdicts for Optagelse.dk (domain.md sections 7 and 8). */
#include "ule/explain.h"

#include "ule/explain_rule.h"

#include <string.h>

static const void *value_of(struct ule_explain *explain, const struct ule_published *entry) {
    const struct ule_record *record = ule_topic_records[entry->topic];
    void *value = ule_arena_alloc(explain->arena, record->size);
    if (entry->value.size == 0 || ule_record_decode(record, entry->value.bytes, entry->value.size, explain->arena,
                                                    value, &explain->error) != ULE_OK)
        return NULL;
    return value;
}

static void open_case(struct ule_explain *explain, json_t *section, const struct ule_case *value) {
    const char *name = ule_case_kind_enum.symbols[value->case_];
    json_t *item = ule_explain_item(section, "%s since %s: %s", name, ule_explain_day(explain->arena, value->since),
                                    ule_explain_case_words(value->case_));
    ule_explain_set(item, "case", name);
    ule_explain_set(item, "subject_number", value->subject_number);
    ule_explain_set(item, "alien_number", value->alien_number);
    ule_explain_set(item, "child_number", value->child_number);
    ule_explain_set(item, "institution", value->institution_number);
    ule_explain_set(item, "remedy", value->remedy);
    ule_explain_set(item, "remedy_da", value->remedy_da);
    ule_explain_set(item, "remedy_en", value->remedy_en);
    ule_explain_set_date(item, "since", value->since);
    ule_explain_set_strings(item, "channels", &value->channels);
    if (value->child_number)
        ule_explain_detail(item, "About the child %s", ule_explain_subject(explain, value->child_number)->called);
    if (value->subject_number && strcmp(value->subject_number, explain->who->entity) != 0)
        ule_explain_detail(item, "Of %s", ule_explain_subject(explain, value->subject_number)->called);
    if (!value->subject_number && !value->alien_number && value->institution_number)
        ule_explain_detail(item, "Of contacts whom institution %s knows by name only", value->institution_number);
    ule_explain_detail(item, "What helps: %s", value->remedy_en);
    ule_explain_detail(item, "Hvad hjælper: %s", value->remedy_da);
    const char *channels = "";
    for (size_t i = 0; i < value->channels.count; i++)
        channels = ule_arena_printf(explain->arena, "%s%s%s", channels, i ? ", " : "", value->channels.items[i]);
    ule_explain_detail(item, "Where: %s", *channels ? channels : "nowhere yet");
}

/* The open cases that an entity publishes; of a child's only those about this contact. */
static void cases_of(struct ule_explain *explain, json_t *section, const char *entity, const char *subject) {
    const struct ule_person_state *state = ule_explain_state(explain, entity);
    for (size_t i = 0; state && i < state->published.count; i++) {
        if (state->published.items[i].topic != ULE_TOPIC_CASE)
            continue;
        const struct ule_case *value = value_of(explain, &state->published.items[i]);
        if (!value || !value->open)
            continue;
        const char *of = value->subject_number ? value->subject_number : value->alien_number;
        if (!subject || (of && strcmp(of, subject) == 0))
            open_case(explain, section, value);
    }
}

void ule_explain_cases(struct ule_explain *explain) {
    json_t *section = ule_explain_section(explain, "cases");
    const struct ule_person *person = &explain->who->person;
    for (size_t i = 0; i < person->became.count; i++)
        cases_of(explain, section, person->became.items[i], NULL);
    /* A swap to this number that is stuck is a case of the other number. */
    for (size_t i = 0; i < person->pairs.count; i++) {
        const struct ule_pair *pair = &person->pairs.items[i];
        if (pair->heard && pair->heard->loan && !ule_strings_have(&person->became, pair->number))
            cases_of(explain, section, pair->number, pair->number);
    }
    for (size_t i = 0; i < person->voices.count; i++) {
        const struct ule_voice *voice = &person->voices.items[i];
        if (voice->tell->listing)
            cases_of(explain, section, voice->sender,
                     strncmp(explain->who->entity, "alien:", 6) == 0 ? explain->who->entity + 6 : explain->who->entity);
        if (voice->tell->local && voice->tell->local->counts)
            cases_of(explain, section, voice->sender, NULL);
    }
}

void ule_explain_verdicts(struct ule_explain *explain) {
    json_t *section = ule_explain_section(explain, "verdicts");
    const struct ule_published_array *all = &explain->who->derive.state->published;
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].topic != ULE_TOPIC_PUPIL)
            continue;
        const struct ule_pupil_verdict *value = value_of(explain, &all->items[i]);
        if (!value)
            continue;
        json_t *item = ule_explain_item(section, "%s at institution %s, grade %s, since %s: %s",
                                        ule_verdict_enum.symbols[value->verdict], value->institution_number,
                                        value->level, ule_explain_day(explain->arena, value->since),
                                        ule_explain_verdict_words(value->reason));
        ule_explain_set(item, "verdict", ule_verdict_enum.symbols[value->verdict]);
        ule_explain_set(item, "reason", ule_verdict_reason_enum.symbols[value->reason]);
        ule_explain_set(item, "institution", value->institution_number);
        ule_explain_set(item, "level", value->level);
        ule_explain_set_date(item, "since", value->since);
        ule_explain_rule(item, "7");
    }
}
