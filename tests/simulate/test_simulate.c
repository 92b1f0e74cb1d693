/* SPDX-License-Identifier: MIT */
/* A live run ends in the same picture as a replay of its inputs (design.md section 8): a cluster of some partitions
 * with delays, stalls, crashes, restores and re-deliveries, all of it from one seed. */
#include "simulate/cluster.h"

#include "lib/suite.h"
#include "loop/queue.h"
#include "property/excepted.h"
#include "property/safety.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES = ULE_SOURCE_COUNT, SOURCE_PARTITIONS = 3, ACTIONS_MOST = 200000 };

static size_t shown, left_out, two_ways, minimised, commits, aborts, restores, messages, ticks, runs;

/* A source consumer: reads each partition of its topic in order, and appends in transactions. */
struct source {
    size_t position[SOURCE_PARTITIONS], committed[SOURCE_PARTITIONS]; /* indices into the world's events */
    struct cluster_transaction transaction;
};

struct simulation {
    const struct world *world;
    struct cluster *cluster;
    struct safety_facts facts;
    struct source sources[SOURCES];
    unsigned source_partitions;
    uint64_t random;
    int faults;   /* of a thousand actions */
    size_t until; /* the events before it may be read: those of the day */
    bool ticked[CLUSTER_PARTITIONS];
};

static unsigned draw(struct simulation *simulation, unsigned bound) {
    return (unsigned)(ule_random_next(&simulation->random) % bound);
}

/* The next event of a source's partition from `from` on. */
static size_t next_event(const struct simulation *simulation, unsigned source, unsigned partition, size_t from) {
    for (; from < simulation->until; from++) {
        const struct world_event *event = &simulation->world->events[from];
        if (event->source == (enum world_source)source &&
            ule_state_partition(event->key, simulation->source_partitions) == partition)
            break;
    }
    return from;
}

static void read_source(struct simulation *simulation, unsigned which) {
    struct source *source = &simulation->sources[which];
    struct cluster *cluster = simulation->cluster;
    for (unsigned left = 1 + draw(simulation, 3); left > 0; left--) {
        unsigned partition = draw(simulation, simulation->source_partitions);
        size_t at = next_event(simulation, which, partition, source->position[partition]);
        source->position[partition] = at;
        if (at >= simulation->until)
            continue;
        source->position[partition]++;
        source->transaction.open = true;
        struct ule_inbox_message message;
        ule_arena_reset(cluster->arena);
        if (run_translate(&simulation->world->events[at], at, cluster->arena, &message))
            cluster_send(cluster, &source->transaction, ule_state_partition(message.entity, cluster->partitions),
                         &message);
    }
}

static void end_source(struct simulation *simulation, struct source *source, bool committed) {
    if (committed)
        cluster_commit(simulation->cluster, &source->transaction, false);
    else
        cluster_abort(simulation->cluster, &source->transaction);
    for (unsigned i = 0; i < SOURCE_PARTITIONS; i++)
        if (committed)
            source->committed[i] = source->position[i];
        else
            source->position[i] = source->committed[i];
}

static bool sources_are_done(const struct simulation *simulation) {
    for (unsigned i = 0; i < SOURCES; i++) {
        if (simulation->sources[i].transaction.open)
            return false;
        for (unsigned k = 0; k < simulation->source_partitions; k++)
            if (next_event(simulation, i, k, simulation->sources[i].position[k]) < simulation->until)
                return false;
    }
    return true;
}

static void fault(struct simulation *simulation) {
    struct cluster *cluster = simulation->cluster;
    unsigned member = draw(simulation, cluster->members), partition = draw(simulation, cluster->partitions);
    switch (draw(simulation, 4)) {
    case 0: cluster_crash(cluster, member, draw(simulation, 2)); break;
    case 1:
        if (cluster->all[partition].member != member)
            cluster_move(cluster, partition, member);
        break;
    default: cluster->all[partition].stalled_until = cluster->now + draw(simulation, 80); break;
    }
}

