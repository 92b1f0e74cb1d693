/* SPDX-License-Identifier: MIT */
/* Person numbers by their characters (domain.md section 2). The numbers are made up. */
#include "base/date.h"
#include "core/number.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    const char *stored; /* NULL: malformed */
} normalised[] = {
    {"0101101234", "0101101234"},
    {"010110-1234", "0101101234"},
    {"010110-abc1", "010110ABC1"},
    {"010110-\xC3\xA6\xC3\xB8\xC3\xA5"
     "1",
     "010110\xC3\x86\xC3\x98\xC3\x85"
     "1"},
    {"010110\xC3\x86\xC3\x98\xC3\x85"
     "2",
     "010110\xC3\x86\xC3\x98\xC3\x85"
     "2"},
    {"abcdefghij", "ABCDEFGHIJ"},
    {"\xC3\xA6\xC3\xA6\xC3\xA6\xC3\xA6\xC3\xA6\xC3\xA6-\xC3\xA6\xC3\xA6\xC3\xA6\xC3\xA6",
     "\xC3\x86\xC3\x86\xC3\x86\xC3\x86\xC3\x86\xC3\x86\xC3\x86\xC3\x86\xC3\x86\xC3\x86"},
    {"320110-1234", "3201101234"}, /* no date, yet ten characters */
    {NULL, NULL},
    {"", NULL},
    {"-", NULL},
    {"010110", NULL},
    {"010110-", NULL},
    {"010110-123", NULL},
    {"010110123", NULL},
    {"010110-12345", NULL},
    {"01011012345", NULL},
    {"01011-01234", NULL},
    {"0101101-234", NULL},
    {"010110--1234", NULL},
    {"0101101234-", NULL},
    {"-0101101234", NULL},
    {"010110 1234", NULL},
    {" 0101101234", NULL},
    {"0101101234 ", NULL},
    {"010110+1234", NULL},
    {"010110-123\xC3\xA9", NULL}, /* e acute */
    {"010110-123\xC3\xB7", NULL}, /* the division sign */
    {"010110-123\xC3", NULL},
    {"010110-123\x86", NULL},
    {"010110-123\xC3"
     "F",
     NULL},
    {"010110-12\xE2\x82\xAC"
     "4",
     NULL},
};

START_TEST(a_number_is_ten_characters_with_or_without_a_hyphen) {
    char number[21] = "as it was";
    bool good = ule_number_normalise(normalised[_i].text, number);
    ck_assert(good == (normalised[_i].stored != NULL));
    ck_assert_str_eq(number, good ? normalised[_i].stored : "as it was");
}

