/* SPDX-License-Identifier: MIT */
#include "ops/config.h"

#include "lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[128], secret_path[160];
static struct ule_config *config;
static struct ule_error error;

static void setup(void) {
    (void)snprintf(path, sizeof path, "%.80s/ule-test-config-%ld", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
                   (long)getpid());
    (void)snprintf(secret_path, sizeof secret_path, "%s.secret", path);
    error = (struct ule_error){0};
}

static void teardown(void) {
    ule_config_free(config);
    config = NULL;
    (void)unlink(path);
    (void)unlink(secret_path);
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static enum ule_code read_text(const char *text) {
    write_file(path, text);
    ule_config_free(config);
    config = NULL;
    return ule_config_read(path, &config, &error);
}

START_TEST(without_a_file_the_defaults_of_the_policy_hold) {
    ck_assert_int_eq(ule_config_read(NULL, &config, &error), ULE_OK);
    struct ule_policy policy;
    ule_policy_default(&policy);
    policy.foreign = config->policy.foreign;
    ck_assert_int_eq(policy.account_close_after_days, config->policy.account_close_after_days);
    ck_assert_int_eq(policy.tombstone_after_days, config->policy.tombstone_after_days);
    ck_assert_int_eq(policy.minimise_after_days, config->policy.minimise_after_days);
    ck_assert_int_eq(policy.nemid_closed_on, config->policy.nemid_closed_on);
    ck_assert_int_eq(policy.brake_minimum, config->policy.brake_minimum);
    ck_assert(policy.brake_share == config->policy.brake_share);
    ck_assert(policy.custody_institution_accept && config->policy.custody_institution_accept);
    ck_assert(!policy.custody_presume_parents && !config->policy.custody_presume_parents);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(policy.stil_access_level[i], config->policy.stil_access_level[i]);
    ck_assert_int_eq(config->max_line_bytes, 1 << 20);
    ck_assert_ptr_null(config->policy.secret);
}

START_TEST(a_file_changes_what_it_names) {
    ck_assert_int_eq(read_text("# ours\n\n  account.close-after-days=7\ncustody.unregistered = presume-parents\r\n"
                               "custody.institution-asserts = flag-only\ninstitution.foreign = 999001, 999002\n"
                               "nemid.closed-on = 2024-02-29\nbrake.share = 0.25\nstore.sync = true\n"
                               "kafka.bootstrap.servers = a:1,b:2\nkafka.ssl.key.password = hush\n"
                               "stil.access-level.sensitive = 30"),
                     ULE_OK);
    ck_assert_int_eq(config->policy.account_close_after_days, 7);
    ck_assert(config->policy.custody_presume_parents);
    ck_assert(!config->policy.custody_institution_accept);
    ck_assert_uint_eq(config->policy.foreign_count, 2);
    ck_assert_str_eq(config->policy.foreign[1], "999002");
    ck_assert_int_eq(config->policy.nemid_closed_on, ule_date_from_ymd(2024, 2, 29));
    ck_assert(config->policy.brake_share == 0.25);
    ck_assert(config->store_sync);
    ck_assert_int_eq(config->policy.stil_access_level[2], 30);
    ck_assert_uint_eq(config->kafka_count, 2);
    ck_assert_str_eq(config->kafka[0].name, "bootstrap.servers");
    ck_assert_str_eq(config->kafka[0].value, "a:1,b:2");
    ck_assert(ule_config_is_set(config, "store.sync"));
    ck_assert(!ule_config_is_set(config, "secret.file"));
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    ule_config_print(config, file);
    (void)fclose(file);
    ck_assert_ptr_nonnull(strstr(text, "account.close-after-days = 7\n"));
    ck_assert_ptr_nonnull(strstr(text, "kafka.ssl.key.password = (hidden)\n"));
    ck_assert_ptr_null(strstr(text, "hush"));
    free(text);
}

static const struct {
    const char *text, *message;
} refused[] = {
    {"\nacount.close-after-days = 3\n",
     ":2: unknown key acount.close-after-days; did you mean account.close-after-days?"},
    {"tombstones = 3", "did you mean tombstone.after-days?"},
    {"store.sync = yes", ":1: store.sync: expected true or false"},
    {"brake.share = 1.5", "brake.share: expected a number from 0 to 1"},
    {"brake.share = nan", "brake.share: expected a number from 0 to 1"},
    {"nemid.closed-on = 2023-02-29", "expected a date"},
    {"custody.unregistered = maybe", "expected presume-parents or none"},
    {"minimise.after-days = -1", "expected a whole number from 0"},
    {"minimise.after-days = 5x", "expected a whole number from 0"},
    {"institution.foreign = 12345", "six characters"},
    {"store.sync = true\nstore.sync = true", ":2: store.sync stands here a second time"},
    {"store.sync", ":1: expected key = value"},
    {"secret.file = /nonexistent/secret", "secret.file /nonexistent/secret: No such file"},
    {"registry.url = https://me:hush@host/path",
     ":1: registry.url: expected a URL without name and password, which go into registry.user and "
     "registry.password-file"},
    {"bootstrap.servers = a:1", "unknown key bootstrap.servers; did you mean kafka.bootstrap.servers?"},
    {"sasl.usernam = me", "unknown key sasl.usernam; did you mean kafka.sasl.username?"},
};

START_TEST(a_mistake_is_named_with_file_and_line) {
    ck_assert_int_ne(read_text(refused[_i].text), ULE_OK);
    ck_assert_msg(strstr(error.message, refused[_i].message) != NULL, "%s", error.message);
    ck_assert_ptr_null(strstr(error.message, "hush"));
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
}

START_TEST(a_secret_comes_from_a_file_beside_the_configuration) {
    write_file(secret_path, "0123456789abcdef\n");
    char text[256];
    (void)snprintf(text, sizeof text, "secret.file = %s\n", strrchr(secret_path, '/') + 1);
    ck_assert_int_eq(read_text(text), ULE_OK);
    ck_assert_uint_eq(config->policy.secret_size, 16);
    ck_assert(!ule_config_develop(config));
    char one[65], two[65], three[65];
    ule_config_digest(config, one);
    write_file(secret_path, "0123456789abcdeg\n");
    ck_assert_int_eq(read_text(text), ULE_OK);
    ule_config_digest(config, two);
    ck_assert_str_ne(one, two);
    write_file(secret_path, "0123456789abcdef");
    char more[400];
    (void)snprintf(more, sizeof more, "%sstore.sync = true\n", text);
    ck_assert_int_eq(read_text(more), ULE_OK);
    ule_config_digest(config, three);
    ck_assert_str_eq(one, three);
    (void)snprintf(more, sizeof more, "%sbrake.minimum = 3\n", text);
    ck_assert_int_eq(read_text(more), ULE_OK);
    ule_config_digest(config, two);
    ck_assert_str_ne(one, two);
    write_file(secret_path, "too short\n\n");
    ck_assert_int_eq(read_text(text), ULE_CONFIG);
}

START_TEST(a_key_for_librdkafka_may_come_from_a_file_and_is_not_printed) {
    write_file(secret_path, "made-up password\n");
    char text[256], printed[8192] = "";
    (void)snprintf(text, sizeof text, "kafka.sasl.password-file = %s\n", strrchr(secret_path, '/') + 1);
    ck_assert_int_eq(read_text(text), ULE_OK);
    ck_assert_uint_eq(config->kafka_count, 1);
    ck_assert_str_eq(config->kafka[0].name, "sasl.password");
    ck_assert_str_eq(config->kafka[0].value, "made-up password");
    FILE *file = fmemopen(printed, sizeof printed, "w");
    ck_assert_ptr_nonnull(file);
    ule_config_print(config, file);
    (void)fclose(file);
    ck_assert_ptr_nonnull(strstr(printed, "kafka.sasl.password = (hidden)"));
    ck_assert_ptr_null(strstr(printed, "made-up"));
    char twice[400];
    (void)snprintf(twice, sizeof twice, "%skafka.sasl.password = other\n", text);
    ck_assert_int_eq(read_text(twice), ULE_CONFIG);
    write_file(secret_path, "\n");
    ck_assert_int_eq(read_text(text), ULE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.message, "kafka.sasl.password-file"));
    (void)unlink(secret_path);
    ck_assert_int_eq(read_text(text), ULE_IO);
}

