/* SPDX-License-Identifier: MIT */
#include "base/uuid.h"

#include "lib/suite.h"

#include <check.h>
#include <string.h>

START_TEST(v5_of_the_same_parts_is_the_same) {
    const char *parts[] = {"990001", "2024-01-03", "x"};
    char a[ULE_UUID_SIZE];
    char b[ULE_UUID_SIZE];
    ck_assert_str_eq(ule_uuid_v5(parts, 3, a), ule_uuid_v5(parts, 3, b));
    ck_assert_uint_eq(strlen(a), 36);
    ck_assert_int_eq(a[14], '5');
    ck_assert_ptr_nonnull(strchr("89ab", a[19]));
}

START_TEST(v5_is_that_of_the_rfc) {
    /* uuid.uuid5(uuid.UUID("9d1f9c40-bcba-4f4e-8340-ad83110b289b"), "a\0b") of Python's library */
    const char *parts[] = {"a", "b"};
    char id[ULE_UUID_SIZE];
    ck_assert_str_eq(ule_uuid_v5(parts, 2, id), "610c4ed6-db66-5c0d-bb08-cf222795126c");
}

START_TEST(v5_tells_where_a_part_ends) {
    const char *one[] = {"ab", "c"};
    const char *other[] = {"a", "bc"};
    char a[ULE_UUID_SIZE];
    char b[ULE_UUID_SIZE];
    ck_assert_str_ne(ule_uuid_v5(one, 2, a), ule_uuid_v5(other, 2, b));
    ck_assert_str_ne(ule_uuid_v5(one, 1, a), ule_uuid_v5(one, 2, b));
}

START_TEST(v8_keeps_all_bits_but_version_and_variant) {
    uint8_t bytes[16];
    char id[ULE_UUID_SIZE];
    memset(bytes, 0xff, sizeof bytes);
    ck_assert_str_eq(ule_uuid_v8(bytes, id), "ffffffff-ffff-8fff-bfff-ffffffffffff");
    memset(bytes, 0, sizeof bytes);
    ck_assert_str_eq(ule_uuid_v8(bytes, id), "00000000-0000-8000-8000-000000000000");
}

int main(void) {
    Suite *suite = suite_create("uuid");
    TCase *tests = tcase_create("uuid");
    tcase_add_test(tests, v5_of_the_same_parts_is_the_same);
    tcase_add_test(tests, v5_is_that_of_the_rfc);
    tcase_add_test(tests, v5_tells_where_a_part_ends);
    tcase_add_test(tests, v8_keeps_all_bits_but_version_and_variant);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
