/* SPDX-License-Identifier: MIT */
#include "kafka/statistics.h"

#include "ops/health.h"
#include "ops/metrics.h"

#include <jansson.h>
#include <string.h>

static int64_t number(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

/* A transaction's mark takes an offset, and nobody is given it: with nothing left to be given, what counts is how far
 * was read, else an idle partition would be behind for ever. */
static void take_partition(const char *topic, const char *name, const json_t *partition) {
    int64_t end = number(partition, "ls_offset"), taken = number(partition, "app_offset");
    int64_t read = number(partition, "next_offset");
    if (!json_is_true(json_object_get(partition, "desired")) || end < 0 || (taken < 0 && read < 0))
        return;
    if (taken < 0 || (number(partition, "fetchq_cnt") == 0 && read > taken))
        taken = read;
    ule_metric_set(ULE_METRIC_LAG, topic, name, end > taken ? (double)(end - taken) : 0);
}

static void take_brokers(json_t *brokers) {
    bool reached = false;
    const char *name;
    json_t *broker;
    json_object_foreach(brokers, name, broker) {
        const char *state = json_string_value(json_object_get(broker, "state"));
        reached |= state && (strcmp(state, "UP") == 0 || strcmp(state, "UPDATE") == 0);
    }
    ule_ready_set(ULE_READY_BROKERS, reached, "none can be reached");
}

void ule_kafka_take_statistics(const char *text, size_t size) {
    json_t *all = json_loadb(text, size, 0, NULL);
    const char *topic_name, *name;
    json_t *topic, *partition;
    if (!all)
        return;
    take_brokers(json_object_get(all, "brokers"));
    json_t *topics = json_object_get(all, "topics");
    json_object_foreach(topics, topic_name, topic) {
        json_t *partitions = json_object_get(topic, "partitions");
        json_object_foreach(partitions, name, partition) {
            take_partition(topic_name, name, partition);
        }
    }
    json_decref(all);
}

static int on_statistics(rd_kafka_t *client, char *text, size_t size, void *opaque) {
    (void)client;
    (void)opaque;
    ule_kafka_take_statistics(text, size);
    return 0; /* librdkafka frees it */
}

void ule_kafka_want_statistics(const struct ule_config *config, rd_kafka_conf_t *conf) {
    if (!ule_config_kafka(config, "statistics.interval.ms"))
        ule_kafka_set(conf, "statistics.interval.ms", "5000");
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
}
