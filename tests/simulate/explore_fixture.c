/* SPDX-License-Identifier: MIT */
#include "simulate/explore.h"

#include "property/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTITIES = 24, CHANNELS = 128, WAITING = 16, KEYS = 128, STREAMS = 6, STREAM = 6, EFFECTS = 40, DEPTH = 2000 };

/* Bytes by number, each kind once; 0 is none. */
struct blob {
    uint64_t hash;
    size_t size;
    uint8_t *bytes;
};

struct global {
    uint32_t entities[ENTITIES];
    uint64_t accounts[ENTITIES][KEYS / 64]; /* follows from the entity's state */
    uint32_t standing[KEYS];
    uint8_t read[STREAMS];
    uint8_t waiting[CHANNELS];
    uint32_t queues[CHANNELS][WAITING];
};

/* The step is a pure function: what it made of a state and a message is not asked twice. */
struct outcome {
    uint32_t entity, state, message, after;
    uint32_t tells_count, outputs_count;
    uint64_t accounts[KEYS / 64]; /* bits: the user keys that stand here after it */
    struct {
        uint8_t channel;
        uint32_t message;
    } tells[EFFECTS];
    struct {
        uint8_t key;
        uint32_t value;
    } outputs[EFFECTS];
};

/* Open addressing from a 64-bit key to a number, 0 for none. */
struct map {
    uint64_t *keys;
    uint32_t *values;
    size_t count, room;
};

struct explore {
    const struct ule_policy *policy;
    int32_t day;
    struct ule_arena *kept, *arena;
    const char *entities[ENTITIES];
    struct {
        uint8_t sender, receiver;
    } channels[CHANNELS];
    struct {
        enum ule_topic topic;
        const char *key;
    } keys[KEYS];
    uint32_t streams[STREAMS][STREAM];
    unsigned entities_count, channels_count, keys_count, streams_count, stream_counts[STREAMS];
    struct blob *blobs;
    size_t blobs_count, blobs_room;
    struct outcome **outcomes;
    size_t outcomes_count, outcomes_room;
    struct map blob_map, outcome_map, visited, pictures;
    struct global start;
    uint32_t accounts[KEYS]; /* what stood under a user key at the start */
    struct {
        const char *sender, *receiver;
    } path[DEPTH];
    struct explore_result result;
};

enum { ON_PATH = 1, LEFT = 2 };

