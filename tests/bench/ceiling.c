/* SPDX-License-Identifier: MIT */
#include "bench/ceiling.h"

#include "loop/queue.h"
#include "records.h"

#include <avro.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { HEADER_SIZE = 10, AVRO_SECONDS = 2 };

double bench_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int failed, const char *what) {
    if (!failed)
        return;
    (void)fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
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
static void change_all(MDB_env *env, MDB_dbi dbi, uint64_t *keys, uint64_t count, uint8_t *copy, size_t size) {
    MDB_txn *txn;
    qsort(keys, (size_t)count, sizeof *keys, by_number);
    must(mdb_txn_begin(env, NULL, 0, &txn), "LMDB");
    for (uint64_t i = 0; i < count; i++) {
        char text[24];
        int length = snprintf(text, sizeof text, "%010llu", (unsigned long long)keys[i]);
        MDB_val key = {.mv_size = (size_t)length, .mv_data = text}, value;
        int code = mdb_get(txn, dbi, &key, &value);
        must(code && code != MDB_NOTFOUND, "LMDB");
        if (!code)
            memcpy(copy, value.mv_data, size);
        copy[i % size]++;
        value = (MDB_val){.mv_size = size, .mv_data = copy};
        must(mdb_put(txn, dbi, &key, &value, 0), "LMDB");
    }
    must(mdb_txn_commit(txn), "LMDB");
}

double bench_lmdb(const char *dir, uint64_t count, size_t size, uint64_t batch, uint64_t writes) {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    uint64_t random = 1, filled = 0, done = 0;
    must(size == 0 || count == 0 || batch == 0, "the measure of LMDB");
    uint64_t *keys = calloc(batch, sizeof *keys);
    uint8_t *copy = calloc(size, 1);
    must(!keys || !copy, "calloc");
    must(mkdir(dir, 0700), "mkdir");
    must(mdb_env_create(&env), "LMDB");
    must(mdb_env_set_mapsize(env, (size_t)1 << 36), "LMDB");
    must(mdb_env_open(env, dir, MDB_NOSYNC, 0600), "LMDB");
    must(mdb_txn_begin(env, NULL, 0, &txn), "LMDB");
    must(mdb_dbi_open(txn, NULL, 0, &dbi), "LMDB");
    must(mdb_txn_commit(txn), "LMDB");
    for (uint64_t i = 0; i < count; i++) {
        keys[filled++] = key_number(i);
        if (filled == batch || i + 1 == count) {
            change_all(env, dbi, keys, filled, copy, size);
            filled = 0;
        }
    }
    double start = bench_now();
    for (; done < writes; done += batch) {
        for (uint64_t i = 0; i < batch; i++)
            keys[i] = key_number(ule_random_next(&random) % count);
        change_all(env, dbi, keys, batch, copy, size);
    }
    double seconds = bench_now() - start;
    mdb_env_close(env);
    free(keys);
    free(copy);
    return (double)done / seconds;
}

double bench_avro(const struct bench_states *states) {
    avro_schema_t schema;
    avro_value_t value;
    const char *text = ule_person_state_record.schema_json;
    must(states->sample_count == 0, "the measure of avro-c");
    must(avro_schema_from_json_length(text, strlen(text), &schema), "avro-c");
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    must(!iface || avro_generic_value_new(iface, &value), "avro-c");
    size_t largest = 1;
    for (size_t i = 0; i < states->sample_count; i++)
        largest = states->sample[i].size > largest ? states->sample[i].size : largest;
    char *out = malloc(largest);
    must(!out, "malloc");
    avro_reader_t reader = avro_reader_memory(out, (int64_t)largest);
    avro_writer_t writer = avro_writer_memory(out, (int64_t)largest);
    double start = bench_now(), seconds = 0;
    uint64_t done = 0;
    while (seconds < AVRO_SECONDS) {
        for (size_t i = 0; i < states->sample_count; i++, done++) {
            const struct ule_buffer *one = &states->sample[i];
            avro_reader_memory_set_source(reader, (const char *)one->bytes + HEADER_SIZE,
                                          (int64_t)(one->size - HEADER_SIZE));
            must(avro_value_reset(&value) || avro_value_read(reader, &value), "avro-c");
            avro_writer_reset(writer);
            must(avro_value_write(writer, &value), "avro-c");
        }
        seconds = bench_now() - start;
    }
    avro_reader_free(reader);
    avro_writer_free(writer);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    free(out);
    return (double)done / seconds;
}
