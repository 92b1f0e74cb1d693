/* SPDX-License-Identifier: MIT */
#include "kafka/client.h"
#include "kafka/mock.h"
#include "lib/suite.h"
#include "ops/log.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct mock mock;
static struct ule_config *config;
static struct ule_error error;

static void setup(void) {
    error = (struct ule_error){0};
}

static void teardown(void) {
    ule_config_free(config);
    config = NULL;
    mock_close(&mock);
}

static enum ule_code try_conf(const char *lines, rd_kafka_conf_t **conf) {
    config = mock_config(lines);
    return ule_kafka_conf(config, "ule-test", conf, &error);
}

static const char *value_of(const rd_kafka_conf_t *conf, const char *name) {
    static char value[256];
    size_t size = sizeof value;
    ck_assert_int_eq(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    return value;
}

START_TEST(what_the_guarantees_rest_on_is_set) {
    rd_kafka_conf_t *conf;
    ck_assert_int_eq(try_conf("kafka.bootstrap.servers = nowhere:1\nkafka.linger.ms = 50\n", &conf), ULE_OK);
    static const char *const expected[][2] = {
        {"client.id", "ule-test"},
        {"bootstrap.servers", "nowhere:1"},
        {"linger.ms", "50"},
        {"isolation.level", "read_committed"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"enable.idempotence", "true"},
        {"acks", "-1"},
        {"auto.offset.reset", "error"},
        {"transaction.timeout.ms", "10000"},
        {"session.timeout.ms", "10000"},
        {"message.max.bytes", "17825792"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_str_eq(value_of(conf, expected[i][0]), expected[i][1]);
    rd_kafka_conf_destroy(conf);
}

/* Refused before anything is connected to. */
static const struct {
    const char *lines, *says;
} refused[] = {
    {"kafka.acks = 1\n", "kafka.acks"},
    {"kafka.request.required.acks = 1\n", "kafka.request.required.acks"},
    {"kafka.auto.commit.enable = true\n", "kafka.auto.commit.enable"},
    {"kafka.auto.offset.reset = earliest\n", "kafka.auto.offset.reset"},
    {"kafka.client.id = x\n", "kafka.client.id"},
    {"kafka.delivery.report.only.error = true\n", "kafka.delivery.report.only.error"},
    {"kafka.enable.auto.commit = true\n", "kafka.enable.auto.commit"},
    {"kafka.enable.auto.offset.store = true\n", "kafka.enable.auto.offset.store"},
    {"kafka.enable.idempotence = false\n", "kafka.enable.idempotence"},
    {"kafka.enable.partition.eof = true\n", "kafka.enable.partition.eof"},
    {"kafka.group.id = x\n", "kafka.group.id"},
    {"kafka.group.instance.id = x\n", "kafka.group.instance.id"},
    {"kafka.isolation.level = read_uncommitted\n", "kafka.isolation.level"},
    {"kafka.partition.assignment.strategy = cooperative-sticky\n", "kafka.partition.assignment.strategy"},
    {"kafka.transactional.id = x\n", "kafka.transactional.id"},
    {"kafka.no.such.key = 1\n", "no.such.key"},
    {"kafka.linger.ms = soon\n", "linger.ms"},
};

START_TEST(a_key_that_cannot_be_set_is_named) {
    rd_kafka_conf_t *conf;
    ck_assert_int_eq(try_conf(refused[_i].lines, &conf), ULE_CONFIG);
    ck_assert_int_eq(error.action, ULE_ACTION_EXIT);
    ck_assert_msg(strstr(error.message, refused[_i].says) != NULL, "%s", error.message);
}

START_TEST(a_key_of_the_other_kind_of_client_is_no_mistake) {
    rd_kafka_conf_t *conf;
    rd_kafka_t *clients[2];
    mock_capture();
    enum ule_code codes[2];
    for (int i = 0; i < 2; i++) {
        codes[i] = try_conf("kafka.bootstrap.servers = 127.0.0.1:1\nkafka.fetch.wait.max.ms = 50\n"
                            "kafka.batch.size = 100000\nkafka.sticky.partitioning.linger.ms = 0\n",
                            &conf);
        ule_config_free(config);
        config = NULL;
        if (!codes[i])
            codes[i] = ule_kafka_client(i ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, &clients[i], &error);
        if (!codes[i])
            rd_kafka_destroy(clients[i]);
    }
    char *log = mock_captured();
    bool warned = strstr(log, "CONFWARN") != NULL;
    free(log);
    ck_assert(codes[0] == ULE_OK && codes[1] == ULE_OK);
    ck_assert(!warned);
}

START_TEST(keys_that_do_not_go_together_are_refused_with_librdkafkas_words) {
    rd_kafka_conf_t *conf;
    rd_kafka_t *client = NULL;
    ck_assert_int_eq(try_conf("kafka.session.timeout.ms = 6000\nkafka.max.poll.interval.ms = 1000\n", &conf), ULE_OK);
    ck_assert_int_eq(ule_kafka_client(RD_KAFKA_CONSUMER, conf, &client, &error), ULE_CONFIG);
    ck_assert_ptr_null(client);
    ck_assert_msg(strstr(error.message, "max.poll.interval.ms") != NULL, "%s", error.message);
}

START_TEST(librdkafkas_log_is_ours) {
    rd_kafka_conf_t *conf;
    rd_kafka_t *client = NULL;
    ck_assert_int_eq(try_conf("kafka.bootstrap.servers = 127.0.0.1:1\nkafka.debug = conf\n", &conf), ULE_OK);
    ule_log_open("ule-test", ULE_LOG_DEBUG);
    mock_capture();
    enum ule_code code = ule_kafka_client(RD_KAFKA_CONSUMER, conf, &client, &error);
    if (!code)
        rd_kafka_destroy(client);
    char *log = mock_captured();
    ule_log_open("ule", ULE_LOG_INFO);
    ck_assert_int_eq(code, ULE_OK);
    ck_assert_msg(strstr(log, "<7>event=kafka process=ule-test client=ule-test#consumer") != NULL, "%s", log);
    free(log);
}

static const struct {
    rd_kafka_resp_err_t failed;
    enum ule_code code;
    enum ule_action action;
    const char *says;
} classes[] = {
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ULE_FENCED, ULE_ACTION_EXIT, "instance.id"},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, ULE_KAFKA, ULE_ACTION_EXIT, "host's clock"},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ULE_KAFKA, ULE_ACTION_EXIT, "MSG_SIZE_TOO_LARGE"},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, ULE_KAFKA, ULE_ACTION_EXIT, ""},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, ULE_KAFKA, ULE_ACTION_EXIT, ""},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR__FENCED, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, ULE_KAFKA, ULE_ACTION_RESTART, ""},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ULE_KAFKA, ULE_ACTION_RESTART, "right on the topic"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ULE_KAFKA, ULE_ACTION_RESTART, "right on the group"},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, ULE_KAFKA, ULE_ACTION_RESTART, "transactional.id"},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ULE_KAFKA, ULE_ACTION_RESTART, "cluster"},
};

