/* SPDX-License-Identifier: MIT */
#include "ule/commands.h"
#include "ule/generate_number.h"
#include "ule/generate_story.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MORNING_MS = 6 * 3600 * 1000,
    WORKING_MS = 12 * 3600 * 1000,
    FAMILIES_A_SCHOOL = 200,
    MASS_EVERY = 20, /* days: a school sends by mistake that all its pupils have left */
    MASS_FIRST = 5,
};

struct run {
    const struct ule_generate_options *options;
    struct ule_generate_world world;
    struct ule_generate_output out;
    uint64_t kinds[ULE_GENERATE_KINDS];
    uint64_t school_years, closings, mistakes;
    char extract[4096];
    bool terminal;
    time_t shown;
    uint64_t done, all;
};

static void show_progress(struct run *run) {
    struct timespec now;
    run->done++;
    if (!run->terminal || run->done % 1024)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec == run->shown)
        return;
    run->shown = now.tv_sec;
    fprintf(stderr, "\r\033[Kgenerated %u %%", (unsigned)(run->done * 100 / run->all));
}

/* The time of the day's `nth` of `all`: late enough for CPR's to have come before. */
static void set_time(struct run *run, uint64_t nth, uint64_t all) {
    run->out.ts = ule_time_of_date(run->out.day) + MORNING_MS + (int64_t)(nth * WORKING_MS / (all ? all : 1));
}

static void first_day(struct run *run) {
    struct ule_generate_family family;
    run->out.day = run->world.start;
    for (uint64_t i = 0; i < run->world.families && !run->out.code; i++) {
        set_time(run, i, run->world.families);
        ule_generate_family_make(&run->world, i, &family);
        ule_generate_put_family(&run->out, &family);
        show_progress(run);
    }
}

/* What concerns families in their order, before the changes of a day: as they were, and as they are on that day. */
typedef uint64_t tell(struct run *run, const struct ule_generate_family *before, const struct ule_generate_family *now);

static uint64_t go_through(struct run *run, uint64_t turn, uint64_t from, uint64_t count, tell *told_of) {
    struct ule_generate_family before, now;
    uint64_t told = 0;
    for (uint64_t i = from; i < from + count && i < run->world.families && !run->out.code; i++) {
        ule_generate_family_before(&run->world, i, turn, &before);
        now = before;
        ule_generate_family_age(&now, run->out.day);
        told += told_of(run, &before, &now);
    }
    return told;
}

static bool is_pupil(const struct ule_generate_person *person) {
    return person->child && person->enrolled && person->active && person->role == ULE_ROLE_STUDENT;
}

/* Everybody is a level higher; some start school, some leave it. */
static uint64_t tell_level(struct run *run, const struct ule_generate_family *before,
                           const struct ule_generate_family *now) {
    uint64_t told = 0;
    for (unsigned i = 0; i < now->count; i++) {
        if (before->people[i].role == ULE_ROLE_CHILD && is_pupil(&now->people[i]))
            ule_generate_put_left(&run->out, before, i);
        if (is_pupil(&before->people[i]) || is_pupil(&now->people[i])) {
            ule_generate_put_record(&run->out, now, i);
            told++;
        }
    }
    return told;
}

/* NemID expires for all that have one. */
static uint64_t tell_closing(struct run *run, const struct ule_generate_family *before,
                             const struct ule_generate_family *now) {
    uint64_t told = 0;
    for (unsigned i = 0; i < now->count; i++) {
        if (before->people[i].credential[0].status == ULE_CREDENTIAL_STATUS_ACTIVE) {
            ule_generate_put_credential(&run->out, now, i, 0);
            told++;
        }
    }
    return told;
}

static bool of_school(const struct ule_generate_family *family, unsigned who) {
    return is_pupil(&family->people[who]) && family->people[who].district == family->index / FAMILIES_A_SCHOOL;
}