/* --check-config prints before it says that there is no such key. */
START_TEST(a_secret_is_not_printed_under_a_name_that_is_misspelt) {
    static const char *const names[] = {"sasl.password", "sasl.pasword", "ssl.key.passwrd",
                                        "sasl.passwort", "client.secrt", "ssl.key.pem"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[128], printed[16384] = "";
        (void)snprintf(text, sizeof text, "kafka.%s = made-up\n", names[i]);
        ck_assert_int_eq(read_text(text), ULE_OK);
        FILE *file = fmemopen(printed, sizeof printed, "w");
        ck_assert_ptr_nonnull(file);
        ule_config_print(config, file);
        (void)fclose(file);
        ck_assert_msg(!strstr(printed, "made-up") && strstr(printed, "(hidden)"), "%s", names[i]);
    }
}

START_TEST(a_secret_that_every_user_can_read_is_told) {
    char text[256];
    (void)snprintf(text, sizeof text, "kafka.sasl.password-file = %s\n", secret_path);
    write_file(secret_path, "0123456789abcdef");
    ck_assert_int_eq(chmod(secret_path, 0640), 0);
    ck_assert_int_eq(read_text(text), ULE_OK);
    ck_assert_ptr_null(config->readable_by_all);
    ck_assert_int_eq(chmod(secret_path, 0644), 0);
    ck_assert_int_eq(read_text(text), ULE_OK);
    ck_assert_str_eq(config->readable_by_all, secret_path);
}

