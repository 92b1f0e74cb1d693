/* SPDX-License-Identifier: MIT */
#include "ops/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct description {
    const char *name;
    enum kind kind;
    const char *labels[2];
    const char *help;
};

static const struct description descriptions[ULE_METRIC_COUNT] = {
    [ULE_METRIC_ACCOUNTS] = {"ule_accounts", GAUGE, {"state"}, "Accounts of this member's partitions, as published."},
    [ULE_METRIC_BUILD_INFO] = {"ule_build_info", GAUGE, {"process", "version"}, "Always 1: what runs here."},
    [ULE_METRIC_CASES_OPEN] = {"ule_cases_open",
                               GAUGE,
                               {"case"},
                               "Open cases of this member's partitions, as published."},
    [ULE_METRIC_DEAD_LETTERS] = {"ule_dead_letters_total",
                                 COUNTER,
                                 {"topic", "code"},
                                 "Records set aside, by the input they came from and the reason."},
    [ULE_METRIC_LAG] = {"ule_lag_records",
                        GAUGE,
                        {"topic", "partition"},
                        "Offsets between what was taken and the end of what may be read."},
    [ULE_METRIC_NOTES] = {"ule_notes_total", COUNTER, {"note"}, "What messages did besides what they published."},
    [ULE_METRIC_PARTITIONS] = {"ule_partitions", GAUGE, {"stage"}, "Partitions of this member, by what they do."},
    [ULE_METRIC_READY] = {"ule_ready", GAUGE, {NULL}, "1 when nothing is missing for this process to work."},
    [ULE_METRIC_RECORDS_SENT] = {"ule_records_sent_total",
                                 COUNTER,
                                 {"topic"},
                                 "Records written, in transactions that were committed."},
    [ULE_METRIC_RECORDS_TAKEN] = {"ule_records_taken_total",
                                  COUNTER,
                                  {"topic", "result"},
                                  "Records read, in transactions that were committed."},
    [ULE_METRIC_REGISTRY_REQUESTS] = {"ule_registry_requests_total",
                                      COUNTER,
                                      {"result"},
                                      "Questions to the schema registry."},
    [ULE_METRIC_RESTORE_OFFSETS_LEFT] = {"ule_restore_offsets_left",
                                         GAUGE,
                                         {NULL},
                                         "Offsets of the changelog still to be read before all partitions are ready."},
    [ULE_METRIC_RESTORE_RECORDS] = {"ule_restore_records",
                                    GAUGE,
                                    {NULL},
                                    "Records of the changelog read since these partitions were assigned."},
    [ULE_METRIC_SESSIONS_ENDED] = {"ule_sessions_ended_total",
                                   COUNTER,
                                   {"code"},
                                   "Times that everything was dropped and started as from boot."},
    [ULE_METRIC_STARTED] = {"ule_start_time_seconds", GAUGE, {NULL}, "When this process started, since 1970 UTC."},
    [ULE_METRIC_STORE_BYTES] = {"ule_store_bytes", GAUGE, {NULL}, "Disk that the stores take."},
    [ULE_METRIC_STORE_ENTITIES] = {"ule_store_records", GAUGE, {NULL}, "Records in the stores."},
    [ULE_METRIC_TRANSACTIONS_ABORTED] = {"ule_transactions_aborted_total",
                                         COUNTER,
                                         {NULL},
                                         "Transactions that were begun and not committed."},
    [ULE_METRIC_TRANSACTION_COMMIT] = {"ule_transaction_commit_seconds",
                                       HISTOGRAM,
                                       {NULL},
                                       "Time that the commit of a transaction took."},
};

/* One line of the page. Only the counting thread adds, changes and frees series; the mutex keeps the lists whole while
 * another reads them. The value is read without it. */
struct series {
    struct series *next;
    char *values[2];
    uint64_t pending; /* the counting thread's own */
    _Atomic double value;
};

static struct series *lists[ULE_METRIC_COUNT];
static struct series *latest[ULE_METRIC_COUNT]; /* found last: mostly the one that is looked for next */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* A commit to three brokers on one machine takes 5 to 20 ms; transaction.timeout.ms is 10 s. */
static const double bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
enum { BOUNDS = sizeof bounds / sizeof *bounds };
static _Atomic uint64_t buckets[BOUNDS + 1]; /* of the one histogram there is; the last: above all bounds */
static _Atomic double bucket_sum;

static bool is_value(const char *value, const char *text) {
    return value == text || (value && text && strcmp(value, text) == 0);
}

static bool is_series(const struct series *series, const char *first, const char *second) {
    return series && is_value(series->values[1], second) && is_value(series->values[0], first);
}

static char *copy(const char *text) {
    char *made = text ? strdup(text) : NULL;
    if (text && !made)
        abort();
    return made;
}

static struct series *find(enum ule_metric metric, const char *first, const char *second) {
    if (is_series(latest[metric], first, second))
        return latest[metric];
    struct series **end = &lists[metric];
    for (; *end; end = &(*end)->next) {
        if (is_series(*end, first, second))
            return latest[metric] = *end;
    }
    struct series *series = calloc(1, sizeof *series);
    if (!series)
        abort();
    series->values[0] = copy(first);
    series->values[1] = copy(second);
    (void)pthread_mutex_lock(&mutex);
    *end = series;
    (void)pthread_mutex_unlock(&mutex);
    return latest[metric] = series;
}

