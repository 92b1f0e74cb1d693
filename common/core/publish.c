/* SPDX-License-Identifier: MIT */
/* From what should stand to what is sent: a record goes out only when it differs from what stands under its key, what
 * ends is said once and stays as the last value until its tombstone (design.md section 4), and what has never begun
 * does not end. */
#include "base/uuid.h"
#include "core/derive.h"

#include <stdlib.h>
#include <string.h>

const char *const ule_topic_names[ULE_TOPIC_COUNT] = {
    "unilogin.provisioning.v1", "unilogin.reregistration.v1", "unilogin.contact-relation.v1",
    "unilogin.case.v1",         "optagelse.pupil.v1",         "cpr.subscription-wanted.v1",
};
const struct ule_record *const ule_topic_records[ULE_TOPIC_COUNT] = {
    &ule_account_changed_record, &ule_reregistered_record,        &ule_contact_relation_record, &ule_case_record,
    &ule_pupil_verdict_record,   &ule_subscription_wanted_record,
};

/* Every output begins with these four fields; the one place that relies on it. */
struct header {
    const char *event_id;
    int64_t version;
    struct ule_caused_by caused_by;
    int32_t effective_on;
};
#define SAME_HEADER(type)                                                                                              \
    _Static_assert(offsetof(struct type, event_id) == offsetof(struct header, event_id) &&                             \
                       offsetof(struct type, version) == offsetof(struct header, version) &&                           \
                       offsetof(struct type, caused_by) == offsetof(struct header, caused_by) &&                       \
                       offsetof(struct type, effective_on) == offsetof(struct header, effective_on),                   \
                   "an output begins with its header")
SAME_HEADER(ule_account_changed);
SAME_HEADER(ule_reregistered);
SAME_HEADER(ule_contact_relation);
SAME_HEADER(ule_case);
SAME_HEADER(ule_pupil_verdict);
SAME_HEADER(ule_subscription_wanted);

static void clear_header(void *value) {
    struct header *header = value;
    header->event_id = "";
    header->version = 0;
    header->caused_by = (struct ule_caused_by){.topic = "", .event_id = ""};
    header->effective_on = 0;
}

static int compare(enum ule_topic topic, const char *key, enum ule_topic other_topic, const char *other_key) {
    return topic != other_topic ? (topic < other_topic ? -1 : 1) : strcmp(key, other_key);
}

struct ule_published *ule_publish_find(const struct ule_published_array *published, enum ule_topic topic,
                                       const char *key) {
    for (size_t i = 0; i < published->count; i++)
        if (published->items[i].topic == (int32_t)topic && strcmp(published->items[i].key, key) == 0)
            return &published->items[i];
    return NULL;
}

void ule_publish_adopt(struct ule_derive *derive, struct ule_published_array *into, const struct ule_published *entry) {
    struct ule_published *standing = ule_publish_find(into, (enum ule_topic)entry->topic, entry->key);
    if (standing == NULL)
        standing = ULE_PUSH(derive->arena, into);
    *standing = *entry;
}

void ule_publish_remove(struct ule_published_array *published, size_t index) {
    memmove(&published->items[index], &published->items[index + 1],
            (published->count - index - 1) * sizeof *published->items);
    published->count--;
}

static void *decode(struct ule_derive *derive, const struct ule_published *entry) {
    const struct ule_record *record = ule_topic_records[entry->topic];
    void *value = ule_arena_alloc(derive->arena, record->size);
    if (ule_record_decode(record, entry->value.bytes, entry->value.size, derive->arena, value, NULL) != ULE_OK)
        abort(); /* as in ule_tell_decode */
    return value;
}

const void *ule_derive_standing(struct ule_derive *derive, enum ule_topic topic, const char *key) {
    const struct ule_published *entry = ule_publish_find(&derive->state->published, topic, key);
    return entry != NULL && entry->value.size > 0 ? decode(derive, entry) : NULL;
}

void ule_derive_output(struct ule_derive *derive, enum ule_topic topic, const char *key, void *value) {
    if (derive->outputs_count == derive->outputs_room) {
        size_t room = derive->outputs_room ? derive->outputs_room * 2 : 8;
        struct ule_output *outputs = ule_arena_array(derive->arena, room, sizeof *outputs);
        if (derive->outputs_count > 0)
            memcpy(outputs, derive->outputs, derive->outputs_count * sizeof *outputs);
        derive->outputs = outputs;
        derive->outputs_room = room;
    }
    clear_header(value);
    derive->outputs[derive->outputs_count++] = (struct ule_output){.topic = topic, .key = key, .value = value};
}

bool ule_derive_event(struct ule_derive *derive, enum ule_topic topic, const char *key, void *value) {
    for (size_t i = 0; i < derive->events_count; i++)
        if (strcmp(derive->events[i].key, key) == 0)
            return false;
    derive->events = ule_array_grow(derive->arena, derive->events, derive->events_count, sizeof *derive->events);
    derive->events[derive->events_count++] = (struct ule_output){.topic = topic, .key = key, .value = value};
    return true;
}

