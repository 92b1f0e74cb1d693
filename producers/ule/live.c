/* SPDX-License-Identifier: MIT */
#include "ule/live.h"

#include "core/step.h"
#include "loop/keys.h"
#include "loop/source.h"
#include "ops/log.h"
#include "ule/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

void ule_live_catch(void) {
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool ule_live_interrupted(void) {
    return interrupted != 0;
}

enum ule_code ule_live_config(const char *path, struct ule_config **out, struct ule_error *error) {
    ule_log_open("ule", ULE_LOG_ERROR);
    struct ule_config *config = NULL;
    enum ule_code code = ule_config_read(path, &config, error);
    if (code == ULE_OK)
        code = ule_keys_check(config, error);
    if (code != ULE_OK) {
        ule_config_free(config);
        return code;
    }
    if (ule_config_develop(config))
        (void)fputs("ule: no secret.file is configured: pseudonyms are made with a secret that everybody knows\n",
                    stderr);
    *out = config;
    return ULE_OK;
}

enum ule_code ule_live_client(const struct ule_config *config, rd_kafka_t **out, struct ule_error *error) {
    rd_kafka_conf_t *conf;
    enum ule_code code = ule_kafka_conf(config, "ule", &conf, error);
    if (code != ULE_OK)
        return code;
    ule_kafka_set(conf, "isolation.level", "read_uncommitted");
    return ule_kafka_client(RD_KAFKA_CONSUMER, conf, out, error);
}

int ule_live_failed(const char *command, enum ule_code code, const struct ule_error *error) {
    (void)fprintf(stderr, "%s: %s\n", command, error->message);
    return code == ULE_USAGE ? ULE_EXIT_USAGE : ULE_EXIT_FOUND;
}

int ule_live_usage(const char *command, const char *message, const char *value) {
    (void)fprintf(stderr, "%s: %s%s\nTry '%s --help'.\n", command, message, value ? value : "", command);
    return ULE_EXIT_USAGE;
}

bool ule_live_number(const char *text, int64_t most, int64_t *number) {
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || parsed > most)
        return false;
    *number = parsed;
    return true;
}

static double seconds_between(const struct timespec *from, const struct timespec *to) {
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static bool is_due(struct ule_progress *progress) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (!progress->begun) {
        progress->begun = true;
        progress->terminal = isatty(STDERR_FILENO) == 1;
        progress->started = now;
    }
    if (!progress->terminal || seconds_between(&progress->started, &now) < 1 ||
        (progress->shown && seconds_between(&progress->last, &now) < 0.2))
        return false;
    progress->last = now;
    progress->shown = true;
    return true;
}

void ule_progress_show(struct ule_progress *progress, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 does not see the va_start above */
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (!is_due(progress))
        return;
    (void)fprintf(stderr, "\r\033[K%s", line);
    (void)fflush(stderr);
}

void ule_progress_end(struct ule_progress *progress) {
    if (progress->shown)
        (void)fputs("\r\033[K", stderr);
    progress->shown = false;
}

const char *const *ule_live_files(size_t *count) {
    enum { MOST = 32 };
    static const char *names[MOST] = {"expected"};
    const struct ule_topic_plan *plans = ule_topic_plans(count);
    for (size_t i = 0; i < *count && i + 1 < MOST; i++)
        names[i + 1] = plans[i].name;
    ++*count;
    return names;
}

const struct ule_topic_plan *ule_live_original(const struct ule_topic_plan *dead_letter) {
    size_t count, size = strlen(dead_letter->name) - strlen(ULE_DEAD_LETTER_SUFFIX);
    const struct ule_topic_plan *plans = ule_topic_plans(&count);
    for (size_t i = 0; i < count; i++) {
        if (strlen(plans[i].name) == size && strncmp(plans[i].name, dead_letter->name, size) == 0)
            return &plans[i];
    }
    return dead_letter;
}

const struct ule_record *ule_live_record(const struct ule_topic_plan *plan) {
    if (plan->kind == ULE_TOPIC_DEAD_LETTER)
        plan = ule_live_original(plan);
    for (size_t i = 0; i < ULE_SOURCE_COUNT; i++) {
        if (strcmp(ule_sources[i].topic, plan->name) == 0)
            return ule_sources[i].record;
    }
    for (size_t i = 0; i < ULE_TOPIC_COUNT; i++) {
        if (strcmp(ule_topic_names[i], plan->name) == 0)
            return ule_topic_records[i];
    }
    if (strcmp(plan->name, ULE_INBOX_TOPIC) == 0)
        return &ule_inbox_message_record;
    return strcmp(plan->name, ULE_CHANGELOG_TOPIC) == 0 ? &ule_person_state_record : &ule_cpr_transaction_record;
}

const char *ule_live_masked(const struct ule_config *config, const void *key, size_t size, char masked[static 15]) {
    if (!key) {
        masked[0] = '-';
        masked[1] = '\0';
        return masked;
    }
    char *text = strndup(key, size);
    if (!text)
        abort();
    ule_policy_pseudonym(&config->policy, text, masked);
    free(text);
    return masked;
}