/* What is written about a number: replacement, of unknown type, the birth date that it says ("": none). */
static const struct {
    const char *number;
    bool replacement, unknown;
    const char *birth;
} shapes[] = {
    /* ordinary */
    {"0101101234", false, false, "1910-01-01"},
    {"3112994321", false, false, "1999-12-31"},
    /* century by the 7th digit, at each edge */
    {"0101000000", false, false, "1900-01-01"},
    {"0101991000", false, false, "1999-01-01"},
    {"0101002000", false, false, "1900-01-01"},
    {"0101993000", false, false, "1999-01-01"},
    {"0101004000", false, false, "2000-01-01"},
    {"0101364000", false, false, "2036-01-01"},
    {"0101374000", false, false, "1937-01-01"},
    {"0101994000", false, false, "1999-01-01"},
    {"0101005000", false, false, "2000-01-01"},
    {"0101575000", false, false, "2057-01-01"},
    {"0101585000", false, false, "1858-01-01"},
    {"0101995000", false, false, "1899-01-01"},
    {"0101576000", false, false, "2057-01-01"},
    {"0101586000", false, false, "1858-01-01"},
    {"0101577000", false, false, "2057-01-01"},
    {"0101587000", false, false, "1858-01-01"},
    {"0101578000", false, false, "2057-01-01"},
    {"0101588000", false, false, "1858-01-01"},
    {"0101009000", false, false, "2000-01-01"},
    {"0101369000", false, false, "2036-01-01"},
    {"0101379000", false, false, "1937-01-01"},
    {"0101999000", false, false, "1999-01-01"},
    /* 29 February */
    {"2902081234", false, false, "1908-02-29"},
    {"2902084234", false, false, "2008-02-29"},
    {"2902004234", false, false, "2000-02-29"},
    {"2902001234", false, true, ""}, /* 1900 had none */
    {"2902074234", false, true, ""},
    /* day 61-91 */
    {"6101104234", true, false, "2010-01-01"},
    {"9112104234", true, false, "2010-12-31"},
    {"6101101234", true, false, "1910-01-01"},
    {"610110ABC1", true, false, "2010-01-01"},
    {"6101102AB4", true, false, "2010-01-01"},
    {"9102104234", true, true, ""}, /* 31 February */
    {"6113104234", true, true, ""},
    {"610110A123", true, true, "2010-01-01"},
    {"6001104234", false, true, ""},
    {"9201104234", false, true, ""},
    /* KOT style: three letters, then 1 or 2 */
    {"010110ABC1", true, false, "2010-01-01"},
    {"010110ABC2", true, false, "2010-01-01"},
    {"010137ABC2", true, false, "1937-01-01"},
    {"010136ABC2", true, false, "2036-01-01"},
    {"010110\xC3\x86\xC3\x98\xC3\x85"
     "1",
     true, false, "2010-01-01"},
    {"010110ABC3", false, true, "2010-01-01"},
    {"010110ABC0", false, true, "2010-01-01"},
    {"010110ABCD", false, true, "2010-01-01"},
    {"290200ABC1", true, false, "2000-02-29"},
    {"320110ABC1", true, true, ""},
    /* health style: a digit, two letters, a digit; its digit says no century */
    {"0101101AB4", true, false, "2010-01-01"},
    {"0101379AB4", true, false, "1937-01-01"},
    {"0101100\xC3\x86\xC3\x85"
     "9",
     true, false, "2010-01-01"},
    {"0101101ABC", false, true, "2010-01-01"},
    /* neither */
    {"0101101A34", false, true, "2010-01-01"},
    {"01011012A4", false, true, "2010-01-01"},
    {"010110123A", false, true, "2010-01-01"},
    {"010110A234", false, true, "2010-01-01"},
    {"010110AB34", false, true, "2010-01-01"},
    {"010110A2B4", false, true, "2010-01-01"},
    {"0001101234", false, true, ""},
    {"3201101234", false, true, ""},
    {"0100101234", false, true, ""},
    {"0113101234", false, true, ""},
    {"3104101234", false, true, ""},
    /* letters among the first six are no date, whatever follows */
    {"A101101234", false, true, ""},
    {"61011AABC1", false, true, ""},
    {"ABCDEFGHIJ", false, true, ""},
    /* what is no stored form */
    {"010110-1234", false, true, ""},
    {"", false, true, ""},
};

START_TEST(a_number_tells_its_kind_and_birth_date) {
    char text[11];
    ck_assert(ule_number_is_replacement(shapes[_i].number) == shapes[_i].replacement);
    ck_assert(ule_number_is_unknown(shapes[_i].number) == shapes[_i].unknown);
    ck_assert_str_eq(ule_date_format(ule_number_birth_date(shapes[_i].number), text), shapes[_i].birth);
}

