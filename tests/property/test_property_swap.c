/* SPDX-License-Identifier: MIT */
/* A number that changes at any point loses nothing, and what is undone is as it was (domain.md section 6). */
#include "property/run.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum told { TOLD_EXPLICIT, TOLD_IMPLICIT, TOLD_PERMIT, TOLD_REQUEST, TOLD_COUNT };

/* A person with a made-up number, a role or a child or both, and perhaps a support login; the real one perhaps with
 * something of its own. NULL when the world has no such person. */
static struct world_record *prepare(struct world *world, int *person) {
    for (*person = 0; *person < world->persons_count; ++*person)
        if (world->persons[*person].cpr[WORLD_REAL].number == NULL && world->persons[*person].says == WORLD_MADE_UP)
            break;
    if (*person == world->persons_count)
        return NULL;
    world_next_day(world, 1);
    struct world_record *record = world_enrol(world, *person, 0);
    if (record == NULL)
        return NULL;
    record->value.number = world->persons[*person].numbers[WORLD_MADE_UP];
    record->value.birth_date = world->persons[*person].birth;
    world_emit_record(world, (int)(record - world->records));
    if (world_chance(world, 50))
        world_emit_request(world, ULE_REQUEST_KIND_SUPPORT_LOGIN_GRANTED, record->value.institution_number,
                           record->value.number, NULL);
    if (world_chance(world, 40))
        world_credential(world, *person, world_draw(world, 2), ULE_CREDENTIAL_STATUS_ACTIVE,
                         ULE_CREDENTIAL_ASSURANCE_HIGH);
    return record;
}

static void tell(struct world *world, struct world_record *record, int person, enum told told) {
    struct world_person *who = &world->persons[person];
    const char *from = who->numbers[WORLD_MADE_UP], *to = who->numbers[WORLD_REAL];
    if (told == TOLD_PERMIT && world->permits_count < WORLD_PERMITS) {
        struct ule_residence_permit_changed *permit = &world->permits[world->permits_count];
        ule_record_init(&ule_residence_permit_changed_record, permit, world->arena);
        permit->permit_id = ule_arena_printf(world->arena, "t%d", world->permits_count);
        permit->number = to;
        permit->replaces_number = from;
        permit->status = ULE_PERMIT_STATUS_GRANTED;
        world_emit_permit(world, world->permits_count++);
        return;
    }
    if (told == TOLD_REQUEST) {
        world_emit_request(world, ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED, record->value.institution_number, to,
                           from);
        return;
    }
    record->value.number = to;
    record->value.replaces_number = told == TOLD_IMPLICIT ? NULL : from;
    world_emit_record(world, (int)(record - world->records));
}

static const struct ule_account_changed *account_of(const struct run *run, const char *number) {
    const struct ule_account_changed *found = NULL;
    for (size_t i = 0; i < run->standing_count; i++) {
        const struct ule_account_changed *value = run->standing[i].value;
        if (run->standing[i].topic == ULE_TOPIC_PROVISIONING && value != NULL &&
            value->state != ULE_ACCOUNT_STATE_CLOSED && strcmp(value->number, number) == 0)
            found = value;
    }
    return found;
}

static const struct ule_account_changed *account_under(const struct run *run, const char *user_key) {
    const struct run_standing *standing = run_find(run, ULE_TOPIC_PROVISIONING, user_key);
    return standing ? standing->value : NULL;
}

static enum ule_outcome outcome_of(const struct run *run, const char *from, const char *to) {
    const struct run_standing *newest = NULL;
    for (size_t i = 0; i < run->standing_count; i++) {
        const struct ule_reregistered *value = run->standing[i].value;
        if (run->standing[i].topic == ULE_TOPIC_REREGISTRATION && value != NULL &&
            strcmp(value->from_number, from) == 0 && strcmp(value->to_number, to) == 0 &&
            (newest == NULL || run->standing[i].output > newest->output))
            newest = &run->standing[i];
    }
    return newest ? ((const struct ule_reregistered *)newest->value)->outcome : ULE_OUTCOME_NULL;
}

static size_t swaps, completed_swaps, merged_swaps, with_account, with_relations;

struct kept {
    bool account;
    const char *user_key;
    size_t roles;
    const char *role_at[WORLD_RECORDS];
    int role[WORLD_RECORDS];
    size_t relations;
    const char *other[64]; /* the child's or contact's number */
    bool as_child[64];
    enum ule_authority authority[64];
};

static struct kept kept_of(const struct run *run, const char *number) {
    struct kept kept = {0};
    const struct ule_account_changed *account = account_of(run, number);
    if (account == NULL)
        return kept;
    kept.account = true;
    kept.user_key = account->user_key;
    for (size_t i = 0; i < account->institutions.count && i < WORLD_RECORDS; i++) {
        kept.role_at[i] = account->institutions.items[i].number;
        kept.role[kept.roles++] = (int)account->institutions.items[i].role;
    }
    for (size_t i = 0; i < run->standing_count && kept.relations < 64; i++) {
        const struct ule_contact_relation *value = run->standing[i].value;
        if (run->standing[i].topic != ULE_TOPIC_CONTACT_RELATION || value == NULL ||
            value->authority == ULE_AUTHORITY_NONE)
            continue;
        bool child = strcmp(value->child_number, number) == 0;
        if (!child && strcmp(value->contact_number, number) != 0)
            continue;
        kept.as_child[kept.relations] = child;
        kept.authority[kept.relations] = value->authority;
        kept.other[kept.relations++] = child ? value->contact_number : value->child_number;
    }
    return kept;
}

