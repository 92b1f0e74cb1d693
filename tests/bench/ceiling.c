/* SPDX-License-Identifier: MIT */
#include "bench/ceiling.h"

#include "loop/queue.h"
#include "records.h"

#include <avro.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_SIZE = 10, KEY_SIZE = 10 };

struct lmdb {
    MDB_env *env;
    MDB_dbi dbi;
    uint64_t loaded, random;
    uint64_t *keys; /* of one batch */
    uint8_t *copy;
};

struct avro {
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t value;
    avro_reader_t reader;
    avro_writer_t writer;
    char out[BENCH_STATE_MAX];
};

static struct bench_turn *turn;
static int other = -1; /* the other process */

static double seconds_of(clockid_t id) {
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct bench_clock bench_clock_now(void) {
    return (struct bench_clock){seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

void bench_clock_add(struct bench_clock *clock, const struct bench_clock *start) {
    struct bench_clock now = bench_clock_now();
    clock->wall += now.wall - start->wall;
    clock->cpu += now.cpu - start->cpu;
}

static void must(int failed, const char *what) {
    if (!failed)
        return;
    (void)fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

static struct bench_rate rate(uint64_t done, const struct bench_clock *took) {
    return (struct bench_rate){(double)done / took->wall, (double)done / took->cpu};
}

static int by_number(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Of the length and the spread of person numbers: no two are the same, since the factor shares none with 10^10. */
static uint64_t key_number(uint64_t number) {
    return number * UINT64_C(2654435761) % UINT64_C(10000000000);
}

/* One transaction: every value is read, changed and written, or made where there is none. */
static void change_all(struct lmdb *lmdb, uint64_t count, size_t size) {
    MDB_txn *txn;
    qsort(lmdb->keys, (size_t)count, sizeof *lmdb->keys, by_number);
    must(mdb_txn_begin(lmdb->env, NULL, 0, &txn), "LMDB");
    for (uint64_t i = 0; i < count; i++) {
        char text[KEY_SIZE];
        uint64_t number = lmdb->keys[i];
        for (size_t at = KEY_SIZE; at > 0; number /= 10)
            text[--at] = (char)('0' + number % 10);
        MDB_val key = {.mv_size = KEY_SIZE, .mv_data = text}, value;
        int code = mdb_get(txn, lmdb->dbi, &key, &value);
        must(code && code != MDB_NOTFOUND, "LMDB");
        if (!code)
            memcpy(lmdb->copy, value.mv_data, value.mv_size < size ? value.mv_size : size);
        lmdb->copy[i % size]++;
        value = (MDB_val){.mv_size = size, .mv_data = lmdb->copy};
        must(mdb_put(txn, lmdb->dbi, &key, &value, 0), "LMDB");
    }
    must(mdb_txn_commit(txn), "LMDB");
}

static void lmdb_open(struct lmdb *lmdb, const char *dir) {
    MDB_txn *txn;
    lmdb->random = 1;
    must(mkdir(dir, 0700), "mkdir");
    must(mdb_env_create(&lmdb->env), "LMDB");
    must(mdb_env_set_mapsize(lmdb->env, (size_t)1 << 36), "LMDB");
    must(mdb_env_open(lmdb->env, dir, MDB_NOSYNC, 0600), "LMDB");
    must(mdb_txn_begin(lmdb->env, NULL, 0, &txn), "LMDB");
    must(mdb_dbi_open(txn, NULL, 0, &lmdb->dbi), "LMDB");
    must(mdb_txn_commit(txn), "LMDB");
}

static void lmdb_measure(struct lmdb *lmdb) {
    size_t size = (size_t)turn->value_size;
    must(size == 0 || turn->values == 0 || turn->batch == 0, "the measure of LMDB");
    lmdb->keys = realloc(lmdb->keys, turn->batch * sizeof *lmdb->keys);
    lmdb->copy = realloc(lmdb->copy, size);
    must(!lmdb->keys || !lmdb->copy, "realloc");
    memset(lmdb->copy, 0, size);
    for (uint64_t filled = 0; lmdb->loaded < turn->values;) {
        lmdb->keys[filled++] = key_number(lmdb->loaded++);
        if (filled == turn->batch || lmdb->loaded == turn->values) {
            change_all(lmdb, filled, size);
            filled = 0;
        }
    }
    struct bench_clock start = bench_clock_now(), took = {0};
    uint64_t done = 0;
    for (; took.cpu < turn->seconds; done += turn->batch) {
        for (uint64_t i = 0; i < turn->batch; i++)
            lmdb->keys[i] = key_number(ule_random_next(&lmdb->random) % lmdb->loaded);
        change_all(lmdb, turn->batch, size);
        took = (struct bench_clock){0};
        bench_clock_add(&took, &start);
    }
    turn->lmdb = rate(done, &took);
}

static void avro_open(struct avro *avro) {
    const char *text = ule_person_state_record.schema_json;
    must(avro_schema_from_json_length(text, strlen(text), &avro->schema), "avro-c");
    avro->iface = avro_generic_class_from_schema(avro->schema);
    must(!avro->iface || avro_generic_value_new(avro->iface, &avro->value), "avro-c");
    avro->reader = avro_reader_memory(avro->out, sizeof avro->out);
    avro->writer = avro_writer_memory(avro->out, sizeof avro->out);
}

static void avro_measure(struct avro *avro) {
    size_t count = turn->seen < BENCH_SAMPLE ? (size_t)turn->seen : BENCH_SAMPLE;
    must(count == 0, "the measure of avro-c");
    struct bench_clock start = bench_clock_now(), took = {0};
    uint64_t done = 0;
    while (took.cpu < turn->seconds) {
        for (size_t i = 0; i < count; i++, done++) {
            avro_reader_memory_set_source(avro->reader, (const char *)turn->states[i] + HEADER_SIZE,
                                          turn->sizes[i] - HEADER_SIZE);
            must(avro_value_reset(&avro->value) || avro_value_read(avro->reader, &avro->value), "avro-c");
            avro_writer_reset(avro->writer);
            must(avro_value_write(avro->writer, &avro->value), "avro-c");
        }
        took = (struct bench_clock){0};
        bench_clock_add(&took, &start);
    }
    turn->avro = rate(done, &took);
}

static void serve(const char *dir) {
    static struct lmdb lmdb;
    static struct avro avro;
    char byte;
    lmdb_open(&lmdb, dir);
    avro_open(&avro);
    while (read(other, &byte, 1) == 1) {
        lmdb_measure(&lmdb);
        avro_measure(&avro);
        must(write(other, &byte, 1) != 1, "write");
    }
    exit(0);
}

struct bench_turn *bench_ceilings_start(const char *dir) {
    int ends[2];
    turn = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(turn == MAP_FAILED, "mmap");
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    pid_t child = fork();
    must(child < 0, "fork");
    other = ends[child == 0];
    (void)close(ends[child != 0]);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        serve(dir);
    }
    return turn;
}

void bench_ceilings_measure(void) {
    char byte = 0;
    must(write(other, &byte, 1) != 1 || read(other, &byte, 1) != 1, "a ceiling");
}