static void act(struct simulation *simulation) {
    struct cluster *cluster = simulation->cluster;
    cluster->now++;
    if ((int)draw(simulation, 1000) < simulation->faults)
        fault(simulation);
    unsigned who = draw(simulation, SOURCES + 2 * cluster->members);
    bool failing = (int)draw(simulation, 1000) < 2 * simulation->faults;
    if (who < SOURCES) {
        struct source *source = &simulation->sources[who];
        if (!source->transaction.open)
            read_source(simulation, who);
        else
            end_source(simulation, source, !failing);
        return;
    }
    unsigned member = (who - SOURCES) / 2;
    struct cluster_transaction *transaction = &cluster->transactions[member];
    if (!transaction->open || (!transaction->fenced && draw(simulation, 4) == 0)) {
        (void)cluster_take(cluster, member, 1 + (int)draw(simulation, 20));
        return;
    }
    if (failing)
        cluster_abort(cluster, transaction);
    else
        cluster_commit(cluster, transaction, (int)draw(simulation, 1000) < simulation->faults);
}

/* Until everything that may be read has been read, and all that it caused has been done. */
static bool settle(struct simulation *simulation, int32_t day) {
    for (size_t actions = 0; !cluster_is_drained(simulation->cluster) || !sources_are_done(simulation); actions++) {
        if (actions == ACTIONS_MOST) {
            printf("it never comes to rest\n");
            return false;
        }
        /* The owner of a partition writes its Tick when it sees that the day has come. */
        for (unsigned i = 0; i < simulation->cluster->partitions; i++)
            if (!simulation->ticked[i] && draw(simulation, 3) == 0) {
                cluster_tick(simulation->cluster, i, day);
                simulation->ticked[i] = true;
            }
        act(simulation);
    }
    return !simulation->cluster->wrong;
}

/* A Tick reaches each partition before any record of its day does, though not before what other partitions tell. */
static bool begin_day(struct simulation *simulation, int32_t day) {
    unsigned first = draw(simulation, simulation->cluster->partitions);
    for (unsigned i = 0; i < simulation->cluster->partitions; i++)
        simulation->ticked[i] = false;
    cluster_tick(simulation->cluster, first, day);
    simulation->ticked[first] = true;
    for (bool all = false; !all;) {
        if (!settle(simulation, day))
            return false;
        all = true;
        for (unsigned i = 0; i < simulation->cluster->partitions; i++) {
            if (simulation->ticked[i])
                continue;
            all = false;
            cluster_tick(simulation->cluster, i, day);
            simulation->ticked[i] = true;
            break;
        }
    }
    return true;
}

/* "What was minimised" (design.md section 2): a subscription that ended while the tie was still on its way takes the
 * facts with it, CPR's word on protection among them. */
static bool may_be_minimised(const struct simulation *simulation) {
    for (size_t i = 0; i < simulation->until; i++) {
        const struct world_event *event = &simulation->world->events[i];
        if (event->source == WORLD_CPR &&
            ((const struct ule_person_changed *)event->record)->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED)
            return true;
    }
    return false;
}

/* What the events of a day have led to. */
static bool is_sound(struct simulation *simulation, size_t from, int32_t day) {
    struct cluster *cluster = simulation->cluster;
    struct run *run = cluster->run;
    simulation->facts.today = day;
    for (size_t i = from; i < simulation->until; i++) {
        struct ule_inbox_message message;
        ule_arena_reset(cluster->arena);
        if (run_translate(&simulation->world->events[i], i, cluster->arena, &message))
            safety_learn(&simulation->facts, &simulation->world->events[i]);
    }
    if (run->wrong != NULL || !safety_handshakes_are_over(run))
        return false;
    if (may_be_minimised(simulation)) {
        minimised++;
        return true;
    }
    return safety_is_sound(&simulation->facts, run, simulation->until - 1);
}

