/* SPDX-License-Identifier: MIT */
/* The engine, fed with records that all make sense by themselves and none together: the input is a row of choices, of
 * a source, a record, and from a small pool what stands in each of its fields; or days that pass. After each of them:
 * - it ends, and within a bound;
 * - versions rise under each key;
 * - sensitive access needs custody, CPR's or asserted, and an account that is active at HIGH;
 * - a relation or an open account stands with one entity, no key with two, and nobody waits to be taken over. */
#include "fuzz/fuzz.h"
#include "fuzz/standing.h"
#include "loop/engine.h"
#include "loop/source.h"

#include <string.h>

enum { MESSAGES_MOST = 10000, STEPS_MOST = 96, PARTITIONS_MOST = 3, STAMP_MS = 60000 };

/* A child with two made-up numbers, its own and the one that CPR gives it later; its parents, one with a made-up number
 * too; a pupil near 18, a stranger, one of no class, and an alien's. */
static const char *const numbers[] = {"1005124001", "7005124001", "7005124AB1", "1105124001",
                                      "0102800002", "6102800002", "0304820003", "1501064005",
                                      "2512750006", "9999990000", "0102800012", "100512XYA2"};
static const char *const aliens[] = {"A1", "A2"};
static const char *const schools[] = {"101001", "280002", "F00003"};
static const char *const levels[] = {"3", "8", "9", "10", "DT", "VU"};
static const char *const given[] = {"Anna", "Bo", "Anna Marie", "Ærø"};
static const char *const family[] = {"Test", "Ørsted", "Prøve Test"};
static const uint8_t secret[16] = "fuzzing, fuzzing";

struct world {
    struct fuzz_input input;
    struct ule_arena *arena;
    struct ule_policy policy;
    struct ule_store *stores[PARTITIONS_MOST];
    unsigned partitions;
    struct ule_engine *engine;
    struct standing standing;
    int64_t ts, sequence;
    int32_t day;
};

#define COUNT(array)     ((unsigned)(sizeof(array) / sizeof *(array)))
#define ONE_OF(w, array) ((array)[draw(w, COUNT(array))])

static unsigned draw(struct world *world, unsigned bound) {
    return fuzz_draw(&world->input, bound);
}

static bool flag(struct world *world) {
    return draw(world, 2);
}

/* Null in most cases. */
static const char *number_or_null(struct world *world) {
    unsigned drawn = draw(world, 3 * COUNT(numbers));
    return drawn < COUNT(numbers) ? numbers[drawn] : NULL;
}

static int32_t date(struct world *world) {
    unsigned drawn = draw(world, 16);
    return drawn < 8 ? ULE_DATE_NONE : world->day + (int32_t)drawn - 11;
}

static int32_t birth(struct world *world, const char *number) {
    static const int32_t births[] = {ULE_DATE_NONE, 15470, 13163, 3653}; /* 2012-05-10, 2006-01-15, 1980-01-02 */
    (void)number;
    return ONE_OF(world, births);
}

static const char *stamp(struct world *world, int64_t *changed_at, int64_t *sequence) {
    unsigned drawn = draw(world, 8);
    if (drawn > 2)
        world->ts += STAMP_MS;
    *changed_at = world->ts - (drawn == 1 ? 3 * STAMP_MS : 0); /* perhaps older than what came before */
    *sequence = drawn == 2 ? 0 : ++world->sequence;
    return ule_arena_printf(world->arena, "e%lld", (long long)*sequence);
}

static void *new_record(struct world *world, const struct ule_record *record) {
    void *value = ule_arena_alloc(world->arena, record->size);
    ule_record_init(record, value, world->arena);
    return value;
}

static struct ule_parent *parent(struct world *world) {
    unsigned drawn = draw(world, 4);
    if (drawn == 0)
        return NULL;
    struct ule_parent *value = new_record(world, &ule_parent_record);
    value->number = drawn == 1 ? numbers[4] : drawn == 2 ? numbers[6] : number_or_null(world);
    return value;
}