START_TEST(an_error_says_what_must_be_done) {
    ck_assert_int_eq(ule_kafka_fail_code(&error, classes[_i].failed, NULL, "cannot do it"), classes[_i].code);
    ck_assert_int_eq(error.code, classes[_i].code);
    ck_assert_int_eq(error.action, classes[_i].action);
    ck_assert_msg(strncmp(error.message, "cannot do it: ", 14) == 0, "%s", error.message);
    ck_assert_msg(strstr(error.message, classes[_i].says) != NULL, "%s", error.message);
    ck_assert_int_eq(ule_kafka_fail_code(NULL, classes[_i].failed, NULL, "cannot do it"), classes[_i].code);
}

/* As long as one of its messages is held, librdkafka's client does not end. */
START_TEST(a_client_that_does_not_end_is_left_to_itself) {
    mock_open(&mock, "");
    mock_fill(&mock, "there", 0, 1);
    rd_kafka_conf_t *conf;
    rd_kafka_t *client = NULL;
    ck_assert_int_eq(ule_kafka_conf(mock.config, "ule-test", &conf, &error), ULE_OK);
    ck_assert_int_eq(ule_kafka_client(RD_KAFKA_CONSUMER, conf, &client, &error), ULE_OK);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, "there", NULL);
    ck_assert_int_eq(rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING), 0);
    rd_kafka_message_t *message = rd_kafka_consume(topic, 0, 30000);
    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(rd_kafka_consume_stop(topic, 0), 0);
    rd_kafka_topic_destroy(topic);
    mock_capture();
    bool ended = ule_kafka_destroy(client);
    char *log = mock_captured();
    ck_assert(!ended);
    ck_assert_int_eq(ule_kafka_left(), 1);
    ck_assert_msg(strstr(log, "event=client-left") != NULL && strstr(log, "client=ule-test#consumer") != NULL, "%s",
                  log);
    free(log);
    rd_kafka_message_destroy(message);
    while (ule_kafka_left() > 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

START_TEST(the_partitions_of_a_topic_are_asked_for) {
    mock_open(&mock, "");
    ck_assert_int_eq(rd_kafka_mock_topic_create(mock.cluster, "there", 7, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_mock_topic_set_error(mock.cluster, "missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_mock_topic_set_error(mock.cluster, "secret", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_conf_t *conf;
    rd_kafka_t *client = NULL;
    ck_assert_int_eq(ule_kafka_conf(mock.config, "ule-test", &conf, &error), ULE_OK);
    ck_assert_int_eq(ule_kafka_client(RD_KAFKA_PRODUCER, conf, &client, &error), ULE_OK);
    int32_t count = -1;
    struct ule_error missing = {0}, secret = {0};
    mock_capture();
    enum ule_code codes[] = {ule_kafka_partitions(client, "there", &count, &error),
                             ule_kafka_partitions(client, "missing", &count, &missing),
                             ule_kafka_partitions(client, "secret", &count, &secret)};
    rd_kafka_destroy(client);
    free(mock_captured());
    ck_assert_msg(codes[0] == ULE_OK, "%s", error.message);
    ck_assert_int_eq(count, 7);
    ck_assert_int_eq(codes[1], ULE_KAFKA);
    ck_assert_int_eq(missing.action, ULE_ACTION_EXIT);
    ck_assert_msg(strstr(missing.message, "topic missing") != NULL, "%s", missing.message);
    ck_assert_int_eq(codes[2], ULE_KAFKA);
    ck_assert_int_eq(secret.action, ULE_ACTION_RESTART);
    ck_assert_msg(strstr(secret.message, "topic secret") != NULL, "%s", secret.message);
}

int main(void) {
    Suite *suite = suite_create("client");
    TCase *tests = tcase_create("client");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_the_guarantees_rest_on_is_set);
    tcase_add_loop_test(tests, a_key_that_cannot_be_set_is_named, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tests, a_key_of_the_other_kind_of_client_is_no_mistake);
    tcase_add_test(tests, keys_that_do_not_go_together_are_refused_with_librdkafkas_words);
    tcase_add_test(tests, librdkafkas_log_is_ours);
    tcase_add_loop_test(tests, an_error_says_what_must_be_done, 0, (int)(sizeof classes / sizeof *classes));
    tcase_add_test(tests, a_client_that_does_not_end_is_left_to_itself);
    tcase_add_test(tests, the_partitions_of_a_topic_are_asked_for);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
