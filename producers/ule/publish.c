/* SPDX-License-Identifier: MIT */
/* `ule publish`: a recording to Kafka (design.md sections 6 and 9). */
#include "ule/publish.h"

#include "ule/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const char name[] = "ule publish";
static const char help[] =
    "usage: ule publish --from DIR --config FILE [OPTION...]\n"
    "\n"
    "Sends the input topics of a recording to Kafka, in the order in which a replay takes them, with\n"
    "the key and the time of each record. The partition follows from the key (murmur2); the one that\n"
    "stands in the recording is not kept. What cannot be decoded is sent as it stands, and becomes a\n"
    "dead letter.\n"
    "\n"
    "  -f, --from DIR      a file a topic, .jsonl or .avro, as 'ule replay' reads it\n"
    "  -c, --config FILE   brokers and names\n"
    "  -s, --speed X       X times as fast as it was recorded; without it as fast as it goes\n"
    "  -a, --as-of DATE    with clock = publish: let time go on to this day (yyyy-mm-dd) at the end\n"
    "  -w, --wait          return only when the five processes have taken all of it\n"
    "  -h, --help          this text\n"
    "\n"
    "With clock = publish in the configuration the days are those of the recording: before the first\n"
    "record of each new day it waits until the groups of all five processes have taken everything, and\n"
    "then writes the Tick of the day to every partition of the inbox; every day that passes gets one.\n"
    "The processes must be running, with the same configuration, and the topics keep what is old\n"
    "('ule topics apply --keep-for-ever').\n"
    "\n"
    "Nothing is remembered: a second run sends everything a second time. Records that are equal to what\n"
    "is known change nothing, but they stand in the topics twice.\n"
    "\n"
    "Exits 0; 1 when something went wrong, or a line was too large to be sent; 2 when the command line\n"
    "is wrong.\n";

struct options {
    const char *from, *config;
    double speed;
    int32_t as_of;
    bool wait;
};

static int take_options(int argc, char **argv, struct options *options) {
    static const struct option longs[] = {
        {"from", required_argument, NULL, 'f'},
        {"config", required_argument, NULL, 'c'},
        {"speed", required_argument, NULL, 's'},
        {"as-of", required_argument, NULL, 'a'},
        {"wait", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "f:c:s:a:wh", longs, NULL)) != -1;) {
        char *end;
        switch (option) {
        case 'f': options->from = optarg; break;
        case 'c': options->config = optarg; break;
        case 'w': options->wait = true; break;
        case 's':
            options->speed = strtod(optarg, &end);
            if (end == optarg || *end || !isfinite(options->speed) || options->speed <= 0)
                return ule_live_usage(name, "--speed expects a number above 0, not ", optarg);
            break;
        case 'a':
            options->as_of = ule_date_parse(optarg);
            if (options->as_of == ULE_DATE_NONE)
                return ule_live_usage(name, "--as-of expects a date, yyyy-mm-dd, not ", optarg);
            break;
        case 'h': (void)fputs(help, stdout); return -1;
        default: return ule_live_usage(name, "see the options", NULL);
        }
    }
    if (optind < argc)
        return ule_live_usage(name, "unexpected: ", argv[optind]);
    return options->from && options->config ? 0 : ule_live_usage(name, "expected --from DIR and --config FILE", NULL);
}

int ule_publish_main(int argc, char **argv) {
    struct options options = {.as_of = ULE_DATE_NONE};
    int wrong = take_options(argc, argv, &options);
    if (wrong)
        return wrong < 0 ? ULE_EXIT_OK : wrong;
    ule_live_catch();
    struct ule_config *config = NULL;
    struct ule_error error = {0};
    struct ule_published_counts counts = {0};
    enum ule_code code = ule_live_config(options.config, &config, &error);
    if (code == ULE_OK && options.as_of != ULE_DATE_NONE && !config->clock_publish)
        code = ule_fail(&error, ULE_USAGE, "--as-of needs clock = publish: else the days are the host's");
    if (code == ULE_OK) {
        const struct ule_publish_options publish = {
            .from = options.from,
            .config = config,
            .speed = options.speed,
            .ticks = config->clock_publish,
            .as_of = options.as_of,
            .wait = options.wait,
        };
        code = ule_publish_run(&publish, &counts, &error);
        (void)printf("%" PRIu64 " records sent, %" PRIu64 " of them as they stood, %" PRIu64 " days\n", counts.records,
                     counts.raw, counts.days);
    }
    ule_config_free(config);
    if (code != ULE_OK)
        return ule_live_failed(name, code, &error);
    if (counts.missing)
        (void)fprintf(stderr, "%s: %" PRIu64 " records could not be read and were not sent\n", name, counts.missing);
    return counts.missing ? ULE_EXIT_FOUND : ULE_EXIT_OK;
}
