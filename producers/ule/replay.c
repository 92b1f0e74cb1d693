/* SPDX-License-Identifier: MIT */
/* `ule replay`: recorded topics through the whole engine, into recorded topics (design.md section 8). */
#include "ule/replay.h"

#include "ule/commands.h"
#include "ule/replay_inbox.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] = "usage: ule replay --from DIR --to DIR [OPTION...]\n"
                           "\n"
                           "Plays the input topics recorded in one folder through all rules and writes what comes\n"
                           "out as a recording into another; then prints a summary.\n"
                           "\n"
                           "  -f, --from DIR        cpr.person-changed.v1.jsonl and the like; .avro as well\n"
                           "  -t, --to DIR          made where there is none; must hold no recording yet\n"
                           "  -a, --as-of DATE      let time go on to this day (yyyy-mm-dd) after the last record\n"
                           "  -F, --format FORMAT   of what is written: jsonl (the default) or avro\n"
                           "  -p, --partitions N    so many stores, 1 to 1024; what comes out is the same (default 1)\n"
                           "  -s, --state DIR       keep the state there, and go on from it\n"
                           "  -c, --config FILE     settings and secret; every setting: --help-config\n"
                           "  -S, --shuffle SEED    take the records of each day, and what they cause, in an order\n"
                           "                        drawn at random that a live run might have; not with --state\n"
                           "  -i, --inbox           replay the recorded ule.person-inbox.v1 in place of the inputs:\n"
                           "                        key by key the same values as the live run gave\n"
                           "  -h, --help            this text\n"
                           "      --help-config     every setting with its default, as a sample file\n"
                           "\n"
                           "A recording is a folder with a file a topic. <topic>.jsonl has one JSON object a line:\n"
                           "topic, partition, offset, ts (ms), key, payload, perhaps headers, as `kcat -J` writes it.\n"
                           "<topic>.avro is an object container file of the same, the payload in the bytes of the\n"
                           "topic. A file of a topic that is neither read nor written here is an error, as is a\n"
                           "folder without any input; output topics, expected.jsonl, hidden files and other endings\n"
                           "are passed over.\n"
                           "\n"
                           "Records are taken by ts, then topic, partition and offset. One that cannot be read goes\n"
                           "to <topic>.dead-letter.v1 with the reason; that is no error. What is written has\n"
                           "partition 0 and the ts of the record that it comes from.\n"
                           "\n"
                           "With --state a later replay of the same folder, a longer one, or one with only what is\n"
                           "new takes what has not been taken. Into the same --to it appends; into a new one it\n"
                           "writes what is new, so that the files of all runs one after another equal those of one\n"
                           "run. The summary counts over all of them. A run that was killed is gone on with by the\n"
                           "same command.\n"
                           "\n"
                           "Exits 0; 1 when something went wrong; 2 when the command line is wrong.\n";

static int usage(const char *message, const char *value) {
    (void)fprintf(stderr, "ule replay: %s%s\nTry 'ule replay --help'.\n", message, value ? value : "");
    return ULE_EXIT_USAGE;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number <= most;
}

/* 0, or the exit code after a message. */
static int take_option(int option, struct ule_replay_options *options) {
    uint64_t number = 0;
    switch (option) {
    case 'f': options->from = optarg; return 0;
    case 't': options->to = optarg; return 0;
    case 's': options->state = optarg; return 0;
    case 'c': options->config = optarg; return 0;
    case 'a':
        options->as_of = ule_date_parse(optarg);
        return options->as_of == ULE_DATE_NONE ? usage("--as-of expects a date, yyyy-mm-dd, not ", optarg) : 0;
    case 'F':
        options->format = strcmp(optarg, "avro") == 0 ? ULE_FORMAT_AVRO : ULE_FORMAT_JSONL;
        return options->format == ULE_FORMAT_JSONL && strcmp(optarg, "jsonl") != 0
                   ? usage("--format expects jsonl or avro, not ", optarg)
                   : 0;
    case 'p':
        if (!parse_number(optarg, 1024, &number) || number == 0)
            return usage("--partitions expects a number from 1 to 1024, not ", optarg);
        options->partitions = (unsigned)number;
        return 0;
    case 'i': options->inbox = true; return 0;
    case 'S':
        options->shuffle = true;
        return parse_number(optarg, UINT64_MAX, &options->seed)
                   ? 0
                   : usage("--shuffle expects a whole number, not ", optarg);
    default: return usage("see the options", NULL);
    }
}

int ule_replay_main(int argc, char **argv) {
    enum { HELP_CONFIG = 1000 };
    static const struct option longs[] = {
        {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},
        {"as-of", required_argument, NULL, 'a'},
        {"format", required_argument, NULL, 'F'},
        {"state", required_argument, NULL, 's'},
        {"partitions", required_argument, NULL, 'p'},
        {"config", required_argument, NULL, 'c'},
        {"shuffle", required_argument, NULL, 'S'},
        {"inbox", no_argument, NULL, 'i'},
        {"help", no_argument, NULL, 'h'},
        {"help-config", no_argument, NULL, HELP_CONFIG},
        {NULL, 0, NULL, 0},
    };
    struct ule_replay_options options = {.as_of = ULE_DATE_NONE, .partitions = 1};
    for (int option; (option = getopt_long(argc, argv, "f:t:a:F:p:s:c:S:ih", longs, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return ULE_EXIT_OK;
        }
        if (option == HELP_CONFIG) {
            ule_config_print_help(stdout);
            return ULE_EXIT_OK;
        }
        int wrong = take_option(option, &options);
        if (wrong)
            return wrong;
    }
    if (optind < argc)
        return usage("unexpected: ", argv[optind]);
    if (!options.from || !options.to)
        return usage("expected --from DIR and --to DIR", NULL);
    if (options.shuffle && options.state)
        return usage("--shuffle takes whole days and --state may stop in the middle of one: not both", NULL);
    if (options.inbox &&
        (options.shuffle || options.state || options.as_of != ULE_DATE_NONE || options.partitions != 1))
        return usage("--inbox has its own order, days and partitions: not with -S, -s, -a or -p", NULL);
    (void)umask(077); /* what is written concerns persons */
    struct ule_error error = {0};
    enum ule_code code = options.inbox
                             ? ule_replay_inbox(options.from, options.to, options.config, options.format, &error)
                             : ule_replay_run(&options, &error);
    if (code == ULE_OK)
        return ULE_EXIT_OK;
    (void)fprintf(stderr, "ule replay: %s\n", error.message);
    return code == ULE_USAGE ? ULE_EXIT_USAGE : ULE_EXIT_FOUND;
}