static uint64_t mix(uint64_t hash) {
    hash = (hash ^ hash >> 31) * UINT64_C(0x7fb5d329728ea185);
    hash = (hash ^ hash >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    return hash ^ hash >> 33;
}

static uint64_t hash_of(const void *bytes, size_t size) {
    const uint8_t *byte = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return mix(hash);
}

static void *grown(void *items, size_t count, size_t *room, size_t size) {
    if (count < *room)
        return items;
    *room = *room ? 2 * *room : 256;
    items = realloc(items, *room * size);
    if (items == NULL)
        abort();
    return items;
}

static uint32_t *map_at(struct map *map, uint64_t key) {
    if (2 * map->count >= map->room) {
        struct map larger = {.room = map->room ? 2 * map->room : 1024};
        larger.keys = calloc(larger.room, sizeof *larger.keys);
        larger.values = calloc(larger.room, sizeof *larger.values);
        if (larger.keys == NULL || larger.values == NULL)
            abort();
        for (size_t i = 0; i < map->room; i++)
            if (map->values[i] != 0)
                *map_at(&larger, map->keys[i]) = map->values[i];
        free(map->keys);
        free(map->values);
        *map = larger;
    }
    size_t at = key & (map->room - 1);
    while (map->values[at] != 0 && map->keys[at] != key)
        at = (at + 1) & (map->room - 1);
    if (map->values[at] == 0) { /* the caller fills it in */
        map->keys[at] = key;
        map->count++;
    }
    return &map->values[at];
}

static uint32_t intern(struct explore *explore, const void *bytes, size_t size) {
    uint64_t hash = hash_of(bytes, size);
    uint32_t *found = map_at(&explore->blob_map, hash);
    if (*found != 0)
        return *found;
    explore->blobs = grown(explore->blobs, explore->blobs_count + 1, &explore->blobs_room, sizeof *explore->blobs);
    struct blob blob = {hash, size, malloc(size + 1)};
    if (blob.bytes == NULL)
        abort();
    memcpy(blob.bytes, bytes, size);
    explore->blobs[++explore->blobs_count] = blob;
    return *found = (uint32_t)explore->blobs_count;
}

static uint32_t intern_record(struct explore *explore, const struct ule_record *record, const void *value) {
    struct ule_buffer bytes = {0};
    ule_record_encode(record, value, &bytes);
    uint32_t blob = intern(explore, bytes.bytes, bytes.size);
    ule_buffer_close(&bytes);
    return blob;
}

static void decode(struct explore *explore, const struct ule_record *record, uint32_t number, void *value) {
    const struct blob *blob = &explore->blobs[number];
    if (ule_record_decode(record, blob->bytes, blob->size, explore->arena, value, NULL) != ULE_OK)
        abort();
}

static unsigned room_for(unsigned count, unsigned most) {
    if (count == most) {
        printf("a scenario has become too large\n");
        abort();
    }
    return count;
}

static uint8_t entity_of(struct explore *explore, const char *name) {
    for (unsigned i = 0; i < explore->entities_count; i++)
        if (strcmp(explore->entities[i], name) == 0)
            return (uint8_t)i;
    explore->entities[room_for(explore->entities_count, ENTITIES)] = ule_arena_string(explore->kept, name);
    return (uint8_t)explore->entities_count++;
}

static uint8_t channel_of(struct explore *explore, uint8_t sender, uint8_t receiver) {
    for (unsigned i = 0; i < explore->channels_count; i++)
        if (explore->channels[i].sender == sender && explore->channels[i].receiver == receiver)
            return (uint8_t)i;
    unsigned at = room_for(explore->channels_count++, CHANNELS);
    explore->channels[at].sender = sender;
    explore->channels[at].receiver = receiver;
    return (uint8_t)at;
}

static uint8_t key_of(struct explore *explore, enum ule_topic topic, const char *key) {
    for (unsigned i = 0; i < explore->keys_count; i++)
        if (explore->keys[i].topic == topic && strcmp(explore->keys[i].key, key) == 0)
            return (uint8_t)i;
    unsigned at = room_for(explore->keys_count++, KEYS);
    explore->keys[at].topic = topic;
    explore->keys[at].key = ule_arena_string(explore->kept, key);
    return (uint8_t)at;
}

/* Without the clock: a slot's version is 0, and it takes the next tell all the same. */
static void forget_slot(struct ule_person_state *state, const struct ule_inbox_message *message, bool apart) {
    for (size_t i = 0; i < state->heard.count; i++) {
        struct ule_slot *slot = &state->heard.items[i];
        if (strcmp(slot->sender, message->sender) != 0)
            continue;
        slot->version = -1;
        if (message->tell.bytes != NULL && !apart) {
            memmove(slot, slot + 1, (state->heard.count - i - 1) * sizeof *slot);
            state->heard.count--;
        }
        return;
    }
}

/* An institution hears one at a time (core/step.h); the others wait here. */
static void step_apart(struct explore *explore, struct ule_person_state *state, const struct ule_inbox_message *message,
                       struct ule_effects *effects) {
    struct ule_slot_array all = state->heard, rest = {0};
    rest.items = ule_arena_array(explore->arena, all.count + 1, sizeof *rest.items);
    state->heard = (struct ule_slot_array){0};
    for (size_t i = 0; i < all.count; i++)
        if (strcmp(all.items[i].sender, message->sender) == 0)
            state->heard = (struct ule_slot_array){&all.items[i], 1};
        else
            rest.items[rest.count++] = all.items[i];
    ule_step(message->entity, state, message, explore->day, explore->policy, explore->arena, effects);
    size_t at = 0;
    while (at < rest.count && strcmp(rest.items[at].sender, message->sender) < 0)
        at++;
    if (state->heard.count > 0) {
        memmove(&rest.items[at + 1], &rest.items[at], (rest.count - at) * sizeof *rest.items);
        rest.items[at] = state->heard.items[0];
        rest.count++;
    }
    state->heard = rest;
}

static void keep_output(struct explore *explore, struct outcome *outcome, const struct ule_output *output) {
    if (output->topic == ULE_TOPIC_REREGISTRATION)
        return; /* events: what they tell of stands elsewhere */
    struct header {
        const char *event_id;
        int64_t version;
        struct ule_caused_by caused_by;
        int32_t effective_on;
    } *header = (void *)output->value;
    unsigned at = room_for(outcome->outputs_count++, EFFECTS);
    outcome->outputs[at].key = key_of(explore, output->topic, output->key);
    if (header == NULL)
        return;
    *header = (struct header){.event_id = "", .caused_by = {.topic = "", .event_id = ""}};
    outcome->outputs[at].value = intern_record(explore, ule_topic_records[output->topic], output->value);
}

static const struct outcome *step(struct explore *explore, uint8_t entity, uint32_t before, uint32_t number) {
    const uint32_t asked[] = {entity, before, number};
    uint32_t *known = map_at(&explore->outcome_map, hash_of(asked, sizeof asked));
    if (*known != 0)
        return explore->outcomes[*known];
    explore->outcomes = grown(explore->outcomes, explore->outcomes_count + 1, &explore->outcomes_room,
                              sizeof *explore->outcomes);
    struct outcome *outcome = calloc(1, sizeof *outcome);
    if (outcome == NULL)
        abort();
    explore->outcomes[++explore->outcomes_count] = outcome;
    *known = (uint32_t)explore->outcomes_count;
    ule_arena_reset(explore->arena);
    struct ule_person_state state;
    struct ule_inbox_message message;
    struct ule_effects effects;
    if (before != 0)
        decode(explore, &ule_person_state_record, before, &state);
    else
        ule_record_init(&ule_person_state_record, &state, explore->arena);
    decode(explore, &ule_inbox_message_record, number, &message);
    bool apart = ule_step_hears_apart(message.entity);
    if (message.sender[0] != '\0')
        forget_slot(&state, &message, apart);
    if (apart)
        step_apart(explore, &state, &message, &effects);
    else
        ule_step(message.entity, &state, &message, explore->day, explore->policy, explore->arena, &effects);
    state.version = 0;
    for (size_t i = 0; i < state.heard.count; i++)
        state.heard.items[i].version = 0;
    outcome->after = intern_record(explore, &ule_person_state_record, &state);
    for (size_t i = 0; i < state.published.count; i++) {
        const struct ule_published *published = &state.published.items[i];
        if (published->topic != ULE_TOPIC_PROVISIONING || published->value.size == 0)
            continue;
        unsigned key = key_of(explore, ULE_TOPIC_PROVISIONING, published->key);
        outcome->accounts[key / 64] |= UINT64_C(1) << key % 64;
    }
    for (size_t i = 0; i < effects.tells_count; i++) {
        struct ule_inbox_message *tell = &effects.tells[i];
        tell->version = 0;
        tell->at = ule_time_of_date(explore->day);
        tell->caused_by = (struct ule_caused_by){.topic = "", .event_id = ""};
        unsigned at = room_for(outcome->tells_count++, EFFECTS);
        outcome->tells[at].channel = channel_of(explore, entity, entity_of(explore, tell->entity));
        outcome->tells[at].message = intern_record(explore, &ule_inbox_message_record, tell);
    }
    for (size_t i = 0; i < effects.outputs_count; i++)
        keep_output(explore, outcome, &effects.outputs[i]);
    explore->result.steps++;
    return outcome;
}

static void take(struct explore *explore, struct global *global, uint8_t entity, uint32_t message) {
    const struct outcome *outcome = step(explore, entity, global->entities[entity], message);
    global->entities[entity] = outcome->after;
    memcpy(global->accounts[entity], outcome->accounts, sizeof outcome->accounts);
    for (size_t i = 0; i < outcome->tells_count; i++) {
        uint8_t channel = outcome->tells[i].channel;
        unsigned at = room_for(global->waiting[channel]++, WAITING);
        global->queues[channel][at] = outcome->tells[i].message;
    }
    for (size_t i = 0; i < outcome->outputs_count; i++)
        global->standing[outcome->outputs[i].key] = outcome->outputs[i].value;
}

static void take_tell(struct explore *explore, struct global *global, unsigned channel) {
    uint32_t message = global->queues[channel][0];
    global->waiting[channel]--;
    memmove(global->queues[channel], global->queues[channel] + 1, (WAITING - 1) * sizeof(uint32_t));
    global->queues[channel][WAITING - 1] = 0;
    take(explore, global, explore->channels[channel].receiver, message);
}

static uint8_t source_receiver(struct explore *explore, unsigned stream, unsigned at) {
    struct ule_inbox_message message;
    ule_arena_reset(explore->arena);
    decode(explore, &ule_inbox_message_record, explore->streams[stream][at], &message);
    return entity_of(explore, message.entity);
}

static void take_source(struct explore *explore, struct global *global, unsigned stream) {
    unsigned at = global->read[stream]++;
    take(explore, global, source_receiver(explore, stream, at), explore->streams[stream][at]);
}

static const char *masked(struct explore *explore, const char *entity) {
    return strchr(entity, ':') != NULL ? entity : world_mask(explore->kept, entity);
}

static void fail(struct explore *explore, size_t depth, const char *what) {
    explore->result.wrong = what;
    printf("%s, after:\n", what);
    for (size_t i = 0; i < depth; i++)
        printf("    %s -> %s\n", explore->path[i].sender ? masked(explore, explore->path[i].sender) : "source",
               masked(explore, explore->path[i].receiver));
}

/* The accounts that the entities publish, and what stands. */
static const char *check_end(struct explore *explore, const struct global *global) {
    unsigned publishers[KEYS] = {0};
    ule_arena_reset(explore->arena);
    for (unsigned i = 0; i < explore->entities_count; i++) {
        struct ule_person_state state;
        if (global->entities[i] == 0 || strchr(explore->entities[i], ':') != NULL)
            continue;
        decode(explore, &ule_person_state_record, global->entities[i], &state);
        for (size_t k = 0; k < state.published.count; k++)
            if (state.published.items[k].topic == ULE_TOPIC_PROVISIONING && state.published.items[k].value.size > 0)
                publishers[key_of(explore, ULE_TOPIC_PROVISIONING, state.published.items[k].key)]++;
        for (size_t k = 0; k < state.outgoing.count; k++) {
            const struct ule_outgoing *out = &state.outgoing.items[k];
            if (out->completed && out->outcome != ULE_OUTCOME_RENUMBERED && out->outcome != ULE_OUTCOME_MERGED)
                return "a number is frozen and never taken";
        }
    }
    for (unsigned i = 0; i < explore->keys_count; i++) {
        if (explore->keys[i].topic != ULE_TOPIC_PROVISIONING)
            continue;
        if (global->standing[i] != 0 && publishers[i] == 0)
            return "an account stands that nobody publishes";
        if (global->standing[i] == 0 && explore->start.standing[i] != 0)
            return "an account is lost";
    }
    return NULL;
}

/* At any time: two that publish the same account would overtake each other. */
static bool stands_twice(const struct explore *explore, const struct global *global) {
    uint64_t all[KEYS / 64] = {0}, twice = 0;
    for (unsigned i = 0; i < explore->entities_count; i++)
        for (unsigned k = 0; k < KEYS / 64; k++) {
            twice |= all[k] & global->accounts[i][k];
            all[k] |= global->accounts[i][k];
        }
    return twice != 0;
}

/* How many different pictures the orders end in. */
static void add_picture(struct explore *explore, const struct global *global) {
    struct run_standing standing[KEYS];
    struct run run = {.standing = standing};
    for (unsigned i = 0; i < explore->keys_count; i++) {
        if (global->standing[i] == 0)
            continue;
        const struct ule_record *record = ule_topic_records[explore->keys[i].topic];
        void *value = ule_arena_alloc(explore->arena, record->size);
        decode(explore, record, global->standing[i], value);
        standing[run.standing_count++] = (struct run_standing){
            .topic = explore->keys[i].topic, .key = explore->keys[i].key, .value = value};
    }
    struct picture *picture = picture_of(&run);
    struct ule_buffer text = {0};
    for (size_t i = 0; i < picture->count; i++) {
        ule_buffer_append(&text, picture->lines[i], strlen(picture->lines[i]));
        ule_buffer_append(&text, "\n", 2);
    }
    uint32_t *seen = map_at(&explore->pictures, hash_of(text.size ? (const char *)text.bytes : "", text.size));
    if (*seen == 0 && getenv("ULE_SHOW") != NULL) {
        printf("a picture:\n");
        for (size_t i = 0; i < picture->count; i++)
            printf("    %s\n", picture->lines[i]);
    }
    *seen = 1;
    ule_buffer_close(&text);
    picture_free(picture);
}

static uint64_t hash_of_global(const struct explore *explore, const struct global *global) {
    uint64_t hash = 0; /* entities, keys and channels are found on the way: those not in use count for nothing */
    for (unsigned i = 0; i < explore->entities_count; i++)
        if (global->entities[i] != 0)
            hash += mix(mix((uint64_t)(i + 1) << 32 | global->entities[i]) + 2);
    for (unsigned i = 0; i < explore->keys_count; i++)
        if (global->standing[i] != 0)
            hash += mix(mix((uint64_t)(i + 1) << 32 | global->standing[i]) + 3);
    for (unsigned i = 0; i < explore->streams_count; i++)
        hash = mix(hash + global->read[i]);
    for (unsigned i = 0; i < explore->channels_count; i++)
        for (unsigned k = 0; k < global->waiting[i]; k++)
            hash += mix(mix((uint64_t)i << 40 | (uint64_t)(k + 1) << 32 | global->queues[i][k]) + 1);
    return mix(hash);
}

static void follow(struct explore *explore, const struct global *global, size_t depth) {
    uint64_t hash = hash_of_global(explore, global);
    uint32_t *visited = map_at(&explore->visited, hash);
    if (*visited == ON_PATH)
        fail(explore, depth, "an order that goes on for ever");
    if (*visited != 0 || explore->result.wrong != NULL)
        return;
    *visited = ON_PATH;
    explore->result.states++;
    if (depth == DEPTH || stands_twice(explore, global)) {
        fail(explore, depth, depth == DEPTH ? "no end" : "a user key stands at two numbers at once");
        return;
    }
    bool any = false;
    for (unsigned i = 0; i < explore->streams_count + explore->channels_count && !explore->result.wrong; i++) {
        struct global next;
        bool source = i < explore->streams_count;
        unsigned channel = i - explore->streams_count;
        if (source ? global->read[i] == explore->stream_counts[i] : global->waiting[channel] == 0)
            continue;
        any = true;
        next = *global;
        if (source)
            take_source(explore, &next, i);
        else
            take_tell(explore, &next, channel);
        explore->path[depth].sender = source ? NULL : explore->entities[explore->channels[channel].sender];
        explore->path[depth].receiver = explore->entities[source ? source_receiver(explore, i, global->read[i])
                                                                 : explore->channels[channel].receiver];
        explore->result.transitions++;
        follow(explore, &next, depth + 1);
    }
    *map_at(&explore->visited, hash) = LEFT;
    if (any || explore->result.wrong != NULL)
        return;
    explore->result.ends++;
    const char *wrong = check_end(explore, global);
    if (wrong != NULL)
        fail(explore, depth, wrong);
    else
        add_picture(explore, global);
}

struct explore *explore_new(const struct ule_policy *policy, int32_t day) {
    struct explore *explore = calloc(1, sizeof *explore);
    if (explore == NULL)
        abort();
    explore->policy = policy;
    explore->day = day;
    explore->kept = ule_arena_new();
    explore->arena = ule_arena_new();
    return explore;
}

static void map_close(struct map *map) {
    free(map->keys);
    free(map->values);
}

void explore_free(struct explore *explore) {
    for (size_t i = 1; i <= explore->blobs_count; i++)
        free(explore->blobs[i].bytes);
    for (size_t i = 1; i <= explore->outcomes_count; i++)
        free(explore->outcomes[i]);
    free(explore->blobs);
    free(explore->outcomes);
    map_close(&explore->blob_map);
    map_close(&explore->outcome_map);
    map_close(&explore->visited);
    map_close(&explore->pictures);
    ule_arena_free(explore->kept);
    ule_arena_free(explore->arena);
    free(explore);
}

void explore_begin(struct explore *explore, const struct ule_inbox_message *message) {
    struct global *global = &explore->start;
    uint32_t number = intern_record(explore, &ule_inbox_message_record, message);
    take(explore, global, entity_of(explore, message->entity), number);
    for (bool any = true; any;) {
        any = false;
        for (unsigned i = 0; i < explore->channels_count; i++)
            for (; global->waiting[i] > 0; any = true)
                take_tell(explore, global, i);
    }
}

void explore_add(struct explore *explore, int stream, const struct ule_inbox_message *message) {
    unsigned at = room_for(explore->stream_counts[stream]++, STREAM);
    explore->streams[stream][at] = intern_record(explore, &ule_inbox_message_record, message);
    if ((unsigned)stream >= explore->streams_count)
        explore->streams_count = (unsigned)stream + 1;
}

struct explore_result explore_run(struct explore *explore) {
    struct global start = explore->start;
    follow(explore, &start, 0);
    explore->result.pictures = explore->pictures.count;
    return explore->result;
}
