/* SPDX-License-Identifier: MIT */
#include "base/digest.h"
#include "core/derive.h"

#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 16 };

/* A decoded array has no room to spare and nobody remembers its capacity: each growth is a copy. The arrays that grow
 * so have a few items; heard and said have their own code. */
void *ule_array_grow(struct ule_arena *arena, void *items, size_t count, size_t size) {
    void *grown = ule_arena_array(arena, count + 1, size);
    if (count > 0)
        memcpy(grown, items, count * size);
    return grown;
}

bool ule_strings_have(const struct ule_strings *strings, const char *text) {
    for (size_t i = 0; i < strings->count; i++)
        if (strcmp(strings->items[i], text) == 0)
            return true;
    return false;
}

void ule_strings_add(struct ule_arena *arena, struct ule_strings *strings, const char *text) {
    if (!ule_strings_have(strings, text))
        *ULE_PUSH(arena, strings) = text;
}

/* Where `sender` is in the sorted heard slots, or where it belongs. */
static size_t slot_index(const struct ule_slot_array *slots, const char *sender, bool *found) {
    size_t low = 0, high = slots->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(slots->items[middle].sender, sender);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

void ule_tell_hear(struct ule_derive *derive) {
    const struct ule_inbox_message *message = derive->message;
    struct ule_slot_array *slots = &derive->state->heard;
    bool found;
    size_t at = slot_index(slots, message->sender, &found);
    if (found && slots->items[at].version >= message->version)
        return; /* delivered before */
    if (message->tell.bytes == NULL) {
        if (found) {
            memmove(&slots->items[at], &slots->items[at + 1], (slots->count - at - 1) * sizeof *slots->items);
            slots->count--;
        }
        return;
    }
    if (!found) {
        /* a fresh array: the decoded one has no room to spare */
        struct ule_slot *items = ule_arena_array(derive->arena, slots->count + 1, sizeof *items);
        if (slots->count > 0) {
            memcpy(items, slots->items, at * sizeof *items);
            memcpy(items + at + 1, slots->items + at, (slots->count - at) * sizeof *items);
        }
        slots->items = items;
        slots->count++;
    }
    slots->items[at] = (struct ule_slot){.sender = message->sender, .version = message->version, .tell = message->tell};
}

struct ule_tell *ule_tell_decode(struct ule_arena *arena, const struct ule_bytes *bytes) {
    struct ule_tell *tell = ule_arena_alloc(arena, sizeof *tell);
    /* A tell was encoded by us. One that cannot be read back is a program that does not know its own past: stop before
     * anything is decided on half a picture. */
    if (ule_record_decode(&ule_tell_record, bytes->bytes, bytes->size, arena, tell, NULL) != ULE_OK)
        abort();
    return tell;
}

struct ule_tell *ule_tell_heard(struct ule_derive *derive, const char *sender) {
    bool found;
    size_t at = slot_index(&derive->state->heard, sender, &found);
    return found ? ule_tell_decode(derive->arena, &derive->state->heard.items[at].tell) : NULL;
}

/* They are kept sorted by receiver: an institution tells a thousand. */
struct ule_tell *ule_derive_tell(struct ule_derive *derive, const char *receiver) {
    size_t at = 0, end = derive->tells_count;
    while (at < end) {
        size_t middle = at + (end - at) / 2;
        int order = strcmp(derive->tells[middle].receiver, receiver);
        if (order == 0)
            return derive->tells[middle].tell;
        if (order < 0)
            at = middle + 1;
        else
            end = middle;
    }
    if (derive->tells_count == derive->tells_room) {
        size_t room = derive->tells_room ? derive->tells_room * 2 : 8;
        struct ule_wanted_tell *tells = ule_arena_array(derive->arena, room, sizeof *tells);
        if (derive->tells_count > 0)
            memcpy(tells, derive->tells, derive->tells_count * sizeof *tells);
        derive->tells = tells;
        derive->tells_room = room;
    }
    struct ule_tell *tell = ule_derive_new(derive, &ule_tell_record);
    if (at < derive->tells_count) /* most come in order */
        memmove(&derive->tells[at + 1], &derive->tells[at], (derive->tells_count - at) * sizeof *derive->tells);
    derive->tells[at] = (struct ule_wanted_tell){.receiver = receiver, .tell = tell};
    derive->tells_count++;
    return tell;
}

static struct ule_inbox_message *add_message(struct ule_derive *derive, struct ule_effects *effects, size_t room,
                                             const char *receiver) {
    if (effects->tells == NULL)
        effects->tells = ule_arena_array(derive->arena, room, sizeof *effects->tells);
    struct ule_inbox_message *out = &effects->tells[effects->tells_count++];
    ule_record_init(&ule_inbox_message_record, out, derive->arena);
    out->entity = receiver;
    out->sender = derive->entity;
    out->version = derive->state->version;
    out->at = derive->message->at;
    out->caused_by = derive->message->caused_by;
    out->hops = derive->message->hops + 1;
    return out;
}

/* Both lists are sorted by receiver, so one pass finds what is new, what changed and what is gone. An entity tells
 * itself nothing. */
void ule_tell_send(struct ule_derive *derive, struct ule_effects *effects) {
    struct ule_said_array old = derive->state->said, said = {0};
    size_t room = derive->tells_count + old.count;
    if (room == 0)
        return;
    said.items = ule_arena_array(derive->arena, room, sizeof *said.items);
    struct ule_buffer bytes = {0};
    size_t i = 0, j = 0;
    while (i < derive->tells_count || j < old.count) {
        int order = i == derive->tells_count ? 1
                    : j == old.count         ? -1
                                             : strcmp(derive->tells[i].receiver, old.items[j].receiver);
        if (order > 0) {
            add_message(derive, effects, room, old.items[j++].receiver); /* gone */
            continue;
        }
        const struct ule_wanted_tell *wanted = &derive->tells[i++];
        const struct ule_said *before = order == 0 ? &old.items[j++] : NULL;
        if (strcmp(wanted->receiver, derive->entity) == 0)
            continue;
        ule_buffer_clear(&bytes);
        ule_record_encode(&ule_tell_record, wanted->tell, &bytes);
        uint8_t digest[ULE_SHA1_SIZE];
        ule_sha1(bytes.bytes, bytes.size, digest);
        struct ule_said *now = &said.items[said.count++];
        /* What is given back is said once, and what is given back once more is not the same again. */
        bool again = before != NULL && before->hash.size == HASH_SIZE &&
                     memcmp(before->hash.bytes, digest, HASH_SIZE) == 0;
        if (again && (wanted->tell->pair == NULL || wanted->tell->pair->returned.count == 0)) {
            *now = *before;
            continue;
        }
        now->receiver = wanted->receiver;
        now->hash = (struct ule_bytes){ule_arena_copy(derive->arena, digest, HASH_SIZE), HASH_SIZE};
        struct ule_inbox_message *out = add_message(derive, effects, room, wanted->receiver);
        out->tell = (struct ule_bytes){ule_arena_copy(derive->arena, bytes.bytes, bytes.size), bytes.size};
    }
    ule_buffer_close(&bytes);
    derive->state->said = said;
}