static bool simulate(struct simulation *simulation) {
    const struct world *world = simulation->world;
    int32_t day = ULE_DATE_NONE;
    for (size_t from = 0; from < world->events_count; from = simulation->until) {
        int32_t next = world->events[from].day;
        for (int32_t begins = day == ULE_DATE_NONE ? next : day + 1; begins <= next; begins++)
            if (!begin_day(simulation, begins))
                return false;
        day = next;
        while (simulation->until < world->events_count && world->events[simulation->until].day == day)
            simulation->until++;
        if (!settle(simulation, day) || !is_sound(simulation, from, day)) {
            printf("on day %d, after event %zu of the world\n", day, simulation->until - 1);
            return false;
        }
    }
    return cluster_restores_exactly(simulation->cluster);
}

static void except_owner(struct excepted *excepted, const char *number) {
    for (int person = 0; person < excepted->world->persons_count; person++)
        for (int which = 0; which < WORLD_NUMBERS; which++)
            excepted->persons[person] |= strcmp(excepted->world->persons[person].numbers[which], number) == 0;
}

/* CPR says of the number that another is current: of a status like RESIDENT the field says nothing. */
static bool is_superseded(const struct ule_person_changed *record) {
    return record->current_number != NULL &&
           (record->status == ULE_CPR_STATUS_NUMBER_CHANGED || record->status == ULE_CPR_STATUS_ANNULLED ||
            record->status == ULE_CPR_STATUS_DELETED_DUPLICATE);
}

/* The number of the version before this one of a local record, NULL where there is none. */
static const char *number_before(const struct world *world, size_t event) {
    for (size_t i = event; i-- > 0;)
        if (world->events[i].source == WORLD_LOCAL && strcmp(world->events[i].key, world->events[event].key) == 0)
            return ((const struct ule_institution_person_changed *)world->events[i].record)->number;
    return NULL;
}

static bool is_same(const char *number, const char *other) {
    return number != NULL && other != NULL && strcmp(number, other) == 0;
}

/* An event of the same day says the opposite of CPR's word: a record tells the swap that it takes back, CPR itself said
 * that the number had gone somewhere, or a record tells, outright or by the number that it now has, the way back. */
static bool is_contradicted(const struct world *world, const struct world_event *cpr, size_t by) {
    const struct ule_person_changed *word = cpr->record;
    const struct world_event *event = &world->events[by];
    if (event->day != cpr->day)
        return false;
    if (event->source == WORLD_CPR)
        return event < cpr && !is_superseded(word) && is_superseded(event->record) && is_same(event->key, cpr->key);
    if (event->source != WORLD_LOCAL)
        return false;
    const struct ule_institution_person_changed *record = event->record;
    if (!is_superseded(word))
        return is_same(record->replaces_number, cpr->key);
    return is_same(record->number, cpr->key) && (is_same(record->replaces_number, word->current_number) ||
                                                 is_same(number_before(world, by), word->current_number));
}

/* "A swap completed before the fact that would have held it" (design.md section 2): of two words of one day about one
 * swap, said in different partitions, it matters which came first. */
static void except_contradicted(struct excepted *excepted) {
    const struct world *world = excepted->world;
    for (size_t i = 0; i < world->events_count; i++)
        for (size_t k = 0; k < world->events_count && world->events[i].source == WORLD_CPR; k++)
            if (is_contradicted(world, &world->events[i], k))
                except_owner(excepted, world->events[i].key);
}

/* Where a number went for good, of all that it was told to go to; NULL when nowhere. */
static const char *completed(const struct run *run, struct ule_state_codec *codec, struct ule_arena *arena,
                             const char *number) {
    struct ule_person_state state;
    struct ule_buffer stored = {0};
    unsigned partition = ule_state_partition(number, run->partitions);
    if (ule_state_read(codec, run->stores[partition], number, arena, &stored, &state, NULL, NULL) != ULE_OK)
        abort();
    const char *found = NULL;
    for (size_t i = 0; i < state.outgoing.count; i++)
        if (state.outgoing.items[i].completed)
            found = ule_arena_string(arena, state.outgoing.items[i].to_number);
    ule_buffer_close(&stored);
    return found;
}

