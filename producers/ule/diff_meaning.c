/* SPDX-License-Identifier: MIT */
/* What a difference means to those who answer for the decisions: who gains and who loses what, and by which rule. */
#include "ule/diff.h"
#include "ule/replay.h"

#include <stdlib.h>
#include <string.h>

/* Fields as "number given_names"; a word of the list is a whole name. */
static const struct {
    const char *title, *telling, *hidden;
} topics[] = {
    [ULE_TOPIC_PROVISIONING] = {"accounts", "state assurance groups capabilities reason",
                                "number given_names family_name"},
    [ULE_TOPIC_REREGISTRATION] = {"re-registrations", "trigger outcome reason", "from_number to_number case_number"},
    [ULE_TOPIC_CONTACT_RELATION] = {"contacts of children", "relation authority access capabilities discrepancy basis",
                                    "child_number contact_number"},
    [ULE_TOPIC_CASE] = {"cases", "case remedy channels since open", "subject_number alien_number child_number"},
    [ULE_TOPIC_PUPIL] = {"pupils for Optagelse.dk", "institution_number level verdict reason", "number"},
    [ULE_TOPIC_SUBSCRIPTION_WANTED] = {"CPR subscriptions", "wanted", "number"},
    [ULE_DIFF_AUDIT] = {"audit", "type count", "purpose person source"},
    [ULE_DIFF_DEAD_LETTERS] = {"dead letters", "", ""},
};

static size_t row(size_t topic) {
    return topic < ULE_DIFF_DEAD_LETTERS ? topic : ULE_DIFF_DEAD_LETTERS;
}

static bool is_listed(const char *list, const char *field) {
    const size_t size = strlen(field);
    for (const char *at = list; (at = strstr(at, field)) != NULL; at += size) {
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
            return true;
    }
    return false;
}

const char *ule_diff_title(size_t topic) {
    return topics[row(topic)].title;
}

bool ule_diff_hidden(size_t topic, const char *field) {
    return is_listed(topics[row(topic)].hidden, field);
}

bool ule_diff_telling(size_t topic, const char *field) {
    return is_listed(topics[row(topic)].telling, field);
}

static json_t *value_of(const struct ule_diff_item *item, int side, struct ule_arena *arena) {
    const struct ule_diff_side *from = &item->sides[side];
    const struct ule_record *record = ule_diff_record(item->topic);
    if (!record || !from->bytes)
        return NULL;
    struct ule_error error;
    void *value = ule_arena_alloc(arena, record->size);
    if (ule_record_decode(record, from->bytes, from->size, arena, value, &error) != ULE_OK)
        abort(); /* our own bytes */
    return ule_record_to_json(record, value);
}

static bool is_header(const char *field) {
    return is_listed("event_id version caused_by effective_on", field);
}

static void find_fields(struct ule_diff_change *change, bool picture) {
    const size_t topic = change->item->topic;
    const struct ule_record *record = ule_diff_record(topic);
    json_t *a = change->values[ULE_DIFF_A], *b = change->values[ULE_DIFF_B];
    for (size_t i = 0; record && a && b && i < record->count; i++) {
        const struct ule_field *field = &record->fields[i];
        if (!is_header(field->name) && !(picture && ule_diff_unpictured(topic, field->name)) &&
            !json_equal(json_object_get(a, field->name), json_object_get(b, field->name)) &&
            change->field_count < sizeof change->fields / sizeof *change->fields)
            change->fields[change->field_count++] = field;
    }
}

bool ule_diff_change_open(const struct ule_diff_item *item, bool picture, struct ule_arena *arena,
                          struct ule_diff_change *change) {
    const struct ule_diff_side *a = &item->sides[ULE_DIFF_A], *b = &item->sides[ULE_DIFF_B];
    const bool same_last = a->bytes == b->bytes; /* the same is held once */
    const bool same_way = a->count == b->count && (picture || a->digest == b->digest);
    *change = (struct ule_diff_change){.item = item};
    if (same_last && same_way)
        return false;
    for (int side = 0; side < ULE_DIFF_SIDES; side++)
        change->values[side] = value_of(item, side, arena);
    find_fields(change, picture);
    const bool both = change->values[ULE_DIFF_A] && change->values[ULE_DIFF_B];
    if (!picture || !both || change->field_count > 0)
        return true;
    ule_diff_change_close(change);
    return false;
}

void ule_diff_change_close(struct ule_diff_change *change) {
    for (int side = 0; side < ULE_DIFF_SIDES; side++)
        json_decref(change->values[side]);
    *change = (struct ule_diff_change){0};
}

