/* SPDX-License-Identifier: MIT */
#include "base/date.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR_MS INT64_C(3600000)

START_TEST(every_day_of_ten_thousand_years_survives_the_round_trip) {
    ck_assert_int_eq(ule_date_from_ymd(1, 1, 1), ULE_DATE_MIN);
    ck_assert_int_eq(ule_date_from_ymd(9999, 12, 31), ULE_DATE_MAX);
    ck_assert_int_eq(ule_date_from_ymd(1970, 1, 1), 0);
    for (int32_t date = ULE_DATE_MIN; date <= ULE_DATE_MAX; date++) {
        int year, month, day;
        ule_date_to_ymd(date, &year, &month, &day);
        if (ule_date_from_ymd(year, month, day) != date)
            ck_abort_msg("day %d does not come back", date);
    }
}

START_TEST(the_calendar_agrees_with_the_system_s) {
    for (int32_t date = -25567; date <= 49710; date += 1) { /* 1900 to 2106 */
        time_t seconds = (time_t)date * 86400;
        struct tm tm;
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
        ck_assert_int_eq(ule_date_from_ymd(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), date);
    }
}

static const struct {
    int year, month, day;
} no_days[] = {{0, 1, 1},     {10000, 1, 1}, {2024, 0, 1},  {2024, 13, 1}, {2024, 1, 0},  {2024, 1, 32},
               {2024, 4, 31}, {2023, 2, 29}, {1900, 2, 29}, {2024, 2, 30}, {2024, -1, 1}, {2024, 6, -5}};

START_TEST(a_day_that_does_not_exist_is_none) {
    ck_assert_int_eq(ule_date_from_ymd(no_days[_i].year, no_days[_i].month, no_days[_i].day), ULE_DATE_NONE);
}

START_TEST(dates_are_read_and_written_as_iso_8601) {
    ck_assert_int_eq(ule_date_parse("2024-02-29"), ule_date_from_ymd(2024, 2, 29));
    ck_assert_int_eq(ule_date_parse("0001-01-01"), ULE_DATE_MIN);
    ck_assert_int_eq(ule_date_parse("9999-12-31"), ULE_DATE_MAX);
    static const char *const wrong[] = {"",           "2023-02-29",  "2024-2-29",  "2024-02-29 ", "24-02-29",
                                        "2024/02/29", " 2024-02-29", "2024-02-2x", "20240229",    "+024-02-29"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(ule_date_parse(wrong[i]), ULE_DATE_NONE);
    }
    ck_assert_int_eq(ule_date_parse(NULL), ULE_DATE_NONE);
    char text[11];
    ck_assert_str_eq(ule_date_format(ule_date_from_ymd(987, 6, 5), text), "0987-06-05");
    ck_assert_str_eq(ule_date_format(ULE_DATE_NONE, text), "");
}

