/* SPDX-License-Identifier: MIT */
#include "core/state.h"

struct ule_arena *arena;
struct ule_policy policy;
struct ule_person_state state;

void open_state(void) {
    static const uint8_t secret[16];
    arena = ule_arena_new();
    ule_policy_default(&policy);
    policy.secret = secret;
    policy.secret_size = sizeof secret;
    ule_record_init(&ule_person_state_record, &state, arena);
}

void close_state(void) {
    ule_arena_free(arena);
}

void *blank(const struct ule_record *record) {
    void *value = ule_arena_alloc(arena, record->size);
    ule_record_init(record, value, arena);
    return value;
}
