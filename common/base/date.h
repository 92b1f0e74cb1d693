/* SPDX-License-Identifier: MIT */
/* Civil dates as days since 1970-01-01 (Avro `date`), times as milliseconds since 1970-01-01 UTC (Avro
 * `timestamp-millis`), and Danish civil time between them. No function reads a clock or the environment. */
#ifndef ULE_BASE_DATE_H
#define ULE_BASE_DATE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define ULE_DATE_NONE INT32_MIN /* no date: a null */
#define ULE_TIME_NONE INT64_MIN /* no time: a null */
#define ULE_DATE_MIN  (-719162) /* 0001-01-01 */
#define ULE_DATE_MAX  2932896   /* 9999-12-31 */
#define ULE_DAY_MS    INT64_C(86400000)

/* Gregorian, proleptic; year 1..9999. ULE_DATE_NONE when there is no such day. */
int32_t ule_date_from_ymd(int year, int month, int day);
void ule_date_to_ymd(int32_t date, int *year, int *month, int *day);
/* "2024-02-29", exactly. ULE_DATE_NONE when it is not one. */
int32_t ule_date_parse(const char *text);
/* Writes "yyyy-mm-dd" and a NUL; nothing but the NUL when it is no date. */
char *ule_date_format(int32_t date, char text[static 11]);
/* ISO 8601: "2024-02-29T23:59:59.123Z"; an offset ("+01:00") and absent or shorter fractions are read too.
 * ULE_TIME_NONE when it is not one. */
int64_t ule_time_parse(const char *text);
/* Writes "yyyy-mm-ddThh:mm:ss.mmmZ" and a NUL; nothing but the NUL for a time outside the years 1 to 9999. */
char *ule_time_format(int64_t time, char text[static 25]);

/* The civil date in Europe/Copenhagen at a time; the summer time rules since 1980 built in, UTC+1 before.
 * ULE_DATE_NONE for a time outside the years 1 to 9999. */
int32_t ule_date_of_time(int64_t time);
/* 00:00 in Copenhagen on a date, as a time. */
int64_t ule_time_of_date(int32_t date);

/* The day on which someone born on `birth` reaches `years`: the birthday, 1 March for those born on 29 February when
 * the year has none (domain.md section 2). ULE_DATE_NONE when birth is. */
int32_t ule_date_birthday(int32_t birth, int years);
/* from <= date < until; ULE_DATE_NONE is an open bound (domain.md section 2, Birth date). */
bool ule_date_within(int32_t date, int32_t from, int32_t until);

#endif
