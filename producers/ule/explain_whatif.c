/* SPDX-License-Identifier: MIT */
/* What would change it, asked of the rules themselves: the engine takes a made-up record over the stored states, what
 * it would publish is compared with what stands, and the batch is thrown away. */
#include "ule/explain.h"

#include "ule/explain_rule.h"

#include <string.h>

struct what_if {
    struct ule_explain *explain;
    struct ule_output *outputs; /* the last of each key */
    size_t count;
    json_t *item, *effects;
    size_t sensitive, non_sensitive; /* children */
    const char *only_contact;        /* relations of others are not looked at; NULL: all are */
};

static enum ule_code keep(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    (void)at;
    (void)error;
    struct what_if *what_if = context;
    struct ule_arena *arena = what_if->explain->arena;
    if (!output->value)
        return ULE_OK;
    const struct ule_record *record = ule_topic_records[output->topic];
    void *copy = ule_arena_alloc(arena, record->size);
    ule_record_copy(record, output->value, arena, copy);
    struct ule_output *kept = NULL;
    for (size_t i = 0; i < what_if->count && !kept; i++)
        if (what_if->outputs[i].topic == output->topic && strcmp(what_if->outputs[i].key, output->key) == 0)
            kept = &what_if->outputs[i];
    if (!kept) {
        what_if->outputs = ule_array_grow(arena, what_if->outputs, what_if->count, sizeof *what_if->outputs);
        kept = &what_if->outputs[what_if->count++];
    }
    *kept = (struct ule_output){output->topic, ule_arena_string(arena, output->key), copy};
    return ULE_OK;
}

/* One record after the other; `second` may be NULL. */
static bool play(struct what_if *what_if, const struct ule_inbox_message *message,
                 const struct ule_inbox_message *second) {
    struct ule_explain *explain = what_if->explain;
    const struct ule_engine_sink sink = {.context = what_if, .output = keep};
    struct ule_engine *engine = ule_engine_new(explain->stores, explain->partitions, &explain->config->policy, &sink);
    enum ule_code code = ule_engine_apply(engine, message, NULL);
    if (code == ULE_OK && second)
        code = ule_engine_apply(engine, second, NULL);
    for (unsigned i = 0; i < explain->partitions; i++)
        ule_store_abort(explain->stores[i]);
    ule_engine_free(engine);
    return code == ULE_OK;
}

static void effect(struct what_if *what_if, json_t *fields, const char *text) {
    ule_explain_set(fields, "text", text);
    json_array_append_new(what_if->effects, fields);
    ule_explain_detail(what_if->item, "%s", text);
}

static const char *may_do(const struct ule_contact_relation *relation) {
    bool consent = false, enrol = false;
    for (size_t i = 0; i < relation->capabilities.count; i++) {
        consent |= relation->capabilities.items[i] == ULE_RELATION_CAPABILITY_CONSENT;
        enrol |= relation->capabilities.items[i] == ULE_RELATION_CAPABILITY_ENROL_CHILD;
    }
    return consent && enrol ? "; may consent and enrol the child" : enrol ? "; may enrol the child" : "";
}

static void compare_relation(struct what_if *what_if, const struct ule_contact_relation *after) {
    struct ule_explain *explain = what_if->explain;
    if (what_if->only_contact && strcmp(what_if->only_contact, after->contact_number) != 0)
        return;
    const struct ule_subject *child = ule_explain_subject(explain, after->child_number);
    const struct ule_subject *contact = ule_explain_subject(explain, after->contact_number);
    const struct ule_contact_relation *before = ule_explain_published(child, contact);
    enum ule_access_level was = before ? before->access : ULE_ACCESS_LEVEL_NONE;
    if (was == after->access && (before ? before->authority == after->authority : false))
        return;
    what_if->sensitive += after->access == ULE_ACCESS_LEVEL_SENSITIVE && was != after->access;
    what_if->non_sensitive += after->access == ULE_ACCESS_LEVEL_NON_SENSITIVE && was < after->access;
    const struct ule_subject *other = child == explain->who ? contact : child;
    json_t *fields = json_object();
    ule_explain_set(fields, "child_number", after->child_number);
    ule_explain_set(fields, "contact_number", after->contact_number);
    ule_explain_set(fields, "authority", ule_authority_enum.symbols[after->authority]);
    ule_explain_set(fields, "access_before", ule_access_level_enum.symbols[was]);
    ule_explain_set(fields, "access", ule_access_level_enum.symbols[after->access]);
    effect(what_if, fields,
           ule_arena_printf(explain->arena, "%s: %s %s (now %s)%s", other->called,
                            other == child ? "access" : "has access", ule_access_level_enum.symbols[after->access],
                            ule_access_level_enum.symbols[was], may_do(after)));
    for (size_t i = 0; i < after->basis.count; i++)
        ule_explain_rule(what_if->item, after->basis.items[i]);
    if (after->authority == ULE_AUTHORITY_CUSTODY)
        ule_explain_rule(what_if->item, "5.CUSTODY");
    if (after->authority == ULE_AUTHORITY_CUSTODY_ASSERTED)
        ule_explain_rule(what_if->item, "5.CUSTODY_ASSERTED");
}

