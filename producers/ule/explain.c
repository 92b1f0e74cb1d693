/* SPDX-License-Identifier: MIT */
/* `ule explain`: a person as the system sees it, for those who answer for its decisions (design.md section 9). Whoever
 * looks leaves a line in the audit log before anything is shown. */
#include "ule/explain.h"

#include "base/clock.h"
#include "ule/audit.h"
#include "ule/commands.h"
#include "ule/explain_live.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: ule explain NUMBER --state DIR --purpose TEXT [OPTION...]\n"
    "\n"
    "Shows a person as the system sees it: what is known and where it came from, the account,\n"
    "each relation to a child with the rules that decided it, re-registrations, verdicts for\n"
    "Optagelse.dk, open cases and what helps, and what would change it.\n"
    "\n"
    "  NUMBER              person number with or without a hyphen, or alien:ID; or whom a record\n"
    "                      names: local:INSTITUTION/ID, permit:ID, credential:ID. With - it is\n"
    "                      read from standard input: others see what a command line says\n"
    "  -s, --state DIR     the state of 'ule replay --state DIR'; it is not changed\n"
    "  -p, --purpose TEXT  why you look, without a person number: it goes into the log of\n"
    "                      look-ups\n"
    "  -j, --json          the same for programs, one JSON object\n"
    "  -c, --config FILE   the settings and secret that the replay was made with\n"
    "  -l, --live          the live system: DIR is a copy of its changelog, made where there is\n"
    "                      none and brought up to date now; --config names the brokers, and\n"
    "                      the look-up is logged in ule.audit.v1\n"
    "  -h, --help          this text\n"
    "\n"
    "Before anything is shown one line is written to DIR/" ULE_AUDIT_FILE ": who looked, when,\n"
    "why, and whom by pseudonym. What cannot be logged is not shown. A replay that is using\n"
    "the state has to end first.\n"
    "\n"
    "The JSON object has as_of (a date) and the lists person (one item), facts, account,\n"
    "contacts (of this child), children (of this contact), swaps, verdicts, cases, changes. All\n"
    "lists are there, empty or not; keys are sorted. Every item has text, and where there is\n"
    "something to say details (lines), rules ([{rule, meaning}]) and source {topic, partition,\n"
    "offset, at, event_id}. Besides, null or left out where it is not known:\n"
    "  person    number, alien_number, asked_for, moved_to, became_this, class, birth_date, age,\n"
    "            given_names, family_name, protected, names_withheld, person_key\n"
    "  facts     kind (cpr, cpr-facts, institution, leaving, listing, permit, credential,\n"
    "            request) and what that record says\n"
    "  account   state, assurance, user_key, groups, capabilities, number_type, reason,\n"
    "            enrolled_by\n"
    "  contacts  and children: child_number, contact_number, relation, authority, access,\n"
    "            stil_access_level, capabilities, basis, discrepancy, published, protected,\n"
    "            parent, custody_in_force, custody_asserted, listed\n"
    "  swaps     from_number, to_number, outcome, complete, reason, optagelse_deadline, told_by\n"
    "  verdicts  verdict, reason, institution, level, since\n"
    "  cases     case, since, subject_number, alien_number, child_number, institution, remedy,\n"
    "            remedy_da, remedy_en, channels\n"
    "  changes   kind (credential, support-login, cpr-tells, confirm, reject, custody: tried on\n"
    "            the rules themselves, with effects and the numbers and institution that the\n"
    "            record would name; lowered, number, re-register, dispute, tie, leaving; date)\n"
    "The values are those of the schemas of the outputs. More may come, these stay.\n"
    "\n"
    "Exits 0; 1 when the person is not known or something went wrong; 2 when the command\n"
    "line is wrong.\n";

struct options {
    const char *state, *purpose, *config, *number;
    bool json, live;
};

static int usage(const char *message) {
    (void)fprintf(stderr, "ule explain: %s\nTry 'ule explain --help'.\n", message);
    return ULE_EXIT_USAGE;
}

/* The end of the swaps that were completed: who the person is now. */
static const struct ule_subject *follow(struct ule_explain *explain, const char *entity) {
    const struct ule_subject *subject = ule_explain_subject(explain, entity);
    for (int steps = 0; steps < ULE_CHAIN_MAX && subject->person.frozen && subject->person.moved_to; steps++)
        subject = ule_explain_subject(explain, subject->person.moved_to);
    return subject;
}

static void describe(struct ule_explain *explain, const char *asked) {
    ule_explain_person(explain, asked);
    ule_explain_facts(explain);
    ule_explain_account(explain);
    ule_explain_relations(explain);
    ule_explain_swaps(explain);
    ule_explain_verdicts(explain);
    ule_explain_cases(explain);
    ule_explain_changes(explain);
}

