/* SPDX-License-Identifier: MIT */
/* The words and items that all sections of `ule explain` are made of. */
#include "ule/explain.h"

#include "ule/explain_rule.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool starts_character(char c) {
    return ((unsigned char)c & 0xc0U) != 0x80U;
}

/* "0101011234" -> "010101-1234"; letters may be of two bytes. */
const char *ule_explain_number(struct ule_arena *arena, const char *entity) {
    if (strncmp(entity, "alien:", 6) == 0)
        return ule_arena_printf(arena, "alien id %s", entity + 6);
    if (strncmp(entity, "unnamed:", 8) == 0)
        return ule_arena_printf(arena, "no number, local id %s", entity + 8);
    size_t at = 0;
    for (int characters = 0; entity[at]; at++)
        if (starts_character(entity[at]) && characters++ == 6)
            return ule_arena_printf(arena, "%.*s-%s", (int)at, entity, entity + at);
    return entity;
}

const char *ule_explain_day(struct ule_arena *arena, int32_t date) {
    char text[11];
    return date == ULE_DATE_NONE ? "?" : ule_arena_string(arena, ule_date_format(date, text));
}

const char *ule_explain_period(struct ule_arena *arena, int32_t from, int32_t until) {
    const char *start = from == ULE_DATE_NONE ? "" : ule_arena_printf(arena, " from %s", ule_explain_day(arena, from));
    return until == ULE_DATE_NONE ? start
                                  : ule_arena_printf(arena, "%s until %s", start, ule_explain_day(arena, until));
}

json_t *ule_explain_section(struct ule_explain *explain, const char *name) {
    json_t *section = json_array();
    json_object_set_new(explain->document, name, section);
    return section;
}

__attribute__((format(printf, 1, 0))) static json_t *format_text(const char *format, va_list arguments) {
    char *text;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    json_t *json = json_string(text);
    free(text);
    return json;
}

json_t *ule_explain_item(json_t *section, const char *format, ...) {
    json_t *item = json_object();
    va_list arguments;
    va_start(arguments, format);
    json_object_set_new(item, "text", format_text(format, arguments));
    va_end(arguments);
    json_array_append_new(section, item);
    return item;
}

/* The array of that name, made at first use. */
static json_t *list(json_t *item, const char *name) {
    json_t *all = json_object_get(item, name);
    if (!all) {
        all = json_array();
        json_object_set_new(item, name, all);
    }
    return all;
}

void ule_explain_detail(json_t *item, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    json_array_append_new(list(item, "details"), format_text(format, arguments));
    va_end(arguments);
}

void ule_explain_rule(json_t *item, const char *rule) {
    json_t *rules = list(item, "rules");
    for (size_t i = 0; i < json_array_size(rules); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(rules, i), "rule")), rule) == 0)
            return;
    json_t *entry = json_object();
    const char *meaning = ule_explain_rule_meaning(rule);
    ule_explain_set(entry, "rule", rule);
    ule_explain_set(entry, "meaning", meaning ? meaning : "");
    json_array_append_new(rules, entry);
}

void ule_explain_source(json_t *item, const struct ule_person_state *state, const char *event_id) {
    for (size_t i = 0; state && event_id && i < state->origins.count; i++) {
        const struct ule_origin *origin = &state->origins.items[i];
        if (strcmp(origin->event_id, event_id) != 0)
            continue;
        char at[25];
        json_t *source = json_object();
        ule_explain_set(source, "topic", origin->topic);
        json_object_set_new(source, "partition", json_integer(origin->partition));
        json_object_set_new(source, "offset", json_integer(origin->offset));
        ule_explain_set(source, "at", ule_time_format(origin->at, at));
        ule_explain_set(source, "event_id", origin->event_id);
        json_object_set_new(item, "source", source);
        return;
    }
}

void ule_explain_set(json_t *item, const char *name, const char *text) {
    json_object_set_new(item, name, text ? json_string(text) : json_null());
}

void ule_explain_set_date(json_t *item, const char *name, int32_t date) {
    char text[11];
    ule_explain_set(item, name, date == ULE_DATE_NONE ? NULL : ule_date_format(date, text));
}

void ule_explain_set_strings(json_t *item, const char *name, const struct ule_strings *strings) {
    json_t *all = json_array();
    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(all, json_string(strings->items[i]));
    json_object_set_new(item, name, all);
}