static uint64_t tell_all_left(struct run *run, const struct ule_generate_family *before,
                              const struct ule_generate_family *now) {
    uint64_t told = 0;
    (void)before;
    for (unsigned i = 0; i < now->count; i++) {
        if (of_school(now, i)) {
            ule_generate_put_left(&run->out, now, i);
            told++;
        }
    }
    return told;
}

/* Two days later the school says that they have not left, or every third time that they have; the day after, what they
 * are. */
static uint64_t tell_mistake(struct run *run, const struct ule_generate_family *before,
                             const struct ule_generate_family *now) {
    (void)before;
    for (unsigned i = 0; i < now->count; i++) {
        if (of_school(now, i)) {
            ule_generate_put_request(&run->out, now, i,
                                     (run->out.day - run->world.start) / MASS_EVERY % 3 == 2
                                         ? ULE_REQUEST_KIND_LEAVERS_APPROVED
                                         : ULE_REQUEST_KIND_LEAVERS_REJECTED,
                                     NULL, NULL, NULL);
            return 1;
        }
    }
    return 0;
}

static uint64_t tell_still_there(struct run *run, const struct ule_generate_family *before,
                                 const struct ule_generate_family *now) {
    (void)before;
    for (unsigned i = 0; i < now->count; i++) {
        if (of_school(now, i))
            ule_generate_put_record(&run->out, now, i);
    }
    return 0;
}

static void whole_days(struct run *run, uint64_t day, uint64_t turn) {
    int year, month, dayofmonth;
    ule_date_to_ymd(run->out.day, &year, &month, &dayofmonth);
    if (month == 8 && dayofmonth == 1)
        run->school_years += go_through(run, turn, 0, run->world.families, tell_level);
    if (run->out.day == ule_generate_nemid_closes())
        run->closings += go_through(run, turn, 0, run->world.families, tell_closing);
    const uint64_t since = day % MASS_EVERY;
    if (run->world.changes && since >= MASS_FIRST && since <= MASS_FIRST + 3) {
        const uint64_t schools = (run->world.families + FAMILIES_A_SCHOOL - 1) / FAMILIES_A_SCHOOL;
        const uint64_t first = ule_generate_draw(&run->world, ULE_GENERATE_MASS, day / MASS_EVERY, 0) % schools *
                               FAMILIES_A_SCHOOL;
        if (since == MASS_FIRST)
            run->mistakes += go_through(run, turn, first, FAMILIES_A_SCHOOL, tell_all_left);
        for (uint64_t i = first; since == MASS_FIRST + 2 && i < first + FAMILIES_A_SCHOOL; i++) {
            if (go_through(run, turn, i, 1, tell_mistake)) /* one for the school */
                break;
        }
        if (since == MASS_FIRST + 3)
            (void)go_through(run, turn, first, FAMILIES_A_SCHOOL, tell_still_there);
    }
}

static void one_change(struct run *run, uint64_t turn, bool ends) {
    struct ule_generate_family family;
    const uint64_t index = ule_generate_family_of(&run->world, turn);
    if (ule_generate_may_end_subscription(&run->world, turn)) {
        ule_generate_family_before(&run->world, index, turn, &family);
        if ((ule_generate_change(&run->world, &family, turn, NULL) == ULE_GENERATE_SUBSCRIPTION_ENDED) != ends)
            return;
    } else if (ends) {
        return;
    }
    ule_generate_family_before(&run->world, index, turn, &family);
    run->kinds[ule_generate_change(&run->world, &family, turn, &run->out)]++;
    show_progress(run);
}

static void next_day(struct run *run, uint64_t day) {
    const uint64_t changes = run->world.changes, turn = day * changes;
    run->out.day = run->world.start + 1 + (int32_t)day;
    set_time(run, 0, 1);
    /* An extract begins with the subscriptions that have ended. */
    for (uint64_t i = 0; i < changes && !run->out.code; i++)
        one_change(run, turn + i, true);
    whole_days(run, day, turn);
    for (uint64_t i = 0; i < changes && !run->out.code; i++) {
        set_time(run, i, changes);
        one_change(run, turn + i, false);
    }
}

