/* SPDX-License-Identifier: MIT */
#include "simulate/cluster.h"

#include "loop/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char today_key[] = "";

static void *grow(void *items, size_t count, size_t *room, size_t size) {
    if (count < *room)
        return items;
    *room = *room ? 2 * *room : 16;
    void *grown = realloc(items, *room * size);
    if (grown == NULL)
        abort();
    return grown;
}

static void *copy_of(const void *bytes, size_t size) {
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = 0;
    return copy;
}

static uint64_t digest_of(uint64_t digest, const void *bytes, size_t size) {
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static void push(struct cluster_changes *changes, const char *key, const void *bytes, size_t size, int32_t due,
                 bool present) {
    changes->items = grow(changes->items, changes->count, &changes->room, sizeof *changes->items);
    changes->items[changes->count++] = (struct cluster_change){
        .key = copy_of(key, strlen(key)), .bytes = copy_of(bytes, size), .size = size, .due = due, .present = present};
}

static void clear(struct cluster_changes *changes) {
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->items[i].key);
        free(changes->items[i].bytes);
    }
    changes->count = 0;
}

struct cluster *cluster_new(const struct world *world, unsigned partitions, unsigned members) {
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster == NULL)
        abort();
    cluster->run = run_new(world, partitions);
    cluster->partitions = partitions;
    cluster->members = members;
    cluster->arena = ule_arena_new();
    cluster->codec = ule_state_codec_new();
    for (unsigned i = 0; i < partitions; i++)
        cluster->all[i].member = i % members;
    for (unsigned i = 0; i < CLUSTER_MEMBERS; i++)
        cluster->transactions[i].arena = ule_arena_new();
    return cluster;
}

void cluster_free(struct cluster *cluster) {
    for (unsigned i = 0; i < cluster->partitions; i++) {
        struct cluster_partition *partition = &cluster->all[i];
        for (size_t k = 0; k < partition->count; k++)
            free(partition->inbox[k].bytes);
        free(partition->inbox);
        clear(&partition->changelog);
        free(partition->changelog.items);
    }
    for (unsigned i = 0; i < CLUSTER_MEMBERS; i++) {
        struct cluster_transaction *transaction = &cluster->transactions[i];
        for (unsigned k = 0; k < CLUSTER_PARTITIONS; k++) {
            clear(&transaction->changes[k]);
            free(transaction->changes[k].items);
        }
        ule_arena_free(transaction->arena);
        free(transaction->outputs);
        free(transaction->sent.items);
    }
    ule_buffer_close(&cluster->stored);
    ule_buffer_close(&cluster->state);
    ule_buffer_close(&cluster->slot);
    ule_buffer_close(&cluster->encoded);
    ule_state_codec_free(cluster->codec);
    ule_arena_free(cluster->arena);
    run_free(cluster->run);
    free(cluster);
}

static void wrong(struct cluster *cluster, const char *what) {
    cluster->wrong = true;
    printf("%s\n", what);
}

void cluster_send(struct cluster *cluster, struct cluster_transaction *transaction, unsigned number,
                  const struct ule_inbox_message *message) {
    struct cluster_partition *partition = &cluster->all[number];
    ule_buffer_clear(&cluster->encoded);
    ule_record_encode(&ule_inbox_message_record, message, &cluster->encoded);
    partition->inbox = grow(partition->inbox, partition->count, &partition->room, sizeof *partition->inbox);
    if (transaction != NULL) {
        struct cluster_places *sent = &transaction->sent;
        sent->items = grow(sent->items, sent->count, &sent->room, sizeof *sent->items);
        sent->items[sent->count++] = (struct cluster_place){number, partition->count};
        transaction->open = true;
    }
    partition->inbox[partition->count++] = (struct cluster_entry){
        .visibility = transaction != NULL ? CLUSTER_OPEN : CLUSTER_COMMITTED,
        .bytes = copy_of(cluster->encoded.bytes, cluster->encoded.size),
        .size = cluster->encoded.size,
    };
}

static void tick_message(struct cluster *cluster, const char *entity, int32_t day, struct ule_inbox_message *tick) {
    ule_record_init(&ule_inbox_message_record, tick, cluster->arena);
    tick->entity = entity;
    tick->sender = "";
    tick->at = ule_time_of_date(day);
    tick->tick = day;
    tick->caused_by.topic = "tick";
    tick->caused_by.offset = day;
    tick->caused_by.event_id = "";
}

void cluster_tick(struct cluster *cluster, unsigned partition, int32_t day) {
    struct ule_inbox_message tick;
    tick_message(cluster, "", day, &tick);
    cluster_send(cluster, NULL, partition, &tick);
}

