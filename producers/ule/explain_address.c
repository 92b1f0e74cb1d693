/* SPDX-License-Identifier: MIT */
/* Whom the command line means: a number, an alien id, or a record that names somebody. A number can be read from
 * standard input instead, since other users of a machine see what stands on a command line. */
#include "ule/explain.h"

#include "core/number.h"

#include <string.h>

static const char *const records[] = {"local:", "permit:", "credential:"};

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

bool ule_explain_parse(const char *text, struct ule_explain_address *address) {
    char number[21], line[ULE_EXPLAIN_ADDRESS];
    if (strcmp(text, "-") == 0) {
        if (!fgets(line, sizeof line, stdin))
            return false;
        line[strcspn(line, "\r\n")] = '\0';
        text = line;
    }
    const size_t size = sizeof address->text;
    address->record = false;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        address->record |= starts_with(text, records[i]);
    if (address->record || starts_with(text, "alien:"))
        return strchr(text, ':')[1] && (size_t)snprintf(address->text, size, "%s", text) < size;
    return ule_number_normalise(text, number) && (size_t)snprintf(address->text, size, "%s", number) < size;
}

/* The person that a number or an alien id stands for; a record with neither is a person of its own (core/local.c). */
static const char *person_of(struct ule_arena *arena, const char *number, const char *alien) {
    return number ? number : alien ? ule_arena_printf(arena, "alien:%s", alien) : NULL;
}

const char *ule_explain_entity(struct ule_explain *explain, const struct ule_explain_address *address) {
    if (!address->record)
        return address->text;
    const struct ule_person_state *state = ule_explain_state(explain, address->text);
    if (state && state->permit)
        return person_of(explain->arena, state->permit->number, state->permit->alien_number);
    if (state && state->credential)
        return state->credential->number;
    const struct ule_institution_person_changed *record = !state ? NULL : state->active ? state->active : state->local;
    if (!record)
        return NULL;
    const char *entity = person_of(explain->arena, record->number, record->alien_number);
    return entity ? entity : ule_arena_printf(explain->arena, "unnamed:%s", address->text + strlen("local:"));
}