static const struct {
    const char *text;
    const char *utc; /* NULL: not a time */
} times[] = {
    {"2024-02-29T23:59:59.123Z", "2024-02-29T23:59:59.123Z"},
    {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
    {"2024-02-29T23:59:59.1Z", "2024-02-29T23:59:59.100Z"},
    {"2024-02-29T23:59:59.12+01:00", "2024-02-29T22:59:59.120Z"},
    {"2024-02-29T23:59:59-05:30", "2024-03-01T05:29:59.000Z"},
    {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
    {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
    {"0001-01-01T00:00:00+01:00", NULL},
    {"9999-12-31T23:59:59-01:00", NULL},
    {"2023-02-29T00:00:00Z", NULL},
    {"2024-02-29T24:00:00Z", NULL},
    {"2024-02-29T23:60:00Z", NULL},
    {"2024-02-29T23:59:60Z", NULL},
    {"2024-02-29T23:59:59", NULL},
    {"2024-02-29T23:59:59.Z", NULL},
    {"2024-02-29T23:59:59.1234Z", NULL},
    {"2024-02-29T23:59:59.123Zx", NULL},
    {"2024-02-29T23:59:59+0100", NULL},
    {"2024-02-29T23:59:59+01:60", NULL},
    {"2024-02-29T23:59:59+24:00", NULL},
    {"2024-02-29 23:59:59Z", NULL},
    {"2024-02-29T23-59:59Z", NULL},
    {"2024-02-29T23:59-59Z", NULL},
    {"2024-02-29", NULL},
    {"", NULL},
    {NULL, NULL},
};

START_TEST(times_are_read_with_any_offset_and_written_in_utc) {
    int64_t time = ule_time_parse(times[_i].text);
    char text[25];
    if (times[_i].utc) {
        ck_assert_str_eq(ule_time_format(time, text), times[_i].utc);
    } else {
        ck_assert(time == ULE_TIME_NONE);
    }
}

START_TEST(times_out_of_range_have_no_text_and_no_date) {
    char text[25];
    ck_assert_str_eq(ule_time_format(ULE_TIME_NONE, text), "");
    ck_assert_str_eq(ule_time_format(INT64_MAX, text), "");
    ck_assert_int_eq(ule_date_of_time(ULE_TIME_NONE), ULE_DATE_NONE);
    ck_assert_int_eq(ule_date_of_time(INT64_MAX), ULE_DATE_NONE);
    ck_assert(ule_time_of_date(ULE_DATE_NONE) == ULE_TIME_NONE);
    ck_assert(ule_time_of_date(ULE_DATE_MAX + 1) == ULE_TIME_NONE);
    ck_assert(ule_time_of_date(ULE_DATE_MIN) == ULE_DATE_MIN * ULE_DAY_MS - HOUR_MS);
}

static int32_t system_date(int64_t ms) {
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0 ? 1 : 0));
    struct tm tm;
    ck_assert_ptr_nonnull(localtime_r(&seconds, &tm));
    return ule_date_from_ymd(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

/* Every half hour of these years, and a millisecond before it: each change of the clocks is among them. */
static void compare_with_system(const char *zone, int first, int last) {
    ck_assert_int_eq(setenv("TZ", zone, 1), 0);
    tzset();
    int64_t from = ule_date_from_ymd(first, 1, 1) * ULE_DAY_MS;
    int64_t until = ule_date_from_ymd(last + 1, 1, 1) * ULE_DAY_MS;
    int32_t before = ULE_DATE_NONE;
    for (int64_t at = from; at < until; at += HOUR_MS / 2) {
        int32_t date = ule_date_of_time(at);
        if (date != system_date(at) || ule_date_of_time(at - 1) != system_date(at - 1)) {
            char text[25];
            ck_abort_msg("%s: another date than the system's", ule_time_format(at, text));
        }
        if (before != ULE_DATE_NONE && date != before && ule_time_of_date(date) != at) {
            char text[25];
            ck_abort_msg("%s: a date that begins at another time", ule_time_format(at, text));
        }
        before = date;
    }
}

START_TEST(copenhagen_s_dates_are_those_of_the_tz_database_from_1980_to_2037) {
    if (access("/usr/share/zoneinfo/Europe/Copenhagen", R_OK) != 0) {
        printf("skipped: no tz database here, so only the rule since 1996 is compared\n");
        return;
    }
    compare_with_system("Europe/Copenhagen", 1980, 2037);
}

START_TEST(copenhagen_s_dates_are_those_of_the_posix_rule_since_1996) {
    compare_with_system("CET-1CEST,M3.5.0,M10.5.0/3", 1996, 2037);
}

START_TEST(before_1980_copenhagen_is_an_hour_ahead_all_year) {
    int32_t date = ule_date_from_ymd(1979, 7, 1);
    ck_assert(ule_time_of_date(date) == date * ULE_DAY_MS - HOUR_MS);
    ck_assert_int_eq(ule_date_of_time(date * ULE_DAY_MS - HOUR_MS), date);
    ck_assert_int_eq(ule_date_of_time(date * ULE_DAY_MS - HOUR_MS - 1), date - 1);
    date = ule_date_from_ymd(1850, 1, 1);
    ck_assert_int_eq(ule_date_of_time(ule_time_of_date(date)), date);
    ck_assert_int_eq(ule_date_of_time(ule_time_of_date(date) - 1), date - 1);
}

static const struct {
    const char *birth;
    int years;
    const char *birthday;
} birthdays[] = {
    {"2009-06-15", 15, "2024-06-15"}, {"2008-02-29", 13, "2021-03-01"}, {"2008-02-29", 15, "2023-03-01"},
    {"2008-02-29", 16, "2024-02-29"}, {"2008-02-29", 18, "2026-03-01"}, {"2008-02-28", 15, "2023-02-28"},
    {"1882-02-29", 18, ""},           {"1884-02-29", 16, "1900-03-01"}, {"2009-06-15", 0, "2009-06-15"},
    {"2009-12-31", 18, "2027-12-31"}, {"9990-01-01", 18, ""},           {"2009-06-15", -1, ""},
    {"2009-06-15", 2000000000, ""},
};

START_TEST(an_age_is_reached_on_the_birthday_or_on_1_march) {
    int32_t birth = ule_date_parse(birthdays[_i].birth);
    char text[11];
    ck_assert_str_eq(ule_date_format(ule_date_birthday(birth, birthdays[_i].years), text), birthdays[_i].birthday);
}

START_TEST(nobody_reaches_an_age_without_a_birth_date) {
    ck_assert_int_eq(ule_date_birthday(ULE_DATE_NONE, 18), ULE_DATE_NONE);
}

START_TEST(a_period_holds_from_its_first_day_until_the_day_before_its_end) {
    ck_assert(ule_date_within(10, 10, 12));
    ck_assert(ule_date_within(11, 10, 12));
    ck_assert(!ule_date_within(12, 10, 12));
    ck_assert(!ule_date_within(9, 10, 12));
    ck_assert(ule_date_within(-9999, ULE_DATE_NONE, 12));
    ck_assert(!ule_date_within(12, ULE_DATE_NONE, 12));
    ck_assert(ule_date_within(99999, 10, ULE_DATE_NONE));
    ck_assert(!ule_date_within(9, 10, ULE_DATE_NONE));
    ck_assert(ule_date_within(0, ULE_DATE_NONE, ULE_DATE_NONE));
    ck_assert(!ule_date_within(10, 10, 10));
}

int main(void) {
    Suite *suite = suite_create("date");
    TCase *calendar = tcase_create("calendar");
    tcase_set_timeout(calendar, 120);
    tcase_add_test(calendar, every_day_of_ten_thousand_years_survives_the_round_trip);
    tcase_add_test(calendar, the_calendar_agrees_with_the_system_s);
    tcase_add_loop_test(calendar, a_day_that_does_not_exist_is_none, 0, sizeof no_days / sizeof *no_days);
    tcase_add_test(calendar, dates_are_read_and_written_as_iso_8601);
    tcase_add_loop_test(calendar, times_are_read_with_any_offset_and_written_in_utc, 0, sizeof times / sizeof *times);
    tcase_add_test(calendar, times_out_of_range_have_no_text_and_no_date);
    suite_add_tcase(suite, calendar);
    TCase *copenhagen = tcase_create("copenhagen");
    tcase_set_timeout(copenhagen, 120);
    tcase_add_test(copenhagen, copenhagen_s_dates_are_those_of_the_tz_database_from_1980_to_2037);
    tcase_add_test(copenhagen, copenhagen_s_dates_are_those_of_the_posix_rule_since_1996);
    tcase_add_test(copenhagen, before_1980_copenhagen_is_an_hour_ahead_all_year);
    suite_add_tcase(suite, copenhagen);
    TCase *ages = tcase_create("ages and periods");
    tcase_add_loop_test(ages, an_age_is_reached_on_the_birthday_or_on_1_march, 0, sizeof birthdays / sizeof *birthdays);
    tcase_add_test(ages, nobody_reaches_an_age_without_a_birth_date);
    tcase_add_test(ages, a_period_holds_from_its_first_day_until_the_day_before_its_end);
    suite_add_tcase(suite, ages);
    return suite_run(suite);
}
