/* SPDX-License-Identifier: MIT */
/* Configuration: a flat file of `key = value` lines (design.md section 10). `#` begins a comment line; a value is the
 * rest of its line without blanks around it. A key that is not known, or stands twice, is an error with file and line.
 * Keys that begin with `kafka.` are kept for librdkafka as they are; `kafka.NAME-file` gives NAME what stands in a
 * file, as a password should. `topic.NAME` gives a topic another name than the one of design.md section 3. Secrets
 * stand in files of their own. */
#ifndef ULE_OPS_CONFIG_H
#define ULE_OPS_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "core/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ule_config_pair {
    const char *name, *value; /* the name without its prefix */
};

enum { ULE_CONFIG_SETTINGS = 55 };

/* acl.principal.*: what people and programs do here, each with the rights for it (kafka/acl.h). */
enum ule_acl_role {
    ULE_ACL_AUDITOR,
    ULE_ACL_CASE_WORKER,
    ULE_ACL_CPR,
    ULE_ACL_DEAD_LETTERS,
    ULE_ACL_ENGINEER,
    ULE_ACL_MUNICIPALITY,
    ULE_ACL_NEMID,
    ULE_ACL_OPERATOR,
    ULE_ACL_OPTAGELSE,
    ULE_ACL_PLATFORM,
    ULE_ACL_SUBSCRIPTIONS,
    ULE_ACL_UDLST,
    ULE_ACL_CPR_CHANGE,
    ULE_ACL_FAMILY,
    ULE_ACL_INSTITUTION,
    ULE_ACL_NEMID_ISSUANCE,
    ULE_ACL_RESIDENCE_PERMIT,
    ULE_ACL_ROLES,
};

/* registry.*: the schema registry (registry/registry.h). Texts are NULL when not set. */
struct ule_config_registry {
    const char *url, *user, *password_file, *ca_file, *certificate_file, *key_file;
    int32_t timeout_ms;
    bool registers;
};

/* http.*: ops/http.h. Texts are NULL when not set. */
struct ule_config_http {
    const char *listen, *tls_certificate_file, *tls_client_ca_file, *tls_key_file;
    int32_t stalled_seconds;
};

/* Plain to read; only the functions here write it. All pointers lead into its arena. */
struct ule_config {
    struct ule_policy policy;
    const char *secret_file;   /* secret.file, NULL when not set */
    int64_t max_line_bytes;    /* recording.max-line-bytes */
    int64_t store_batch_bytes; /* store.batch-bytes */
    int64_t store_map_bytes;   /* store.map-bytes */
    bool store_sync;           /* store.sync */
    const char *instance_id;   /* instance.id, NULL when not set */
    const char *state_dir;     /* state.dir, NULL when not set */
    int32_t partitions, batch_messages, batch_milliseconds;
    struct ule_config_registry registry;
    struct ule_config_http http;
    const char *principals[ULE_ACL_ROLES]; /* NULL when not set */
    const char *log_file;                  /* log.file, NULL when not set */
    bool clock_publish;                    /* clock = publish */
    const char *readable_by_all;           /* a file with a secret that every user of the host can read, or NULL */
    struct ule_config_pair *kafka;         /* kafka.NAME = VALUE */
    struct ule_config_pair *topics;        /* topic.NAME = VALUE: a topic of design.md section 3 under another name */
    size_t kafka_count, topics_count;
    const char *texts[ULE_CONFIG_SETTINGS]; /* as they were written, or the default; in the order of the table */
    bool set[ULE_CONFIG_SETTINGS];          /* by the file */
    struct ule_arena *arena;
};

/* Defaults, then the file over them; `path` NULL: defaults only. A relative secret.file is beside the file that names
 * it. ULE_CONFIG, or ULE_IO when a file cannot be read. */
enum ule_code ule_config_read(const char *path, struct ule_config **out, struct ule_error *error) ULE_MUST_CHECK;
void ule_config_free(struct ule_config *config); /* takes NULL */

/* How unlike two names of keys are: 0 when they are the same. */
size_t ule_config_distance(const char *a, const char *b);
bool ule_config_is_set(const struct ule_config *config, const char *name);
/* The value of kafka.<name>, NULL when not set. */
const char *ule_config_kafka(const struct ule_config *config, const char *name);
/* What the topic that design.md section 3 calls `name` is called here. */
const char *ule_config_topic(const struct ule_config *config, const char *name);
/* Where no secret is configured: a fixed one that everybody knows, for replays of made-up persons. True when it was. */
bool ule_config_develop(struct ule_config *config);
/* A replay without `minimise.after-days` forgets nobody (domain.md section 9). */
void ule_config_for_replay(struct ule_config *config);
/* SHA-256 in hexadecimal of the secret and of every setting that decides what comes out. */
void ule_config_digest(const struct ule_config *config, char digest[static 65]);
/* The effective values, secrets hidden, each with what it does and where it comes from: what --check-config prints. */
void ule_config_print(const struct ule_config *config, FILE *file);
/* Every setting with its default and what it does, as comments: the sample configuration. */
void ule_config_print_help(FILE *file);

#endif