static void *cpr(struct world *world, const char **key) {
    struct ule_person_changed *value = new_record(world, &ule_person_changed_record);
    value->event_id = stamp(world, &value->changed_at, &value->sequence);
    *key = value->number = ONE_OF(world, numbers);
    unsigned status = draw(world, 20);
    value->status = status < 10 ? (enum ule_cpr_status)status : ULE_CPR_STATUS_RESIDENT;
    if (status >= ULE_CPR_STATUS_ANNULLED && status <= ULE_CPR_STATUS_NUMBER_CHANGED)
        value->current_number = number_or_null(world);
    if (draw(world, 6) == 5) {
        value->former_numbers.items = ule_arena_array(world->arena, 1, sizeof *value->former_numbers.items);
        value->former_numbers.items[value->former_numbers.count++] = ONE_OF(world, numbers);
    }
    value->birth_date = birth(world, value->number);
    value->given_names = ONE_OF(world, given);
    value->family_name = ONE_OF(world, family);
    value->marital_status = draw(world, 8) == 7 ? ULE_MARITAL_STATUS_MARRIED : ULE_MARITAL_STATUS_UNMARRIED;
    value->citizenship = flag(world) ? 5100 : 5130;
    if (draw(world, 4) == 3) {
        value->protection = new_record(world, &ule_protection_record);
        value->protection->from = world->day - 2 + (int32_t)draw(world, 5);
        value->protection->until = date(world);
    }
    value->mother = parent(world);
    value->father = parent(world);
    value->custody.items = ule_arena_array(world->arena, 2, sizeof *value->custody.items);
    value->custody.count = draw(world, 3);
    for (size_t i = 0; i < value->custody.count; i++) {
        struct ule_custody_row *row = &value->custody.items[i];
        ule_record_init(&ule_custody_row_record, row, world->arena);
        row->holder = (enum ule_custody_holder)draw(world, 4);
        if (row->holder >= ULE_CUSTODY_HOLDER_OTHER_1)
            row->number = number_or_null(world);
        row->from = date(world);
        row->until = date(world);
    }
    return value;
}

static void *permit(struct world *world, const char **key) {
    struct ule_residence_permit_changed *value = new_record(world, &ule_residence_permit_changed_record);
    value->event_id = stamp(world, &value->changed_at, &value->sequence);
    *key = value->permit_id = flag(world) ? "P1" : "P2";
    if (draw(world, 3))
        value->alien_number = ONE_OF(world, aliens);
    value->number = number_or_null(world);
    value->replaces_number = number_or_null(world);
    value->ground = (enum ule_permit_ground)draw(world, 17);
    value->status = (enum ule_permit_status)draw(world, 5);
    value->valid_from = date(world);
    value->valid_until = date(world);
    value->entitled_to_number = flag(world);
    return value;
}

static void *credential(struct world *world, const char **key) {
    static const char *const ids[] = {"C1", "C2", "C3", "C4"};
    struct ule_credential_changed *value = new_record(world, &ule_credential_changed_record);
    value->event_id = stamp(world, &value->changed_at, &value->sequence);
    *key = value->credential_id = ONE_OF(world, ids);
    value->number = draw(world, 8) ? ONE_OF(world, numbers) : NULL;
    value->scheme = draw(world, 4) ? ULE_CREDENTIAL_SCHEME_MITID : ULE_CREDENTIAL_SCHEME_NEMID;
    unsigned status = draw(world, 12);
    value->status = status < 6 ? (enum ule_credential_status)status : ULE_CREDENTIAL_STATUS_ACTIVE;
    value->assurance = (enum ule_credential_assurance)draw(world, 3);
    return value;
}

