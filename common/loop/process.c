/* SPDX-License-Identifier: MIT */
#include "loop/process.h"

#include "base/clock.h"
#include "kafka/client.h"
#include "loop/keys.h"
#include "ops/health.h"
#include "ops/http.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "ops/notify.h"
#include "registry/registry.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_FENCED = 78 };

static volatile sig_atomic_t stop;

static void on_stop(int signal_number) {
    (void)signal_number;
    stop = 1;
}

/* A log on stderr is reopened by whoever reads it; a terminal that goes away must not end the process. */
static void on_hangup(int signal_number) {
    (void)signal_number;
    ule_log_ask_reopen();
}

static void handle_signals(void) {
    const struct sigaction stopping = {.sa_handler = on_stop}, hangup = {.sa_handler = on_hangup};
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGTERM, &stopping, NULL);
    (void)sigaction(SIGINT, &stopping, NULL);
    (void)sigaction(SIGHUP, &hangup, NULL);
    (void)sigaction(SIGPIPE, &ignored, NULL);
}

/* No core dump, no file that others can read (domain.md section 9, S4 § 8). */
static void protect(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)umask(077);
}

static void print_help(const struct ule_process *process, FILE *file) {
    (void)fprintf(
        file,
        "usage: %s --config FILE [OPTION...]\n"
        "\n"
        "%s\n"
        "\n"
        "  --config FILE      key = value lines; needs kafka.bootstrap.servers and instance.id%s\n"
        "  --check-config     print the effective configuration, secrets hidden, and exit\n"
        "%s"
        "  --verbose          log what librdkafka and the process do in detail\n"
        "  --version          the version\n"
        "  --help             this text\n"
        "\n"
        "Stops at SIGTERM: what was taken is committed, and the group is left. Exits with 0 when told to stop,\n"
        "1 when it cannot go on, 2 on a wrong option or configuration, 78 when another process with the same\n"
        "id has taken its place.\n",
        process->name, process->says, process->stateful ? ",\n                     state.dir and secret.file" : "",
        process->stateful
            ? "  --allow-jump       let the civil date move on by more than seven days at once\n"
              "  --allow-new-inbox  take the inbox from its beginning where there are states and no offset\n"
            : "");
}

static enum ule_code check(const struct ule_process *process, const struct ule_config *config,
                           struct ule_error *error) {
    if (!config->instance_id || strlen(config->instance_id) > 100)
        return ule_fail(error, ULE_CONFIG, "instance.id: expected 1 to 100 bytes");
    if (config->partitions < 1 || config->batch_messages < 1)
        return ule_fail(error, ULE_CONFIG, "partitions and batch.messages: expected at least 1");
    if (process->stateful && !config->state_dir)
        return ule_fail(error, ULE_CONFIG, "state.dir: not set");
    if (process->stateful && !config->policy.secret)
        return ule_fail(error, ULE_CONFIG, "secret.file: not set");
    struct ule_registry *registry = NULL;
    enum ule_code code = ule_registry_open(config, &registry, error); /* which asks nothing yet */
    ule_registry_close(registry);
    if (code == ULE_OK)
        code = ule_http_check(config, error);
    return code == ULE_OK ? ule_keys_check(config, error) : code;
}

/* For a person at a terminal; the journal is told that it is an error. Where the log is a file, stderr is that file. */
static int refuse(const struct ule_process *process, const struct ule_error *error) {
    (void)fprintf(stderr, "%s%s: %s\n", getenv("JOURNAL_STREAM") ? "<3>" : "", process->name, error->message);
    return EXIT_USAGE;
}

static int status_of(const struct ule_process *process, enum ule_code code, const struct ule_error *error) {
    if (code == ULE_OK) {
        ule_log(ULE_LOG_NOTICE, "stopped", "%s", "");
        return EXIT_SUCCESS;
    }
    if (code == ULE_CONFIG || code == ULE_USAGE)
        return refuse(process, error);
    ule_log_error(ULE_LOG_ERROR, "ended", error);
    return code == ULE_FENCED ? EXIT_FENCED : EXIT_FAILURE;
}

