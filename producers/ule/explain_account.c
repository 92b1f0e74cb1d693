/* SPDX-License-Identifier: MIT */
/* The account as it stands published, and the rule that decided; or why there is none. */
#include "ule/explain.h"

#include "ule/explain_rule.h"

#include <string.h>

static void none(struct ule_explain *explain, json_t *section) {
    const struct ule_person *person = &explain->who->person;
    const char *why, *rule = "A1";
    if (!person->number) {
        why = "there is no person number";
        rule = person->enrolled ? "A2" : "A1";
    } else if (person->dead || person->gone) {
        why = person->dead ? "the person is dead" : "the number is no longer good";
        rule = "A7";
    } else if (!person->living) {
        why = "no role at an institution, and no living relation to an enrolled child";
    } else if (person->number_class == ULE_NUMBER_CLASS_UNVERIFIED) {
        why = "held until CPR tells of the number";
    } else if (person->number_class == ULE_NUMBER_CLASS_REPLACEMENT) {
        why = "a contact gets none on a replacement number, unless listed as legacy or by a foreign institution";
    } else if (person->number_class == ULE_NUMBER_CLASS_UNKNOWN) {
        why = "a contact gets none on a number of no known kind";
    } else {
        why = "it is on its way from or to another number";
        rule = "6";
    }
    json_t *item = ule_explain_item(section, "No account: %s", why);
    ule_explain_set(item, "state", NULL);
    ule_explain_rule(item, rule);
}

static const char *symbols(struct ule_arena *arena, const struct ule_ints *values, const struct ule_enum *names,
                           struct ule_strings *out) {
    const char *text = "";
    for (size_t i = 0; i < values->count; i++) {
        const char *symbol = names->symbols[values->items[i]];
        ule_strings_add(arena, out, symbol);
        text = ule_arena_printf(arena, "%s%s%s", text, *text ? ", " : "", symbol);
    }
    return text;
}

static void roles(json_t *item, const struct ule_account_changed *account) {
    for (size_t i = 0; i < account->institutions.count; i++) {
        const struct ule_institution_role *role = &account->institutions.items[i];
        ule_explain_detail(item, "Role: %s at institution %s (%s)", ule_role_enum.symbols[role->role], role->number,
                           ule_institution_kind_enum.symbols[role->kind]);
    }
}

static void capabilities(json_t *item, const struct ule_account_changed *account) {
    for (size_t i = 0; i < account->capabilities.count; i++) {
        bool self = account->capabilities.items[i] == ULE_ACCOUNT_CAPABILITY_ENROL_SELF;
        ule_explain_detail(item, self ? "May enrol itself" : "The school may enrol the child");
        ule_explain_rule(item, self ? "E1" : "E2");
    }
    if (account->enrolled_by) {
        ule_explain_detail(item, "Enrolled by institution %s", account->enrolled_by);
        ule_explain_rule(item, "E2");
    }
}

static void published(struct ule_explain *explain, json_t *section, const struct ule_account_changed *account) {
    struct ule_strings groups = {0}, able = {0};
    const char *state = ule_account_state_enum.symbols[account->state];
    const char *assurance = ule_assurance_enum.symbols[account->assurance];
    const char *group = symbols(explain->arena, &account->groups, &ule_account_group_enum, &groups);
    (void)symbols(explain->arena, &account->capabilities, &ule_account_capability_enum, &able);
    json_t *item = account->state == ULE_ACCOUNT_STATE_ACTIVE
                       ? ule_explain_item(section, "%s at %s assurance, as %s", state, assurance, group)
                       : ule_explain_item(section, "%s%s%s", state, *group ? ", as " : "", group);
    ule_explain_set(item, "user_key", account->user_key);
    ule_explain_set(item, "state", state);
    ule_explain_set(item, "assurance", assurance);
    ule_explain_set_strings(item, "groups", &groups);
    ule_explain_set_strings(item, "capabilities", &able);
    ule_explain_set(item, "number_type", ule_number_type_enum.symbols[account->number_type]);
    ule_explain_set(item, "reason", account->reason);
    ule_explain_set(item, "enrolled_by", account->enrolled_by);
    ule_explain_rule(item, account->reason);
    roles(item, account);
    capabilities(item, account);
    ule_explain_detail(item, "User key %s", account->user_key);
}

/* Accounts that a merge closed. */
static void absorbed(const struct ule_explain *explain, json_t *section) {
    const struct ule_person_state *state = explain->who->derive.state;
    for (size_t i = 0; i < state->incoming.count; i++) {
        const struct ule_incoming *in = &state->incoming.items[i];
        if (!in->taken || !in->absorbed_user_key)
            continue;
        json_t *item = ule_explain_item(section, "CLOSED by a merge with the account of %s",
                                        ule_explain_number(explain->arena, in->from_number));
        ule_explain_set(item, "user_key", in->absorbed_user_key);
        ule_explain_set(item, "state", "CLOSED");
        ule_explain_rule(item, "6");
        ule_explain_detail(item, "User key %s", in->absorbed_user_key);
    }
}

void ule_explain_account(struct ule_explain *explain) {
    json_t *section = ule_explain_section(explain, "account");
    if (explain->who->published)
        published(explain, section, explain->who->published);
    else
        none(explain, section);
    absorbed(explain, section);
}
