/* SPDX-License-Identifier: MIT */
/* `ule generate`: the command line. */
#include "ule/generate.h"

#include "ule/commands.h"

#include "base/date.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: ule generate --persons N --days D --seed S --to DIR [OPTION...]\n"
                           "\n"
                           "Makes up a population with its families, schools, permits and credentials, and days of\n"
                           "changes in it, as a recording of the five input topics. The first day has all as it is\n"
                           "then; each of the days after it has so many changes. Nobody in it exists: no number\n"
                           "passes modulus 11. The same options make the same bytes.\n"
                           "\n"
                           "  -n, --persons N       1 to 3200000\n"
                           "  -d, --days D          days of changes after the first day, 0 to 3650\n"
                           "  -s, --seed S          a whole number\n"
                           "  -t, --to DIR          made where there is none; must hold no recording yet\n"
                           "  -x, --extract         CPR's part as extract files, too: DIR/extract/<date>.cpr, the\n"
                           "                        first with everybody; `ule extract` reads them in that order\n"
                           "  -m, --changes M       a day, up to 1000000 (default: a hundredth of N)\n"
                           "  -F, --format FORMAT   jsonl (the default) or avro\n"
                           "  -a, --start DATE      the first day, of the years 2018 to 2030 (default 2023-08-14)\n"
                           "  -h, --help            this text\n"
                           "\n"
                           "About one record in 5,000 is broken, one in 400 comes twice, one in 400 is an older one\n"
                           "that comes late. The summary counts them, and what happened by kind.\n"
                           "\n"
                           "Exits 0; 1 when something went wrong; 2 when the command line is wrong.\n";

static int usage(const char *message, const char *value) {
    (void)fprintf(stderr, "ule generate: %s%s\nTry 'ule generate --help'.\n", message, value ? value : "");
    return ULE_EXIT_USAGE;
}

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number >= least && *number <= most;
}

struct given {
    bool persons, days, seed, changes;
};

/* 0, or the exit code after a message. */
static int take_option(int option, struct ule_generate_options *options, struct given *given) {
    switch (option) {
    case 't': options->to = optarg; return 0;
    case 'x': options->extract = true; return 0;
    case 'n':
        given->persons = parse_number(optarg, 1, ULE_GENERATE_PERSONS_MAX, &options->persons);
        return given->persons ? 0 : usage("--persons expects a number from 1 to 3200000, not ", optarg);
    case 'd':
        given->days = parse_number(optarg, 0, 3650, &options->days);
        return given->days ? 0 : usage("--days expects a number from 0 to 3650, not ", optarg);
    case 's':
        given->seed = parse_number(optarg, 0, UINT64_MAX, &options->seed);
        return given->seed ? 0 : usage("--seed expects a whole number, not ", optarg);
    case 'm':
        given->changes = parse_number(optarg, 0, 1000000, &options->changes);
        return given->changes ? 0 : usage("--changes expects a number from 0 to 1000000, not ", optarg);
    case 'F':
        options->format = strcmp(optarg, "avro") == 0 ? ULE_FORMAT_AVRO : ULE_FORMAT_JSONL;
        return options->format == ULE_FORMAT_JSONL && strcmp(optarg, "jsonl") != 0
                   ? usage("--format expects jsonl or avro, not ", optarg)
                   : 0;
    case 'a':
        options->start = ule_date_parse(optarg);
        return options->start < ule_date_from_ymd(2018, 1, 1) || options->start > ule_date_from_ymd(2030, 12, 31)
                   ? usage("--start expects a date of the years 2018 to 2030, yyyy-mm-dd, not ", optarg)
                   : 0;
    default: return usage("see the options", NULL);
    }
}

int ule_generate_main(int argc, char **argv) {
    static const struct option longs[] = {
        {"persons", required_argument, NULL, 'n'}, {"days", required_argument, NULL, 'd'},
        {"seed", required_argument, NULL, 's'},    {"to", required_argument, NULL, 't'},
        {"extract", no_argument, NULL, 'x'},       {"changes", required_argument, NULL, 'm'},
        {"format", required_argument, NULL, 'F'},  {"start", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct ule_generate_options options = {.start = ule_date_from_ymd(2023, 8, 14)};
    struct given given = {.persons = false};
    for (int option; (option = getopt_long(argc, argv, "n:d:s:t:xm:F:a:h", longs, NULL)) != -1;) {
        if (option == 'h') {
            (void)fputs(help, stdout);
            return ULE_EXIT_OK;
        }
        const int wrong = take_option(option, &options, &given);
        if (wrong)
            return wrong;
    }
    if (optind < argc)
        return usage("unexpected: ", argv[optind]);
    if (!given.persons || !given.days || !given.seed || !options.to)
        return usage("expected --persons N, --days D, --seed S and --to DIR", NULL);
    if (!given.changes)
        options.changes = options.persons < 100 ? 1 : options.persons / 100;
    return ule_generate_run(&options);
}