static void begin_telling(const struct ule_process *process) {
    ule_metric_set(ULE_METRIC_BUILD_INFO, process->name, ULE_VERSION, 1);
    ule_metric_set(ULE_METRIC_STARTED, NULL, NULL, (double)ule_clock_wall() / 1000);
    ule_metric_add(ULE_METRIC_TRANSACTIONS_ABORTED, NULL, NULL, 0);
    ule_ready_set(ULE_READY_BROKERS, false, "not connected yet");
    ule_ready_set(ULE_READY_ASSIGNED, false, "none are assigned yet");
    ule_health_turn();
}

static int run(const struct ule_process *process, const struct ule_config *config, const struct ule_permits *permits) {
    struct ule_error error = {0};
    void *made = NULL;
    const struct ule_task *task = NULL;
    struct ule_http *http = NULL;
    char file[512];
    enum ule_code code = check(process, config, &error);
    if (code != ULE_OK)
        return refuse(process, &error);
    if (config->log_file)
        code = ule_log_to_file(config->log_file, &error);
    begin_telling(process);
    if (code == ULE_OK && config->readable_by_all)
        ule_log(ULE_LOG_WARNING, "readable-by-all", "file=%s",
                ule_log_quote(config->readable_by_all, file, sizeof file));
    if (code == ULE_OK)
        code = ule_http_open(config, &http, &error);
    if (code == ULE_OK)
        code = process->new_task(process, config, permits, &made, &task, &error);
    if (code == ULE_OK) {
        code = ule_worker_run(config, task, &stop, &error);
        ule_notify_stopping();
        process->free_task(made);
    }
    ule_http_close(http);
    int status = status_of(process, code, &error);
    if (ule_kafka_left() > 0) { /* what exit clears away may be in use by one of them */
        (void)fflush(NULL);
        _exit(status);
    }
    return status;
}

int ule_process_main(int argc, char **argv, const struct ule_process *process) {
    enum { CONFIG = 1, CHECK, JUMP, NEW_INBOX, VERBOSE, VERSION, HELP };
    static const struct option options[] = {
        {"config", required_argument, NULL, CONFIG}, {"check-config", no_argument, NULL, CHECK},
        {"allow-jump", no_argument, NULL, JUMP},     {"allow-new-inbox", no_argument, NULL, NEW_INBOX},
        {"verbose", no_argument, NULL, VERBOSE},     {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, HELP},           {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    bool check_only = false, verbose = false;
    struct ule_permits permits = {0};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case CONFIG: path = optarg; break;
        case CHECK: check_only = true; break;
        case JUMP: permits.jump = true; break;
        case NEW_INBOX: permits.new_inbox = true; break;
        case VERBOSE: verbose = true; break;
        case VERSION: (void)printf("%s " ULE_VERSION "\n", process->name); return EXIT_SUCCESS;
        case HELP: print_help(process, stdout); return EXIT_SUCCESS;
        default: print_help(process, stderr); return EXIT_USAGE;
        }
    }
    if (!path || optind != argc || ((permits.jump || permits.new_inbox) && !process->stateful)) {
        print_help(process, stderr);
        return EXIT_USAGE;
    }
    protect();
    ule_log_open(process->name, verbose ? ULE_LOG_DEBUG : ULE_LOG_INFO);
    struct ule_error error = {0};
    struct ule_config *config = NULL;
    enum ule_code code = ule_config_read(path, &config, &error);
    if (code != ULE_OK)
        return refuse(process, &error);
    int status = EXIT_SUCCESS;
    if (check_only) {
        ule_config_print(config, stdout);
        code = check(process, config, &error);
        status = code == ULE_OK ? EXIT_SUCCESS : refuse(process, &error);
    } else {
        handle_signals();
        status = run(process, config, &permits);
    }
    ule_config_free(config);
    return status;
}