void ule_diff_met_only(const struct ule_diff_item *item, enum ule_diff_side_name side, char *out, size_t size) {
    const struct ule_field *level = ule_diff_level(item->topic);
    const uint32_t other = item->sides[side == ULE_DIFF_A ? ULE_DIFF_B : ULE_DIFF_A].met;
    *out = '\0';
    for (size_t i = 0; level && i < level->symbols->count; i++) {
        const size_t used = strlen(out);
        if (item->sides[side].met & ~other & (UINT32_C(1) << i))
            (void)snprintf(out + used, size - used, "%s%s", used ? ", " : "", level->symbols->symbols[i]);
    }
}

struct telling {
    const struct ule_diff_change *change;
    json_t *a, *b;
    struct ule_diff_line next;
    void (*line)(const struct ule_diff_line *line, void *context);
    void *context;
    bool told;
};

static const char *get(const json_t *value, const char *field) {
    const char *text = value ? json_string_value(json_object_get(value, field)) : NULL;
    return text ? text : "";
}

static void tell(struct telling *telling, const char *change) {
    telling->next.change = change;
    telling->line(&telling->next, telling->context);
    telling->told = true;
}

/* Levels lowest first: a higher one is a gain. The two lowest are both nothing: never there, and ended. */
static void tell_move(struct telling *telling, const char *const *levels, const char *from, const char *to) {
    int was = -1, is = -1;
    for (int i = 0; levels[i]; i++) {
        was = strcmp(levels[i], from) == 0 ? i : was;
        is = strcmp(levels[i], to) == 0 ? i : is;
    }
    if (was == is)
        return;
    (void)snprintf(telling->next.what, sizeof telling->next.what, "%s → %s", from, to);
    tell(telling, was <= 1 && is <= 1 ? "other" : is > was ? "gain" : "lose");
}

static bool holds(const json_t *list, const json_t *item) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), item))
            return true;
    }
    return false;
}

/* The items of `list` that `without` does not have: "A4, 5.lowered"; `without` NULL: all. */
static void only_in(const json_t *list, const json_t *without, char *out, size_t size) {
    *out = '\0';
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const size_t used = strlen(out);
        if (!holds(without, item))
            (void)snprintf(out + used, size - used, "%s%s", used ? ", " : "", json_string_value(item));
    }
}

/* Which rules decide now, and instead of which: from `basis` of a relation, `reason` of all else. */
static void find_rules(struct telling *telling) {
    const char *field = telling->change->item->topic == ULE_TOPIC_CONTACT_RELATION ? "basis" : "reason";
    json_t *lists[ULE_DIFF_SIDES];
    for (int side = 0; side < ULE_DIFF_SIDES; side++) {
        json_t *named = json_object_get(telling->change->values[side], field);
        lists[side] = json_is_array(named) ? json_incref(named) : json_array();
        if (json_is_string(named))
            (void)json_array_append(lists[side], named);
    }
    char was[64], is[64];
    only_in(lists[ULE_DIFF_A], lists[ULE_DIFF_B], was, sizeof was);
    only_in(lists[ULE_DIFF_B], lists[ULE_DIFF_A], is, sizeof is);
    char *out = telling->next.rules;
    const size_t size = sizeof telling->next.rules;
    if (*was && *is) {
        (void)snprintf(out, size, "%s instead of %s", is, was);
    } else if (*was) {
        (void)snprintf(out, size, "%s%s", telling->b ? "no longer " : "was ", was);
    } else if (*is) {
        (void)snprintf(out, size, "%s", is);
    } else { /* the same rules on another ground */
        only_in(lists[ULE_DIFF_B], NULL, is, sizeof is);
        (void)snprintf(out, size, "%s", is);
    }
    json_decref(lists[ULE_DIFF_A]);
    json_decref(lists[ULE_DIFF_B]);
}

/* Where the value itself names no rule: the one that it can only come from. */
static void set_rule(struct telling *telling, const char *rule) {
    (void)snprintf(telling->next.rules, sizeof telling->next.rules, "%s", rule);
}

static const char *rule_of(const char *what) {
    static const char *const rules[][2] = {
        {"ENROL_SELF", "E1"},
        {"SCHOOL_ENROLMENT", "E2"},
        {"CONTACT", "A1"},
        {"PUPIL", "A2"},
        {"EMPLOYEE", "A2"},
        {"EXTERNAL", "A2"},
        {"CUSTODY_UNREGISTERED", "3.unregistered"},
        {"CUSTODY_DISCREPANCY", "3.contradicted"},
        {"REPLACEMENT_DISPUTED", "2.disputed"},
        {"REREGISTRATION_CONFLICT", "6"},
        {"REREGISTRATION_REJECTED", "6"},
        {"REREGISTRATION_OVERDUE", "6"},
        {"LEAVERS_HELD", "brake.share"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rules[i][0], what) == 0)
            return rules[i][1];
    }
    return strncmp(what, "CPR_", 4) == 0 || strncmp(what, "NEMID_", 6) == 0 ? "8" : NULL;
}