/* Where in that partition the next message is; false when the reader has to wait. */
static bool next_of(const struct cluster_partition *partition, size_t *offset) {
    while (*offset < partition->count && partition->inbox[*offset].visibility == CLUSTER_ABORTED)
        ++*offset;
    return *offset < partition->count && partition->inbox[*offset].visibility == CLUSTER_COMMITTED;
}

static void write_store(struct ule_store *store, const struct cluster_change *change) {
    char text[11];
    if (strcmp(change->key, today_key) == 0)
        ule_store_meta_put(store, "today", ule_date_format(change->due, text), 10);
    else if (change->present)
        ule_store_put(store, change->key, change->bytes, change->size, change->due);
    else
        ule_store_delete(store, change->key);
}

/* Into the changelog at the commit, into the member's store at once. */
static void change(struct cluster *cluster, struct cluster_transaction *transaction, unsigned partition,
                   const char *key, const void *bytes, size_t size, int32_t due, bool present) {
    struct cluster_changes *changes = &transaction->changes[partition];
    push(changes, key, bytes, size, due, present);
    write_store(cluster->run->stores[partition], &changes->items[changes->count - 1]);
}

static void keep_output(struct cluster_transaction *transaction, const struct ule_output *output, int64_t at) {
    transaction->outputs = grow(transaction->outputs, transaction->outputs_count, &transaction->outputs_room,
                                sizeof *transaction->outputs);
    void *value = NULL;
    if (output->value != NULL) {
        value = ule_arena_alloc(transaction->arena, ule_topic_records[output->topic]->size);
        ule_record_copy(ule_topic_records[output->topic], output->value, transaction->arena, value);
    }
    transaction->outputs[transaction->outputs_count++] = (struct cluster_output){
        {output->topic, ule_arena_string(transaction->arena, output->key), value}, at};
}

/* One message to one entity; the digest of what came of it. */
static uint64_t step(struct cluster *cluster, struct cluster_transaction *transaction, unsigned partition,
                     const struct ule_inbox_message *message, int32_t today) {
    struct ule_store *store = cluster->run->stores[partition];
    struct ule_arena *arena = cluster->arena;
    struct ule_person_state state;
    struct ule_effects effects;
    if (ule_state_read(cluster->codec, store, message->entity, arena, &cluster->stored, &state, NULL, NULL) != ULE_OK)
        abort();
    const char *slot = NULL;
    if (ule_step_hears_apart(message->entity) && message->sender[0] != '\0') {
        slot = ule_arena_printf(arena, "%s%c%s", message->entity, ULE_SLOT_SEPARATOR, message->sender);
        ule_buffer_clear(&cluster->slot);
        if (ule_store_get(store, slot, &cluster->slot)) {
            state.heard.items = ule_arena_alloc(arena, sizeof *state.heard.items);
            state.heard.count = 1;
            if (ule_record_decode(&ule_slot_record, cluster->slot.bytes, cluster->slot.size, arena, state.heard.items,
                                  NULL) != ULE_OK)
                abort();
        }
    }
    ule_step(message->entity, &state, message, today, &cluster->run->world->policy, arena, &effects);
    if (message->tick != ULE_DATE_NONE && state.due != ULE_DATE_NONE && state.due <= today)
        wrong(cluster, "an entity is still due after its tick");
    if (slot != NULL) {
        ule_buffer_clear(&cluster->slot);
        if (state.heard.count > 0)
            ule_record_encode(&ule_slot_record, &state.heard.items[0], &cluster->slot);
        change(cluster, transaction, partition, slot, cluster->slot.bytes, cluster->slot.size, ULE_DATE_NONE,
               state.heard.count > 0);
        state.heard.count = 0;
    }
    ule_state_write(cluster->codec, &state, &cluster->state);
    change(cluster, transaction, partition, message->entity, cluster->state.bytes, cluster->state.size, state.due,
           true);
    uint64_t digest = digest_of(UINT64_C(0xcbf29ce484222325), cluster->state.bytes, cluster->state.size);
    for (size_t i = 0; i < effects.tells_count; i++) {
        cluster_send(cluster, transaction, ule_state_partition(effects.tells[i].entity, cluster->partitions),
                     &effects.tells[i]);
        digest = digest_of(digest, cluster->encoded.bytes, cluster->encoded.size);
    }
    for (size_t i = 0; i < effects.outputs_count; i++) {
        keep_output(transaction, &effects.outputs[i], message->at);
        ule_buffer_clear(&cluster->encoded);
        if (effects.outputs[i].value != NULL)
            ule_record_encode(ule_topic_records[effects.outputs[i].topic], effects.outputs[i].value, &cluster->encoded);
        digest = digest_of(digest, effects.outputs[i].key, strlen(effects.outputs[i].key));
        digest = digest_of(digest, cluster->encoded.bytes, cluster->encoded.size);
    }
    cluster->messages++;
    cluster->rings += effects.notes[ULE_NOTE_RING];
    return digest | 1;
}

