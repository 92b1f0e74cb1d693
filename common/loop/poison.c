/* SPDX-License-Identifier: MIT */
#include "loop/poison.h"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a line: a topic's name, an address, two numbers. A program that dies on one record often dies on others of its
 * kind, and one must not make the other forgotten. */
enum { MET_MAX = 256, TOPIC_MAX = 250, ENTITY_MAX = 512, LINE_MAX_BYTES = 1024, STACK_BYTES = 65536 };

struct met {
    char topic[TOPIC_MAX], entity[ENTITY_MAX];
    int32_t partition;
    int64_t offset;
    unsigned deaths;
    bool passed; /* by the open transaction */
};

static char path[4096];
static uint8_t stack[STACK_BYTES]; /* the handler's own: the reason may be that there is no stack left */
static volatile sig_atomic_t working;
static const char *volatile work_topic, *volatile work_entity;
static volatile int32_t work_partition;
static volatile int64_t work_offset;
static struct met *met;
static size_t met_count;

/* With nothing that a signal handler may not call. */
static size_t put_text(char *out, size_t used, const char *text, char separator) {
    for (; *text && used + 1 < LINE_MAX_BYTES; text++)
        out[used++] = *text;
    out[used++] = separator;
    return used;
}

static size_t put_number(char *out, size_t used, int64_t value) {
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return put_text(out, used, digits + at, ' ');
}

/* Of bytes that a record says nobody dies so: a file in memory ends early, its disk cannot be read, or LMDB does not
 * get along with a page of its own. */
static void on_fault(int signal_number) {
    static const char line[] =
        "<3>event=ended code=STORE message=\"a file of a store is damaged or ends too early, or its disk cannot be "
        "read; delete state.dir when it happens again\"\n";
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written;
    (void)raise(signal_number); /* SA_RESETHAND: the default now */
}

static void on_death(int signal_number) {
    if (ule_store_is_reading()) {
        on_fault(signal_number);
        return;
    }
    if (working) {
        char line[LINE_MAX_BYTES + 1];
        size_t size = put_text(line, 0, work_topic, ' ');
        size = put_number(line, size, work_partition);
        size = put_number(line, size, work_offset);
        size = put_text(line, size, work_entity, '\n');
        int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file >= 0) {
            ssize_t written = write(file, line, size);
            (void)written; /* there is nobody left to tell */
            (void)close(file);
        }
    }
    (void)raise(signal_number); /* SA_RESETHAND, likewise */
}

static struct met *find(const char *topic, int32_t partition, int64_t offset, const char *entity) {
    for (size_t i = 0; i < met_count; i++) {
        if (met[i].offset == offset && met[i].partition == partition && strcmp(met[i].entity, entity) == 0 &&
            strcmp(met[i].topic, topic) == 0)
            return &met[i];
    }
    return NULL;
}

static void remember(const char *topic, int32_t partition, int64_t offset, const char *entity) {
    struct met *known = find(topic, partition, offset, entity);
    if (known) {
        known->deaths++;
        return;
    }
    if (!met)
        met = calloc(MET_MAX, sizeof *met);
    if (!met)
        abort();
    if (met_count == MET_MAX) /* the oldest is the one that is most likely done with */
        memmove(met, met + 1, --met_count * sizeof *met);
    struct met *made = &met[met_count++];
    *made = (struct met){.partition = partition, .offset = offset, .deaths = 1};
    (void)snprintf(made->topic, sizeof made->topic, "%s", topic);
    (void)snprintf(made->entity, sizeof made->entity, "%s", entity);
}

/* A line that is not whole says nothing. */
static void take_line(char *line) {
    char *rest = line, *topic = strsep(&rest, " "), *partition = strsep(&rest, " "), *offset = strsep(&rest, " ");
    char *end = rest ? strchr(rest, '\n') : NULL;
    if (!end || strlen(topic) >= TOPIC_MAX || (size_t)(end - rest) >= ENTITY_MAX)
        return;
    *end = '\0';
    remember(topic, (int32_t)strtol(partition, NULL, 10), strtoll(offset, NULL, 10), rest);
}

enum ule_code ule_poison_open(const char *file_path, struct ule_error *error) {
    static const int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGABRT};
    char line[LINE_MAX_BYTES + 1];
    if (snprintf(path, sizeof path, "%s", file_path) >= (int)sizeof path)
        return ule_fail(error, ULE_CONFIG, "state.dir: too long");
    FILE *file = fopen(path, "re");
    if (!file && errno != ENOENT)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    while (file && fgets(line, sizeof line, file))
        take_line(line);
    if (file)
        (void)fclose(file);
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigaltstack(&alternative, NULL);
    const struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)sigaction(signals[i], &action, NULL);
    const struct sigaction fault = {.sa_handler = on_fault, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    (void)sigaction(SIGBUS, &fault, NULL);
    return ULE_OK;
}

unsigned ule_poison_deaths(const char *topic, int32_t partition, int64_t offset, const char *entity) {
    const struct met *known = met_count ? find(topic, partition, offset, entity) : NULL;
    return known ? known->deaths : 0;
}

void ule_poison_enter(const char *topic, int32_t partition, int64_t offset, const char *entity) {
    work_topic = topic;
    work_partition = partition;
    work_offset = offset;
    work_entity = entity;
    working = path[0] != '\0';
}

void ule_poison_leave(void) {
    working = 0;
}

void ule_poison_passed(const char *topic, int32_t partition, int64_t offset) {
    for (size_t i = 0; i < met_count; i++) {
        if (met[i].partition == partition && met[i].offset <= offset && strcmp(met[i].topic, topic) == 0)
            met[i].passed = true;
    }
}

void ule_poison_committed(void) {
    if (!met_count)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < met_count; i++) {
        if (!met[i].passed)
            met[kept++] = met[i];
    }
    met_count = kept;
    /* Those that are left keep their lines; what is gone past is not taken again. */
    if (!kept)
        (void)unlink(path);
}

void ule_poison_aborted(void) {
    for (size_t i = 0; i < met_count; i++)
        met[i].passed = false;
}
