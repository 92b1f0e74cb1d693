/* SPDX-License-Identifier: MIT */
/* What needs no broker: who is asked, what is refused beforehand, and answers that are not what they should be. */
#include "kafka/acl.h"
#include "kafka/wire.h"
#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ule_config *config;
static struct ule_error error;

static void teardown(void) {
    ule_config_free(config);
    config = NULL;
}

static void configure(const char *text) {
    char path[128];
    (void)snprintf(path, sizeof path, "%.80s/ule-test-acl-%ld", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
                   (long)getpid());
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ule_config_free(config);
    config = NULL;
    ck_assert_int_eq(ule_config_read(path, &config, &error), ULE_OK);
    (void)unlink(path);
}

static void count(void *context, const char *resource, const char *principal, const char *operation, bool missing) {
    (void)resource;
    (void)principal;
    (void)operation;
    (void)missing;
    ++*(size_t *)context;
}

START_TEST(without_principals_nobody_is_asked) {
    size_t told = 0, differences = 0;
    configure("kafka.bootstrap.servers = 127.0.0.1:1\n");
    ck_assert(!ule_acl_configured(config));
    ck_assert_int_eq(ule_acl_check(config, count, &told, &differences, &error), ULE_OK);
    ck_assert_int_eq(ule_acl_apply(config, true, count, &told, &differences, &error), ULE_OK);
    ck_assert_uint_eq(told + differences, 0);
}

static const struct {
    const char *text, *says;
} refused[] = {
    {"acl.principal.ule-family = ule-family\n", "expected a principal as in User:CN=name"},
    {"acl.principal.ule-family = User:\n", "expected a principal"},
    {"acl.principal.platform = User:CN=a; User:*\n", "expected a principal"}, /* everybody is nobody to grant a right */
    {"acl.principal.operator = User:a\nkafka.security.protocol = sasl_ssl\nkafka.bootstrap.servers = 127.0.0.1:1\n",
     "not with kafka.security.protocol = sasl_ssl"},
    {"acl.principal.operator = User:a\n", "kafka.bootstrap.servers: not set"},
    {"acl.principal.operator = User:a\nkafka.bootstrap.servers = 127.0.0.1:1\n", "cannot connect to 127.0.0.1 port 1"},
    {"acl.principal.operator = User:a\nkafka.bootstrap.servers = 127.0.0.1:1\nkafka.security.protocol = ssl\n"
     "kafka.ssl.ca.location = /nonexistent\n",
     "kafka.ssl.ca.location: no certificates"},
};

START_TEST(what_cannot_be_is_said) {
    size_t told = 0, differences = 0;
    configure(refused[_i].text);
    ck_assert(ule_acl_configured(config));
    ck_assert_int_ne(ule_acl_check(config, count, &told, &differences, &error), ULE_OK);
    ck_assert_msg(strstr(error.message, refused[_i].says) != NULL, "%s", error.message);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
}

START_TEST(an_answer_that_ends_early_is_empty_from_there_on) {
    const uint8_t bytes[] = {0xff, 0xfe, 0, 3, 'a', 'b', 'c', 0, 9, 'x'};
    char text[3];
    struct ule_wire_reader reader = {bytes, bytes + sizeof bytes, false};
    ck_assert_int_eq(ule_wire_int16(&reader), -2);
    ule_wire_text(&reader, text, sizeof text);
    ck_assert_str_eq(text, "ab"); /* cut off, and read over */
    ule_wire_text(&reader, text, sizeof text);
    ck_assert_str_eq(text, "");
    ck_assert(reader.failed);
    ck_assert_int_eq(ule_wire_int8(&reader), 0);
    ck_assert_int_eq(ule_wire_int32(&reader), 0);
}

START_TEST(what_is_written_is_read) {
    struct ule_buffer body = {0};
    char text[8];
    ule_wire_put_int8(&body, -3);
    ule_wire_put_int16(&body, 0x1234);
    ule_wire_put_int32(&body, -123456789);
    ule_wire_put_text(&body, NULL);
    ule_wire_put_text(&body, "name");
    struct ule_wire_reader reader = {body.bytes, body.bytes + body.size, false};
    ck_assert_int_eq(ule_wire_int8(&reader), -3);
    ck_assert_int_eq(ule_wire_int16(&reader), 0x1234);
    ck_assert_int_eq(ule_wire_int32(&reader), -123456789);
    ule_wire_text(&reader, text, sizeof text);
    ck_assert_str_eq(text, "");
    ule_wire_text(&reader, text, sizeof text);
    ck_assert_str_eq(text, "name");
    ck_assert(!reader.failed && reader.at == reader.end);
    ule_buffer_close(&body);
}

int main(void) {
    Suite *suite = suite_create("acl");
    TCase *tests = tcase_create("acl");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, without_principals_nobody_is_asked);
    tcase_add_loop_test(tests, what_cannot_be_is_said, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tests, an_answer_that_ends_early_is_empty_from_there_on);
    tcase_add_test(tests, what_is_written_is_read);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