static void tell_items(struct telling *telling, const char *field) {
    const json_t *a = json_object_get(telling->a, field), *b = json_object_get(telling->b, field);
    for (int side = 0; side < ULE_DIFF_SIDES; side++) {
        const json_t *list = side ? b : a, *other = side ? a : b;
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *item = json_array_get(list, i);
            if (holds(other, item))
                continue;
            const char *what = json_string_value(item), *rule = rule_of(what);
            if (rule)
                set_rule(telling, rule);
            (void)snprintf(telling->next.what, sizeof telling->next.what, "%s", what);
            tell(telling, side ? "gain" : "lose");
        }
    }
}

static void account_level(const json_t *value, char *out, size_t size) {
    const char *assurance = get(value, "assurance");
    if (!value)
        (void)snprintf(out, size, "no account");
    else if (strcmp(assurance, "NONE") == 0)
        (void)snprintf(out, size, "%s", get(value, "state"));
    else
        (void)snprintf(out, size, "%s %s", get(value, "state"), assurance);
}

static void tell_account(struct telling *telling) {
    static const char *const levels[] = {"no account", "CLOSED",      "SUSPENDED", "CREATED",
                                         "ACTIVE LOW", "ACTIVE HIGH", NULL};
    char from[40], to[40];
    account_level(telling->a, from, sizeof from);
    account_level(telling->b, to, sizeof to);
    tell_move(telling, levels, from, to);
    telling->next.rules[0] = '\0'; /* the reason is that of the state alone */
    if (telling->a && telling->b)
        tell_items(telling, "groups");
    tell_items(telling, "capabilities");
}

static const char *relation_level(const json_t *value) {
    return !value ? "no relation" : strcmp(get(value, "authority"), "NONE") == 0 ? "ended" : get(value, "access");
}

static void tell_relation(struct telling *telling) {
    static const char *const levels[] = {"no relation", "ended", "NONE", "NON_SENSITIVE", "SENSITIVE", NULL};
    static const char *const authorities[] = {"-", "NONE", "RELATION", "CUSTODY_ASSERTED", "CUSTODY", NULL};
    tell_move(telling, levels, relation_level(telling->a), relation_level(telling->b));
    tell_items(telling, "capabilities");
    if (telling->a && telling->b && !telling->told)
        tell_move(telling, authorities, get(telling->a, "authority"), get(telling->b, "authority"));
}

static void tell_case(struct telling *telling) {
    const bool was = json_is_true(json_object_get(telling->a, "open"));
    const bool is = json_is_true(json_object_get(telling->b, "open"));
    const struct ule_diff_side *sides = telling->change->item->sides;
    const char *slash = strrchr(telling->change->item->key, '/'); /* in a picture there is always a value */
    const char *kind = telling->b   ? get(telling->b, "case")
                       : telling->a ? get(telling->a, "case")
                       : slash      ? slash + 1
                                    : "";
    set_rule(telling, rule_of(kind) ? rule_of(kind) : "");
    if (was != is) {
        (void)snprintf(telling->next.what, sizeof telling->next.what, "%s", kind);
        tell(telling, is ? "opened" : "closed");
    } else if (telling->a && telling->b && strcmp(get(telling->a, "remedy"), get(telling->b, "remedy")) != 0) {
        (void)snprintf(telling->next.what, sizeof telling->next.what, "remedy of %s", kind);
        tell(telling, "other");
    } else if (sides[ULE_DIFF_A].count == 0 || sides[ULE_DIFF_B].count == 0) {
        (void)snprintf(telling->next.what, sizeof telling->next.what, "%s for a time, in %c only", kind,
                       sides[ULE_DIFF_A].count > 0 ? 'A' : 'B');
        tell(telling, "other");
    }
}

static void verdict_level(const json_t *value, char *out, size_t size) {
    if (value)
        (void)snprintf(out, size, "%s %s", get(value, "verdict"), get(value, "reason"));
    else
        (void)snprintf(out, size, "no verdict");
}

static void tell_verdict(struct telling *telling) {
    char from[40], to[40];
    verdict_level(telling->a, from, sizeof from);
    verdict_level(telling->b, to, sizeof to);
    const bool was = strcmp(get(telling->a, "verdict"), "INCLUDED") == 0;
    const bool is = strcmp(get(telling->b, "verdict"), "INCLUDED") == 0;
    set_rule(telling, "7");
    (void)snprintf(telling->next.what, sizeof telling->next.what, "%s → %s", from, to);
    if (strcmp(from, to) != 0)
        tell(telling, was == is ? "other" : is ? "gain" : "lose");
}

