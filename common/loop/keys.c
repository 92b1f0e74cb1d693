/* SPDX-License-Identifier: MIT */
#include "loop/keys.h"

#include "kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ule_code check_topics(const struct ule_config *config, struct ule_error *error) {
    size_t count;
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    for (size_t i = 0; i < config->topics_count; i++) {
        const char *name = config->topics[i].name, *best = plans[0].name;
        if (ule_topic_plan_named(NULL, name))
            continue;
        for (size_t j = 1; j < count; j++) {
            if (ule_config_distance(name, plans[j].name) < ule_config_distance(name, best))
                best = plans[j].name;
        }
        return ule_fail(error, ULE_CONFIG, "topic.%.100s: there is no such topic; did you mean topic.%s?", name, best);
    }
    return ULE_OK;
}

/* librdkafka lists all that it knows for people only: as a table, each row beginning with a name. */
static void find_nearest(const char *name, char *best, size_t size) {
    char *table = NULL;
    size_t table_size = 0, least = SIZE_MAX;
    FILE *file = open_memstream(&table, &table_size);
    if (!file)
        abort();
    rd_kafka_conf_properties_show(file);
    (void)fclose(file);
    char *rest = table;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t width = strspn(line, "abcdefghijklmnopqrstuvwxyz._");
        if (!width || strncmp(line + width + strspn(line + width, " "), "|", 1) != 0)
            continue;
        line[width] = '\0';
        size_t distance = ule_config_distance(name, line);
        if (distance < least) {
            least = distance;
            (void)snprintf(best, size, "%s", line);
        }
    }
    free(table);
}

static enum ule_code check_kafka(const struct ule_config *config, struct ule_error *error) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum ule_code code = ULE_OK;
    char best[128] = "";
    for (size_t i = 0; i < config->kafka_count && code == ULE_OK; i++) {
        const struct ule_config_pair *pair = &config->kafka[i];
        if (rd_kafka_conf_set(conf, pair->name, pair->value, NULL, 0) != RD_KAFKA_CONF_UNKNOWN)
            continue;
        find_nearest(pair->name, best, sizeof best);
        code = ule_fail(error, ULE_CONFIG, "kafka.%.100s: librdkafka does not know it; did you mean kafka.%s?",
                        pair->name, best);
    }
    rd_kafka_conf_destroy(conf);
    if (code != ULE_OK)
        return code;
    code = ule_kafka_conf(config, "check", &conf, error); /* values, and what must not be set */
    if (code == ULE_OK)
        rd_kafka_conf_destroy(conf);
    return code;
}

enum ule_code ule_keys_check(const struct ule_config *config, struct ule_error *error) {
    if (!ule_config_kafka(config, "bootstrap.servers") && !ule_config_kafka(config, "metadata.broker.list"))
        return ule_fail(error, ULE_CONFIG, "kafka.bootstrap.servers: not set");
    enum ule_code code = check_topics(config, error);
    return code == ULE_OK ? check_kafka(config, error) : code;
}
