/* SPDX-License-Identifier: MIT */
/* `ule`: one tool, git style. */
#include "ule/commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"dead-letter", "what could not be read, why, and another try", ule_dead_letter_main},
    {"explain", "a person as the system sees it, and why", ule_explain_main},
    {"diff", "two recordings of outputs: who gains and loses what", ule_diff_main},
    {"extract", "CPR extract files to a recording", ule_extract_main},
    {"generate", "a made-up population and days of changes in it, as a recording", ule_generate_main},
    {"publish", "a recording to Kafka", ule_publish_main},
    {"record", "what stands in the topics, as a recording", ule_record_main},
    {"repartition", "inbox and changelog with another number of partitions", ule_repartition_main},
    {"replay", "recorded topics through all rules, and a summary", ule_replay_main},
    {"topics", "the topics on the brokers: as planned, or made so", ule_topics_main},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *file) {
    fputs("usage: ule COMMAND [ARGUMENT...]\n\n", file);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(file, "  %-14s %s\n", commands[i].name, commands[i].help);
    fputs("\n  --help         this text; 'ule COMMAND --help' says more\n"
          "  --version      the version\n",
          file);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Letters to insert, drop or change to come from one word to the other (Levenshtein). */
static size_t distance(const char *from, const char *to) {
    enum { LONGEST = 32 };
    size_t row[LONGEST + 1];
    const size_t width = strlen(to);
    if (width > LONGEST)
        return LONGEST;
    for (size_t i = 0; i <= width; i++)
        row[i] = i;
    for (size_t line = 0; line < LONGEST && from[line]; line++) {
        size_t diagonal = row[0];
        row[0] = line + 1;
        for (size_t i = 1; i <= width; i++) {
            const size_t above = row[i];
            row[i] = least(least(above, row[i - 1]) + 1, diagonal + (from[line] != to[i - 1]));
            diagonal = above;
        }
    }
    return row[width];
}

static int unknown(const char *name) {
    size_t nearest = 0;
    for (size_t i = 1; i < COMMANDS; i++) {
        if (distance(name, commands[i].name) < distance(name, commands[nearest].name))
            nearest = i;
    }
    fprintf(stderr, "ule: '%s' is no command; the nearest is '%s'. See 'ule --help'.\n", name, commands[nearest].name);
    return ULE_EXIT_USAGE;
}

int main(int argc, char **argv) {
    /* What a command has in its memory concerns persons (domain.md section 9, S4 § 8). */
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (argc < 2) {
        print_help(stderr);
        return ULE_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return ULE_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("ule " ULE_VERSION);
        return ULE_EXIT_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            char whole[64]; /* what getopt puts before its messages */
            snprintf(whole, sizeof whole, "ule %s", name);
            argv[1] = whole;
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return unknown(name);
}
