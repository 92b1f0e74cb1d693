/* SPDX-License-Identifier: MIT */
#include "ops/log.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *process_name = "ule";
static enum ule_level least_urgent = ULE_LOG_INFO;
static const char *file_path; /* NULL: stderr as it was given to us */
static volatile sig_atomic_t reopen;

void ule_log_open(const char *process, enum ule_level level) {
    process_name = process;
    least_urgent = level;
}

/* In the place of stderr, at once for every thread: librdkafka's log too, and nothing is written in between. */
static enum ule_code open_file(const char *path, struct ule_error *error) {
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (file < 0)
        return ule_fail(error, ULE_IO, "log.file %s: %s", path, strerror(errno));
    bool done = dup2(file, STDERR_FILENO) >= 0;
    int failed = errno;
    (void)close(file);
    return done ? ULE_OK : ule_fail(error, ULE_IO, "log.file %s: %s", path, strerror(failed));
}

enum ule_code ule_log_to_file(const char *path, struct ule_error *error) {
    enum ule_code code = open_file(path, error);
    if (code == ULE_OK)
        file_path = path;
    return code;
}

void ule_log_ask_reopen(void) {
    reopen = 1;
}

void ule_log_serve(void) {
    if (!reopen)
        return;
    reopen = 0;
    struct ule_error error = {0};
    if (!file_path)
        return;
    if (open_file(file_path, &error) != ULE_OK)
        ule_log_error(ULE_LOG_WARNING, "log-not-reopened", &error);
    else
        ule_log(ULE_LOG_INFO, "log-reopened", "%s", "");
}

static int put_head(char *line, size_t size, enum ule_level level, const char *event) {
    static const char *const words[] = {"emergency", "alert",  "critical", "error",
                                        "warning",   "notice", "info",     "debug"};
    if (!file_path)
        return snprintf(line, size, "<%d>event=%s process=%s ", (int)level, event, process_name);
    int64_t now = ule_clock_wall();
    time_t seconds = (time_t)(now / 1000);
    struct tm parts;
    char time[32];
    if (!gmtime_r(&seconds, &parts) || strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return -1;
    return snprintf(line, size, "time=%s.%03dZ level=%s event=%s process=%s ", time, (int)(now % 1000), words[level],
                    event, process_name);
}

/* One write a line, so that the lines of two processes on one stream do not mix. */
void ule_log(enum ule_level level, const char *event, const char *fields, ...) {
    enum { LINE_SIZE = 2048 };
    if (level > least_urgent)
        return;
    char line[LINE_SIZE];
    int head = put_head(line, sizeof line, level, event);
    if (head < 0 || (size_t)head >= sizeof line)
        return;
    va_list arguments;
    va_start(arguments, fields);
    int tail = vsnprintf(line + head, sizeof line - (size_t)head, fields, arguments);
    va_end(arguments);
    size_t size = (size_t)head + (tail > 0 ? (size_t)tail : 0);
    if (size > sizeof line - 2)
        size = sizeof line - 2;
    while (size && line[size - 1] == ' ')
        size--;
    line[size] = '\n';
    (void)fwrite(line, 1, size + 1, stderr);
}

const char *ule_log_quote(const char *text, char *out, size_t size) {
    bool quoted = !*text || strpbrk(text, " \"=\\") != NULL;
    for (const char *at = text; *at && !quoted; at++)
        quoted = (unsigned char)*at < ' ' || *at == 0x7f;
    size_t used = 0;
    if (quoted)
        out[used++] = '"';
    for (const char *at = text; *at && used + 6 < size; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            used += (size_t)snprintf(out + used, size - used, "\\x%02x", (unsigned)(unsigned char)*at);
            continue;
        }
        if (*at == '"' || *at == '\\')
            out[used++] = '\\';
        out[used++] = *at;
    }
    if (quoted)
        out[used++] = '"';
    out[used] = '\0';
    return out;
}

void ule_log_error(enum ule_level level, const char *event, const struct ule_error *error) {
    static const char *const actions[] = {
        [ULE_ACTION_NONE] = "none",       [ULE_ACTION_RETRY] = "retry", [ULE_ACTION_DEAD_LETTER] = "dead-letter",
        [ULE_ACTION_RESTART] = "restart", [ULE_ACTION_EXIT] = "exit",
    };
    char message[2 * sizeof error->message];
    ule_log(level, event, "code=%s action=%s message=%s", ule_code_name(error->code), actions[error->action],
            ule_log_quote(error->message, message, sizeof message));
}