/* A value that says that something is over. */
static bool has_ended(enum ule_topic topic, const void *value) {
    switch (topic) {
    case ULE_TOPIC_PROVISIONING: return ((const struct ule_account_changed *)value)->state == ULE_ACCOUNT_STATE_CLOSED;
    case ULE_TOPIC_CONTACT_RELATION:
        return ((const struct ule_contact_relation *)value)->authority == ULE_AUTHORITY_NONE;
    case ULE_TOPIC_CASE: return !((const struct ule_case *)value)->open;
    case ULE_TOPIC_PUPIL: return ((const struct ule_pupil_verdict *)value)->reason == ULE_VERDICT_REASON_LEFT;
    default: return false;
    }
}

/* What is said once when a rule no longer wants a value; NULL for a topic whose values do not end. */
static void *ending(struct ule_derive *derive, const struct ule_published *entry) {
    void *value = decode(derive, entry);
    switch ((enum ule_topic)entry->topic) {
    case ULE_TOPIC_CONTACT_RELATION: {
        struct ule_contact_relation *relation = value;
        relation->authority = ULE_AUTHORITY_NONE;
        relation->access = ULE_ACCESS_LEVEL_NONE;
        relation->stil_access_level = derive->policy->stil_access_level[ULE_ACCESS_LEVEL_NONE];
        relation->capabilities.count = 0;
        relation->discrepancy = NULL;
        relation->basis = (struct ule_strings){0};
        *ULE_PUSH(derive->arena, &relation->basis) = "5.none";
        return value;
    }
    case ULE_TOPIC_CASE: ((struct ule_case *)value)->open = false; return value;
    case ULE_TOPIC_PUPIL: {
        struct ule_pupil_verdict *verdict = value;
        verdict->verdict = ULE_VERDICT_EXCLUDED;
        verdict->reason = ULE_VERDICT_REASON_LEFT;
        verdict->since = derive->today;
        return value;
    }
    default: return NULL;
    }
}

/* `since` is the day from which what is said has held: it stays while the rest does. What stood is decoded only for
 * those that need it, since most of what is wanted stands already, and all of it is looked at in every step. */
static void carry_since(struct ule_derive *derive, enum ule_topic topic, void *value,
                        const struct ule_published *before) {
    if (topic == ULE_TOPIC_CASE) {
        struct ule_case *now = value;
        const struct ule_case *old = before != NULL ? decode(derive, before) : NULL;
        now->since = old != NULL && (old->open || !now->open) ? old->since : derive->today;
    } else if (topic == ULE_TOPIC_PUPIL) {
        struct ule_pupil_verdict *now = value;
        const struct ule_pupil_verdict *old = before != NULL ? decode(derive, before) : NULL;
        now->since = old != NULL && old->verdict == now->verdict && old->reason == now->reason ? old->since
                                                                                               : derive->today;
    } else if (topic == ULE_TOPIC_SUBSCRIPTION_WANTED) {
        struct ule_subscription_wanted *now = value;
        const struct ule_subscription_wanted *old = before != NULL ? decode(derive, before) : NULL;
        now->since = old != NULL && old->wanted == now->wanted ? old->since : derive->today;
    }
}

/* A hint for readers that want one (design.md section 4); what to act on is the state. */
static enum ule_account_action action(const struct ule_account_changed *now, const struct ule_account_changed *before) {
    if (before == NULL)
        return now->action == ULE_ACCOUNT_ACTION_UPDATE ? ULE_ACCOUNT_ACTION_UPDATE : ULE_ACCOUNT_ACTION_CREATE;
    if (now->state == before->state)
        return ULE_ACCOUNT_ACTION_UPDATE;
    switch (now->state) {
    case ULE_ACCOUNT_STATE_ACTIVE: return ULE_ACCOUNT_ACTION_ACTIVATE;
    case ULE_ACCOUNT_STATE_SUSPENDED: return ULE_ACCOUNT_ACTION_SUSPEND;
    case ULE_ACCOUNT_STATE_CLOSED: return ULE_ACCOUNT_ACTION_CLOSE;
    default: return ULE_ACCOUNT_ACTION_UPDATE;
    }
}

/* Numbers that became one publish their swaps under one user key, each by its own clock: two that come to rest together
 * say so at the same version, and are two events all the same. */
static const char *number_of_event(enum ule_topic topic, const void *value) {
    return topic == ULE_TOPIC_REREGISTRATION ? ((const struct ule_reregistered *)value)->from_number : NULL;
}

static void emit(struct ule_derive *derive, struct ule_effects *effects, enum ule_topic topic, const char *key,
                 void *value) {
    if (value != NULL) {
        char version[24], id[ULE_UUID_SIZE];
        snprintf(version, sizeof version, "%lld", (long long)derive->state->version);
        const char *parts[] = {ule_topic_names[topic], key, version, number_of_event(topic, value)};
        struct header *header = value;
        header->event_id = ule_arena_string(derive->arena, ule_uuid_v5(parts, parts[3] != NULL ? 4 : 3, id));
        header->version = derive->state->version;
        header->caused_by = derive->message->caused_by;
        header->effective_on = ule_date_of_time(derive->message->at);
    }
    effects->outputs[effects->outputs_count++] = (struct ule_output){.topic = topic, .key = key, .value = value};
}

