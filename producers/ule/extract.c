/* SPDX-License-Identifier: MIT */
/* `ule extract FILE...`: CPR extract files to a recording of cpr.person-changed.v1, or to Kafka. */
#include "ule/commands.h"

#include "cpr/delivery.h"
#include "ule/extract_publish.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "usage: ule extract FILE... --to DIR\n"
                           "       ule extract FILE... --publish --config FILE [--keep DIR]\n"
                           "\n"
                           "Reads CPR extract files (P12170, U12160, U12170) in the order given and appends the\n"
                           "persons in them to the recording DIR/" ULE_CPR_TOPIC ".jsonl, or sends them to Kafka.\n"
                           "\n"
                           "An extract is loaded whole or not at all: it is read to its end and counted before\n"
                           "anything of it is kept. DIR/" ULE_CPR_LAST_PRODUCTION " holds the production date of the\n"
                           "last extract of each task; one that does not follow on it is refused, because an\n"
                           "extract was missed, and so is one that has been loaded.\n"
                           "\n"
                           "  -t, --to DIR        folder of the recording; made where there is none\n"
                           "  -p, --publish       send to Kafka instead\n"
                           "  -c, --config FILE   with --publish: brokers and names\n"
                           "  -k, --keep DIR      with --publish: DIR/" ULE_EXTRACT_OUTBOX
                           " holds the production dates,\n"
                           "                      and what has been read but not sent yet; without it the folder\n"
                           "                      of the configuration file\n"
                           "  -h, --help          this text\n"
                           "\n"
                           "What could not be sent, because the brokers were away, goes first the next time; then\n"
                           "some of it may be sent twice, which changes nothing.\n"
                           "\n"
                           "Exits 0 when all was loaded, 1 when an extract was refused (those before it are\n"
                           "loaded) or not sent, 2 when the command line is wrong.\n";

struct progress {
    struct timespec start;
    time_t shown; /* seconds since start at which something was last shown; 0 before */
};

static void show_progress(void *context, const char *path, uint64_t done, uint64_t size) {
    struct progress *progress = context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t seconds = now.tv_sec - progress->start.tv_sec;
    if (seconds <= progress->shown)
        return;
    progress->shown = seconds;
    if (size > 0)
        fprintf(stderr, "\r\033[K%s: %u %%", path, (unsigned)(done * 100 / size));
    else
        fprintf(stderr, "\r\033[K%s: %llu MB", path, (unsigned long long)(done / 1000000));
}

static enum ule_code load(struct ule_cpr_delivery *delivery, const char *path, struct ule_error *error) {
    struct progress progress = {.shown = 0};
    struct ule_cpr_header header;
    struct ule_cpr_summary summary;
    const bool terminal = isatty(STDERR_FILENO) == 1;
    clock_gettime(CLOCK_MONOTONIC, &progress.start);
    const enum ule_code code = ule_cpr_delivery_load(delivery, path, terminal ? show_progress : NULL, &progress,
                                                     &header, &summary, error);
    if (progress.shown > 0)
        fputs("\r\033[K", stderr);
    if (code)
        return code;
    char produced[11];
    printf("%s: task %s of %s: %llu persons, %llu subscriptions ended, %llu records\n", path, header.task,
           ule_date_format(header.produced, produced), (unsigned long long)summary.persons,
           (unsigned long long)summary.ended, (unsigned long long)summary.records);
    if (summary.errors > 0)
        fprintf(stderr, "%s: %llu records 910: CPR could not follow as many of our orders\n", path,
                (unsigned long long)summary.errors);
    if (summary.unknown > 0)
        fprintf(stderr, "%s: %llu records of types that the layout does not have were stepped over\n", path,
                (unsigned long long)summary.unknown);
    return ULE_OK;
}

static int run(const char *to, char **files, int count) {
    struct ule_error error = {.code = ULE_OK};
    struct ule_cpr_delivery *delivery = NULL;
    enum ule_code code = ule_cpr_delivery_open(to, &delivery, &error);
    for (int i = 0; i < count && !code; i++)
        code = load(delivery, files[i], &error);
    if (code)
        fprintf(stderr, "ule extract: %s\n", error.message);
    if (delivery) {
        const enum ule_code committed = ule_cpr_delivery_commit(delivery, &error);
        if (committed)
            fprintf(stderr, "ule extract: %s\n", error.message);
        code = code ? code : committed;
    }
    ule_cpr_delivery_close(delivery);
    return code ? ULE_EXIT_FOUND : ULE_EXIT_OK;
}

struct options {
    const char *to, *config, *keep;
    bool publish;
};

/* What an earlier run loaded but could not send, then these files; what is loaded is sent also when a later one was
 * refused. */
static int publish(const struct options *options, char **files, int count) {
    struct ule_error error = {.code = ULE_OK};
    struct ule_extract_outbox *outbox = NULL;
    enum ule_code code = ule_extract_outbox_open(options->config, options->keep, &outbox, &error);
    if (!code)
        code = ule_extract_outbox_send(outbox, &error);
    int exit_code = ULE_EXIT_OK;
    if (!code) {
        exit_code = run(ule_extract_outbox_dir(outbox), files, count);
        code = ule_extract_outbox_send(outbox, &error);
    }
    if (code)
        fprintf(stderr, "ule extract: %s\n", error.message);
    ule_extract_outbox_close(outbox);
    return code ? ULE_EXIT_FOUND : exit_code;
}

static int usage(const char *message) {
    fprintf(stderr, "ule extract: %s\nTry 'ule extract --help'.\n", message);
    return ULE_EXIT_USAGE;
}

static int check(const struct options *options, bool files) {
    if (!options->to && !options->publish)
        return usage("expected --to DIR, or --publish");
    if (options->to && options->publish)
        return usage("expected --to DIR or --publish, not both");
    if (options->publish != (options->config != NULL))
        return usage("--publish and --config FILE go together");
    if (options->keep && !options->publish)
        return usage("--keep goes with --publish");
    return files ? ULE_EXIT_OK : usage("expected at least one FILE");
}

int ule_extract_main(int argc, char **argv) {
    static const struct option longs[] = {
        {"to", required_argument, NULL, 't'},     {"publish", no_argument, NULL, 'p'},
        {"config", required_argument, NULL, 'c'}, {"keep", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option;
    while ((option = getopt_long(argc, argv, "t:pc:k:h", longs, NULL)) != -1) {
        switch (option) {
        case 't': options.to = optarg; break;
        case 'p': options.publish = true; break;
        case 'c': options.config = optarg; break;
        case 'k': options.keep = optarg; break;
        case 'h': fputs(help, stdout); return ULE_EXIT_OK;
        default: fputs("Try 'ule extract --help'.\n", stderr); return ULE_EXIT_USAGE;
        }
    }
    const int wrong = check(&options, optind < argc);
    if (wrong)
        return wrong;
    if (!options.publish)
        return run(options.to, argv + optind, argc - optind);
    (void)umask(077); /* what is written concerns persons */
    return publish(&options, argv + optind, argc - optind);
}
