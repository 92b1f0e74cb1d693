/* SPDX-License-Identifier: MIT */
/* `ule extract FILE... --to DIR`: CPR extract files to a recording of cpr.person-changed.v1. */
#include "ule/commands.h"

#include "cpr/delivery.h"

#include <getopt.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "usage: ule extract FILE... --to DIR\n"
                           "\n"
                           "Reads CPR extract files (P12170, U12160, U12170) in the order given and appends the\n"
                           "persons in them to the recording DIR/" ULE_CPR_TOPIC ".jsonl.\n"
                           "\n"
                           "An extract is loaded whole or not at all: it is read to its end and counted before\n"
                           "anything of it is kept. DIR/" ULE_CPR_LAST_PRODUCTION " holds the production date of the\n"
                           "last extract of each task; one that does not follow on it is refused, because an\n"
                           "extract was missed, and so is one that has been loaded.\n"
                           "\n"
                           "  -t, --to DIR   folder of the recording; made where there is none\n"
                           "  -h, --help     this text\n"
                           "\n"
                           "Exits 0 when all was loaded, 1 when an extract was refused (those before it are\n"
                           "loaded), 2 when the command line is wrong.\n";

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

int ule_extract_main(int argc, char **argv) {
    static const struct option options[] = {
        {"to", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *to = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
        switch (option) {
        case 't': to = optarg; break;
        case 'h': fputs(help, stdout); return ULE_EXIT_OK;
        default: fputs("Try 'ule extract --help'.\n", stderr); return ULE_EXIT_USAGE;
        }
    }
    if (!to || optind == argc) {
        fprintf(stderr, "ule extract: expected %s\nTry 'ule extract --help'.\n", to ? "at least one FILE" : "--to DIR");
        return ULE_EXIT_USAGE;
    }
    return run(to, argv + optind, argc - optind);
}
