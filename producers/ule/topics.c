/* SPDX-License-Identifier: MIT */
/* `ule topics apply|check`: the topics on the brokers, and who may do what with them, beside the plan (kafka/topics.h,
 * kafka/acl.h). */
#include "kafka/acl.h"
#include "ule/commands.h"
#include "ule/live.h"
#include "ule/topics_registry.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char name[] = "ule topics";
static const char help[] =
    "usage: ule topics check --config FILE [OPTION...]\n"
    "       ule topics apply --config FILE [OPTION...]\n"
    "\n"
    "check compares the topics on the brokers with the plan and prints what differs: partitions,\n"
    "replication, compaction, retention, sizes. apply makes those that are missing and sets what\n"
    "differs, but for partitions and replication, which it only tells. Other settings of a topic\n"
    "stay as they are.\n"
    "\n"
    "Where a schema registry is configured (registry.url), check also tells which schemas of inputs and\n"
    "outputs it does not hold, or refuses for what it holds; apply registers them when\n"
    "registry.register is true.\n"
    "\n"
    "  -c, --config FILE      brokers, partitions and names\n"
    "  -r, --replication N    copies of each partition; new topics take the brokers' default without\n"
    "                         it. min.insync.replicas is one less, and at least 1\n"
    "  -k, --keep-for-ever    nothing is deleted by its age: for recordings older than the retention,\n"
    "                         which keep their times. So it is with clock = publish\n"
    "  -x, --revoke           apply takes rights away that are more than needed\n"
    "  -h, --help             this text\n"
    "\n"
    "Inputs and dead letters are kept for 30 days, the inbox 14, re-registrations 90, audit 395; the\n"
    "rest is compacted, and what was deleted stays visible for 7 days.\n"
    "\n"
    "Exits 0; 1 when check found a difference, when apply could not set one, or when the brokers\n"
    "cannot be asked; 2 when the command line is wrong.\n";

struct table {
    bool apply, revoke;
    size_t lines, left;
};

static void print_head(struct table *table) {
    if (table->lines++ == 0)
        (void)printf("%-48s  %-9s  %s\n", "RESOURCE", table->apply ? "DONE" : "WEIGHT", "WHAT");
}

static void print_right(void *context, const char *resource, const char *principal, const char *operation,
                        bool missing) {
    struct table *table = context;
    const char *done = missing ? "granted" : table->revoke ? "revoked" : "left";
    print_head(table);
    (void)printf("%-48s  %-9s  %s: %s %s\n", resource,
                 table->apply ? done
                 : missing    ? "fatal"
                              : "differs",
                 principal, operation, missing ? (table->apply ? "was missing" : "is missing") : "is more than needed");
}

static void print_line(void *context, const char *topic, const char *what, bool fatal) {
    struct table *table = context;
    bool told_only = strncmp(what, "partitions:", 11) == 0 || strncmp(what, "replication:", 12) == 0 ||
                     strncmp(what, "schema:", 7) == 0;
    print_head(table);
    const char *done = told_only ? "left" : strcmp(what, "made") == 0 ? "made" : "set";
    (void)printf("%-48s  %-9s  %s\n", topic, table->apply ? done : fatal ? "fatal" : "differs", what);
    table->left += told_only;
}

static enum ule_code run(bool apply, const char *config_path, int replication, bool keep, struct table *table,
                         struct ule_error *error) {
    struct ule_config *config = NULL;
    rd_kafka_t *client = NULL;
    size_t differences = 0, rights = 0;
    enum ule_code code = ule_live_config(config_path, &config, error);
    if (code == ULE_OK)
        code = ule_live_client(config, &client, error);
    if (code == ULE_OK && apply)
        code = ule_topics_apply(client, config, replication, keep, print_line, table, error);
    else if (code == ULE_OK)
        code = ule_topics_check(client, config, replication, keep, print_line, table, &differences, error);
    if (code == ULE_OK && apply)
        code = ule_acl_apply(config, table->revoke, print_right, table, &rights, error);
    else if (code == ULE_OK)
        code = ule_acl_check(config, print_right, table, &rights, error);
    if (!apply)
        table->left = differences;
    table->left += rights;
    if (code == ULE_OK)
        code = ule_topics_registry(config, apply, print_line, table, error);
    if (client)
        (void)ule_kafka_destroy(client);
    ule_config_free(config);
    return code;
}

int ule_topics_main(int argc, char **argv) {
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},  {"replication", required_argument, NULL, 'r'},
        {"keep-for-ever", no_argument, NULL, 'k'}, {"revoke", no_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    const char *config = NULL;
    int64_t replication = 0;
    bool keep = false, revoke = false;
    for (int option; (option = getopt_long(argc, argv, "c:r:kxh", longs, NULL)) != -1;) {
        switch (option) {
        case 'c': config = optarg; break;
        case 'k': keep = true; break;
        case 'x': revoke = true; break;
        case 'r':
            if (!ule_live_number(optarg, 100, &replication) || replication == 0)
                return ule_live_usage(name, "--replication expects a number from 1 to 100, not ", optarg);
            break;
        case 'h': (void)fputs(help, stdout); return ULE_EXIT_OK;
        default: return ule_live_usage(name, "see the options", NULL);
        }
    }
    if (optind + 1 != argc || (strcmp(argv[optind], "apply") != 0 && strcmp(argv[optind], "check") != 0))
        return ule_live_usage(name, "expected apply or check", NULL);
    if (!config)
        return ule_live_usage(name, "expected --config FILE", NULL);
    struct table table = {.apply = strcmp(argv[optind], "apply") == 0, .revoke = revoke};
    struct ule_error error = {0};
    enum ule_code code = run(table.apply, config, (int)replication, keep, &table, &error);
    if (code != ULE_OK)
        return ule_live_failed(name, code, &error);
    if (table.lines == 0)
        (void)puts("everything is as planned");
    return table.left ? ULE_EXIT_FOUND : ULE_EXIT_OK;
}
