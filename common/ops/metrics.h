/* SPDX-License-Identifier: MIT */
/* What a process counts about itself, for Prometheus (text format 0.0.4). One table in metrics.c names every metric, so
 * that one look tells that no person can be told from them: a label is a topic, a partition, an error code or a word of
 * our own schemas, and never an institution, a person, or text from outside.
 *
 * One thread counts; another may render. What belongs to a transaction is counted with ule_metric_add and shows when
 * ule_metrics_commit is called, or never: an aborted batch is taken again, and would be counted twice. */
#ifndef ULE_OPS_METRICS_H
#define ULE_OPS_METRICS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum ule_metric {
    ULE_METRIC_ACCOUNTS,             /* state */
    ULE_METRIC_BUILD_INFO,           /* process, version */
    ULE_METRIC_CASES_OPEN,           /* case */
    ULE_METRIC_DEAD_LETTERS,         /* topic, code */
    ULE_METRIC_LAG,                  /* topic, partition */
    ULE_METRIC_NOTES,                /* note */
    ULE_METRIC_PARTITIONS,           /* stage */
    ULE_METRIC_READY,                /* - */
    ULE_METRIC_RECORDS_SENT,         /* topic */
    ULE_METRIC_RECORDS_TAKEN,        /* topic, result */
    ULE_METRIC_REGISTRY_REQUESTS,    /* result */
    ULE_METRIC_RESTORE_OFFSETS_LEFT, /* - */
    ULE_METRIC_RESTORE_RECORDS,      /* - */
    ULE_METRIC_SESSIONS_ENDED,       /* code */
    ULE_METRIC_STARTED,              /* - */
    ULE_METRIC_STORE_BYTES,          /* - */
    ULE_METRIC_STORE_ENTITIES,       /* - */
    ULE_METRIC_TRANSACTION_COMMIT,   /* histogram */
    ULE_METRIC_TRANSACTIONS_ABORTED, /* - */
    ULE_METRIC_COUNT,
};

/* The values of a metric's labels, in the order of the table; NULL where it has fewer. They are copied; short, and few
 * different ones. */

/* Counters. Shows with the next ule_metrics_commit. */
void ule_metric_add(enum ule_metric metric, const char *first, const char *second, uint64_t count);
/* Counters that belong to no transaction: shows at once. */
void ule_metric_count(enum ule_metric metric, const char *first, const char *second);
/* Gauges: shows at once. */
void ule_metric_set(enum ule_metric metric, const char *first, const char *second, double value);
/* Histograms: shows at once. In seconds. */
void ule_metric_observe(enum ule_metric metric, double seconds);
/* A gauge is no longer ours to tell (a partition that is gone): all its series vanish. */
void ule_metric_clear(enum ule_metric metric);

void ule_metrics_commit(void);
void ule_metrics_abort(void);

/* The whole page, appended. Any thread. */
void ule_metrics_render(struct ule_buffer *out);
/* Every metric with its help text, as if each had been counted once: for a check of the names. */
void ule_metrics_render_all(struct ule_buffer *out);
/* Forgets everything: for tests. */
void ule_metrics_reset(void);

#endif