static void contact(struct world *world, struct ule_contact *value) {
    ule_record_init(&ule_contact_record, value, world->arena);
    unsigned drawn = draw(world, 8);
    value->number = drawn == 0 ? NULL : drawn < 5 ? numbers[3 + drawn] : ONE_OF(world, numbers);
    if (draw(world, 6) == 5)
        value->alien_number = ONE_OF(world, aliens);
    if (draw(world, 6) == 5)
        value->replaces_number = number_or_null(world);
    value->given_names = ONE_OF(world, given);
    value->family_name = ONE_OF(world, family);
    value->relation = (enum ule_contact_relationship)draw(world, 4);
    value->child_custody = draw(world, 3) == 2;
    value->access = (enum ule_access_level)((int)draw(world, 12) - 9);
    if (value->access < ULE_ACCESS_LEVEL_NONE)
        value->access = ULE_ACCESS_LEVEL_NULL;
    value->country = flag(world) ? 5130 : ULE_INT_NULL;
    value->legacy = draw(world, 6) == 5;
}

static void *local(struct world *world, const char **key) {
    static const char *const ids[] = {"1", "2", "3"};
    struct ule_institution_person_changed *value = new_record(world, &ule_institution_person_changed_record);
    value->event_id = stamp(world, &value->changed_at, &value->sequence);
    unsigned school = draw(world, COUNT(schools));
    value->institution_number = schools[school];
    value->institution_kind = (enum ule_institution_kind)school;
    value->local_person_id = ONE_OF(world, ids);
    *key = ule_arena_printf(world->arena, "%s/%s", value->institution_number, value->local_person_id);
    unsigned drawn = draw(world, 8);
    value->number = drawn == 0 ? NULL : drawn < 5 ? numbers[drawn - 1] : ONE_OF(world, numbers);
    if (draw(world, 6) == 5)
        value->alien_number = ONE_OF(world, aliens);
    if (draw(world, 6) == 5)
        value->replaces_number = number_or_null(world);
    value->active = draw(world, 5) != 4;
    unsigned role = draw(world, 8);
    value->role = role < 4 ? (enum ule_role)role : ULE_ROLE_STUDENT;
    if (value->role == ULE_ROLE_STUDENT)
        value->level = ONE_OF(world, levels);
    value->birth_date = birth(world, value->number);
    value->given_names = ONE_OF(world, given);
    value->family_name = ONE_OF(world, family);
    value->protected = draw(world, 6) == 5;
    value->alias_given_names = flag(world) ? "Alias" : NULL;
    value->source_system = "fuzz";
    value->contacts.items = ule_arena_array(world->arena, 4, sizeof *value->contacts.items);
    value->contacts.count = draw(world, 4);
    for (size_t i = 0; i < value->contacts.count; i++)
        contact(world, &value->contacts.items[i]);
    return value;
}

static void *request(struct world *world, const char **key) {
    struct ule_institution_request *value = new_record(world, &ule_institution_request_record);
    value->event_id = stamp(world, &value->changed_at, &value->sequence);
    value->kind = (enum ule_request_kind)draw(world, 7);
    value->institution_number = ONE_OF(world, schools);
    value->number = value->kind >= ULE_REQUEST_KIND_LEAVERS_APPROVED ? value->institution_number
                                                                     : ONE_OF(world, numbers);
    if (value->kind == ULE_REQUEST_KIND_CHILD_ENROLLED_BY_SCHOOL || draw(world, 4) == 3)
        value->child_number = number_or_null(world);
    if (value->kind == ULE_REQUEST_KIND_REREGISTRATION_CONFIRMED ||
        value->kind == ULE_REQUEST_KIND_REREGISTRATION_REJECTED)
        value->from_number = number_or_null(world);
    *key = value->number;
    return value;
}