static int by_topic_and_key(const void *a, const void *b) {
    const struct ule_output *x = a, *y = b;
    return compare(x->topic, x->key, y->topic, y->key);
}

static int by_entry(const void *a, const void *b) {
    const struct ule_published *x = a, *y = b;
    return compare((enum ule_topic)x->topic, x->key, (enum ule_topic)y->topic, y->key);
}

/* One value that is wanted, against what stands. True when an entry stands after it. */
static bool settle(struct ule_derive *derive, struct ule_effects *effects, const struct ule_output *wanted,
                   const struct ule_published *before, struct ule_published *after) {
    enum ule_topic topic = wanted->topic;
    const struct ule_record *record = ule_topic_records[topic];
    void *value = ule_arena_alloc(derive->arena, record->size);
    memcpy(value, wanted->value, record->size);
    bool ended = has_ended(topic, value), silent = before != NULL && before->value.size == 0;
    if (silent && ended) { /* its tombstone has gone out */
        *after = *before;
        return true;
    }
    if (before == NULL && ended && topic != ULE_TOPIC_CONTACT_RELATION)
        return false; /* it never began; a relation without authority is one all the same */
    const struct ule_published *standing = silent ? NULL : before;
    carry_since(derive, topic, value, standing);
    int32_t ended_on = !ended                                                ? ULE_DATE_NONE
                       : before != NULL && before->ended_on != ULE_DATE_NONE ? before->ended_on
                                                                             : derive->today;
    struct ule_account_changed *account = topic == ULE_TOPIC_PROVISIONING ? value : NULL;
    enum ule_account_action announced = account != NULL ? account->action : ULE_ACCOUNT_ACTION_UPDATE;
    if (account != NULL)
        account->action = ULE_ACCOUNT_ACTION_UPDATE; /* no part of what stands */
    struct ule_buffer bytes = {0};
    ule_record_encode(record, value, &bytes);
    bool same = before != NULL && before->value.size == bytes.size &&
                memcmp(before->value.bytes, bytes.bytes, bytes.size) == 0;
    *after = (struct ule_published){
        .topic = (int32_t)topic,
        .key = wanted->key,
        .value = {ule_arena_copy(derive->arena, bytes.bytes, bytes.size), bytes.size},
        .ended_on = ended_on,
    };
    ule_buffer_close(&bytes);
    if (same && ended_on != ULE_DATE_NONE && ended_on + derive->policy->tombstone_after_days <= derive->today) {
        emit(derive, effects, topic, wanted->key, NULL);
        after->value = (struct ule_bytes){0};
        return true;
    }
    if (!same) {
        if (account != NULL) {
            account->action = announced;
            account->action = action(account, standing != NULL ? decode(derive, standing) : NULL);
        }
        emit(derive, effects, topic, wanted->key, value);
    }
    if (ended_on != ULE_DATE_NONE)
        ule_derive_due(derive, ended_on + derive->policy->tombstone_after_days);
    return true;
}

void ule_publish(struct ule_derive *derive, struct ule_effects *effects) {
    struct ule_published_array old = derive->state->published, now = {0};
    size_t room = derive->outputs_count + old.count;
    if (room + derive->events_count == 0)
        return;
    effects->outputs = ule_arena_array(derive->arena, room + derive->events_count, sizeof *effects->outputs);
    for (size_t k = 0; k < derive->events_count; k++)
        emit(derive, effects, derive->events[k].topic, derive->events[k].key,
             (void *)(uintptr_t)derive->events[k].value);
    if (derive->hold)
        return;
    now.items = ule_arena_array(derive->arena, room, sizeof *now.items);
    if (derive->outputs_count > 1)
        qsort(derive->outputs, derive->outputs_count, sizeof *derive->outputs, by_topic_and_key);
    if (old.count > 1)
        qsort(old.items, old.count, sizeof *old.items, by_entry);
    size_t i = 0, j = 0;
    while (i < derive->outputs_count || j < old.count) {
        int order = i == derive->outputs_count ? 1
                    : j == old.count           ? -1
                                               : compare(derive->outputs[i].topic, derive->outputs[i].key,
                                                         (enum ule_topic)old.items[j].topic, old.items[j].key);
        if (i + 1 < derive->outputs_count && by_topic_and_key(&derive->outputs[i], &derive->outputs[i + 1]) == 0) {
            i++; /* the later of two rules that want the same key has the word */
            continue;
        }
        struct ule_output output;
        const struct ule_published *before = NULL;
        if (order <= 0)
            output = derive->outputs[i++];
        if (order >= 0)
            before = &old.items[j++];
        if (order > 0) {
            output = (struct ule_output){.topic = (enum ule_topic)before->topic, .key = before->key};
            if (before->value.size == 0)
                continue; /* over, and no longer spoken of */
            output.value = ending(derive, before);
            if (output.value == NULL) {
                now.items[now.count++] = *before;
                continue;
            }
        }
        if (settle(derive, effects, &output, before, &now.items[now.count]))
            now.count++;
    }
    derive->state->published = now;
}
