/* SPDX-License-Identifier: MIT */
/* murmur2 (Austin Appleby, public domain) with the seed and the little-endian reading of Kafka's Utils.murmur2, so that
 * every producer of the world puts a key where we look for it. */
#include "loop/state.h"

uint32_t ule_murmur2(const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    const uint32_t multiplier = UINT32_C(0x5bd1e995);
    uint32_t hash = UINT32_C(0x9747b28c) ^ (uint32_t)size;
    for (; size >= 4; size -= 4, at += 4) {
        uint32_t word = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        word *= multiplier;
        word ^= word >> 24;
        word *= multiplier;
        hash *= multiplier;
        hash ^= word;
    }
    uint32_t rest = 0;
    for (size_t i = size; i > 0; i--)
        rest = rest << 8 | at[i - 1];
    if (size) {
        hash ^= rest;
        hash *= multiplier;
    }
    hash ^= hash >> 13;
    hash *= multiplier;
    hash ^= hash >> 15;
    return hash;
}