static void feed(struct world *world, unsigned which) {
    static void *(*const makers[ULE_SOURCE_COUNT])(struct world *, const char **) = {cpr, permit, credential, local,
                                                                                     request};
    const struct ule_source *source = &ule_sources[which];
    struct ule_inbox_message message;
    struct ule_error error = {0};
    const char *key = NULL;
    ule_record_init(&ule_inbox_message_record, &message, world->arena);
    void *record = makers[which](world, &key);
    enum ule_code code = source->translate(record, key, world->ts, world->arena, &message.entity, NULL, &error);
    FUZZ_HOLDS(code < ULE_DATA_ERRORS_END, "the translation: %s", error.message);
    if (code != ULE_OK)
        return;
    message.sender = "";
    message.at = world->ts;
    message.caused_by.topic = source->topic;
    message.caused_by.offset = world->sequence;
    message.caused_by.event_id = *(const char *const *)record;
    switch (which) {
    case 0: message.person = record; break;
    case 1: message.permit = record; break;
    case 2: message.credential = record; break;
    case 3: message.local = record; break;
    default: message.request = record; break;
    }
    struct ule_engine_counts before, after;
    ule_engine_counts(world->engine, &before);
    code = ule_engine_apply(world->engine, &message, &error);
    FUZZ_HOLDS(code == ULE_OK, "the engine: %s", error.message);
    ule_engine_counts(world->engine, &after);
    FUZZ_HOLDS(after.messages - before.messages <= MESSAGES_MOST, "one record caused %llu messages",
               (unsigned long long)(after.messages - before.messages));
}

static void pass_days(struct world *world) {
    static const int32_t leaps[] = {1, 1, 1, 2, 5, 6, 61, 91, 365};
    struct ule_error error = {0};
    world->day += ONE_OF(world, leaps);
    int64_t begins = ule_time_of_date(world->day) + 8 * (ULE_DAY_MS / 24);
    world->ts = begins > world->ts ? begins : world->ts;
    enum ule_code code = ule_engine_tick(world->engine, world->day, &error);
    FUZZ_HOLDS(code == ULE_OK, "the engine: %s", error.message);
}

static void begin(struct world *world) {
    static const char *const foreign[] = {"280002"};
    struct ule_error error = {0};
    unsigned how = draw(world, 256);
    ule_policy_default(&world->policy);
    world->policy.secret = secret;
    world->policy.secret_size = sizeof secret;
    world->policy.custody_presume_parents = how & 1;
    world->policy.custody_institution_accept = !(how & 2);
    world->policy.custody_asserted_consents = how & 4;
    world->policy.foreign = foreign;
    world->policy.foreign_count = how & 8 ? 1 : 0;
    world->policy.minimise_after_days = how & 16 ? 90 : 0;
    world->policy.brake_minimum = how & 32 ? 1 : 20;
    world->partitions = how & 64 ? PARTITIONS_MOST : 1;
    for (unsigned i = 0; i < world->partitions; i++)
        world->stores[i] = ule_store_memory_new();
    const struct ule_engine_sink sink = {.context = &world->standing, .output = standing_take};
    world->engine = ule_engine_new(world->stores, world->partitions, &world->policy, &sink);
    if (how & 128)
        ule_engine_shuffle(world->engine, 1 + draw(world, 256));
    world->day = ule_date_from_ymd(2023, 10, 28); /* NemID closes on the fourth day */
    world->ts = ule_time_of_date(world->day) + 8 * (ULE_DAY_MS / 24);
    FUZZ_HOLDS(ule_engine_tick(world->engine, world->day, &error) == ULE_OK, "the first day: %s", error.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct world world = {.input = {bytes, bytes + size}, .arena = ule_arena_new()};
    world.standing.arena = world.arena;
    begin(&world);
    for (int steps = 0; world.input.at < world.input.end && steps < STEPS_MOST; steps++) {
        static const unsigned kinds[] = {0, 0, 1, 2, 2, 3, 3, 3, 4, 5}; /* the sources, and a day */
        unsigned kind = ONE_OF(&world, kinds);
        if (kind < ULE_SOURCE_COUNT)
            feed(&world, kind);
        else
            pass_days(&world);
        standing_check(&world.standing, world.stores, world.partitions);
    }
    ule_engine_free(world.engine);
    for (unsigned i = 0; i < world.partitions; i++)
        ule_store_free(world.stores[i]);
    standing_close(&world.standing);
    ule_arena_free(world.arena);
    return 0;
}
