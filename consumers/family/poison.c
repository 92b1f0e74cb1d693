/* SPDX-License-Identifier: MIT */
/* A message on which the core dies would kill every owner of its partition for ever. Who dies writes down which message
 * was in work, from the handler of the signal that kills: so a death from outside (kill -9, a power cut) accuses no
 * message, and no batch has to be taken message by message to find out which it was. */
#include "family/family.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[4096];
static uint8_t stack[65536]; /* the handler's own: the reason may be that there is no stack left */
static volatile sig_atomic_t working;
static volatile int32_t in_work_partition;
static volatile int64_t in_work_offset;

/* What the file says: a line for each death. A program that dies on one message often dies on others of its kind, in
 * other partitions too, and one must not make the other forgotten. */
enum { MET_MAX = 256 };
static struct met {
    int32_t partition;
    int64_t offset;
    unsigned deaths;
} met[MET_MAX];
static size_t met_count;

/* A number and a separator, with nothing that a signal handler may not call. */
static size_t put(char *out, int64_t value, char separator) {
    char digits[24];
    size_t count = 0, size = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count)
        out[size++] = digits[--count];
    out[size++] = separator;
    return size;
}

static void on_death(int signal_number) {
    if (working) {
        char line[96];
        size_t size = put(line, in_work_partition, ' ');
        size += put(line + size, in_work_offset, '\n');
        int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file >= 0) {
            ssize_t written = write(file, line, size);
            (void)written; /* there is nobody left to tell */
            (void)close(file);
        }
    }
    (void)raise(signal_number); /* SA_RESETHAND: the default now */
}

static void remember(int32_t partition, int64_t offset) {
    for (size_t i = 0; i < met_count; i++) {
        if (met[i].partition == partition && met[i].offset == offset) {
            met[i].deaths++;
            return;
        }
    }
    if (met_count == MET_MAX) /* the oldest is the one that is most likely done with */
        memmove(met, met + 1, --met_count * sizeof *met);
    met[met_count++] = (struct met){partition, offset, 1};
}

enum ule_code family_poison_open(const char *state_dir, struct ule_error *error) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    if (snprintf(path, sizeof path, "%s/poison", state_dir) >= (int)sizeof path)
        return ule_fail(error, ULE_CONFIG, "state.dir: too long");
    FILE *file = fopen(path, "re");
    if (!file && errno != ENOENT)
        return ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    int32_t partition;
    int64_t offset;
    /* NOLINTNEXTLINE(cert-err34-c): we wrote it; what is out of range names no message of ours */
    while (file && fscanf(file, "%" SCNd32 " %" SCNd64, &partition, &offset) == 2)
        remember(partition, offset);
    if (file)
        (void)fclose(file);
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigaltstack(&alternative, NULL);
    const struct sigaction action = {.sa_handler = on_death, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)sigaction(signals[i], &action, NULL);
    return ULE_OK;
}

bool family_poison_is(int32_t partition, int64_t offset) {
    for (size_t i = 0; i < met_count; i++) {
        if (met[i].partition == partition && met[i].offset == offset)
            return met[i].deaths >= 2;
    }
    return false;
}

void family_poison_forget(int32_t partition, int64_t next) {
    if (!met_count)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < met_count; i++) {
        if (met[i].partition != partition || next <= met[i].offset)
            met[kept++] = met[i];
    }
    met_count = kept;
    if (!kept)
        (void)unlink(path);
}

void family_poison_enter(int32_t partition, int64_t offset) {
    in_work_partition = partition;
    in_work_offset = offset;
    working = 1;
}

void family_poison_leave(void) {
    working = 0;
}

bool family_is_quarantined(const struct family_partition *partition, const char *entity) {
    for (size_t i = 0; i < partition->quarantined_count; i++) {
        if (strcmp(partition->quarantined[i], entity) == 0)
            return true;
    }
    return false;
}

void family_quarantine(struct family_partition *partition, const char *entity) {
    if (family_is_quarantined(partition, entity))
        return;
    char **all = realloc(partition->quarantined, (partition->quarantined_count + 1) * sizeof *all);
    char *copy = strdup(entity);
    if (!all || !copy)
        abort();
    all[partition->quarantined_count++] = copy;
    partition->quarantined = all;
    partition->changed = true;
}

void family_release(struct family_partition *partition, const char *entity) {
    for (size_t i = 0; i < partition->quarantined_count; i++) {
        if (strcmp(partition->quarantined[i], entity) != 0)
            continue;
        free(partition->quarantined[i]);
        partition->quarantined[i] = partition->quarantined[--partition->quarantined_count];
        partition->changed = true;
        return;
    }
}
