/* SPDX-License-Identifier: MIT */
/* What converges (design.md section 2): the last values, without stamps, user keys, dates and all that may depend on
 * which fact came first. */
#include "property/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct picture *picture, const char *line) {
    if (picture->count == picture->room) {
        picture->room = picture->room ? 2 * picture->room : 64;
        picture->lines = realloc(picture->lines, picture->room * sizeof *picture->lines);
        if (picture->lines == NULL)
            abort();
    }
    picture->lines[picture->count++] = line;
}

static const char *symbol(const struct ule_enum *symbols, int value) {
    return value < 0 ? "-" : symbols->symbols[value];
}

static const char *text(const char *value) {
    return value ? value : "-";
}

static const char *ints(struct ule_arena *arena, const struct ule_enum *symbols, const struct ule_ints *values) {
    const char *joined = "";
    for (size_t i = 0; i < values->count; i++)
        joined = ule_arena_printf(arena, "%s+%s", joined, symbol(symbols, values->items[i]));
    return joined;
}

static const char *account(struct ule_arena *arena, const struct ule_account_changed *value) {
    if (value->state == ULE_ACCOUNT_STATE_CLOSED ||
        (value->state == ULE_ACCOUNT_STATE_SUSPENDED && strcmp(value->reason, "A8") == 0))
        return NULL;
    const char *at = "";
    for (size_t i = 0; i < value->institutions.count; i++)
        at = ule_arena_printf(arena, "%s %s:%s", at, value->institutions.items[i].number,
                              symbol(&ule_role_enum, (int)value->institutions.items[i].role));
    return ule_arena_printf(arena, "account %s %s %s %s groups%s at%s can%s enrolled by %s named %s %s%s%s",
                            world_mask(arena, value->number), symbol(&ule_number_type_enum, (int)value->number_type),
                            symbol(&ule_account_state_enum, (int)value->state),
                            symbol(&ule_assurance_enum, (int)value->assurance),
                            ints(arena, &ule_account_group_enum, &value->groups), at,
                            ints(arena, &ule_account_capability_enum, &value->capabilities), text(value->enrolled_by),
                            text(value->given_names), text(value->family_name), value->protected ? " protected" : "",
                            value->names_withheld ? " withheld" : "");
}

static const char *relation(struct ule_arena *arena, const struct ule_contact_relation *value) {
    if (value->authority == ULE_AUTHORITY_NONE)
        return NULL; /* ended, or never begun */
    return ule_arena_printf(
        arena, "relation %s %s %s %s %s can%s %s", world_mask(arena, value->child_number),
        world_mask(arena, value->contact_number), symbol(&ule_contact_relationship_enum, (int)value->relation),
        symbol(&ule_authority_enum, (int)value->authority), symbol(&ule_access_level_enum, (int)value->access),
        ints(arena, &ule_relation_capability_enum, &value->capabilities), text(value->discrepancy));
}

static const char *case_line(struct ule_arena *arena, const struct run_standing *standing) {
    const struct ule_case *value = standing->value;
    if (!value->open)
        return NULL;
    const char *channels = "";
    for (size_t i = 0; i < value->channels.count; i++)
        channels = ule_arena_printf(arena, "%s+%s", channels, value->channels.items[i]);
    return ule_arena_printf(arena, "case %s %s child %s alien %s at %s: %s by%s",
                            symbol(&ule_case_kind_enum, (int)value->case_), world_mask(arena, value->subject_number),
                            world_mask(arena, value->child_number), text(value->alien_number),
                            text(value->institution_number), text(value->remedy), channels);
}

static const char *verdict(struct ule_arena *arena, const struct ule_pupil_verdict *value) {
    if (value->reason == ULE_VERDICT_REASON_LEFT || value->reason == ULE_VERDICT_REASON_LEVEL)
        return NULL;
    return ule_arena_printf(arena, "pupil %s at %s %s %s", world_mask(arena, value->number), value->institution_number,
                            symbol(&ule_verdict_enum, (int)value->verdict),
                            symbol(&ule_verdict_reason_enum, (int)value->reason));
}

static const char *line_of(struct ule_arena *arena, const struct run_standing *standing) {
    if (standing->value == NULL)
        return NULL;
    switch (standing->topic) {
    case ULE_TOPIC_PROVISIONING: return account(arena, standing->value);
    case ULE_TOPIC_CONTACT_RELATION: return relation(arena, standing->value);
    case ULE_TOPIC_CASE: return case_line(arena, standing);
    case ULE_TOPIC_PUPIL: return verdict(arena, standing->value);
    case ULE_TOPIC_SUBSCRIPTION_WANTED: {
        const struct ule_subscription_wanted *value = standing->value;
        return value->wanted ? ule_arena_printf(arena, "wanted %s", world_mask(arena, value->number)) : NULL;
    }
    default: return NULL; /* events: their cases and accounts are compared */
    }
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct picture *picture_of(const struct run *run) {
    struct picture *picture = calloc(1, sizeof *picture);
    if (picture == NULL)
        abort();
    picture->arena = ule_arena_new();
    for (size_t i = 0; i < run->standing_count; i++) {
        const char *line = line_of(picture->arena, &run->standing[i]);
        if (line != NULL)
            add(picture, line);
    }
    if (picture->count > 0)
        qsort(picture->lines, picture->count, sizeof *picture->lines, by_text);
    return picture;
}

void picture_free(struct picture *picture) {
    ule_arena_free(picture->arena);
    free(picture->lines);
    free(picture);
}

size_t picture_differences(const struct picture *a, const struct picture *b,
                           bool (*skip)(const void *context, const char *line), const void *context, size_t *skipped) {
    size_t i = 0, k = 0, differences = 0;
    while (i < a->count || k < b->count) {
        int order = i == a->count ? 1 : k == b->count ? -1 : strcmp(a->lines[i], b->lines[k]);
        if (order == 0) {
            i++;
            k++;
            continue;
        }
        const char *line = order < 0 ? a->lines[i++] : b->lines[k++];
        if (skip != NULL && skip(context, line)) {
            if (skipped != NULL)
                ++*skipped;
            continue;
        }
        printf("%c %s\n", order < 0 ? '<' : '>', line);
        differences++;
    }
    return differences;
}
