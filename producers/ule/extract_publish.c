/* SPDX-License-Identifier: MIT */
#include "ule/extract_publish.h"

#include "cpr/delivery.h"
#include "ule/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct ule_extract_outbox {
    struct ule_config *config;
    char *dir, *recording;
    int lock;
};

/* Its own file: the folder itself is locked by each delivery. */
static enum ule_code lock(struct ule_extract_outbox *outbox, struct ule_error *error) {
    char *path;
    if (asprintf(&path, "%s/.lock", outbox->dir) < 0)
        abort();
    outbox->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum ule_code code = ULE_OK;
    if (outbox->lock < 0)
        code = ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    else if (flock(outbox->lock, LOCK_EX | LOCK_NB) != 0)
        code = ule_fail(error, ULE_IO, "%s: %s", outbox->dir,
                        errno == EWOULDBLOCK ? "another extract is being sent from here" : strerror(errno));
    free(path);
    return code;
}

enum ule_code ule_extract_outbox_open(const char *config, const char *keep, struct ule_extract_outbox **out,
                                      struct ule_error *error) {
    struct ule_extract_outbox *outbox = calloc(1, sizeof *outbox);
    const char *slash = strrchr(config, '/');
    int size = keep ? (int)strlen(keep) : slash ? (int)(slash - config) : 1;
    const char *folder = keep ? keep : slash ? config : ".";
    if (!outbox || asprintf(&outbox->dir, "%.*s/" ULE_EXTRACT_OUTBOX, size, folder) < 0 ||
        asprintf(&outbox->recording, "%s/" ULE_CPR_TOPIC ".jsonl", outbox->dir) < 0)
        abort();
    outbox->lock = -1;
    enum ule_code code = ule_live_config(config, &outbox->config, error);
    if (code == ULE_OK && mkdir(outbox->dir, 0700) != 0 && errno != EEXIST)
        code = ule_fail(error, ULE_IO, "%s: %s", outbox->dir, strerror(errno));
    if (code == ULE_OK)
        code = lock(outbox, error);
    if (code != ULE_OK) {
        ule_extract_outbox_close(outbox);
        return code;
    }
    *out = outbox;
    return ULE_OK;
}

void ule_extract_outbox_close(struct ule_extract_outbox *outbox) {
    if (!outbox)
        return;
    if (outbox->lock >= 0)
        (void)close(outbox->lock);
    ule_config_free(outbox->config);
    free(outbox->dir);
    free(outbox->recording);
    free(outbox);
}

const char *ule_extract_outbox_dir(const struct ule_extract_outbox *outbox) {
    return outbox->dir;
}

enum ule_code ule_extract_outbox_send(struct ule_extract_outbox *outbox, struct ule_error *error) {
    struct stat status;
    if (stat(outbox->recording, &status) != 0)
        return errno == ENOENT ? ULE_OK : ule_fail(error, ULE_IO, "%s: %s", outbox->recording, strerror(errno));
    struct ule_published_counts counts;
    const struct ule_publish_options options = {.from = outbox->dir, .config = outbox->config, .as_of = ULE_DATE_NONE};
    enum ule_code code = status.st_size > 0 ? ule_publish_run(&options, &counts, error) : ULE_OK;
    if (code == ULE_OK && status.st_size > 0 && (counts.missing || counts.raw))
        code = ule_fail(error, ULE_IO, "%s: %" PRIu64 " lines are not as an extract writes them", outbox->recording,
                        counts.missing + counts.raw);
    if (code != ULE_OK)
        return ule_error_at(error, "%s is kept, and goes first the next time", outbox->recording);
    if (status.st_size > 0)
        (void)printf("%" PRIu64 " records sent\n", counts.records);
    return unlink(outbox->recording) == 0 ? ULE_OK
                                          : ule_fail(error, ULE_IO, "%s: %s", outbox->recording, strerror(errno));
}
