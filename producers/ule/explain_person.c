/* SPDX-License-Identifier: MIT */
/* Who it is: number and its class, age, names as protection allows, and where the number went or came from. */
#include "ule/explain.h"

#include "core/number.h"
#include "ule/explain_rule.h"

#include <string.h>

static int age_on(int32_t birth, int32_t today) {
    int years = 0;
    for (int32_t next; (next = ule_date_birthday(birth, years + 1)) != ULE_DATE_NONE && next <= today; years++) {
    }
    return years;
}

static void set_birth(const struct ule_explain *explain, json_t *item) {
    const struct ule_person *person = &explain->who->person;
    int32_t birth = person->birth_date;
    ule_explain_set_date(item, "birth_date", birth);
    if (birth == ULE_DATE_NONE) {
        ule_explain_detail(item, "Birth date not known%s", person->enrolled ? ": counts as a minor" : "");
        return;
    }
    const char *from = person->facts && person->facts->birth_date != ULE_DATE_NONE        ? "as CPR has it"
                       : person->number && ule_number_birth_date(person->number) == birth ? "as the number says"
                                                                                          : "as the institution has it";
    if (person->dead) {
        ule_explain_detail(item, "Born %s, %s; dead", ule_explain_day(explain->arena, birth), from);
        return;
    }
    int age = age_on(birth, explain->today);
    json_object_set_new(item, "age", json_integer(age));
    ule_explain_detail(item, "Born %s, %s: %d year%s old", ule_explain_day(explain->arena, birth), from, age,
                       age == 1 ? "" : "s");
}

/* The numbers that it was known by before, as the loans tell. */
static void set_former(struct ule_explain *explain, json_t *item) {
    const struct ule_strings *became = &explain->who->person.became;
    struct ule_strings former = {0};
    for (size_t i = 0; i < became->count; i++)
        if (strcmp(became->items[i], explain->who->entity) != 0)
            ule_strings_add(explain->arena, &former, ule_explain_number(explain->arena, became->items[i]));
    ule_explain_set_strings(item, "became_this", &former);
    for (size_t i = 0; i < former.count; i++)
        ule_explain_detail(item, "Earlier known by %s", former.items[i]);
}

void ule_explain_person(struct ule_explain *explain, const char *asked) {
    const struct ule_subject *who = explain->who;
    const struct ule_person *person = &who->person;
    char today[11];
    ule_explain_set(explain->document, "as_of", ule_date_format(explain->today, today));
    json_t *item = ule_explain_item(ule_explain_section(explain, "person"), "%s", who->called);
    ule_explain_set(item, "number", person->number);
    ule_explain_set(item, "alien_number", strncmp(who->entity, "alien:", 6) == 0 ? who->entity + 6 : NULL);
    ule_explain_set(item, "class", ule_number_class_enum.symbols[person->number_class]);
    ule_explain_set(item, "given_names", who->names.given_names);
    ule_explain_set(item, "family_name", who->names.family_name);
    json_object_set_new(item, "protected", json_boolean(who->names.protected));
    json_object_set_new(item, "names_withheld", json_boolean(who->names.names_withheld));
    ule_explain_set(item, "person_key", who->derive.state->person_key);
    const char *moved_from = strcmp(asked, who->entity) != 0 ? asked : NULL;
    ule_explain_set(item, "asked_for", asked);
    ule_explain_set(item, "moved_to", moved_from ? who->entity : NULL);
    if (moved_from)
        ule_explain_detail(item, "You asked for %s: it has become %s, and this is about %s",
                           ule_explain_number(explain->arena, moved_from), who->shown, who->shown);
    if (who->names.protected)
        ule_explain_detail(item, "Name and address protection: %s",
                           who->names.names_withheld ? "the name is withheld" : "the name shown is an alias");
    ule_explain_detail(item, "Number: %s", ule_explain_class_words(person->number_class));
    if (person->gone)
        ule_explain_detail(item, "The number is no longer good");
    set_birth(explain, item);
    set_former(explain, item);
    if (who->state->minimised)
        ule_explain_detail(item, "Without a tie for so long that only status, links and protection are kept");
    if (who->names.protected)
        ule_explain_rule(item, "A9");
}