START_TEST(a_folder_too_is_beside_the_file_that_names_it) {
    char beside[160];
    (void)snprintf(beside, sizeof beside, "%.*s/state", (int)(strrchr(path, '/') - path), path);
    ck_assert_int_eq(read_text("state.dir = state\n"), ULE_OK);
    ck_assert_str_eq(config->state_dir, beside);
    ck_assert_int_eq(read_text("state.dir = /var/state\n"), ULE_OK);
    ck_assert_str_eq(config->state_dir, "/var/state");
}

START_TEST(a_mark_of_byte_order_in_front_says_nothing) {
    ck_assert_msg(read_text("\xef\xbb\xbfinstance.id = a\r\n") == ULE_OK, "%s", error.message);
    ck_assert_str_eq(config->instance_id, "a");
}

START_TEST(a_replay_forgets_nobody_unless_told_to) {
    ck_assert_int_eq(read_text(""), ULE_OK);
    ule_config_for_replay(config);
    ck_assert_int_eq(config->policy.minimise_after_days, 0);
    ck_assert_int_eq(read_text("minimise.after-days = 90"), ULE_OK);
    ule_config_for_replay(config);
    ck_assert_int_eq(config->policy.minimise_after_days, 90);
}

START_TEST(keys_are_uuids_of_version_8_and_depend_on_the_secret) {
    ck_assert_int_eq(read_text(""), ULE_OK);
    ck_assert(ule_config_develop(config));
    char key[37], other[37], pseudonym[15];
    ule_policy_person_key(&config->policy, "alien:1", key);
    ck_assert_uint_eq(strlen(key), 36);
    ck_assert_int_eq(key[14], '8');
    ck_assert_ptr_nonnull(strchr("89ab", key[19]));
    /* RFC 4231, test case 2: HMAC-SHA-256 begins 5bdcc146bf60754e6a042426089575c7 */
    struct ule_policy policy = config->policy;
    policy.secret = (const uint8_t *)"Jefe";
    policy.secret_size = 4;
    ule_policy_person_key(&policy, "what do ya want for nothing?", other);
    ck_assert_str_eq(other, "5bdcc146-bf60-854e-aa04-2426089575c7");
    ule_policy_pseudonym(&policy, "what do ya want for nothing?", pseudonym);
    ck_assert_str_eq(pseudonym, "p-5bdcc146bf60");
}

static char *help(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    ule_config_print_help(file);
    (void)fclose(file);
    ck_assert_ptr_nonnull(text);
    return text;
}