/* A slice of a Tick: one entity that is due, or the end of a day. True when the Tick is done. */
static bool tick_slice(struct cluster *cluster, struct cluster_transaction *transaction, unsigned partition,
                       int32_t until) {
    struct ule_store *store = cluster->run->stores[partition];
    int32_t today = ule_state_today(store), due;
    if (today != ULE_DATE_NONE && today >= until)
        return true;
    int32_t day = today == ULE_DATE_NONE ? until : today + 1;
    struct ule_buffer entity = {0};
    if (today != ULE_DATE_NONE && ule_store_due_first(store, day, &entity, &due)) {
        struct ule_inbox_message tick;
        tick_message(cluster, ule_arena_string(cluster->arena, (const char *)entity.bytes), day, &tick);
        ule_buffer_close(&entity);
        (void)step(cluster, transaction, partition, &tick, day);
        cluster->ticks++;
        return false;
    }
    ule_buffer_close(&entity);
    change(cluster, transaction, partition, today_key, "", 0, day, true);
    return day >= until;
}

/* Takes one message; false when there is none to take. */
static bool take_one(struct cluster *cluster, struct cluster_transaction *transaction, unsigned number) {
    struct cluster_partition *partition = &cluster->all[number];
    size_t offset = transaction->touched[number] ? transaction->offsets[number] : partition->committed;
    if (!next_of(partition, &offset))
        return false;
    struct ule_inbox_message message;
    ule_arena_reset(cluster->arena);
    const struct cluster_entry *entry = &partition->inbox[offset];
    if (ule_record_decode(&ule_inbox_message_record, entry->bytes, entry->size, cluster->arena, &message, NULL) !=
        ULE_OK)
        abort();
    transaction->open = transaction->touched[number] = true;
    transaction->offsets[number] = offset;
    if (message.entity[0] == '\0') {
        if (tick_slice(cluster, transaction, number, message.tick))
            transaction->offsets[number]++;
        return true;
    }
    uint64_t effects = step(cluster, transaction, number, &message, ule_state_today(cluster->run->stores[number]));
    uint64_t *before = &partition->inbox[offset].effects; /* what it sent may have moved the log */
    if (*before != 0 && *before != effects)
        wrong(cluster, "a message that was delivered again has other effects");
    *before = effects;
    transaction->offsets[number]++;
    return true;
}

int cluster_take(struct cluster *cluster, unsigned member, int most) {
    struct cluster_transaction *transaction = &cluster->transactions[member];
    int taken = 0;
    for (bool any = true; any && taken < most && !transaction->fenced;) {
        any = false;
        for (unsigned i = 0; i < cluster->partitions && taken < most; i++) {
            if (cluster->all[i].member != member || cluster->all[i].stalled_until > cluster->now)
                continue;
            if (!take_one(cluster, transaction, i))
                continue;
            any = true;
            taken++;
        }
    }
    return taken;
}

static void end(struct cluster *cluster, struct cluster_transaction *transaction, enum cluster_visibility visibility) {
    for (size_t i = 0; i < transaction->sent.count; i++) {
        const struct cluster_place *place = &transaction->sent.items[i];
        cluster->all[place->partition].inbox[place->offset].visibility = visibility;
    }
    transaction->sent.count = transaction->outputs_count = 0;
    transaction->open = transaction->fenced = false;
    for (unsigned i = 0; i < CLUSTER_PARTITIONS; i++) {
        transaction->touched[i] = false;
        clear(&transaction->changes[i]);
    }
    if (transaction->arena != NULL)
        ule_arena_reset(transaction->arena);
}

/* A store that has fallen behind: what the changelog has beyond it. */
static void restore(struct cluster *cluster, unsigned number) {
    struct cluster_partition *partition = &cluster->all[number];
    for (; partition->applied < partition->changelog.count; partition->applied++)
        write_store(cluster->run->stores[number], &partition->changelog.items[partition->applied]);
    if (ule_store_commit(cluster->run->stores[number], NULL) != ULE_OK)
        abort();
    cluster->restores++;
}

