/* SPDX-License-Identifier: MIT */
#include "cpr/delivery.h"

#include "cpr/last_production.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDING ULE_CPR_TOPIC ".jsonl"
#define PARTIAL   RECORDING ".partial"
#define PIECE     262144

struct ule_cpr_delivery {
    int directory;   /* locked */
    FILE *out;       /* PARTIAL; NULL once committed */
    char *piece;     /* PIECE bytes */
    uint64_t offset; /* of the next line of the recording */
    struct ule_cpr_last_production last;
    struct ule_cpr_header header; /* of the extract being loaded */
    size_t loaded;                /* extracts since open */
};

static enum ule_code io(struct ule_error *error, const char *path, const char *what) {
    return ule_fail(error, ULE_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* The recording so far, lines counted: the next line's number is its offset. */
static enum ule_code copy_recording(struct ule_cpr_delivery *delivery, struct ule_error *error) {
    const int descriptor = openat(delivery->directory, RECORDING, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT ? ULE_OK : io(error, RECORDING, "open");
    enum ule_code code = ULE_OK;
    char last = '\n';
    ssize_t size;
    while ((size = read(descriptor, delivery->piece, PIECE)) > 0) {
        for (ssize_t i = 0; i < size; i++)
            delivery->offset += delivery->piece[i] == '\n';
        last = delivery->piece[size - 1];
        if (fwrite(delivery->piece, 1, (size_t)size, delivery->out) != (size_t)size) {
            code = io(error, PARTIAL, "write");
            break;
        }
    }
    if (size < 0)
        code = io(error, RECORDING, "read");
    else if (!code && last != '\n')
        code = ule_fail(error, ULE_TRUNCATED, "%s: expected a line end at its end", RECORDING);
    close(descriptor);
    return code;
}

static enum ule_code open_folder(struct ule_cpr_delivery *delivery, const char *directory, struct ule_error *error) {
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return io(error, directory, "create");
    delivery->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (delivery->directory < 0)
        return io(error, directory, "open");
    if (flock(delivery->directory, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? ule_fail(error, ULE_IO, "%s: expected to be alone; another delivery is writing here", directory)
                   : io(error, directory, "lock");
    enum ule_code code = ule_cpr_last_production_read(delivery->directory, &delivery->last, error);
    if (code)
        return code;
    const int descriptor = openat(delivery->directory, PARTIAL, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                                  0600);
    if (descriptor < 0)
        return io(error, PARTIAL, "create");
    delivery->out = fdopen(descriptor, "w");
    if (!delivery->out) {
        close(descriptor);
        return io(error, PARTIAL, "open");
    }
    return copy_recording(delivery, error);
}

enum ule_code ule_cpr_delivery_open(const char *directory, struct ule_cpr_delivery **delivery,
                                    struct ule_error *error) {
    struct ule_cpr_delivery *opened = calloc(1, sizeof *opened);
    if (!opened || !(opened->piece = malloc(PIECE)))
        abort();
    opened->directory = -1;
    const enum ule_code code = open_folder(opened, directory, error);
    if (code) {
        ule_cpr_delivery_close(opened);
        return code;
    }
    *delivery = opened;
    return ULE_OK;
}

void ule_cpr_delivery_close(struct ule_cpr_delivery *delivery) {
    if (!delivery)
        return;
    if (delivery->out) {
        fclose(delivery->out);
        unlinkat(delivery->directory, PARTIAL, 0);
    }
    if (delivery->directory >= 0)
        close(delivery->directory);
    free(delivery->piece);
    free(delivery);
}

static enum ule_code take_header(void *context, const struct ule_cpr_header *header, struct ule_error *error) {
    struct ule_cpr_delivery *delivery = context;
    delivery->header = *header;
    return ule_cpr_last_production_check(&delivery->last, header, error);
}

static enum ule_code take_person(void *context, const struct ule_person_changed *person, struct ule_error *error) {
    struct ule_cpr_delivery *delivery = context;
    json_t *line = json_pack("{s:s, s:i, s:I, s:I, s:s, s:o}", "topic", ULE_CPR_TOPIC, "partition", 0, "offset",
                             (json_int_t)delivery->offset, "ts", (json_int_t)person->changed_at, "key", person->number,
                             "payload", ule_record_to_json(&ule_person_changed_record, person));
    if (!line)
        abort();
    const bool written = json_dumpf(line, delivery->out, JSON_COMPACT) == 0 && putc('\n', delivery->out) != EOF;
    json_decref(line);
    if (!written)
        return io(error, PARTIAL, "write");
    delivery->offset++;
    return ULE_OK;
}

static enum ule_code read_extract(struct ule_cpr_delivery *delivery, const char *path, ule_cpr_progress *progress,
                                  void *context, struct ule_cpr_reader *reader, struct ule_error *error) {
    struct stat status;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return io(error, path, "open");
    const uint64_t whole = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    enum ule_code code = ULE_OK;
    uint64_t done = 0;
    ssize_t size = 0;
    while (!code && (size = read(descriptor, delivery->piece, PIECE)) > 0) {
        code = ule_cpr_reader_feed(reader, delivery->piece, (size_t)size, error);
        done += (uint64_t)size;
        if (progress)
            progress(context, path, done, whole);
    }
    if (!code)
        code = size < 0 ? io(error, path, "read") : ule_cpr_reader_finish(reader, error);
    close(descriptor);
    return code;
}

enum ule_code ule_cpr_delivery_load(struct ule_cpr_delivery *delivery, const char *path, ule_cpr_progress *progress,
                                    void *context, struct ule_cpr_header *header, struct ule_cpr_summary *summary,
                                    struct ule_error *error) {
    const uint64_t offset = delivery->offset;
    if (fflush(delivery->out) != 0)
        return io(error, PARTIAL, "write");
    const off_t start = ftello(delivery->out);
    struct ule_cpr_reader *reader = ule_cpr_reader_new(path, take_header, take_person, delivery);
    enum ule_code code = read_extract(delivery, path, progress, context, reader, error);
    if (!code)
        code = ule_cpr_last_production_set(&delivery->last, &delivery->header, error);
    if (code) { /* nothing of it is kept */
        delivery->offset = offset;
        __fpurge(delivery->out); /* what could not be written must not be tried again behind the cut */
        if (ftruncate(fileno(delivery->out), start) != 0 || fseeko(delivery->out, start, SEEK_SET) != 0)
            code = io(error, PARTIAL, "truncate");
    } else {
        *header = delivery->header;
        *summary = ule_cpr_reader_summary(reader);
        delivery->loaded++;
    }
    ule_cpr_reader_free(reader);
    return code;
}

enum ule_code ule_cpr_delivery_commit(struct ule_cpr_delivery *delivery, struct ule_error *error) {
    if (delivery->loaded == 0)
        return ULE_OK;
    bool written = fflush(delivery->out) == 0 && fsync(fileno(delivery->out)) == 0;
    written = fclose(delivery->out) == 0 && written;
    delivery->out = NULL;
    if (!written || renameat(delivery->directory, PARTIAL, delivery->directory, RECORDING) != 0 ||
        fsync(delivery->directory) != 0) {
        const enum ule_code code = io(error, RECORDING, "write");
        unlinkat(delivery->directory, PARTIAL, 0);
        return code;
    }
    return ule_cpr_last_production_write(delivery->directory, &delivery->last, error);
}