static void end_day(struct run *run) {
    if (!run->out.code)
        run->out.code = ule_generate_extract_end(&run->out.extract, &run->out.error);
}

static void print_summary(const struct run *run) {
    printf("%-40s %12" PRIu64 "\n", "persons", run->options->persons);
    printf("%-40s %12" PRIu64 "\n", "families", run->world.families);
    printf("%-40s %12" PRIu64 "\n", "days of changes", run->options->days);
    for (int i = 0; i < ULE_GENERATE_TOPICS; i++)
        printf("%-40s %12" PRIu64 "\n", ule_generate_topics[i], run->out.counts[i]);
    printf("%-40s %12" PRIu64 "\n", "of them broken", run->out.broken);
    printf("%-40s %12" PRIu64 "\n", "of them stale", run->out.stale);
    printf("%-40s %12" PRIu64 "\n", "of them repeated", run->out.repeated);
    for (int i = 0; i < ULE_GENERATE_KINDS; i++)
        printf("%-40s %12" PRIu64 "\n", ule_generate_kind_name((enum ule_generate_kind)i), run->kinds[i]);
    printf("%-40s %12" PRIu64 "\n", "pupils of a new school year", run->school_years);
    printf("%-40s %12" PRIu64 "\n", "NemID closed", run->closings);
    printf("%-40s %12" PRIu64 "\n", "pupils sent as leavers by mistake", run->mistakes);
}

/* Of what was here before nothing is overwritten, nor mixed with what is new. */
static enum ule_code refuse_recordings(const char *path, struct ule_error *error) {
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? ULE_OK : ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    enum ule_code code = ULE_OK;
    for (struct dirent *entry; !code && (entry = readdir(folder));) {
        const char *ending = strrchr(entry->d_name, '.');
        if (ending && (strcmp(ending, ".jsonl") == 0 || strcmp(ending, ".avro") == 0 || strcmp(ending, ".cpr") == 0))
            code = ule_fail(error, ULE_IO, "%s: expected a folder without recordings", path);
    }
    (void)closedir(folder);
    return code;
}

static enum ule_code open_run(struct run *run) {
    const char *to = run->options->to;
    struct ule_error *error = &run->out.error;
    enum ule_code code = refuse_recordings(to, error);
    if (!code)
        code = ule_writer_open(to, run->options->format, false, &run->out.writer, error);
    if (code || !run->options->extract)
        return code;
    (void)snprintf(run->extract, sizeof run->extract, "%s/extract", to);
    code = refuse_recordings(run->extract, error);
    if (!code && mkdir(run->extract, 0700) != 0 && errno != EEXIST)
        code = ule_fail(error, ULE_IO, "%s: %s", run->extract, strerror(errno));
    run->out.extract.folder = run->extract;
    return code;
}

int ule_generate_run(const struct ule_generate_options *options) {
    struct run run = {.options = options, .world = ule_generate_world_of(options)};
    run.out.world = &run.world;
    run.out.arena = ule_arena_new();
    run.out.extract.produced = run.out.extract.previous = ULE_DATE_NONE;
    run.terminal = isatty(STDERR_FILENO) == 1;
    run.all = run.world.families + options->days * options->changes + 1;
    run.out.code = open_run(&run);
    if (!run.out.code) {
        first_day(&run);
        end_day(&run);
        for (uint64_t day = 0; day < options->days && !run.out.code; day++) {
            next_day(&run, day);
            end_day(&run);
        }
    }
    if (!run.out.code)
        run.out.code = ule_writer_finish(run.out.writer, &run.out.error);
    if (run.shown)
        fputs("\r\033[K", stderr);
    if (run.out.code)
        fprintf(stderr, "ule generate: %s\n", run.out.error.message);
    else
        print_summary(&run);
    ule_generate_extract_close(&run.out.extract);
    ule_writer_close(run.out.writer);
    ule_arena_free(run.out.arena);
    return run.out.code ? ULE_EXIT_FOUND : ULE_EXIT_OK;
}
