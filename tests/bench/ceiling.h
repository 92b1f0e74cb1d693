/* SPDX-License-Identifier: MIT */
/* The two ceilings that the core is held against: what LMDB and avro-c can do when nothing else is done. Both print
 * nothing, and end the program when a library fails. */
#ifndef BENCH_CEILING_H
#define BENCH_CEILING_H

#include "store/store.h"

struct bench_states { /* of the store that the core has filled */
    uint64_t count, bytes;
    struct ule_buffer *sample; /* states, single-object encoded */
    size_t sample_count;
};

double bench_now(void); /* seconds, monotonic */
/* Read-modify-writes a second of `count` values of `size` bytes at random keys, `batch` of them sorted in one
 * transaction, MDB_NOSYNC, in a new folder `dir`. The values are loaded first; `writes` are timed. */
double bench_lmdb(const char *dir, uint64_t count, size_t size, uint64_t batch, uint64_t writes);
/* States a second through avro-c: decoded and encoded again by its value interface. */
double bench_avro(const struct bench_states *states);

#endif
