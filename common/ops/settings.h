/* SPDX-License-Identifier: MIT */
/* The one table of settings: what a file is read by, what --check-config and the sample configuration say. For
 * ops/config.c and ops/settings.c alone. */
#ifndef ULE_OPS_SETTINGS_H
#define ULE_OPS_SETTINGS_H

#include "ops/config.h"

enum ule_setting_type {
    ULE_SETTING_BOOLEAN,
    ULE_SETTING_BYTES,
    ULE_SETTING_CHOICE,
    ULE_SETTING_COUNT,
    ULE_SETTING_DATE,
    ULE_SETTING_DAYS,
    ULE_SETTING_LEVEL,
    ULE_SETTING_NUMBERS,
    ULE_SETTING_PATH,
    ULE_SETTING_SHARE,
    ULE_SETTING_TEXT,
    ULE_SETTING_URL
};

struct ule_setting {
    const char *name;
    enum ule_setting_type type;
    const char *fallback;
    size_t offset;        /* in struct ule_config */
    bool decides;         /* changes what comes out of the core */
    const char *yes, *no; /* ULE_SETTING_CHOICE: the words for true and false */
    const char *help;
};

#define ULE_KAFKA_PREFIX "kafka."
#define ULE_TOPIC_PREFIX "topic."

/* In alphabetical order. */
extern const struct ule_setting ule_settings[ULE_CONFIG_SETTINGS];
/* The setting whose name is most like this one; or kafka.NAME, where it is like a NAME that many need. */
const char *ule_settings_nearest(const char *name);

#endif