/* "A second R" (design.md section 2): of two that one number was told to go to, the first completed stays, and here
 * that was not the same. */
static void except_two_ways(struct excepted *excepted, const struct run *replay, const struct run *live) {
    struct ule_state_codec *codec = ule_state_codec_new();
    struct ule_arena *arena = ule_arena_new();
    for (int person = 0; person < excepted->world->persons_count; person++)
        for (int which = 0; which < WORLD_NUMBERS; which++) {
            const char *number = excepted->world->persons[person].numbers[which];
            const char *one = completed(replay, codec, arena, number), *other = completed(live, codec, arena, number);
            if (one == NULL || other == NULL || strcmp(one, other) == 0)
                continue;
            two_ways++;
            except_owner(excepted, number);
            except_owner(excepted, one);
            except_owner(excepted, other);
        }
    ule_arena_free(arena);
    ule_state_codec_free(codec);
}

static bool compare(const struct world *world, const struct run *replay, const struct run *live) {
    struct excepted excepted = excepted_of(world);
    except_contradicted(&excepted);
    except_two_ways(&excepted, replay, live);
    excepted_add_kept(&excepted, replay);
    excepted_add_kept(&excepted, live);
    struct picture *one = picture_of(replay), *other = picture_of(live);
    size_t skipped = 0, differences = picture_differences(one, other, excepted_line, &excepted, &skipped);
    shown += one->count;
    left_out += skipped;
    picture_free(one);
    picture_free(other);
    return differences == 0;
}

static bool live(uint64_t seed) {
    struct world *world = world_new(seed, WORLD_ALL, 4 + (int)(seed * UINT64_C(0x9e3779b97f4a7c15) >> 60));
    struct simulation simulation = {.world = world, .random = seed ^ UINT64_C(0x5bd1e995), .facts = {.world = world}};
    static const int faults[] = {0, 5, 30, 120};
    simulation.faults = faults[draw(&simulation, 4)];
    simulation.source_partitions = 1 + draw(&simulation, SOURCE_PARTITIONS);
    simulation.cluster = cluster_new(world, 2 + draw(&simulation, 4), 1 + draw(&simulation, CLUSTER_MEMBERS));
    struct run *replay = run_new(world, 1);
    run_feed_all(replay, world->events_count);
    bool good = simulate(&simulation) && compare(world, replay, simulation.cluster->run);
    commits += simulation.cluster->commits;
    aborts += simulation.cluster->aborts;
    restores += simulation.cluster->restores;
    messages += simulation.cluster->messages;
    ticks += simulation.cluster->ticks;
    runs++;
    for (unsigned i = 0; i < SOURCES; i++)
        free(simulation.sources[i].transaction.sent.items);
    run_free(replay);
    cluster_free(simulation.cluster);
    world_free(world);
    return good;
}

START_TEST(a_cluster_that_stumbles_ends_in_the_picture_of_the_replay) {
    int failed = cases_run_many("a cluster", live, 1000, 100000);
    printf("note: %zu runs, %zu messages taken, %zu of them Ticks, in %zu transactions; %zu aborted, %zu restores; "
           "%zu lines compared, %zu left out; %zu numbers went two ways, %zu days after an ended subscription\n",
           runs, messages, ticks, commits, aborts, restores, shown, left_out, two_ways, minimised);
    ck_assert_int_eq(failed, 0);
}

static size_t rings, rings_broken, ring_messages;