START_TEST(the_day_of_a_replacement_number_is_compared_less_sixty) {
    char text[7] = "before";
    ck_assert(ule_number_ddmmyy("6101104234", text));
    ck_assert_str_eq(text, "010110");
    ck_assert(ule_number_ddmmyy("9112104234", text));
    ck_assert_str_eq(text, "311210");
    ck_assert(ule_number_ddmmyy("310110ABC1", text));
    ck_assert_str_eq(text, "310110");
    ck_assert(ule_number_ddmmyy("6001104234", text)); /* day 60 stays: it is no date either way */
    ck_assert_str_eq(text, "600110");
    ck_assert(!ule_number_ddmmyy("A101104234", text));
    ck_assert(!ule_number_ddmmyy("", text));
    ck_assert_str_eq(text, "600110");
    ule_number_ddmmyy_of(ule_date_from_ymd(2010, 1, 31), text);
    ck_assert_str_eq(text, "310110");
    ule_number_ddmmyy_of(ule_date_from_ymd(1899, 12, 1), text);
    ck_assert_str_eq(text, "011299");
}

START_TEST(every_birth_date_is_found_again_in_the_numbers_that_say_it) {
    static const struct {
        int first, last;
        const char *digits;
    } centuries[] = {{1858, 1899, "5678"},
                     {1900, 1936, "0123"},
                     {1937, 1999, "012349"},
                     {2000, 2036, "456789"},
                     {2037, 2057, "5678"}};
    for (size_t i = 0; i < sizeof centuries / sizeof *centuries; i++) {
        int32_t last = ule_date_from_ymd(centuries[i].last, 12, 31);
        for (int32_t date = ule_date_from_ymd(centuries[i].first, 1, 1); date <= last; date++) {
            for (const char *digit = centuries[i].digits; *digit; digit++) {
                char ddmmyy[7], number[21], found[7];
                ule_number_ddmmyy_of(date, ddmmyy);
                (void)snprintf(number, sizeof number, "%s%c000", ddmmyy, *digit);
                if (ule_number_birth_date(number) != date)
                    ck_abort_msg("day %d, digit %c", date, *digit);
                number[0] = (char)(number[0] + 6);
                if (ule_number_birth_date(number) != date)
                    ck_abort_msg("day %d + 60, digit %c", date, *digit);
                ck_assert(ule_number_ddmmyy(number, found) && strcmp(found, ddmmyy) == 0);
            }
        }
    }
}

START_TEST(modulus_11_is_a_property) {
    ck_assert(ule_number_modulus11("0000000000"));
    ck_assert(ule_number_modulus11("0101010001") == false);
    ck_assert(ule_number_modulus11("0101101231")); /* 3 + 7 + 6 + 4 + 6 + 6 + 1 = 33 */
    ck_assert(!ule_number_modulus11("0101101232"));
    ck_assert(!ule_number_modulus11("010110ABC1"));
    ck_assert(!ule_number_modulus11(""));
    static const char *const by_one_weight[] = {"1000000007", "0100000008", "0010000009", "0001000004", "0000100005",
                                                "0000010006", "0000001007", "0000000108", "0000000019"};
    for (size_t i = 0; i < sizeof by_one_weight / sizeof *by_one_weight; i++)
        ck_assert_msg(ule_number_modulus11(by_one_weight[i]), "weight %zu", i);
    /* Of ten numbers that differ in the last digit alone, at most one has it. */
    for (int serial = 0; serial < 1000; serial++) {
        int good = 0;
        for (int check = 0; check < 10; check++) {
            char number[21];
            (void)snprintf(number, sizeof number, "010110%03u%u", (unsigned)serial % 1000U, (unsigned)check % 10U);
            good += ule_number_modulus11(number) ? 1 : 0;
        }
        ck_assert_int_le(good, 1);
    }
}

int main(void) {
    Suite *suite = suite_create("number");
    TCase *tcase = tcase_create("number");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_number_is_ten_characters_with_or_without_a_hyphen, 0,
                        sizeof normalised / sizeof *normalised);
    tcase_add_loop_test(tcase, a_number_tells_its_kind_and_birth_date, 0, sizeof shapes / sizeof *shapes);
    tcase_add_test(tcase, the_day_of_a_replacement_number_is_compared_less_sixty);
    tcase_add_test(tcase, every_birth_date_is_found_again_in_the_numbers_that_say_it);
    tcase_add_test(tcase, modulus_11_is_a_property);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
