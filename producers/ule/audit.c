/* SPDX-License-Identifier: MIT */
#include "ule/audit.h"

#include "base/text.h"
#include "core/number.h"
#include "loop/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void ule_audit_actor(char *name, size_t size) {
    struct passwd entry, *found = NULL;
    char room[4096];
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        (void)snprintf(name, size, "%s", found->pw_name);
    else
        (void)snprintf(name, size, "uid %lu", (unsigned long)getuid());
}

/* The version of the last line, so that the next one's is larger within one millisecond too; 0 without one. */
static int64_t last_version(int file, off_t end) {
    enum { LONGEST = 65536 };
    off_t from = end > LONGEST ? end - LONGEST : 0;
    size_t size = (size_t)(end - from);
    char *text = malloc(size + 1);
    if (!text)
        abort();
    ssize_t got = pread(file, text, size, from);
    int64_t version = 0;
    if (got > 0 && text[got - 1] == '\n') {
        text[got - 1] = '\0';
        const char *line = strrchr(text, '\n');
        json_t *json = json_loads(line ? line + 1 : text, 0, NULL);
        version = json_integer_value(json_object_get(json, "version"));
        json_decref(json);
    }
    free(text);
    return version;
}

static char *make_line(const struct ule_audit_lookup *lookup, int64_t last) {
    struct ule_cpr_transaction transaction;
    struct ule_arena *arena = ule_arena_new();
    const struct ule_caused_by cause = {.topic = "lookup", .event_id = ""};
    ule_audit_begin(lookup->actor, NULL, lookup->at, lookup->at > last ? lookup->at : last + 1, &cause, arena,
                    &transaction);
    transaction.purpose = lookup->purpose;
    transaction.type = ULE_TRANSACTION_TYPE_LOOKUP;
    transaction.person = lookup->person;
    transaction.count = lookup->count;
    transaction.fields = lookup->fields;
    json_t *json = ule_record_to_json(&ule_cpr_transaction_record, &transaction);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS), *line = NULL;
    if (!text || asprintf(&line, "%s\n", text) < 0)
        abort();
    free(text);
    json_decref(json);
    ule_arena_free(arena);
    return line;
}

/* A line that a crash cut short is closed first: it must not swallow the next. */
static enum ule_code append(int file, const char *path, const struct ule_audit_lookup *lookup,
                            struct ule_error *error) {
    struct stat before;
    if (flock(file, LOCK_EX) != 0 || fstat(file, &before) != 0)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(before.st_mode)) /* what a device takes is not kept */
        return ule_fail(error, ULE_IO, "%s: expected a file", path);
    if (fchmod(file, 0600) != 0)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    char last = '\n';
    if (before.st_size > 0 && pread(file, &last, 1, before.st_size - 1) != 1)
        return ule_fail(error, ULE_IO, "%s: cannot be read", path);
    char *line = make_line(lookup, last_version(file, before.st_size)), *whole = NULL;
    int size = asprintf(&whole, "%s%s", last == '\n' ? "" : "\n", line);
    if (size < 0)
        abort();
    ssize_t written = write(file, whole, (size_t)size);
    int wrong = written == size ? 0 : written < 0 ? errno : ENOSPC;
    if (!wrong && fsync(file) != 0)
        wrong = errno;
    if (wrong && written > 0)
        (void)!ftruncate(file, before.st_size);
    free(line);
    free(whole);
    return wrong ? ule_fail(error, ULE_IO, "%s: %s", path, strerror(wrong)) : ULE_OK;
}

enum ule_code ule_audit_append(const char *dir, const struct ule_audit_lookup *lookup, struct ule_error *error) {
    char *path;
    if (asprintf(&path, "%s/%s", dir, ULE_AUDIT_FILE) < 0)
        abort();
    int file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum ule_code code = file < 0 ? ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno))
                                  : append(file, path, lookup, error);
    if (file >= 0)
        (void)close(file);
    free(path);
    return code;
}

/* The log of look-ups names nobody, so the reason that stands in it must not either (S4 § 8). */
static bool names_a_number(const char *text) {
    static const char of_a_number[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (const char *at = text; *at; at += *at != '\0') {
        char word[11], number[21];
        size_t size = strspn(at, of_a_number);
        bool parted = size == 6 && at[6] && strchr(" -./", at[6]) && strspn(at + 7, of_a_number) == 4;
        if (size == 10 || parted) {
            (void)snprintf(word, sizeof word, "%.6s%.4s", at, at + (parted ? 7 : 6));
            if (ule_number_normalise(word, number) && ule_number_birth_date(number) != ULE_DATE_NONE)
                return true;
        }
        at += size;
    }
    return false;
}

const char *ule_audit_refuse_purpose(const char *text) {
    if (text[strspn(text, " \t\r\n")] == '\0')
        return "expected --purpose TEXT: why you look this person up";
    if (!ule_text_valid(text, strlen(text)))
        return "--purpose is not text in UTF-8";
    return names_a_number(text) ? "--purpose holds what looks like a person number: the log must name nobody" : NULL;
}
