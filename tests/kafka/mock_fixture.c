/* SPDX-License-Identifier: MIT */
#include "kafka/mock.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int kept_stderr = -1;
static FILE *capture;

struct ule_config *mock_config(const char *lines) {
    char path[160];
    (void)snprintf(path, sizeof path, "%.80s/ule-test-kafka-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, lines, strlen(lines)), (ssize_t)strlen(lines));
    ck_assert_int_eq(close(descriptor), 0);
    struct ule_config *config = NULL;
    struct ule_error error = {0};
    enum ule_code code = ule_config_read(path, &config, &error);
    (void)unlink(path);
    ck_assert_msg(code == ULE_OK, "%s", error.message);
    return config;
}

void mock_open(struct mock *mock, const char *more) {
    char text[512], lines[1024];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
    mock->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    ck_assert_ptr_nonnull(mock->host);
    mock->cluster = rd_kafka_mock_cluster_new(mock->host, 1);
    ck_assert_ptr_nonnull(mock->cluster);
    (void)snprintf(lines, sizeof lines, "kafka.bootstrap.servers = %s\n%s",
                   rd_kafka_mock_cluster_bootstraps(mock->cluster), more);
    mock->config = mock_config(lines);
}

void mock_close(struct mock *mock) {
    ule_config_free(mock->config);
    if (mock->cluster)
        rd_kafka_mock_cluster_destroy(mock->cluster);
    if (mock->host)
        rd_kafka_destroy(mock->host);
    *mock = (struct mock){0};
}

void mock_inject(struct mock *mock, enum request request, rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors_array(mock->cluster, (int16_t)request, 1, &error);
}

void mock_fill(struct mock *mock, const char *topic, int32_t partition, int count) {
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    ck_assert_int_eq(rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(mock->cluster), text,
                                       sizeof text),
                     RD_KAFKA_CONF_OK);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    ck_assert_ptr_nonnull(client);
    for (int i = 0; i < count; i++) {
        int size = snprintf(text, sizeof text, "%d", i);
        const rd_kafka_vu_t arguments[] = {
            {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
            {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
            {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {text, (size_t)size}},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        };
        ck_assert_ptr_null(rd_kafka_produceva(client, arguments, sizeof arguments / sizeof *arguments));
    }
    ck_assert_int_eq(rd_kafka_flush(client, 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(client);
}

void mock_capture(void) {
    (void)fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    capture = tmpfile();
    ck_assert_ptr_nonnull(capture);
    ck_assert_int_ge(dup2(fileno(capture), STDERR_FILENO), 0);
}

char *mock_captured(void) {
    (void)fflush(stderr);
    ck_assert_int_ge(dup2(kept_stderr, STDERR_FILENO), 0);
    (void)close(kept_stderr);
    ck_assert_int_eq(fseek(capture, 0, SEEK_END), 0);
    long size = ftell(capture);
    ck_assert_int_ge(size, 0);
    rewind(capture);
    char *text = calloc(1, (size_t)size + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text, 1, (size_t)size, capture), (size_t)size);
    (void)fclose(capture);
    return text;
}