/* Everything in `before` is in `after` too. As a child the real number has CPR's word on custody and age: only that the
 * relation is there is asked. */
static bool lost(const struct kept *before, const struct kept *after, bool exactly) {
    for (size_t i = 0; i < before->roles; i++) {
        bool found = false;
        for (size_t k = 0; k < after->roles; k++)
            found |= strcmp(before->role_at[i], after->role_at[k]) == 0 && before->role[i] == after->role[k];
        if (!found) {
            printf("a role is lost\n");
            return true;
        }
    }
    for (size_t i = 0; i < before->relations; i++) {
        bool found = false;
        for (size_t k = 0; k < after->relations; k++)
            found |= strcmp(before->other[i], after->other[k]) == 0 && before->as_child[i] == after->as_child[k] &&
                     (!exactly || before->authority[i] == after->authority[k]);
        if (!found) {
            printf("a relation is lost\n");
            return true;
        }
    }
    return false;
}

static bool swap(uint64_t seed) {
    struct world *world = world_new(seed, WORLD_VOID | WORLD_DAYS, 2 + (int)(seed % 13));
    int person = 0;
    struct world_record *record = prepare(world, &person);
    if (record == NULL) {
        world_free(world);
        return true;
    }
    struct world_person *who = &world->persons[person];
    const char *from = who->numbers[WORLD_MADE_UP], *to = who->numbers[WORLD_REAL];
    struct run *run = run_new(world, 1);
    enum told told = (enum told)world_draw(world, TOLD_COUNT);
    bool cpr_first = world_chance(world, 50), shuffled = world_chance(world, 50);
    bool good = true;
    if (shuffled)
        ule_engine_shuffle(run->engine, seed);
    if (cpr_first)
        world_cpr_counts(world, person, WORLD_REAL);
    struct world_record *own = world_chance(world, 40) ? world_enrol(world, person, world->institutions_count - 1)
                                                       : NULL;
    if (own != NULL) { /* the real number has an account too: a merge */
        own->value.number = to;
        world_emit_record(world, (int)(own - world->records));
    }
    run_feed_all(run, world->events_count);
    struct kept before = kept_of(run, from);
    size_t fed = world->events_count;
    struct ule_institution_person_changed told_before = record->value;
    tell(world, record, person, told);
    if (!cpr_first)
        world_cpr_counts(world, person, WORLD_REAL);
    for (; fed < world->events_count; fed++)
        run_feed(run, &world->events[fed]);
    enum ule_outcome outcome = outcome_of(run, from, to);
    struct kept after = kept_of(run, to);
    bool adult = ule_date_birthday(who->birth, 18) <= world->day;
    bool married = who->cpr[WORLD_REAL].marital_status != ULE_MARITAL_STATUS_UNMARRIED;
    if (outcome == ULE_OUTCOME_RENUMBERED || outcome == ULE_OUTCOME_MERGED) {
        if (before.account && !after.account) {
            printf("the account is lost\n");
            good = false;
        }
        if (!adult && !married)
            good = good && !lost(&before, &after, !who->child);
        if (outcome == ULE_OUTCOME_RENUMBERED && before.account && strcmp(before.user_key, after.user_key) != 0) {
            printf("the user key is another\n");
            good = false;
        }
        if (account_of(run, from) != NULL) {
            printf("the made-up number still has an account\n");
            good = false;
        }
    } else if (before.account && kept_of(run, from).account == false && !after.account) {
        printf("an undecided swap takes the account\n");
        good = false;
    }
    /* Back: by the record where it told the swap, else by it in so many words. */
    record->value = told_before;
    record->value.replaces_number = to;
    world_emit_record(world, (int)(record - world->records));
    run_feed(run, &world->events[fed++]);
    struct kept back = kept_of(run, from);
    bool completed = outcome == ULE_OUTCOME_RENUMBERED || outcome == ULE_OUTCOME_MERGED;
    swaps++;
    completed_swaps += completed;
    merged_swaps += outcome == ULE_OUTCOME_MERGED;
    with_account += completed && before.account;
    with_relations += completed && before.relations > 0;
    if (good && completed && before.account) {
        const struct ule_account_changed *again = account_under(run, before.user_key);
        if (!back.account || again == NULL || strcmp(again->number, from) != 0 ||
            again->state == ULE_ACCOUNT_STATE_CLOSED) {
            printf("the account does not come back\n");
            good = false;
        } else {
            good = !lost(&before, &back, true);
        }
    }
    if (!good)
        printf("told %d, CPR %s, outcome %s, %s\n", (int)told, cpr_first ? "first" : "later",
               outcome < 0 ? "none" : ule_outcome_enum.symbols[outcome], shuffled ? "shuffled" : "in order");
    good &= run->wrong == NULL;
    run_free(run);
    world_free(world);
    return good;
}

START_TEST(a_swap_at_any_point_loses_nothing_and_is_undone_without_a_trace) {
    int failed = cases_run("a swap and back", swap);
    printf("note: %zu swaps, %zu completed, %zu merged; %zu of an account, %zu with relations\n", swaps,
           completed_swaps, merged_swaps, with_account, with_relations);
    ck_assert_int_eq(failed, 0);
}

int main(void) {
    Suite *suite = suite_create("property swap");
    TCase *tcase = tcase_create("swap");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, a_swap_at_any_point_loses_nothing_and_is_undone_without_a_trace);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
