/* SPDX-License-Identifier: MIT */
/* The parts of bench_kafka, which tests/bench/kafka runs beside the processes. Each prints one line of figures; times
 * are of the clock that only goes forward, which is the same for all processes of a machine. */
#ifndef BENCH_KAFKA_H
#define BENCH_KAFKA_H

#include "ops/config.h"

double bench_now(void); /* s */
double bench_cpu(void); /* s, of this process with librdkafka's threads */
/* Ends the program unless `code` is ULE_OK. */
void bench_check(enum ule_code code, const struct ule_error *error);
void bench_fail(const char *what) __attribute__((noreturn));

/* All records of these topics, read committed from beginning to end: how many, how large, how fast. */
void bench_read(const struct ule_config *config, char **topics, int count);
/* Up to `records` records like those that stand in `topics`, to the topic `to` in transactions of 10,000, after a line
 * was read from stdin. */
void bench_write(const struct ule_config *config, const char *to, long records, char **topics, int count);
/* Until everything has been taken: when anything was last written. */
void bench_await(const struct ule_config *config);
/* The records of a recording, `rate` a second; how long each takes to the last output that it causes. */
void bench_light(const struct ule_config *config, const char *recording, double rate, double seconds);

#endif