static void tell_swap(struct telling *telling) {
    const char *from = telling->a ? get(telling->a, "outcome") : "no swap";
    const char *to = telling->b ? get(telling->b, "outcome") : "no swap";
    (void)snprintf(telling->next.what, sizeof telling->next.what, "%s → %s", from, to);
    if (!*telling->next.rules) /* no word of why */
        set_rule(telling, "6");
    if (strcmp(from, to) != 0)
        tell(telling, "other");
}

static void tell_subscription(struct telling *telling) {
    const bool was = json_is_true(json_object_get(telling->a, "wanted"));
    const bool is = json_is_true(json_object_get(telling->b, "wanted"));
    (void)snprintf(telling->next.what, sizeof telling->next.what, "%s", is ? "wanted from CPR" : "no longer wanted");
    set_rule(telling, "9");
    if (was != is)
        tell(telling, is ? "gain" : "lose");
}

static void tell_dead_letter(struct telling *telling) {
    const struct ule_diff_side *sides = telling->change->item->sides;
    const bool more = sides[ULE_DIFF_B].count > sides[ULE_DIFF_A].count;
    (void)snprintf(telling->next.what, sizeof telling->next.what, "%s",
                   ule_replay_output_name(telling->change->item->topic));
    tell(telling, more ? "new" : "gone");
}

/* The two end alike: what did one of them have for a time? */
static void tell_way(struct telling *telling) {
    bool any = false;
    for (int side = ULE_DIFF_SIDES - 1; side >= 0; side--) {
        char met[64];
        ule_diff_met_only(telling->change->item, (enum ule_diff_side_name)side, met, sizeof met);
        if (!*met)
            continue;
        (void)snprintf(telling->next.what, sizeof telling->next.what, "%s for a time, in %c only", met,
                       side == ULE_DIFF_A ? 'A' : 'B');
        tell(telling, "other"); /* what it is in place of is not known */
        any = true;
    }
    if (any)
        return;
    (void)snprintf(telling->next.what, sizeof telling->next.what, "the same at the end, not on the way");
    tell(telling, "other");
}

/* Whatever none of the above has told of. What is called an action follows from the events before. */
static void tell_rest(struct telling *telling) {
    const struct ule_diff_change *change = telling->change;
    const bool both = telling->a && telling->b;
    const bool end = telling->a || telling->b;
    if (both &&
        (change->field_count == 0 || (change->field_count == 1 && strcmp(change->fields[0]->name, "action") == 0))) {
        tell_way(telling);
        return;
    }
    for (size_t i = 0; i < change->field_count; i++) {
        const char *name = change->fields[i]->name;
        (void)snprintf(telling->next.what, sizeof telling->next.what, "%s", name);
        if (both && strcmp(name, "stil_access_level") == 0) /* a table of the configuration */
            (void)snprintf(telling->next.what, sizeof telling->next.what, "%s %lld → %lld", name,
                           (long long)json_integer_value(json_object_get(telling->a, name)),
                           (long long)json_integer_value(json_object_get(telling->b, name)));
        tell(telling, "other");
    }
    if (both)
        return;
    (void)snprintf(telling->next.what, sizeof telling->next.what, "%s",
                   end ? "a last value that the other has not" : "nothing at the end, not the same on the way");
    tell(telling, !end ? "other" : telling->b ? "new" : "gone");
}

void ule_diff_meaning(const struct ule_diff_change *change,
                      void (*line)(const struct ule_diff_line *line, void *context), void *context) {
    struct telling telling = {
        .change = change,
        .a = change->values[ULE_DIFF_A],
        .b = change->values[ULE_DIFF_B],
        .next = {.topic = change->item->topic, .count = 1},
        .line = line,
        .context = context,
    };
    find_rules(&telling);
    switch (row(change->item->topic)) {
    case ULE_TOPIC_PROVISIONING: tell_account(&telling); break;
    case ULE_TOPIC_REREGISTRATION: tell_swap(&telling); break;
    case ULE_TOPIC_CONTACT_RELATION: tell_relation(&telling); break;
    case ULE_TOPIC_CASE: tell_case(&telling); break;
    case ULE_TOPIC_PUPIL: tell_verdict(&telling); break;
    case ULE_TOPIC_SUBSCRIPTION_WANTED: tell_subscription(&telling); break;
    case ULE_DIFF_DEAD_LETTERS: tell_dead_letter(&telling); break;
    default: break;
    }
    if (!telling.told) {
        telling.next.rules[0] = '\0';
        tell_rest(&telling);
    }
}

size_t ule_diff_change_rank(const char *change) {
    static const char *const order[] = {"gain", "lose", "opened", "closed", "new", "gone", "other"};
    size_t rank = 0;
    while (rank < sizeof order / sizeof *order && strcmp(order[rank], change) != 0)
        rank++;
    return rank;
}