/* Which parts of the document have something in them. */
static struct ule_strings disclosed(struct ule_explain *explain) {
    struct ule_strings fields = {0};
    static const char *const names[] = {"person", "facts",    "account", "contacts", "children",
                                        "swaps",  "verdicts", "cases",   "changes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_array_size(json_object_get(explain->document, names[i])) > 0)
            ule_strings_add(explain->arena, &fields, names[i]);
    return fields;
}

static enum ule_code audit(struct ule_explain *explain, const struct options *options, const char *entity,
                           struct ule_error *error) {
    char actor[256], pseudonym[15];
    ule_audit_actor(actor, sizeof actor);
    ule_policy_pseudonym(&explain->config->policy, entity, pseudonym);
    if (options->live)
        return ule_explain_audit_live(explain->config, options->purpose, pseudonym,
                                      explain->document ? disclosed(explain) : (struct ule_strings){0}, error);
    const struct ule_audit_lookup lookup = {
        .at = ule_clock_wall(),
        .actor = actor,
        .purpose = options->purpose,
        .person = pseudonym,
        .count = explain->document ? 1 : 0,
        .fields = explain->document ? disclosed(explain) : (struct ule_strings){0},
    };
    return ule_audit_append(options->state, &lookup, error);
}

static enum ule_code run(struct ule_explain *explain, const struct options *options,
                         const struct ule_explain_address *asked, struct ule_error *error) {
    enum ule_code code = ULE_OK;
    if (options->live)
        code = ule_explain_catch_up(options->state, options->config, error);
    if (code == ULE_OK)
        code = ule_explain_open(explain, options->state, options->config, options->live, error);
    if (code)
        return code;
    const char *entity = ule_explain_entity(explain, asked);
    bool known = entity && ule_explain_subject(explain, entity)->known;
    if (known) {
        explain->document = json_object();
        explain->who = follow(explain, entity);
        describe(explain, entity);
    }
    if (explain->code) {
        *error = explain->error;
        return explain->code;
    }
    code = audit(explain, options, known ? entity : asked->text, error);
    if (code)
        return ule_error_at(error, "the look-up cannot be logged, so nothing is shown");
    if (!known)
        return ule_fail(error, ULE_END,
                        asked->record ? "there is no such record, or it names nobody yet"
                                      : "nothing is known under this number or id");
    if (options->json) {
        (void)json_dumpf(explain->document, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
        (void)fputc('\n', stdout);
    } else {
        ule_explain_print(explain->document, stdout);
    }
    return fflush(stdout) == 0 ? ULE_OK : ule_fail(error, ULE_IO, "what was to be shown could not be written");
}

static int take_options(int argc, char **argv, struct options *options) {
    static const struct option longs[] = {
        {"state", required_argument, NULL, 's'},
        {"purpose", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"config", required_argument, NULL, 'c'},
        {"live", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    opterr = 0; /* getopt would repeat what was typed, a number perhaps */
    for (int option; (option = getopt_long(argc, argv, "s:p:jc:lh", longs, NULL)) != -1;) {
        switch (option) {
        case 's': options->state = optarg; break;
        case 'p': options->purpose = optarg; break;
        case 'j': options->json = true; break;
        case 'c': options->config = optarg; break;
        case 'l': options->live = true; break;
        case 'h': (void)fputs(help, stdout); return -1;
        default: return usage("an option that is not known, or one without its value");
        }
    }
    if (optind + 1 != argc)
        return usage(optind == argc ? "expected a NUMBER" : "expected one NUMBER");
    options->number = argv[optind];
    if (!options->state)
        return usage("expected --state DIR");
    if (options->live && !options->config)
        return usage("--live expects --config FILE");
    if (!options->purpose)
        return usage("expected --purpose TEXT: why you look this person up");
    return ULE_EXIT_OK;
}

int ule_explain_main(int argc, char **argv) {
    struct options options = {0};
    struct ule_explain_address asked;
    int wrong = take_options(argc, argv, &options);
    if (wrong)
        return wrong < 0 ? ULE_EXIT_OK : wrong;
    const char *refused = ule_audit_refuse_purpose(options.purpose);
    if (refused)
        return usage(refused);
    if (!ule_explain_parse(options.number, &asked))
        return usage("that is neither a person number nor alien:ID, nor the address of a record");
    (void)umask(077); /* what is written concerns persons */
    struct ule_explain explain = {.lock = -1};
    struct ule_error error = {0};
    enum ule_code code = run(&explain, &options, &asked, &error);
    ule_explain_close(&explain);
    if (code == ULE_OK)
        return ULE_EXIT_OK;
    (void)fprintf(stderr, "ule explain: %s\n", error.message);
    return ULE_EXIT_FOUND;
}
