/* SPDX-License-Identifier: MIT */
#include "fuzz/standing.h"

#include "fuzz/fuzz.h"
#include "loop/engine.h"

#include <string.h>

enum { STATE_HEAD = 10 }; /* a state's framing */

/* Every output begins so. */
struct header {
    const char *event_id;
    int64_t version;
};

static struct standing_entry *find(const struct standing *standing, enum ule_topic topic, const char *key) {
    for (size_t i = 0; i < standing->count; i++)
        if (standing->entries[i].topic == topic && strcmp(standing->entries[i].key, key) == 0)
            return &standing->entries[i];
    return NULL;
}

enum ule_code standing_take(void *context, const struct ule_output *output, int64_t at, struct ule_error *error) {
    struct standing *standing = context;
    (void)at;
    (void)error;
    const char *key = output->key;
    if (output->topic == ULE_TOPIC_REREGISTRATION) /* several numbers that become one publish under its user key */
        key = ule_arena_printf(standing->arena, "%s %s", key,
                               ((const struct ule_reregistered *)output->value)->from_number);
    struct standing_entry *entry = find(standing, output->topic, key);
    if (entry == NULL) {
        if (standing->count == standing->room) {
            standing->room = standing->room ? 2 * standing->room : 64;
            standing->entries = realloc(standing->entries, standing->room * sizeof *standing->entries);
            FUZZ_HOLDS(standing->entries != NULL, "no memory");
        }
        entry = &standing->entries[standing->count++];
        *entry = (struct standing_entry){
            .topic = output->topic, .key = ule_arena_string(standing->arena, key), .version = INT64_MIN};
    }
    entry->value = NULL;
    if (output->value == NULL)
        return ULE_OK;
    const struct ule_record *record = ule_topic_records[output->topic];
    void *value = ule_arena_alloc(standing->arena, record->size);
    ule_record_copy(record, output->value, standing->arena, value);
    const struct header *header = value;
    FUZZ_HOLDS(header->version > entry->version, "%s: a version does not rise", ule_topic_names[output->topic]);
    for (size_t i = 0; i < standing->count; i++)
        FUZZ_HOLDS(standing->entries[i].topic != output->topic || standing->entries[i].value == NULL ||
                       strcmp(((const struct header *)standing->entries[i].value)->event_id, header->event_id) != 0,
                   "%s: an event_id comes twice", ule_topic_names[output->topic]);
    entry->version = header->version;
    entry->value = value;
    return ULE_OK;
}

static void relation_holds(const struct standing *standing, const struct ule_contact_relation *relation) {
    FUZZ_HOLDS(relation->access == ULE_ACCESS_LEVEL_SENSITIVE || relation->capabilities.count == 0,
               "capabilities without sensitive access");
    const struct standing_entry *entries[] = {find(standing, ULE_TOPIC_PROVISIONING, relation->child_user_key),
                                              find(standing, ULE_TOPIC_PROVISIONING, relation->contact_user_key)};
    if (relation->authority == ULE_AUTHORITY_NONE) {
        FUZZ_HOLDS(relation->access == ULE_ACCESS_LEVEL_NONE, "access without authority");
        return;
    }
    for (int i = 0; i < 2; i++) {
        const struct ule_account_changed *account = entries[i] ? entries[i]->value : NULL;
        FUZZ_HOLDS(account != NULL && account->state != ULE_ACCOUNT_STATE_CLOSED, "a relation without the %s's account",
                   i ? "contact" : "child");
    }
    if (relation->access != ULE_ACCESS_LEVEL_SENSITIVE)
        return;
    const struct ule_account_changed *contact = entries[1]->value;
    FUZZ_HOLDS(relation->authority == ULE_AUTHORITY_CUSTODY || relation->authority == ULE_AUTHORITY_CUSTODY_ASSERTED,
               "sensitive access without custody");
    FUZZ_HOLDS(contact->state == ULE_ACCOUNT_STATE_ACTIVE && contact->assurance == ULE_ASSURANCE_HIGH,
               "sensitive access to an account that is not HIGH");
}

struct holders {
    struct ule_arena *arena;
    struct holder {
        const char *entity, *key;
        int32_t topic;
    } * items;
    size_t count, room;
};

static void hold(struct holders *holders, const char *entity, int32_t topic, const char *key) {
    for (size_t i = 0; i < holders->count; i++)
        FUZZ_HOLDS(holders->items[i].topic != topic || strcmp(holders->items[i].key, key) != 0,
                   "%s: %s and %s publish one key", ule_topic_names[topic], holders->items[i].entity, entity);
    if (holders->count == holders->room) {
        holders->room = holders->room ? 2 * holders->room : 64;
        holders->items = realloc(holders->items, holders->room * sizeof *holders->items);
        FUZZ_HOLDS(holders->items != NULL, "no memory");
    }
    holders->items[holders->count++] = (struct holder){ule_arena_string(holders->arena, entity), key, topic};
}

static bool visit(void *context, const char *entity, const uint8_t *bytes, size_t size) {
    struct holders *holders = context;
    struct ule_person_state state;
    struct ule_error error = {0};
    if (strchr(entity, ULE_SLOT_SEPARATOR) != NULL)
        return true;
    enum ule_code code = ule_record_decode(&ule_person_state_record, bytes + STATE_HEAD, size - STATE_HEAD,
                                           holders->arena, &state, &error);
    FUZZ_HOLDS(code == ULE_OK, "a state cannot be read: %s", error.message);
    for (size_t i = 0; i < state.published.count; i++)
        if (state.published.items[i].value.size > 0)
            hold(holders, entity, state.published.items[i].topic, state.published.items[i].key);
    for (size_t i = 0; i < state.outgoing.count; i++) {
        const struct ule_outgoing *out = &state.outgoing.items[i];
        FUZZ_HOLDS(!out->completed || out->outcome == ULE_OUTCOME_RENUMBERED || out->outcome == ULE_OUTCOME_MERGED ||
                       strncmp(entity, "alien:", 6) == 0,
                   "a number is lent and never taken");
    }
    return true;
}

void standing_check(const struct standing *standing, struct ule_store *const *stores, unsigned partitions) {
    struct holders holders = {.arena = ule_arena_new()};
    for (unsigned i = 0; i < partitions; i++)
        ule_store_each(stores[i], visit, &holders);
    for (size_t i = 0; i < standing->count; i++) {
        const struct standing_entry *entry = &standing->entries[i];
        if (entry->value == NULL || entry->topic == ULE_TOPIC_REREGISTRATION)
            continue;
        bool held = false;
        for (size_t k = 0; k < holders.count && !held; k++)
            held = holders.items[k].topic == (int32_t)entry->topic && strcmp(holders.items[k].key, entry->key) == 0;
        FUZZ_HOLDS(held, "%s: what stands is nobody's any more", ule_topic_names[entry->topic]);
        if (entry->topic == ULE_TOPIC_CONTACT_RELATION)
            relation_holds(standing, entry->value);
    }
    free(holders.items);
    ule_arena_free(holders.arena);
}

void standing_close(struct standing *standing) {
    free(standing->entries);
}
