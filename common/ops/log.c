/* SPDX-License-Identifier: MIT */
#include "ops/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *process_name = "ule";
static enum ule_level least_urgent = ULE_LOG_INFO;

void ule_log_open(const char *process, enum ule_level level) {
    process_name = process;
    least_urgent = level;
}

/* One write a line, so that the lines of two processes on one stream do not mix. */
void ule_log(enum ule_level level, const char *event, const char *fields, ...) {
    enum { LINE_SIZE = 2048 };
    if (level > least_urgent)
        return;
    char line[LINE_SIZE];
    int head = snprintf(line, sizeof line, "<%d>event=%s process=%s ", (int)level, event, process_name);
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
