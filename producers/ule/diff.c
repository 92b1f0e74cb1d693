/* SPDX-License-Identifier: MIT */
/* `ule diff`: what a change of rules or configuration would do (design.md sections 9 and 12). */
#include "ule/diff.h"

#include "registry/registry.h"
#include "ule/commands.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

static const char help[] =
    "usage: ule diff DIR DIR [OPTION...]\n"
    "\n"
    "Compares two recordings of outputs, as 'ule replay --to' writes them, by topic and key:\n"
    "who gains and loses what from the first (A) to the second (B), by which rule; then each\n"
    "difference by its key.\n"
    "\n"
    "  -p, --picture   only what converges: what a live run, or another order of the same\n"
    "                  records, must end in as well\n"
    "  -s, --summary   not key by key\n"
    "  -j, --json      one JSON object: counts by topic, summary, differences\n"
    "  -c, --config FILE  the schema registry of a .avro that was recorded from topics with one\n"
    "  -h, --help      this text\n"
    "\n"
    "What would presumed custody do?\n"
    "\n"
    "  ule replay --from town --to now\n"
    "  echo 'custody.unregistered = presume-parents' >presume.conf\n"
    "  ule replay --from town --to then --config presume.conf\n"
    "  ule diff now then\n"
    "\n"
    "Where an output comes from (event_id, version, caused_by, effective_on) is never compared.\n"
    "Everything else is, and for each key the events before the last one too, in their order. A\n"
    "re-registration is known by its two numbers, a dead letter by what is in it.\n"
    "\n"
    "With --picture the last values count: number type, state, assurance, roles, names and\n"
    "capabilities of accounts; contacts of children with authority, access and capabilities;\n"
    "open cases; verdicts; CPR subscriptions wanted. Accounts and contacts are known by their\n"
    "numbers, for which user key survives a merge is left open. So are MERGED or RENUMBERED,\n"
    "dates, actions and reasons, and whether an account SUSPENDED by A8 or CLOSED, an ended\n"
    "contact or a verdict LEFT or LEVEL is there. A few persons may differ with the order all\n"
    "the same: those of whom it matters which fact came first, as a second swap of one number.\n"
    "\n"
    "Person numbers and names are never shown: a field that holds one is said to differ. The\n"
    "folders, .jsonl or .avro, are only read. All keys are held in memory: some 400 bytes each,\n"
    "with --picture twice that.\n"
    "\n"
    "Exits 0 when the two are the same, 1 when they differ, 2 when they could not be compared:\n"
    "a wrong command line, a folder without outputs, a file that cannot be read.\n";

static int usage(const char *message, const char *value) {
    (void)fprintf(stderr, "ule diff: %s%s\nTry 'ule diff --help'.\n", message, value);
    return ULE_EXIT_USAGE;
}

static int compare(const struct ule_diff_options *options, const char *config_path) {
    struct ule_config *config = NULL;
    struct ule_registry *registry = NULL;
    struct ule_diff_set all = {0}, picture = {0};
    struct ule_error error = {0};
    enum ule_code code = ule_config_read(config_path, &config, &error);
    if (code == ULE_OK)
        code = ule_registry_open(config, &registry, &error);
    int result = ULE_EXIT_USAGE;
    for (int side = 0; side < ULE_DIFF_SIDES && code == ULE_OK; side++)
        code = ule_diff_read(options->dirs[side], (enum ule_diff_side_name)side, registry, &all, &error);
    if (code != ULE_OK) {
        (void)fprintf(stderr, "ule diff: %s\n", error.message);
        goto out;
    }
    if (options->picture)
        ule_diff_picture(&all, &picture);
    result = ule_diff_report(options->picture ? &picture : &all, options, stdout) ? ULE_EXIT_FOUND : ULE_EXIT_OK;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "ule diff: standard output: %s\n", strerror(errno));
        result = ULE_EXIT_USAGE;
    }
out:
    ule_diff_set_close(&picture);
    ule_diff_set_close(&all);
    ule_registry_close(registry);
    ule_config_free(config);
    return result;
}

int ule_diff_main(int argc, char **argv) {
    static const struct option longs[] = {
        {"picture", no_argument, NULL, 'p'},      {"summary", no_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
        {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},    {NULL, 0, NULL, 0},
    };
    struct ule_diff_options options = {0};
    const char *config = NULL;
    for (int option; (option = getopt_long(argc, argv, "psjc:h", longs, NULL)) != -1;) {
        switch (option) {
        case 'p': options.picture = true; break;
        case 's': options.summary = true; break;
        case 'j': options.json = true; break;
        case 'c': config = optarg; break;
        case 'h': (void)fputs(help, stdout); return ULE_EXIT_OK;
        default: return usage("see the options", "");
        }
    }
    if (argc - optind != ULE_DIFF_SIDES)
        return usage("expected two folders", argc - optind > ULE_DIFF_SIDES ? ", not more" : "");
    options.dirs[ULE_DIFF_A] = argv[optind];
    options.dirs[ULE_DIFF_B] = argv[optind + 1];
    return compare(&options, config);
}