void cluster_commit(struct cluster *cluster, struct cluster_transaction *transaction, bool store_lost) {
    if (transaction->fenced) {
        cluster_abort(cluster, transaction);
        return;
    }
    for (unsigned i = 0; i < cluster->partitions; i++) {
        struct cluster_partition *partition = &cluster->all[i];
        if (!transaction->touched[i])
            continue;
        if (transaction->offsets[i] < partition->committed)
            wrong(cluster, "a committed offset goes back");
        partition->committed = transaction->offsets[i];
        for (size_t k = 0; k < transaction->changes[i].count; k++) {
            const struct cluster_change *one = &transaction->changes[i].items[k];
            push(&partition->changelog, one->key, one->bytes, one->size, one->due, one->present);
        }
        if (store_lost) {
            ule_store_abort(cluster->run->stores[i]);
            restore(cluster, i);
            continue;
        }
        if (ule_store_commit(cluster->run->stores[i], NULL) != ULE_OK)
            abort();
        partition->applied = partition->changelog.count;
    }
    for (size_t i = 0; i < transaction->outputs_count; i++)
        (void)run_take(cluster->run, &transaction->outputs[i].output, transaction->outputs[i].at, NULL);
    cluster->commits++;
    end(cluster, transaction, CLUSTER_COMMITTED);
}

void cluster_abort(struct cluster *cluster, struct cluster_transaction *transaction) {
    /* A fenced member's store is its own, and gone: here the new owner has it. */
    for (unsigned i = 0; i < cluster->partitions; i++)
        if (transaction->touched[i] && !transaction->fenced)
            ule_store_abort(cluster->run->stores[i]);
    cluster->aborts++;
    end(cluster, transaction, CLUSTER_ABORTED);
}

static void reopen(struct cluster *cluster, unsigned partition, bool store_kept) {
    if (!store_kept) {
        ule_store_free(cluster->run->stores[partition]);
        cluster->run->stores[partition] = ule_store_memory_new();
        cluster->all[partition].applied = 0;
    }
    restore(cluster, partition);
}

void cluster_crash(struct cluster *cluster, unsigned member, bool stores_kept) {
    struct cluster_transaction *transaction = &cluster->transactions[member];
    if (transaction->open)
        cluster_abort(cluster, transaction);
    for (unsigned i = 0; i < cluster->partitions; i++)
        if (cluster->all[i].member == member)
            reopen(cluster, i, stores_kept);
}

void cluster_move(struct cluster *cluster, unsigned partition, unsigned member) {
    struct cluster_transaction *former = &cluster->transactions[cluster->all[partition].member];
    if (former->open && !former->fenced) {
        for (unsigned i = 0; i < cluster->partitions; i++)
            if (former->touched[i])
                ule_store_abort(cluster->run->stores[i]);
        former->fenced = true; /* another generation: nothing of it will be committed */
    }
    cluster->all[partition].member = member;
    reopen(cluster, partition, false);
}

bool cluster_is_drained(const struct cluster *cluster) {
    for (unsigned i = 0; i < cluster->members; i++)
        if (cluster->transactions[i].open)
            return false;
    for (unsigned i = 0; i < cluster->partitions; i++)
        for (size_t k = cluster->all[i].committed; k < cluster->all[i].count; k++)
            if (cluster->all[i].inbox[k].visibility != CLUSTER_ABORTED)
                return false;
    return true;
}

struct compared {
    struct ule_store *other;
    struct ule_buffer bytes;
    bool same;
};

static bool compare(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct compared *compared = context;
    ule_buffer_clear(&compared->bytes);
    compared->same = ule_store_get(compared->other, entity, &compared->bytes) && compared->bytes.size == size &&
                     memcmp(compared->bytes.bytes, bytes, size) == 0;
    return compared->same;
}

bool cluster_restores_exactly(struct cluster *cluster) {
    bool same = true;
    for (unsigned i = 0; i < cluster->partitions && same; i++) {
        struct ule_store *now = cluster->run->stores[i];
        struct compared compared = {.other = ule_store_memory_new(), .same = true};
        for (size_t k = 0; k < cluster->all[i].changelog.count; k++)
            write_store(compared.other, &cluster->all[i].changelog.items[k]);
        ule_store_each(now, compare, &compared);
        same = compared.same && ule_store_count(now) == ule_store_count(compared.other) &&
               ule_state_today(now) == ule_state_today(compared.other);
        ule_store_free(compared.other);
        ule_buffer_close(&compared.bytes);
    }
    if (!same)
        printf("the changelog does not give the store\n");
    return same;
}
