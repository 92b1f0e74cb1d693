/* SPDX-License-Identifier: MIT */
#include "ule/generate_world.h"

/* Ten households of 25 persons, in an order drawn for each ten. */
enum { BLOCK = 10, BLOCK_PERSONS = 25 };
static const uint64_t sizes[BLOCK] = {1, 1, 1, 2, 2, 2, 3, 4, 4, 5};

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t word) {
    word += 0x9e3779b97f4a7c15U;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
    return word ^ (word >> 31);
}

uint64_t ule_generate_draw(const struct ule_generate_world *world, enum ule_generate_purpose purpose, uint64_t a,
                           uint64_t b) {
    return mix(mix(mix(world->seed * 64 + (uint64_t)purpose) ^ a) + b);
}

unsigned ule_generate_take(uint64_t *draw, unsigned bound) {
    const unsigned taken = (unsigned)(*draw % bound);
    *draw /= bound;
    return taken;
}

static uint64_t regular_size(const struct ule_generate_world *world, uint64_t family) {
    static const unsigned strides[] = {1, 3, 7, 9}; /* coprime to BLOCK */
    uint64_t draw = ule_generate_draw(world, ULE_GENERATE_SIZE, family / BLOCK, 0);
    const uint64_t stride = strides[ule_generate_take(&draw, 4)];
    return sizes[(family % BLOCK * stride + draw) % BLOCK];
}

uint64_t ule_generate_size(const struct ule_generate_world *world, uint64_t family) {
    return family + 1 == world->families ? world->last_size : regular_size(world, family);
}

static uint64_t divisor(uint64_t a, uint64_t b) {
    while (b) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* By the extended algorithm of Euclid; a and n are coprime and below 2^32. */
static uint64_t inverse_of(uint64_t a, uint64_t n) {
    int64_t x = 0, next = 1;
    for (uint64_t high = n, low = a % n; low;) {
        const int64_t quotient = (int64_t)(high / low);
        const uint64_t rest = high % low;
        const int64_t after = x - quotient * next;
        x = next;
        next = after;
        high = low;
        low = rest;
    }
    return x < 0 ? (uint64_t)(x + (int64_t)n) : (uint64_t)x;
}

struct ule_generate_world ule_generate_world_of(const struct ule_generate_options *options) {
    struct ule_generate_world world = {.seed = options->seed, .changes = options->changes, .start = options->start};
    uint64_t left = options->persons % BLOCK_PERSONS;
    world.families = options->persons / BLOCK_PERSONS * BLOCK;
    world.last_size = world.families ? regular_size(&world, world.families - 1) : 0;
    while (left) {
        const uint64_t size = regular_size(&world, world.families++);
        world.last_size = size < left ? size : left;
        left -= world.last_size;
    }
    if (world.families == 0) /* no persons, no turns */
        return world;
    world.stride = ule_generate_draw(&world, ULE_GENERATE_TURN, 0, 0) % world.families;
    while (divisor(world.families, world.stride) != 1)
        world.stride = (world.stride + 1) % (world.families + 1);
    world.inverse = world.families == 1 ? 0 : inverse_of(world.stride, world.families);
    world.offset = ule_generate_draw(&world, ULE_GENERATE_TURN, 1, 0) % world.families;
    return world;
}

uint64_t ule_generate_family_of(const struct ule_generate_world *world, uint64_t turn) {
    return (turn % world->families * world->stride + world->offset) % world->families;
}

uint64_t ule_generate_first_turn(const struct ule_generate_world *world, uint64_t family) {
    return (family + world->families - world->offset) % world->families * world->inverse % world->families;
}

uint64_t ule_generate_steps_before(const struct ule_generate_world *world, uint64_t family, uint64_t turn) {
    const uint64_t first = ule_generate_first_turn(world, family);
    return turn <= first ? 0 : (turn - first - 1) / world->families + 1;
}

int32_t ule_generate_day_of(const struct ule_generate_world *world, uint64_t turn) {
    return world->start + 1 + (int32_t)(turn / world->changes);
}
