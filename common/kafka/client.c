/* SPDX-License-Identifier: MIT */
#include "kafka/client.h"

#include <stdlib.h>

void ule_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    if (rd_kafka_conf_set(conf, name, value, NULL, 0) != RD_KAFKA_CONF_OK)
        abort(); /* a name or value of our own that librdkafka does not know */
}
