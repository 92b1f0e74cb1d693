/* SPDX-License-Identifier: MIT */
/* Extracts in memory for the tests of common/cpr: whole files, their lines, and what a reader makes of them. */
#ifndef TESTS_CPR_EXTRACT_FIXTURE_H
#define TESTS_CPR_EXTRACT_FIXTURE_H

#include "base/buffer.h"
#include "cpr/reader.h"

#include <stdbool.h>

#define FIRST  "tests/data/first.cpr"
#define SECOND "tests/data/second.cpr"

/* Reads a whole file; false when there is none. Appends. */
bool fixture_read(const char *path, struct ule_buffer *bytes);
void fixture_write(const char *path, const void *bytes, size_t size);

/* An extract as its lines, without line ends, padded to their record's length; a line more holds what stands behind. */
struct fixture_lines {
    char **lines;
    size_t count;
};
struct fixture_lines fixture_lines_of(const char *path);
void fixture_lines_close(struct fixture_lines *lines);
/* The index of the first line that begins so (type and number); the test fails when there is none. */
size_t fixture_find(const struct fixture_lines *lines, const char *start);
/* Writes over a line at a 1-based position. */
void fixture_put(struct fixture_lines *lines, size_t line, size_t position, const char *text);
void fixture_insert(struct fixture_lines *lines, size_t at, const char *line);
void fixture_remove(struct fixture_lines *lines, size_t at);
/* Sets 999's count to what there is. */
void fixture_count(struct fixture_lines *lines);
/* Each line with `end` behind it; `trim` takes trailing blanks off. Appends. */
void fixture_join(const struct fixture_lines *lines, bool trim, const char *end, struct ule_buffer *bytes);

/* What a reader handed on. */
struct fixture_result {
    struct ule_arena *arena;
    struct ule_person_changed *persons;
    size_t count;
    struct ule_cpr_summary summary;
    struct ule_error error;
    enum ule_code code;
};
/* Feeds the bytes in pieces of `piece` to a reader of a file called "extract". */
struct fixture_result fixture_run(const void *bytes, size_t size, size_t piece);
struct fixture_result fixture_run_lines(const struct fixture_lines *lines);
void fixture_result_close(struct fixture_result *result);
/* The last record of a number; NULL when there is none. */
const struct ule_person_changed *fixture_person(const struct fixture_result *result, const char *number);
bool fixture_same(const struct fixture_result *a, const struct fixture_result *b);
/* No run of six digits: a date has four at most, a person number ten. */
bool fixture_is_discreet(const char *message);

#endif