/* CPR's record of one of the numbers that go round, a day later. Any person of the world lends it the place. */
static void change_number(struct world *world, const char *number, const char *former, const char *current) {
    struct ule_person_changed *record = &world->persons[0].cpr[WORLD_REAL];
    ule_record_init(&ule_person_changed_record, record, world->arena);
    record->number = number;
    record->status = current ? ULE_CPR_STATUS_NUMBER_CHANGED : ULE_CPR_STATUS_RESIDENT;
    record->current_number = current;
    if (former) {
        record->former_numbers.items = ule_arena_array(world->arena, 1, sizeof *record->former_numbers.items);
        record->former_numbers.items[record->former_numbers.count++] = former;
    }
    world_emit_cpr(world, 0, WORLD_REAL);
    world_next_day(world, 1);
}

/* A ring of four numbers with a pupil in it, that no path ever shows: the recording 6.chain-a-ring-that-would-never-end
 * with four others, and then some changes more of any kind among them. */
static struct world *world_with_ring(uint64_t seed) {
    static const char *const numbers[] = {"0202154005", "0202154013", "0202154021", "0202154099"};
    struct world *world = world_new(seed, 0, 0);
    world_next_day(world, 1);
    struct ule_residence_permit_changed *permit = &world->permits[0];
    ule_record_init(&ule_residence_permit_changed_record, permit, world->arena);
    permit->permit_id = "ring";
    permit->number = numbers[2];
    permit->replaces_number = numbers[3];
    permit->ground = ULE_PERMIT_GROUND_REFUGEE;
    permit->status = ULE_PERMIT_STATUS_GRANTED;
    world_emit_permit(world, 0);
    struct ule_institution_person_changed *pupil = &world->records[0].value;
    ule_record_init(&ule_institution_person_changed_record, pupil, world->arena);
    pupil->institution_number = world->institutions[0];
    pupil->local_person_id = "ring";
    pupil->number = numbers[2];
    pupil->active = true;
    pupil->role = ULE_ROLE_STUDENT;
    pupil->source_system = "ring";
    world_emit_record(world, 0);
    world_next_day(world, 1);
    change_number(world, numbers[1], numbers[2], NULL);
    change_number(world, numbers[0], NULL, numbers[3]);
    change_number(world, numbers[1], NULL, numbers[3]);
    change_number(world, numbers[2], NULL, numbers[0]);
    for (int more = world_draw(world, 4); more > 0; more--)
        change_number(world, numbers[world_draw(world, 4)], numbers[world_draw(world, 4)],
                      world_chance(world, 60) ? numbers[world_draw(world, 4)] : NULL);
    return world;
}

/* It comes to rest, every account has one who publishes it, and the changelog gives the stores; which of the numbers
 * breaks the ring is a matter of who is reached first. */
static bool ring(uint64_t seed) {
    struct world *world = world_with_ring(seed);
    struct simulation simulation = {.world = world, .random = seed ^ UINT64_C(0x5bd1e995), .facts = {.world = world}};
    simulation.faults = seed % 2 ? 0 : 10;
    simulation.source_partitions = 1;
    simulation.cluster = cluster_new(world, 1 + draw(&simulation, 4), 1 + draw(&simulation, CLUSTER_MEMBERS));
    bool good = simulate(&simulation);
    rings += simulation.cluster->rings > 0;
    rings_broken += simulation.cluster->rings;
    ring_messages += simulation.cluster->messages;
    for (unsigned i = 0; i < SOURCES; i++)
        free(simulation.sources[i].transaction.sent.items);
    cluster_free(simulation.cluster);
    world_free(world);
    return good;
}

START_TEST(a_ring_of_numbers_comes_to_rest) {
    int failed = cases_run_many("a ring", ring, 40, 2000);
    printf("note: %zu rings went round and were broken, at %zu numbers, in %zu messages\n", rings, rings_broken,
           ring_messages);
    ck_assert_int_eq(failed, 0);
    if (getenv("ULE_SEED") == NULL)
        ck_assert_uint_gt(rings, 0);
}

int main(void) {
    Suite *suite = suite_create("simulate");
    TCase *tcase = tcase_create("cluster");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, a_ring_of_numbers_comes_to_rest);
    tcase_add_test(tcase, a_cluster_that_stumbles_ends_in_the_picture_of_the_replay);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
