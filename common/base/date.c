/* SPDX-License-Identifier: MIT */
#include "base/date.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

static bool leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days before 1 March of a year that is counted from March, so that the leap day is the last of its year. */
static int32_t days_before(int march_year) {
    return march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400;
}

/* Days since 1 March of a year before the 1st of a month; March is 0. */
static int32_t month_start(int march_month) {
    return (153 * march_month + 2) / 5;
}

#define EPOCH 719468 /* 1970-01-01, in days since 0000-03-01 */

int32_t ule_date_from_ymd(int year, int month, int day) {
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
        return ULE_DATE_NONE;
    }
    int march_year = month > 2 ? year : year - 1;
    int march_month = month > 2 ? month - 3 : month + 9;
    return days_before(march_year) + month_start(march_month) + day - 1 - EPOCH;
}

void ule_date_to_ymd(int32_t date, int *year, int *month, int *day) {
    int32_t days = date + EPOCH;
    int march_year = (int)((int64_t)days * 400 / 146097);
    while (days_before(march_year + 1) <= days)
        march_year++;
    while (days_before(march_year) > days)
        march_year--;
    int32_t rest = days - days_before(march_year);
    int march_month = (5 * rest + 2) / 153;
    *day = rest - month_start(march_month) + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = *month > 2 ? march_year : march_year + 1;
}

/* Reads `count` digits; -1 when there are fewer. Stops at a NUL. */
static int digits(const char *text, int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* The date in the first ten bytes. */
static int32_t parse_start(const char *text) {
    int year = digits(text, 4);
    if (year < 0 || text[4] != '-')
        return ULE_DATE_NONE;
    int month = digits(text + 5, 2);
    if (month < 0 || text[7] != '-')
        return ULE_DATE_NONE;
    int day = digits(text + 8, 2);
    return day < 0 ? ULE_DATE_NONE : ule_date_from_ymd(year, month, day);
}

int32_t ule_date_parse(const char *text) {
    if (!text || strlen(text) != 10)
        return ULE_DATE_NONE;
    return parse_start(text);
}

char *ule_date_format(int32_t date, char text[static 11]) {
    text[0] = '\0';
    if (date < ULE_DATE_MIN || date > ULE_DATE_MAX)
        return text;
    int year, month, day;
    ule_date_to_ymd(date, &year, &month, &day);
    (void)snprintf(text, 11, "%04u-%02u-%02u", (unsigned)year % 10000U, (unsigned)month % 100U, (unsigned)day % 100U);
    return text;
}

static bool time_in_range(int64_t time) {
    return time >= ULE_DATE_MIN * ULE_DAY_MS && time < (ULE_DATE_MAX + 1) * ULE_DAY_MS;
}

int64_t ule_time_parse(const char *text) {
    if (!text || strlen(text) < 20)
        return ULE_TIME_NONE;
    int32_t date = parse_start(text);
    if (date == ULE_DATE_NONE || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return ULE_TIME_NONE;
    int hour = digits(text + 11, 2);
    int minute = digits(text + 14, 2);
    int second = digits(text + 17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return ULE_TIME_NONE;
    const char *rest = text + 19;
    int milliseconds = 0;
    if (*rest == '.') {
        rest++;
        int count = 0;
        for (int unit = 100; *rest >= '0' && *rest <= '9'; unit /= 10, rest++, count++) {
            milliseconds += (*rest - '0') * unit;
        }
        if (count < 1 || count > 3)
            return ULE_TIME_NONE;
    }
    int64_t offset = 0;
    if (*rest == '+' || *rest == '-') {
        if (strlen(rest) != 6 || rest[3] != ':')
            return ULE_TIME_NONE;
        int offset_hours = digits(rest + 1, 2);
        int offset_minutes = digits(rest + 4, 2);
        if (offset_hours < 0 || offset_hours > 23 || offset_minutes < 0 || offset_minutes > 59)
            return ULE_TIME_NONE;
        offset = (offset_hours * INT64_C(60) + offset_minutes) * 60000;
        if (*rest == '-')
            offset = -offset;
    } else if (strcmp(rest, "Z") != 0) {
        return ULE_TIME_NONE;
    }
    int64_t time = date * ULE_DAY_MS + ((hour * INT64_C(60) + minute) * 60 + second) * 1000 + milliseconds - offset;
    return time_in_range(time) ? time : ULE_TIME_NONE;
}

/* The day that holds a time, in UTC; division that rounds down also before 1970. */
static int32_t utc_date(int64_t time) {
    return (int32_t)(time / ULE_DAY_MS - (time % ULE_DAY_MS < 0 ? 1 : 0));
}

char *ule_time_format(int64_t time, char text[static 25]) {
    text[0] = '\0';
    if (!time_in_range(time))
        return text;
    int32_t date = utc_date(time);
    unsigned rest = (unsigned)(time - date * ULE_DAY_MS);
    char day[11];
    ule_date_format(date, day);
    (void)snprintf(text, 25, "%.10sT%02u:%02u:%02u.%03uZ", day, rest / 3600000U % 24U, rest / 60000U % 60U,
                   rest / 1000U % 60U, rest % 1000U);
    return text;
}

/* The last Sunday of a month of 31 or 30 days. */
static int32_t last_sunday(int year, int month) {
    int32_t last = ule_date_from_ymd(year, month, days_in(year, month));
    return last - (last + 4 + 7 * 200000) % 7; /* 1970-01-01 was a Thursday; the multiple keeps it positive */
}

/* Summer time in Denmark: 1980 from 6 April, since 1981 from the last Sunday of March; to the last Sunday of September,
 * since 1996 of October; always at 01:00 UTC. (Denmark's law of 1980 and the EU's directives; the same as tzdata's.) */
static bool summer(int64_t time) {
    int year, month, day;
    ule_date_to_ymd(utc_date(time), &year, &month, &day);
    if (year < 1980)
        return false;
    int32_t start = year == 1980 ? ule_date_from_ymd(1980, 4, 6) : last_sunday(year, 3);
    int32_t end = last_sunday(year, year < 1996 ? 9 : 10);
    return time >= start * ULE_DAY_MS + HOUR_MS && time < end * ULE_DAY_MS + HOUR_MS;
}

int32_t ule_date_of_time(int64_t time) {
    if (!time_in_range(time))
        return ULE_DATE_NONE;
    return utc_date(time + (summer(time) ? 2 : 1) * HOUR_MS);
}

int64_t ule_time_of_date(int32_t date) {
    if (date < ULE_DATE_MIN || date > ULE_DATE_MAX)
        return ULE_TIME_NONE;
    /* The clocks never change at midnight, so the hour by which the guess may be off decides nothing. */
    int64_t time = date * ULE_DAY_MS - HOUR_MS;
    return time_in_range(time) && summer(time) ? time - HOUR_MS : time;
}

int32_t ule_date_birthday(int32_t birth, int years) {
    if (birth < ULE_DATE_MIN || birth > ULE_DATE_MAX || years < 0 || years > 9999)
        return ULE_DATE_NONE;
    int year, month, day;
    ule_date_to_ymd(birth, &year, &month, &day);
    if (month == 2 && day == 29 && !leap(year + years)) {
        month = 3;
        day = 1;
    }
    return ule_date_from_ymd(year + years, month, day);
}

bool ule_date_within(int32_t date, int32_t from, int32_t until) {
    return (from == ULE_DATE_NONE || from <= date) && (until == ULE_DATE_NONE || date < until);
}