static void raise_by(_Atomic double *value, double by) {
    atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + by, memory_order_relaxed);
}

void ule_metric_add(enum ule_metric metric, const char *first, const char *second, uint64_t count) {
    find(metric, first, second)->pending += count;
}

void ule_metric_count(enum ule_metric metric, const char *first, const char *second) {
    raise_by(&find(metric, first, second)->value, 1);
}

void ule_metric_set(enum ule_metric metric, const char *first, const char *second, double value) {
    atomic_store_explicit(&find(metric, first, second)->value, value, memory_order_relaxed);
}

void ule_metric_observe(enum ule_metric metric, double seconds) {
    (void)metric;
    size_t i = 0;
    while (i < BOUNDS && seconds > bounds[i])
        i++;
    atomic_fetch_add_explicit(&buckets[i], 1, memory_order_relaxed);
    raise_by(&bucket_sum, seconds);
}

void ule_metric_clear(enum ule_metric metric) {
    (void)pthread_mutex_lock(&mutex);
    struct series *series = lists[metric];
    lists[metric] = latest[metric] = NULL;
    (void)pthread_mutex_unlock(&mutex);
    while (series) {
        struct series *next = series->next;
        free(series->values[0]);
        free(series->values[1]);
        free(series);
        series = next;
    }
}

static void settle(bool committed) {
    for (size_t i = 0; i < ULE_METRIC_COUNT; i++) {
        for (struct series *series = lists[i]; series; series = series->next) {
            if (committed && series->pending)
                raise_by(&series->value, (double)series->pending);
            series->pending = 0;
        }
    }
}

void ule_metrics_commit(void) {
    settle(true);
}

void ule_metrics_abort(void) {
    settle(false);
}

static void put(struct ule_buffer *out, const char *text) {
    ule_buffer_append(out, text, strlen(text));
}

static void put_label(struct ule_buffer *out, const char *name, const char *value) {
    put(out, name);
    put(out, "=\"");
    for (const char *at = value; *at; at++) {
        if (*at == '\\' || *at == '"')
            put(out, "\\");
        if (*at == '\n')
            put(out, "\\n");
        else
            ule_buffer_append(out, at, 1);
    }
    put(out, "\"");
}

static void put_value(struct ule_buffer *out, double value) {
    char text[40];
    bool whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;
    (void)(whole ? snprintf(text, sizeof text, " %" PRId64 "\n", (int64_t)value)
                 : snprintf(text, sizeof text, " %.15g\n", value));
    put(out, text);
}

static void put_head(struct ule_buffer *out, const struct description *description) {
    static const char *const kinds[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    char text[400];
    (void)snprintf(text, sizeof text, "# HELP %s %s\n# TYPE %s %s\n", description->name, description->help,
                   description->name, kinds[description->kind]);
    put(out, text);
}

static void put_series(struct ule_buffer *out, const struct description *description, const char *const values[2],
                       double value) {
    put(out, description->name);
    for (size_t i = 0; i < 2 && description->labels[i]; i++) {
        put(out, i ? "," : "{");
        put_label(out, description->labels[i], values[i] ? values[i] : "");
    }
    put(out, description->labels[0] ? "}" : "");
    put_value(out, value);
}

static void put_histogram(struct ule_buffer *out, const struct description *description) {
    char text[160];
    uint64_t count = 0;
    for (size_t i = 0; i <= BOUNDS; i++) {
        count += atomic_load_explicit(&buckets[i], memory_order_relaxed);
        char bound[24] = "+Inf";
        if (i < BOUNDS)
            (void)snprintf(bound, sizeof bound, "%g", bounds[i]);
        (void)snprintf(text, sizeof text, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", description->name, bound, count);
        put(out, text);
    }
    (void)snprintf(text, sizeof text, "%s_sum %.15g\n%s_count %" PRIu64 "\n", description->name,
                   atomic_load_explicit(&bucket_sum, memory_order_relaxed), description->name, count);
    put(out, text);
}

void ule_metrics_render(struct ule_buffer *out) {
    (void)pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < ULE_METRIC_COUNT; i++) {
        const struct description *description = &descriptions[i];
        if (lists[i] || description->kind == HISTOGRAM)
            put_head(out, description);
        if (description->kind == HISTOGRAM)
            put_histogram(out, description);
        for (const struct series *series = lists[i]; series; series = series->next)
            put_series(out, description, (const char *const *)series->values,
                       atomic_load_explicit(&series->value, memory_order_relaxed));
    }
    (void)pthread_mutex_unlock(&mutex);
}

void ule_metrics_render_all(struct ule_buffer *out) {
    for (size_t i = 0; i < ULE_METRIC_COUNT; i++) {
        put_head(out, &descriptions[i]);
        if (descriptions[i].kind == HISTOGRAM)
            put_histogram(out, &descriptions[i]);
        else
            put_series(out, &descriptions[i], (const char *const[]){"1", "1"}, 1);
    }
}

void ule_metrics_reset(void) {
    for (size_t i = 0; i < ULE_METRIC_COUNT; i++)
        ule_metric_clear((enum ule_metric)i);
    for (size_t i = 0; i <= BOUNDS; i++)
        atomic_store(&buckets[i], 0);
    atomic_store(&bucket_sum, 0);
}
