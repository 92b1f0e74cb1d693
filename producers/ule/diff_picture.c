/* SPDX-License-Identifier: MIT */
/* What converges (design.md section 2): the last values, without the fields and the records that depend on which fact
 * came first. Which user key survived a merge does too, so accounts and relations are known by their numbers here. */
#include "ule/diff.h"

#include <stdlib.h>
#include <string.h>

struct drawing {
    struct ule_diff_set *picture;
    struct ule_arena *arena;
};

static const char *text(const char *value) {
    return value ? value : "-";
}

static const char *account(struct ule_arena *arena, const struct ule_account_changed *value) {
    if (value->state == ULE_ACCOUNT_STATE_CLOSED ||
        (value->state == ULE_ACCOUNT_STATE_SUSPENDED && strcmp(value->reason, "A8") == 0))
        return NULL;
    return ule_arena_string(arena, value->number);
}

static const char *relation(struct ule_arena *arena, const struct ule_contact_relation *value) {
    if (value->authority == ULE_AUTHORITY_NONE)
        return NULL; /* ended, or never begun */
    return ule_arena_printf(arena, "%s %s", value->child_number, value->contact_number);
}

/* One of a contact that is known by name only has nothing but its key. */
static const char *open_case(struct ule_arena *arena, const struct ule_case *value, const char *key) {
    if (!value->open)
        return NULL;
    if (!value->subject_number && !value->alien_number)
        return ule_arena_string(arena, key);
    return ule_arena_printf(arena, "%s %s %s %s %s", text(value->subject_number), text(value->alien_number),
                            text(value->child_number), text(value->institution_number),
                            ule_case_kind_enum.symbols[value->case_]);
}

static const char *verdict(struct ule_arena *arena, const struct ule_pupil_verdict *value) {
    if (value->reason == ULE_VERDICT_REASON_LEFT || value->reason == ULE_VERDICT_REASON_LEVEL)
        return NULL;
    return ule_arena_printf(arena, "%s %s", value->number, value->institution_number);
}

/* What the value is known by in a picture, NULL when it is not in it. */
static const char *name_of(struct ule_arena *arena, size_t topic, const void *value, const char *key) {
    switch (topic) {
    case ULE_TOPIC_PROVISIONING: return account(arena, value);
    case ULE_TOPIC_CONTACT_RELATION: return relation(arena, value);
    case ULE_TOPIC_CASE: return open_case(arena, value, key);
    case ULE_TOPIC_PUPIL: return verdict(arena, value);
    case ULE_TOPIC_SUBSCRIPTION_WANTED: {
        const struct ule_subscription_wanted *wanted = value;
        return wanted->wanted ? ule_arena_string(arena, wanted->number) : NULL;
    }
    default: return NULL; /* events: what became of them is in the accounts, cases and verdicts */
    }
}

/* How many there are; a letter has the bytes of its topic in it, and a live run's are others than a recording's. */
static void draw_letters(const struct drawing *drawing, const struct ule_diff_item *item,
                         enum ule_diff_side_name side) {
    if (item->sides[side].count == 0)
        return;
    struct ule_diff_side *to = &ule_diff_set_find(drawing->picture, item->topic, "all")->sides[side];
    to->count += item->sides[side].count;
    if (!to->label && !(to->label = strdup("all")))
        abort();
}

static void draw(const struct drawing *drawing, const struct ule_diff_item *item, enum ule_diff_side_name side) {
    const struct ule_diff_side *from = &item->sides[side];
    const struct ule_record *record = ule_diff_record(item->topic);
    struct ule_error error;
    if (!record) {
        draw_letters(drawing, item, side);
        return;
    }
    if (!from->bytes)
        return;
    void *value = ule_arena_alloc(drawing->arena, record->size);
    if (ule_record_decode(record, from->bytes, from->size, drawing->arena, value, &error) != ULE_OK)
        abort(); /* our own bytes */
    const char *name = name_of(drawing->arena, item->topic, value, item->key);
    if (!name)
        return;
    /* Two of one name, as two accounts of one number, are both shown, in the order of their keys. */
    struct ule_diff_item *drawn = ule_diff_set_find(drawing->picture, item->topic, name);
    for (int i = 2; drawn->sides[side].count > 0; i++)
        drawn = ule_diff_set_find(drawing->picture, item->topic, ule_arena_printf(drawing->arena, "%s #%d", name, i));
    ule_diff_item_keep(drawn, side, from->bytes, from->size);
    struct ule_diff_side *to = &drawn->sides[side];
    to->count = 1;
    to->label = strdup(from->label ? from->label : item->key);
    if (!to->label)
        abort();
}

static void draw_item(struct ule_diff_item *item, void *context) {
    const struct drawing *drawing = context;
    for (int side = 0; side < ULE_DIFF_SIDES; side++) {
        ule_arena_reset(drawing->arena);
        draw(drawing, item, (enum ule_diff_side_name)side);
    }
}

void ule_diff_picture(const struct ule_diff_set *all, struct ule_diff_set *picture) {
    struct drawing drawing = {picture, ule_arena_new()};
    ule_diff_set_walk(all, draw_item, &drawing);
    ule_arena_free(drawing.arena);
}

bool ule_diff_unpictured(size_t topic, const char *field) {
    static const struct {
        size_t topic;
        const char *field;
    } left_out[] = {
        {ULE_TOPIC_PROVISIONING, "user_key"},
        {ULE_TOPIC_PROVISIONING, "action"},
        {ULE_TOPIC_PROVISIONING, "reason"},
        {ULE_TOPIC_CONTACT_RELATION, "child_user_key"},
        {ULE_TOPIC_CONTACT_RELATION, "basis"},
        {ULE_TOPIC_CASE, "since"},
        {ULE_TOPIC_CONTACT_RELATION, "contact_user_key"},
        {ULE_TOPIC_CASE, "remedy_da"},
        {ULE_TOPIC_CASE, "remedy_en"},
        {ULE_TOPIC_PUPIL, "since"},
        {ULE_TOPIC_PUPIL, "level"},
        {ULE_TOPIC_SUBSCRIPTION_WANTED, "since"},
    };
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        if (left_out[i].topic == topic && strcmp(left_out[i].field, field) == 0)
            return true;
    }
    return false;
}
