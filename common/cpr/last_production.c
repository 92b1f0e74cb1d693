/* SPDX-License-Identifier: MIT */
#include "cpr/last_production.h"

#include "cpr/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum ule_code io(struct ule_error *error, const char *what) {
    return ule_fail(error, ULE_IO, "%s: %s: %s", ULE_CPR_LAST_PRODUCTION, what, strerror(errno));
}

static enum ule_code parse(FILE *file, struct ule_cpr_last_production *last, struct ule_error *error) {
    char line[32];
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = '\0';
        const int32_t produced = strlen(line) == 17 && line[6] == ' ' ? ule_date_parse(line + 7) : ULE_DATE_NONE;
        if (strspn(line, "0123456789") != 6 || produced == ULE_DATE_NONE || last->count == ULE_CPR_TASKS_MAX)
            return ule_fail(error, ULE_STATE, "%s:%u: expected a task of six digits, a blank and a date",
                            ULE_CPR_LAST_PRODUCTION, number);
        memcpy(last->tasks[last->count].task, line, 6);
        last->tasks[last->count].task[6] = '\0';
        last->tasks[last->count++].produced = produced;
    }
    return ferror(file) ? io(error, "read") : ULE_OK;
}

enum ule_code ule_cpr_last_production_read(int directory, struct ule_cpr_last_production *last,
                                           struct ule_error *error) {
    memset(last, 0, sizeof *last);
    const int descriptor = openat(directory, ULE_CPR_LAST_PRODUCTION, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT ? ULE_OK : io(error, "open");
    FILE *file = fdopen(descriptor, "r");
    if (!file) {
        close(descriptor);
        return io(error, "open");
    }
    const enum ule_code code = parse(file, last, error);
    fclose(file);
    return code;
}

enum ule_code ule_cpr_last_production_write(int directory, const struct ule_cpr_last_production *last,
                                            struct ule_error *error) {
    static const char temporary[] = ULE_CPR_LAST_PRODUCTION ".partial";
    const int descriptor = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return io(error, "create");
    bool written = true;
    for (size_t i = 0; i < last->count && written; i++) {
        char date[11];
        written = dprintf(descriptor, "%s %s\n", last->tasks[i].task, ule_date_format(last->tasks[i].produced, date)) ==
                  18;
    }
    written = written && fsync(descriptor) == 0;
    written = close(descriptor) == 0 && written;
    if (!written || renameat(directory, temporary, directory, ULE_CPR_LAST_PRODUCTION) != 0 || fsync(directory) != 0)
        return io(error, "write");
    return ULE_OK;
}

static size_t find(const struct ule_cpr_last_production *last, const char *task) {
    size_t i = 0;
    while (i < last->count && strcmp(last->tasks[i].task, task) != 0)
        i++;
    return i;
}

enum ule_code ule_cpr_last_production_check(const struct ule_cpr_last_production *last,
                                            const struct ule_cpr_header *header, struct ule_error *error) {
    char produced[11];
    char previous[11] = "none";
    char loaded[11];
    const size_t i = find(last, header->task);
    if (i == last->count) /* the first of its task: there is nothing that could have been missed */
        return ULE_OK;
    ule_date_format(header->produced, produced);
    ule_date_format(last->tasks[i].produced, loaded);
    if (header->previous != ULE_DATE_NONE)
        ule_date_format(header->previous, previous);
    if (header->produced == last->tasks[i].produced)
        return ule_fail(error, ULE_GAP, "record 000, production date (position 20): the extract of %s has been loaded",
                        produced);
    if (header->produced < last->tasks[i].produced)
        return ule_fail(error, ULE_GAP,
                        "record 000, production date (position 20): %s is before %s, the last one loaded", produced,
                        loaded);
    if (header->previous != last->tasks[i].produced)
        return ule_fail(error, ULE_GAP,
                        "record 000, previous production date (position 28): expected %s, the last one loaded, not "
                        "%s: an extract was missed",
                        loaded, previous);
    return ULE_OK;
}

enum ule_code ule_cpr_last_production_set(struct ule_cpr_last_production *last, const struct ule_cpr_header *header,
                                          struct ule_error *error) {
    const size_t i = find(last, header->task);
    if (i == ULE_CPR_TASKS_MAX)
        return ule_fail(error, ULE_STATE, "%s: expected at most %d tasks", ULE_CPR_LAST_PRODUCTION, ULE_CPR_TASKS_MAX);
    if (i == last->count)
        last->count++;
    memcpy(last->tasks[i].task, header->task, sizeof last->tasks[i].task);
    last->tasks[i].produced = header->produced;
    return ULE_OK;
}