START_TEST(the_table_of_settings_is_alphabetical_and_its_help_is_a_configuration) {
    char *text = help(), last[64] = "";
    ck_assert_int_eq(read_text(text), ULE_OK);
    /* Each default without its #: what is said to hold is what may be written. */
    char *settings = calloc(1, strlen(text) + 1), *rest = text;
    ck_assert_ptr_nonnull(settings);
    size_t count = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && strncmp(line, "# kafka.", 8) != 0;) {
        size_t size = strspn(line, "# abcdefghijklmnopqrstuvwxyz.-");
        if (strncmp(line, "# ", 2) != 0 || line[size] != '=' || line[size - 1] != ' ')
            continue;
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)(size - 3), line + 2);
        ck_assert_str_lt(last, name);
        (void)snprintf(last, sizeof last, "%s", name);
        (void)strcat(strcat(settings, line + 2), "\n"); /* NOLINT: as large as all of it */
        count++;
    }
    ck_assert_uint_eq(count, ULE_CONFIG_SETTINGS);
    ck_assert_msg(read_text(settings) == ULE_OK, "%s", error.message);
    free(settings);
    free(text);
}

START_TEST(the_sample_configuration_is_what_the_help_says) {
    char *text = help(), *sample = calloc(1, 1 << 16);
    FILE *file = fopen("deploy/ule.conf.sample", "r");
    ck_assert_ptr_nonnull(sample);
    ck_assert_msg(file != NULL, "deploy/ule.conf.sample");
    (void)fread(sample, 1, (1 << 16) - 1, file);
    (void)fclose(file);
    ck_assert_msg(strcmp(sample, text) == 0, "make it anew: ule replay --help-config >deploy/ule.conf.sample");
    free(sample);
    free(text);
}

START_TEST(what_holds_is_explained_with_where_it_comes_from) {
    char text[16384] = "";
    ck_assert_int_eq(read_text("batch.messages = 7\nkafka.session.timeout.ms = 9\ntopic.unilogin.case.v1 = b\n"),
                     ULE_OK);
    FILE *file = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(file);
    ule_config_print(config, file);
    (void)fclose(file);
    ck_assert_ptr_nonnull(strstr(text, "# a transaction covers so many messages at most\n"
                                       "# from the file; the default is 10000\n"
                                       "batch.messages = 7\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n# not in the file: the default\nbatch.milliseconds = 100\n"));
    ck_assert_ptr_nonnull(strstr(text, "so long\n# from the file\nkafka.session.timeout.ms = 9\n"));
    ck_assert_ptr_nonnull(strstr(text, "topic unilogin.case.v1\n# from the file\ntopic.unilogin.case.v1 = b\n"));
    ck_assert_int_eq(read_text(text), ULE_OK); /* a configuration again, which says the same */
    ck_assert_int_eq(config->batch_messages, 7);
}

int main(void) {
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, without_a_file_the_defaults_of_the_policy_hold);
    tcase_add_test(tests, a_file_changes_what_it_names);
    tcase_add_loop_test(tests, a_mistake_is_named_with_file_and_line, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tests, a_secret_comes_from_a_file_beside_the_configuration);
    tcase_add_test(tests, a_key_for_librdkafka_may_come_from_a_file_and_is_not_printed);
    tcase_add_test(tests, a_secret_is_not_printed_under_a_name_that_is_misspelt);
    tcase_add_test(tests, a_secret_that_every_user_can_read_is_told);
    tcase_add_test(tests, a_folder_too_is_beside_the_file_that_names_it);
    tcase_add_test(tests, a_mark_of_byte_order_in_front_says_nothing);
    tcase_add_test(tests, a_replay_forgets_nobody_unless_told_to);
    tcase_add_test(tests, keys_are_uuids_of_version_8_and_depend_on_the_secret);
    tcase_add_test(tests, the_table_of_settings_is_alphabetical_and_its_help_is_a_configuration);
    tcase_add_test(tests, the_sample_configuration_is_what_the_help_says);
    tcase_add_test(tests, what_holds_is_explained_with_where_it_comes_from);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