static void compare_account(struct what_if *what_if, const struct ule_account_changed *after) {
    struct ule_explain *explain = what_if->explain;
    const struct ule_subject *who = ule_explain_subject(explain, after->number);
    const struct ule_account_changed *before = who->published, *ours = explain->who->published;
    if (!before && ours && strcmp(ours->user_key, after->user_key) == 0)
        before = ours; /* it moves */
    bool self = false, was_self = false;
    for (size_t i = 0; i < after->capabilities.count; i++)
        self |= after->capabilities.items[i] == ULE_ACCOUNT_CAPABILITY_ENROL_SELF;
    for (size_t i = 0; before && i < before->capabilities.count; i++)
        was_self |= before->capabilities.items[i] == ULE_ACCOUNT_CAPABILITY_ENROL_SELF;
    bool moves = before && strcmp(before->number, after->number) != 0;
    if (before && before->state == after->state && before->assurance == after->assurance && self == was_self && !moves)
        return;
    json_t *fields = json_object();
    ule_explain_set(fields, "number", after->number);
    ule_explain_set(fields, "state", ule_account_state_enum.symbols[after->state]);
    ule_explain_set(fields, "assurance", ule_assurance_enum.symbols[after->assurance]);
    const char *of = moves ? ule_arena_printf(explain->arena, "The account goes on as that of %s", who->shown)
                     : who == explain->who ? "The account"
                                           : ule_arena_printf(explain->arena, "Account of %s", who->called);
    const char *now = !before ? " (now none)"
                      : moves ? ""
                      : before->state == ULE_ACCOUNT_STATE_ACTIVE
                          ? ule_arena_printf(explain->arena, " (now ACTIVE at %s)",
                                             ule_assurance_enum.symbols[before->assurance])
                          : ule_arena_printf(explain->arena, " (now %s)",
                                             ule_account_state_enum.symbols[before->state]);
    effect(
        what_if, fields,
        ule_arena_printf(explain->arena, "%s: %s%s%s%s%s", of, ule_account_state_enum.symbols[after->state],
                         after->state == ULE_ACCOUNT_STATE_ACTIVE ? " at " : "",
                         after->state == ULE_ACCOUNT_STATE_ACTIVE ? ule_assurance_enum.symbols[after->assurance] : "",
                         now, self && !was_self ? "; may enrol itself" : ""));
    ule_explain_rule(what_if->item, after->reason);
    if (self && !was_self)
        ule_explain_rule(what_if->item, "E1");
}

static void compare_rest(struct what_if *what_if, const struct ule_output *output) {
    struct ule_explain *explain = what_if->explain;
    const char *text = NULL;
    if (output->topic == ULE_TOPIC_REREGISTRATION) {
        const struct ule_reregistered *swap = output->value;
        text = ule_arena_printf(explain->arena, "%s to %s: %s", ule_explain_number(explain->arena, swap->from_number),
                                ule_explain_number(explain->arena, swap->to_number),
                                ule_explain_outcome_words(swap->outcome));
        ule_explain_rule(what_if->item, "6");
    } else if (output->topic == ULE_TOPIC_PUPIL) {
        const struct ule_pupil_verdict *verdict = output->value;
        if (verdict->reason != ULE_VERDICT_REASON_LEFT)
            text = ule_arena_printf(explain->arena, "Optagelse.dk, institution %s: %s", verdict->institution_number,
                                    ule_verdict_enum.symbols[verdict->verdict]);
    } else if (output->topic == ULE_TOPIC_CASE) {
        const struct ule_case *value = output->value;
        const char *self = explain->who->entity, *of = value->subject_number;
        bool own = value->child_number && strcmp(value->child_number, self) == 0;
        if (!of && value->alien_number)
            of = ule_arena_printf(explain->arena, "alien:%s", value->alien_number);
        bool others = of && strcmp(of, self) != 0;
        if (of && (!others || own || !value->child_number))
            text = ule_arena_printf(explain->arena, "Case %s%s%s %s", ule_case_kind_enum.symbols[value->case_],
                                    others ? " of " : "", others ? ule_explain_subject(explain, of)->called : "",
                                    value->open ? "opens" : "closes");
    }
    if (text)
        effect(what_if, json_object(), text);
}

static const char *children(struct ule_arena *arena, size_t count) {
    return ule_arena_printf(arena, "%zu child%s", count, count == 1 ? "" : "ren");
}

static void set_named(json_t *item, const struct ule_question *question) {
    const char *const named[][2] = {{"institution", question->institution},
                                    {"number", question->number},
                                    {"from_number", question->from_number},
                                    {"child_number", question->child},
                                    {"contact_number", question->contact}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (named[i][1])
            ule_explain_set(item, named[i][0], named[i][1]);
}

void ule_explain_ask(struct ule_explain *explain, json_t *changes, const struct ule_question *question) {
    const char *text = question->text;
    struct what_if what_if = {
        .explain = explain, .item = json_object(), .effects = json_array(), .only_contact = question->only_contact};
    bool played = play(&what_if, question->message, question->second);
    for (size_t i = 0; played && i < what_if.count; i++)
        if (what_if.outputs[i].topic == ULE_TOPIC_PROVISIONING)
            compare_account(&what_if, what_if.outputs[i].value);
    for (size_t i = 0; played && i < what_if.count; i++) {
        if (what_if.outputs[i].topic == ULE_TOPIC_CONTACT_RELATION)
            compare_relation(&what_if, what_if.outputs[i].value);
        else
            compare_rest(&what_if, &what_if.outputs[i]);
    }
    if (json_array_size(what_if.effects) == 0) {
        json_decref(what_if.item);
        json_decref(what_if.effects);
        return;
    }
    struct ule_arena *arena = explain->arena;
    size_t count = what_if.sensitive ? what_if.sensitive : what_if.non_sensitive;
    if (question->of_children && count > 0)
        text = ule_arena_printf(arena, "%s would give %s access to %s", text,
                                what_if.sensitive ? "SENSITIVE" : "NON_SENSITIVE", children(arena, count));
    ule_explain_set(what_if.item, "text", ule_arena_printf(arena, "%s:", text));
    ule_explain_set(what_if.item, "kind", question->kind);
    set_named(what_if.item, question);
    json_object_set_new(what_if.item, "effects", what_if.effects);
    json_array_append_new(changes, what_if.item);
}
