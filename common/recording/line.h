/* SPDX-License-Identifier: MIT */
/* Lines of a file in bounded memory, and what the envelope of one shows without parsing it. */
#ifndef ULE_RECORDING_LINE_H
#define ULE_RECORDING_LINE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct ule_lines {
    FILE *file;
    const char *path; /* borrowed */
    size_t max;
    uint64_t number;        /* of the line in `text`, from 1 */
    uint64_t done;          /* bytes read */
    struct ule_buffer text; /* without its end; of one that is too large the first `max` bytes */
    bool too_large;
    char chunk[65536];
    size_t at, filled;
};

enum ule_code ule_lines_open(struct ule_lines *lines, const char *path, size_t max,
                             struct ule_error *error) ULE_MUST_CHECK;
void ule_lines_close(struct ule_lines *lines);
/* ULE_OK, ULE_END or ULE_IO. Lines that are empty but for blanks are stepped over. */
enum ule_code ule_lines_next(struct ule_lines *lines, struct ule_error *error) ULE_MUST_CHECK;

struct ule_glimpse {
    bool has_partition, has_offset, has_ts;
    int32_t partition;
    int64_t offset, ts;
};
/* What stands in the outermost object of a line, as far as it is one: to know whose a line is even when it is cut, too
 * large or wrong further in. */
void ule_line_glimpse(const uint8_t *text, size_t size, struct ule_glimpse *glimpse);

#endif
