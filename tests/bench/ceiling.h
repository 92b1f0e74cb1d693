/* SPDX-License-Identifier: MIT */
/* The two ceilings that the core is held against: what LMDB and avro-c can do when nothing else is done. They live in a
 * process of their own, which works only when it is their turn: so core and ceilings alternate in one run, each meets
 * the same noise of the machine, and the memory of one is not counted with the other's. Whatever fails ends both. */
#ifndef BENCH_CEILING_H
#define BENCH_CEILING_H

#include <stddef.h>
#include <stdint.h>

enum { BENCH_SAMPLE = 2048, BENCH_STATE_MAX = 8192 };

struct bench_clock {
    double wall, cpu; /* seconds; cpu: of this process, its system calls too */
};
struct bench_clock bench_clock_now(void);
/* Adds what has passed since `start`. */
void bench_clock_add(struct bench_clock *clock, const struct bench_clock *start);

struct bench_rate {
    double wall, cpu; /* operations a second of either clock */
};

/* Shared by both processes; the one whose turn it is not does not touch it. */
struct bench_turn {
    /* What to measure */
    double seconds;              /* of each ceiling's own time, about */
    uint64_t values, value_size; /* in LMDB */
    uint64_t batch;              /* changes in one transaction */
    uint64_t seen;               /* the sample holds the last BENCH_SAMPLE of so many, the oldest overwritten */
    uint16_t sizes[BENCH_SAMPLE];
    uint8_t states[BENCH_SAMPLE][BENCH_STATE_MAX]; /* PersonState, single-object encoded */
    /* What was found */
    struct bench_rate lmdb, avro;
};

/* Begins the other process; to be called before anything is opened. `dir`: a new folder for LMDB. */
struct bench_turn *bench_ceilings_start(const char *dir);
/* One turn. LMDB: values of value_size bytes at random keys, read, changed and written, `batch` of them sorted in one
 * transaction, MDB_NOSYNC; missing values are loaded before and not timed. avro-c: the sample's states, decoded and
 * encoded by its value interface. */
void bench_ceilings_measure(void);

#endif
